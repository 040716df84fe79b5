"""The doors: every Host on which the system tests run, as one list. The first ALWAYS run every
test, the others the smoke tests, and all of them with FULL=1.

The README's table of doors is made from this list and from what a whole run counted (tools/doors).
"""

from hosts import BUILD, V86, Launcher
from qemu import (QBOOT, QemuBridge, QemuMicrovm, QemuPc, QemuQ35, by_cd, by_disk, by_elf64, by_pvh,
                  by_qboot)


def only(base, flavour):
    """Attributes of a host whose devices all are of that flavour."""
    other = {"legacy": "modern", "modern": "legacy"}[flavour]
    return {"can": base.can - {other}, "flavours": {**base.flavours, "": base.flavours[flavour]}}


def grub(load, name, enters):
    """A PC that GRUB starts. It passes words and modules, and quotes words its own way; a line of
    70 000 bytes makes it hang."""
    return QemuPc.variant(name=name, enters=enters, load=staticmethod(load),
                          tools=("grub-mkimage", "xorriso", "mcopy"),
                          files=(BUILD, "/usr/lib/grub/i386-pc/boot.img"),
                          can=QemuPc.can - {"media", "words as written", "long command lines"},
                          least_memory=4096)


def pvh(base, name, enters, **more):
    """A machine that starts an image by its PVH note. There is one module at most, a command line
    has 4 KiB at most, and the image is in memory already when SeaBIOS runs, which works in memory
    that it finds free."""
    attributes = {"can": base.can - {"media", "several modules", "long command lines"},
                  "load": staticmethod(by_pvh), "least_memory": 2048}
    return base.variant(name=name, enters=enters, **{**attributes, **more})


MICROVM = "QEMU microvm, `-kernel`, Multiboot"
DOORS = [
    QemuPc(),
    Launcher(),
    QemuPc.variant(name="qemu-pc-legacy", devices="PCI, legacy", **only(QemuPc, "legacy")),
    QemuPc.variant(name="qemu-pc-modern", devices="PCI, modern", **only(QemuPc, "modern")),
    pvh(QemuPc, "qemu-pc-pvh", "QEMU pc, `-kernel`, PVH"),
    QemuPc.variant(name="qemu-pc-qboot", enters="QEMU pc with qboot, `-kernel`, Multiboot",
                   load=staticmethod(by_qboot), files=(QBOOT,)),
    grub(by_cd, "grub-cd", "`make iso`: SeaBIOS and GRUB, CD"),
    grub(by_disk, "grub-disk", "`make disk`: SeaBIOS and GRUB, disk"),
    QemuQ35(),
    QemuBridge(),
    pvh(QemuQ35, "qemu-q35-pvh", "QEMU q35, `-kernel`, PVH"),
    pvh(QemuQ35, "qemu-q35-elf64", "QEMU q35 of x86-64, `.elf64`, PVH", load=staticmethod(by_elf64),
        program="qemu-system-x86_64"),
    QemuMicrovm.variant(name="qemu-microvm-v1", enters=MICROVM, devices="mmio version 1, by ACPI",
                        **only(QemuMicrovm, "legacy")),
    QemuMicrovm.variant(name="qemu-microvm-v2", enters=MICROVM, devices="mmio version 2, by ACPI",
                        **only(QemuMicrovm, "modern")),
    QemuMicrovm.variant(name="qemu-microvm-v1-words", enters=MICROVM, machine="microvm,acpi=off",
                        most_devices=8, devices="mmio version 1, by words",
                        **only(QemuMicrovm, "legacy")),
    QemuMicrovm.variant(name="qemu-microvm-v2-words", enters=MICROVM, machine="microvm,acpi=off",
                        most_devices=8, devices="mmio version 2, by words",
                        **only(QemuMicrovm, "modern")),
    pvh(QemuMicrovm, "qemu-microvm-pvh", "QEMU microvm, `-kernel`, PVH",
        devices="mmio version 2, by ACPI", least_memory=0,
        flavours={**QemuMicrovm.flavours, "": QemuMicrovm.flavours["modern"]}),
    V86(),
]
ALWAYS = 2
