"""The user's terminal: raw while a guest has it, and restored however the launcher ends."""

import os
import pty
import select
import subprocess
import termios
import time

import pytest

from launcher_guests import READY
from launcher_kit import LIMIT, children, kit  # noqa: F401


class Terminal:
    """The launcher on a terminal of its own."""

    def __init__(self, kit, guest, *options):
        self.ours, theirs = pty.openpty()
        self.before = termios.tcgetattr(theirs)
        self.theirs = theirs
        self.process = subprocess.Popen(kit.command(guest, *options), stdin=theirs, stdout=theirs,
                                        stderr=theirs, start_new_session=True)

    def mode(self):
        return termios.tcgetattr(self.theirs)

    def read_until(self, text):
        got = b""
        while text not in got:
            assert select.select([self.ours], [], [], LIMIT)[0], got
            got += os.read(self.ours, 1000)
        return got

    def wait_restored(self):
        for _ in range(200):
            if self.mode() == self.before:
                return
            time.sleep(0.02)
        raise AssertionError(self.mode())

    def watcher(self):
        watcher, = children(self.process.pid)
        return watcher

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(LIMIT)
        os.close(self.ours)
        os.close(self.theirs)


@pytest.fixture
def terminal(kit):
    opened = []

    def start(*words):
        opened.append(Terminal(kit, *words))
        return opened[-1]
    yield start
    for one in opened:
        one.close()


def is_raw(mode):
    return not mode[3] & (termios.ICANON | termios.ECHO | termios.ISIG)


def test_terminal_is_raw_and_restored(terminal):
    t = terminal(READY + "hcall LHCALL_SET_CLOCKEVENT, $0; 1: hcall LHCALL_HALT; jmp 1b")
    t.read_until(b"ready")
    assert is_raw(t.mode())
    t.process.terminate()
    assert t.process.wait(LIMIT) == 143
    assert t.mode() == t.before  # before the launcher has ended, not some time later


def test_terminal_is_restored_at_the_end(terminal):
    t = terminal(READY + "pass")
    assert t.process.wait(LIMIT) == 0
    assert t.mode() == t.before


def test_terminal_after_kill(terminal):
    """kill -9 leaves a restored terminal and no process."""
    t = terminal(READY + "1: hcall LHCALL_HALT; jmp 1b")
    t.read_until(b"ready")
    assert is_raw(t.mode())
    watcher = os.pidfd_open(t.watcher())
    t.process.kill()
    t.process.wait(LIMIT)
    t.wait_restored()
    assert select.select([watcher], [], [], LIMIT)[0]
    os.close(watcher)


@pytest.mark.parametrize("guest", ["1: hcall LHCALL_HALT; jmp 1b", "1: jmp 1b"])
def test_control_c_three_times(terminal, guest):
    """Idle or busy, with no buffer posted."""
    t = terminal(READY + guest)
    t.read_until(b"ready")
    os.write(t.ours, b"\x03")
    os.write(t.ours, b"\x03")
    time.sleep(0.3)
    assert t.process.poll() is None
    os.write(t.ours, b"\x03")
    assert t.process.wait(LIMIT) == 1
    t.read_until(b"stopped by ^C")
    assert t.mode() == t.before


def test_in_the_background(kit):
    """It neither touches the terminal nor reads from it, either of which would stop it."""
    command = " ".join(map(str, kit.command(READY + "1: hcall LHCALL_HALT; jmp 1b", "--timeout=1")))
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp("bash", ["bash", "-ic", f"{command} & wait $!; echo ended with $?"])
    os.write(fd, b"typed\n")
    got = b""
    while b"ended with" not in got:
        assert select.select([fd], [], [], LIMIT)[0], got
        got += os.read(fd, 1000)
    os.waitpid(pid, 0)
    os.close(fd)
    assert b"ready" in got and b"ended with 124" in got


def test_no_watcher_without_a_terminal(kit):
    with kit.start(READY + "hcall LHCALL_HALT") as guest:
        assert guest.stdout.readline() == b"ready\n"
        assert children(guest.pid) == []
        guest.kill()
