"""virtio-mmio on QEMU's microvm: both versions, and both ways in which the guest learns where its
devices are (rows 40 and 41). What microvm as a host of the other tests has is version 1, found by
ACPI, and version 2 where a test asks for modern devices.

Each test names its machine itself, so it runs once, whatever the hosts are.
"""

import re
import struct

import pytest

import blkmodel
import peers
from hosts import BUILD, Console, Disk, Entropy, Net
from qemu import QemuMicrovm, QemuPc, by_pvh

WITH_ACPI = QemuMicrovm.variant()
WITHOUT_ACPI = QemuMicrovm.variant(machine="microvm,acpi=off")
WITHOUT_WORDS = QemuMicrovm.variant(machine="microvm,acpi=off,auto-kernel-cmdline=off")

CELLS = {f"{acpi}-{ring}": (host, {"flavour": flavour, "options": options})
         for acpi, host in {"acpi": WITH_ACPI, "words": WITHOUT_ACPI}.items()
         for ring, flavour, options in [("v1", "legacy", {}), ("v2", "modern", {}),
                                        ("v2-packed", "modern", {"packed": "on"})]}
BY = {WITH_ACPI: "ACPI", WITHOUT_ACPI: "the command line"}


@pytest.fixture(params=CELLS)
def cell(request):
    return CELLS[request.param]


def found(guest):
    """[(how many devices, who named them)], as the log has it."""
    return re.findall(r"^virtio-mmio: (\d+) devices?, named by (.*)$", guest.text, re.M)


def test_devices(boot_on, cell, tmp_path):
    """All kinds at once, each found as it should be and of the version that was asked for."""
    host, how = cell
    (tmp_path / "disk").write_bytes(bytes(1 << 20))
    guest = boot_on(host, "shell", "ip=dhcp -- dev", console=Console(**how), rng=Entropy(**how),
                    disks=[Disk(image=tmp_path / "disk", **how)], nets=[Net(**how)])
    assert guest.wait() == 0
    assert found(guest) == [("4", BY[host])]
    version = 1 if how["flavour"] == "legacy" else 2
    types = re.findall(rf"^mmio \w+: (\w+), mmio-{version}, running", guest.text, re.M)
    assert sorted(types) == ["block", "console", "entropy", "net"]
    assert guest.text.count("RING_PACKED") == 8 * ("packed" in how["options"])  # offered, taken


def test_disk(boot_on, cell, tmp_path):
    host, how = cell
    image = tmp_path / "disk"
    image.write_bytes(blkmodel.image([0] * 2048))
    guest = boot_on(host, "blktest", "random vda 5 400", disks=[Disk(image=image, **how)])
    assert guest.wait() == 0
    assert image.read_bytes() == blkmodel.image(blkmodel.replay(5, 400, 2048)[0])


def test_web(boot_on, cell):
    """Network, disk and interrupts under load."""
    host, how = cell
    guest = boot_on(host, "httpd", "ip=dhcp", nets=[Net(forward=(80,), **how)], rng=Entropy(**how),
                    disks=[Disk(image=BUILD / "site.tar", read_only=True, **how)])
    guest.expect(r"^httpd: serving / on port 80")
    pages = {peers.request(guest.port(80))[2] for _ in range(50)}
    assert len(pages) == 1 and pages.pop().startswith(b"<!")


def test_typing(boot_on, cell):
    host, how = cell
    guest = boot_on(host, "shell", console=Console(**how))
    guest.expect(r"> $")
    guest.send("exit 5\n")
    assert guest.wait() == 5


@pytest.mark.parametrize("door", ["multiboot", "pvh"])
@pytest.mark.parametrize("args, seen", [
    ("a b", ["a", "b"]), ("log=info -- a ip=x", ["a", "ip=x"]), ("-- --", ["--"]), ("", []),
    ('"a b" c', ["a b", "c"])])
def test_words_of_the_machine(boot_on, door, args, seen):
    """QEMU's words stand behind all else, a "--" included, and are not the program's."""
    host = {"multiboot": WITHOUT_ACPI,
            "pvh": QemuMicrovm.variant(machine=WITHOUT_ACPI.machine, load=staticmethod(by_pvh))}[door]
    guest = boot_on(host, "words", args, rng=Entropy())
    assert guest.wait() == 0
    assert re.findall(r"^arg (.*)$", guest.text, re.M) == seen
    words = re.findall(r"^nth (\d) virtio_mmio.device (.*)$", guest.text, re.M)
    assert words == [("0", "512@0xfeb00e00:12"), ("1", "512@0xfeb00c00:11")]


def test_nobody_says(boot_on):
    """No words, no ACPI: the guest runs on its serial port; with a word of ours it has the device
    that the word names, and places without a device are no matter."""
    guest = boot_on(WITHOUT_WORDS, "words", "a", rng=Entropy())
    assert guest.wait(console=False) == 0
    assert not found(guest) and "arg a\n" in guest.text
    ours = "virtio_mmio.device=512@0xfeb00c00:11"
    guest = boot_on(WITHOUT_WORDS, "libctest", f"{ours} virtio_mmio.device=512@0xfeb00000:5",
                    rng=Entropy(), extra=["-cpu", "qemu32,-rdrand"])
    assert guest.wait(console=False) == 0
    assert found(guest) == [("1", "the command line")]
    assert "getrandom: no source" not in guest.text


@pytest.mark.parametrize("word, complaint", [
    ("512@0xfeb00c00", "512@0xfeb00c00 is not understood"),
    ("512@0x100000:5", "RAM or out of reach"),
    ("512@0xfec00000:5", "there are no virtio registers"),
    ("128@0xfeb00c00:5", "too small")])
def test_wrong_words(boot_on, word, complaint):
    guest = boot_on(WITHOUT_WORDS, "hello", f"7 virtio_mmio.device={word}")
    assert guest.wait(console=False) == 7
    assert guest.text.count(complaint) == 1


def test_secondary_table(boot_on, tmp_path):
    """ACPI describes devices in its SSDTs too. A PC has none at virtio-mmio, so this one's place is
    the HPET's, and what is wrong with it is said."""
    resources = (b"\x86\x09\0\x01" + struct.pack("<II", 0xfed00000, 512) +
                 b"\x89\x06\0\x01\x01" + struct.pack("<I", 5) + b"\x79\0")
    body = (b"VIO0" + b"\x08_HID\x0dLNRO0005\0" +
            b"\x08_CRS\x11" + bytes([3 + len(resources), 0x0a, len(resources)]) + resources)
    (tmp_path / "aml").write_bytes(b"\x5b\x82" + bytes([1 + len(body)]) + body)
    guest = boot_on(QemuPc(), "hello", "3", console=None,
                    extra=["-acpitable", f"sig=SSDT,data={tmp_path / 'aml'}"])
    assert guest.wait() == 3
    assert ("error: mmio fed00000: the virtio device named by ACPI cannot be used: there are no "
            "virtio registers\n") in guest.text


def test_full_bus(boot_on, tmp_path):
    """As many devices as the machine has places for: 24 with ACPI, 8 without."""
    (tmp_path / "disk").write_bytes(bytes(512))
    for host, most in (WITH_ACPI, 24), (WITHOUT_ACPI, 8):
        disks = [Disk(image=tmp_path / "disk", read_only=True)] * (most - 1)
        guest = boot_on(host, "shell", "-- dev", disks=disks)
        assert guest.wait() == 0
        assert guest.text.count(", mmio-1, running") == most
