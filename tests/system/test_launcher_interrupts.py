"""Interrupts, HALT, timer and clocks under the launcher: docs/lguest.md, traps and interrupts."""

import pytest

from launcher_guests import TICKED
from launcher_kit import INIT, both_ways as kit  # noqa: F401

HALT_UNTIL_TICK = """
        gate 32, ticked
        hcall LHCALL_SET_CLOCKEVENT, $1000000
        hcall LHCALL_HALT
        cmpl $1, ticks; expect e 2
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
        hcall LHCALL_SET_CLOCKEVENT, $100000
        movl $50000000, %ecx
        sti
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
