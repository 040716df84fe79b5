"""The launcher's console: input, output, and readers that are slow."""

import os
import subprocess
import time

from launcher_guests import CONSOLE_IN, CONSOLE_OUT, DISK
from launcher_kit import LIMIT, both_ways as kit  # noqa: F401

MIB = 1 << 20


def test_console_output(kit):
    """Several parts, several requests; the buffers come back in order, with an interrupt."""
    kit.run(CONSOLE_OUT + """
        descriptor 0, one, 3, NEXT, 5
        descriptor 5, two, 4
        descriptor 1, two, 4
        offer 0
        offer 1
        sti
        kick
        wait_used 2
        cmpl $0, USED_RING(%ebp); expect e 2
        cmpl $1, USED_RING + 8(%ebp); expect e 3
        cmpl $1, irqs; expect e 4
        pass
        .section .rodata
    one: .ascii "one"
    two: .ascii "two\\n" """).passed("onetwo\ntwo\n")


def test_console_output_without_interrupt(kit):
    kit.run(CONSOLE_OUT + """
        descriptor 0, one, 3
        movw $1, AVAIL_FLAGS(%ebp)
        offer 0
        sti
        kick
        hcall LHCALL_SEND_INTERRUPTS
        cmpw $1, USED_IDX(%ebp); expect e 2
        cmpl $0, irqs; expect e 3
        pass
        .section .rodata
    one: .ascii "one" """).passed("one")


def test_console_output_to_a_full_pipe(kit):
    """A reader that is slow stops the output, not the guest: its clock ticks on."""
    read, write = os.pipe()
    with kit.start(CONSOLE_OUT + """
        gate 32, ticked
        movl $text, %ecx
        movl $0x100000, %edx
        descriptor 0, 0x300000, 0x100000
        offer 0
        kick
        sti
        hcall LHCALL_SET_CLOCKEVENT, $1000000
        hcall LHCALL_HALT
        cmpl $1, ticks; expect e 2
        cmpw $0, USED_IDX(%ebp); expect e 3
        print "tick"
        wait_used 1
        pass
    ticked: incl ticks; return_from_interrupt
        .data
    ticks: .long 0
    text: .long 0""", stdout=write) as guest:
        os.close(write)
        time.sleep(0.3)  # the pipe is full by then, or the test is easier than meant
        got = 0
        while data := os.read(read, 65536):
            got += len(data)
        assert guest.wait(LIMIT) == 0, guest.stderr.read()
        assert got == MIB + len("tick")
    os.close(read)


def test_console_input(kit):
    """What was typed fills the buffers that are there; an ended input is silent."""
    result = kit.run(CONSOLE_IN + """
        descriptor 0, 0x300000, 2, WRITE
        descriptor 1, 0x300010, 100, WRITE
        offer 0
        offer 1
        kick
        wait_used 2
        cmpl $2, USED_RING + 4(%ebp); expect e 2
        cmpl $3, USED_RING + 12(%ebp); expect e 3
        hcall LHCALL_NOTIFY, $0x300000
        hcall LHCALL_NOTIFY, $0x300010
        pass""", input=b"hello")
    result.passed("hello")


def test_console_input_arrives_at_a_busy_guest(kit):
    with kit.start(CONSOLE_IN + """
        descriptor 0, 0x300000, 100, WRITE
        offer 0
        kick
        sti
        print "ready\\n"
    1:  cmpl $0, irqs; je 1b
        hcall LHCALL_NOTIFY, $0x300000
        pass""", stdin=subprocess.PIPE) as guest:
        assert guest.stdout.readline() == b"ready\n"
        guest.stdin.write(b"x")
        guest.stdin.flush()
        assert guest.wait(LIMIT) == 0
        assert guest.stdout.read() == b"x"


def run_past_a_full_pipe(kit, guest, *options, typed=b""):
    """A guest that prints more than a pipe holds, which nobody reads for a while."""
    read, write = os.pipe()
    with kit.start(guest, "--timeout=10", *options, stdout=write, stdin=subprocess.PIPE) as running:
        os.close(write)
        assert os.read(read, 1) == b"x"
        time.sleep(0.3)
        running.stdin.write(typed)
        running.stdin.flush()
        time.sleep(0.3)
        while os.read(read, 65536):
            pass
        assert running.wait(LIMIT) == 0, running.stderr.read()
    os.close(read)


LONG_TEXT = """
        movl $0x400000, %edi; movl $70000, %ecx; movb $'x', %al; rep stosb
"""


def test_input_while_the_early_console_waits(kit):
    """The nudge comes while the launcher sleeps for the pipe; the guest then makes no exits."""
    run_past_a_full_pipe(kit, CONSOLE_IN + """
        descriptor 0, 0x300000, 100, WRITE
        offer 0
        kick
        sti
        movl $100000000, %ecx               /* long enough to be watched */
    1:  decl %ecx; jnz 1b
        """ + LONG_TEXT + """
        hcall LHCALL_NOTIFY, $0x400000
    1:  cmpl $0, irqs; je 1b
        pass""", typed=b"y")


def test_disk_while_the_early_console_waits(kit):
    """The same with a flush that ends then, and HALT after it; both notifies are one exit."""
    disk = kit.file("disk", bytes(4096))
    run_past_a_full_pipe(kit, DISK + LONG_TEXT + """
        movb $0xff, status
        descriptor 0, flush, 16, NEXT, 1
        descriptor 1, status, 1, WRITE
        offer 0
        cli
        movl $LHCALL_NOTIFY, async_calls
        movl %ebp, async_calls + 4
        movb $0, async_status
        hcall LHCALL_NOTIFY, $0x400000
        hcall LHCALL_HALT
        cmpw $1, USED_IDX(%ebp); expect e 2
        pass""", f"--block={disk}")


def test_console_file(kit):
    path = kit.folder / "console"
    kit.run(CONSOLE_OUT + """
        descriptor 0, one, 3
        offer 0
        kick
        pass
        .section .rodata
    one: .ascii "one" """, f"--console={path}").passed("")
    assert path.read_bytes() == b"one"


def test_console_pty(kit):
    with kit.start(CONSOLE_IN + """
        descriptor 0, 0x300000, 100, WRITE
        offer 0
        kick
        wait_used 1
        movl $0x300000, %eax
        ring 1
        descriptor 0, 0x300000, 3
        offer 0
        kick
        hcall LHCALL_SET_CLOCKEVENT, $0
    1:  hcall LHCALL_HALT
        jmp 1b""", "--console=PTY") as guest:
        name = guest.stderr.readline().decode().split()[-1]
        fd = os.open(name, os.O_RDWR | os.O_NOCTTY)
        os.write(fd, b"abc")
        assert os.read(fd, 3) == b"abc"
        os.close(fd)
        guest.terminate()
        assert guest.wait(LIMIT) == 143
