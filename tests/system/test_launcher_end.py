"""How a guest and the launcher end that were not asked nicely by the guest itself: signals, time
limits, and what is left then.
"""

import os
import signal
import time

import pytest

from launcher_guests import CONSOLE_OUT, READY
from launcher_kit import INIT, LIMIT, both_ways as kit  # noqa: F401


# ---- SIGTERM ----

def test_sigterm_of_a_guest_that_listens(kit):
    with kit.start(INIT + """
        gate 63, ended
        sti
        print "ready\\n"
    1:  hcall LHCALL_HALT
        jmp 1b
    ended: fail 9""") as guest:
        assert guest.stdout.readline() == b"ready\n"
        guest.send_signal(signal.SIGTERM)
        assert guest.wait(20) == 9


@pytest.mark.parametrize("guest", [
    'print "ready\\n"\n 1: jmp 1b',  # does not know of it
    'gate 63, 1f; sti; print "ready\\n"\n hcall LHCALL_HALT\n 1: jmp 1b',  # does not heed it
])
def test_sigterm_of_a_guest_that_does_not(kit, guest):
    with kit.start(INIT + guest) as running:
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 143


LISTENS = INIT + """
        gate 63, ended
        sti
        print "ready\\n"
    1:  hcall LHCALL_HALT
        jmp 1b
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_other_signals_that_ask(kit, name):
    """^C where the terminal is not raw, and a terminal that is gone: the same as SIGTERM."""
    number = getattr(signal, name)
    for guest, status in (LISTENS + "ended: fail 9", 9), (READY + "1: jmp 1b", 128 + number):
        with kit.start(guest) as running:
            assert running.stdout.readline() == b"ready\n"
            running.send_signal(number)
            assert running.wait(LIMIT) == status


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_signals_that_were_ignored(kit, name):
    """By nohup, or by a script that goes on in the background."""
    number = getattr(signal, name)
    with kit.start(READY + "1: hcall LHCALL_HALT; jmp 1b",
                   preexec_fn=lambda: signal.signal(number, signal.SIG_IGN)) as running:
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(number)
        running.terminate()
        assert running.wait(LIMIT) == 143


def test_asked_twice(kit):
    with kit.start(LISTENS + """
    ended: print "asked\\n"
    1:  hcall LHCALL_HALT
        jmp 1b""") as running:
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGINT)
        assert running.stdout.readline() == b"asked\n"
        running.send_signal(signal.SIGINT)
        assert running.wait(4) == 130  # and not after 5 s


def test_timeout_of_a_guest_that_takes_its_time_to_end(kit):
    """The time limit holds for a guest that was asked to end."""
    with kit.start(INIT + """
        gate 63, asked
        sti
        print "ready\\n"
        hcall LHCALL_HALT
    asked: hcall LHCALL_HALT
        jmp asked""", "--timeout=2") as guest:
        assert guest.stdout.readline() == b"ready\n"
        time.sleep(0.5)
        guest.send_signal(signal.SIGTERM)
        assert guest.wait(20) == 143  # and not by the kernel's SIGKILL a second later


def test_early_console_on_a_full_pipe_can_be_ended(kit):
    read, write = os.pipe()
    with kit.start(INIT + "movl $1 << 20, %ecx; movl $0x300000, %edi; movb $'x', %al; rep stosb\n"
                   "hcall LHCALL_NOTIFY, $0x300000\n pass", stdout=write) as guest:
        assert os.read(read, 1) == b"x"
        guest.terminate()
        assert guest.wait(20) == 143
    os.close(read)
    os.close(write)


# A guest that has 100 000 bytes on its way, and HALTs.
MUCH_OUTPUT = CONSOLE_OUT + """
        movl $0x400000, %edi; movl $100000, %ecx; movb $'x', %al; rep stosb
        descriptor 0, 0x400000, 100000
        offer 0
        kick
        sti
    1:  hcall LHCALL_HALT
        jmp 1b"""


@pytest.mark.parametrize("end, status", [("timeout", 124), ("SIGTERM", 143)])
def test_output_of_a_launcher_that_is_ended(kit, end, status):
    """What was handed over is written first, although the reader lets it wait for 3 s."""
    read, write = os.pipe()
    with kit.start(MUCH_OUTPUT, *(["--timeout=1"] if end == "timeout" else []),
                   stdout=write) as guest:
        os.close(write)
        assert os.read(read, 1) == b"x"
        if end != "timeout":
            guest.send_signal(getattr(signal, end))
        time.sleep(4)
        got = 1
        while data := os.read(read, 65536):
            got += len(data)
        assert guest.wait(20) == status
        assert got == 100000
    os.close(read)


def test_second_signal_ends_the_wait_for_the_reader(kit):
    read, write = os.pipe()
    with kit.start(MUCH_OUTPUT, stdout=write) as guest:
        assert os.read(read, 1) == b"x"
        guest.terminate()
        time.sleep(0.5)
        assert guest.poll() is None
        start = time.monotonic()
        guest.terminate()
        assert guest.wait(20) == 143
        assert time.monotonic() - start < 5  # and not the 10 s that a reader has
    os.close(read)
    os.close(write)


# ---- other ends ----

@pytest.mark.parametrize("guest", ["1: jmp 1b", "hcall LHCALL_HALT"])
@pytest.mark.parametrize("name", ["SIGSEGV", "SIGILL", "SIGSYS"])
def test_signal_of_another_process(kit, guest, name):
    """It is not taken for a fault of the guest's, or for an attempt to leave."""
    number = getattr(signal, name)
    with kit.start(INIT + 'print "ready\\n"\n' + guest) as running:
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(number)
        assert running.wait(20) == 1
        assert running.stderr.read() == b"lguest: ended by signal %d of another process\n" % number


def test_timeout(kit):
    for guest in "1: jmp 1b", "hcall LHCALL_HALT":
        result = kit.run(INIT + guest, "--timeout=1")
        assert result.status == 124
        result.said("stopped after 1 second")


def test_killed_launcher_leaves_nothing(kit):
    """Its disk can be opened at once by the next one."""
    disk = kit.file("disk", bytes(512))
    with kit.start(READY + "hcall LHCALL_HALT", f"--block={disk}") as guest:
        assert guest.stdout.readline() == b"ready\n"
        guest.kill()
        guest.wait(LIMIT)
    kit.run(INIT + "pass", f"--block={disk}").passed()


def test_two_hundred_starts(kit):
    image = kit.assemble(INIT + "pass")
    for _ in range(200):
        kit.run(image).passed("")
