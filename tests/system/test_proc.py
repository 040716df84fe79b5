"""/proc: the files say what Linux's say, field by field, and the numbers are the guest's."""

import re
from pathlib import Path

import pytest


def said(boot, *names):
    """What each file of /proc has, by name."""
    guest = boot("shell", "-- cat " + " ".join(f"/proc/{name}" for name in names), mem=32)
    assert guest.wait() == 0
    return guest.text.replace("\r", "")


def names_of(text):
    return re.findall(r"^([A-Za-z_ ]+?)\s*:", text, re.M)


@pytest.mark.smoke
def test_memory_and_time(boot):
    text = said(boot, "meminfo", "uptime", "loadavg")
    sizes = dict(re.findall(r"^(\w+): +(\d+) kB$", text, re.M))
    assert set(sizes) <= set(names_of(Path("/proc/meminfo").read_text()))
    assert 16 << 10 < int(sizes["MemFree"]) <= int(sizes["MemTotal"]) <= 32 << 10
    up, idle = re.search(r"^(\d+\.\d\d) (\d+\.\d\d)$", text, re.M).groups()
    assert float(idle) <= float(up) + 0.01 and float(up) < 600
    assert re.search(r"^0\.00 0\.00 0\.00 1/\d+ 1$", text, re.M)


@pytest.mark.smoke
def test_process(boot):
    text = said(boot, "self/status", "self/stat", "self/statm", "self/comm")
    fields = {name for name in names_of(text) if name[0].isupper()} & {
        "Name", "State", "Tgid", "Pid", "PPid", "TracerPid", "Uid", "Gid", "FDSize", "VmSize", "VmRSS", "Threads"}
    assert len(fields) == 12 and fields <= set(names_of(Path("/proc/self/status").read_text()))
    line = re.search(r"^1 \(shell\) R .*$", text, re.M).group()
    assert len(line.split()) == 52 == len(re.sub(r"\(.*\)", "name", Path("/proc/self/stat").read_text()).split())
    assert re.search(r"^(\d+ ){6}0$", text, re.M)
    assert re.search(r"^shell$", text, re.M)


def test_machine(boot):
    text = said(boot, "stat", "cpuinfo", "mounts", "sys/kernel/osrelease", "sys/kernel/ostype")
    assert re.search(r"^cpu  (\d+ ){9}\d+$", text, re.M) and re.search(r"^cpu0 (\d+ ){9}\d+$", text, re.M)
    assert re.search(r"^btime \d+$", text, re.M)
    assert re.search(r"^processor\t: 0\nvendor_id\t: \w{12}\ncpu family\t: \d+\nmodel\t\t: \d+$", text, re.M)
    assert re.search(r"^proc /proc proc r[ow],relatime 0 0$", text, re.M)
    assert "\n0.1\nRinglet\n" in text


def test_folders(boot):
    guest = boot("shell", '-- ls /proc /proc/self /proc/self/fd')
    assert guest.wait() == 0
    for name in ("meminfo", "self", "sys", "status", "cmdline"):
        assert re.search(rf"\b{name}\b", guest.text)


def test_nothing_can_be_written(boot):
    guest = boot("shell", "-- cp /proc/version /proc/meminfo")
    assert guest.wait() != 0
