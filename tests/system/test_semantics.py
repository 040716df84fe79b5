"""The same program, linked from the same objects as an image and as a program for 32-bit Linux,
sees the same: tests/apps/semantics prints each call with its result, and every line has to be
what this machine's own kernel makes of it, but for the differences that are meant."""

import difflib
import io
import os
import platform
import re
import shutil
import subprocess
import tarfile

import pytest

from hosts import BUILD, Disk

PROGRAM = BUILD / "native/semantics"
SUBJECTS = ["files", "paths", "streams", "pipes", "waits", "epolls", "threads", "signals", "clocks", "timers", "locals", "transfers",
            "sockets", "datagrams", "names", "memory", "process",
            "interfaces", "tuning", "places", "numbers", "socketcalls",
            "changes", "contents", "mappings", "locks", "shared",
            "queues"]
if os.geteuid() == 0:
    SUBJECTS.append("rights")  # nobody else has any to give up

# What is meant to differ: why, and what Ringlet answers. docs/applications.md tells programmers.
MEANT = {
    "a path has at most 1023 bytes": {
        "paths: open(path_of(2000), O_RDONLY) >= 0 ? close(3) : -1": "ENAMETOOLONG",
    },
    "FIONREAD is for what comes in: sockets, pipes, the terminal": {
        "files: ioctl(fd, FIONREAD, data) == 0 ? *(int *)data : -1": "ENOTTY",
    },
    "mutexes have neither owners that die nor priorities": {
        "threads: pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST)": "ENOSYS",
        "threads: pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT)": "ENOSYS",
    },
    "EPIPE says it; SIGPIPE would end a program that most often wants to go on": {
        "signals: broken": "0",
    },
    "the clock cannot be set": {
        "clocks: clock_settime(CLOCK_MONOTONIC, &now)": "ENOSYS",
        "clocks: clock_settime(77, &now)": "ENOSYS",
    },
    "there is no break: malloc takes its memory from mmap": {
        "memory: sbrk(0) != NULL": "false",
    },
}
RINGLETS = {call: result for calls in MEANT.values() for call, result in calls.items()}

# The tree: name -> text of a file, None for a directory, or ("->", target).
TREE = {
    "dir": None,
    "dir/sub": None,
    "dir/sub/deep.txt": "deep\n",
    "dir/a.txt": "the first file, a line\n",
    "dir/b.txt": "one line\n42 17 x\n",
    "empty": "",
    "etc": None,
    "etc/hosts": "127.0.0.1 localhost\n",
    "long.txt": "".join(chr(ord("a") + i % 26) for i in range(9000)),
    "link.txt": ("->", "dir/a.txt"),
    "dirlink": ("->", "dir"),
    "dangling": ("->", "nothere"),
    "loop1": ("->", "loop2"),
    "loop2": ("->", "loop1"),
    "tmp": None,
    "run": None,
}


def add(tar, name, what):
    member = tarfile.TarInfo(name)
    member.mtime = 1234567890
    member.mode = 0o755 if what is None else 0o644
    if what is None:
        member.type = tarfile.DIRTYPE
    elif isinstance(what, tuple):
        member.type, member.linkname, member.mode = tarfile.SYMTYPE, what[1], 0o777
    else:
        member.size = len(what)
    tar.addfile(member, io.BytesIO(what.encode()) if isinstance(what, str) else None)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("semantics") / "root.tar"
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, what in TREE.items():
            add(tar, name, what)
    return path


# A world of its own for the program: the tree as "/", read-only unless it is to be changed, the
# machine's devices, memory on /tmp, /run and /dev/shm, and a network that is nothing but the loopback
# interface.
WORLD = """
root=$1 access=$2 && shift 2 &&
ip link set lo up && mount --bind "$root" "$root" && mount --rbind /dev "$root/dev" &&
mount -t tmpfs -o mode=1777 none "$root/tmp" && mount -t tmpfs -o mode=755,size=8m none "$root/run" &&
mkdir -p "$root/dev/shm" && mount -t tmpfs -o mode=1777 none "$root/dev/shm" &&
mount -o "remount,bind,$access" "$root" || exit 125
exec chroot "$root" /semantics "$@"
"""


def on_this_machine(archive, root, access, *subjects):
    """What the program prints here."""
    if platform.machine() not in ("x86_64", "i686"):
        pytest.skip("this machine is no x86")
    with tarfile.open(archive) as tar:
        tar.extractall(root)
    (root / "dev").mkdir()
    root.chmod(0o755)  # also for users that the program becomes
    shutil.copy(PROGRAM, root / "semantics")
    try:
        subprocess.run([root / "semantics", "none"], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this machine's kernel runs no 32-bit programs: {error}")
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    done = subprocess.run(["unshare", *user, "--net", "--mount", "sh", "-c", WORLD, "sh", root, access,
                           *subjects],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if done.returncode == 125 or done.stderr.startswith("unshare: "):
        pytest.skip(f"this machine lets us make no namespaces: {done.stderr.strip()}")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def reference(archive, tmp_path_factory):
    return on_this_machine(archive, tmp_path_factory.mktemp("root"), "ro")


@pytest.fixture(scope="module")
def changed_reference(archive, tmp_path_factory):
    """The same of a tree that the program changes."""
    return on_this_machine(archive, tmp_path_factory.mktemp("changed"), "rw", "overlaid")


def of_subject(lines, subject):
    """Its lines; without the log's, which look otherwise."""
    return [line for line in lines if re.match(rf"{subject}(, IPv[46])?: .* = ", line)]


def test_differences_are_real(reference):
    """Nothing is excused that is not there, or not there any more."""
    results = {}
    for line in reference:
        call, result = line.rsplit(" = ", 1)
        results.setdefault(call, set()).add(result)
    for call, result in RINGLETS.items():
        assert call in results, f"nobody calls {call}"
        assert result not in results[call], f"{call} does not differ any more"


def differences(subjects, reference, guest):
    wanted = []
    for line in reference:
        call, result = line.rsplit(" = ", 1)
        wanted.append(f"{call} = {RINGLETS.get(call, result)}")
    lines = guest.text.splitlines()
    report = []
    for subject in subjects:
        assert of_subject(wanted, subject), f"Linux said nothing of {subject}"
        report += difflib.unified_diff(of_subject(wanted, subject), of_subject(lines, subject),
                                       "Linux", "Ringlet", lineterm="", n=2)
    return "\n".join(report)


def test_semantics(boot, reference, archive):
    guest = boot("semantics", modules=[archive])
    assert guest.wait() == 0
    report = differences(SUBJECTS, reference, guest)
    assert not report, report


@pytest.mark.parametrize("place", ["initrd", "vda"])
def test_overlay(boot, changed_reference, archive, place):
    """A root that is read-only, and whose changes are kept in memory."""
    where = {"modules": [archive]} if place == "initrd" else {"disks": [Disk(image=archive)]}
    before = archive.read_bytes()
    guest = boot("semantics", f"root={place},overlay -- overlaid", **where)
    assert guest.wait() == 0
    report = differences(["overlaid"], changed_reference, guest)
    assert not report, report
    assert archive.read_bytes() == before


def test_overlay_word(boot, archive):
    """A mistake in the word is told, and there are no files."""
    guest = boot("semantics", "root=initrd,overlaid -- none", modules=[archive])
    assert guest.wait() == 0
    assert "overlaid is no way to mount it" in guest.text


def test_without_archive(boot):
    """Nothing is there to read, and everything can be made."""
    guest = boot("semantics", "changes")
    assert guest.wait() == 0
    assert 'changes: mkdir("/tmp/c", 0777) = 0' in guest.text
    assert "changes: mode_of(\"/tmp\") = 17407" in guest.text
