"""What DHCP says beyond address and mask: each option, where it shows, and servers that lie."""

import random
import re
import struct

import pytest

import dhcp
import peers
from dhcp import ip, option, routes
from hosts import Net
from wire import IPV4, arp_for, ipv4, tcp_to

ROUTERS = option(dhcp.ROUTERS, ip("10.9.0.1"))


def start(boot, wire, steps, words="ip6=off", app="nettool"):
    return boot(app, f"{words} -- {steps}", nets=[Net(backend=wire.backend)])


def test_options(boot, wires):
    """All of them, as the case `dhcp` has them and more."""
    wire = wires()
    server = dhcp.Server(wire)
    guest = start(boot, wire, "lease status resolv ntp")
    request = server.lease(
        option(dhcp.MTU, struct.pack("!H", 1400)) + ROUTERS +
        option(dhcp.SERVERS, ip("10.9.0.3", "10.9.0.4", "10.9.0.5", "10.9.0.6")) +
        option(dhcp.SEARCH, b"\3eng\7example\3com\0\5sales\xc0\x04") +
        option(dhcp.DOMAIN, b"other.example") + option(dhcp.NTP, ip("10.9.0.7", "10.9.0.8")))
    assert guest.wait() == 0
    assert "eth0: 10.9.0.2/24, gateway 10.9.0.1, by DHCP\n" in guest.text
    assert "eth0: mtu 1400 up 1 link 1 ip 10.9.0.2/24\n" in guest.text
    assert ("/etc/resolv.conf: search eng.example.com sales.example.com\n"
            "/etc/resolv.conf: nameserver 10.9.0.3\n/etc/resolv.conf: nameserver 10.9.0.4\n"
            "/etc/resolv.conf: nameserver 10.9.0.5\n") in guest.text
    assert "10.9.0.6" not in guest.text
    assert ("/etc/ntp.conf: server 10.9.0.7\n/etc/ntp.conf: server 10.9.0.8\n") in guest.text
    wanted = request.options[dhcp.WANTED]
    assert wanted.index(dhcp.CLASSLESS) < wanted.index(dhcp.ROUTERS)
    assert {dhcp.MTU, dhcp.SERVERS, dhcp.SEARCH, dhcp.DOMAIN, dhcp.NTP} <= set(wanted)
    assert len(set(wanted)) == len(wanted)


def test_domain_of_one(boot, wires):
    """Option 15, which counts where there is no 119; a NUL behind it is no part of the name."""
    wire = wires()
    guest = start(boot, wire, "lease resolv")
    dhcp.Server(wire).lease(option(dhcp.SERVERS, ip("10.9.0.3")) +
                            option(dhcp.DOMAIN, b"corp.example\0"))
    assert guest.wait() == 0
    assert "/etc/resolv.conf: search corp.example\n" in guest.text


def test_classless_routes(boot, wires):
    """They take the place of option 3 (RFC 3442), and the longest prefix wins, over the link's own
    as well."""
    wire = wires()
    server = dhcp.Server(wire)
    guest = start(boot, wire, "lease status fetch:10.77.1.2:80 fetch:10.77.200.2:80 "
                  "fetch:10.9.0.200:80 fetch:192.0.2.1:80 fetch:198.51.100.9:80")
    server.lease(option(dhcp.ROUTERS, ip("10.9.0.66")) + option(dhcp.CLASSLESS, routes(
        ("10.77.0.0/16", "10.9.0.9"), ("0.0.0.0/0", "10.9.0.10"), ("10.77.200.0/21", "10.9.0.11"),
        ("10.9.0.192/26", "10.9.0.12"), ("198.51.100.0/24", "0.0.0.0"))))
    for address, neighbour in (("10.77.1.2", "10.9.0.9"), ("10.77.200.2", "10.9.0.11"),
                               ("10.9.0.200", "10.9.0.12"), ("192.0.2.1", "10.9.0.10"),
                               ("198.51.100.9", "198.51.100.9")):
        wire.be(neighbour)
        wire.refuse(wire.wait_for(tcp_to(address)))
    assert guest.wait() == 5
    assert "eth0: gateway 10.9.0.10\n" in guest.text
    assert "eth0: route 10.77.0.0/16 10.9.0.9\n" in guest.text
    assert "eth0: route 198.51.100.0/24 none\n" in guest.text
    assert guest.text.count("Connection refused\n") == 5
    assert "10.9.0.66" not in guest.text


def test_router_outside_the_network(boot, wires):
    """A lease of one address, whose router is reached by a route of its own, as clouds have it."""
    wire = wires()
    guest = start(boot, wire, "fetch:192.0.2.1:80")
    dhcp.Server(wire, mask="255.255.255.255").lease(option(dhcp.CLASSLESS, routes(
        ("10.200.0.1/32", "0.0.0.0"), ("0.0.0.0/0", "10.200.0.1"))))
    wire.be("10.200.0.1")
    wire.refuse(wire.wait_for(tcp_to("192.0.2.1")))
    assert guest.wait() == 1


def test_segments_follow_the_mtu(boot, wires):
    """The SYN offers what the link carries."""
    wire = wires()
    guest = start(boot, wire, "fetch:10.9.0.1:80")
    dhcp.Server(wire).lease(option(dhcp.MTU, struct.pack("!H", 1400)) + ROUTERS)
    syn = wire.wait_for(tcp_to("10.9.0.1"))
    assert syn[14 + 40:14 + 44] == b"\2\4" + struct.pack("!H", 1360)
    wire.refuse(syn)
    assert guest.wait() == 1


def test_second_router(boot, wires):
    """The first of two says nothing: the second takes its turn."""
    wire = wires()
    guest = start(boot, wire, "fetch:192.0.2.1:80")
    dhcp.Server(wire).lease(option(dhcp.ROUTERS, ip("10.9.0.98", "10.9.0.99")))
    wire.wait_for(arp_for("10.9.0.98"))
    wire.be("10.9.0.99")
    wire.refuse(wire.wait_for(tcp_to("192.0.2.1")))
    assert guest.wait() == 1


def test_all_goes_with_the_lease(boot, wires):
    """Granted again with less after the cable was pulled, and then taken away."""
    wire = wires()
    server = dhcp.Server(wire)
    guest = start(boot, wire, "lease status line resolv status line resolv status")

    def replug():
        guest.monitor.execute("set_link", name="eth0", up=False)
        guest.expect("^eth0: link down$")
        guest.monitor.execute("set_link", name="eth0", up=True)

    server.lease(option(dhcp.MTU, struct.pack("!H", 1300)) + option(
        dhcp.CLASSLESS, routes(("10.77.0.0/16", "10.9.0.9"))) +
        option(dhcp.SERVERS, ip("10.9.0.3", "10.9.0.4")) + option(dhcp.DOMAIN, b"a.example"))
    guest.expect("^eth0: mtu 1300 ")
    guest.expect("^eth0: gateway none\neth0: route 10.77.0.0/16 10.9.0.9$")
    guest.expect("^search a.example$")
    guest.expect("^type a line$")
    replug()
    server.grant(ROUTERS + option(dhcp.SERVERS, ip("10.9.0.5")))
    wire.ping("10.9.0.2", 10)
    guest.send("\n")
    guest.expect("^/etc/resolv.conf: nameserver 10.9.0.5\neth0: mtu 1500 ")
    guest.expect("^eth0: gateway 10.9.0.1\neth0: rx")
    guest.expect("^server 10.9.0.5\nsearch \n")
    guest.expect("^type a line$")
    replug()
    server.answer(server.next_request(dhcp.REQUEST), dhcp.NAK)
    guest.expect("the IPv4 address is gone")
    guest.send("\n")
    guest.expect("^eth0: gateway none\neth0: rx")
    guest.expect("^search \n")
    assert guest.wait() == 0
    assert guest.text.count("10.9.0.5") == 2  # in the middle


# ---- sockets that are used before there is an address ----

STREAM_WAITS = ["connect: EINPROGRESS", "again: EALREADY", "bind: EINVAL", "listen: EINVAL",
                "peer: ENOTCONN", "send: EAGAIN", "receive: EAGAIN", "add: ok", "epoll: 0",
                "select: 0", "events:", "error: 0", "waiting", "epoll: 1", "select: 1"]


def said(guest):
    """The program's own lines."""
    return [line for line in guest.text.splitlines()
            if re.match(r"[a-z ]+:|waiting$", line) and not line.startswith("exit: ")]


def test_connect_goes_on(boot, wires):
    """Nothing shows while DHCP is at work; then it is a connection as any other."""
    wire = wires()
    server = dhcp.Server(wire)
    guest = start(boot, wire, "stream:10.9.0.1:80")
    guest.expect("^waiting$")
    server.lease(ROUTERS)
    wire.accept(wire.wait_for(tcp_to("10.9.0.1")))
    assert guest.wait() == 0
    assert said(guest) == STREAM_WAITS + ["events: out", "outcome: ok", "error: 0", "peer: ok"]


@pytest.mark.smoke
def test_connect_at_once(boot):
    """As an event loop does it, with the machine's own DHCP server."""
    giver = peers.giver(b"x" * 100)
    try:
        guest = boot("nettool", f"ip6=off -- stream:{peers.HOST}:{giver.port} "
                     f"fetch:{peers.HOST}:{giver.port}", nets=[Net()],
                     needs={"network of 10.0.2.2"})
        assert guest.wait() == 0
    finally:
        giver.close()
    assert "connect: EINPROGRESS\n" in guest.text and "outcome: ok\n" in guest.text
    assert "ok fetch 100 " in guest.text


def test_connect_is_refused_later(boot, wires):
    wire = wires()
    server = dhcp.Server(wire)
    guest = start(boot, wire, "stream:10.9.0.1:80")
    guest.expect("^waiting$")
    server.lease(ROUTERS)
    wire.refuse(wire.wait_for(tcp_to("10.9.0.1")))
    assert guest.wait() == 0
    assert said(guest) == STREAM_WAITS + ["events: in out rdhup err hup", "outcome: ECONNREFUSED",
                                          "error: 0", "peer: ENOTCONN"]


@pytest.mark.parametrize("answered", [True, False])
def test_no_route_in_the_end(boot, wires, answered):
    """DHCP gives an address and no router, or nothing at all."""
    wire = wires()
    guest = start(boot, wire, "stream:192.0.2.1:80 datagram:192.0.2.1:9")
    guest.expect("^waiting$")
    if answered:
        dhcp.Server(wire).lease()
    assert guest.wait() == 0
    stream = said(guest)[:len(STREAM_WAITS) + 4]
    assert stream[:len(STREAM_WAITS)] == STREAM_WAITS
    assert stream[-4:-1] == ["events: in out rdhup err hup", "outcome: EHOSTUNREACH", "error: 0"]
    assert "outcome: EHOSTUNREACH\n" in guest.text.split("events: out\nsend: ")[1]


def test_no_router_of_ipv6(boot, wires):
    """Nobody advertises: the connection ends when that is certain."""
    guest = start(boot, wires(), "stream:[2001:db8::1]:80", words="ip=off ip6=auto")
    assert guest.wait() == 0
    assert said(guest) == STREAM_WAITS + ["events: in out rdhup err hup", "outcome: EHOSTUNREACH",
                                          "error: 0", "peer: ENOTCONN"]


def test_closed_while_it_waits(boot, wires):
    """And time-outs of connect and sendto; nothing of it is left when the address comes."""
    wire = wires()
    server = dhcp.Server(wire)
    guest = start(boot, wire, "closed:10.9.0.1:80")
    guest.expect("^waiting$")
    server.lease(ROUTERS)
    wire.accept(wire.wait_for(tcp_to("10.9.0.1")))
    assert guest.wait() == 0
    assert said(guest) == ["connect: EINPROGRESS", "close: ok", "timed: EINPROGRESS",
                           "timed again: EALREADY", "close: ok", "timed datagram: EAGAIN",
                           "close: ok", "waiting", "connect: ok", "close: ok"]


def test_datagram_waits(boot, wires):
    """EAGAIN, and no POLLOUT until there is an address."""
    wire = wires()
    server = dhcp.Server(wire)
    guest = start(boot, wire, "datagram:10.9.0.1:9")
    guest.expect("^waiting$")
    server.lease(ROUTERS)
    sent = wire.wait_for(lambda f: f[12:14] == b"\x08\0" and f[23] == 17 and f[36:38] == b"\0\x09")
    wire.send_packet(IPV4, ipv4(17, wire.ip, sent[26:30], b"\0\x09" + sent[34:36] + b"\0\x09\0\0!"))
    assert guest.wait() == 0
    assert said(guest) == ["events: out", "send: EAGAIN", "events:", "connect: ok",
                           "send: EAGAIN", "waiting", "outcome: ok", "answer: ok"]


# ---- a server that lies, or is broken ----

def many(n):
    return option(dhcp.CLASSLESS, routes(*((f"10.{100 + i // 200}.{i % 200}.0/24", "10.9.0.9")
                                           for i in range(n))))


BAD = {
    "mtu-too-small": (option(dhcp.MTU, b"\0\x44"), "mtu 1500"),
    "mtu-too-large": (option(dhcp.MTU, b"\xff\xff"), "mtu 1500"),
    "mtu-of-one-byte": (option(dhcp.MTU, b"\5"), "mtu 1500"),
    "mtu-empty": (option(dhcp.MTU, b""), "mtu 1500"),
    "width-of-33": (option(dhcp.CLASSLESS, b"\x21\x0a\0\0\0\x0a\x09\0\x09"), "gateway 10.9.0.1"),
    "route-cut": (option(dhcp.CLASSLESS, routes(("10.77.0.0/16", "10.9.0.9"))[:-1]),
                  "gateway 10.9.0.1"),
    "routes-empty": (option(dhcp.CLASSLESS, b""), "gateway 10.9.0.1"),
    "router-is-a-group": (option(dhcp.CLASSLESS, routes(("10.77.0.0/16", "224.0.0.1"))),
                          "gateway 10.9.0.1"),
    "many-routes": (many(60), "route 10.100.31.0/24 10.9.0.9"),
    "search-points-forward": (option(dhcp.SEARCH, b"\3abc\xc0\x09\0\3def\0"), "search \n"),
    "search-points-to-itself": (option(dhcp.SEARCH, b"\xc0\0"), "search \n"),
    "search-in-a-circle": (option(dhcp.SEARCH, b"\1a\xc0\x04\1b\xc0\0"), "search \n"),
    "search-cut": (option(dhcp.SEARCH, b"\7exam"), "search \n"),
    "search-with-a-line": (option(dhcp.SEARCH, b"\x0cx\nnameserver\0"), "search \n"),
    "domain-with-a-line": (option(dhcp.DOMAIN, b"x\nnameserver 10.6.6.6"), "search \n"),
    "search-too-long": (option(dhcp.SEARCH, b"".join(
        b"\x3f" + bytes([97 + i]) * 63 + b"\0" for i in range(9))),
        "search " + " ".join(c * 63 for c in "abc") + "\n"),
    "servers-cut": (option(dhcp.SERVERS, ip("10.9.0.3") + b"\x0a"), "search \n"),
    "servers-of-nobody": (option(dhcp.SERVERS, ip("0.0.0.0", "255.255.255.255", "10.9.0.3")),
                          "server 10.9.0.3\n"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_option(boot, wires, case):
    """It is as if it was not there, and the rest of the lease holds."""
    bad, seen = BAD[case]
    wire = wires()
    guest = start(boot, wire, "lease status")
    dhcp.Server(wire).lease(ROUTERS + bad)
    assert guest.wait() == 0
    assert seen in guest.text
    assert "ip 10.9.0.2/24\n" in guest.text
    if case != "many-routes":
        assert "eth0: gateway 10.9.0.1\n" in guest.text


def test_options_in_other_fields(boot, wires):
    """Where the names of server and file would stand, and in several pieces (RFC 3396)."""
    wire = wires()
    table = [(f"10.{i}.0.0/16", "10.9.0.9") for i in range(100, 130)]
    packed = routes(*table)
    assert len(packed) < 255
    guest = start(boot, wire, "lease status")
    dhcp.Server(wire).lease(
        option(dhcp.CLASSLESS, packed[:100]) + option(dhcp.OVERLOAD, b"\3"),
        file=option(dhcp.CLASSLESS, packed[100:200]) + b"\xff",
        name=option(dhcp.CLASSLESS, packed[200:]) + option(dhcp.MTU, b"\5\x50") + b"\xff")
    assert guest.wait() == 0
    assert "mtu 1360 " in guest.text
    for prefix, router in table:
        assert f"eth0: route {prefix} {router}\n" in guest.text


def test_answers_at_random(boot, wires):
    """Bytes of every kind where options are, then a proper lease, which is taken."""
    wire, rnd = wires(), random.Random(121)
    server = dhcp.Server(wire)
    guest = start(boot, wire, "lease fetch:10.9.0.1:80")
    discover = server.next_request(dhcp.DISCOVER)
    codes = [0, 1, 3, 6, 15, 26, 42, 51, 52, 53, 54, 58, 59, 119, 121, 255]
    for _ in range(300):
        mess = b"".join(bytes([rnd.choice(codes), rnd.choice([0, 1, 2, 4, 5, 9, 200, 255])]) +
                        rnd.randbytes(rnd.choice([0, 1, 2, 4, 5, 9, 60]))
                        for _ in range(rnd.randrange(8)))
        server.answer(discover, rnd.choice([dhcp.NAK, 77]), mess, end=b"",
                      file=rnd.randbytes(128), name=rnd.randbytes(64))
    server.answer(discover, dhcp.OFFER, ROUTERS)
    server.grant(ROUTERS)
    wire.refuse(wire.wait_for(tcp_to("10.9.0.1")))
    assert guest.wait() == 1
    assert re.search("^eth0: 10.9.0.2/24, gateway 10.9.0.1, by DHCP$", guest.text, re.M)
