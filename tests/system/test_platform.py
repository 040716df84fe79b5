"""What is in the machine beside the devices: interrupt controllers, timers and clocks that may be
missing, power, and where firmware puts PCI's registers and buses.

Each test names its machine itself, so it runs once, whatever the hosts are.
"""

import hashlib
import subprocess

import pytest

from guest import LIMIT
from hosts import ROOT, Device, Disk, Net
from qemu import QBOOT, QemuMicrovm, QemuPc, QemuQ35, by_qboot

NO_DEBUG_EXIT = {"debug_exit": False}


# Machines without devices, so that nothing but the platform is needed.
MACHINES = {
    "pc": QemuPc.variant(cpu="qemu32"),
    "pc-without-apic": QemuPc.variant(cpu="max,-apic"),
    "pc-without-acpi": QemuPc.variant(machine="pc,acpi=off"),
    "pc-without-pit": QemuPc.variant(machine="pc,pit=off"),
    "q35-two-cpus": QemuQ35.variant(),
    "microvm": QemuMicrovm.variant(cpu="qemu32"),
    "microvm-without-acpi": QemuMicrovm.variant(machine="microvm,acpi=off"),
    "microvm-without-pic": QemuMicrovm.variant(machine="microvm,pic=off"),
    "microvm-with-mp-table-only": QemuMicrovm.variant(machine="microvm,acpi=off,pic=off"),
    "microvm-without-second-ioapic": QemuMicrovm.variant(machine="microvm,ioapic2=off,pic=off"),
}


@pytest.mark.parametrize("name", MACHINES)
def test_library_on(boot_on, name):
    """Clock, timer, sleeping and waking, by whatever the machine has for it."""
    extra = ["-smp", "2"] if name.endswith("two-cpus") else []
    guest = boot_on(MACHINES[name], "libctest", console=None, extra=extra)
    assert guest.wait() == 0
    assert "clock:" not in guest.text


@pytest.mark.parametrize("name", MACHINES)
def test_keyboard_on(boot_on, name):
    """The serial port's interrupt, which is an ISA one."""
    guest = boot_on(MACHINES[name], "libctest", "lines", console=None)
    guest.expect("^type$")
    guest.send("keys\n\x04")
    guest.expect("^<keys>$")
    assert guest.wait() == 0


def test_nothing_to_measure_by(boot_on):
    """A machine whose clock's speed nothing tells: it says so, and runs."""
    guest = boot_on(QemuMicrovm.variant(machine="microvm,pit=off"), "hello", console=None)
    assert guest.wait() == 0
    assert "neither an 8254 nor an ACPI timer" in guest.text


def kvm_refusal(folder):
    """What keeps KVM from running any 32-bit guest with PAE paging; None if nothing does. A KVM
    that is itself inside a virtual machine may know 64-bit guests only."""
    image = folder / "pae.elf"
    subprocess.run(["gcc", "-m32", "-nostdlib", "-static", "-no-pie", "-o", image,
                    "-Wl,-N,-Ttext=0x100000,--build-id=none,--no-warn-rwx-segments",
                    ROOT / "tests/data/pae.S"], check=True)
    command = [QemuPc.program, "-machine", "pc,accel=kvm", "-cpu", "host", "-nodefaults",
               "-no-user-config", "-display", "none", "-no-reboot", "-device", "isa-debug-exit",
               "-kernel", image]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return "the smallest guest with PAE paging hangs"
    if done.returncode == 3:  # isa-debug-exit's 1
        return None
    return done.stderr.strip()[:200] or "the smallest guest with PAE paging is reset"


def test_kvm_clock(boot_on, tmp_path):
    """Under KVM, whose clock is asked instead of measuring."""
    refusal = kvm_refusal(tmp_path)
    if refusal:
        pytest.skip(f"KVM cannot run this guest here: {refusal}")
    guest = boot_on(QemuPc.variant(machine="pc,accel=kvm", cpu="host"), "libctest", console=None)
    assert guest.wait() == 0


# ---- power ----

POWERED = {"pc": QemuPc, "q35": QemuQ35, "microvm": QemuMicrovm}


@pytest.mark.parametrize("name", POWERED)
def test_power_button(boot_on, name):
    guest = boot_on(POWERED[name].variant(**NO_DEBUG_EXIT), "libctest", "sleep", console=None)
    guest.expect("^sleeping$")
    guest.monitor.execute("system_powerdown")
    assert guest.wait() == 143


@pytest.mark.parametrize("name", POWERED)
def test_switches_off(boot_on, name):
    guest = boot_on(POWERED[name].variant(**NO_DEBUG_EXIT), "hello", "5", console=None)
    assert guest.wait() == 5


RESTARTED = {**POWERED, "microvm-without-acpi": QemuMicrovm}


@pytest.mark.parametrize("name", RESTARTED)
def test_restarts(boot_on, name):
    """QEMU is told to end where the machine would start again."""
    machine = RESTARTED[name].machine + (",acpi=off" if name.endswith("without-acpi") else "")
    guest = boot_on(RESTARTED[name].variant(machine=machine, **NO_DEBUG_EXIT), "shell",
                    "restart", console=None)
    assert guest.process.wait(60) == 0


# ---- PCI ----

@pytest.fixture
def disk(tmp_path):
    """An image, and the SHA-256 of its bytes."""
    data = bytes(i * i >> 3 & 255 for i in range(256 << 10))
    (tmp_path / "disk").write_bytes(data)
    return tmp_path / "disk", hashlib.sha256(data).hexdigest()


# Legacy registers move while MSI-X is on (checklist row 32); one vector is for everything.
@pytest.mark.parametrize("flavour", ["legacy", "modern"])
@pytest.mark.parametrize("vectors", [0, 1, 2, 4])
def test_vectors(boot_on, disk, flavour, vectors):
    image, digest = disk
    guest = boot_on(QemuQ35.variant(), "shell", "sha256 vda", console=None,
                    disks=[Disk(image=image, read_only=True, flavour=flavour,
                                options={"vectors": vectors})])
    guest.expect(f"^{digest}  vda$")
    assert guest.wait() == 0
    assert "warning" not in guest.text


@pytest.mark.parametrize("base", [QemuPc, QemuQ35], ids=["pc", "q35"])
def test_intx_without_8259s(boot_on, disk, base):
    """PCI's wires end at the I/O APIC as well, where the MADT says so."""
    image, digest = disk
    guest = boot_on(base.variant(machine=f"{base.machine},pic=off"), "shell", "sha256 vda",
                    console=None, disks=[Disk(image=image, read_only=True,
                                              options={"vectors": 0})])
    guest.expect(f"^{digest}  vda$")
    assert guest.wait() == 0


def test_mp_table(boot_on, disk):
    """No 8259s, and no ACPI to say where the I/O APIC is: the older table does."""
    image, digest = disk
    guest = boot_on(MACHINES["microvm-with-mp-table-only"], "shell", "sha256 vda", console=None,
                    disks=[Disk(image=image, read_only=True)])
    guest.expect(f"^{digest}  vda$")
    assert guest.wait() == 0


CHANGES = {
    "pc-legacy": (QemuPc, "legacy", {"vectors": 0}),
    "pc-intx": (QemuPc, "modern", {"vectors": 0}),
    "q35-one-vector": (QemuQ35, "modern", {"vectors": 1}),
    "q35-vectors": (QemuQ35, "modern", {}),
    "microvm-v1": (QemuMicrovm, "legacy", {}),
    "microvm-v2": (QemuMicrovm, "modern", {}),
}


@pytest.mark.parametrize("cell", CHANGES)
def test_changes_are_shown(boot_on, disk, cell):
    """Configuration interrupts of every kind: a disk that grows, a link that goes and comes back,
    as the shell's own commands have them (row 30)."""
    base, flavour, options = CHANGES[cell]
    how = {"flavour": flavour, "options": options}
    guest = boot_on(base.variant(), "shell", "ip=10.0.2.15/24", console=None, nets=[Net(**how)],
                    disks=[Disk(image=disk[0], **how)])
    guest.expect("> $")
    guest.send("blk\rnet\r")
    guest.expect("^vda: 512 sectors ")
    guest.expect("^eth0: .*, link up$")
    guest.monitor.execute("block_resize", **{"node-name": "disk0", "size": 4000 * 512})
    guest.expect("^vda: now 4000 sectors of 512 bytes$")
    guest.monitor.execute("set_link", name="eth0", up=False)
    guest.expect("^eth0: link down$")
    guest.send("blk\rnet\r")
    guest.expect("^vda: 4000 sectors ")
    guest.expect("^eth0: .*, link down$")
    guest.monitor.execute("set_link", name="eth0", up=True)
    guest.expect("^eth0: link up$")
    guest.send("net\rexit\r")
    guest.expect("^eth0: .*, link up$")
    assert guest.wait() == 0


@pytest.mark.parametrize("base", [QemuPc, QemuQ35], ids=["pc", "q35"])
@pytest.mark.parametrize("vectors", [0, 2])
def test_registers_above_4g(boot_on, disk, base, vectors):
    """A device that asks for 2 GiB of addresses sends every 64-bit BAR above 4 GiB."""
    image, digest = disk
    guest = boot_on(base.variant(), "shell", console=None,
                    disks=[Disk(image=image, read_only=True, flavour="modern",
                                options={"vectors": vectors})],
                    extra=["-object", "memory-backend-ram,id=large,size=2G", "-device",
                           "ivshmem-plain,memdev=large"])
    guest.expect("> $")
    assert "BAR4: 64 bit prefetchable memory at 0x180000000 " in guest.monitor.human("info pci")
    guest.send("sha256 vda\n")
    guest.expect(f"^{digest}  vda$")
    guest.send("exit\n")
    assert guest.wait() == 0


@pytest.mark.parametrize("flavour", ["legacy", "modern"])
@pytest.mark.parametrize("vectors", [0, 2])
def test_registers_that_nobody_placed(boot_on, disk, flavour, vectors):
    """A firmware that leaves PCI as it finds it: the BARs have no addresses yet."""
    image, digest = disk
    how = {"flavour": flavour, "options": {"vectors": vectors}}
    host = QemuPc.variant(load=staticmethod(by_qboot), files=(QBOOT,))
    guest = boot_on(host, "shell", "ip=10.0.2.15/24 -- sha256 vda", console=None,
                    disks=[Disk(image=image, read_only=True, **how)], nets=[Net(**how)])
    guest.expect(f"^{digest}  vda$")
    assert guest.wait() == 0
    assert "cannot be used" not in guest.text


def test_network_of_cards_that_nobody_placed(boot_on):
    host = QemuPc.variant(load=staticmethod(by_qboot), files=(QBOOT,))
    guest = boot_on(host, "shell", "ip=dhcp -- ping 10.0.2.2 3", nets=[Net(), Net()])
    assert guest.wait() == 0
    assert "3 sent, 3 received" in guest.text


def test_behind_bridges(boot_on, disk):
    """Two levels of bridges, by messages and by INTx, and the disks in the order of buses."""
    image, digest = disk
    behind = Device()
    extra = ["-device", "pcie-root-port,id=port0,chassis=1,slot=1", "-device",
             "pcie-root-port,id=port1,chassis=2,slot=2", "-device",
             "pcie-pci-bridge,id=bridge,bus=port1"]
    host = QemuQ35.variant()
    for i, place in enumerate([{"bus": "port0"}, {"bus": "bridge", "addr": 5, "vectors": 0},
                               {"bus": "bridge", "addr": 6}]):
        extra += ["-blockdev", f"driver=raw,node-name=d{i},read-only=on,offset={i * 512},"
                  f"file.driver=file,file.filename={image}",
                  *host.device("virtio-blk-pci", behind, drive=f"d{i}", serial=f"disk{i}", **place)]
    guest = boot_on(host, "shell", "sha256 vda vdb vdc", console=None, extra=extra)
    guest.expect(f"^{digest}  vda$")
    data = image.read_bytes()
    for i, name in enumerate(["vdb", "vdc"], 1):
        guest.expect(f"^{hashlib.sha256(data[512 * i:]).hexdigest()}  {name}$")
    assert guest.wait() == 0


@pytest.mark.full
def test_many_devices(boot_on, disk):
    """More devices than there are lines: messages, or sharing."""
    image, digest = disk
    disks = [Disk(image=image, read_only=True, options={"vectors": i % 3}) for i in range(24)]
    guest = boot_on(QemuQ35.variant(), "shell", "sha256 vda vdl vdx", console=None, disks=disks)
    for name in ["vda", "vdl", "vdx"]:
        guest.expect(f"^{digest}  {name}$")
    assert guest.wait() == 0


@pytest.mark.parametrize("model", ["486", "pentium"])
@pytest.mark.parametrize("machine", [QemuPc, QemuQ35])
def test_old_cpu(boot_on, machine, model):
    """Neither has CMOV, and the first has no time stamp counter."""
    guest = boot_on(machine.variant(cpu=model), "hello", "a b", console=None)
    assert guest.wait() == 121
    assert guest.text.startswith("error: this CPU is older than an i686")
