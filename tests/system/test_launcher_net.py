"""The launcher's network: the user-mode one, taps, and the rules of its rings."""

import os
import re
import select
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from launcher_guests import START
from launcher_kit import BUILD, INIT, LIMIT, ROOT, children, kit  # noqa: F401

NET = START + """
        find_device NET
        start_device {features}
        jmp 9f
        .data
    frame:
        .skip 10                                        /* header */
        .byte 255, 255, 255, 255, 255, 255              /* who has TARGET? */
        .byte 0x52, 0x54, 0, 0x12, 0x34, 0x56
        .byte 8, 6, 0, 1, 8, 0, 6, 4, 0, 1
        .byte 0x52, 0x54, 0, 0x12, 0x34, 0x56
        .byte {source}
        .byte 0, 0, 0, 0, 0, 0
        .byte {target}
    frame_end:
        .skip 18
        .text
    9:
"""
ASK = """
        ring 0
        descriptor 0, 0x300000, 2048, WRITE
        descriptor 1, 0x301000, 10, WRITE + NEXT, 2
        descriptor 2, 0x30100a, 4000, WRITE
        offer 0
        offer 1
        kick
        ring 1
        descriptor 0, frame, 52
        offer 0
        kick
        ring 0
        sti
    1:  hcall LHCALL_HALT
        cmpw $0, USED_IDX(%ebp); je 1b
        cmpw $0x0608, 0x300000 + 10 + 12; jne 2f        /* an answer, not a question: 2 */
        cmpw $0x0200, 0x300000 + 10 + 20; jne 2f
        cmpl $52, USED_RING + 4(%ebp); expect ae 3
        pass
    2:  cmpw $2, USED_IDX(%ebp); jb 1b                  /* the host may say something first */
        cmpw $0x0608, 0x301000 + 10 + 12; expect e 4
        cmpw $0x0200, 0x301000 + 10 + 20; expect e 5
        pass
"""


def ask(source, target, features="0"):
    return NET.format(source=source.replace(".", ","), target=target.replace(".", ","),
                      features=features)


USER = ask("10.0.2.15", "10.0.2.2")


def test_user_network_answers(kit):
    kit.run(USER + ASK, "--net=user", "--timeout=15").passed()


def test_user_network_ends_with_the_launcher(kit):
    with kit.start(INIT + 'print "ready\\n"\n hcall LHCALL_HALT', "--net=user") as guest:
        assert guest.stdout.readline() == b"ready\n"
        helper, = children(guest.pid)
        fd = os.pidfd_open(helper)
        guest.kill()
        guest.wait(LIMIT)
        assert select.select([fd], [], [], LIMIT)[0]
        os.close(fd)


def test_user_network_survives_what_ends_the_launcher(kit):
    """The keys of a terminal and whoever ends a group of processes reach it too, and the guest may
    need it to end well."""
    with kit.start(INIT + 'print "ready\\n"\n hcall LHCALL_HALT', "--net=user") as guest:
        assert guest.stdout.readline() == b"ready\n"
        helper, = children(guest.pid)
        status = (Path("/proc") / str(helper) / "status").read_text()
        guest.kill()
    ignored = int(re.search(r"SigIgn:\s(\w+)", status).group(1), 16)
    for number in signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM:
        assert ignored >> number - 1 & 1


def test_user_network_is_confined(kit):
    """With the program's own filter: what it needs works, nothing else does."""
    program = kit.folder / "confined"
    subprocess.run(["gcc", "-D_GNU_SOURCE", "-I", ROOT, "-o", program,
                    ROOT / "tests/launcher/confined.c", ROOT / "launcher/usernet/confine.c"],
                   check=True)
    done = subprocess.run([program], capture_output=True, timeout=LIMIT)
    assert (done.returncode, done.stdout) == (0, b"")


def test_mac(kit):
    kit.run(START + """
        find_device NET
        testb $0x20, DESC_QUEUES + 16(%edi); expect nz 2
        cmpl $0x33221102, DESC_QUEUES + 24(%edi); expect e 3
        cmpw $0x5544, DESC_QUEUES + 28(%edi); expect e 4
        pass""", "--net=user,mac=02:11:22:33:44:55").passed()


def test_forward_connects(kit):
    """A connection to the forwarded port makes the network ask for the guest."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with kit.start(USER + """
        ring 0
        descriptor 0, 0x300000, 2048, WRITE
        descriptor 1, 0x301000, 2048, WRITE
        descriptor 2, 0x302000, 2048, WRITE
        offer 0
        offer 1
        offer 2
        kick
        ring 1
        descriptor 0, frame, 52
        offer 0
        kick
        print "ready\\n"
        ring 0
        sti
    1:  hcall LHCALL_HALT
        cmpw $0x0008, 0x300000 + 22; je 2f          /* an IPv4 frame: the SYN */
        cmpw $0x0008, 0x301000 + 22; je 2f
        cmpw $0x0008, 0x302000 + 22; je 2f
        jmp 1b
    2:  pass""", f"--net=user,hostfwd=tcp:{port}-:80", "--timeout=15") as guest:
        assert guest.stdout.readline() == b"ready\n"
        with socket.create_connection(("127.0.0.1", port)):
            assert guest.wait(LIMIT) == 0, guest.stderr.read()


@pytest.mark.parametrize("words, message", [
    ("hostfwd=tcp:0-:80", "hostfwd=tcp:0-:80: it has to be"),
    ("hostfwd=tcp:80", "it has to be like"),
    ("hostfwd=sctp:80-:80", "it has to be like"),
    ("hostfwd=tcp:99999-:80", "it has to be like"),
    ("hostfwd=tcp:1.2.3.4.5:80-:80", "it has to be like"),
    ("nonsense", "'nonsense' is unknown"),
    ("mac=01:00:00:00:00:00", "is no MAC address"),
    ("mac=52:54", "is no MAC address"),
])
def test_bad_words(kit, words, message):
    result = kit.run(INIT + "pass", f"--net=user,{words}")
    assert result.status == 2
    result.said(message)


def test_port_in_use(kit):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = kit.run(INIT + "pass", f"--net=user,hostfwd=tcp:{port}-:80")
    assert result.status == 2
    result.said(f"cannot listen on TCP port {port}")


# ---- taps ----

def can_make_taps():
    return os.access("/dev/net/tun", os.R_OK | os.W_OK) and os.geteuid() == 0


needs_tap = pytest.mark.skipif(not can_make_taps(), reason="making a tap needs root")


@needs_tap
def test_tunnet(kit):
    """The original's option: a tap is made and configured, and the host answers on it."""
    kit.run(ask("198.18.77.2", "198.18.77.1") + ASK, "--tunnet=198.18.77.1:52:54:00:12:34:56",
            "--timeout=15").passed()


@needs_tap
def test_tap_offers_what_the_original_does(kit):
    """CSUM, GUEST_CSUM, MAC, TSO in both directions, INDIRECT."""
    kit.run(START + """
        find_device NET
        cmpl $0x10003ba3, DESC_QUEUES + 16(%edi); expect e 2
        pass""", "--tunnet=198.18.78.1:02:00:00:00:00:01").passed()
    kit.run(START + """
        find_device NET
        cmpl $0x10003b83, DESC_QUEUES + 16(%edi); expect e 2
        pass""", "--tunnet=198.18.79.1").passed()


@needs_tap
def test_all_of_a_burst_arrives():
    """Also behind many frames that came one by one, when the launcher has learned to expect no more."""
    options = ["--tunnet=198.18.76.1", "64", BUILD / "echo.elf", "ip=198.18.76.2/24"]
    with subprocess.Popen([BUILD / "lguest", *options], stdout=subprocess.PIPE) as guest, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        assert any(b"port 7" in line for line in guest.stdout)
        client.settimeout(LIMIT)
        client.connect(("198.18.76.2", 7))
        for some in [1] * 50 + [20, 1, 20]:
            sent = [os.urandom(64) for _ in range(some)]
            for one in sent:
                client.send(one)
            assert {client.recv(100) for _ in sent} == set(sent)
        guest.terminate()


def test_tap_that_is_not_there(kit):
    result = kit.run(INIT + "pass", "--net=tap:no-such-tap")
    assert result.status == 2
    result.said("there is no tap 'no-such-tap'")


# ---- rules ----

def send(change, header="0"):
    return USER.replace("start_device 0", f"start_device {header}") + f"""
        ring 1
        descriptor 0, frame, 52
        {change}
        offer 0
        kick
        pass"""


@pytest.mark.parametrize("change, message", [
    ("movw $WRITE, 12(%ebp)", "writable descriptor in the transmit queue"),
    ("movl $10, 8(%ebp)", "a frame of 10 bytes, header included"),
    ("movl $0, 8(%ebp)", "a frame of 0 bytes, header included"),
])
def test_bad_frame(kit, change, message):
    kit.run(send(change), "--net=user").died("net 0, queue 1: .*" + message)


@pytest.mark.parametrize("change, message", [
    ("movl $20, 8(%ebp)", "a frame of 10 bytes"),
    ("movb $1, frame", "partial checksum, and CSUM was not accepted"),
    ("movb $2, frame", "flags 0x2"),
    ("movb $1, frame + 1", "segmentation of type 1"),
    ("movl $3000, 8(%ebp)", "a frame of 2990 bytes without segmentation"),
])
def test_strict_frame(kit, change, message):
    kit.run(send(change), "--strict", "--net=user").died("net 0, queue 1: strict: .*" + message)


@pytest.mark.parametrize("length, flags, strict, message", [
    (10, "WRITE", False, "a receive buffer of 10 bytes"),
    (100, "0", False, "readable descriptor in the receive queue"),
    (1000, "WRITE", True, "strict: a receive buffer of 1000 bytes"),
])
def test_receive_buffers(kit, length, flags, strict, message):
    kit.run(USER + f"""
        ring 0
        descriptor 0, 0x300000, {length}, {flags}
        offer 0
        kick
        pass""", "--net=user", *(["--strict"] if strict else [])).died("net 0, queue 0: .*" + message)


def test_strict_indirect_table_changes_in_flight(kit):
    """A receive buffer's table has to stay as it is until a frame has come."""
    guest = ask("10.0.2.15", "10.0.2.2", "0x10000000") + """
        ring 0
        descriptor 0, 0x310000, 32, INDIRECT
        movl %ebp, %ebx
        movl $0x310000, %ebp
        descriptor 0, 0x300000, 1000, WRITE + NEXT, 1
        descriptor 1, 0x304000, 1000, WRITE
        movl %ebx, %ebp
        offer 0
        kick
        movl ${length}, 0x310018
        ring 1
        descriptor 0, frame, 52
        offer 0
        kick
        ring 0
        wait_used 1
        pass"""
    options = ["--net=user", "--timeout=15"]
    kit.run(guest.replace("{length}", "1000"), "--strict", *options).passed()
    kit.run(guest.replace("{length}", "900"), *options).passed()
    kit.run(guest.replace("{length}", "900"), "--strict", *options
            ).died("net 0, queue 0: strict: the indirect table of request 0 changed")


@needs_tap
def test_strict_feature_dependencies(kit):
    for features, bit, needs in ((1 << 7, 7, 1), (1 << 8, 8, 1), (1 << 11, 11, 0)):
        kit.run(ask("198.18.80.2", "198.18.80.1", hex(features)) + "pass", "--strict",
                "--tunnet=198.18.80.1").died(f"feature {bit} was accepted without {needs}")


@needs_tap
def test_strict_large_receive(kit):
    kit.run(ask("198.18.81.2", "198.18.81.1", "0x82") + """
        ring 0
        descriptor 0, 0x300000, 2048, WRITE
        offer 0
        kick
        pass""", "--strict", "--tunnet=198.18.81.1").died("the features accepted need 65560")
