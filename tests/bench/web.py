"""Booting in v86 under node, the emulator that the page for browsers uses: from switching the
machine on, which leaves node's own start out, and the whole process, which has it.

Relies on `make web` and tests/web/run.mjs.
"""

import os
import re
import shutil
import statistics
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")

# What is waited for on the console of each.
AIMS = {
    "hello: to its exit": ("hello", "", r"exit: 0\r?\n"),
    "shell: to its prompt": ("shell", "", r"ringlet> "),
}


def boot(app, words, aim):
    """Milliseconds from switching on to the aim, and from starting node to it."""
    start = time.perf_counter()
    command = ["node", ROOT / "tests/web/run.mjs", BUILD, BUILD / f"{app}.elf",
               f"--words={words}", "--times"]
    said = ""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as node:
        for line in node.stderr:
            found = re.match(r'([0-9.]+) "(.*)"$', line)
            if not found:
                continue
            said += found.group(2).encode().decode("unicode_escape")
            if re.search(aim, said):
                whole = (time.perf_counter() - start) * 1000
                node.kill()
                return float(found.group(1)), whole
    raise RuntimeError(f"{app} did not say {aim!r} but {said!r}")


def start_up(heading, row, runs):
    heading("Booting in v86 under node (ms: median, least; with node's own start)")
    if not shutil.which("node") or not (BUILD / "web").exists():
        row("not measured", "node or the page is missing; make web brings both")
        return
    for name, aim in AIMS.items():
        inside, whole = zip(*(boot(*aim) for _ in range(runs)))
        row(name, f"{statistics.median(inside):7.1f} {min(inside):7.1f}   "
                  f"{statistics.median(whole):7.1f} {min(whole):7.1f}")
