"""QEMU as a Host: its machines, and the ways in which an image gets into one.

A loader is a function (folder, image, args, modules) -> QEMU's words that make the machine start
the image with that command line and these modules; it may put files of its own into the folder.
"""

import subprocess

import powercut
from guest import Guest
from hosts import ROOT, Host


def words(*first, **rest):
    """The value of a QEMU option: commas in a value are doubled."""
    parts = list(first)
    parts += [f"{key}={str(value).replace(',', ',,')}" for key, value in rest.items()]
    return ",".join(parts)


# ---- loaders ----

def by_multiboot(folder, image, args, modules):
    """QEMU's own, which prefers Multiboot where an image offers PVH as well."""
    return ["-kernel", image, "-append", args,
            *(["-initrd", ",".join(map(str, modules))] if modules else [])]


QBOOT = "/usr/share/qemu/qboot.rom"


def by_qboot(folder, image, args, modules):
    """The same by a firmware that leaves PCI as it finds it."""
    return ["-bios", "qboot.rom", *by_multiboot(folder, image, args, modules)]


def by_pvh(folder, image, args, modules):
    """A copy of the image that is no Multiboot one."""
    data = image.read_bytes()
    at = data.index(b"\x02\xb0\xad\x1b", 0, 8192)
    copy = folder / image.name
    copy.write_bytes(data[:at] + bytes(4) + data[at + 4:])
    return by_multiboot(folder, copy, args, modules)


def by_elf64(folder, image, args, modules):
    """PVH again: QEMU takes no ELF64 file for a Multiboot one."""
    container = folder / f"{image.stem}.elf64"
    subprocess.run([ROOT / "tools/elf64", image, container], check=True)
    return by_multiboot(folder, container, args, modules)


def made_media(kind, folder, image, args, modules):
    out = folder / f"{image.stem}.{kind}"
    subprocess.run([ROOT / "tools/media", kind, image, out, f"--words={args}",
                    *(f"--module={module}" for module in modules)], check=True)
    return out


def by_cd(folder, image, args, modules):
    return ["-boot", "d", "-cdrom", made_media("iso", folder, image, args, modules)]


def by_disk(folder, image, args, modules):
    """On a bus that we have no driver for, so that the guest's disks are the test's."""
    disk = made_media("msdos", folder, image, args, modules)
    return ["-boot", "c", "-drive", f"file={disk},format=raw,if=ide"]


# ---- machines ----

class QemuPc(Host):
    """QEMU's pc with SeaBIOS and a PCI bus; no acceleration, so that it runs everywhere."""

    name = "qemu-pc"
    enters = "QEMU pc, `-kernel`, Multiboot"
    devices = "PCI, legacy and modern"
    program = "qemu-system-i386"
    load = staticmethod(by_multiboot)
    machine = "pc"
    cpu = "max"  # QEMU's default processor has no NX
    debug_exit = True  # else the guest has to switch the machine off
    can = frozenset({"legacy", "modern", "device properties", "block backends", "records of disks", "monitor",
                     "network backends", "console backends", "modules", "several modules",
                     "more command words", "words as written", "entropy", "media", "disks",
                     "a console that holds its guest back", "TCP connections that end",
                     "disks of less than a sector", "several cards", "UDP from outside",
                     "network of 10.0.2.2", "NX", "double faults", "paging", "PCI", "serial port",
                     "memory in KiB", "long command lines"})
    flavours = {"": {}, "legacy": {"disable-modern": "on", "disable-legacy": "off"},
                "modern": {"disable-legacy": "on", "disable-modern": "off"}}

    def device(self, kind, device, **properties):
        return ["-device", words(kind, **properties, **self.flavours[device.flavour],
                                 **device.options)]

    def machine_words(self):
        """What must be there before the devices."""
        return ["-device", "isa-debug-exit"] if self.debug_exit else []

    def console_words(self, console):
        # Both consoles write to the test's pipe; the one that is read from has the keyboard. Like
        # ./run without mux, which says why.
        if not console:
            return ["-serial", "stdio"]
        backend = console.chardev or "stdio,signal=off"
        command = ["-chardev", "file,id=early,path=/dev/stdout,append=on", "-serial",
                   "chardev:early", "-chardev", f"{backend},id=console"]
        return command + self.device("virtio-serial-pci", console) + [
            "-device", "virtconsole,chardev=console"]

    def disk_words(self, i, disk):
        backend = disk.backend or disk.record and powercut.backend(disk.image, disk.record) or {"file.driver": "file", "file.filename": disk.image}
        read_only = "on" if disk.read_only else "off"
        return ["-blockdev", words(**{"driver": "raw", "node-name": f"disk{i}",
                                      "read-only": read_only, **backend}),
                *self.device("virtio-blk-pci", disk, drive=f"disk{i}", id=f"vd{i}")]

    def net_words(self, i, net):
        backend = net.backend or "user"
        backend += f",id=net{i}"
        backend += f",{net.user}" if net.user else ""
        for port in net.forward:
            protocol, port = port if isinstance(port, tuple) else ("tcp", port)
            backend += f",hostfwd={protocol}:127.0.0.1:0-:{port}"
        return ["-netdev", backend,
                *self.device("virtio-net-pci", net, netdev=f"net{i}", id=f"eth{i}", romfile="")]

    def start(self, folder, app, image, args, mem, console, disks, nets, rng, modules, media,
              extra):
        monitor = folder / "qmp"
        command = [self.program, "-nodefaults", "-no-user-config", "-display", "none",
                   "-no-reboot", "-machine", self.machine, "-cpu", self.cpu, "-m", str(mem),
                   "-qmp", f"unix:{monitor},server=on,wait=off", *self.machine_words(),
                   *self.console_words(console)]
        command += media or self.load(folder, image, args, modules)
        for i, disk in enumerate(disks):
            command += self.disk_words(i, disk)
        for i, net in enumerate(nets):
            command += self.net_words(i, net)
        if rng:
            command += self.device("virtio-rng-pci", rng)
        return Guest(app, [*command, *extra], self.decode, monitor)

    @classmethod
    def decode(cls, status, last_line):
        """isa-debug-exit makes the status code * 2 + 1, in seven bits; the console's last line
        has all of the code, and both must agree. Without it the guest switches the machine off,
        which QEMU calls 0, and the last line has the code alone."""
        if not cls.debug_exit and status == 0 and last_line and last_line.startswith("exit: "):
            return int(last_line[len("exit: "):])
        if status < 0 or status % 2 == 0:
            return None
        if last_line is None:
            return status // 2
        if not last_line.startswith("exit: "):
            return None
        code = int(last_line[len("exit: "):])
        return code if status // 2 == min(code, 127) else None


class QemuQ35(QemuPc):
    """A later PC: PCI Express, MSI-X in every device, interrupts that only ACPI routes."""

    name = "qemu-q35"
    enters = "QEMU q35, `-kernel`, Multiboot"
    devices = "PCI Express, modern, MSI-X"
    machine = "q35"
    low_memory = 2048
    flavours = {**QemuPc.flavours, "": QemuPc.flavours["modern"]}


class QemuBridge(QemuQ35):
    """Its devices all lie behind a PCI-to-PCI bridge."""

    name = "qemu-bridge"
    devices = "PCI behind a bridge, modern, MSI-X"

    def device(self, kind, device, **properties):
        return super().device(kind, device, bus="behind", **properties)

    def machine_words(self):
        return [*super().machine_words(), "-device", "pci-bridge,id=behind,chassis_nr=1"]


class QemuMicrovm(QemuPc):
    """QEMU's microvm: no PCI, devices on virtio-mmio, which is version 1 or 2 for all of them."""

    name = "qemu-microvm"
    machine = "microvm"
    can = QemuPc.can - {"media", "PCI"}
    flavours = {"": "", "legacy": "on", "modern": "off"}  # QEMU's force-legacy
    # Properties of devices that they have on PCI only.
    of_pci = frozenset({"addr", "vectors", "page-per-vq", "modern-pio-notify"})

    def device(self, kind, device, **properties):
        self.require({"PCI"} if self.of_pci & set(device.options) else set())
        properties.pop("romfile", None)
        command = ["-device", words(kind.replace("-pci", "-device"), **properties,
                                    **device.options)]
        legacy = self.flavours[device.flavour]
        return command + (["-global", f"virtio-mmio.force-legacy={legacy}"] if legacy else [])
