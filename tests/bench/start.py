"""Start-up: the whole time of a QEMU process with hello, beside an empty kernel that came in by
the same door of the same machine and leaves at once. The two are run in turn, so that a slower
moment of the machine meets both; what hello costs is the difference.
"""

import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from kit import BUILD, LIMIT, QEMU, ROOT, GuestError, heading, middle, missing, qemu, row

# Machine: what its bus calls a virtio-serial device.
SERIAL_BUS = {"pc": "virtio-serial-pci", "microvm": "virtio-serial-device"}


def command(machine, *words):
    """QEMU with nothing in the machine that is not asked for."""
    return [QEMU, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-machine",
            machine, "-cpu", "max", "-m", "64", *map(str, words)]


def virtio_console(machine):
    """The serial port beside it, as ./run has it."""
    return ["-chardev", "stdio,id=console,mux=on", "-serial", "chardev:console",
            "-device", SERIAL_BUS[machine], "-device", "virtconsole,chardev=console"]


def empty_kernel(folder, door):
    """The words that load the kernel that leaves at once, made here: nothing else needs it."""
    image = folder / f"empty-{door}.elf"
    subprocess.run(["gcc", "-m32", "-nostdlib", "-static", "-no-pie", f"-D{door.upper()}",
                    "-I", ROOT / "include",
                    "-Wl,-N,-Ttext=0x100000,--build-id=none,--no-warn-rwx-segments", "-o", image,
                    ROOT / "tests/bench/empty.S"], check=True)
    return ["-kernel", image]


def whole_run(machine, *words):
    """Milliseconds from the start of QEMU to its end."""
    start = time.perf_counter()
    done = subprocess.run(command(machine, "-device", "isa-debug-exit", *words),
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT,
                          check=False)
    taken = (time.perf_counter() - start) * 1000
    if done.returncode != 1:  # isa-debug-exit's 0
        raise GuestError(f"{words} left with status {done.returncode}: {done.stderr}")
    return taken


def beside(machine, empty, hello, runs):
    """`empty` and `hello` are QEMU's words that load them."""
    for name, options in {"virtio console": virtio_console(machine),
                          "serial port": ["-serial", "stdio"]}.items():
        bare, full = [], []
        for _ in range(runs):
            bare.append(whole_run(machine, *empty, *options))
            full.append(whole_run(machine, *hello, *options))
        middle(f"{name}: empty kernel", bare)
        middle(f"{name}: hello", full)
        row(f"{name}: hello costs", f"{statistics.median(full) - statistics.median(bare):8.1f} "
                                    f"{min(full) - min(bare):8.1f}")


def firmware(hello, runs):
    """What a firmware without a screen, a keyboard and boot disks saves of a start."""
    heading("hello on pc with SeaBIOS and with qboot, from QEMU's start to its end (ms: median, least)")
    times = {"SeaBIOS": [], "qboot": []}
    for _ in range(runs):
        times["SeaBIOS"].append(whole_run("pc", *hello, *virtio_console("pc")))
        times["qboot"].append(whole_run("pc", "-bios", qemu.QBOOT, *hello, *virtio_console("pc")))
    for name, taken in times.items():
        middle(f"hello with {name}", taken)
    row("qboot saves", f"{statistics.median(times['SeaBIOS']) - statistics.median(times['qboot']):8.1f} "
                       f"{min(times['SeaBIOS']) - min(times['qboot']):8.1f}")


def start_up(runs):
    with tempfile.TemporaryDirectory() as name:
        folder, hello = Path(name), BUILD / "hello.elf"
        heading("hello on pc by Multiboot, from QEMU's start to its end (ms: median, least)")
        if missing(QEMU, "gcc"):
            return
        beside("pc", empty_kernel(folder, "multiboot"),
               qemu.by_multiboot(folder, hello, "", ()), runs)
        heading("hello on microvm by PVH, from QEMU's start to its end (ms: median, least)")
        beside("microvm", empty_kernel(folder, "pvh"), qemu.by_pvh(folder, hello, "", ()), runs)
        firmware(qemu.by_multiboot(folder, hello, "", ()), runs)
