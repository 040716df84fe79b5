"""The figures: sizes, least memory, start-up, throughput. `make bench` prints them as a table,
with what machine they are of. Nothing here passes or fails.

Relies on the images in $BUILD and on the system tests' hosts (tests/system). Every measurement is
repeated, $BENCH_RUNS times or, where one takes long, half as often, and those that are compared
are taken in turn. All of it takes some minutes, and says how many seconds; `bench.py NAME...`
measures only those parts.
"""

import hashlib
import os
import socket
import statistics
import subprocess
import sys
import time

import entry
import first
import path
import start
import strings
import web
from kit import (BUILD, QEMU, ROOT, Boots, GuestError, heading, hosts, machine, missing, output,
                 qemu, row)

RUNS = int(os.environ.get("BENCH_RUNS", "21"))
FEWER = max(10, RUNS // 2)
DOWNLOAD = 16 << 20
PC = qemu.QemuPc()
STEP = 64  # KiB, to which the least memory is found


# ---- sizes ----

def applications():
    return sorted(path.parent.name for path in ROOT.glob("apps/*/main.c"))


def sizes():
    heading("Image size (bytes of the stripped file; sections)")
    for app in applications():
        image = BUILD / f"{app}.elf"
        sections = {}
        for line in output("size", "-A", "-d", str(image)).splitlines():
            parts = line.split()
            if len(parts) == 3 and parts[1].isdigit():
                sections[parts[0]] = int(parts[1])
        listed = ", ".join(f"{name} {sections[name]}"
                           for name in (".text", ".rodata", ".data", ".bss") if name in sections)
        row(app, f"{image.stat().st_size:>8}   {listed}")


# ---- least memory ----

# For each application: its words, its devices, and the line that says that it works.
READY = {
    "hello": ("", False, False, r"^exit: 0$"),
    "shell": ("", False, True, r"[>#$] $"),
    "httpd": ("ip=dhcp", True, True, None),
    "echo": ("ip=dhcp", True, False, r"port 7"),
}


def devices(net, disk):
    nets = [hosts.Net(forward=(80,))] if net else []
    disks = [hosts.Disk(image=BUILD / "site.tar", read_only=True)] if disk else []
    return {"nets": nets, "disks": disks}


def works(app, kib):
    args, net, disk, ready = READY[app]
    with Boots() as own:
        try:
            guest = own.boot(PC, app, args, mem=f"{kib}K", **devices(net, disk))
            if ready:
                guest.expect(ready, 20)
            else:
                guest.expect(r"^eth0: \d+\.", 20)
                fetch(guest.port(80), "/", 20)
        except (GuestError, OSError):
            return False
        return True


def least_memory():
    heading(f"Least memory that it boots in (found to {STEP} KiB)")
    if missing(QEMU):
        return
    for app in applications():
        if app not in READY:
            continue
        low, high = 0, 64 * 1024 // STEP  # steps: does not work, works
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if works(app, middle * STEP) else (middle, high)
        row(app, f"{high * STEP} KiB")


# ---- throughput ----

def fetch(port, path, limit):
    """The body of one answer over a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=limit) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: guest\r\nConnection: close\r\n\r\n"
                           .encode())
        answer = bytearray()
        while True:
            data = connection.recv(1 << 20)
            if not data:
                break
            answer += data
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise GuestError(f"{path}: {head[:80]!r}")
    return body


def download():
    heading(f"httpd over user networking, {DOWNLOAD >> 20} MiB (MiB/s: median, best)")
    if missing(QEMU):
        return
    with Boots() as own:
        folder = own.folder
        data = os.urandom(DOWNLOAD)
        (folder / "large").write_bytes(data)
        subprocess.run(["tar", "-C", folder, "-cf", folder / "site.tar", "large"], check=True)
        guest = own.boot(PC, "httpd", "ip=dhcp", nets=[hosts.Net(forward=(80,))],
                         disks=[hosts.Disk(image=folder / "site.tar", read_only=True)])
        guest.expect(r"^eth0: \d+\.")
        rates = []
        for _ in range(FEWER):
            start = time.perf_counter()
            body = fetch(guest.port(80), "/large", 120)
            rates.append(DOWNLOAD / (time.perf_counter() - start) / (1 << 20))
            if hashlib.sha256(body).digest() != hashlib.sha256(data).digest():
                raise GuestError("the download differs")
        row("one connection", f"{statistics.median(rates):7.1f} {max(rates):7.1f}")


# ---- console ----

def console():
    """Whole runs: start, 8 MiB in lines of 102 bytes, end."""
    lines = (8 << 20) // 102
    heading("Console, 8 MiB in lines, into a pipe that is read at once (MiB/s: median, best)")
    for host in (hosts.Launcher(), PC):
        if hosts.missing(host):
            continue
        rates = []
        for _ in range(FEWER):
            with Boots() as own:
                begin = time.perf_counter()
                guest = own.boot(host, "talk", f"log=warn -- {lines} 0")
                guest.process.wait(120)
                rates.append(8 / (time.perf_counter() - begin))
        row(host.name, f"{statistics.median(rates):7.1f} {max(rates):7.1f}")


def main():
    parts = {"sizes": sizes, "memory": least_memory, "start": lambda: start.start_up(RUNS),
             "entry": lambda: entry.entry_to_main(FEWER),
             "first": lambda: first.first_response(FEWER), "http": download, "console": console,
             "strings": lambda: strings.string_functions(FEWER), "pace": lambda: strings.pace(FEWER),
             "path": path.instructions,
             "web": lambda: web.start_up(FEWER)}
    began = time.monotonic()
    machine(RUNS)
    for name in sys.argv[1:] or parts:
        parts[name]()
    row("\nseconds that this took", f"{time.monotonic() - began:.0f}")


if __name__ == "__main__":
    main()
