"""The mutants of tests/mutants, as tools/mutants and tools/checklist read them.

A file holds those of one row of the checklist. Each is a sed script with a header in comments:

    # name: 07-descriptor-reread
    # file: drivers/virtio/ring/split.c     what it changes
    # test: ring test_scribbled_descriptors the unit program and the test that must fail

What stands before the first name ("# row: 7") holds for all of the file. A file without any name
is one mutant, which is called like the file.
"""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Mutant:
    def __init__(self, header, script):
        self.name = header["name"]
        self.file = header["file"]
        self.row = header["row"]
        self.program, self.test = header["test"].split()
        self.script = script

    def edited(self, path):
        """The text of the file with the bug, as bytes; of a script that went stale, as it was."""
        return subprocess.run(["sed", "-f", "/dev/stdin", path], input=self.script.encode(), check=True,
                              stdout=subprocess.PIPE).stdout


def header_of(text):
    return {key: value.strip() for key, value in re.findall(r"^# (name|file|row|test): (.*)$", text, re.M)}


def read(path):
    """The mutants of one file."""
    first, *named = re.split(r"^(?=# name: )", path.read_text(), flags=re.M)
    common = {"name": path.stem} | header_of(first)
    return [Mutant(common | header_of(text), text) for text in named or [first]]


def read_all():
    """All of them, ordered by name."""
    files = (ROOT / "tests/mutants").glob("*.sed")
    return sorted((mutant for path in files for mutant in read(path)), key=lambda mutant: mutant.name)


def stale():
    """The names of those that change nothing any more, or cannot be applied."""
    return [mutant.name for mutant in read_all() if not applies(mutant)]


def applies(mutant):
    path = ROOT / mutant.file
    try:
        return mutant.edited(path) != path.read_bytes()
    except (OSError, subprocess.CalledProcessError):
        return False
