"""Traps, interrupts and privileged instructions under the launcher: docs/lguest.md, section 5,
and the ways out of the sandbox that have to be closed.
"""

import os
import re
import resource
import signal
import time

import pytest

from launcher_kit import INIT, kit  # noqa: F401

GATES = INIT + "trap_gates\n"


def trap(result):
    """(number, error, offset from `here`...) of a guest that told of its trap."""
    found = re.search(r"CRASH: trap (\w+) error (\w+) at (\w+) cr2 (\w+) flags (\w+)", result.err)
    assert found and result.status == 1, result
    return tuple(int(word, 16) for word in found.groups())


# ---- traps ----

@pytest.mark.parametrize("instruction, number, error", [
    ("xorl %ecx, %ecx; divl %ecx", 0, 0),
    ("ud2", 6, 0),
    ("sti_now: .byte 0xfb", 13, 0),
    ("hlt", 13, 0),
    ("movl %cr0, %eax", 13, 0),
    ("movl %eax, %cr3", 13, 0),
    ("movl %db7, %eax", 13, 0),
    ("lgdt 0x100000", 13, 0),
    ("lidt 0x100000", 13, 0),
    ("lldt %ax", 13, 0),
    ("ltr %ax", 13, 0),
    ("invlpg 0", 13, 0),
    ("wbinvd", 13, 0),
    ("clts", 13, 0),
    ("rdmsr", 13, 0),
    ("wrmsr", 13, 0),
    ("insb", 13, 0),
    ("outsl", 13, 0),
    ("movl $0x1000, %eax; movl %eax, %ds", 13, 0x1000),
    ("movl $0x63, %eax; movl %eax, %es", 13, 0x60),
    ("int $0x20", 13, 0x20 * 8 + 2),
    ("int $0xff", 13, 0xff * 8 + 2),
    ("int $13", 13, 13 * 8 + 2),
    ("int3", 13, 3 * 8 + 2),
    ("movl 0x20000000, %eax", 13, 0),
    ("movl $0, 0xfffffffc", 13, 0),
    ("movl $1, 0x80000000", 13, 0),
])
def test_trap(kit, instruction, number, error):
    """Each arrives at the guest's gate, with the instruction's own address."""
    got = trap(kit.run(GATES + instruction))
    assert got[:2] == (number, error), got


def test_trap_frame(kit):
    """eip is that of the instruction, IF in the saved flags mirrors irq_enabled."""
    for enable, bit in ("sti\n", 0x200), ("cli\n", 0):
        image = kit.assemble(GATES + enable + ".globl here\nhere: ud2")
        number, _, eip, _, flags = trap(kit.run(image))
        assert number == 6 and flags & 0x200 == bit
        assert image.read_bytes()[eip - 0x100000 + 0x1000:][:2] == b"\x0f\x0b"


@pytest.mark.parametrize("instruction, message", [
    ("ud2", r"unhandled trap 6 at 0x\w+ \((0|0x0)\)"),
    ("hlt", r"unhandled trap 13 at 0x\w+ \((0|0x0)\)"),
    ("int $0x33", r"unhandled trap 13 at 0x\w+ \(0x19a\)"),
    ("int $0x80", r"unhandled trap 128 at 0x\w+"),
    ("movl 0x7fffffff, %eax", r"unhandled trap 13 at 0x\w+"),
])
def test_unhandled_trap(kit, instruction, message):
    kit.run(INIT + instruction).died(message)


def test_trap_before_init(kit):
    kit.run("\n ud2").died("unhandled trap 6")


def test_page_fault_tells_the_address(kit):
    """Through a segment without a limit, past the end of memory."""
    number, error, _, cr2, _ = trap(kit.run(GATES + """
        hcall LHCALL_LOAD_GDT_ENTRY, $14, $0xffff, $0xcff200
        movl $0x73, %eax; movl %eax, %gs
        movl $1, %gs:0x30001234"""))
    assert (number, cr2) == (14, 0x30001234) and error & 2


def test_trap_on_a_bad_stack(kit):
    kit.run(GATES + "movl $0x70000000, %esp; ud2").died("bad write address 0x6ffffffc len 4")


def test_single_step_and_breakpoint(kit):
    """The trap flag gives trap 1 and is off in the handler; int3 passes a gate of DPL 3."""
    kit.run(INIT + """
        gate 1, stepped, 0xE, 3
        gate 3, broke, 0xE, 3
        int3
        cmpl $1, breaks; expect e 2
        pushfl; orl $0x100, (%esp); popfl
        nop
        cmpl $1, steps; expect ae 3
        pass
    broke: incl breaks; return_from_interrupt
    stepped: incl steps; andl $~0x100, 8(%esp); return_from_interrupt
        .data
    steps: .long 0
    breaks: .long 0""").passed()


def test_skipped_instructions(kit):
    """cli, in and out do nothing; in gives all ones of its width."""
    kit.run(GATES + """
        sti
        .byte 0xfa
        cmpl $LGUEST_IF, irq_enabled; expect e 2
        xorl %eax, %eax; inb $0x60, %al; cmpl $0xff, %eax; expect e 3
        movw $0xcfc, %dx
        xorl %eax, %eax; inb %dx, %al; cmpl $0xff, %eax; expect e 4
        xorl %eax, %eax; inw %dx, %ax; cmpl $0xffff, %eax; expect e 5
        xorl %eax, %eax; inw $0x60, %ax; cmpl $0xffff, %eax; expect e 6
        xorl %eax, %eax; inl %dx, %eax; cmpl $-1, %eax; expect e 7
        xorl %eax, %eax; inl $0x60, %eax; cmpl $-1, %eax; expect e 8
        movl $5, %eax
        outb %al, $0x60; outw %ax, $0x60; outl %eax, $0x60
        outb %al, %dx; outw %ax, %dx; outl %eax, %dx
        cmpl $5, %eax; expect e 9
        pass""").passed()


def test_era_probe(kit):
    """Port 0xCF8 reads all ones, whatever was written: the era of the device page."""
    kit.run(GATES + """
        movl $0x80000000, %eax; movw $0xcf8, %dx; outl %eax, %dx
        inl %dx, %eax
        cmpl $-1, %eax; expect e 2
        pass""").passed()


def test_unprivileged_instructions(kit):
    kit.run(GATES + """
        cpuid; rdtsc
        fninit; fld1; fadd %st(0); fistpl number; cmpl $2, number; expect e 2
        pushl $0x202; popfl
        pass
        .data
    number: .long 0""").passed()


def test_alignment_flag_is_the_guests_alone(kit):
    """A guest that sets AC, to see which processor it has, may do so across exits."""
    kit.run(INIT + """
        gate 32, ticked
        sti
        pushfl; orl $0x40000, (%esp); popfl
        print "aligned or not\\n"
        hcall LHCALL_SET_CLOCKEVENT, $1000000
    1:  cmpl $0, ticks; je 1b
        pushfl; popl %eax; testl $0x40000, %eax; expect nz 2
        pass""" + TICKED).passed("aligned or not\n")


def test_system_call_gate(kit):
    """A trap gate with DPL 3: the handler is entered, irq_enabled untouched; with any number,
    set_thread_area's too, which the host must not take for its own."""
    kit.run(GATES + """
        sti
        gate 0x80, called, 0xF, 3
        movl $243, %eax; movl $7, %ebx
        int $0x80
        cmpl $1000, %eax; expect e 2
        cmpl $7, %ebx; expect e 3
        movl $20, %eax; int $0x80
        cmpl $1000, %eax; expect e 4
        movl $-1, %eax; int $0x80
        cmpl $1000, %eax; expect e 5
        cmpl $3, calls; expect e 6
        pass
    called:
        cmpl $LGUEST_IF, irq_enabled; expect e 7
        incl calls
        movl $1000, %eax
        iret
        .data
    calls: .long 0""").passed()


def test_system_call_gate_of_dpl_0(kit):
    number, error, *_ = trap(kit.run(GATES + "gate 0x80, 0, 0xF, 0\n int $0x80"))
    assert (number, error) == (13, 0x402)


def test_other_software_interrupts(kit):
    """Any vector with a trap gate that ring 3 may use; trap 13 where it may not."""
    kit.run(GATES + """
        gate 0x41, called, 0xF, 3
        int $0x41
        cmpl $1, calls; expect e 2
        pass
    called: incl calls; iret
        .data
    calls: .long 0""").passed()
    number, error, *_ = trap(kit.run(GATES + "gate 0x41, 0, 0xF, 0\n int $0x41"))
    assert (number, error) == (13, 8 * 0x41 + 2)


def test_system_call_behind_an_interrupt_gate(kit):
    """The original swallows it."""
    guest = GATES + "gate 0x80, 0, 0xE, 3\n int $0x80\n pass"
    kit.run(guest).passed()
    kit.run(guest, "--strict").died(r"strict: int \$0x80")


# ---- thread-local data ----

def test_tls(kit):
    """Index 14 works in fs and gs, negative offsets too, and survives exits and interrupts."""
    kit.run(GATES + """
        gate 32, ticked
        movl $area + 64, %eax
        movl %eax, %ecx; shll $16, %ecx; orl $0xffff, %ecx     /* base 15:0, limit */
        movl %eax, %edx; andl $0xff000000, %edx
        shrl $16, %eax; andl $0xff, %eax; orl %eax, %edx; orl $0x00cff200, %edx
        hcall LHCALL_LOAD_GDT_ENTRY, $14, %ecx, %edx
        movl $0x73, %eax
        movl %eax, %gs; movl %eax, %fs
        cmpl $22, %gs:0; expect e 2
        cmpl $11, %gs:-64; expect e 3
        hcall LHCALL_FLUSH_TLB
        cmpl $22, %fs:0; expect e 4
        sti
        hcall LHCALL_SET_CLOCKEVENT, $2000000
    1:  cmpl $22, %fs:0; expect e 5
        cmpl $22, %gs:0; expect e 6
        cmpl $0, ticks; je 1b
        hcall LHCALL_LOAD_GDT_ENTRY, $14, $0, $0
        pass
    ticked: incl ticks; return_from_interrupt
        .data
    area: .long 11; .skip 60; .long 22
    ticks: .long 0""").passed()


# ---- interrupts ----

HALT_UNTIL_TICK = """
        gate 32, ticked
        hcall LHCALL_SET_CLOCKEVENT, $1000000
        hcall LHCALL_HALT
        cmpl $1, ticks; expect e 2
"""
TICKED = """
    ticked: incl ticks; return_from_interrupt
        .data
    ticks: .long 0
"""


def test_halt_wakes_with_interrupts_disabled(kit):
    """And they are enabled afterwards; the handler of a 0xE gate runs with them disabled."""
    kit.run(INIT + HALT_UNTIL_TICK + """
        cmpl $LGUEST_IF, irq_enabled; expect e 3
        cmpl $0, seen; expect e 4
        pass
    ticked:
        incl ticks
        movl irq_enabled, %eax; movl %eax, seen
        return_from_interrupt
        .data
    ticks: .long 0
    seen: .long 1""").passed()


def test_trap_gate_leaves_interrupts_enabled(kit):
    kit.run(INIT + """
        gate 32, ticked, 0xF
        hcall LHCALL_SET_CLOCKEVENT, $1000000
        hcall LHCALL_HALT
        cmpl $LGUEST_IF, seen; expect e 2
        pass
    ticked: movl irq_enabled, %eax; movl %eax, seen; return_from_interrupt
        .data
    seen: .long 1""").passed()


def test_interrupt_of_a_busy_guest(kit):
    kit.run(INIT + """
        gate 32, ticked
        sti
        hcall LHCALL_SET_CLOCKEVENT, $1000000
    1:  cmpl $0, ticks; je 1b
        pass""" + TICKED).passed()


def test_many_interrupts_keep_every_register(kit):
    """A thousand timer interrupts into a loop that checks its registers, its flags and its FPU."""
    kit.run(INIT + """
        gate 32, ticked
        sti
        fninit; fldpi
        movl $0x11111111, %eax; movl $0x22222222, %ebx; movl $0x33333333, %ecx
        movl $0x44444444, %edx; movl $0x55555555, %esi; movl $0x66666666, %edi
        pushal; pushal; popal
        pushl $0x1f; popl %ebp
        hcall_first: pushal; hcall LHCALL_SET_CLOCKEVENT, $20000
        popal
    1:  cmpl $0x11111111, %eax; jne 9f
        cmpl $0x22222222, %ebx; jne 9f
        cmpl $0x33333333, %ecx; jne 9f
        cmpl $0x44444444, %edx; jne 9f
        cmpl $0x55555555, %esi; jne 9f
        cmpl $0x66666666, %edi; jne 9f
        stc; nop; nop; nop; jnc 9f
        cmpl $1000, ticks; jb 1b
        fldpi; fcomip %st(1), %st; jne 9f
        pass
    9:  fail 2
    ticked:
        incl ticks
        pushal; hcall LHCALL_SET_CLOCKEVENT, $20000
        popal
        return_from_interrupt
        .data
    ticks: .long 0""").passed()


def test_pending_is_told_and_not_cleared(kit):
    """Disabled: irq_pending is set, nothing comes; enabled and asked for, it comes."""
    kit.run(INIT + """
        gate 32, ticked
        cli
        hcall LHCALL_SET_CLOCKEVENT, $1000000
    1:  cmpl $0, irq_pending; je 1b
        cmpl $LGUEST_IF, irq_pending; expect e 2
        cmpl $0, ticks; expect e 3
        sti
        hcall LHCALL_SEND_INTERRUPTS
        cmpl $1, ticks; expect e 4
        cmpl $LGUEST_IF, irq_pending; expect e 5
        pass""" + TICKED).passed()


def test_second_interrupt_is_told(kit):
    """Of two that are pending one is delivered, and irq_pending tells of the other."""
    kit.run('#include "device.inc"\n' + INIT + """
        gate 32, first
        gate 34, second
        cli
        hcall LHCALL_SET_CLOCKEVENT, $1000000
    1:  cmpl $0, irq_pending; je 1b
        find_device CONSOLE
        start_device
        ring 1
        descriptor 0, 0x300000, 1
        offer 0
        movl $0, irq_pending
        sti
        kick
        cmpl $1, seconds; expect e 2
        pass
    first:
        cmpl $LGUEST_IF, irq_pending; expect e 3
        cmpl $0, seconds; expect e 4
        sti
        hcall LHCALL_SEND_INTERRUPTS
        return_from_interrupt
    second: incl seconds; return_from_interrupt
        .data
    seconds: .long 0""").passed()


def test_blocked_interrupt(kit):
    kit.run(INIT + """
        gate 32, ticked
        sti
        movl $1, blocked
        hcall LHCALL_SET_CLOCKEVENT, $1000000
        rdtsc; movl %eax, %ebp
    1:  hcall LHCALL_FLUSH_TLB
        rdtsc; subl %ebp, %eax; cmpl $100000000, %eax; jb 1b
        cmpl $0, ticks; expect e 2
        movl $0, blocked
        hcall LHCALL_SEND_INTERRUPTS
        cmpl $1, ticks; expect e 3
        pass""" + TICKED).passed()


def test_clockevent_is_cancelled(kit):
    kit.run(INIT + """
        gate 32, ticked
        sti
        hcall LHCALL_SET_CLOCKEVENT, $3000000
        hcall LHCALL_SET_CLOCKEVENT, $0
        rdtsc; movl %eax, %ebp
    1:  rdtsc; subl %ebp, %eax; cmpl $100000000, %eax; jb 1b
        cmpl $0, ticks; expect e 2
        hcall LHCALL_SET_CLOCKEVENT, $1000000
        hcall LHCALL_SET_CLOCKEVENT, $30000000
        hcall LHCALL_HALT
        cmpl $1, ticks; expect e 3
        pass""" + TICKED).passed()


@pytest.mark.parametrize("abi, start, end", [("N1", 4, 8), ("N2", 0, 4), ("N3", 0, None)])
def test_no_interrupt_window(kit, abi, start, end):
    """Nothing is delivered while eip is at the iret, wherever a layout says that this is; the
    guest is not lost there."""
    words = [f"movl $window, data + LGUEST_DATA_TAIL + {start}"]
    if end:
        words.append(f"movl $window + 1, data + LGUEST_DATA_TAIL + {end}")
    kit.run("\n".join(words) + """
        init
        gate 32, ticked
        sti
        hcall LHCALL_SET_CLOCKEVENT, $100000
        movl $50000000, %ecx
        jmp window
    window:
        loop window
        cmpl $0, ticks; expect e 2
        hcall LHCALL_SEND_INTERRUPTS
        cmpl $1, ticks; expect e 3
        pass""" + TICKED, f"--abi={abi}").passed()


WINDOW = """
        movl $window, data + LGUEST_DATA_TAIL
        movl $window_end, data + LGUEST_DATA_TAIL + 4
        init
        gate 32, ticked
"""


def test_interrupt_after_the_window(kit):
    """What came inside it is delivered behind it, to a guest that makes no exit of its own."""
    kit.run(WINDOW + """
        sti
        hcall LHCALL_SET_CLOCKEVENT, $100000
        movl $50000000, %ecx
    window:
        loop window
    window_end:
        cmpl $0, ticks; expect e 2
    1:  cmpl $0, ticks; je 1b
        pass""" + TICKED).passed()


def test_window_with_interrupts_off(kit):
    """irq_pending tells of one there as well: the iret may lead to where they still are off."""
    kit.run(WINDOW + """
        cli
        hcall LHCALL_SET_CLOCKEVENT, $100000
        jmp window
    window:
        cmpl $0, irq_pending; je window
    window_end:
        cmpl $0, ticks; expect e 2
        sti
        hcall LHCALL_SEND_INTERRUPTS
        cmpl $1, ticks; expect e 3
        pass""" + TICKED).passed()


def test_interrupt_without_a_gate(kit):
    """It stays pending: HALT returns at once, and a gate loaded later gets it."""
    kit.run(INIT + """
        sti
        hcall LHCALL_SET_CLOCKEVENT, $1000000
        hcall LHCALL_HALT
        hcall LHCALL_HALT
        hcall LHCALL_HALT
        gate 32, ticked
        cmpl $1, ticks; expect e 2
        pass""" + TICKED).passed()


def test_halt_inside_the_window_is_told(kit):
    guest = """
        movl $0, data + LGUEST_DATA_TAIL
        movl $-1, data + LGUEST_DATA_TAIL + 4
        init
        gate 32, 0
        hcall LHCALL_SET_CLOCKEVENT, $1000000
        hcall LHCALL_HALT"""
    kit.run(guest, "--strict").died("strict: HALT")
    assert kit.run(guest, "--timeout=1").status == 124


def test_time_moves_at_interrupts(kit):
    kit.run(INIT + """
        movl data + LGUEST_DATA_TIME_SEC, %ebp; movl data + LGUEST_DATA_TIME_NSEC, %edi
        gate 32, ticked
        hcall LHCALL_SET_CLOCKEVENT, $5000000
        hcall LHCALL_HALT
        movl data + LGUEST_DATA_TIME_SEC, %eax; subl %ebp, %eax
        movl $1000000000, %ebx; mull %ebx
        addl data + LGUEST_DATA_TIME_NSEC, %eax; subl %edi, %eax
        cmpl $5000000, %eax; expect ae 2
        cmpl $4000000000, %eax; expect b 3
        pass""" + TICKED).passed()


def test_tsc_frequency(kit):
    """20 ms by the timer, in cycles of the TSC, agree with tsc_khz within a wide margin."""
    result = kit.run(INIT + """
        cmpl $0, data + LGUEST_DATA_TSC_KHZ; je 9f
        gate 32, ticked
        rdtsc; movl %eax, %ebp
        hcall LHCALL_SET_CLOCKEVENT, $20000000
        hcall LHCALL_HALT
        rdtsc; subl %ebp, %eax
        xorl %edx, %edx; divl data + LGUEST_DATA_TSC_KHZ     /* milliseconds */
        cmpl $19, %eax; expect ae 2
        cmpl $15000, %eax; expect b 3
        pass
    9:  fail 77""" + TICKED)
    if result.status == 77:
        pytest.skip("this host's TSC is not to be trusted")
    result.passed()


def test_async_ring(kit):
    """Slots run in order at the next hypercall, their status becomes free."""
    kit.run(INIT + """
        movl $LHCALL_NOTIFY, async_calls
        movl $one, async_calls + 4
        movl $LHCALL_NOTIFY, async_calls + 20
        movl $two, async_calls + 24
        movw $0, async_status
        print "three"
        cmpw $0xffff, async_status; expect e 2
        movl $LHCALL_NOTIFY, async_calls + 40
        movl $one, async_calls + 44
        movb $0, async_status + 2
        movb $0, async_status + 4       /* not reached: the slot before it is free */
        hcall LHCALL_FLUSH_ASYNC
        cmpb $0, async_status + 4; expect e 3
        pass
        .section .rodata
    one: .asciz "one "
    two: .asciz "two " """).passed("one two threeone ")


def test_async_ring_wraps(kit):
    """A hundred calls, two at a time: the host's cursor goes round as the guest's does."""
    kit.run(INIT + """
        xorl %ebp, %ebp
    1:  movl %ebp, %eax; andl $63, %eax
        leal (%eax, %eax, 4), %ecx
        movl $LHCALL_SET_STACK, async_calls(, %ecx, 4)
        movl $1, async_calls + 4(, %ecx, 4)
        movl $2, async_calls + 12(, %ecx, 4)
        movb $0, async_status(%eax)
        incl %ebp
        testl $1, %ebp; jnz 1b
        hcall LHCALL_FLUSH_ASYNC
        movl $64, %ecx; movb $LGUEST_ASYNC_FREE, %al; movl $async_status, %edi
        repe scasb; expect e 2
        cmpl $100, %ebp; jb 1b
        pass""").passed()


def test_async_ring_is_left_alone_by_init(kit):
    kit.run("""
        movl $stack_top, %esp
        movl $LHCALL_NOTIFY, async_calls; movl $text, async_calls + 4
        movb $0, async_status
        hcall LHCALL_LGUEST_INIT, $data
        cmpb $0, async_status; jne 1f
        hcall LHCALL_FLUSH_ASYNC
        pass
    1:  fail 2
        .section .rodata
    text: .asciz "later" """).passed("later")


def test_restart_in_the_async_ring(kit):
    """What stands behind it is forgotten with everything else."""
    result = kit.run(INIT + """
        print "."
        movl $LHCALL_SHUTDOWN, async_calls; movl $text, async_calls + 4
        movl $LGUEST_SHUTDOWN_RESTART, async_calls + 8
        movl $99, async_calls + 20
        movw $0, async_status
        hcall LHCALL_FLUSH_ASYNC
        fail 2
        .data
    text: .skip 128""", "--timeout=1")
    assert result.status == 124 and set(result.out) == {"."} and len(result.out) > 3, result


def test_bad_call_in_the_async_ring(kit):
    kit.run(INIT + "movl $99, async_calls; movb $0, async_status; hcall LHCALL_FLUSH_ASYNC"
            ).died("Bad hypercall 99")


def test_sigterm_of_a_guest_that_listens(kit):
    with kit.start(INIT + """
        gate 63, ended
        sti
        print "ready\\n"
    1:  hcall LHCALL_HALT
        jmp 1b
    ended: fail 9""") as guest:
        assert guest.stdout.readline() == b"ready\n"
        guest.send_signal(signal.SIGTERM)
        assert guest.wait(20) == 9


@pytest.mark.parametrize("guest", [
    'print "ready\\n"\n 1: jmp 1b',  # does not know of it
    'gate 63, 1f; sti; print "ready\\n"\n hcall LHCALL_HALT\n 1: jmp 1b',  # does not heed it
])
def test_sigterm_of_a_guest_that_does_not(kit, guest):
    with kit.start(INIT + guest) as running:
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 143


def test_timeout_of_a_guest_that_takes_its_time_to_end(kit):
    """The time limit holds for a guest that was asked to end."""
    with kit.start(INIT + """
        gate 63, asked
        sti
        print "ready\\n"
        hcall LHCALL_HALT
    asked: hcall LHCALL_HALT
        jmp asked""", "--timeout=2") as guest:
        assert guest.stdout.readline() == b"ready\n"
        time.sleep(0.5)
        guest.send_signal(signal.SIGTERM)
        assert guest.wait(20) == 143  # and not by the kernel's SIGKILL a second later


@pytest.mark.parametrize("guest", ["1: jmp 1b", "hcall LHCALL_HALT"])
@pytest.mark.parametrize("name", ["SIGSEGV", "SIGILL", "SIGSYS"])
def test_signal_of_another_process(kit, guest, name):
    """It is not taken for a fault of the guest's, or for an attempt to leave."""
    number = getattr(signal, name)
    with kit.start(INIT + 'print "ready\\n"\n' + guest) as running:
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(number)
        assert running.wait(20) == 1
        assert running.stderr.read() == b"lguest: ended by signal %d of another process\n" % number


def test_timeout(kit):
    for guest in "1: jmp 1b", "hcall LHCALL_HALT":
        result = kit.run(INIT + guest, "--timeout=1")
        assert result.status == 124
        result.said("stopped after 1 second")


# ---- ways out ----

def far_jump_to_64(code):
    """64-bit code in guest memory, entered through the host's own code segment; it finds its
    place in memory by the scratch of a far pointer, since the host's segment starts at 0."""
    return INIT + f"""
        movl $0x10000000 + inside, target
        ljmp *target
        .data
    target: .long 0; .word 0x33
        .text
        .code64
    inside:
        {code}
        .code32"""


def far_jump_to_23(code):
    return INIT + f"""
        movl $0x10000000 + inside, target
        ljmp *target
        .data
    target: .long 0; .word 0x23
        .text
    inside:
        {code}"""


@pytest.mark.parametrize("guest", [
    INIT + "sysenter",
    INIT + ".byte 0x0f, 0x05",
    *[far_jump_to_64(code) for code in (
        "movl $2, %eax; syscall",  # open
        "movl $59, %eax; syscall",  # execve
        "movl $57, %eax; syscall",  # fork
        "movl $41, %eax; syscall",  # socket
        "movl $101, %eax; syscall",  # ptrace
        "movl $9, %eax; syscall",  # mmap
        "movl $10, %eax; syscall",  # mprotect
        "movl $16, %eax; syscall",  # ioctl
        "movl $62, %eax; syscall",  # kill
        "movl $317, %eax; syscall",  # seccomp
        "movl $0x40000000, %eax; syscall",  # the x32 table's read
        "movl $234, %eax; movl $1, %edi; movl $1, %esi; movl $9, %edx; syscall",  # tgkill
        "movl $5, %eax; int $0x80",  # the 32-bit table's open
        "movl $243, %eax; int $0x80",
        "sysenter", "ud2", "hlt", "movq 0x1000, %rax")],
    *[far_jump_to_23(code) for code in (
        "movl $5, %eax; int $0x80", "sysenter", ".byte 0x0f, 0x05", "ud2", "int $0x1f")],
    INIT + "movl $0x2b, %eax; movl %eax, %ds; int $0x1f",
    INIT + "movl $0x2b, %eax; movl %eax, %es; movl %es:0x400000, %eax",
    INIT + "movl $0x2b, %eax; movl %eax, %fs; movl $0, %fs:0x400000",
    INIT + "movl $0x2b, %eax; movl %eax, %gs; int $0x1f",
    INIT + "movl $0x2b, %eax; movl %eax, %ss; ud2",
])
def test_escape(kit, guest):
    """Each way ends with the launcher's own sentence, or as a trap of the guest's."""
    beside = kit.file("beside", b"untouched")
    result = kit.run(guest)
    assert result.status == 1, result
    result.said("escape refused|unhandled trap 6|the guest tried the host's system call")
    assert beside.read_bytes() == b"untouched"


def test_escape_through_the_launchers_own_code(kit):
    """A guest that finds the launcher's instruction for a call cannot use it for another."""
    result = kit.run(far_jump_to_64("""
        movl $1, %eax; movl $1, %edi; leaq text(%rip), %rsi; movl $3, %edx; syscall
        movl $83, %eax; leaq text(%rip), %rdi; movl $0777, %esi; syscall    /* mkdir */
    text: .asciz "out" """))
    assert result.out == "out"  # a descriptor that is the guest's anyway
    result.died("escape refused.*64-bit system call 83")


@pytest.mark.parametrize("arguments", ["$5, $5, $5, $5", "$-1, $-1, $-1, $-1"])
def test_every_allowed_call(kit, arguments):
    """A hostile guest makes each call that the filter lets through, with arguments of its own:
    nothing but an error, a wait or its own end comes of it."""
    beside = kit.file("beside", b"untouched")
    for number in (0, 1, 17, 19, 20, 35, 75, 202, 228, 271, 295, 296, 318, 327, 328):
        result = kit.run(far_jump_to_64(f"""
            movl ${number}, %eax
            movq ${arguments.split(',')[0][1:]}, %rdi
            movq ${arguments.split(',')[1].strip()[1:]}, %rsi
            movq ${arguments.split(',')[2].strip()[1:]}, %rdx
            movq ${arguments.split(',')[3].strip()[1:]}, %r10
            syscall
            ud2"""), "--timeout=3")
        assert result.status in (1, 124), (number, result)
    assert beside.read_bytes() == b"untouched"


def signals_blocked(code):
    """64-bit code that runs with every signal blocked: it has made a frame and returned from it."""
    return far_jump_to_64(f"""
        movl $0x10000000 + stack_top, %esp
        subq $4096, %rsp
        movq %rsp, %rdi; movl $1024, %ecx; xorl %eax, %eax; cld; rep stosb
        leaq 1f(%rip), %rax
        movq %rax, 40 + 16 * 8(%rsp)            /* rip */
        movq %rsp, 40 + 15 * 8(%rsp)            /* rsp */
        movq $0x202, 40 + 17 * 8(%rsp)
        movq $0x002b000000000033, %rax
        movq %rax, 40 + 18 * 8(%rsp)            /* cs, ss */
        movq $-1, 296(%rsp)                     /* the mask */
        movl $15, %eax
        syscall
    1:  {code}""")


def test_time_limit_of_a_guest_that_blocks_signals(kit):
    """The kernel ends it."""
    guest = signals_blocked("""
        movl $1, %eax; movl $1, %edi; leaq text(%rip), %rsi; movl $7, %edx; syscall
    2:  jmp 2b
    text: .ascii "blocked" """)
    started = time.monotonic()
    result = kit.run(guest, "--timeout=1")
    assert result.out == "blocked" and result.status == -signal.SIGKILL, result
    assert time.monotonic() - started < 15


def test_no_core_is_left(kit):
    """A fault with signals blocked is the kernel's to handle; it would write a file."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    if hard == 0:
        pytest.skip("core files are not allowed here anyway")
    with kit.start(signals_blocked("ud2"), cwd=kit.folder, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_CORE, (hard, hard))) as guest:
        assert guest.wait(20) == -signal.SIGILL
    assert not [name for name in os.listdir(kit.folder) if name.startswith("core")]


def test_memory_does_not_grow(kit):
    """The stack is what still could: it is limited, whatever the user's shell allows."""
    with kit.start(INIT + 'print "ready\\n"\n hcall LHCALL_HALT') as guest:
        assert guest.stdout.readline() == b"ready\n"
        limits = open(f"/proc/{guest.pid}/limits").read()
        soft, hard = re.search(r"Max stack size +(\w+) +(\w+)", limits).groups()
        assert int(soft) <= 8 << 20 and int(hard) <= 8 << 20
        guest.kill()


def test_early_console_on_a_full_pipe_can_be_ended(kit):
    read, write = os.pipe()
    with kit.start(INIT + "movl $1 << 20, %ecx; movl $0x300000, %edi; movb $'x', %al; rep stosb\n"
                   "hcall LHCALL_NOTIFY, $0x300000\n pass", stdout=write) as guest:
        assert os.read(read, 1) == b"x"
        guest.terminate()
        assert guest.wait(20) == 143
    os.close(read)
    os.close(write)


def test_no_appending_past_a_disk(kit):
    """pwritev2 with RWF_APPEND, write to the disk, a position behind it: all refused."""
    disk = kit.file("disk", bytes(4096))
    log = open(kit.folder / "log", "w")  # then no limit of file size helps
    for call in ("movl $328, %eax; movl $0x10, %r9d", "movl $328, %eax; movl $8192, %r10d",
                 "movl $328, %eax; movq $-1, %r10", "movl $1, %eax", "movl $20, %eax",
                 "movl $296, %eax; movl $8192, %r10d"):
        with kit.start(far_jump_to_64(f"""
            movl $4, %edi; xorl %esi, %esi; xorl %edx, %edx; xorl %r10d, %r10d; xorl %r8d, %r8d
            xorl %r9d, %r9d
            {call}
            syscall"""), f"--block={disk}", stdout=log) as guest:
            assert guest.wait(20) == 1
            assert b"escape refused" in guest.stderr.read(), call
    assert disk.read_bytes() == bytes(4096)


def write_at(fd, position):
    return far_jump_to_64(f"""
        movl $296, %eax; movl ${fd}, %edi; leaq vector(%rip), %rsi; movl $1, %edx
        movq ${position}, %r10; xorl %r8d, %r8d
        syscall
        ud2
        .balign 8
    vector: .quad 0x10000000 + 0x300000, 512""")


def test_small_disk_beside_a_large_one(kit):
    """Each disk has its own end."""
    small, large = kit.file("small", bytes(4096)), kit.file("large", bytes(1 << 20))
    options = [f"--block={small}", f"--block={large}"]
    kit.run(write_at(4, 8192), *options).died("escape refused.*64-bit system call 296")
    kit.run(write_at(5, 8192), *options).died("escape refused.*trap 6")
    kit.run(write_at(5, 1 << 32), *options).died("escape refused.*64-bit system call 296")
    assert (small.stat().st_size, large.stat().st_size) == (4096, 1 << 20)


def test_no_writing_over_what_a_log_holds(kit):
    path = kit.file("log", b"of others\n")
    with open(path, "r+b") as log:
        log.seek(0, os.SEEK_END)
        with kit.start(write_at(1, 0), stdout=log) as guest:
            assert guest.wait(20) == 1
            assert b"64-bit system call 296" in guest.stderr.read()
    assert path.read_bytes() == b"of others\n"


def test_no_clocks_of_other_processes(kit):
    """What they are called encodes a process id, here 1."""
    kit.run(far_jump_to_64("""
        movl $228, %eax; movl $~1 << 3 | 2, %edi; movl $0x10300000, %esi
        syscall
        ud2""")).died("escape refused.*64-bit system call 228")


def test_two_hundred_starts(kit):
    image = kit.assemble(INIT + "pass")
    for _ in range(200):
        kit.run(image).passed("")
