"""Runs little assembler guests under build/lguest. A test gives the guest's instructions, or the
name of a file in tests/launcher/guests, and says what has to come out.

Relies on `make system` having built the launcher, and on gcc -m32 for the guests.
"""

import functools
import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from hosts import Launcher, missing

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
LGUEST = BUILD / "lguest"
GUESTS = ROOT / "tests" / "launcher" / "guests"
ASSEMBLE = ["gcc", "-m32", "-nostdlib", "-static", "-no-pie", "-I", ROOT / "include", "-I", GUESTS,
            "-Wl,-Ttext=0x100000,--build-id=none,-z,noexecstack"]
INIT = "init\n"
LIMIT = 20  # seconds: no guest here runs for longer unless it hangs


def children(pid):
    """Process numbers, from /proc: a small Debian has no ps."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rsplit(")", 1)[1].split()[1]
        except OSError:
            continue  # it ended meanwhile
        if int(parent) == pid:
            found.append(int(stat.parent.name))
    return found


@dataclass
class Result:
    status: int
    out: str
    err: str

    def died(self, *patterns):
        """It ended as a guest that the launcher stopped, and each pattern was said."""
        assert self.status == 1, self
        self.said(*patterns)

    def said(self, *patterns):
        for pattern in patterns:
            assert re.search(r"^lguest: .*" + pattern, self.err, re.MULTILINE), (pattern, self)

    def passed(self, out=None):
        assert self.status == 0 and self.err == "", self
        if out is not None:
            assert self.out == out, self


class Running(subprocess.Popen):
    """A guest that goes on; one that a failed test leaves behind is ended, not waited for."""

    def __exit__(self, *failure):
        self.kill()
        return super().__exit__(*failure)


def usual_signals():
    """A shell starts what runs in the background with these ignored, which would be inherited."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Kit:
    """A folder for one test, gone with it. With `gate` the guests' hypercalls begin at the gate."""

    def __init__(self, gate=False):
        self.flags = ["-DGATE"] if gate else []
        self.folder = Path(tempfile.mkdtemp(prefix="ringlet-launcher-"))

    def close(self):
        shutil.rmtree(self.folder)

    def assemble(self, guest):
        """The path of an image: of a file in GUESTS, or of instructions."""
        if re.fullmatch(r"\w+", guest):
            source = GUESTS / f"{guest}.S"
        else:
            source = self.folder / "guest.S"
            source.write_text('#include "guest.inc"\n' + guest + "\n")
        image = self.folder / "guest.elf"
        subprocess.run([*ASSEMBLE, *self.flags, "-o", image, source], check=True)
        return image

    def command(self, guest, *options, memory="16", args=()):
        image = guest if isinstance(guest, Path) else self.assemble(guest)
        return [LGUEST, *options, memory, image, *args]

    def run(self, guest, *options, memory="16", args=(), stdin=subprocess.DEVNULL, **more):
        done = subprocess.run(self.command(guest, *options, memory=memory, args=args),
                              stdin=stdin if "input" not in more else None,
                              capture_output=True, timeout=LIMIT, **more)
        return Result(done.returncode, done.stdout.decode(errors="replace"),
                      done.stderr.decode(errors="replace"))

    def start(self, guest, *options, memory="16", args=(), **more):
        more = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE, "preexec_fn": usual_signals, **more}
        return Running(self.command(guest, *options, memory=memory, args=args), **more)

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path


@functools.cache
def has_gate():
    """Does the launcher make one here?"""
    made = Kit()
    status = made.run(INIT + "cmpl $0, BOOT_PARAMS_GATE; expect ne 3; pass").status
    made.close()
    return status == 0


def fresh_kit(gate):
    lacks = missing(Launcher())
    if lacks:
        pytest.skip(f"the launcher is not here: {lacks}")
    if gate and not has_gate():
        pytest.skip("there is no gate on this machine")
    made = Kit(gate)
    yield made
    made.close()


@pytest.fixture
def kit():
    yield from fresh_kit(gate=False)


@pytest.fixture(params=["int", "gate"])
def both_ways(request):
    """For tests of what exits do: each hypercall as an exit, and by the gate if it serves it."""
    yield from fresh_kit(gate=request.param == "gate")


@pytest.fixture
def gate_kit():
    yield from fresh_kit(gate=True)
