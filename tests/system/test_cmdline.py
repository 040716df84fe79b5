"""The table of command lines (tests/data/cmdline.cases), on a booted guest."""

import re
import shutil
from dataclasses import dataclass, field

import pytest

from hosts import BUILD, ROOT, new_folder


DEFAULTS = {"HOME": "/", "PATH": "/", "TERM": "xterm", "USER": "root"}


@dataclass
class Case:
    line: int
    text: str
    expected: list = field(default_factory=list)  # (verb, value) in the file's order

    def values(self, verb):
        return [value for v, value in self.expected if v == verb]


def read_cases():
    cases = []
    path = ROOT / "tests/data/cmdline.cases"
    for number, line in enumerate(path.read_text().split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        verb, value = line.split(" ", 1)
        if verb == "text":
            cases.append(Case(number, value))
        else:
            cases[-1].expected.append((verb, value))
    return cases


def cases():
    """Where loaders differ is in what they make of quotes and backslashes."""
    for case in read_cases():
        odd = '"' in case.text or "\\" in case.text
        yield pytest.param(case, id=f"line{case.line}", marks=[pytest.mark.smoke] if odd else [])


@pytest.mark.parametrize("case", cases())
def test_case(boot, case):
    # A loader that quotes words anew loses empty ones, and takes the machine's for the user's.
    for_splitter = '""' in case.text or ('"' in case.text and "virtio_mmio.device" in case.text)
    needs = {"words as written"} if for_splitter else set()
    guest = boot("words", case.text, needs=needs)
    assert guest.wait() == 0
    lines = guest.text.split("\n")
    assert [line[4:] for line in lines if line.startswith("arg ")] == case.values("arg")
    warnings = [line for line in lines if line.startswith("warning: command line: ")]
    # The application's own start may find fault with a value; that is not the splitter's.
    warnings = [line for line in warnings if "is not understood" not in line]
    assert len(warnings) == len(case.values("warn"))
    for line, part in zip(warnings, case.values("warn")):
        assert part in line
    variables = dict(line[4:].split("=", 1) for line in lines if line.startswith("env "))
    wanted = dict(value.split("=", 1) for value in case.values("env"))
    assert variables == {**DEFAULTS, **wanted}
    # A machine may have put words of its own behind these.
    nth = [line[4:] for line in lines if line.startswith("nth ")]
    assert nth[:len(case.values("nth"))] == case.values("nth")
    words = dict(line[5:].split(" ", 1) for line in lines if line.startswith("word "))
    for value in case.values("word"):
        key, want = value.split(" ", 1)
        assert words.get(key) == want
    for key in case.values("none"):
        assert key not in words


def test_folder_name_is_no_option(boot):
    """QEMU puts the path of the image in front of the words, unquoted."""
    base = new_folder()
    try:
        folder = base / "ip=10.9.9.9 root=no -- \"x" / "words.elf.d"
        folder.mkdir(parents=True)
        shutil.copy(BUILD / "words.elf", folder)
        guest = boot("words", "gw=1.2.3.4 a", image=folder / "words.elf")
        assert guest.wait() == 0
        assert "word gw 1.2.3.4\n" in guest.text
        assert "arg a\n" in guest.text
        assert guest.text.count("arg ") == 1
        assert "word ip" not in guest.text and "word root" not in guest.text
    finally:
        shutil.rmtree(base)


@pytest.mark.parametrize("count, size", [(1, 3000), (1200, 20)])
def test_long(boot, count, size):
    """As many words and as many bytes as the loader hands over, of both kinds."""
    words = [f"{i:x<{size}}" for i in range(count)]
    guest = boot("words", " ".join([*(f"env.V{i}={i}" for i in range(count)), *words]),
                 needs={"long command lines"})
    assert guest.wait() == 0
    assert re.findall(r"^arg (.*)$", guest.text, re.M) == words
    assert len(re.findall(r"^env V(\d+)=\1$", guest.text, re.M)) == count


def test_too_long(boot):
    guest = boot("words", "x" * 70000, needs={"long command lines"})
    assert guest.wait() == 0
    assert "warning: command line: longer than 65535 bytes" in guest.text
    assert re.search(r"^arg x{65530,65535}$", guest.text, re.M)  # QEMU puts a blank in front


@pytest.mark.parametrize("word, complaint", [
    ("log=loud", "log=loud is not understood (quiet, error, warn or info)"),
    ("console=hvc7", "console=hvc7 is not understood"),
])
def test_wrong_value(boot, word, complaint):
    guest = boot("words", word)
    assert guest.wait() == 0
    assert guest.text.count(complaint) == 1


def test_log_quiet(boot):
    """The complaint about console= is not shown."""
    guest = boot("words", "console=hvc7 log=quiet -- a")
    assert guest.wait() == 0
    assert guest.text.startswith("arg a\n")
