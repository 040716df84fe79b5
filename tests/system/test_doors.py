"""The list of doors, and what docs/doors.md and the README say of it."""

import os
import re
import subprocess
import sys

import pytest

from doors import DOORS
from hosts import BUILD, ROOT

APPS = sorted(path.parent.name for path in ROOT.glob("apps/*/main.c"))


def written(page):
    """What `make doors` wrote into a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return text.split("<!-- doors: written by make doors -->\n")[1].split("<!--")[0]


def rows():
    """The table of docs/doors.md: {door: its cells}."""
    lines = re.findall(r"^\| (\S+) \| (.*) \|$", written("docs/doors.md"), re.M)
    return {name: rest.split(" | ") for name, rest in lines if name != "door"}


def test_names_are_unique():
    assert len({door.name for door in DOORS}) == len(DOORS)


def test_table_has_every_door():
    """`make doors` was run when a door came, went or changed, and each one opened."""
    table = rows()
    assert list(table) == [door.name for door in DOORS]
    for door in DOORS:
        enters, devices, passed, *_ = table[door.name]
        assert (enters, devices) == (door.enters, door.devices)
        assert int(passed) > 0


def test_readme_has_the_sums_of_the_table():
    cells = rows().values()
    passed, skipped = (sum(int(row[at]) for row in cells) for at in (2, 3))
    assert written("README.md").startswith(f"{len(DOORS)} doors, {passed} tests passed, {skipped} ")


@pytest.mark.parametrize("how", [["--collect-only"], ["-p", "interrupting"]], ids=["none", "ended"])
def test_only_a_whole_run_makes_a_table(tmp_path, how):
    """One that was interrupted, or ran nothing, has counted too little."""
    (tmp_path / "interrupting.py").write_text("def pytest_runtestloop():\n    raise KeyboardInterrupt\n")
    env = {**os.environ, "BUILD": str(tmp_path), "FULL": "1", "PYTHONPATH": str(tmp_path)}
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-n", "0", *how, "tests/system"], cwd=ROOT,
                   env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    done = subprocess.run([ROOT / "tools/doors"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "of some tests only" in done.stderr


@pytest.mark.parametrize("app", APPS)
def test_container_keeps_the_rules(tmp_path, app):
    """What the PVH loaders that read ELF64 only ask for."""
    container = tmp_path / "elf64"
    subprocess.run([ROOT / "tools/elf64", BUILD / f"{app}.elf", container], check=True)
    subprocess.run([ROOT / "tools/elf64", "--check", container], check=True)


@pytest.mark.parametrize("old, new, complaint", [
    (b"\x7fELF\x02", b"\x7fELF\x01", "is not a little-endian ELF64 file"),
    (b"\x40\x00\x38\x00", b"\x40\x00\x20\x00", "sizes in the header"),
    (b"Xen\0", b"Zen\0", "has no PVH note"),
    (b"\x00\x00\x20\x00\x00\x00\x00\x00", b"\x00\x10\x00\x00\x00\x00\x00\x00",
     "not as its alignment says"),
])
def test_container_that_breaks_one(tmp_path, old, new, complaint):
    container = tmp_path / "elf64"
    subprocess.run([ROOT / "tools/elf64", BUILD / "hello.elf", container], check=True)
    data = container.read_bytes()
    assert old in data
    container.write_bytes(data.replace(old, new, 1))
    done = subprocess.run([ROOT / "tools/elf64", "--check", container], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 1
    assert complaint in done.stderr
