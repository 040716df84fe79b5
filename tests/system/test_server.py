"""httpd as a server that strangers reach: clients that come back from one port, that are slow,
that say nonsense, that never answer a handshake. Nobody shuts the others out.
"""

import json
import random
import re
import resource
import socket
import struct
import threading
import time

import pytest

from guest import LIMIT
from hosts import Disk
from namespace import GUEST, GUEST6
from test_lguest import TAP, launch, namespace  # noqa: F401
from test_http import FILES, serve, site  # noqa: F401

REQUEST = b"GET /a/b.txt HTTP/1.0\r\n\r\n"
SOON = 5  # seconds: what has to happen at once does so in milliseconds, where nothing else runs


def get(address, source=None, family=socket.AF_INET):
    """One short connection; the status line."""
    with socket.socket(family) as connection:
        connection.settimeout(LIMIT)
        if source:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            connection.bind(("", source))
        connection.connect(address)
        connection.sendall(REQUEST)
        answer = b""
        while more := connection.recv(65536):
            answer += more
    return answer.split(b"\r\n")[0]


def serving(boot, site):
    """The port of a server that has its address: a user network tries again after seconds only."""
    port = serve(boot, site(FILES)).port(80)
    assert get(("127.0.0.1", port)).split()[1] == b"200"
    return port


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(40)),
                                  b"GET /\r\n", b"GET /\n", b"\x00", b"SSH-2.0-client\r\n",
                                  b"A" * 40], ids=["tls", "get", "newline", "null", "ssh", "long"])
def test_nonsense_is_refused_at_once(boot, site, data):
    """No more comes, and the answer does not wait for it."""
    port = serving(boot, site)
    with socket.create_connection(("127.0.0.1", port), LIMIT) as connection:
        begin = time.monotonic()
        connection.sendall(data)
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
        assert time.monotonic() - begin < SOON


def test_half_a_request_by_bytes(boot, site):
    """What can still become a request is waited for, a byte at a time."""
    port = serving(boot, site)
    with socket.create_connection(("127.0.0.1", port), LIMIT) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in REQUEST:
            connection.sendall(bytes([byte]))
            time.sleep(0.005)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


# ---- on a cable of the test's own ----

def start(launch, namespace, site, files=FILES, mem=64, patience=1):
    space = namespace()
    guest = launch("httpd", f"ip={GUEST}/24 ip6={GUEST6}/64 -- --patience {patience}", options=TAP, prefix=space.prefix,
                   disks=[Disk(image=site(files), read_only=True)], mem=mem)
    guest.expect("^httpd: serving / on port 80")
    return space


def test_clients_that_do_not_finish(launch, namespace, site):
    """Twice as many half-sent heads as so little memory has room for, in httpd and in the network
    below, which keeps those that httpd gave up and whose clients do not end: a new client is served
    all the same, and the slow ones end. (A user network takes a second for each of so many.)"""
    space = start(launch, namespace, site, mem=4)
    slow = []

    def crowd():
        for _ in range(400):
            slow.append(socket.create_connection((GUEST, 80), LIMIT))
            slow[-1].sendall(b"GET / HTTP/1.1\r\nHost:")
        begin = time.monotonic()
        assert get((GUEST, 80)).split()[1] == b"200"
        assert time.monotonic() - begin < SOON
        slow[-1].settimeout(LIMIT)
        return slow[-1].recv(65536)

    try:
        assert space.call(crowd).startswith(b"HTTP/1.1 408 ")
    finally:
        for connection in slow:
            connection.close()


KEPT = b"GET /a/b.txt HTTP/1.1\r\nHost: ringlet\r\n\r\n"


def answer_on(connection):
    """One answer on a connection that stays: its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        assert more, "the connection has ended"
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200 ")
    length = int(re.search(rb"Content-Length: (\d+)", head)[1])
    while len(body) < length:
        body += connection.recv(65536)
    return body


def status():
    with socket.create_connection((GUEST, 80), LIMIT) as connection:
        connection.sendall(KEPT.replace(b"a/b.txt", b"status"))
        return json.loads(answer_on(connection))


def served_soon():
    begin = time.monotonic()
    assert get((GUEST, 80)).split()[1] == b"200"
    assert time.monotonic() - begin < SOON


@pytest.fixture
def many_files():
    """Two thousand connections are more than most shells allow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < MANY + 500:
        pytest.skip(f"a process may have {hard} files open here, which is too few")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, MANY + 500), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


MANY, BATCH, DEAF = 2000, 50, 100


def test_two_thousand_connections(launch, namespace, site, many_files):
    """All open at a time in 64 MiB, each served once, then each with half a request; then all go,
    and what they took is free again. (Patience is for machines on which that takes a while.)"""
    space = start(launch, namespace, site, patience=20)
    open_ones = []

    def fill():
        for _ in range(MANY // BATCH):
            batch = [socket.create_connection((GUEST, 80), LIMIT) for _ in range(BATCH)]
            open_ones.extend(batch)
            for connection in batch:
                connection.sendall(KEPT)
            for connection in batch:
                assert answer_on(connection) == FILES["a/b.txt"]

    def crowd():
        before = status()
        assert before["server"]["connections"] == 1
        fill()
        served_soon()
        idle = status()
        for connection in open_ones:
            connection.sendall(KEPT[:-10])
        served_soon()
        half_sent = status()
        for connection in open_ones:
            connection.close()
        deadline = time.monotonic() + LIMIT
        while (after := status())["server"]["connections"] > 1 and time.monotonic() < deadline:
            time.sleep(0.1)
        return before, idle, half_sent, after

    try:
        before, idle, half_sent, after = space.call(crowd)
    finally:
        for connection in open_ones:
            connection.close()
    free = [seen["memory"]["free"] for seen in (before, idle, half_sent, after)]
    print(f"{(free[0] - free[1]) // MANY} bytes for each connection between requests, "
          f"{(free[0] - free[2]) // MANY} with half a request")
    assert idle["server"]["connections"] > MANY
    assert half_sent["server"]["connections"] > MANY
    assert free[0] - free[1] < MANY * 2048
    assert free[0] - free[2] < MANY * 4096
    assert free[0] - free[3] < 1 << 20  # the tables stay as large as they were
    assert after["server"]["connections"] == 1


def test_clients_that_do_not_read(launch, namespace, site):
    """What waits for them would fill the network's memory many times over: there is some left for
    who does read."""
    large = random.Random(1).randbytes(1 << 20)
    space = start(launch, namespace, site, {**FILES, "large": large}, mem=16)
    deaf = []

    def crowd():
        for _ in range(DEAF):
            connection = socket.socket()
            deaf.append(connection)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((GUEST, 80))
            connection.sendall(KEPT.replace(b"a/b.txt", b"large"))
        time.sleep(1)
        served_soon()
        begin = time.monotonic()
        with socket.create_connection((GUEST, 80), LIMIT) as connection:
            connection.sendall(KEPT.replace(b"a/b.txt", b"large"))
            assert answer_on(connection) == large
        assert time.monotonic() - begin < SOON
        deaf[0].settimeout(LIMIT)
        return answer_on(deaf[0])

    try:
        assert space.call(crowd) == large
    finally:
        for connection in deaf:
            connection.close()


@pytest.mark.parametrize("address", [GUEST, GUEST6])
def test_thousands_from_few_ports(launch, namespace, site, address):
    """The server closes first, so its side is in TIME-WAIT when the next SYN comes. (The user
    network's own side would be, too.)"""
    space = start(launch, namespace, site)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    def many():
        for i in range(2000):
            assert get((address, 80), 30000 + i % 100, family).split()[1] == b"200"

    begin = time.monotonic()
    space.call(many)
    assert time.monotonic() - begin < LIMIT / 2  # a stall of TIME-WAIT takes half a minute each


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff


def syn(source, target, port):
    """An IPv4 packet that opens a connection, from a port and with a number at random."""
    addresses = socket.inet_aton(source) + socket.inet_aton(target)
    segment = struct.pack(">HHIIBBHHH", random.randrange(1024, 65000), port, random.getrandbits(32),
                          0, 0x50, 2, 8192, 0, 0)
    total = checksum(addresses + struct.pack(">HH", socket.IPPROTO_TCP, len(segment)) + segment)
    segment = segment[:16] + struct.pack(">H", total) + segment[18:]
    return struct.pack(">BBHHHBBH", 0x45, 0, 40, 0, 0, 64, socket.IPPROTO_TCP, 0) + addresses + segment


def test_flood_of_syns(launch, namespace, site):
    """From addresses that never answer, 2 000 a second: a client is served while it goes on."""
    space = start(launch, namespace, site)
    over = threading.Event()
    sent = []

    def flood(raw):
        prefix = GUEST.rsplit(".", 1)[0]
        while not over.is_set() and len(sent) < 60000:
            for _ in range(20):
                raw.sendto(syn(f"{prefix}.{random.randrange(100, 250)}", GUEST, 80), (GUEST, 0))
                sent.append(1)
            time.sleep(0.01)

    raw = space.call(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW))
    thread = threading.Thread(target=flood, args=(raw,))
    thread.start()
    try:
        time.sleep(1.5)
        for _ in range(5):
            begin = time.monotonic()
            assert space.call(lambda: get((GUEST, 80))).split()[1] == b"200"
            assert time.monotonic() - begin < SOON
        assert 500 < len(sent) < 60000
    finally:
        over.set()
        thread.join()
        raw.close()
