"""httpd as a browser and as an attacker see it."""

import hashlib
import http.client
import json
import os
import subprocess
import threading

import pytest

import peers
from hosts import BUILD, Disk, Net

LARGE = 16 << 20


@pytest.fixture
def site(tmp_path):
    """site({name: bytes}) -> a tar archive."""
    def make(files):
        folder = tmp_path / "site"
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        archive = tmp_path / "site.tar"
        subprocess.run(["tar", "--format=ustar", "-C", folder, "-cf", archive, "."], check=True)
        return archive
    return make


def serves(guest):
    """Wait for that. A user network sends a SYN that comes before the guest has its address again after 6 s only."""
    guest.expect(r"^httpd: serving / on port 80")
    guest.expect(r"^eth0: .*, by DHCP$", anywhere=True)


def serve(boot, archive, words="ip=dhcp", **net):
    guest = boot("httpd", words, disks=[Disk(image=archive, read_only=True)],
                 nets=[Net(forward=(80,), **net)])
    serves(guest)
    return guest


FILES = {"index.html": b"<h1>home</h1>", "a/index.html": b"below", "a/b.txt": b"text\n",
         "data.bin": bytes(range(256)) * 16, "empty": b"", "style.css": b"p{}"}


@pytest.mark.smoke
def test_pages(boot, site):
    port = serve(boot, site(FILES)).port(80)
    for path, body in {"/": FILES["index.html"], "/index.html": FILES["index.html"],
                       "/a/": FILES["a/index.html"], "/a/b.txt": FILES["a/b.txt"],
                       "/data.bin": FILES["data.bin"], "/empty": b""}.items():
        status, headers, got = peers.request(port, path=path)
        assert (status, got) == (200, body), path
        assert int(headers["Content-Length"]) == len(body)
    assert peers.request(port, path="/")[1]["Content-Type"].startswith("text/html")
    assert peers.request(port, path="/style.css")[1]["Content-Type"].startswith("text/css")
    assert peers.request(port, path="/nothing")[0] == 404
    assert peers.request(port, "DELETE")[0] in (405, 501)


def test_demo_site(boot):
    port = serve(boot, BUILD / "site.tar").port(80)
    status, headers, body = peers.request(port)
    assert status == 200 and headers["Content-Type"].startswith("text/html") and body


@pytest.mark.parametrize("flavour", ["", "legacy"])
def test_download(boot, site, flavour):
    data = os.urandom(LARGE)
    port = serve(boot, site({"large": data}), flavour=flavour).port(80)
    status, headers, body = peers.request(port, path="/large")
    assert status == 200 and int(headers["Content-Length"]) == LARGE
    assert hashlib.sha256(body).digest() == hashlib.sha256(data).digest()


def test_initrd(boot, site):
    """The same archive as a module, without a disk."""
    guest = boot("httpd", "ip=dhcp", modules=[site(FILES)], nets=[Net(forward=(80,))])
    serves(guest)
    assert peers.request(guest.port(80), path="/a/b.txt")[2] == FILES["a/b.txt"]


def test_disk_by_name(boot, site, tmp_path):
    other = tmp_path / "other"
    other.write_bytes(bytes(1 << 20))
    guest = boot("httpd", "ip=dhcp root=vdb", nets=[Net(forward=(80,))],
                 disks=[Disk(image=other), Disk(image=site(FILES), read_only=True)])
    serves(guest)
    assert peers.request(guest.port(80), path="/a/b.txt")[2] == FILES["a/b.txt"]


def test_head_and_ranges(boot, site):
    port = serve(boot, site(FILES)).port(80)
    data = FILES["data.bin"]
    status, headers, body = peers.request(port, "HEAD", "/data.bin")
    assert (status, int(headers["Content-Length"]), body) == (200, len(data), b"")
    for wanted, (first, end) in {"0-0": (0, 1), "1-99": (1, 100), "4000-": (4000, 4096),
                                 "-5": (4091, 4096), "0-99999": (0, 4096)}.items():
        status, headers, body = peers.request(port, path="/data.bin",
                                              headers={"Range": f"bytes={wanted}"})
        assert (status, body) == (206, data[first:end]), wanted
        assert headers["Content-Range"] == f"bytes {first}-{end - 1}/{len(data)}"
    assert peers.request(port, path="/data.bin", headers={"Range": "bytes=4096-"})[0] == 416


def test_connection_is_kept(boot, site):
    port = serve(boot, site(FILES)).port(80)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=peers.LIMIT)
    connection.connect()
    ours = connection.sock.getsockname()
    for _ in range(20):
        for path in ("/", "/nothing", "/data.bin"):
            peers.request(port, path=path, connection=connection)
            assert connection.sock and connection.sock.getsockname() == ours
    connection.close()


def raw(port, data):
    """The first line of what comes back for these bytes; b"" if nothing does."""
    with peers.socket.create_connection(("127.0.0.1", port), timeout=peers.LIMIT) as connection:
        connection.sendall(data)
        connection.shutdown(peers.socket.SHUT_WR)
        answer = b""
        try:
            while more := connection.recv(65536):
                answer += more
        except ConnectionResetError:
            pass
    return answer.split(b"\r\n")[0]


@pytest.mark.parametrize("path", ["/../etc/passwd", "/a/../../x", "/%2e%2e/x", "/a/%2e%2e%2f../x",
                                  "/..", "/%00", "/a%2f..%2f..%2fx", "//..//x", "/\\..\\x"])
def test_path_outside(boot, site, path):
    port = serve(boot, site(FILES)).port(80)
    line = raw(port, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert line.split()[1] in (b"400", b"403", b"404"), line


@pytest.mark.parametrize("data, codes", [
    (b"NONSENSE\r\n\r\n", (400,)),
    (b"GET / HTTP/1.1\r\n\r\n", (400,)),  # no Host
    (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", (400, 505)),
    (b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", (400, 414, 431)),
    (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20000 + b"\r\n", (400, 431)),
    (b"\0\1\2\3\r\n\r\n", (400,)),
], ids=["nonsense", "no-host", "version", "long-path", "many-fields", "binary"])
def test_bad_request(boot, site, data, codes):
    port = serve(boot, site(FILES)).port(80)
    line = raw(port, data)
    # The answer may be lost where the server closes while we still send.
    assert line == b"" or int(line.split()[1]) in codes, line
    assert peers.request(port, path="/a/b.txt")[0] == 200


def test_several_at_once(boot, site):
    """Sixteen clients, and one that says nothing."""
    port = serve(boot, site({**FILES, "large": os.urandom(300000)})).port(80)
    silent = peers.socket.create_connection(("127.0.0.1", port), timeout=peers.LIMIT)
    results = []

    def client(number):
        bodies = [peers.request(port, path=path)[2] for path in ("/large", "/a/b.txt") * 3]
        results.append(len({len(body) for body in bodies}) == 2 and bodies[1] == b"text\n")

    threads = [threading.Thread(target=client, args=(i,)) for i in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(peers.LIMIT)
    silent.close()
    assert results == [True] * 16


def test_status(boot, site):
    port = serve(boot, site(FILES)).port(80)
    status, headers, body = peers.request(port, path="/status")
    assert status == 200 and headers["Content-Type"].startswith("application/json")
    state = json.loads(body)
    assert state["memory"]["free"] <= state["memory"]["total"] <= 64 << 20
    assert state["disks"][0]["name"] == "vda" and state["disks"][0]["read_only"] is True
    assert state["interfaces"][0]["name"] == "eth0"
    later = json.loads(peers.request(port, path="/status")[2])
    assert later["server"]["requests"] > state["server"]["requests"]
    assert later["interfaces"][0]["rx_frames"] > state["interfaces"][0]["rx_frames"]


def events(port):
    """Opens /events: the connection, and a generator of what comes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=peers.LIMIT)
    connection.request("GET", "/events")
    answer = connection.getresponse()
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/event-stream"

    def states():
        while line := answer.readline():
            assert line.startswith(b"data: ") and answer.readline() == b"\n"
            yield json.loads(line[6:])
    return answer, states()


def test_events(boot, site):
    """The status at once, and again each second; who goes away is forgotten, and nobody is kept waiting."""
    port = serve(boot, site(FILES)).port(80)
    answer, states = events(port)
    first, second, third = next(states), next(states), next(states)
    assert first["uptime"] < second["uptime"] < third["uptime"]
    assert third["uptime"] - second["uptime"] < 30
    watchers = [events(port) for _ in range(20)]
    assert all(next(states)["system"] == "Ringlet" for _, states in watchers)
    assert peers.request(port, path="/a/b.txt")[2] == b"text\n"
    assert next(states)["server"]["connections"] > 1
    for watcher, _ in watchers:
        watcher.close()
    while next(states)["server"]["connections"] > 1:
        continue  # bounded: an event is waited for LIMIT seconds, and the guest lives as long as a test may
    answer.close()
    status, headers, body = peers.request(port, "HEAD", "/events")
    assert (status, headers["Content-Type"], body) == (200, "text/event-stream", b"")


def test_no_files(boot):
    """Neither disk nor initrd: one clear line, and no crash."""
    guest = boot("httpd", "ip=dhcp", nets=[Net(forward=(80,))])
    guest.expect(r"(root|httpd): ")
    assert "panic" not in guest.text
