"""What the figures share: how they are printed, the machine that they are of, and guests that
are ended whatever happens.

Relies on the system tests' hosts (tests/system) to boot guests, and on the images in $BUILD.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))

import doors  # noqa: E402, F401
import hosts  # noqa: E402
import launcher_kit  # noqa: E402, F401
import qemu  # noqa: E402, F401
from guest import GuestError  # noqa: E402

BUILD = hosts.BUILD
QEMU = "qemu-system-i386"
LIMIT = 60  # seconds that one run may take, far above what it does


# ---- the table ----

def heading(text):
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


def row(name, value):
    print(f"{name:<34} {value}", flush=True)


def middle(name, *columns):
    """A row of the median and the least of each list of numbers."""
    row(name, "   ".join(f"{statistics.median(c):8.1f} {min(c):8.1f}" for c in columns))


def missing(*programs):
    """True, and a row that says so, if one of the programs is not installed."""
    absent = [program for program in programs if not shutil.which(program)]
    if absent:
        row("not measured", f"{', '.join(absent)}: not installed")
    return bool(absent)


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def version(program):
    return output(program, "--version").split("\n")[0] if shutil.which(program) else "not installed"


def machine(runs):
    heading("Machine")
    info = Path("/proc/cpuinfo").read_text()
    row("processor", re.search(r"model name\s*: (.*)", info).group(1))
    row("processors", os.cpu_count())
    row("load when it began", "%.2f %.2f %.2f" % os.getloadavg())
    row("Linux", os.uname().release)
    row("QEMU, without acceleration", version(QEMU))
    row("compiler", version("gcc"))
    row("node, for v86", version("node"))
    row("runs of each, where no other", runs)


# ---- guests ----

class Boots:
    """Guests of one measurement, ended and cleared away."""

    def __enter__(self):
        self.folder, self.guest = hosts.new_folder(), None
        return self

    def __exit__(self, *_):
        if self.guest:
            self.guest.stop()
        shutil.rmtree(self.folder)

    def boot(self, host, app, args="", **more):
        self.guest = host.boot(self.folder, app, args, **more)
        return self.guest


@contextmanager
def running(command, **pipes):
    """A process that is killed when it is left, and when LIMIT is over, which ends its output."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, **pipes) as process:
        timer = threading.Timer(LIMIT, process.kill)
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            process.kill()
