"""The console as a person at a terminal meets it, on each of its devices."""

import re
import shutil
import socket

import pytest

from hosts import Console, new_folder

CELLS = {
    "default": Console(),
    "legacy": Console(flavour="legacy"),
    "modern": Console(flavour="modern"),
    "legacy-plain-ring": Console(flavour="legacy",
                                 options={"event_idx": "off", "indirect_desc": "off"}),
    "modern-plain-ring": Console(flavour="modern",
                                 options={"event_idx": "off", "indirect_desc": "off"}),
    "packed": Console(flavour="modern", options={"packed": "on"}),
    "one-port": Console(options={"max_ports": 1}),
    "no-emergency-write": Console(options={"emergency-write": "off"}),
    "no-vectors": Console(options={"vectors": 0}),
    "4-vectors-legacy": Console(flavour="legacy", options={"vectors": 4}),
    "serial-port": None,
}


@pytest.mark.parametrize("cell", CELLS)
def test_much_out(boot, cell):
    """Every character of 100 000 arrives once, in order."""
    guest = boot("talk", "log=warn -- 1000 3", console=CELLS[cell])
    assert guest.wait() == 3
    assert guest.text == "".join(f"{i:08} {0:091}\n" for i in range(1000)) + "exit: 3\n"


@pytest.mark.parametrize("cell", CELLS)
def test_much_in(boot, cell):
    """Lines that come faster than they are read, as when text is pasted (row 59)."""
    guest = boot("libctest", "lines", console=CELLS[cell])
    guest.expect("^type$")
    lines = [f"line {i} {'x' * (i % 60)}" for i in range(100)]
    guest.send("\n".join(lines) + "\n")
    for line in lines:
        guest.expect(f"<{line}>\n")  # behind echoes of what comes later
    guest.send("\x04")
    assert guest.wait() == 0


def test_serial_port_reads(boot):
    guest = boot("libctest", "lines", console=None)
    guest.expect("^type$")
    for i in range(20):
        guest.send(f"line {i}\r")
        guest.expect(f"<line {i}>\n")
    guest.send("\x04")
    assert guest.wait() == 0


@pytest.mark.parametrize("name, other", [("ttyS0", "hvc0"), ("hvc0", "ttyS0")])
def test_chosen_console(boot, name, other):
    """console= names one; what is there is listed for a name that is not."""
    guest = boot("talk", f"console={name} -- 5 0", needs={"serial port"})
    assert guest.wait() == 0
    assert guest.text.count("0" * 91) == 5
    guest = boot("talk", "console=tty7 -- 5 0")
    assert guest.wait() == 0
    complaint = re.search("^warning: .*console=tty7 is not understood (.*)$", guest.text, re.M)
    assert name in complaint.group(1) and other in complaint.group(1)


@pytest.fixture
def deaf():
    """A socket that takes what its buffer holds and never reads: a host that hangs."""
    folder = new_folder()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "deaf"))
    listener.listen(1)
    yield f"socket,path={folder / 'deaf'}"
    listener.close()
    shutil.rmtree(folder)


@pytest.mark.parametrize("end, code", [("5", 5), ("panic", 120)])
@pytest.mark.parametrize("flavour", ["legacy", "modern"])
def test_host_that_does_not_read(boot, deaf, end, code, flavour):
    """Output is dropped after a while; exit and panic get through (row 58)."""
    guest = boot("talk", f"20000 {end}", console=Console(chardev=deaf, flavour=flavour))
    assert guest.wait(console=False) == code
