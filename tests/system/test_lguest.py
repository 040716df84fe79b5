"""Ringlet as a guest of lguest: what no other host has. Every test of the other files that makes
sense there runs under the launcher as well (hosts.Launcher); these are about the data layouts,
hosts that lie, SIGTERM, restart, and taps whose offloads are on whatever was asked for."""

import contextlib
import hashlib
import random
import re
import shutil
import signal
import socket
import threading
import time
import zlib

import pytest

import dhcp
import hosts
from guest import LIMIT
from hosts import Disk, Entropy, Net
from namespace import GUEST, GUEST6, OURS, OURS6, Namespace
from wire import TapWire, tcp_to

MIB = 1 << 20


@pytest.fixture
def launch(request):
    """launch(app, args, options=..., prefix=..., ...): a guest under the launcher."""
    guests, folders = [], []
    request.node.guests = guests
    if hosts.missing(hosts.Launcher()):
        pytest.skip(f"the launcher is not here: {hosts.missing(hosts.Launcher())}")

    def start(app, args="", options=("--strict",), prefix=(), **more):
        host = hosts.Launcher()
        host.options, host.prefix = options, prefix
        folders.append(hosts.new_folder())
        guests.append(host.boot(folders[-1], app, args, **more))
        return guests[-1]

    yield start
    for guest in guests:
        guest.stop()
    for folder in folders:
        shutil.rmtree(folder)


@pytest.fixture
def namespace():
    made = []

    def make(**more):
        made.append(Namespace(**more))
        return made[-1]

    yield make
    for one in made:
        one.close()


# ---- the interface ----

@pytest.mark.smoke
@pytest.mark.parametrize("abi", ["N1", "N2", "N3"])
def test_layouts(launch, abi):
    """One filling of lguest_data suits them all; thread-local data and int $0x80 too."""
    guest = launch("libctest", options=("--strict", f"--abi={abi}"), rng=Entropy())
    assert guest.wait() == 0
    assert len(re.findall("^ok ", guest.text, re.M)) >= 38


@pytest.mark.parametrize("code", [0, 1, 2, 119, 124, 127, 128, 255])
def test_status_is_the_exit_code(launch, code):
    guest = launch("hello", str(code))
    assert guest.wait() == code
    assert guest.errors == b""  # the original prints the text; ours knows it


def test_devices(launch, tmp_path):
    """All four kinds on one page, with what was negotiated."""
    image = tmp_path / "disk"
    image.write_bytes(bytes(MIB))
    guest = launch("shell", "-- dev", disks=[Disk(image=image)], nets=[Net()], rng=Entropy())
    assert guest.wait() == 0
    found = re.findall(r"^lguest (\d): (\w+), lguest, running", guest.text, re.M)
    assert found == [("0", "block"), ("1", "net"), ("2", "entropy"), ("3", "console")]


def test_as_many_devices_as_fit(launch):
    """All 30 interrupt lines taken, and the one of SIGTERM still is its own."""
    guest = launch("shell", nets=[Net() for _ in range(14)])
    guest.expect("ringlet> ")
    guest.send("dev\r")
    guest.expect(r"lguest 14: console, lguest, running")
    assert guest.text.count(", running") == 15
    guest.process.send_signal(signal.SIGTERM)
    assert guest.wait(console=False) == 143


def test_early_console(launch):
    """What is said before there is a console goes through the host."""
    guest = launch("hello", "foo=bar -- 3")
    assert guest.wait() == 3
    assert guest.text.startswith("warning: command line: ")
    assert "foo=bar" in guest.text.split("\n")[0]
    assert guest.console.count(b"\n") == guest.console.count(b"\r\n")  # for a raw terminal


def test_restart(launch):
    guest = launch("shell")
    guest.expect("ringlet> ")
    guest.send("restart\r")
    guest.expect("help shows the commands")
    guest.expect("ringlet> ")
    guest.send("exit 5\r")
    assert guest.wait() == 5


# ---- a TSC that the host does not vouch for ----

SLOW = ("--strict", "--no-tsc", "--stats")


@pytest.mark.smoke
@pytest.mark.parametrize("options", [("--strict",), SLOW], ids=["tsc", "no-tsc"])
def test_time_passes(launch, options):
    """In busy loops and in sleeps, never backwards, whichever clock it is."""
    guest = launch("clocks", options=options)
    assert guest.wait() == 0
    assert len(re.findall("^ok ", guest.text, re.M)) == 6


@pytest.mark.parametrize("options", [("--strict",), SLOW], ids=["tsc", "no-tsc"])
def test_clock_set_back(launch, options):
    """The host's clock and with it the timer of a sleep goes back by an hour. The guest is told by
    the next interrupt, a key's, and wakes in time."""
    guest = launch("asked", "nap", options=(*options, "--hostile=clock"))
    guest.expect("^ready$")
    deadline = time.monotonic() + LIMIT
    with contextlib.suppress(BrokenPipeError):
        while guest.process.poll() is None and time.monotonic() < deadline:
            guest.send("x")
            time.sleep(0.1)
    assert guest.wait() == 7


def test_library_without_tsc(launch):
    guest = launch("libctest", options=SLOW, rng=Entropy())
    assert guest.wait() == 0
    assert len(re.findall("^ok ", guest.text, re.M)) >= 38


def test_network_without_tsc(launch):
    """Timers of a protocol that waits for somebody."""
    guest = launch("shell", "ip=dhcp -- ping 10.0.2.2 3", options=SLOW, nets=[Net()])
    assert guest.wait() == 0
    assert "3 sent, 3 received" in guest.text


def test_idle_without_tsc(launch):
    """A clock that nobody reads needs no ticks: 100 of them would come in a second."""
    guest = launch("asked", "default", options=SLOW)
    guest.expect("^ready$")
    time.sleep(1)
    guest.process.send_signal(signal.SIGTERM)
    assert guest.wait() == 143
    assert int(re.search(rb"(\d+) interrupts delivered", guest.errors).group(1)) < 30


# ---- hosts that lie ----

HOSTILE = ["used-id", "used-twice", "used-idx", "used-len", "size-zero", "size-odd", "irq",
           "silent", "spurious", "dirty", "page"]


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_console(launch, kind):
    """Rows 6, 8, 9, 42, 60: the program runs, its output arrives some way or other, and its
    code."""
    guest = launch("hello", "3 word", options=("--strict", f"--hostile={kind}"))
    assert guest.wait(console=False) == 3
    assert "word" in guest.text
    assert "panic" not in guest.text


@pytest.mark.parametrize("kind", [
    pytest.param(kind, marks=pytest.mark.full) if kind == "silent" else kind  # disks time out
    for kind in HOSTILE])
def test_hostile_everything(launch, tmp_path, kind):
    """The same with a disk, a card and a source of entropy that all lie: errors, no panic, no
    hang."""
    image = tmp_path / "disk"
    image.write_bytes(bytes(MIB))
    options = ("--strict", f"--hostile={kind}")
    guest = launch("shell", "ip=10.0.2.15/24 -- dev", options=options, rng=Entropy(),
                   disks=[Disk(image=image)], nets=[Net()])
    guest.wait(limit=200, console=False)  # with silent disks three requests of 30 s each
    assert guest.process.returncode in (0, 1)
    assert b"CRASH" not in guest.errors and b"strict" not in guest.errors
    assert "panic" not in guest.text


# ---- SIGTERM ----

def end(launch, tmp_path, how):
    image = tmp_path / "disk"
    image.write_bytes(bytes(64 * 512))
    guest = launch("asked", how, options=("--strict", "--stats"), disks=[Disk(image=image)])
    guest.expect("^ready$")
    guest.process.send_signal(signal.SIGTERM)
    return guest, image


@pytest.mark.parametrize("how, code", [("default", 143), ("handler", 5), ("wait", 6)])
def test_sigterm(launch, tmp_path, how, code):
    guest, _ = end(launch, tmp_path, how)
    assert guest.wait() == code
    assert ("signal 15\n" in guest.text) == (how == "handler")


def requests(guest):
    return int(re.search(rb"block 0: (\d+) requests", guest.errors).group(1))


def test_sigterm_syncs_disks(launch, tmp_path):
    """One request more for what was written, and one for its flush."""
    quiet, _ = end(launch, tmp_path, "default")
    assert quiet.wait() == 143
    written, image = end(launch, tmp_path, "write")
    assert written.wait() == 143
    assert requests(written) == requests(quiet) + 2
    assert image.read_bytes().startswith(b"written before the end")


@pytest.mark.full
@pytest.mark.parametrize("how", ["ignore", "spin"])
def test_sigterm_unheard(launch, tmp_path, how):
    """The launcher's patience ends after 5 s."""
    guest, _ = end(launch, tmp_path, how)
    assert guest.wait(console=False) == 143


# ---- taps ----

TAP = ("--strict", "--net=tap:tap0")


def echo_through(connection, size):
    """SHA-256 of what was sent and of what came back at the same time."""
    connection.settimeout(LIMIT)
    data = random.Random(size).randbytes(MIB)
    sent, came = hashlib.sha256(), hashlib.sha256()

    def send():
        for _ in range(size // MIB):
            connection.sendall(data)
            sent.update(data)
        connection.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    while piece := connection.recv(1 << 18):
        came.update(piece)
    sender.join()
    return sent.hexdigest(), came.hexdigest()


def echo(launch, space, size, host=GUEST, mem=64, options=TAP):
    guest = launch("echo", f"ip={GUEST}/24 ip6={GUEST6}/64", options=options,
                   prefix=space.prefix, mem=mem)
    guest.expect("port 7")
    with space.call(lambda: socket.create_connection((host, 7), LIMIT)) as connection:
        sent, came = echo_through(connection, size)
    assert sent == came
    return guest


@pytest.mark.smoke
def test_bulk_both_ways(launch, namespace):
    """Row 45: a host with TSO, which sends segments of 64 KiB whatever was accepted."""
    echo(launch, namespace(), 64 * MIB)


def test_bulk_ipv6(launch, namespace):
    echo(launch, namespace(), 16 * MIB, host=GUEST6)


@pytest.mark.parametrize("mem", [3, 4, 8])
def test_bulk_in_little_memory(launch, namespace, mem):
    echo(launch, namespace(), 8 * MIB, mem=mem)


def test_bulk_with_loss(launch, namespace):
    space = namespace()
    space.inside("tc", "qdisc", "add", "dev", "tap0", "root", "netem", "loss", "1%", "delay", "1ms")
    echo(launch, space, 4 * MIB)


def test_segments_come_gathered(launch, namespace):
    """64 MiB in far fewer frames than there are segments of 1 448 bytes in it: 46 346."""
    space, data = namespace(), random.Random(1).randbytes(64 * MIB)
    listener = space.call(lambda: socket.create_server((OURS, 0)))
    guest = launch("nettool", f"ip={GUEST}/24 -- fetch:{OURS}:{listener.getsockname()[1]} status",
                   options=TAP, prefix=space.prefix)
    listener.settimeout(LIMIT)
    with listener, listener.accept()[0] as connection:
        connection.sendall(data)
    assert guest.wait() == 0
    assert f"ok fetch {len(data)} {zlib.adler32(data):08x}\n" in guest.text
    frames, dropped, bad = map(int, re.search(
        r"rx (\d+) dropped (\d+) bad (\d+)", guest.text).groups())
    assert dropped == bad == 0
    assert frames < 46346 / 4


def test_bulk_out(launch, namespace):
    """HOST_CSUM: the tap finishes the checksums, and the receiver believes none that is wrong."""
    space, size = namespace(), 64 * MIB
    listener = space.call(lambda: socket.create_server((OURS6, 0), family=socket.AF_INET6))
    port = listener.getsockname()[1]
    guest = launch("nettool", f"ip6={GUEST6}/64 -- push:[{OURS6}]:{port}:{size} status",
                   options=TAP, prefix=space.prefix)
    listener.settimeout(LIMIT)
    total, length = 1, 0
    with listener, listener.accept()[0] as connection:
        while piece := connection.recv(1 << 18):
            total, length = zlib.adler32(piece, total), length + len(piece)
    assert guest.wait() == 0
    assert length == size
    assert f"ok push {size} {total:08x}\n" in guest.text
    assert re.search(r", tx \d+ dropped 0 put off \d+$", guest.text, re.M)  # nothing was lost


@pytest.mark.parametrize("size", [1, 1472, 1473, 9000, 65507])
def test_datagrams(launch, namespace, size):
    """Whole and in fragments, with checksums of every kind."""
    space, data = namespace(), random.Random(size).randbytes(size)
    guest = launch("echo", f"ip={GUEST}/24", options=TAP, prefix=space.prefix)
    guest.expect("port 7")
    with space.call(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as s:
        s.settimeout(LIMIT)
        s.sendto(data, (GUEST, 7))
        assert s.recvfrom(65536) == (data, (GUEST, 7))


def test_tunnet(launch, namespace):
    """A tap that the launcher makes itself, as the original does."""
    space = namespace(tap=False)
    echo(launch, space, 4 * MIB, options=("--strict", f"--tunnet={OURS}"))


def test_dhcp(launch, namespace):
    """MTU and classless routes, which take the place of option 3; without any word."""
    space = namespace()
    with contextlib.closing(TapWire(space)) as wire:
        guest = launch("nettool", "lease status ntp fetch:10.77.1.2:80 fetch:192.0.2.1:80",
                       options=TAP, prefix=space.prefix)
        dhcp.Server(wire).lease(
            dhcp.option(dhcp.MTU, (1400).to_bytes(2, "big")) +
            dhcp.option(dhcp.ROUTERS, dhcp.ip("10.9.0.66")) +
            dhcp.option(dhcp.NTP, dhcp.ip("10.9.0.7")) +
            dhcp.option(dhcp.CLASSLESS, dhcp.routes(("10.77.0.0/16", "10.9.0.9"),
                                                    ("0.0.0.0/0", "10.9.0.1"))))
        wire.be("10.9.0.9")
        wire.refuse(wire.wait_for(tcp_to("10.77.1.2")))
        wire.refuse(wire.wait_for(tcp_to("192.0.2.1")))
        assert guest.wait() == 2
    assert "eth0: mtu 1400 up 1 link 1 ip 10.9.0.2/24\neth0: gateway 10.9.0.1\n" in guest.text
    assert "/etc/ntp.conf: server 10.9.0.7\n" in guest.text
    assert guest.text.count("Connection refused\n") == 2
    assert "10.9.0.66" not in guest.text
