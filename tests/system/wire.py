"""The other end of a guest's network cable: frames in and out, and a neighbour that answers
ARP and neighbour solicitations and can ping. What user networking hides can be sent here, and
what it would never send. A frame is a datagram between two sockets in the file system."""

import os
import random
import socket
import struct
import time

from guest import LIMIT, GuestError

MAC = bytes.fromhex("525400aabbcc")
BROADCAST = b"\xff" * 6
ARP, IPV4, IPV6 = 0x0806, 0x0800, 0x86DD


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(protocol, source, destination, payload, identity=1, fragment=0):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), identity, fragment, 64,
                         protocol, 0, source, destination)
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv6(protocol, source, destination, payload):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), protocol, 255, source,
                       destination) + payload


def sum6(protocol, source, destination, message):
    """A checksum that covers a pseudo header (RFC 8200, 8.1)."""
    return checksum(source + destination + struct.pack("!II", len(message), protocol) + message)


def icmpv6(source, destination, kind, rest, code=0):
    """A whole packet."""
    message = struct.pack("!BBH", kind, code, 0) + rest
    total = sum6(58, source, destination, message)
    return ipv6(58, source, destination, message[:2] + struct.pack("!H", total) + message[4:])


def icmp(source, destination, kind, rest, code=0):
    message = struct.pack("!BBH", kind, code, 0) + rest
    return ipv4(1, source, destination, message[:2] + struct.pack("!H", checksum(message)) +
                message[4:])


def tcp_to(address):
    """Whether a frame is a segment to there."""
    return lambda f: (f[12:14] == b"\x08\0" and f[23] == 6 and
                      f[30:34] == socket.inet_aton(address))


def arp_for(address):
    return lambda f: (f[12:14] == b"\x08\x06" and f[20:22] == b"\0\1" and
                      f[38:42] == socket.inet_aton(address))


class Wire:
    def __init__(self, folder, ip="10.9.0.1", ip6="fd00:9::1"):
        self.ours, self.theirs = folder / "wire", folder / "card"
        self.backend = (f"dgram,local.type=unix,local.path={self.theirs},"
                        f"remote.type=unix,remote.path={self.ours}")
        self.ip = socket.inet_pton(socket.AF_INET, ip)
        self.ip6 = socket.inet_pton(socket.AF_INET6, ip6)
        self.guest_mac = BROADCAST
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.ours))

    def close(self):
        self.socket.close()

    # ---- frames ----

    def send(self, frame):
        """Hand over a frame, as soon as the host of the guest is there to take it."""
        deadline = time.monotonic() + LIMIT
        self.socket.settimeout(LIMIT)
        while True:
            try:
                self.socket.sendto(frame, str(self.theirs))
                return
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def send_packet(self, kind, packet):
        self.send(self.guest_mac + MAC + struct.pack("!H", kind) + packet)

    def receive(self, deadline):
        """One frame, or None when the time is up."""
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        self.socket.settimeout(left)
        try:
            return self.socket.recv(65536)
        except socket.timeout:
            return None

    def answer(self, frame):
        """What a neighbour does by itself. Learns the guest's address."""
        kind, packet = struct.unpack("!H", frame[12:14])[0], frame[14:]
        self.guest_mac = frame[6:12]
        if kind == ARP and packet[6:8] == b"\0\1" and packet[24:28] == self.ip:
            self.send_packet(ARP, packet[:6] + b"\0\2" + MAC + self.ip + packet[8:18])
        if kind == IPV6 and packet[6] == 58 and packet[40] == 135 and packet[48:64] == self.ip6:
            source = packet[8:24]
            self.send_packet(IPV6, icmpv6(self.ip6, source, 136, b"\x60\0\0\0" + self.ip6 +
                                          b"\2\1" + MAC))

    def wait_for(self, matches, limit=LIMIT):
        """Answer what comes until a frame matches; that frame."""
        deadline = time.monotonic() + limit
        while True:
            frame = self.receive(deadline)
            if frame is None:
                raise GuestError(f"no such frame in {limit} s")
            self.answer(frame)
            if matches(frame):
                return frame

    # ---- neighbours ----

    def find(self, ip):
        """Ask who has an address, until somebody says so."""
        wanted = socket.inet_pton(socket.AF_INET, ip)
        request = b"\0\1\x08\0\6\4\0\1" + MAC + self.ip + bytes(6) + wanted
        self.until_answered(lambda: self.send(BROADCAST + MAC + struct.pack("!H", ARP) + request),
                            lambda f: f[12:14] == b"\x08\x06" and f[20:22] == b"\0\2" and
                            f[28:32] == wanted)

    def find6(self, ip6):
        wanted = socket.inet_pton(socket.AF_INET6, ip6)
        group = bytes.fromhex("ff0200000000000000000001ff") + wanted[13:]
        packet = icmpv6(self.ip6, group, 135, bytes(4) + wanted + b"\1\1" + MAC)
        frame = b"\x33\x33" + group[12:] + MAC + struct.pack("!H", IPV6) + packet
        self.until_answered(lambda: self.send(frame),
                            lambda f: f[12:14] == b"\x86\xdd" and f[54:55] == b"\x88" and
                            f[62:78] == wanted)

    def until_answered(self, ask, matches):
        """A question may be lost while the guest is starting, so it is put again."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            ask()
            try:
                return self.wait_for(matches, 1)
            except GuestError:
                continue
        raise GuestError("nobody answered")

    def be(self, ip):
        """Be the neighbour of that address as well, once: whoever it is, one cable leads there."""
        packet = self.wait_for(arp_for(ip))[14:]
        self.send_packet(ARP, packet[:6] + b"\0\2" + MAC + packet[24:28] + packet[8:18])

    # ---- TCP ----

    def reply(self, frame, sequence, flags):
        """A segment to the one in the frame, without data."""
        source, destination, tcp = frame[26:30], frame[30:34], frame[34:]
        number = struct.unpack("!I", tcp[4:8])[0] + 1
        answer = tcp[2:4] + tcp[0:2] + struct.pack("!IIBBHHH", sequence, number & 0xFFFFFFFF,
                                                   0x50, flags, 8192, 0, 0)
        total = checksum(destination + source + b"\0\6\0\x14" + answer)
        answer = answer[:16] + struct.pack("!H", total) + answer[18:]
        self.send_packet(IPV4, ipv4(6, destination, source, answer))

    def refuse(self, frame):
        """A reset to a SYN."""
        self.reply(frame, 0, 0x14)

    def accept(self, frame):
        self.reply(frame, 1000, 0x12)

    # ---- ping ----

    def ping(self, ip, size, fragment=None):
        """One echo of `size` random bytes, in fragments of that many bytes if asked for; the
        answer, put together again, has to be equal."""
        guest = socket.inet_pton(socket.AF_INET, ip)
        data, identity = os.urandom(size), random.randrange(1, 65536)
        rest = struct.pack("!HH", identity, 1) + data
        message = struct.pack("!BBH", 8, 0, checksum(b"\x08\0\0\0" + rest)) + rest
        step = fragment or len(message)
        pieces = {}

        def ask():
            pieces.clear()
            for at in range(0, len(message), step):
                more = 0x2000 if at + step < len(message) else 0
                self.send_packet(IPV4, ipv4(1, self.ip, guest, message[at:at + step], identity,
                                            at // 8 | more))

        def answered(frame):
            packet = frame[14:]
            if frame[12:14] != b"\x08\0" or packet[9] != 1 or packet[12:16] != guest:
                return False
            length, flags = struct.unpack("!H2xH", packet[2:8])
            pieces[(flags & 0x1FFF) * 8] = packet[20:length], not flags & 0x2000
            whole, at = b"", 0
            while at in pieces:
                piece, last = pieces[at]
                whole, at = whole + piece, at + len(piece)
                if last:
                    return whole[4:] == rest and whole[:2] == b"\0\0" and checksum(whole) == 0
            return False

        self.until_answered(ask, answered)

    def ping6(self, ip6, size):
        guest = socket.inet_pton(socket.AF_INET6, ip6)
        rest = struct.pack("!HH", random.randrange(65536), 1) + os.urandom(size)
        packet = icmpv6(self.ip6, guest, 128, rest)
        want = icmpv6(guest, self.ip6, 129, rest)
        self.until_answered(lambda: self.send_packet(IPV6, packet),
                            lambda f: f[12:14] == b"\x86\xdd" and f[54:54 + len(want) - 40] ==
                            want[40:])


class TapWire(Wire):
    """The same on a tap in a namespace, whose own kernel then says nothing there."""

    def __init__(self, space, ip="10.9.0.1", ip6="fd00:9::1"):
        space.inside("ip", "address", "flush", "dev", "tap0")
        self.ip = socket.inet_pton(socket.AF_INET, ip)
        self.ip6 = socket.inet_pton(socket.AF_INET6, ip6)
        self.guest_mac = BROADCAST
        every = socket.htons(3)  # ETH_P_ALL
        self.socket = space.call(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, every))
        self.socket.bind(("tap0", 0))

    def send(self, frame):
        self.socket.send(frame)

    def receive(self, deadline):
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                frame, where = self.socket.recvfrom(65536)
            except socket.timeout:
                return None
            if where[2] != socket.PACKET_OUTGOING:
                return frame
        return None
