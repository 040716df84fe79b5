"""./run: what a guest's console, its end and its exit code are to the shell that called it.

Relies on `make system` having built all that ./run would build. It always works in build/, so
with another folder in $BUILD these tests are skipped, as on a host that is not here.
"""

import ctypes
import random
import shlex
import signal
import struct
import subprocess
import time

import pytest

from guest import LIMIT, Guest
from hosts import BUILD, ROOT, Launcher, missing
from qemu import QemuPc

HOSTS = {"launcher": Launcher, "qemu": QemuPc}
PROMPT = "^ringlet> "


@pytest.fixture(params=HOSTS)
def command(request):
    """command(WORD...) -> the command line of ./run on this host, with a disk that others can
    have as well, and without a network card, since all would choose among the same ports."""
    lacks = missing(HOSTS[request.param])
    if BUILD != ROOT / "build" or lacks:
        pytest.skip(f"{request.param} is not here: {lacks}" if lacks else
                    "./run works in build/ only")
    return lambda *words: [str(ROOT / "run"), "--host", request.param, "--no-net", "--disk",
                           f"{BUILD}/site.tar,ro", *words]


@pytest.fixture
def start():
    """start(command) -> Guest, whose end is that of ./run."""
    started = []

    def guest(command):
        # Who started the tests may have SIGINT ignored, which is inherited.
        started.append(Guest("run", ["env", "--default-signal=INT", *command],
                             lambda status, last_line: status))
        return started[-1]

    yield guest
    for guest in started:
        guest.process.terminate()  # and not killed: it has a guest to end
        guest.process.wait(LIMIT)
        guest.stop()


def run(command, stdin=""):
    # A ./run that is killed could not end its guest.
    return subprocess.run(["timeout", str(LIMIT), *command], input=stdin, capture_output=True,
                          text=True)


@pytest.mark.parametrize("code", [0, 3, 126, 127, 128, 255])
def test_codes(command, code):
    done = run(command("hello", str(code), "a b"))
    assert done.stdout == f"Hello from Ringlet!\n{code}\na b\n"
    assert done.stderr.splitlines()[-1] == f"exit: {code}"
    assert done.returncode == code


def test_no_image(command, tmp_path):
    """Status 1 of QEMU means an image that it refuses, or a guest that left with 0."""
    image = tmp_path / "no-image"
    image.write_text("This is no ELF file.\n")
    done = run(command(str(image)))
    assert done.returncode in (2, 125) and done.stderr


@pytest.mark.parametrize("lines, code", [("help\nfrobnicate\n", 127), ("help\nfrobnicate", 127),
                                         ("help\n", 0), ("", 0)])
def test_end_of_input(command, lines, code):
    done = run(command("shell"), lines)
    assert ("  exit [CODE]" in done.stdout) == ("help" in lines)
    assert ("frobnicate: no such command" in done.stdout + done.stderr) == ("frobnicate" in lines)
    assert done.returncode == code


def test_input_that_stays_open(command, start):
    """The guest's end is the end, though more could come."""
    assert start(command("hello", "2")).wait() == 2


def test_interrupt(command, start):
    """SIGINT where it is no key: a terminal sends it if standard input is something else, and
    what a script starts in the background has it ignored."""
    guest = start(command("shell"))
    time.sleep(2)  # into a pipe the shell's prompt comes when there is enough of it
    guest.process.send_signal(signal.SIGINT)
    assert guest.wait() == 130


def test_paste(command, start):
    """Lines come as they were, however many at once, where a terminal brings them."""
    guest = start(["script", "-qefc", shlex.join(command("shell")), "/dev/null"])
    guest.expect(PROMPT)
    names = [f"/{i}-{'xyz' * (i % 20)}" for i in range(100)]
    guest.send("".join(f"ls {name}\r" for name in names) + "exit 9\r")
    assert guest.wait() == 9
    for name in names:
        guest.expect(f"^ls: {name}: No such file")


# ---- bytes, where no person is at either end ----

RANDOM = random.Random(11).randbytes(1 << 20)


@pytest.mark.parametrize("data", [RANDOM, b"", b"\x03\x04\x10\x10\x04\r\n\0", b"\x10" * 5000, b"line"],
                         ids=["mebibyte", "nothing", "keys", "marks", "no end of line"])
def test_bytes(command, data):
    """Both ways, and the end of input is one; what is said besides is on standard error."""
    done = subprocess.run(["timeout", str(LIMIT), *command(str(BUILD / "bytes.elf"))], input=data,
                          capture_output=True)
    assert done.stdout == data
    told = f"{len(data)} bytes, then 0, events 17, waiting 0, terminals 0 0 0 0"
    assert told in done.stderr.decode().splitlines()
    assert done.returncode == 200


def test_bytes_from_a_file(command, tmp_path):
    """Also where output is a file, and not all of it is echo."""
    (tmp_path / "in").write_bytes(RANDOM[:100000])
    with open(tmp_path / "in", "rb") as given, open(tmp_path / "out", "wb") as taken:
        done = subprocess.run(["timeout", str(LIMIT), *command(str(BUILD / "bytes.elf"), "a", "300000")],
                              stdin=given, stdout=taken, stderr=subprocess.PIPE)
    pattern = b"".join(bytes((left - i) & 255 for i in range(min(left, 20000)))
                       for left in range(300000, 0, -20000))
    assert (tmp_path / "out").read_bytes() == pattern
    assert b"100000 bytes, then 0" in done.stderr


# ---- a machine whose kernel has no LDT ----

MODIFY_LDT = 154  # of x86-64
REFUSE_LDT = b"".join(struct.pack("HBBI", *line) for line in [
    (0x20, 0, 0, 0),            # load the number of the call
    (0x15, 0, 1, MODIFY_LDT),   # if it is this one,
    (0x06, 0, 0, 0x50000 | 38), # it gets ENOSYS,
    (0x06, 0, 0, 0x7fff0000)])  # and each other is allowed


def refuse_ldt():
    """In a child before its program starts: a filter for it and all that it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    code = ctypes.create_string_buffer(REFUSE_LDT)
    program = struct.pack("HxxxxxxQ", len(REFUSE_LDT) // 8, ctypes.addressof(code))
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
        raise OSError(ctypes.get_errno(), "the filter was refused")


def run_without_ldt(*command):
    return subprocess.run(["timeout", str(LIMIT), *command], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, preexec_fn=refuse_ldt)


def test_probe_tells_that_segments_are_missing():
    done = run_without_ldt(f"{BUILD}/lguest", "--probe")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("lguest: ") and "modify_ldt" in done.stderr


@pytest.mark.skipif(BUILD != ROOT / "build", reason="./run works in build/ only")
def test_another_host_takes_over():
    done = run_without_ldt(ROOT / "run", "--no-net", "hello", "3")
    assert done.returncode == 3
    assert "Hello from Ringlet!\n3\n" in done.stdout
    assert "modify_ldt" in done.stderr and "; QEMU runs it instead\n" in done.stderr


@pytest.mark.skipif(BUILD != ROOT / "build", reason="./run works in build/ only")
def test_a_host_that_was_asked_for_is_not_replaced():
    done = run_without_ldt(ROOT / "run", "--host", "launcher", "--no-net", "hello", "3")
    assert done.returncode == 125 and "QEMU" not in done.stderr
