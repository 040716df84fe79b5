"""The C library inside an image: what tests/apps/libctest finds out by itself, and what shows
only from outside, which is how a program ends and what a person at the terminal sees."""

import re
import struct
import subprocess

import pytest

import archives
from hosts import BUILD, Entropy


@pytest.mark.smoke
def test_library(boot):
    guest = boot("libctest", rng=Entropy())
    assert guest.wait() == 0
    assert not re.search("^(FAIL|warning|error)", guest.text, re.M)
    assert len(re.findall("^ok ", guest.text, re.M)) >= 38


def test_library_on_a_simple_cpu(boot):
    """No NX, no RDRAND and little memory: getrandom has nothing, and says so once."""
    guest = boot("libctest", mem=8, extra=["-cpu", "qemu32,-rdrand"])
    assert guest.wait() == 0
    assert len(re.findall("^error: getrandom: no source of entropy", guest.text, re.M)) == 1


@pytest.mark.parametrize("word, code", [("abort", 134), ("term", 143), ("atexit", 7)])
def test_end(boot, word, code):
    guest = boot("libctest", word)
    assert guest.wait() == code
    assert ("at exit\n" in guest.text) == (word == "atexit")


def test_unknown_system_call(boot):
    """Made twice, named once."""
    guest = boot("libctest", "unknown")
    assert guest.wait() == 0
    assert guest.text.count("system call 500: not served by Ringlet (called by syscall)") == 1


def test_mapped_file(boot, tmp_path):
    text = "".join(f"line {i} of a file that is longer than a page\n" for i in range(200))
    archive = archives.make(tmp_path / "files.tar", {"long.txt": text.encode()})
    guest = boot("libctest", "map=/long.txt", modules=[archive])
    assert guest.wait() == 0
    assert text in guest.text


def test_zone_file(boot, tmp_path):
    """/etc/localtime of the root counts: 05:30 at the epoch, and its name."""
    block = b"TZif2" + bytes(15) + struct.pack(">6I", 0, 0, 0, 0, 1, 4)
    block += struct.pack(">ibb", 19800, 0, 0) + b"IST\0"
    zone = block + block + b"\nIST-5:30\n"
    archive = archives.make(tmp_path / "root.tar", {"etc/localtime": zone})
    guest = boot("libctest", "zone", modules=[archive])
    assert guest.wait() == 0
    assert "Thu Jan  1 05:30:00 1970\nIST name\n" in guest.text
    assert "not served" not in guest.text


def test_terminal_edits_lines(boot):
    guest = boot("libctest", "lines")
    guest.expect("^type$")
    guest.send("hexx\x7f\x7fllo\r")
    guest.expect("^<hello>$")
    guest.send("wrong line\x15right\n")
    guest.expect("^<right>$")
    guest.send("\x04")
    guest.expect("^end of file$")
    assert guest.wait() == 0
    assert "hexx\b \b\b \bllo\n" in guest.text


def test_terminal_interrupts(boot):
    guest = boot("libctest", "lines")
    guest.expect("^type$")
    guest.send("half a line\x03")
    assert guest.wait() == 130
    assert "half a line^C\n" in guest.text


def test_terminal_interrupts_a_sleeper(boot):
    """Nobody reads the terminal, and still the keys are seen."""
    guest = boot("libctest", "sleep")
    guest.expect("^sleeping$")
    guest.send("abc\x03")
    assert guest.wait() == 130
    assert "abc^C\n" in guest.text


def test_hello_carries_no_more_than_it_needs():
    """No printf family of the C library, no network, no files, no malloc."""
    table = subprocess.run(["nm", BUILD / "hello.debug"], capture_output=True, text=True,
                           check=True).stdout
    names = {line.split()[-1] for line in table.splitlines()}
    assert "puts" in names
    unwanted = {"printf", "vfprintf", "printf_core", "malloc", "sys_socket", "sys_open",
                "sys_mmap2", "sys_poll", "tcp_input", "fs_open", "pthread_create", "signal_send"}
    assert not names & unwanted
