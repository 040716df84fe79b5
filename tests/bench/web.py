"""Booting in v86 under node, the emulator that the page for browsers uses: from switching the
machine on, which leaves node's own start out, and the whole process, which has it.

Relies on `make web` and tests/web/run.mjs.
"""

import re
import subprocess
import time

from kit import BUILD, ROOT, GuestError, heading, middle, missing, row, running

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
    with running(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as node:
        for line in node.stderr:
            found = re.match(r'([0-9.]+) "(.*)"$', line)
            if not found:
                continue
            said += found.group(2).encode().decode("unicode_escape")
            if re.search(aim, said):
                whole = (time.perf_counter() - start) * 1000
                return float(found.group(1)), whole
    raise GuestError(f"{app} did not say {aim!r} but {said!r}")


def start_up(runs):
    heading("Booting in v86 under node (ms: median, least; with node's own start)")
    if missing("node"):
        return
    if not (BUILD / "web").exists():
        row("not measured", "the page is not built; make web does it")
        return
    taken = {name: [] for name in AIMS}
    for _ in range(runs):
        for name, aim in AIMS.items():
            taken[name].append(boot(*aim))
    for name, times in taken.items():
        middle(name, *zip(*times))
