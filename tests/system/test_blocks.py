"""Disks whose logical blocks are larger than 512 bytes, of which QEMU takes no part: partition
tables that count in either, archives, and the disk as a file of bytes."""

import hashlib
import random
import re

import pytest

import archives
import tables
from hosts import Disk

MIB = 1 << 20
FILES = {"small": b"a few bytes\n", "odd": bytes(range(251)) * 77,
         "large": random.Random(4).randbytes(700_001), "last": b"z" * 513}


def disk(image, block, **more):
    return Disk(image=image, options={"logical_block_size": block, "physical_block_size": 4096},
                **more)


@pytest.fixture
def new_image(tmp_path):
    """new_image(size) -> the file of a disk that is full of noise."""
    def make(size=4 * MIB, noise=True):
        path = tmp_path / "disk.img"
        path.write_bytes(random.Random(size).randbytes(size) if noise else bytes(size))
        return path
    return make


@pytest.fixture
def archive(tmp_path):
    return archives.make(tmp_path / "tar", FILES).read_bytes()


def check_files(boot, image, block, root):
    """The archive on that disk or partition is found, and its files are read as they are."""
    names = " ".join(f"/{name}" for name in FILES)
    guest = boot("shell", f"-- sha256 {names}", disks=[disk(image, block, read_only=True)])
    assert guest.wait() == 0
    assert f"tar on {root}: {len(FILES)} names" in guest.text
    for name, content in FILES.items():
        assert f"{hashlib.sha256(content).hexdigest()}  /{name}\n" in guest.text
    return guest.text


@pytest.mark.smoke
@pytest.mark.parametrize("block", [512, 4096])
@pytest.mark.parametrize("unit", [512, 4096])
def test_gpt_in_either_unit(boot, new_image, archive, block, unit):
    image = new_image(noise=False)
    tables.write_gpt(image, unit, (0, 0), (2048 * 512 // unit, len(archive) // unit))
    tables.put(image, 2048 * 512, archive)
    text = check_files(boot, image, block, "vda2")
    assert f"vda2: {len(archive) // unit * unit // 512} sectors at sector 2048\n" in text


def test_second_gpt(boot, new_image, archive):
    image = new_image(noise=False)
    tables.write_gpt(image, 4096, (100, 1 + len(archive) // 4096))
    tables.put(image, 100 * 4096, archive)
    tables.put(image, 4096, bytes(512))
    check_files(boot, image, 4096, "vda1")


@pytest.mark.parametrize("first", [2049, 63])
def test_partition_within_a_block(boot, new_image, archive, first):
    """As one may begin on a disk of 512 bytes a block that was copied here."""
    image = new_image(noise=False)
    tables.write_gpt(image, 512, (first, len(archive) // 512))
    tables.put(image, first * 512, archive)
    check_files(boot, image, 4096, "vda1")


@pytest.mark.parametrize("block, unit", [(512, 512), (4096, 4096), (4096, 512)])
def test_mbr_in_either_unit(boot, new_image, archive, block, unit):
    """Where it leads out of the disk in blocks it counts in 512 bytes. The archive is in the second
    logical partition of the chain."""
    image = new_image(noise=False)
    blocks, all_blocks = len(archive) // unit, 4 * MIB // unit
    tables.write_mbr(image, (0x83, 64, 8), (0x0f, 128, all_blocks - 128))
    tables.write_mbr(image, (0x83, 2, 6), (5, 200, blocks + 2), at=128 * unit)
    tables.write_mbr(image, (0x83, 2, blocks), at=328 * unit)
    tables.put(image, 330 * unit, archive)
    text = check_files(boot, image, block, "vda6")
    assert re.findall(r"^(vda\d): (\d+) sectors at sector (\d+)$", text, re.M) == [
        (name, str(count * unit // 512), str(first * unit // 512))
        for name, first, count in (("vda1", 64, 8), ("vda5", 130, 6), ("vda6", 330, blocks))]


@pytest.mark.parametrize("block", [1024, 4096])
def test_archive_on_the_disk(boot, new_image, archive, block):
    image = new_image(-len(archive) % 4096 + len(archive), noise=False)
    tables.put(image, 0, archive)
    check_files(boot, image, block, "vda")


def bytes_written(before, seed):
    """What `blktest bytes` makes of a disk, from its description."""
    stripe, kept = 999, 5
    return bytes(before[at] if at // stripe % kept == 0 else
                 ((at * 2654435761 & 0xffffffff ^ seed) >> 13) & 255 for at in range(len(before)))


@pytest.mark.smoke
@pytest.mark.parametrize("block", [512, 2048, 4096])
def test_bytes_of_a_disk(boot, new_image, block):
    """Four threads write odd ranges of /dev/vda, and meet in its blocks."""
    image = new_image(MIB // 2)
    before = image.read_bytes()
    guest = boot("blktest", f"bytes vda {block}", disks=[disk(image, block)])
    assert guest.wait() == 0
    assert f"bytes: {len(before)}, 0 failures\n" in guest.text
    assert image.read_bytes() == bytes_written(before, block)


def test_bytes_of_a_partition(boot, new_image):
    """What shares its first and its last block stays as it is."""
    image, first, count = new_image(), 2051, 301
    tables.write_gpt(image, 512, (first, count))
    before = image.read_bytes()
    guest = boot("blktest", "bytes vda1 5", disks=[disk(image, 4096)])
    assert guest.wait() == 0
    assert f"bytes: {count * 512}, 0 failures\n" in guest.text
    part = slice(first * 512, (first + count) * 512)
    assert image.read_bytes() == (before[:part.start] + bytes_written(before[part], 5) +
                                  before[part.stop:])


def test_end_that_is_no_block(boot, new_image):
    image = new_image(300 * 512)
    before = image.read_bytes()
    guest = boot("blktest", "bytes vda 1", disks=[disk(image, 4096)])
    assert guest.wait() == 0
    assert "the last 4 sectors make no block of 4096 bytes and cannot be reached" in guest.text
    assert "vda: 296 sectors of 512 bytes" in guest.text
    whole = 296 * 512
    assert image.read_bytes() == bytes_written(before[:whole], 1) + before[whole:]


def test_blocks_that_are_too_large(boot, new_image):
    image = new_image(MIB)
    large = Disk(image=image, options={"logical_block_size": 8192, "physical_block_size": 8192})
    guest = boot("blktest", "info", disks=[large])
    assert guest.wait() == 0
    assert "blocks of 8192 bytes; the disk is not used" in guest.text
    assert "vda" not in guest.text.split("; the disk is not used")[1]
