"""What a program writes to its standard output arrives, however the reader reads: at once, after
a pause, a byte at a time, never, or no more.

QEMU's virtconsole throws away what its pipe does not take (hw/char/virtio-console.c says so
itself), which no guest can notice. So readers that let the pipe fill are tried on the serial port
there, which waits, and on the virtio console of the launcher.
"""

import hashlib
import os
import signal
import time

import pytest

import guest as guest_module
from hosts import Console

SMALL_PIPE = 65536
HOLDS_BACK = {"a console that holds its guest back"}


def lines(count):
    """What tests/apps/talk says."""
    return "".join(f"{i:08} {0:091}\n" for i in range(count))


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def patient(host):
    """The console of a door that waits for its reader."""
    return Console() if host.name == "launcher" else None


@pytest.fixture
def reader(monkeypatch):
    """reader(read): from now on guests' consoles are read by read(fd, take)."""
    def use(read):
        def thread(self):
            def take(data):
                with self.changed:
                    self.console += data
                    self.open = bool(data)
                    self.changed.notify_all()
                return bool(data)

            read(self.process.stdout.fileno(), take)

        monkeypatch.setattr(guest_module, "PIPE_SIZE", SMALL_PIPE)
        monkeypatch.setattr(guest_module.Guest, "_read_console", thread)

    return use


def read_all(fd, take, size=65536):
    while take(os.read(fd, size)):
        pass


def test_eight_mebibytes(boot):
    """84 000 lines, 8 MiB, by SHA-256."""
    guest = boot("talk", "log=warn -- 84000 3")
    assert guest.wait() == 3
    assert len(guest.text) > 8 << 20
    assert digest(guest.text) == digest(lines(84000) + "exit: 3\n")


@pytest.mark.parametrize("pause", [1, pytest.param(5, marks=pytest.mark.full)])
def test_reader_that_pauses(host, boot, reader, pause):
    """Before it reads at all, and again in the middle."""
    def read(fd, take):
        time.sleep(pause)
        for _ in range(8):
            take(os.read(fd, 4096))
        time.sleep(pause)
        read_all(fd, take)

    reader(read)
    guest = boot("talk", "log=warn -- 4000 3", console=patient(host))
    assert guest.wait() == 3
    assert digest(guest.text) == digest(lines(4000) + "exit: 3\n")


def test_reader_of_single_bytes(host, boot, reader):
    reader(lambda fd, take: read_all(fd, take, 1))
    guest = boot("talk", "log=warn -- 1500 3", console=patient(host))
    assert guest.wait() == 3
    assert guest.text == lines(1500) + "exit: 3\n"


def test_reader_that_never_reads(host, boot, reader):
    """More than the pipe holds and less than the guest blocks on: the program ends with its code
    when the console has taken nothing for 10 s, and says so where it still can."""
    def read(fd, take):
        stop.wait(guest_module.LIMIT)
        read_all(fd, take)

    stop = guest_module.threading.Event()
    reader(read)
    console = patient(host)
    guest = boot("talk", f"log=warn -- {655 if console is None else 800} 5", console=console, needs=HOLDS_BACK)
    begin = time.monotonic()
    try:
        guest.process.wait(guest_module.LIMIT)
    finally:
        stop.set()
    assert time.monotonic() - begin > 9
    assert guest.errors.decode().count("output is lost") <= 1
    assert guest.wait(console=False) == 5
    if host.name == "launcher":
        assert "its last output is lost" in guest.errors.decode()


def test_sigterm_of_a_writer_that_waits(host, boot, reader):
    """The program sleeps in write(), and is asked to end: bounded as well."""
    if host.name != "launcher":
        pytest.skip(f"{host.name} has no signals for its guest")
    stop = guest_module.threading.Event()

    def read(fd, take):
        stop.wait(guest_module.LIMIT)
        read_all(fd, take)

    reader(read)
    guest = boot("talk", "log=warn -- 4000 5")
    try:
        time.sleep(1)
        guest.process.send_signal(signal.SIGTERM)
        guest.process.wait(guest_module.LIMIT)
    finally:
        stop.set()
    assert guest.wait(console=False) == 143


def test_reader_that_goes_away(host, boot, reader):
    """The rest goes nowhere, and the guest ends in its own way."""
    def read(fd, take):
        take(os.read(fd, 1000))
        os.dup2(os.open(os.devnull, os.O_RDONLY), fd)  # the pipe's end is closed
        take(b"")

    reader(read)
    guest = boot("talk", "log=warn -- 4000 5", console=patient(host), needs=HOLDS_BACK)
    assert guest.wait(console=False) == 5


def test_others_go_on(host, boot, reader):
    """A full console is EAGAIN and no POLLOUT for who asks, and a sleep for one thread alone."""
    def read(fd, take):
        time.sleep(2)
        read_all(fd, take)

    reader(read)
    guest = boot("libctest", "output", console=patient(host), needs=HOLDS_BACK)
    assert guest.wait() == 42
