"""The launcher's figures: start-up, hypercalls, interrupts, disks, taps. `make bench-launcher`
prints them, with what machine they are of; the fields are medians unless they say otherwise.

Relies on build/lguest and the images in $BUILD; taps need root. All traffic stays on this
machine.
"""

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))

from bench import heading, machine, output, row  # noqa: E402
from launcher_kit import BUILD, LGUEST, LIMIT, Kit  # noqa: E402

RUNS = int(os.environ.get("BENCH_RUNS", "200"))
SECONDS = 3
TAP = "198.18.200"  # of the block for measurements (RFC 2544)


def compiled(kit, name, *flags):
    program = kit.folder / name
    subprocess.run(["gcc", "-O2", *flags, "-o", program, ROOT / f"tests/bench/{name}.c"], check=True)
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
    return int(taken, 16), int(khz, 16) * 1000


def hypercalls(kit):
    heading("One hypercall (us)")
    image = kit.assemble("bench_call")
    times = []
    for _ in range(9):
        taken, hertz = cycles(kit, image)
        if not hertz:
            row("not measured", "this machine's TSC is not to be trusted")
            return
        times.append(taken / hertz * 1e6 / 100000)
    row("median, least", f"{statistics.median(times):.2f} {min(times):.2f}")


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
            for _ in range(5):
                taken, hertz = cycles(kit, image, f"--block={disk}", args=[f"{at_once:02}{kind}"])
                if hertz:
                    rates.append(32768 * hertz / (taken * 1024))
            row(f"{name}, {at_once} in flight",
                f"{statistics.median(rates):.0f}" if rates else "not measured")


class OnTap:
    """An application on a tap of its own."""

    def __init__(self, app, *options):
        self.process = subprocess.Popen(
            [LGUEST, f"--tunnet={TAP}.1", *options, "64", BUILD / f"{app}.elf",
             f"ip={TAP}.2/24"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)

    def __enter__(self):
        for line in self.process.stdout:
            if f"{TAP}.2".encode() in line:
                return f"{TAP}.2"
        raise RuntimeError("the guest did not come up")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(LIMIT)


def pings(kit):
    heading("ICMP round trips over a tap (a second)")
    program = compiled(kit, "pings")
    with OnTap("echo") as address:
        for in_flight in 1, 16:
            rate, lost = output(program, address, str(SECONDS), str(in_flight)).split()
            row(f"{in_flight} in flight", f"{rate} ({lost} lost)")


def http(_):
    heading("HTTP over a tap, 16 connections (requests a second)")
    if not shutil.which("wrk"):
        row("not measured", "wrk is not installed")
        return
    with OnTap("httpd", f"--block={BUILD / 'site.tar'},ro") as address:
        for _ in range(100):
            try:
                socket.create_connection((address, 80), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        said = output("wrk", "-t1", "-c16", f"-d{SECONDS}", f"http://{address}/")
        row("/", re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))


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
    machine()
    kit = Kit()
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
