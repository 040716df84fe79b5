"""ext2 and ext4 on disks, by tests/apps/ext. The file systems are made, checked and read back with
e2fsprogs on the host: mke2fs, e2fsck and debugfs."""

import os
import random
import re
import shutil
import signal
import subprocess
from errno import EIO

import pytest

import powercut
from hosts import Disk

FULL = os.environ.get("FULL", "") not in ("", "0")
TOOLS = "/sbin:/usr/sbin:" + os.environ["PATH"]
KINDS = {"ext2": "-t ext2 -b 1024", "ext3": "-t ext3 -b 1024", "ext4": "-t ext4 -b 4096",
         "plain": "-t ext4 -b 1024 -O ^metadata_csum,^64bit", "bytes128": "-t ext4 -b 2048 -I 128"}

pytestmark = pytest.mark.skipif(not shutil.which("mke2fs", path=TOOLS), reason="there is no e2fsprogs")


def tool(*words, status=(0,)):
    """Runs a program of e2fsprogs; what it said."""
    result = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False,
                            env={**os.environ, "PATH": TOOLS}, timeout=60)
    assert result.returncode in status, (words, result)
    return result.stdout


def whole(image):
    """Nothing is wrong with it, and it was unmounted."""
    tool("e2fsck", "-fn", image)
    assert "needs_recovery" not in tool("dumpe2fs", "-h", image)


def tree(image, folder):
    """What debugfs reads out of it, as files in a folder."""
    folder.mkdir()
    tool("debugfs", "-R", f"rdump / {folder}", image)
    return folder


@pytest.fixture
def make(tmp_path):
    def make(kind="ext4", size="16M", folder=None, name="disk.img", blocks=""):
        image = tmp_path / name
        with image.open("wb") as file:
            file.truncate(int(size[:-1]) << 20)
        tool("mke2fs", "-q", *KINDS[kind].split(), *(["-d", folder] if folder else []), image, *blocks.split())
        return image
    return make


@pytest.fixture
def run(boot):
    """run(image, words) -> what `ext` said, on a root of that image."""
    def run(image, words, code=0, root="root=vda", **disk):
        guest = boot("ext", f"{root} -- {words}", disks=[Disk(image=image, **disk)])
        assert guest.wait(300) == code, guest.text
        return guest.text
    return run


# ---- calls ----

@pytest.mark.parametrize("kind", [kind if kind in ("ext2", "ext4") else pytest.param(kind, marks=pytest.mark.full)
                                  for kind in KINDS])
def test_calls(run, make, kind):
    image = make(kind)
    text = run(image, "calls /", code=1 if kind == "bytes128" else 0)
    failed = re.findall("^failed: (.*), line", text, re.MULTILINE)
    assert all("_mtim" in what or "_atim" in what for what in failed)
    assert bool(failed) == (kind == "bytes128")  # whose inodes have no room for such times
    whole(image)
    names = re.findall(r"^/\d+/\d+/\d+/\d+/(.*?)/", tool("debugfs", "-R", "ls -p /calls", image), re.MULTILINE)
    assert names == [".", "..", "file"]


@pytest.mark.parametrize("kind", ["ext2", "plain"])
def test_no_room(run, make, kind):
    image = make(kind, "6M")
    run(image, "full /")
    whole(image)


def test_read_only(run, make, tmp_path):
    folder = tmp_path / "from"
    folder.mkdir()
    (folder / "present").write_text("here")
    image = make(folder=folder)
    before = image.read_bytes()
    assert "read-only" in run(image, "errors /", root="root=vda,ro")
    assert "read-only" in run(image, "errors /", read_only=True)
    assert image.read_bytes() == before


# ---- between Ringlet and Linux ----

def paths(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*"))


def same(a, b):
    """Two trees are the same but for owners and folders' times."""
    assert paths(a) == [path for path in paths(b) if path.parts[0] != "lost+found"]
    for path in paths(a):
        one, other = (folder / path for folder in (a, b))
        assert one.lstat().st_mode == other.lstat().st_mode, path
        if one.is_symlink():
            assert os.readlink(one) == os.readlink(other)
        elif one.is_file():
            assert one.stat().st_size == other.stat().st_size, path
            assert int(one.stat().st_mtime) == int(other.stat().st_mtime), path
            assert one.stat().st_size > 1 << 20 or one.read_bytes() == other.read_bytes(), path


def test_what_ringlet_wrote(host, run, make, tmp_path):
    """A tree that test and program both make."""
    many = FULL and host.name == "launcher"  # emulated machines take minutes
    count = 10000 if many else 200
    image = make(size="400M" if many else "32M")
    run(image, f"fill / {count}")
    whole(image)
    ours = tmp_path / "ours"
    for i in range(count):
        path = ours / f"d{i // 100}" / f"f{i}-{'0' * (i % 200 + 1)}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(i, i % 50 * 1000))
        path.chmod(0o600 | i & 0o77)
        os.utime(path, (10**9, 10**9))
    (ours / "hard").hardlink_to(path)
    (ours / "soft").symlink_to(path.relative_to(ours))
    sparse = tool("debugfs", "-R", "stat /sparse", image)
    assert re.search(rf"Size: {(5 << 30) + 3}\b", sparse) and "Blockcount: 8\n" in sparse
    tool("debugfs", "-w", "-R", "rm /sparse", image)  # which debugfs would write with all its zeroes
    same(ours, tree(image, tmp_path / "theirs"))
    assert re.search(r"Links: 2\b", tool("debugfs", "-R", "stat /hard", image))


def content(number, size):
    """What the program's make_file writes."""
    block = bytearray((i + number * 31) & 0xFF for i in range(256)) * 32
    block[:4] = number.to_bytes(4, "little")
    return bytes(block * (size // len(block) + 1))[:size]


def test_what_linux_wrote(run, make, tmp_path):
    folder = tmp_path / "from"
    folder.mkdir()
    for i in range(50):
        path = folder / f"{i}-{'name' * (i % 50)}"
        path.write_bytes(bytes(i * 100))
        os.utime(path, (10**9 + i, 10**9 + i))
    (folder / "link").symlink_to("t" * 100)
    with (folder / "far").open("wb") as file:
        file.seek(6 << 30)
        file.write(b"end")
    text = run(make(folder=folder), "print /")
    for path in folder.iterdir():
        st = path.lstat()
        line = f"{path.name} {st.st_mode:o} 1 {st.st_uid} {st.st_size} {int(st.st_mtime)}"
        assert path.is_symlink() or path.name == "far" or line in text.splitlines(), line
    assert re.search(rf"^far 100\d+ 1 \d+ {(6 << 30) + 3} ", text, re.MULTILINE)
    assert re.search(r"^link 120777 1 \d+ 100 ", text, re.MULTILINE)


# ---- mounts ----

def test_two_mounts(boot, make):
    images = make(name="a.img"), make("ext2", name="b.img")
    guest = boot("ext", "root=vda mount=vdb:/data -- calls /data", disks=[Disk(image=i) for i in images])
    assert guest.wait(60) == 0, guest.text
    for image in images:
        whole(image)
    assert "calls" in tool("debugfs", "-R", "ls /", images[1])
    assert "calls" not in tool("debugfs", "-R", "ls /", images[0])


def test_what_is_not_whole_is_refused(boot, make):
    image = make("ext2")
    tool("debugfs", "-w", "-R", "ssv state 0", image)
    guest = boot("ext", "root=vda -- print /", disks=[Disk(image=image)])
    guest.wait(60)
    assert "vda was not unmounted, and has no journal: check it with e2fsck -fy" in guest.text


# ---- errors of the disk ----

def failing(image, event):
    """A disk on which every such operation fails."""
    return Disk(backend={"file.driver": "blkdebug", "file.image.driver": "file",
                         "file.image.filename": str(image), "file.inject-error.0.event": event,
                         "file.inject-error.0.errno": EIO, "file.inject-error.0.once": "off",
                         "file.inject-error.0.sector": 4096},
                options={"werror": "report", "rerror": "report"})


def test_sector_that_cannot_be_written(boot, make):
    """fsync says so, nothing is written from then on, and what was there can be read."""
    image = make("ext2")
    guest = boot("ext", "root=vda -- broken /", disks=[failing(image, "write_aio")])
    assert guest.wait(60) == 0, guest.text
    assert "vda cannot be written (error 5): it is read-only from now on" in guest.text


# ---- ends ----

def test_asked_to_end(host, boot, make):
    """By SIGTERM or by ^C: what was written is there and the file system is whole."""
    image = make("ext4", "32M")
    guest = boot("ext", "root=vda -- wait /", disks=[Disk(image=image)])
    guest.expect("^written")
    if host.name == "launcher":
        guest.process.send_signal(signal.SIGTERM)
    else:
        guest.send("\x03")
    guest.wait(60)
    whole(image)
    assert "a file" in tool("debugfs", "-R", "ls /", image)


# ---- power cuts ----

COUNT = 120  # steps of the load


def steps(seed):
    """{number: (path, size)} of the files that the load makes and syncs."""
    state, made = seed, {}
    for i in range(1, COUNT + 1):
        for shift in (13, -17, 5):
            state ^= state << shift if shift > 0 else state >> -shift
            state &= 0xFFFFFFFF
        if i % 3 == 0:
            made[i] = f"d{state % 5}/kept{i}", state // 8 % 40000
    return made


def confirmed(events, last):
    """The number of the last step that was confirmed."""
    for event in reversed(events):
        if event.sector == last and event.data.startswith(b"confirmed "):
            return int(event.data.split()[1].split(b"\0")[0])
    return 0


def test_power_cuts(host, boot, make, tmp_path):
    """Whenever the power fails, e2fsck finds nothing wrong once the journal is replayed, and files that
    fsync confirmed are there with their contents."""
    image, log, cut_image = make("plain", "24M", blocks="20M"), tmp_path / "log", tmp_path / "cut.img"
    first = image.read_bytes()
    guest = boot("ext", f"root=vda -- load / 1 {COUNT}",
                 disks=[Disk(image=image, record=log)])
    assert guest.wait(120) == 0, guest.text
    whole(image)
    events, files = powercut.read(log), steps(1)
    chance = random.Random(1)
    for seed in range(300 if FULL and host.name == "launcher" else 10):
        cut = chance.randrange(len(events))
        while seed % 2 and not events[cut].flush:  # when the most is under way
            cut = (cut + 1) % len(events)
        cut_image.write_bytes(powercut.lie(first, events, cut, seed))
        if seed % 10 == 0:  # the next start does as well
            guest = boot("ext", "root=vda -- print /", disks=[Disk(image=cut_image)])
            assert guest.wait(60) == 0, guest.text
            tool("e2fsck", "-fn", cut_image)
        tool("e2fsck", "-y", "-E", "journal_only", cut_image, status=(0, 1))
        tool("e2fsck", "-fn", cut_image)
        number = confirmed(events[:cut], len(first) // 512 - 1)
        found = tree(cut_image, tmp_path / f"cut{seed}")
        for i, (path, size) in files.items():
            if i <= number:
                assert (found / path).read_bytes() == content(i, size), (seed, cut, number, path)
        shutil.rmtree(found)
