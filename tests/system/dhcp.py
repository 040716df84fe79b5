"""A DHCP server on a Wire, which says what a test tells it to, however wrong (RFC 2131, 2132)."""

import socket
import struct

from wire import BROADCAST, IPV4, MAC, ipv4

DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6
COOKIE = b"\x63\x82\x53\x63"
MASK, ROUTERS, SERVERS, DOMAIN, MTU, NTP, LEASE, OVERLOAD, KIND, SERVER, WANTED = (
    1, 3, 6, 15, 26, 42, 51, 52, 53, 54, 55)
SEARCH, CLASSLESS = 119, 121


def ip(*addresses):
    return b"".join(map(socket.inet_aton, addresses))


def option(code, value):
    """In pieces of 255 bytes where it is longer (RFC 3396)."""
    pieces = [value[at:at + 255] for at in range(0, len(value), 255)] or [b""]
    return b"".join(bytes([code, len(piece)]) + piece for piece in pieces)


def routes(*table):
    """("10.77.0.0/16", router)... as RFC 3442 packs them."""
    packed = b""
    for prefix, router in table:
        address, width = prefix.split("/")
        packed += bytes([int(width)]) + ip(address)[:(int(width) + 7) // 8] + ip(router)
    return packed


class Request:
    def __init__(self, frame):
        payload = frame[14 + 20 + 8:]
        self.header, self.options = payload[:236], {}
        self.source = frame[26:30]
        at = 240
        while at < len(payload) and payload[at] != 255:
            if payload[at] == 0:
                at += 1
                continue
            code, length = payload[at], payload[at + 1]
            self.options[code] = self.options.get(code, b"") + payload[at + 2:at + 2 + length]
            at += 2 + length
        self.kind = self.options[KIND][0]


def is_request(frame):
    return (frame[12:14] == b"\x08\x00" and frame[23] == 17 and
            frame[34:38] == struct.pack("!HH", 68, 67))


class Server:
    """Leases `address`; `options` are bytes behind those that each answer has."""

    def __init__(self, wire, address="10.9.0.2", mask="255.255.255.0", seconds=3600):
        self.wire, self.address, self.mask, self.seconds = wire, ip(address), ip(mask), seconds

    def next_request(self, kind):
        while True:
            request = Request(self.wire.wait_for(is_request))
            if request.kind == kind:
                return request

    def answer(self, request, kind, options=b"", file=b"", name=b"", end=b"\xff"):
        head = struct.pack("!BBBB", 2, 1, 6, 0) + request.header[4:8] + bytes(8)
        head += (self.address if kind != NAK else bytes(4)) + bytes(8) + request.header[28:44]
        head += name.ljust(64, b"\0") + file.ljust(128, b"\0") + COOKIE
        own = option(KIND, bytes([kind])) + option(SERVER, self.wire.ip)
        if kind != NAK:
            own += option(LEASE, struct.pack("!I", self.seconds)) + option(MASK, self.mask)
        datagram = head + own + options + end
        udp = struct.pack("!HHHH", 67, 68, 8 + len(datagram), 0) + datagram
        packet = ipv4(17, self.wire.ip, b"\xff" * 4, udp)
        self.wire.send(BROADCAST + MAC + struct.pack("!H", IPV4) + packet)

    def lease(self, options=b"", **more):
        """From the question to the end; the request that was granted."""
        discover = self.next_request(DISCOVER)
        self.answer(discover, OFFER, options, **more)
        return self.grant(options, **more)

    def grant(self, options=b"", **more):
        request = self.next_request(REQUEST)
        self.answer(request, ACK, options, **more)
        return request
