"""Other loaders, and what they bring along."""

import re
import shutil
import struct
import subprocess

import pytest

from guest import LIMIT
from hosts import BUILD, Disk
from qemu import QemuPc

CONFIG = """
set timeout=0
serial --unit=0
terminal_output serial
menuentry "guest" {{
    multiboot /image.elf {words}
    {modules}
}}
"""


@pytest.fixture
def rescue(tmp_path):
    """rescue(app, words, modules) -> an ISO that GRUB boots from."""
    if not shutil.which("grub-mkrescue") or not shutil.which("xorriso"):
        pytest.skip("grub-mkrescue (grub-common, grub-pc-bin) and xorriso are not installed")

    def make(app, words, modules=()):
        tree = tmp_path / "tree"
        (tree / "boot/grub").mkdir(parents=True)
        shutil.copy(BUILD / f"{app}.elf", tree / "image.elf")
        for i, data in enumerate(modules):
            (tree / f"module{i}").write_bytes(data)
        lines = "\n    ".join(f"module /module{i} name{i}" for i in range(len(modules)))
        (tree / "boot/grub/grub.cfg").write_text(CONFIG.format(words=words, modules=lines))
        iso = tmp_path / "rescue.iso"
        subprocess.run(["grub-mkrescue", "-d", "/usr/lib/grub/i386-pc", "-o", iso, tree],
                       check=True, capture_output=True)
        return iso
    return make


@pytest.mark.smoke
def test_grub(boot, rescue):
    """GRUB 2 passes the words alone, quotes and backslashes its own way."""
    iso = rescue("words", "gw=1.2.3.4 -- one 'two words' 'a\"b' 'back\\slash' \"it's\" ip=5")
    guest = boot("words", media=["-cdrom", iso])
    assert guest.wait(240) == 0
    assert re.findall(r"^\r?arg (.*)$", guest.text, re.M) == ["one", "two words", 'a"b',
                                                             "back\\slash", "it's", "ip=5"]
    assert "word gw 1.2.3.4\n" in guest.text


def test_grub_modules(boot, rescue, tmp_path):
    (tmp_path / "file").write_text("from the module\n")
    archive = subprocess.run(["tar", "-C", tmp_path, "-c", "file"], check=True,
                             capture_output=True).stdout
    iso = rescue("shell", "-- cat /file", [archive, b"x" * 5000])
    guest = boot("shell", media=["-cdrom", iso])
    assert guest.wait(240) == 0
    assert "from the module\n" in guest.text


def test_modules_of_qemu(boot, tmp_path):
    """The first module is the initrd; others, empty ones too, do not disturb."""
    (tmp_path / "file").write_text("from the module\n")
    subprocess.run(["tar", "-C", tmp_path, "-cf", tmp_path / "tar", "file"], check=True)
    (tmp_path / "other").write_bytes(bytes(100000))
    guest = boot("shell", "-- cat /file", modules=[tmp_path / "tar", tmp_path / "other"])
    assert guest.wait() == 0
    assert "from the module\n" in guest.text


def test_module_that_is_no_archive(boot, tmp_path):
    (tmp_path / "noise").write_bytes(b"\x5a" * 100000)
    guest = boot("shell", "root=initrd -- ls /", modules=[tmp_path / "noise"])
    guest.wait()
    assert "error: root: initrd holds no tar archive, so there are no files\n" in guest.text


@pytest.mark.parametrize("content", [b"junk\n", b"\x1f\x8b" + bytes(1000)],
                         ids=["5-bytes", "compressed"])
def test_initrd_that_is_no_archive(boot, tmp_path, content):
    (tmp_path / "noise").write_bytes(content)
    guest = boot("shell", "-- ls /", modules=[tmp_path / "noise"])
    guest.wait()
    # A loader may tell whole pages.
    assert re.search(r"root: the initrd of \d+ bytes is no tar archive", guest.text)


def test_no_page_is_free_inside_an_image():
    """GRUB puts a module that is small enough into such a one."""
    for image in BUILD.glob("*.elf"):
        data = image.read_bytes()
        at, = struct.unpack_from("<I", data, 28)
        size, count = struct.unpack_from("<HH", data, 42)
        headers = [struct.unpack_from("<8I", data, at + i * size) for i in range(count)]
        segments = sorted((h[3], h[3] + h[5]) for h in headers if h[0] == 1)
        assert len(segments) == 3
        for (_, end), (start, _) in zip(segments, segments[1:]):
            assert start == -(-end // 4096) * 4096, image


def test_disk_that_is_no_archive(boot, tmp_path):
    """Nobody said that it is one, so it is no mistake, but worth a line."""
    (tmp_path / "noise").write_bytes(b"\x5a" * 4096)
    guest = boot("shell", "-- ls /", disks=[Disk(image=tmp_path / "noise")])
    guest.wait()
    assert "\nroot: vda holds no tar archive, so there are no files\n" in guest.text


def test_module_larger_than_memory(boot_on, tmp_path):
    """QEMU puts it behind the image all the same, of which the machine then has the beginning."""
    (tmp_path / "file").write_bytes(bytes(8 << 20))
    subprocess.run(["tar", "-C", tmp_path, "-cf", tmp_path / "tar", "file"], check=True)
    disk = tmp_path / "disk"
    disk.write_bytes((BUILD / "site.tar").read_bytes())
    guest = boot_on(QemuPc(), "shell", "-- ls /", mem=8, modules=[tmp_path / "tar"],
                    disks=[Disk(image=disk, read_only=True)])
    assert guest.wait() == 0
    assert re.search(r"^error: initrd: there is no free memory at 0x\w+ for its 82\d\d KiB; it is "
                     r"left out", guest.text, re.M)
    assert "index.html" in guest.text


@pytest.mark.smoke
def test_entry_is_timed(boot):
    """The counter is of this boot's first instruction; it ran long before that on most hosts."""
    guest = boot("entry")
    assert guest.wait() == 0
    taken = re.search(r"^main: ([\d.]+) us after the entry", guest.text, re.M)
    assert 0 < float(taken.group(1)) < LIMIT * 1e6, guest.text
