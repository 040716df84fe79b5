"""Programs that were built for 32-bit Linux, static and unchanged, on apps/linux: those of
tests/linux by this machine's C library, which check themselves, one by musl, Debian's busybox, and a
server in Go."""

import io
import os
import platform
import re
import shlex
import subprocess
import tarfile
import time
import urllib.request

import pytest

import applets
import doors
from guest import LIMIT
from hosts import BUILD, ROOT, Disk, Entropy, Net

PROGRAMS = sorted(path.stem for path in (ROOT / "tests/linux").glob("*.c"))
BUSYBOX = next(iter((ROOT / "build/deps").glob("busybox-static-*/bin/busybox")), None)
SERVER = BUILD / "linux/server"
NEEDED = 256  # MiB: programs are linked at 128 MiB


def pack(path, files):
    """An archive of {name: what}: a Path's content, text, bytes, or None for a folder."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, what in files.items():
            member = tarfile.TarInfo(name)
            member.mode = 0o755
            if what is None:
                member.type = tarfile.DIRTYPE
                tar.addfile(member)
                continue
            data = what.encode() if isinstance(what, str) else what
            data = data if isinstance(data, bytes) else data.read_bytes()
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    files = {"bin": None, "etc": None, **applets.FILES}
    for program in [*PROGRAMS, "words-pie"]:
        files[f"bin/{program}"] = BUILD / "linux" / program
    files["bin/musl"] = BUILD / "native/semantics"
    files["bin/cut"] = "\x7fELF\x01\x01\x01"
    files["etc/text"] = "words\n"
    if BUSYBOX:
        files["bin/busybox"] = BUSYBOX
    if SERVER.exists():
        files["bin/server"] = SERVER
    return pack(tmp_path_factory.mktemp("linux") / "root.tar", files)


@pytest.fixture
def guest(boot, root):
    """guest(words...) -> a guest that runs the program; the log's errors are on its console."""
    def start(*words, mem=NEEDED, boot=boot, kernel="log=error", **more):
        args = " ".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words)
        return boot("linux", f"{kernel} -- {args}", mem=mem, disks=[Disk(image=root, read_only=True)],
                    rng=Entropy(), **more)

    return start


@pytest.fixture
def run(guest):
    """run(words...) -> (exit code, what it printed)."""
    def start(*words, **more):
        started = guest(*words, **more)
        code = started.wait()
        return code, re.sub(r"exit: \d+\n$", "", started.text)

    return start


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_checks_itself(run, program):
    code, text = run(f"/bin/{program}", nets=[Net()])
    assert re.search(r"^[1-9]\d* checks, 0 failed$", text, re.MULTILINE), text
    assert code == (42 if program == "exec" else 0)


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_is_right_about_linux(program):
    """What the programs expect is what this machine's own kernel does."""
    if platform.machine() != "x86_64" or os.getuid() != 0:
        pytest.skip("the machine is another one, or we are not root, as the programs expect")
    done = subprocess.run([BUILD / "linux" / program], capture_output=True, text=True, timeout=90, check=False,
                          env={"HOME": "/", "PATH": "/"}, stdin=subprocess.DEVNULL)
    if done.returncode == -31 or done.returncode == 126:
        pytest.skip("this machine runs no 32-bit programs")
    assert re.search(r"^[1-9]\d* checks, 0 failed$", done.stdout, re.MULTILINE), done.stdout


def test_arguments_and_exit_code(run):
    code, text = run("/bin/words", "77", "two words", "", needs={"words as written"})
    assert "argv[0] = /bin/words\nargv[1] = 77\nargv[2] = two words\nargv[3] = \n" in text
    assert code == 77


def test_position_independent(run):
    assert run("/bin/words-pie", "5")[0] == 5


def test_musl(run):
    """The program of test_semantics.py as it is on Linux; its lines are compared there."""
    code, text = run("/bin/musl", "clocks")
    assert code == 0 and "clocks: " in text


@pytest.mark.parametrize("words, mem, code, sentence", [
    (["/bin/words"], 64, 126, r"/bin/words needs memory up to 0x8\w+, and there are 6\d MiB; give the machine 256"),
    (["/bin/nothing"], NEEDED, 127, "/bin/nothing is not there"),
    (["/etc"], NEEDED, 126, "/etc is no file to run"),
    (["/etc/text"], NEEDED, 126, "/etc/text is no ELF file"),
    (["/bin/cut"], NEEDED, 126, "/bin/cut is no ELF file"),
    ([], NEEDED, 127, "which program"),
])
def test_what_cannot_run(run, words, mem, code, sentence):
    got, text = run(*words, mem=mem)
    assert (got, bool(re.search(sentence, text))) == (code, True), text


# ---- busybox ----

@pytest.fixture
def busybox(run):
    if not BUSYBOX:
        pytest.skip("there is no busybox: tools/setup linux brings it")
    return lambda *words, **more: run("/bin/busybox", *words, **more)


def test_busybox_lists_files(busybox):
    code, text = busybox("ls", "-l", "/bin")
    assert code == 0
    assert re.search(rf"^-rwxr-xr-x .* {BUSYBOX.stat().st_size} .* busybox$", text, re.MULTILINE)


def test_busybox_shell(busybox):
    """A shell's own commands, files, and exec at the end; a fork says that there is none."""
    code, text = busybox("sh", "-c", "cd /tmp; for i in 1 2 3; do echo line $i >>f; done; "
                                     "read a <f; echo [$a] $((6 * 7)); exec /bin/busybox cat f")
    assert (code, text) == (0, "[line 1] 42\nline 1\nline 2\nline 3\n")
    code, text = busybox("sh", "-c", "ls | cat")
    assert code != 0 and "fork" in text


def native(root, words):
    """(exit code, what it printed) of the same program on this machine, in the same files."""
    world = root.parent / "world"
    if not world.exists():
        with tarfile.open(root) as tar:
            tar.extractall(world)
    done = subprocess.run(["/usr/sbin/chroot", world, *words], capture_output=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL,
                          env={"HOME": "/", "PATH": "/", "TERM": "xterm", "USER": "root"})
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def compared(text):
    """The console's own: lines end in CR and LF, and the last one ends."""
    return text.replace("\r\n", "\n").rstrip()


@pytest.mark.parametrize("command", applets.COMMANDS)
def test_busybox_applet(boot_on, root, command):
    """Each prints and returns what it does on Linux. On our launcher alone, as there are many."""
    if not BUSYBOX:
        pytest.skip("there is no busybox: tools/setup linux brings it")
    if platform.machine() != "x86_64" or os.getuid() != 0:
        pytest.skip("to compare, this machine has to run it in a root of its own")
    words = ["/bin/busybox", *shlex.split(command)]
    code, text = native(root, words)
    quoted = " ".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words)
    launcher = next(door for door in doors.DOORS if door.name == "launcher")
    guest = boot_on(launcher, "linux", f"log=warn -- {quoted}", mem=NEEDED,
                    disks=[Disk(image=root, read_only=True)], rng=Entropy())
    assert guest.wait() == code
    assert compared(re.sub(r"exit: \d+\n$", "", guest.text)) == compared(text)


# ---- Go ----

def test_go_server(guest):
    """net/http, goroutines, the collector, and a goroutine that only a signal can interrupt."""
    if not SERVER.exists():
        pytest.skip("there is no Go program: tools/setup go brings the compiler, make linux-programs builds it")
    server = guest("/bin/server", "word", nets=[Net(forward=(80,))], kernel="log=error ip=dhcp")
    server.expect(r"^linux 386 \[word\] 1225$")
    server.expect("^listening$")

    def get(path):
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port(80)}{path}", timeout=60) as answer:
            return answer.read().decode()

    def reached():
        """It listens before DHCP has given it an address, and until then QEMU has nobody to connect to."""
        try:
            return get("/a/path")
        except ConnectionError:
            return None

    deadline = time.monotonic() + LIMIT
    while not (text := reached()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert text == "hello /a/path\n"
    assert get("/grow") == "400 true\n"
    assert get("/spin") == "spinning\n"
    start = time.monotonic()
    assert get("/still/there") == "hello /still/there\n"
    assert time.monotonic() - start < 10
    get("/quit")
    assert server.wait() == 9
