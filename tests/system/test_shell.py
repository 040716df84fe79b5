"""The shell: line editing, and each of its commands."""

import hashlib
import http.server
import os
import re
import socket
import subprocess
import threading

import pytest

from guest import LIMIT
from hosts import Disk, Entropy, Net
from peers import HOST

PROMPT = r"^\r?ringlet> "


class Terminal:
    """A shell that is ready, and what a person does with it."""

    def __init__(self, guest):
        self.guest = guest
        self.ready()

    def ready(self):
        """Wait for a prompt; what is looked for next may begin with it."""
        self.guest.position = self.guest.expect(PROMPT).start()

    def type(self, keys):
        self.guest.send(keys)

    def run(self, line):
        """The command's output."""
        start = len(self.guest.text)
        self.type(line + "\r")
        if line.isprintable() and line.isascii():
            # The log may have come in between, and the prompt again behind it.
            start = self.guest.expect(PROMPT + re.escape(line) + "$").start()
        else:
            self.guest.expect(PROMPT)
        self.ready()
        # The terminal's own sequences, and the line as it was typed, are not output.
        output = re.sub(r"\x1b\[[0-9;]*[A-Za-z]|\r", "", self.guest.text[start:])
        return output.split("\n", 1)[1].rsplit("\n", 1)[0] + "\n"

    def lines(self, line):
        """The lines of the command's output, but for those of the kernel's log."""
        return [text for text in self.run(line).split("\n") if text and not re.match("ringlet> |eth0: ", text)]

    def leave(self, code=0):
        self.type(f"exit {code}\r")
        assert self.guest.wait() == code


@pytest.fixture
def shell(boot):
    return lambda args="", **more: Terminal(boot("shell", args, **more))


@pytest.mark.smoke
def test_help_and_exit(shell):
    terminal = shell()
    for name in ("help", "dev", "net", "ping", "blk", "ls", "cat", "sha256", "hexdump", "cp", "mv", "rm", "mkdir",
                 "mount", "df", "wget", "nc", "top", "blktest", "mem",
                 "uptime", "date", "log", "panic", "exit"):
        assert re.search(rf"^ *{name}\b", terminal.run("help"), re.M)
    assert terminal.run("help ls") == "  ls [-l] [PATH...]               files in a folder\n"
    assert terminal.run("uptime now") == "Usage: uptime\n"
    for line in ("frobnicate", "help frobnicate"):
        assert "frobnicate: no such command" in terminal.run(line)
    terminal.leave(200)


def test_command_from_the_command_line(boot):
    guest = boot("shell", "-- exit 9")
    assert guest.wait() == 9


def test_editing(shell):
    """Keys as their sequences; what counts is the line that is carried out in the end."""
    terminal = shell()
    left, right, up, home, end, delete = ("\x1b[D", "\x1b[C", "\x1b[A", "\x1b[H", "\x1b[F",
                                          "\x1b[3~")
    for keys, word in {
            "abc" + left + "X": "abXc",
            "abc" + left + left + right + "X": "abXc",
            "bc" + home + "a" + end + "d": "abcd",
            "bc" + "\x01" + "a" + "\x05" + "d": "abcd",
            "abX\x7fc": "abc",
            "Xabc" + home + delete: "abc",
            "abcX" + left + "\x0b": "abc",
            "nonsense\x15abc": "abc",
            "abc def\x17": "abc",
            "äbc\x7f": "äb"}.items():
        assert f"{word}: no such command" in terminal.run(keys), repr(keys)
    terminal.run("first")
    terminal.run("second")
    assert "first: no such command" in terminal.run(up + up)
    terminal.type("xxthird\x01\x04\x04\x05\x04")  # ^D deletes, and at the end it enters
    terminal.guest.expect("^third: no such command")
    terminal.ready()
    terminal.run("help")  # what ends the shell is the status of the last command
    terminal.type("half a line\x03")
    terminal.guest.expect(PROMPT)
    terminal.type("\x04")
    assert terminal.guest.wait() == 0


def on_screen(text):
    """The lines of a terminal that was sent this, as far as the shell's sequences go."""
    lines, at = [""], 0
    for sequence, char in re.findall(r"(\x1b\[\d*[KD])|(.)", text, re.DOTALL):
        if char == "\n":
            lines.append("")
            at = 0
        elif char == "\r":
            at = 0
        elif sequence.endswith("K"):
            lines[-1] = lines[-1][:at]
        elif sequence:
            at -= int(sequence[2:-1])
        else:
            lines[-1] = lines[-1][:at] + char + lines[-1][at + 1:]
            at += 1
    return lines


def test_log_while_typing(shell):
    """Its lines stand by themselves, and what was typed stands behind them, where it goes on. An
    address from a router takes more than a second, in which a line is begun."""
    terminal = shell("ip6=auto", nets=[Net()], needs={"network of 10.0.2.2"})
    terminal.type("halfly\x1b[D\x1b[D")
    terminal.guest.expect(r"^eth0: fec0:.*, by its router\n\r?ringlet> .*fly", anywhere=True)
    terminal.type(" a \x04\x04nonsense\r")
    terminal.guest.expect("^half: no such command")
    lines = on_screen(terminal.guest.text)
    assert "ringlet> half a nonsense" in lines
    assert sum(line.startswith("eth0: fec0:") for line in lines) == 1
    terminal.leave(127)


def test_disks(shell, tmp_path):
    data = os.urandom(1 << 20)
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(data)
    second.write_bytes(bytes(1 << 20))
    terminal = shell(disks=[Disk(image=first, read_only=True, options={"serial": "abc"}),
                            Disk(image=second)])
    blk = terminal.run("blk")
    assert re.search("^vda: 2048 sectors .*read-only", blk, re.M) and "vdb: 2048 sectors" in blk
    assert re.search("serial +abc$", blk, re.M)
    want = hashlib.sha256(data).hexdigest()
    assert terminal.run("sha256 vda") == f"{want}  vda\n"
    assert " 0 errors\n" in terminal.run("blktest vdb 1 200")
    assert "read-only" in terminal.run("blktest vda")
    assert terminal.run("sha256 vda") == f"{want}  vda\n"
    terminal.leave()
    assert first.read_bytes() == data


def test_files(shell, tmp_path):
    site = tmp_path / "site"
    (site / "folder").mkdir(parents=True)
    text = "".join(f"line {i}\n" for i in range(3000))
    (site / "folder/text").write_text(text)
    (site / "small").write_text("no newline")
    subprocess.run(["tar", "-C", site, "-cf", tmp_path / "tar", "."], check=True)
    terminal = shell(disks=[Disk(image=tmp_path / "tar", read_only=True)])
    assert set(terminal.run("ls").split()) >= {"folder/", "small"}
    assert "text" in terminal.run("ls folder")
    assert re.search(rf"^-\S* +{len(text)} .* text$", terminal.run("ls -l folder"), re.M)
    assert terminal.run("cat folder/text") == text
    assert terminal.run("sha256 folder/text").split()[0] == hashlib.sha256(
        text.encode()).hexdigest()
    assert "No such file" in terminal.run("cat nothing")
    terminal.run("cd folder")
    assert terminal.run("pwd") == "/folder\n"
    terminal.leave()


def test_network(shell):
    terminal = shell("ip=dhcp ip6=auto", nets=[Net()], rng=Entropy())
    terminal.guest.expect(r"by DHCP$", anywhere=True)
    net = terminal.run("net")
    assert "10.0.2.15/24" in net and re.search("gateway +10.0.2.2$", net, re.M)
    assert re.search("^10.0.2.2: 3 sent, 3 received", terminal.run("ping 10.0.2.2 3"), re.M)
    terminal.guest.expect(r"eth0: fec0:.*by its router$", anywhere=True)
    assert re.search("^fec0::2: 3 sent, 3 received", terminal.run("ping fec0::2 3"), re.M)
    terminal.leave()


def test_machine(shell):
    terminal = shell()
    memory = dict(re.findall(r"^(\w+) +(\d+) KiB", terminal.run("mem"), re.M))
    assert 0 < int(memory["least"]) <= int(memory["free"]) < int(memory["total"]) <= 65536
    first = terminal.run("uptime")
    assert any(terminal.run("uptime") > first for _ in range(1000))
    year = int(re.search(r"\b(20\d\d)\b", terminal.run("date")).group(1))
    assert 2024 < year < 2100
    terminal.type("panic\r")
    assert terminal.guest.wait() == 120
    assert re.search(r"^error:   0x[0-9a-f]{8} \w*panic\w*\+0x", terminal.guest.text, re.M)


def test_log(shell):
    terminal = shell("log=quiet ip=off foo=bar --", nets=[Net()])
    assert "eth0: ip=off, stays down\n" in terminal.run("log")
    assert "down (ip=off, or no word for it on the command line)" in terminal.run("net")
    terminal.leave()


def test_changes(shell, tmp_path):
    """cp, mv, rm, mkdir and hexdump, in memory beside an archive that cannot be changed."""
    (tmp_path / "site/folder").mkdir(parents=True)
    (tmp_path / "site/folder/text").write_bytes(bytes(range(40)))
    subprocess.run(["tar", "-C", tmp_path / "site", "-cf", tmp_path / "tar", "."], check=True)
    terminal = shell(disks=[Disk(image=tmp_path / "tar", read_only=True)])
    for line, said in {
            "mkdir /tmp/a /tmp/a/b": "",
            "cp /folder/text /folder/text /tmp/a": "",
            "cp /folder/text /tmp/a/b/new": "",
            "cp /tmp/a/text /tmp/a/text": "cp: /tmp/a/text and /tmp/a/text are the same file",
            "cp /folder/text /tmp/nowhere/new": "cp: /tmp/nowhere/new: No such file or directory",
            "cp /folder /tmp": "cp: /folder: Is a directory",
            "cp /folder/text /nothing /tmp/a/text": "cp: /tmp/a/text: Not a directory",
            "cp -r /tmp/a /tmp/a/b": "cp: /tmp/a/b/a lies in /tmp/a itself",
            "cp -r /tmp/a /tmp/c": "",
            "mv /tmp/c/b /tmp/d": "",
            "mv /tmp/d /dev/shm": "",  # another file system
            "ls /tmp/c /tmp/d": "ls: /tmp/d: No such file or directory\n/tmp/c:\ntext",
            "hexdump /dev/shm/d/new 18": "00000012  12 13 14 15 16 17 18 19  1a 1b 1c 1d 1e 1f 20 21  |.............. !|\n"
                                         "00000022  22 23 24 25 26 27" + "   " * 2 + " " + "   " * 8 + "  |\"#$%&'|",
            "rm /tmp/c": "rm: /tmp/c: Is a directory",
            "rm -r /tmp/a /tmp/c /tmp/never": "rm: /tmp/never: No such file or directory",
            "ls /tmp": "",
            "rm /folder/text": "rm: /folder/text: Read-only file system",
            "mkdir /new": "mkdir: /new: Read-only file system",
            "mv /folder/text /tmp": "mv: /folder/text: Read-only file system",
            "hexdump /tmp/text 0 x": "x: not a number from 0 to 4611686018427387903"}.items():
        assert sorted(terminal.lines(line)) == sorted(said.split("\n") if said else []), line
    assert re.search(r"^tmpfs +on /tmp$", terminal.run("mount"), re.M)
    assert re.search(r"^tar +on / \(read-only\)$", terminal.run("mount"), re.M)
    assert re.search(r"^tmpfs +\d+ +8 +\d+ +1%  /tmp$", terminal.run("df"), re.M)
    assert re.search(r"^   1 +\d+  main$", terminal.run("top 1"), re.M)
    terminal.leave()


class Site(http.server.BaseHTTPRequestHandler):
    """One file, and answers that a client may meet."""

    file = bytes(range(256)) * 1000

    def do_GET(self):
        if self.path == "/file?x=1":
            self.send_response(200)
            self.send_header("content-LENGTH", str(len(self.file)))
        elif self.path == "/short":
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.file) + 1))
        else:
            self.send_error(404)
            return
        self.end_headers()
        self.wfile.write(self.file)

    def log_message(self, *words):
        """Nothing of it on our terminal."""


def test_wget(shell):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://{HOST}:{server.server_port}"
    terminal = shell("ip=dhcp", nets=[Net()], needs={"network of 10.0.2.2"})
    try:
        assert terminal.lines(f"wget {base}/file?x=1 /tmp/file") == []
        assert terminal.run("sha256 /tmp/file").split()[0] == hashlib.sha256(Site.file).hexdigest()
        assert f"wget: {base}/none: HTTP/1.0 404 " in terminal.run(f"wget {base}/none")
        length = len(Site.file)
        assert f": ended after {length} of {length + 1} bytes" in terminal.run(f"wget {base}/short /tmp/short")
        for url in ("ftp://host/", "http://", "http://[::1/", "http://host:123456/"):
            assert f"wget: {url}: not of the form" in terminal.run(f"wget {url}")
    finally:
        server.shutdown()
        server.server_close()
    terminal.leave(2)


def test_nc(shell):
    """Lines both ways, and the end of either side."""
    terminal = shell("ip=dhcp", nets=[Net()], needs={"network of 10.0.2.2"})
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LIMIT)
        terminal.type(f"nc {HOST} {server.getsockname()[1]}\r")
        peer, _ = server.accept()
    with peer:
        peer.settimeout(LIMIT)
        peer.sendall(b"hello from outside\n")
        terminal.guest.expect("^hello from outside$")
        terminal.type("and from inside\r")
        assert peer.recv(100) == b"and from inside\n"
        terminal.type("\x04")
        assert peer.recv(100) == b""
        peer.sendall(b"still here\n")
        terminal.guest.expect("^still here$")
    terminal.ready()
    assert "nc: nobody.invalid: " in terminal.run("nc nobody.invalid 1")
    terminal.leave(1)
