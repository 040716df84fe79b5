"""Network cards: every face of the device, both directions, several of them, and frames that
no well-behaved neighbour sends."""

import random
import re
import zlib

import pytest

import dhcp
import peers
from hosts import Entropy, Net
from wire import IPV4, IPV6, icmp, icmpv6, ipv4, ipv6, sum6


# Rows 20, 32, 35, 43, 44, 54 of the checklist.
CELLS = {
    "default": {},
    "legacy": {"flavour": "legacy"},
    "legacy-no-mergeable": {"flavour": "legacy", "options": {"mrg_rxbuf": "off"}},
    "legacy-no-any-layout": {"flavour": "legacy", "options": {"any_layout": "off"}},
    "legacy-no-mergeable-no-any-layout": {
        "flavour": "legacy", "options": {"mrg_rxbuf": "off", "any_layout": "off"}},
    "modern": {"flavour": "modern"},
    "modern-no-mergeable": {"flavour": "modern", "options": {"mrg_rxbuf": "off"}},
    "legacy-plain-ring": {"flavour": "legacy",
                          "options": {"event_idx": "off", "indirect_desc": "off"}},
    "modern-plain-ring": {"flavour": "modern",
                          "options": {"event_idx": "off", "indirect_desc": "off"}},
    "packed": {"flavour": "modern", "options": {"packed": "on"}},
    "packed-plain-ring": {"flavour": "modern", "options": {
        "packed": "on", "event_idx": "off", "indirect_desc": "off", "mrg_rxbuf": "off"}},
    "no-event-idx": {"options": {"event_idx": "off"}},
    "no-indirect": {"options": {"indirect_desc": "off"}},
    "no-offloads": {"options": {"csum": "off", "guest_csum": "off", "gso": "off",
                                "guest_tso4": "off", "guest_tso6": "off"}},
    "no-checksum-for-us": {"options": {"csum": "off"}},
    "no-status": {"options": {"status": "off"}},
    "no-control-queue": {"options": {"ctrl_vq": "off"}},
    "rx-queue-1024": {"options": {"rx_queue_size": 1024}},
    "rx-queue-512-no-mergeable": {"options": {"rx_queue_size": 512, "mrg_rxbuf": "off"}},
    "small-mtu": {"options": {"host_mtu": 1280}},
    "large-mtu": {"options": {"host_mtu": 9000}},
    "legacy-no-vectors": {"flavour": "legacy", "options": {"vectors": 0}},
    "legacy-4-vectors": {"flavour": "legacy", "options": {"vectors": 4}},
    "modern-no-vectors": {"flavour": "modern", "options": {"vectors": 0}},
    "page-per-queue": {"flavour": "modern", "options": {"page-per-vq": "on"}},
}


@pytest.mark.parametrize("cell", CELLS)
def test_both_ways(boot, cell):
    """Half a mebibyte in and out, and a ping."""
    data = random.Random(cell).randbytes(512 << 10)
    giver, taker = peers.giver(data), peers.Taker()
    try:
        guest = boot("nettool", f"ip=dhcp -- fetch:{peers.HOST}:{giver.port} "
                     f"push:{peers.HOST}:{taker.port}:524288 ping:{peers.HOST} status",
                     nets=[Net(**CELLS[cell])], needs={"network of 10.0.2.2"})
        assert guest.wait() == 0
    finally:
        giver.close()
        taker.close()
    assert f"ok fetch {len(data)} {zlib.adler32(data):08x}\n" in guest.text
    size, total = re.search(r"^ok push (\d+) ([0-9a-f]{8})$", guest.text, re.M).groups()
    assert taker.sums == [(int(size), int(total, 16))]
    assert f"ok ping {peers.HOST}\n" in guest.text
    assert re.search(r", tx \d+ dropped 0 put off \d+$", guest.text, re.M)


@pytest.mark.smoke
def test_echo(boot):
    guest = boot("echo", "ip=dhcp", nets=[Net(forward=(7, ("udp", 7)))])
    guest.expect(r"^eth0: 10\.0\.2\.15/24, gateway 10\.0\.2\.2, by DHCP$", anywhere=True)
    guest.expect(r"^echo: TCP and UDP on port 7$", anywhere=True)
    assert peers.echo_stream(guest.port(7), 1 << 20)
    with peers.socket.socket(peers.socket.AF_INET, peers.socket.SOCK_DGRAM) as udp:
        udp.settimeout(peers.LIMIT)
        udp.connect(("127.0.0.1", guest.port(7, "udp")))
        for size in (0, 1, 1471, 1472, 1473, 4000):
            data = random.Random(size).randbytes(size)
            udp.send(data)
            assert udp.recv(65536) == data


def test_static_address(boot):
    guest = boot("echo", "ip=10.0.2.99/24 gw=10.0.2.2",
                 nets=[Net(user="hostfwd=tcp:127.0.0.1:0-10.0.2.99:7")])
    guest.expect(r"^eth0: 10\.0\.2\.99/24, gateway 10\.0\.2\.2$", anywhere=True)
    guest.expect(r"^echo: TCP and UDP", anywhere=True)
    assert peers.echo_stream(guest.port(7), 10000)


@pytest.mark.parametrize("word", ["10.0.2.15", "10.0.2.15/33", "10.0.2/24", "dhcpx", ""])
def test_wrong_address(boot, word):
    guest = boot("nettool", f"ip={word} -- lease", nets=[Net()])
    assert guest.wait() == 0  # by DHCP, the default
    assert re.search(rf"^warning: .*ip={re.escape(word)} is not understood", guest.text, re.M)


# ---- the other end of the cable ----

def test_ping_to_the_guest(boot, wires):
    wire = wires()
    boot("echo", "ip=10.9.0.2/24", nets=[Net(backend=wire.backend)])
    wire.find("10.9.0.2")
    for size in (0, 1, 56, 1000, 1471, 1472):
        wire.ping("10.9.0.2", size)


def test_small_stack(boot, wires):
    """Packets are not served on the stack of whoever waits, which may be the least there is."""
    wire = wires()
    guest = boot("nettool", "ip=10.9.0.2/24 -- small-stack:2048", nets=[Net(backend=wire.backend)])
    guest.expect("^type a line$")
    wire.find("10.9.0.2")
    for size in (0, 1000, 1472) * 5:
        wire.ping("10.9.0.2", size)
    wire.ping("10.9.0.2", 8000, fragment=1480)
    guest.send("\n")
    assert guest.wait() == 0
    assert "ok small-stack\n" in guest.text


def test_ping_in_fragments(boot, wires):
    wire = wires()
    boot("echo", "ip=10.9.0.2/24", nets=[Net(backend=wire.backend)])
    wire.find("10.9.0.2")
    for size in (1473, 3000, 8000):
        wire.ping("10.9.0.2", size, fragment=1480)


def test_ping_by_ipv6(boot, wires):
    wire = wires()
    boot("echo", "ip6=fd00:9::2/64", nets=[Net(backend=wire.backend)])
    wire.find6("fd00:9::2")
    for size in (0, 1, 56, 1000, 1452):
        wire.ping6("fd00:9::2", size)


def with_bytes(data, at, new):
    return data[:at] + new + data[at + len(new):]


def answered_by_udp(packet, header):
    """What a server there would send back."""
    size = 16 if header == 40 else 4
    source, destination = packet[header - 2 * size:header - size], packet[header - size:header]
    ports = packet[header + 2:header + 4] + packet[header:header + 2]
    datagram = ports + b"\0\x0c\0\0text"
    if header == 20:
        return ipv4(17, destination, source, datagram)
    total = sum6(17, destination, source, datagram)
    return ipv6(17, destination, source, with_bytes(datagram, 6, total.to_bytes(2, "big")))


@pytest.mark.parametrize("version", [4, 6])
def test_udp_port_that_nobody_listens_at(boot, wires, version):
    """Its machine says so, and the socket hears of it; nothing less than that is believed."""
    wire = wires()
    host, kind, header, unreachable, ours = {
        4: ("10.9.0.1", IPV4, 20, (icmp, 3, 3), wire.ip),
        6: ("[fd00:9::1]", IPV6, 40, (icmpv6, 1, 4), wire.ip6)}[version]
    make, message, code = unreachable
    guest = boot("nettool", f"ip=10.9.0.2/24 ip6=fd00:9::2/64 -- ask:{host}:77",
                 nets=[Net(backend=wire.backend)])
    protocol = {4: 9, 6: 6}[version]
    frame = wire.wait_for(lambda f: f[12:14] == kind.to_bytes(2, "big") and
                          f[14 + protocol] == 17 and f[14 + header + 2:][:2] == b"\0\x4d")
    packet = frame[14:14 + header + 9]
    theirs = packet[8:24] if version == 6 else packet[12:16]

    def say(quote, message=message, code=code):
        return make(ours, theirs, message, bytes(4) + quote, code)

    spoiled = [packet[:length] for length in (0, 1, header - 1, header, header + 7)]
    spoiled += [with_bytes(packet, protocol, b"\6"), with_bytes(packet, 0, b"\x75"),
                with_bytes(packet, header, b"\0\1"), with_bytes(packet, header + 2, b"\0\1")]
    if version == 4:
        spoiled += [with_bytes(packet, 0, length) for length in (b"\x44", b"\x46", b"\x4f")]
        spoiled += [with_bytes(packet, 6, b"\0\1"), with_bytes(packet, 16, b"\x0a\x09\0\7")]
    wrong = [say(quote) for quote in spoiled]
    wrong += [say(packet, code=code - 1), say(packet, message=message + 1)]
    wrong += [with_bytes(say(packet), header + 2, b"\x12\x34")]
    for each in wrong:
        wire.send_packet(kind, each)
    wire.send_packet(kind, answered_by_udp(packet, header))
    guest.expect("^ok ask: an answer$")
    wire.send_packet(kind, say(packet))
    assert guest.wait() == 0
    assert re.findall("^ok ask: (.*)$", guest.text, re.M) == ["an answer", "Connection refused"]


@pytest.mark.parametrize("cell", ["legacy", "legacy-no-mergeable", "modern", "modern-no-mergeable"])
def test_frames_of_every_kind(boot, wires, cell):
    """Short, long, broken and random ones, tagged with every type; then it still answers."""
    wire, rnd = wires(), random.Random(cell)
    guest = boot("echo", "ip=10.9.0.2/24 ip6=fd00:9::2/64",
                 nets=[Net(backend=wire.backend, **CELLS[cell])], rng=Entropy())
    wire.find("10.9.0.2")
    for _ in range(1500):
        kind = rnd.choice([0x0806, 0x0800, 0x86DD, 0x8100, rnd.randrange(65536)])
        start = rnd.choice([b"", b"\x45\0", b"\x60\0", b"\0\1\x08\0\6\4\0", b"\x4f\xff\xff\xff"])
        frame = (rnd.choice([wire.guest_mac, b"\xff" * 6, rnd.randbytes(6)]) + rnd.randbytes(6) +
                 kind.to_bytes(2, "big") + start + rnd.randbytes(rnd.choice([0, 1, 20, 60, 1500])))
        wire.send(frame[:1514])
    wire.ping("10.9.0.2", 1000)
    wire.find6("fd00:9::2")
    wire.ping6("fd00:9::2", 1000)
    assert "error:" not in guest.text


# ---- IPv6 through user networking ----

def test_ipv6_by_its_router(boot):
    guest = boot("nettool", "ip6=auto -- ping:fec0::2 status", nets=[Net()],
                 needs={"network of 10.0.2.2"})
    assert guest.wait() == 0
    assert re.search(r"^eth0: fec0::[0-9a-f:]+/64, by its router$", guest.text, re.M)
    assert "ok ping fec0::2\n" in guest.text


def test_name_server(boot):
    """DHCP names one, and it is asked; what it answers depends on this machine. A connection,
    which nobody takes, waits until DHCP has answered."""
    guest = boot("nettool", f"ip=dhcp -- fetch:{peers.HOST}:1 status", nets=[Net()],
                 needs={"network of 10.0.2.2"})
    assert guest.wait() == 1
    assert "server 10.0.2.3\n" in guest.text


def test_localhost(boot):
    """Without a card, an archive or a server."""
    guest = boot("nettool", "-- resolve:localhost")
    assert guest.wait() == 0
    assert "ok resolve localhost: ::1\nok resolve localhost: 127.0.0.1\n" in guest.text


def test_wait_for_an_address_can_be_ended(boot, wires):
    """Nobody answers DHCP: connect waits for it, and ^C ends the program before it fails."""
    guest = boot("nettool", "ip=dhcp -- fetch:10.1.2.3:80", nets=[Net(backend=wires().backend)])
    guest.expect("^eth0: ")
    guest.send("\x03")
    assert guest.wait() == 130


# ---- several cards, and their links ----

def test_several_cards(boot, wires):
    """The first and the third have words; the second stays down and says so."""
    first, second, third = wires(), wires(), wires(ip="10.8.0.1")
    guest = boot("echo", "ip=10.9.0.2/24 eth2:ip=10.8.0.2/24",
                 nets=[Net(backend=w.backend) for w in (first, second, third)])
    first.find("10.9.0.2")
    third.find("10.8.0.2")
    first.ping("10.9.0.2", 100)
    third.ping("10.8.0.2", 100)
    assert "eth1: no ip= or ip6= word, stays down\n" in guest.text
    assert guest.text.count("stays down") == 1


def test_without_words(boot):
    """The first card uses DHCP and listens to routers, so that an image works where it is put."""
    guest = boot("nettool", f"lease ping:{peers.HOST} ping:fec0::2 status", nets=[Net()],
                 needs={"network of 10.0.2.2"})
    assert guest.wait() == 0
    assert re.search(r"^eth0: 10\.0\.2\.15/24, gateway 10\.0\.2\.2, by DHCP$", guest.text, re.M)
    assert re.search(r"^eth0: fec0::[0-9a-f:]+/64, by its router$", guest.text, re.M)
    assert "server 10.0.2.3\n" in guest.text


@pytest.mark.parametrize("words, said", [
    ("ip=off", "eth0: ip=off, stays down\n"),
    ("ip=off ip6=off", "eth0: ip=off, stays down\n"),
])
def test_off(boot, wires, words, said):
    """Not a frame leaves the card."""
    wire = wires()
    guest = boot("nettool", f"{words} -- status", nets=[Net(backend=wire.backend)])
    assert guest.wait() == 0
    assert said in guest.text
    assert "eth0: mtu 1500 up 0 link 1 ip none/0\n" in guest.text
    wire.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        wire.socket.recv(2048)


def frames(wire):
    wire.socket.setblocking(False)
    while True:
        try:
            yield wire.socket.recv(2048)
        except BlockingIOError:
            return


def solicits(frame):
    """A question for routers of IPv6."""
    return frame[12:14] == b"\x86\xdd" and frame[20:21] == b"\x3a" and frame[54:55] == b"\x85"


@pytest.mark.parametrize("words, wanted, unwanted", [
    ("", [dhcp.is_request, solicits], []), ("ip6=off", [dhcp.is_request], [solicits]),
    ("ip=off ip6=auto", [solicits], [dhcp.is_request]),
])
def test_what_is_asked_for(boot, wires, words, wanted, unwanted):
    """DHCP, routers of IPv6, or both, by the words."""
    wire, seen = wires(), []
    guest = boot("nettool", f"{words} -- line", nets=[Net(backend=wire.backend)])
    wire.wait_for(lambda f: seen.append(f) or all(any(map(w, seen)) for w in wanted))
    guest.send("\n")
    assert guest.wait() == 0
    seen += frames(wire)
    assert not any(any(map(w, seen)) for w in unwanted)


def test_nobody_waits_for_what_is_not_needed(boot, wires):
    """Nobody answers, and a program that needs no network ends all the same: at its end DHCP has
    not asked for the third time, which it does after 6 s."""
    wire = wires()
    guest = boot("nettool", "-- resolve:localhost", nets=[Net(backend=wire.backend)])
    assert guest.wait() == 0
    assert 1 <= len([f for f in frames(wire) if dhcp.is_request(f)]) <= 2


def test_no_card(boot):
    guest = boot("nettool", "ip=dhcp -- status")
    assert guest.wait() == 0
    assert "warning: net: there is no card to bring up\n" in guest.text


@pytest.mark.parametrize("flavour", ["legacy", "modern"])
def test_link(boot, wires, flavour):
    """The configuration interrupt (row 30); traffic goes on when the link is back."""
    wire = wires()
    guest = boot("echo", "ip=10.9.0.2/24", nets=[Net(backend=wire.backend, flavour=flavour)])
    wire.find("10.9.0.2")
    guest.monitor.execute("set_link", name="eth0", up=False)
    guest.expect("^eth0: link down$")
    guest.monitor.execute("set_link", name="eth0", up=True)
    guest.expect("^eth0: link up$")
    wire.ping("10.9.0.2", 1000)


def test_link_is_down_from_the_start(boot):
    guest = boot("echo", "ip=dhcp", nets=[Net()], extra=["-S"])
    guest.monitor.execute("set_link", name="eth0", up=False)
    guest.monitor.execute("cont")
    guest.expect(r"^eth0: [0-9a-f:]{17}, MTU \d+, no link, at ")
    guest.monitor.execute("set_link", name="eth0", up=True)
    guest.expect(r"^eth0: 10\.0\.2\.15/24, gateway 10\.0\.2\.2, by DHCP$")


def test_address_of_the_card(boot):
    guest = boot("nettool", "-- status", nets=[Net(options={"mac": "52:54:00:01:02:03"})])
    assert guest.wait() == 0
    assert re.search("^eth0: 52:54:00:01:02:03, MTU 1500, at ", guest.text, re.M)


def test_cards_as_programs_see_them(boot, wires):
    """Listed with all that belongs to them; and a datagram tells which address and card it came
    to, is answered by these, and not given to a socket that keeps to the other card."""
    first, second = wires(), wires(ip="10.8.0.1")
    guest = boot("cards", "ip=10.9.0.2/24 eth1:ip=10.8.0.2/25 ip6=off eth1:ip6=off",
                 nets=[Net(backend=w.backend) for w in (first, second)])
    guest.expect("^ready$")
    assert re.findall("^link (.*) mac ", guest.text, re.M) == [
        "lo 1 flags 10049", "eth0 2 flags 11043", "eth1 3 flags 11043"]
    assert re.findall("^address (.*)$", guest.text.replace("\r", ""), re.M) == [
        "lo 127.0.0.1 mask 255.0.0.0 broadcast 127.0.0.1",
        "eth0 10.9.0.2 mask 255.255.255.0 broadcast 10.9.0.255",
        "eth1 10.8.0.2 mask 255.255.255.128 broadcast 10.8.0.127"]
    assert re.findall("^asked (.*)$", guest.text.replace("\r", ""), re.M) == [
        "eth0 2 1500 1043 10.9.0.255", "eth1 3 1500 1043 10.8.0.127"]

    def datagram(wire, to, port):
        udp = bytes([0x30, 0x39, 0, port, 0, 13, 0, 0]) + b"hello"
        packet = ipv4(17, wire.ip, bytes(map(int, to.split("."))), udp)
        return lambda: wire.send_packet(IPV4, packet)

    def answered(to, port):
        return lambda f: (f[12:14] == b"\x08\0" and f[23] == 17 and f[34:36] == bytes([0, port])
                          and f[26:30] == bytes(map(int, to.split("."))) and f[42:47] == b"hello")

    for wire, own, name in ((first, "10.9.0.2", "eth0"), (second, "10.8.0.2", "eth1")):
        wire.find(own)
        wire.until_answered(datagram(wire, own, 9), answered(own, 9))
        guest.expect(f"^came to {own} by {name}$")
    second.until_answered(datagram(second, "10.8.0.2", 10), answered("10.8.0.2", 10))
    first.until_answered(datagram(first, "10.9.0.2", 10),
                         lambda f: f[12:14] == b"\x08\0" and f[23] == 1 and f[34:36] == b"\3\3")
