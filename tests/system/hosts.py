"""The machines that a guest can run on. A test asks a Host to boot an application with disks,
network cards and words, and never knows which one it is; a Host that lacks something that was
asked for has the test skipped, with that reason.

Here is what all of them share, our own launcher, and v86; qemu.py has QEMU's machines. To add a
Host: derive from Host, say in `can` what it can, build the command, and put it into doors.py.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from guest import LIMIT, Guest, GuestError

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")


@dataclass(frozen=True)
class Device:
    """What every virtio device has."""

    flavour: str = ""  # "": as the host likes; "legacy"; "modern"
    # Properties of the device by QEMU's names: {"event_idx": "off"}
    options: dict = field(default_factory=dict)

    def needs(self):
        yield from [self.flavour] if self.flavour else []
        yield from ["device properties"] if self.options else []


@dataclass(frozen=True)
class Disk(Device):
    image: Path = None
    read_only: bool = False
    backend: dict = field(default_factory=dict)  # instead of the file: QEMU's "file.driver": ...
    record: Path = None  # gets what is written and flushed, in order (powercut.py)

    def needs(self):
        yield from super().needs()
        yield "disks"
        yield from ["block backends"] if self.backend else []
        yield from ["records of disks"] if self.record else []


@dataclass(frozen=True)
class Net(Device):
    forward: tuple = ()  # ports of the guest: 80, or ("udp", 7)
    user: str = ""  # more for the user network, "ipv6=off"
    backend: str = ""  # instead of a user network: QEMU's "dgram,..."

    def needs(self):
        yield from super().needs()
        yield from ["network backends"] if self.backend or self.user else []
        yield from ["UDP from outside"] if any(isinstance(p, tuple) for p in self.forward) else []


@dataclass(frozen=True)
class Console(Device):
    chardev: str = ""  # instead of the test's own end: QEMU's "socket,..."

    def needs(self):
        yield from super().needs()
        yield from ["console backends"] if self.chardev else []


@dataclass(frozen=True)
class Entropy(Device):
    def needs(self):
        yield from super().needs()
        yield "entropy"


def kibibytes(mem):
    return int(mem[:-1]) if isinstance(mem, str) else mem << 10


class Host:
    name = ""
    can = frozenset()
    program = ""  # without it the host is missing on this machine,
    tools = ()  # and without these programs,
    files = (BUILD,)  # and these files,
    probe = ()  # and where this command fails, which says why
    least_memory = 0  # KiB that firmware and loader want for themselves
    low_memory = 3072  # MiB of RAM below 4 GiB, at most
    most_devices = 28
    enters = ""  # for the table of doors: how the image is loaded and entered,
    devices = ""  # and on what its devices lie

    def boot(self, folder, app, args="", mem=64, console=Console(), disks=(), nets=(), rng=None,
             modules=(), image=None, media=(), extra=(), needs=()):
        """Start a guest. `folder` is for the host's own files; `args` the command line as the
        guest is to see it; `mem` in MiB or as "1500K"; `console` None means serial port only; `modules` are
        files that the loader puts into memory; `image` another ELF than the application's;
        `media` the host's words for a CD or disk that a loader boots from, and then the command
        line is the loader's; `extra` more words for the host's command line; `needs` what
        else the host must have."""
        devices = [d for d in (console, rng, *disks, *nets) if d]
        wanted = {need for device in devices for need in device.needs()}
        wanted |= {"modules"} if modules else set()
        wanted |= {"several modules"} if len(modules) > 1 else set()
        wanted |= {"media"} if media else set()
        wanted |= {"more command words"} if extra else set()
        wanted |= {"memory in KiB"} if isinstance(mem, str) else set()
        wanted |= {"room in so little memory"} if kibibytes(mem) < self.least_memory else set()
        wanted |= set(needs)
        wanted |= {"several cards"} if len(nets) > 1 else set()
        wanted |= {"room for so many devices"} if len(devices) > self.most_devices else set()
        self.require(wanted)
        image = image or BUILD / f"{app}.elf"
        assert Path(image).exists(), f"{image} is not built; `make system` builds all"
        return self.start(folder, app, Path(image), args, mem, console, disks, nets, rng, modules,
                          media, extra)

    def require(self, wanted):
        missing = sorted(set(wanted) - self.can)
        if missing:
            pytest.skip(f"{self.name} has no {', '.join(missing)}")

    @classmethod
    def variant(cls, **attributes):
        """A host that differs from this one in some attributes."""
        return type(cls.__name__, (cls,), attributes)()


class V86Guest(Guest):
    FAREWELL = "It is now safe to switch off the machine.\n"

    @property
    def text(self):
        """Without the farewell of a machine that has no power switch."""
        return super().text.removesuffix(self.FAREWELL)

    def port(self, guest_port, protocol="tcp"):
        file = self.folder / f"port-{guest_port}"
        deadline = time.monotonic() + LIMIT
        while not file.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise GuestError(f"{self.name}: v86 did not start: {self.errors!r}")
            time.sleep(0.01)
        return int(file.read_text())


class V86(Host):
    """The emulator of the page for browsers, in node: Multiboot without any firmware, virtio-pci
    modern in I/O BARs, and a network of its own in the same process. While its output is not read the
    whole machine stands still; and its TCP does not tell the guest that a client has gone."""

    name = "v86"
    enters = "v86 in node, Multiboot without firmware"
    devices = "PCI, modern"
    program = "node"
    files = (BUILD / "web",)
    can = frozenset({"modern", "modules", "paging", "PCI", "serial port", "words as written"})

    def start(self, folder, app, image, args, mem, console, disks, nets, rng, modules, media,
              extra):
        self.require({"memory of that size"} if mem > 1024 else set())
        command = [self.program, ROOT / "tests/web/run.mjs", BUILD, image, f"--words={args}",
                   f"--mem={mem}"]
        command += ["--initrd", modules[0]] if modules else []
        command += ["--network"] if nets else []
        command += [] if console else ["--serial"]
        for net in nets:
            for port in net.forward:
                command += ["--forward", f"{port}={folder / f'port-{port}'}"]
        guest = V86Guest(app, command, self.decode)
        guest.folder = folder
        return guest

    @staticmethod
    def decode(status, last_line):
        """The program leaves with the code that it read on the console."""
        return status if last_line in (None, f"exit: {status}") else None


def free_port(protocol):
    """A port that nobody uses now; somebody else might before the launcher does, which a test
    then reports as a launcher that did not start."""
    kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Launcher(Host):
    """Ringlet's own: the guest as a process, its devices on the lguest device page. With
    --strict, so that a driver which breaks a rule fails the test."""

    name = "launcher"
    enters = "`build/lguest`, lguest's entry"
    devices = "lguest's device page"
    program = str(BUILD / "lguest")
    probe = (program, "--probe")
    can = frozenset({"modules", "paging", "double faults", "entropy", "disks", "records of disks", "several cards", "UDP from outside",
                     "network of 10.0.2.2", "words as written", "long command lines",
                     "a console that holds its guest back", "TCP connections that end"})
    options = ("--strict",)
    prefix = ()  # words in front of the program

    def net_words(self, net, ports):
        word = "--net=user"
        for port in net.forward:
            protocol, port = port if isinstance(port, tuple) else ("tcp", port)
            ports[protocol, port] = free_port(protocol)
            word += f",hostfwd={protocol}:127.0.0.1:{ports[protocol, port]}-:{port}"
        return word

    def start(self, folder, app, image, args, mem, console, disks, nets, rng, modules, media,
              extra):
        self.require(set() if console else {"serial port"})
        self.require({"room for so many devices"} if len(disks) + 2 * len(nets) + bool(rng) > 28 else set())
        self.require({"memory of that size"} if mem > 3072 else set())
        ports = {}
        command = [*self.prefix, self.program, *self.options]
        command += [f"--block={disk.image}{',ro' if disk.read_only else ''}" for disk in disks]
        command += [f"--record={disk.record}" for disk in disks if disk.record]
        command += [self.net_words(net, ports) for net in nets]
        command += ["--rng"] if rng else []
        command += [f"--initrd={module}" for module in modules]
        command += [mem, image, *([args] if args else [])]
        return Guest(app, command, self.decode, ports=ports)

    @staticmethod
    def decode(status, last_line):
        """The status is the guest's own, and the console's last line says the same. A guest that
        could not say it has died, or its launcher has."""
        return status if last_line in (None, f"exit: {status}") else None


@cache
def failure(command):
    """What a command said when it failed; None if it did not."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=LIMIT, check=False)
    return done.stderr.strip() or f"status {done.returncode}" if done.returncode else None


def missing(host):
    """What this machine lacks for the host, as a sentence; None if it is here."""
    for program in (host.program, *host.tools):
        if not shutil.which(program):
            return f"{program} is missing"
    for file in host.files:
        if not Path(file).exists():
            return f"{file} is missing"
    return failure(host.probe) if host.probe else None


def new_folder():
    """A short path, since the name of a socket has to fit into 107 bytes."""
    return Path(tempfile.mkdtemp(prefix="ringlet-", dir="/tmp"))
