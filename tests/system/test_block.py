"""Disks. tests/apps/blktest works on them with many requests in flight; blkmodel computes what
has to come out, and the image file is compared with that when the guest has ended."""

import re

import pytest

import archives
import blkmodel
from hosts import Disk

SECTORS = 16384  # 8 MiB


@pytest.fixture
def new_image(tmp_path):
    """new_image(sectors) -> the file of a disk on which "operation 0" wrote every sector."""
    def make(sectors=SECTORS, name="disk.img"):
        path = tmp_path / name
        path.write_bytes(blkmodel.image([0] * sectors))
        return path
    return make


def check_random(boot, image, seed, count, sectors=SECTORS, **disk):
    guest = boot("blktest", f"random vda {seed} {count}", disks=[Disk(image=image, **disk)])
    assert guest.wait(300) == 0
    block = disk.get("options", {}).get("logical_block_size", 512)
    last_write, counts = blkmodel.replay(seed, count, sectors, block)
    assert "random: {reads} reads, {writes} writes, {flushes} flushes, 0 failures".format(
        **counts) in guest.text
    data, want = image.read_bytes(), blkmodel.image(last_write)
    if data != want:
        wrong = [i for i in range(sectors) if data[i * 512:][:512] != want[i * 512:][:512]]
        pytest.fail(f"{len(wrong)} sectors of the image are wrong, the first is {wrong[0]}")


@pytest.mark.smoke
def test_5000_random_requests(boot, new_image):
    check_random(boot, new_image(), seed=2463534242, count=5000)


# Rows 20, 32, 35, 39, 54 of the checklist, and the ring's features on and off.
CELLS = {
    "legacy": {"flavour": "legacy"},
    "modern": {"flavour": "modern"},
    "legacy-plain-ring": {"flavour": "legacy",
                          "options": {"event_idx": "off", "indirect_desc": "off"}},
    "modern-plain-ring": {"flavour": "modern",
                          "options": {"event_idx": "off", "indirect_desc": "off"}},
    "no-event-idx": {"options": {"event_idx": "off"}},
    "no-indirect": {"options": {"indirect_desc": "off"}},
    "packed": {"flavour": "modern", "options": {"packed": "on"}},
    "packed-no-event-idx": {"flavour": "modern", "options": {"packed": "on", "event_idx": "off"}},
    "packed-no-indirect": {"flavour": "modern",
                           "options": {"packed": "on", "indirect_desc": "off"}},
    "packed-queue-4": {"flavour": "modern",
                       "options": {"packed": "on", "queue-size": 4, "seg-max-adjust": "off"}},
    "no-any-layout": {"flavour": "legacy", "options": {"any_layout": "off"}},
    "queue-4": {"options": {"queue-size": 4, "seg-max-adjust": "off"}},
    "queue-4-no-indirect": {"options": {"queue-size": 4, "indirect_desc": "off"}},
    "queue-1024": {"flavour": "modern", "options": {"queue-size": 1024}},
    "legacy-no-vectors": {"flavour": "legacy", "options": {"vectors": 0}},
    "legacy-4-vectors": {"flavour": "legacy", "options": {"vectors": 4}},
    "modern-no-vectors": {"flavour": "modern", "options": {"vectors": 0}},
    "page-per-queue": {"flavour": "modern", "options": {"page-per-vq": "on"}},
    "notify-by-port": {"flavour": "modern", "options": {"modern-pio-notify": "on"}},
    "4-queues": {"options": {"num-queues": 4}},
    "4k-physical-blocks": {"options": {"logical_block_size": 512, "physical_block_size": 4096}},
    "4k-blocks": {"options": {"logical_block_size": 4096, "physical_block_size": 4096}},
    "4k-blocks-legacy-queue-4": {"flavour": "legacy",
                                 "options": {"logical_block_size": 4096, "queue-size": 4,
                                             "physical_block_size": 4096, "seg-max-adjust": "off"}},
    "4k-blocks-packed": {"flavour": "modern",
                         "options": {"logical_block_size": 4096, "physical_block_size": 4096,
                                     "packed": "on", "indirect_desc": "off"}},
    "2k-blocks": {"options": {"logical_block_size": 2048, "physical_block_size": 2048}},
}


@pytest.mark.parametrize("cell", CELLS)
def test_random_requests(boot, new_image, cell):
    seed = 1000 + list(CELLS).index(cell)
    check_random(boot, new_image(2048), seed, 400, 2048, **CELLS[cell])


NO_FLUSH = {"write-cache": "off", "config-wce": "off"}


def info(boot, *disks, **more):
    """What blktest says of each disk: {name: line}."""
    guest = boot("blktest", "info", disks=disks, **more)
    assert guest.wait() == 0
    return dict(re.findall(r"^(vd\w): (\d+ sectors, .*)$", guest.text, re.M))


def test_what_is_known(boot, new_image):
    """GET_ID (row 56), FLUSH and RO (row 55), several disks, in the order given."""
    serial = "exactly-20-bytes-lon"
    said = info(boot, Disk(image=new_image(100, "a"), options={"serial": serial}),
                Disk(image=new_image(200, "b"), read_only=True, flavour="legacy"),
                Disk(image=new_image(300, "c"), flavour="modern", options=NO_FLUSH))
    assert said["vda"].startswith("100 sectors, ") and said["vda"].endswith(f"'{serial}'")
    assert ", writable, flush, " in said["vda"]
    assert said["vdb"].startswith("200 sectors, ") and ", read-only, " in said["vdb"]
    assert said["vdb"].endswith("serial ''")
    assert said["vdc"].startswith("300 sectors, ") and ", no flush, " in said["vdc"]


def test_many_disks(boot, new_image):
    disks = [Disk(image=new_image(64 + i, f"disk{i}")) for i in range(20)]
    said = info(boot, *disks)
    assert len(said) == 20
    for i in range(20):
        assert said[f"vd{chr(ord('a') + i)}"].startswith(f"{64 + i} sectors, ")


def result(boot, words, *disks, **more):
    """The exit code of blktest and what it prints of its one request."""
    guest = boot("blktest", words, disks=disks, **more)
    code = guest.wait()
    return code, int(re.search(rf"^{words.split()[0]}: (-?\d+)$", guest.text, re.M).group(1))


EIO, EINVAL, EROFS, ENOTSUP = 5, 22, 30, 95


def test_read_only(boot, new_image):
    image = new_image(100)
    before = image.read_bytes()
    disk = Disk(image=image, read_only=True)
    assert result(boot, "read vda 99 1", disk) == (0, 0)
    assert result(boot, "write vda 0 1", disk) == (1, -EROFS)
    assert image.read_bytes() == before


@pytest.mark.parametrize("sector, count", [(100, 1), (99, 2), (0, 101), (2**64 - 1, 1),
                                           (2**64 - 1, 2), (2**55, 1), (2**32, 1)])
def test_past_the_end(boot, new_image, sector, count):
    """Checked in the guest, without overflow (row 53)."""
    disk = Disk(image=new_image(100))
    assert result(boot, f"read vda {sector} {count}", disk) == (1, -EINVAL)
    assert result(boot, f"write vda {sector} {count}", disk) == (1, -EINVAL)


def test_more_than_one_request_takes(boot, new_image):
    image = new_image()
    assert result(boot, f"write vda 1 {SECTORS - 1}", Disk(image=image), mem=64) == (0, 0)
    assert image.read_bytes() == blkmodel.image([0] + [1] * (SECTORS - 1))


@pytest.mark.parametrize("event, words, answer", [
    ("read_aio", "read vda 8 4", (1, -EIO)),
    ("write_aio", "write vda 8 4", (1, -EIO)),
    ("flush_to_disk", "flush vda", (1, -EIO)),
    ("write_aio", "read vda 8 4", (0, 0)),
])
def test_error_of_the_disk(boot, new_image, event, words, answer):
    """QEMU's blkdebug makes every such operation fail (row 52)."""
    backend = {"file.driver": "blkdebug", "file.image.driver": "file",
               "file.image.filename": new_image(100), "file.inject-error.0.event": event,
               "file.inject-error.0.errno": EIO, "file.inject-error.0.once": "off"}
    disk = Disk(backend=backend, options={"werror": "report", "rerror": "report"})
    assert result(boot, words, disk) == answer


def bad_sector(image, sector):
    """A disk whose one sector cannot be read."""
    backend = {"file.driver": "blkdebug", "file.image.driver": "file",
               "file.image.filename": image, "file.inject-error.0.event": "read_aio",
               "file.inject-error.0.errno": EIO, "file.inject-error.0.once": "off",
               "file.inject-error.0.sector": sector}
    return Disk(backend=backend, options={"rerror": "report"})


def test_archive_around_a_bad_sector(boot, tmp_path):
    """Only what lies in it is lost: here the end of the second file's contents."""
    image = archives.make(tmp_path / "tar", {"a": b"a" * 1000, "b": b"b" * 6000,
                                             "c": b"c" * 1000})
    guest = boot("shell", "-- cat /a /c /b", disks=[bad_sector(image, 15)])
    assert guest.wait() != 0
    assert "a" * 1000 + "c" * 1000 in guest.text
    assert "tar on vda: 3 names" in guest.text
    assert "/b: I/O error" in guest.text


def test_archive_until_a_bad_sector(boot, tmp_path):
    """The second file's header is in it."""
    image = archives.make(tmp_path / "tar", {"a": b"a" * 15 * 512, "b": b"b" * 1000})
    guest = boot("shell", "-- ls /", disks=[bad_sector(image, 16)])
    assert guest.wait() == 0
    assert "tar on vda: cannot be read at byte 8192 (error 5); the 1 entries before it" in guest.text
    assert re.search("^a$", guest.text, re.MULTILINE)


def test_archive_that_cannot_be_read_at_all(boot, tmp_path):
    image = archives.make(tmp_path / "tar", {"a": b"a" * 1000})
    guest = boot("shell", "-- ls /", disks=[bad_sector(image, 0)])
    guest.wait()
    assert "root: vda cannot be read (error 5)" in guest.text
    assert "holds no tar archive" not in guest.text


def test_flush_that_is_not_offered(boot, new_image):
    disk = Disk(image=new_image(100), options=NO_FLUSH)
    assert result(boot, "flush vda", disk) == (1, -ENOTSUP)


@pytest.mark.parametrize("flavour", ["legacy", "modern"])
def test_resize(boot, new_image, flavour):
    """The configuration interrupt (row 30)."""
    image = new_image(1000)
    guest = boot("blktest", "watch vda", disks=[Disk(image=image, flavour=flavour)])
    guest.expect("^watching$")
    guest.monitor.execute("block_resize", **{"node-name": "disk0", "size": 3000 * 512})
    assert guest.wait() == 0
    assert "capacity: 3000\n" in guest.text
    assert "vda: now 3000 sectors of 512 bytes\n" in guest.text


@pytest.mark.parametrize("size", [0, 1, 511])
def test_tiny_disk(boot, tmp_path, size):
    image = tmp_path / "disk.img"
    image.write_bytes(b"x" * size)
    # What does not fill a sector QEMU fills up.
    sectors = {(size + 511) // 512, size // 512}
    said = info(boot, Disk(image=image), needs={"disks of less than a sector"})
    assert int(said["vda"].split(" sectors, ")[0]) in sectors
