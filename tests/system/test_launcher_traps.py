"""Traps, privileged instructions and thread-local data under the launcher: docs/lguest.md."""

import re

import pytest

from launcher_guests import TICKED
from launcher_kit import INIT, both_ways as kit  # noqa: F401

GATES = INIT + "trap_gates\n"


def trap(result):
    """(number, error, offset from `here`...) of a guest that told of its trap."""
    found = re.search(r"CRASH: trap (\w+) error (\w+) at (\w+) cr2 (\w+) flags (\w+)", result.err)
    assert found and result.status == 1, result
    return tuple(int(word, 16) for word in found.groups())


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
