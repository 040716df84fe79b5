"""The CDs and disks that `make iso` and `make disk` give, booted by SeaBIOS and GRUB."""

import shutil
import subprocess

import pytest

from hosts import BUILD, ROOT, Net
from peers import request

TOOLS = ("grub-mkimage", "xorriso", "mformat", "mcopy")


@pytest.fixture
def media(tmp_path):
    """media(kind, app) -> what tools/media makes of them."""
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}; tools/setup media brings them")

    def make(kind, app):
        out = tmp_path / f"{app}.{kind}"
        site = ("--module" if kind == "iso" else "--second", BUILD / "site.tar")
        subprocess.run([ROOT / "tools/media", kind, BUILD / f"{app}.elf", out, *site], check=True,
                       timeout=120)
        return out
    return make


def as_cd(file):
    return ["-cdrom", str(file)]


def as_disk(file):
    """On the bus that a BIOS and our virtio driver both know."""
    return ["-blockdev", f"driver=raw,node-name=boot,file.driver=file,file.filename={file}",
            "-device", "virtio-blk-pci,drive=boot,bootindex=0"]


def as_stick(file):
    """The CD's bytes on a disk, as `dd` would write them to a USB stick."""
    return ["-drive", f"file={file},format=raw,if=ide"]


@pytest.mark.parametrize("kind, attach, root", [
    pytest.param("iso", as_cd, "initrd", marks=pytest.mark.smoke),
    ("iso", as_stick, "initrd"),
    pytest.param("msdos", as_disk, "vda2", marks=pytest.mark.smoke),
    ("gpt", as_disk, "vda2"),
], ids=["cd", "stick", "msdos", "gpt"])
def test_site_is_served(boot, media, kind, attach, root):
    guest = boot("httpd", nets=[Net(forward=(80,))], media=attach(media(kind, "httpd")))
    guest.expect(rf"tar on {root}: \d+ names, mounted on /", 120)
    guest.expect(r"httpd: serving", 60)
    page = (ROOT / "apps/httpd/site/index.html").read_bytes()
    assert request(guest.port(80), path="/index.html")[2] == page
    for partition in ("vda1", "vda2") if root == "vda2" else ():
        assert f"{partition}: " in guest.text
