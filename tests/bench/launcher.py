"""The launcher's figures: start-up, hypercalls, interrupts, disks, taps. `make bench-launcher`
prints them, with what machine they are of; the fields are medians unless they say otherwise.

Relies on build/lguest and the images in $BUILD; taps need root. All traffic stays on this
machine.
"""

import os
import re
import statistics
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from kit import (BUILD, ROOT, GuestError, heading, launcher_kit, machine, missing, output, row,
                 running)

LGUEST = launcher_kit.LGUEST
RUNS = int(os.environ.get("BENCH_RUNS", "200"))
ROUNDS = 10  # of what takes its time
SECONDS = 1  # that each of them counts for
TAP = "198.18.200"  # of the block for measurements (RFC 2544)


def compiled(kit, name, *flags):
    program = kit.folder / name
    subprocess.run(["gcc", "-O2", *flags, "-o", program, ROOT / f"tests/bench/{name}.c"],
                   check=True)
    return program


def start_up(kit):
    heading("hello under the launcher, from start to end (us: median, least)")
    spawn = compiled(kit, "spawn")
    source = kit.file("empty.c", b"int main(void) { return 0; }\n")
    empty = kit.folder / "empty"
    subprocess.run(["gcc", "-O2", "-static", "-o", empty, source], check=True)
    (base, base_least), (whole, least) = (
        line.split() for line in
        output(spawn, str(RUNS), empty, LGUEST, "16", BUILD / "hello.elf").splitlines())
    row("an empty static program", f"{base:>6} {base_least:>6}")
    row("lguest 16 hello.elf", f"{whole:>6} {least:>6}")
    row("the difference", f"{int(whole) - int(base):>6} {int(least) - int(base_least):>6}")


def cycles(kit, guest, *options, args=()):
    """(TSC cycles, TSC frequency in Hz) that a guest left with."""
    result = kit.run(guest, *options, args=args)
    taken, khz = re.search(r"trap (\w+) error (\w+)", result.err).groups()
    return int(taken, 16) * 1024, int(khz, 16) * 1000


def hypercalls(kit):
    heading("One hypercall (us: median, least)")
    gate = launcher_kit.Kit(gate=True)
    images = {"an exit": kit.assemble("bench_call")}
    if launcher_kit.has_gate():
        images["by the gate"] = gate.assemble("bench_call")
    times = {name: [] for name in images}
    for _ in range(ROUNDS):
        for name, image in images.items():
            taken, hertz = cycles(kit, image)
            if not hertz:
                row("not measured", "this machine's TSC is not to be trusted")
                return
            times[name].append(taken / hertz * 1e6 / 100000)
    gate.close()
    for name, some in times.items():
        row(name, f"{statistics.median(some):.2f} {min(some):.2f}")


def interrupts(kit):
    heading("A byte to a computing guest, from the outside to its handler and back (us)")
    times = []
    with kit.start("bench_echo", stdin=subprocess.PIPE) as guest:
        for i in range(300):
            time.sleep(0.002 + 0.00001 * (i % 300))
            start = time.perf_counter()
            os.write(guest.stdin.fileno(), b"x")
            os.read(guest.stdout.fileno(), 1)
            times.append((time.perf_counter() - start) * 1e6)
        guest.kill()
    times.sort()
    row("median, of ten the best, the worst",
        f"{times[150]:.0f} {times[30]:.0f} {times[270]:.0f}")


def disks(kit):
    heading("Reads of 4 KiB from a disk in the page cache (a second)")
    disk = kit.file("disk", os.urandom(64 << 20))
    image = kit.assemble("bench_disk")
    for name, kind in ("one after the other", "s"), ("anywhere", "r"):
        for at_once in 1, 32:
            rates = []
            for _ in range(ROUNDS):
                taken, hertz = cycles(kit, image, f"--block={disk}", args=[f"{at_once:02}{kind}"])
                if hertz:
                    rates.append(32768 * hertz / taken)
            row(f"{name}, {at_once} in flight",
                f"{statistics.median(rates):.0f}" if rates else "not measured")


@contextmanager
def on_tap(app, ready, *options):
    """The address of an application on a tap of its own, once it said that it is ready."""
    command = [LGUEST, f"--tunnet={TAP}.1", *options, "64", BUILD / f"{app}.elf", f"ip={TAP}.2/24"]
    with running(command, stdout=subprocess.PIPE) as guest:
        if not any(ready in line for line in guest.stdout):
            raise GuestError(f"{app} ended without saying {ready!r}")
        yield f"{TAP}.2"


def pings(kit):
    heading("ICMP round trips over a tap (a second: median, most)")
    program = compiled(kit, "pings")
    rates, lost = {1: [], 16: []}, 0
    with on_tap("echo", b"port 7") as address:
        for _ in range(ROUNDS):
            for in_flight, counted in rates.items():
                said = output(program, address, str(SECONDS), str(in_flight)).split()
                counted.append(int(said[0]))
                lost += int(said[1])
    for in_flight, counted in rates.items():
        row(f"{in_flight} in flight", f"{statistics.median(counted):.0f} {max(counted)}")
    row("lost of all of them", lost)


def http(_):
    heading("HTTP over a tap, 16 connections (requests a second: median, most)")
    if missing("wrk"):
        return
    rates = []
    with on_tap("httpd", b"httpd: serving", f"--block={BUILD / 'site.tar'},ro") as address:
        for _ in range(ROUNDS):
            said = output("wrk", "-t1", "-c16", f"-d{SECONDS}", f"http://{address}/")
            rates.append(float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1)))
    row("/", f"{statistics.median(rates):.0f} {max(rates):.0f}")


def idle(kit):
    heading("Processor time of an idle guest in 10 s (ms)")
    with kit.start(BUILD / "shell.elf", stdin=subprocess.PIPE) as guest:
        time.sleep(1)

        def used():
            fields = Path(f"/proc/{guest.pid}/stat").read_text().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")
        before = used()
        time.sleep(10)
        row("shell", used() - before)
        guest.kill()


def main():
    machine(RUNS)
    kit = launcher_kit.Kit()
    try:
        for figure in start_up, hypercalls, interrupts, disks, idle:
            figure(kit)
        if os.geteuid() == 0 and os.access("/dev/net/tun", os.W_OK):
            pings(kit)
            http(kit)
        else:
            row("taps", "not measured: they need root")
    finally:
        kit.close()


main()
