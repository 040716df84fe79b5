"""Nobody waits for somebody who computes: what tests/apps/preempt finds out by itself, and what shows
only from outside."""

import re
import socket
import time

import pytest

from guest import LIMIT
from hosts import Net


def test_turns(boot, host):
    """A loop without a call, and beside it sleepers, spinners, allocators, registers."""
    guest = boot("preempt")
    assert guest.wait() == 0
    assert not re.search("^(FAIL|warning|error)", guest.text, re.M)
    assert len(re.findall("^ok ", guest.text, re.M)) >= 17
    assert host.name == "v86" or "the coprocessor raises no exceptions" not in guest.text  # v86 has none


@pytest.mark.parametrize("cpu", ["pentium2", "max"])
def test_other_cpus(boot, cpu):
    """Without SSE, and with all that QEMU has."""
    guest = boot("preempt", extra=["-cpu", cpu])
    assert guest.wait() == 0
    assert not re.search("^FAIL", guest.text, re.M)


@pytest.mark.smoke
def test_alarm_that_nobody_handles(boot):
    """It ends a program that does nothing but compute."""
    guest = boot("preempt", "alarm")
    assert guest.wait() == 128 + 14


def test_fault_that_nobody_handles(boot):
    guest = boot("preempt", "fault")
    assert guest.wait() == 120
    assert re.search(r"^error: panic: .* at \w+\+0x", guest.text, re.M)


def test_interrupt_key(boot):
    """^C ends a program that does nothing but compute."""
    guest = boot("preempt", "forever")
    guest.expect("^computing$")
    guest.send("\x03")
    assert guest.wait() == 130


def test_ping(boot, wires):
    """One thread, and it never asks for anything: packets are answered all the same."""
    wire = wires()
    guest = boot("preempt", "ip=10.9.0.2/24 -- forever", nets=[Net(backend=wire.backend)])
    guest.expect("^computing$")
    wire.find("10.9.0.2")
    for size in (0, 56, 1000, 1472):
        wire.ping("10.9.0.2", size)


def test_server(boot):
    """A thread serves connections while another one computes."""
    guest = boot("preempt", "ip=dhcp -- serve", nets=[Net(forward=(7,))], needs={"TCP connections that end"})
    guest.expect("^serving$")
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", guest.port(7)), LIMIT) as peer:
            for byte in (b"a", b"b", b"c"):
                peer.sendall(byte)
                assert peer.recv(1) == byte


def interrupts(log):
    """Of what `-d int` wrote: those that devices and timers made."""
    return len(re.findall(r"^ *\d+: v=[2-7][0-9a-f] e=\S+ i=0", log.read_text(), re.M))


def test_nobody_else(boot, tmp_path):
    """A thread that computes alone gets no ticks, of which there were 250 a second; some clocks of a PC have to
    be read 18 times in a second, whoever runs."""
    log = tmp_path / "interrupts"
    begin = time.monotonic()
    guest = boot("preempt", "alone=400", extra=["-d", "int", "-D", log])
    assert guest.wait() == 0
    assert interrupts(log) < 20 + 25 * (time.monotonic() - begin)
