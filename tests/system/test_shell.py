"""The shell: line editing, and each of its commands."""

import hashlib
import os
import re
import subprocess

import pytest

from hosts import Disk, Entropy, Net

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

    def leave(self, code=0):
        self.type(f"exit {code}\r")
        assert self.guest.wait() == code


@pytest.fixture
def shell(boot):
    return lambda args="", **more: Terminal(boot("shell", args, **more))


@pytest.mark.smoke
def test_help_and_exit(shell):
    terminal = shell()
    for name in ("help", "dev", "net", "ping", "blk", "ls", "cat", "sha256", "blktest", "mem",
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
