"""The figures: sizes, least memory, start-up, throughput. `make bench` prints them as a table,
with what machine they are of. Nothing here passes or fails.

Relies on the system tests' hosts (tests/system) to boot guests, and on the images in $BUILD.
Start-up is the whole time of a QEMU process, of hello beside a kernel that leaves at once, the
two taken in turn, so that a slower moment of the machine meets both.
"""

import hashlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))

from guest import GuestError  # noqa: E402
import web  # noqa: E402
from hosts import BUILD, Disk, Net, new_folder  # noqa: E402
from qemu import QemuPc  # noqa: E402

RUNS = int(os.environ.get("BENCH_RUNS", "21"))
DOWNLOAD = 16 << 20
STEP = 64  # KiB, to which the least memory is found


def heading(text):
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


def row(name, value):
    print(f"{name:<34} {value}", flush=True)


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


# ---- the machine ----

def machine():
    heading("Machine")
    info = Path("/proc/cpuinfo").read_text()
    row("processor", re.search(r"model name\s*: (.*)", info).group(1))
    row("processors", os.cpu_count())
    row("load when it began", "%.2f %.2f %.2f" % os.getloadavg())
    row("Linux", os.uname().release)
    row("QEMU", output("qemu-system-i386", "--version").split("\n")[0])
    row("compiler", output("gcc", "--version").split("\n")[0])
    row("runs of each measurement", RUNS)


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


class Boots:
    """Guests of one measurement, ended and cleared away."""

    def __enter__(self):
        self.folder, self.guest = new_folder(), None
        return self

    def __exit__(self, *_):
        if self.guest:
            self.guest.stop()
        shutil.rmtree(self.folder)

    def boot(self, app, args="", **more):
        self.guest = QemuPc().boot(self.folder, app, args, **more)
        return self.guest


def devices(net, disk):
    nets = [Net(forward=(80,))] if net else []
    disks = [Disk(image=BUILD / "site.tar", read_only=True)] if disk else []
    return {"nets": nets, "disks": disks}


def works(app, kib):
    args, net, disk, ready = READY[app]
    with Boots() as machine_of_its_own:
        try:
            guest = machine_of_its_own.boot(app, args, mem=f"{kib}K", **devices(net, disk))
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
    for app in applications():
        if app not in READY:
            continue
        low, high = 0, 64 * 1024 // STEP  # steps: does not work, works
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if works(app, middle * STEP) else (middle, high)
        row(app, f"{high * STEP} KiB")


# ---- start-up ----

def empty_kernel(folder):
    """The kernel that leaves at once, made here so that nothing else needs it."""
    image = folder / "empty.elf"
    subprocess.run(["gcc", "-m32", "-nostdlib", "-static", "-no-pie",
                    "-Wl,-N,-Ttext=0x100000,--build-id=none,--no-warn-rwx-segments", "-o", image,
                    ROOT / "tests/bench/empty.S"], check=True)
    return image


def whole_run(image, options):
    """Milliseconds from the start of QEMU to its end."""
    command = ["qemu-system-i386", "-nodefaults", "-no-user-config", "-display", "none",
               "-no-reboot", "-machine", "pc", "-cpu", "max", "-m", "64", "-device",
               "isa-debug-exit", *options, "-kernel", str(image)]
    start = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    taken = (time.perf_counter() - start) * 1000
    if done.returncode != 1:  # isa-debug-exit's 0
        raise GuestError(f"{image} left with status {done.returncode}: {done.stderr}")
    return taken


VIRTIO_CONSOLE = ["-chardev", "stdio,id=console,mux=on", "-serial", "chardev:console",
                  "-device", "virtio-serial-pci", "-device", "virtconsole,chardev=console"]


def start_up():
    heading("hello, from the start of QEMU to its end (ms: median, least)")
    with tempfile.TemporaryDirectory() as folder:
        empty = empty_kernel(Path(folder))
        for name, options in {"virtio console": VIRTIO_CONSOLE,
                              "serial port": ["-serial", "stdio"]}.items():
            times = {empty: [], BUILD / "hello.elf": []}
            for _ in range(RUNS):
                for image, taken in times.items():
                    taken.append(whole_run(image, options))
            (a, b) = times.values()
            row(f"{name}: empty kernel", f"{statistics.median(a):7.1f} {min(a):7.1f}")
            row(f"{name}: hello", f"{statistics.median(b):7.1f} {min(b):7.1f}")
            row(f"{name}: hello costs",
                f"{statistics.median(b) - statistics.median(a):7.1f} {min(b) - min(a):7.1f}")


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
    with Boots() as machine_of_its_own:
        folder = machine_of_its_own.folder
        data = os.urandom(DOWNLOAD)
        (folder / "large").write_bytes(data)
        subprocess.run(["tar", "-C", folder, "-cf", folder / "site.tar", "large"], check=True)
        guest = machine_of_its_own.boot(
            "httpd", "ip=dhcp", disks=[Disk(image=folder / "site.tar", read_only=True)],
            nets=[Net(forward=(80,))])
        guest.expect(r"^eth0: \d+\.")
        rates = []
        for _ in range(max(10, RUNS // 2)):
            start = time.perf_counter()
            body = fetch(guest.port(80), "/large", 120)
            rates.append(DOWNLOAD / (time.perf_counter() - start) / (1 << 20))
            if hashlib.sha256(body).digest() != hashlib.sha256(data).digest():
                raise GuestError("the download differs")
        row("one connection", f"{statistics.median(rates):7.1f} {max(rates):7.1f}")


def main():
    parts = {"sizes": sizes, "memory": least_memory, "start": start_up, "http": download,
             "web": lambda: web.start_up(heading, row, RUNS)}
    machine()
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
