"""Every way out: exit codes, faults that the kernel catches, and what it says of them."""

import re

import pytest

from hosts import BUILD


SMOKE = pytest.mark.smoke


@pytest.mark.parametrize("code", [pytest.param(0, marks=SMOKE), 1, 3, 126, 127, 128, 200,
                                  pytest.param(255, marks=SMOKE)])
def test_exit_code(boot, code):
    guest = boot("hello", f"{code} \"two words\" x", mem=16)
    assert guest.wait() == code
    assert guest.text.endswith(f"Hello from Ringlet!\n{code}\ntwo words\nx\nexit: {code}\n")


def test_exit_code_on_serial(boot):
    guest = boot("hello", "200", mem=16, console=None)
    assert guest.wait() == 200
    assert guest.text == "Hello from Ringlet!\n200\nexit: 200\n"


# What the kernel says, and the function that the backtrace has to name.
FAULTS = {
    "null": (r"null pointer: write of 0x0{8} at write_null\+0x", "write_null"),
    "null-read": (r"null pointer: read of 0x0000000c at read_null\+0x", "read_null"),
    "null-call": (r"null pointer: (execution|read) of 0x0{8}", "call_null"),
    "text": (r"write to text: write of 0x[0-9a-f]{8} at write_text\+0x", "write_text"),
    "constant": (r"write to read-only data: write of 0x[0-9a-f]{8} at write_constant\+0x",
                 "write_constant"),
    "exec-data": (r"execute of data: execution of 0x[0-9a-f]{8}", "execute_data"),
    "overflow": (r"stack overflow of thread main: access to 0x[0-9a-f]{8} at \w+\+0x", "recurse"),
    "assert": (r"assertion failed: zero == 17 \(tests/apps/faults/main\.c:\d+\)",
               "failed_assertion"),
    "divide": (r"division error \(exception 0\) at divide\+0x", "divide"),
    "undefined": (r"invalid instruction \(exception 6\) at undefined\+0x", "undefined"),
}


# What a machine must have for some of them.
FAULT_NEEDS = {"null": {"paging"}, "null-read": {"paging"}, "null-call": {"paging"},
               "text": {"paging"}, "constant": {"paging"}, "exec-data": {"NX"},
               "overflow": {"double faults"}}


@pytest.mark.parametrize("fault", [
    pytest.param(fault, marks=[SMOKE] if fault in ("null", "overflow") else []) for fault in FAULTS])
def test_fault(boot, fault):
    sentence, function = FAULTS[fault]
    guest = boot("faults", fault, needs=FAULT_NEEDS.get(fault, ()))
    assert guest.wait() == 120
    assert re.search(rf"^error: panic: {sentence}", guest.text, re.M)
    assert re.search(r"^error: thread main, backtrace:$", guest.text, re.M)
    assert re.search(rf"^error:   0x[0-9a-f]{{8}} {function}\+0x", guest.text, re.M)
    if fault != "overflow":  # there main is too far up
        assert re.search(r"^error:   0x[0-9a-f]{8} main\+0x", guest.text, re.M)
    assert "nothing happened" not in guest.text


def test_backtrace_addresses_are_those_of_the_symbol_file(boot):
    """The names come from the table in the image; the build's symbol file must say the same."""
    guest = boot("faults", "divide")
    assert guest.wait() == 120
    symbols = {}
    for line in (BUILD / "faults.sym").read_text().splitlines():
        address, _, name = line.split()
        symbols[name] = int(address, 16)
    frames = re.findall(r"^error:   0x([0-9a-f]{8}) (\w+)\+0x([0-9a-f]+)$", guest.text, re.M)
    assert len(frames) >= 2
    for address, name, offset in frames:
        assert int(address, 16) == symbols[name] + int(offset, 16)


def test_overflow_of_a_pthread(boot):
    """Its stack is musl's, with a guard page that musl asks for."""
    guest = boot("faults", "overflow-pthread", needs={"double faults"})
    assert guest.wait() == 120
    assert re.search(r"^error: panic: stack overflow of thread pthread: access to ", guest.text,
                     re.M)
    assert "recurse+0x" in guest.text


def test_abort(boot):
    guest = boot("faults", "abort")
    assert guest.wait() == 128 + 6


def test_unknown_system_call(boot):
    guest = boot("faults", "unknown-syscall")
    assert guest.wait() == 0
    assert guest.text.count("call 500: Function not implemented") == 3
    assert guest.text.count("system call 500: not served") == 1


@pytest.mark.full
def test_thread_that_never_gives_way(boot):
    guest = boot("faults", "spin")
    assert guest.wait() == 0
    assert len(re.findall(r"^warning: thread main has run for \d+ s or more without giving way",
                          guest.text, re.M)) == 1
    assert re.search(r"^error:   0x[0-9a-f]{8} (spin|now_ns|clock_\w+|pit_\w+|lguest_\w+)\+0x", guest.text, re.M)
    assert "spun" in guest.text


@pytest.mark.smoke
def test_old_cpu(boot, tmp_path):
    """An image that finds no time stamp counter, whatever the CPU has, says so in the early console."""
    code = (BUILD / "hello.elf").read_bytes()
    asks = bytes.fromhex("0fa2 31c0 83e2 10")  # cpuid; xorl %eax, %eax; andl $EDX_TSC, %edx
    assert code.count(asks) == 1
    blind = tmp_path / "blind.elf"
    blind.write_bytes(code.replace(asks, asks[:-1] + b"\0"))
    guest = boot("hello", image=blind)
    assert guest.wait() == 121
    assert "error: this CPU is older than an i686" in guest.text
