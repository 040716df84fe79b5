"""The C library's string functions: the same program (tests/apps/strings) as a process with musl,
as one with glibc, under the launcher and in QEMU. A function that costs more under the launcher
than in musl's process pays for the segment or for the machine: the code is the same.

QEMU's last column counts: with -icount shift=0 its clock goes on by a nanosecond with each
instruction of the guest, so what the program takes for time are the instructions of a call, the
same ones every time. (A string instruction counts once for each turn.)
"""

import re
import statistics
import subprocess

from kit import BUILD, LIMIT, ROOT, Boots, GuestError, heading, hosts, missing, qemu, row

COUNTING = ["-icount", "shift=0,sleep=off"]
LINE = re.compile(r"^(\w+(?: \d+ \w+)?) (\d+)\r?$", re.M)


def parsed(text):
    return {name: int(hundredths) / 100 for name, hundredths in LINE.findall(text)}


def process(program):
    """None where this machine's kernel runs no 32-bit programs."""
    try:
        done = subprocess.run([program], capture_output=True, text=True, timeout=LIMIT, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return parsed(done.stdout)


def guest(host, extra=(), app="strings"):
    if missing(host.program):
        return None
    with Boots() as own:
        try:
            booted = own.boot(host, app, "log=warn", extra=extra)
            return parsed(booted.text) if booted.wait(LIMIT) == 0 else None
        except GuestError:
            return None


def with_glibc(folder):
    program = folder / "strings"
    subprocess.run(["gcc", "-m32", "-O2", "-static", "-o", program,
                    ROOT / "tests/apps/strings/main.c"], check=True)
    return program


def cell(runs, name):
    values = [run[name] for run in runs if run]
    return f"{statistics.median(values):9.1f}" if values else f"{'-':>9}"


def ratio(runs, others, name):
    if not any(runs) or not any(others):
        return f"{'-':>6}"
    ours, theirs = (statistics.median(run[name] for run in side if run) for side in (runs, others))
    return f"{ours / theirs:6.2f}"


def string_functions(runs):
    heading("String functions (ns a call, medians)")
    if missing("gcc"):
        return
    musl, glibc, launcher, pc = [], [], [], []
    with Boots() as own:
        program = with_glibc(own.folder)
        for _ in range(runs):
            musl.append(process(BUILD / "native/strings"))
            glibc.append(process(program))
            launcher.append(guest(hosts.Launcher()))
            pc.append(guest(qemu.QemuPc()))
    counted = [guest(qemu.QemuPc(), COUNTING)]
    row("", "     musl     glibc  launcher   QEMU pc   "
            "launcher/musl, launcher/glibc, instructions in QEMU")
    for name in counted[0] or ():
        row(name, " ".join([cell(musl, name), cell(glibc, name), cell(launcher, name),
                            cell(pc, name), "  ", ratio(launcher, musl, name),
                            ratio(launcher, glibc, name), cell(counted, name)]))


def pace(runs):
    """What the processor makes of the same code (tests/apps/pace): a segment's base shows here."""
    heading("Pieces of work (ns a turn, medians)")
    musl, launcher = [], []
    for _ in range(runs):
        musl.append(process(BUILD / "native/pace"))
        launcher.append(guest(hosts.Launcher(), app="pace"))
    row("", "     musl  launcher  launcher/musl")
    for name in musl[0] or launcher[0] or ():
        row(name, " ".join([cell(musl, name), cell(launcher, name), "  ", ratio(launcher, musl, name)]))
