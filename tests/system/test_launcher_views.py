"""The two views of a guest's memory under the launcher: docs/launcher.md, how it works. Whatever a
guest does in the lowest 64 KiB, which only the far view has, is as anywhere else; and it is near
again afterwards.
"""

import re
import resource
import subprocess

import pytest

from launcher_guests import TICKED
from launcher_kit import ASSEMBLE, BUILD, INIT, kit  # noqa: F401

NEAR_CS, NEAR_DS, FAR_CS, FAR_DS = 0x07, 0x0f, 0x17, 0x1f  # launcher/vcpu/selectors.h
MIB = 1 << 20
DEVICE_PAGES = 1 + 2 * 3  # the console alone: the page of descriptors, two rings
LIMIT = 16 * MIB + DEVICE_PAGES * 4096
FAR = 0x10000000  # where the far view of a small guest lies
LONGEST_STAY = 600  # exits, above view.c's limit
COME_BACK = f"""
        movl ${LONGEST_STAY}, %edi
    97: hcall LHCALL_FLUSH_TLB
        decl %edi; jnz 97b
"""


def turns(result):
    return int(re.search(r"(\d+) turns to the far view", result.err).group(1))


def assemble_low(kit, guest):
    """An image that lies in low memory, all of it: from 0x2000 on, one segment."""
    source, image = kit.folder / "low.S", kit.folder / "low.elf"
    source.write_text('#include "guest.inc"\n' + guest + "\n")
    subprocess.run([*ASSEMBLE, "-Wl,-N,-Ttext=0x2000", "-o", image, source], check=True)
    return image


def test_what_the_loader_left(kit):
    """At 0 and at 0x1000, before the first hypercall; one turn, and the guest is near again."""
    result = kit.run(f"""
        cmpl $1, 0x23c; jne 1f
        cmpw $0x0207, 0x206; jne 1f
        cmpl $0x1000, 0x228; jne 1f
        cmpl $0x64726f77, 0x1000; jne 1f
        movw %ds, %bp; cmpw ${FAR_DS}, %bp; jne 1f
        movw %cs, %bp; cmpw ${NEAR_CS}, %bp; jne 1f
        init
        {COME_BACK}
        movw %ds, %bp; cmpw ${NEAR_DS}, %bp; expect e 3
        pass
    1:  init
        fail 2""", "--stats", args=["word"])
    assert result.status == 0 and turns(result) == 1, result


def test_ringlet_leaves_low_memory_alone(kit):
    """It reads boot_params, and keeps nothing of its own there."""
    result = kit.run(BUILD / "hello.elf", "--stats")
    assert result.status == 0 and turns(result) == 1, result


@pytest.mark.parametrize("register", ["ds", "es", "fs", "gs", "ss"])
@pytest.mark.parametrize("kind, near, far", [("data", NEAR_DS, FAR_DS), ("code", NEAR_CS, FAR_CS)])
def test_every_segment_register(kit, register, kind, near, far):
    """Each reads low memory and comes back; a code segment serves for reading as well."""
    if (register, kind) == ("ss", "code"):
        pytest.skip("a stack has to be writable")
    kit.run(INIT + f"""
        movl $0x12345678, 0x8000
        movl $0x9abcdef0, 0xfffc
        {COME_BACK}
        movw ${near}, %ax; movw %ax, %{register}
        cmpl $0x12345678, %{register}:0x8000; expect e 2
        movw %{register}, %ax; cmpw ${far}, %ax; expect e 3
        cmpl $0x9abcdef0, %{register}:0xfffc; expect e 4
        {COME_BACK}
        movw %{register}, %ax; cmpw ${near}, %ax; expect e 5
        cmpl $0x12345678, %{register}:0x8000; expect e 6
        pass""").passed()


def test_low_and_high_in_turn(kit):
    """Both are the same memory in either view, whoever wrote it."""
    result = kit.run(INIT + """
        xorl %ebp, %ebp
    1:  movl %ebp, 0x8000(, %ebp, 4)        /* low: far */
        movl %ebp, 0x300000(, %ebp, 4)
        hcall LHCALL_FLUSH_TLB
        cmpl %ebp, 0x300000(, %ebp, 4); expect e 2
        cmpl %ebp, 0x8000(, %ebp, 4); expect e 3
        notl 0x300000(, %ebp, 4)
        incl %ebp
        cmpl $2000, %ebp; jb 1b
    2:  decl %ebp
        movl 0x300000(, %ebp, 4), %eax
        notl %eax
        cmpl %ebp, %eax; expect e 4
        cmpl %eax, 0x8000(, %ebp, 4); expect e 5
        testl %ebp, %ebp; jnz 2b
        pass""", "--stats")
    assert result.status == 0 and 5 < turns(result) < 40, result  # of 2000 touches


def test_waits_double(kit):
    """How many exits it takes to be near again, after each of some touches. The watching thread's
    are among them, so the guest's own may be fewer."""
    counts = "; ".join(f"cmpl ${n}, counts + {4 * i}; expect be {i + 2}; "
                       f"cmpl ${n // 2}, counts + {4 * i}; expect a {i + 2}" for i, n in
                       enumerate([4, 8, 16, 32, 64, 128, 256, 256]))
    kit.run(INIT + f"""
        xorl %ebp, %ebp
    1:  movl 0x8000, %eax
        xorl %edi, %edi
    2:  movw %ds, %ax; cmpw ${NEAR_DS}, %ax; je 3f
        hcall LHCALL_FLUSH_TLB
        incl %edi
        jmp 2b
    3:  movl %edi, counts(, %ebp, 4)
        incl %ebp
        cmpl $8, %ebp; jb 1b
        {counts}
        pass
        .data
    counts: .fill 8, 4, 0""").passed()


def test_a_busy_guest_comes_back(kit):
    """One that makes no exits is brought back by the watching thread's."""
    kit.run(INIT + f"""
        movl 0x8000, %eax
    1:  movw %ds, %ax; cmpw ${NEAR_DS}, %ax; jne 1b
        pass""").passed()


def test_string_instructions(kit):
    """Across the border of the views, both ways, upwards and downwards."""
    kit.run(INIT + f"""
        movl $0xf000, %edi; movl $0x800, %ecx; xorl %eax, %eax
    1:  stosl; addl $0x01030507, %eax; loop 1b                  /* 0xf000 to 0x11000 */
        {COME_BACK}
        cld; movl $0xf000, %esi; movl $0x300000, %edi; movl $0x800, %ecx; rep movsl
        {COME_BACK}
        cld; movl $0xf000, %esi; movl $0x300000, %edi; movl $0x2000, %ecx; repe cmpsb; expect e 2
        {COME_BACK}
        std; movl $0x10ffc, %esi; movl $0x301ffc, %edi; movl $0x800, %ecx; repe cmpsl; cld; expect e 3
        {COME_BACK}
        movl $0x300000, %esi; movl $0xe000, %edi; movl $0x800, %ecx; rep movsl  /* high to low */
        {COME_BACK}
        movl $0xe000, %esi; movl $0x300000, %edi; movl $0x800, %ecx; repe cmpsl; expect e 4
        {COME_BACK}
        movl $0xd000, %edi; movl $0x4000, %ecx; movb $0xa5, %al; rep stosb
        {COME_BACK}
        movl $0xd000, %edi; movl $0x4000, %ecx; movb $0xa5, %al; repe scasb; expect e 5
        {COME_BACK}
        movl $0xfffe, %esi; lodsl; cmpl $0xa5a5a5a5, %eax; expect e 6
        pass""").passed()


def test_across_the_border(kit):
    """One operand, one instruction that lies half in low memory."""
    kit.run(INIT + f"""
        movl $0x11223344, 0xfffe
        {COME_BACK}
        cmpl $0x11223344, 0xfffe; expect e 2
        {COME_BACK}
        cmpw $0x1122, 0x10000; expect e 3
        incl 0xfffd
        {COME_BACK}
        lock; addl $1, 0xfffd
        {COME_BACK}
        movl 0xfffc, %eax; movl 0x10000, %edx; movl $7, %ebx; movl $8, %ecx
        cmpxchg8b 0xfffc; expect e 4
        {COME_BACK}
        cmpl $7, 0xfffc; expect e 5
        cmpl $8, 0x10000; expect e 6
        movl $0x90c3c0ff, 0xfffe        /* inc %eax; ret */
        movl $0xc0ffc0ff, 0xfffa        /* inc %eax, twice */
        {COME_BACK}
        xorl %eax, %eax; movl $0xfffa, %ecx; call *%ecx
        cmpl $3, %eax; expect e 7
        movw $0xc3c0, 0xffff; movb $0xff, 0xfffe        /* over itself, and one that is cut in two */
        movl $0xfffe, %ecx; movl $5, %eax; call *%ecx
        cmpl $6, %eax; expect e 8
        pass""").passed()


LOW_CODE = """
        movl $routine, %esi; movl $0x8000, %edi; movl $routine_end - routine, %ecx; rep movsb
"""


def test_code_in_low_memory(kit):
    """It calls what lies high, makes hypercalls and is interrupted; the guest is near later."""
    kit.run(INIT + LOW_CODE + f"""
        gate 32, ticked
        sti
        {COME_BACK}
        movl $0x8000, %eax; call *%eax
        cmpl $3, %ebp; expect e 2
        cmpl $1, ticks; expect e 3
        {COME_BACK}
        movw %cs, %ax; cmpw ${NEAR_CS}, %ax; expect e 4
        movl $0x8000, %eax; call *%eax
        cmpl $3, %ebp; expect e 5
        pass
    routine:
        movl $1, %ebp
        movl $high, %eax; call *%eax
        hcall LHCALL_FLUSH_TLB
        hcall LHCALL_SET_CLOCKEVENT, $300000
        movl $0, ticks
    1:  cmpl $0, ticks; je 1b
        incl %ebp
        ret
    routine_end:
    high:
        incl %ebp
        hcall LHCALL_FLUSH_TLB
        ret""" + TICKED).passed()


def test_interrupts_into_low_memory(kit):
    """The handler, its stack and the loop that it interrupts lie there; a hundred of them."""
    kit.run(INIT + """
        movl $handler, %esi; movl $0x8000, %edi; movl $handler_end - handler, %ecx; rep movsb
        movl $0x8000, %edx; movzwl %dx, %ecx; movl $0x8e00, %edx
        hcall LHCALL_LOAD_IDT_ENTRY, $32, %ecx, %edx
        movl $0x9f00, %esp
        sti
        hcall LHCALL_SET_CLOCKEVENT, $50000
    1:  cmpl $100, ticks; jb 1b
        cmpl $0x9f00, %esp; expect e 2
        pass
    handler:
        pushal
        incl ticks
        hcall LHCALL_SET_CLOCKEVENT, $50000
        popal
        movl $LGUEST_IF, irq_enabled
        iret
    handler_end:
        .data
    ticks: .long 0""").passed()


def test_stack_in_low_memory(kit):
    """push, pop, call, enter, pushal, iret, and frames that the host pushes."""
    kit.run(INIT + f"""
        gate 3, broke, 0xE, 3
        movl %esp, %ebp
        movl $0x9000, %esp
        pushl $1; popl %eax; cmpl $1, %eax; jne 9f
        call 1f
    1:  popl %eax; cmpl $1b, %eax; jne 9f
        enter $16, $0; leave
        pushal; popal
        int3
        cmpl $1, breaks; jne 9f
        pushfl; movw %cs, %ax; pushl %eax; pushl $2f; iret
    2:  movl $0x10002, %esp; pushl $5; popl %eax; cmpl $5, %eax; jne 9f
        movl %ebp, %esp
        {COME_BACK}
        movl $0x9000, %esp; int3
        cmpl $2, breaks; jne 9f
        movl $stack_top, %esp
        pass
    9:  movl $stack_top, %esp
        fail 2
    broke: incl breaks; iret
        .data
    breaks: .long 0""").passed()


def test_selectors_that_were_kept(kit):
    """Those of either view stay good, in every register and by every way of loading them."""
    for cs, ds in (NEAR_CS, NEAR_DS), (FAR_CS, FAR_DS), (NEAR_CS, FAR_DS), (FAR_CS, NEAR_DS):
        kit.run(INIT + f"""
            movw ${ds}, %ax
            movw %ax, %ds; movw %ax, %es; movw %ax, %fs; movw %ax, %gs; movw %ax, %ss
            movl $7, 0x8000
            ljmp ${cs}, $1f
        1:  lcall ${cs}, $2f
            pushfl; pushl ${cs}; pushl $3f; iret
        2:  cmpl $7, 0x8000; expect e 2
            lret
        3:  pushl ${ds}; popl %es; pushl ${ds}; popl %ds
            movl $0x300000, (target); movw ${ds}, (target + 4)
            lss target, %eax; movl $stack_top, %esp
            lgs target, %eax; les target, %eax; lds target, %eax
            cmpl $7, %gs:0x8000; expect e 3
            {COME_BACK}
            cmpl $7, %es:0x8000; expect e 4
            cmpl $7, %ss:0x8000; expect e 5
            pass
            .data
        target: .long 0, 0""").passed()


def test_single_steps_through_low_memory(kit):
    """A fault that the guest is not told of makes no step, nor loses one."""
    kit.run(INIT + f"""
        gate 1, stepped, 0xE, 3
        movl $9, 0x8000
        movl $9, 0x300000
        movl $0x300000, %ebx
    1:  movl steps, %ebp
        pushl %ebx
        {COME_BACK}
        popl %ebx
        pushfl; orl $0x100, (%esp); popfl
        movl (%ebx), %eax
        nop
        pushfl; andl $~0x100, (%esp); popfl
        cmpl $9, %eax; expect e 2
        movl $0x8000, %ebx
        testl %ebp, %ebp; jz 1b
        shll %ebp
        cmpl %ebp, steps; expect e 3
        pass
    stepped: incl steps; return_from_interrupt
        .data
    steps: .long 0""").passed()


def test_guest_that_is_all_low(kit):
    """Code, data, stack, lguest_data: a guest of 1 MiB that lies at 0x2000."""
    image = assemble_low(kit, INIT + """
        gate 32, ticked
        sti
        movl $20, %ebp
    1:  movl $0, ticks
        hcall LHCALL_SET_CLOCKEVENT, $100000
    2:  cmpl $0, ticks; je 2b
        hcall LHCALL_SET_CLOCKEVENT, $100000
        hcall LHCALL_HALT
        cmpl $2, ticks; expect e 2
        decl %ebp; jnz 1b
        print "low\\n"
        movl $4, 0xffffc
        cmpl $4, 0xffffc; expect e 3
        pass""" + TICKED)
    kit.run(image, memory="1").passed("low\n")


def test_long_arguments_lie_across_the_border(kit):
    """The command line, from 0x1000 on, and a string that is printed."""
    words = ["x" * 30000, "y" * 40000]
    result = kit.run(INIT + """
        cld
        movl $0x1000, %edi; movb $'x', %al; movl $30001, %ecx; repe scasb
        cmpb $' ', -1(%edi); expect e 2
        movb $'y', %al; movl $40001, %ecx; repe scasb
        cmpb $0, -1(%edi); expect e 3
        hcall LHCALL_NOTIFY, $0x1000
        pass""", args=words)
    result.passed(" ".join(words))


# ---- where memory ends ----

@pytest.mark.parametrize("view", ["near", "far"])
@pytest.mark.parametrize("instruction, number", [
    (f"movl {LIMIT - 4:#x}, %eax; movb {LIMIT - 1:#x}, %al; movb %al, %es:{LIMIT - 1:#x}", 0),
    (f"movb {LIMIT:#x}, %al", 13),
    (f"movl {LIMIT - 3:#x}, %eax", 13),
    (f"movb $1, %es:{LIMIT:#x}", 13),
    (f"movb $1, %fs:{LIMIT:#x}", 13),
    (f"movb $1, %gs:{LIMIT:#x}", 13),
    (f"movl %ss:{LIMIT:#x}, %eax", 12),
    (f"movl $0x300000, %esi; movl ${LIMIT - 2:#x}, %edi; movsl", 13),
    (f"movl {FAR:#x}, %eax", 13),
    (f"movl $1, {FAR + 0x100000:#x}", 13),
    ("movl 0xfffffffe, %eax", 13),
])
def test_end_of_memory(kit, view, instruction, number):
    """The last byte is there, and the next one is not, whichever segment is used."""
    turn = "movl 0x8000, %eax" if view == "far" else COME_BACK
    result = kit.run(INIT + f"""
        trap_gates
        movw %ds, %ax; movw %ax, %fs; movw %ax, %gs
        {COME_BACK}
        {turn}
        {instruction}
        pass""")
    if number:
        assert re.search(rf"CRASH: trap {number:08x} error 00000000 ", result.err), result
    else:
        result.passed()


@pytest.mark.parametrize("view", ["near", "far"])
@pytest.mark.parametrize("target", [LIMIT, 0x20000000, 0xfffffff0, FAR - 2])
def test_jump_past_the_end(kit, view, target):
    turn = LOW_CODE + "movl $0x8000, %eax; jmp *%eax" if view == "far" else ""
    result = kit.run(INIT + f"""
        trap_gates
        {turn}
    routine:
        movl ${target:#x}, %eax
        jmp *%eax
    routine_end:""")
    assert re.search("CRASH: trap 0000000d error 00000000 ", result.err), result


def test_jump_into_the_far_view(kit):
    """Where near code could run on, since it has no limit: its next exit is the end of that."""
    for code in ("hcall LHCALL_FLUSH_TLB", "1: jmp 1b", "int $0x80", "ud2", "int3", "cli_now: .byte 0xfa"):
        result = kit.run(INIT + f"""
            trap_gates
            movl $inside + {FAR:#x}, %eax
            jmp *%eax
        inside:
            {code}
            pass""")
        assert re.search("CRASH: trap 0000000d error 00000000 at 1010", result.err), (code, result)


@pytest.mark.parametrize("memory", ["2", "16", "256", "257", "1G", "2G", "3G"])
def test_sizes(kit, memory):
    """The top of memory, the bottom, and the middle, where the guest lies, in any order."""
    top = {"1G": 1024, "2G": 2048, "3G": 3072}.get(memory, memory)
    top = int(top) * MIB
    kit.run(INIT + f"""
        trap_gates
        movl $0x600d, {top - 4:#x}
        movl $0x10, 0x8000
        {COME_BACK}
        cmpl $0x600d, {top - 4:#x}; expect e 2
        cmpl $0x10, 0x8000; expect e 3
        movl $0x8000, %esi; movl ${top - 4096:#x}, %edi; movsl
        {COME_BACK}
        cmpl $0x10, {top - 4096:#x}; expect e 4
        pushl {top - 4096:#x}; popl 0x8004
        cmpl $0x10, 0x8004; expect e 5
        movl ${top - 64:#x}, %esp                   /* a stack there, and code */
        pushl 0x8004; popl %eax
        cmpl $0x10, %eax; expect e 6
        movl $routine, %esi; movl ${top - 8192:#x}, %edi; movl $routine_end - routine, %ecx; rep movsb
        {COME_BACK}
        movl ${top - 8192:#x}, %eax; call *%eax
        cmpl $0x11, %ebp; expect e 7
        {COME_BACK}
        movl ${top - 8192:#x}, %eax; call *%eax
        cmpl $0x11, %ebp; expect e 8
        pass
    routine:
        movl 0x8000, %ebp
        incl %ebp
        hcall LHCALL_FLUSH_TLB
        ret
    routine_end:""", memory=memory).passed()


@pytest.mark.parametrize("memory, address", [
    ("16", 0x01100000), ("16", 0xe0000000), ("256", 0x10100000), ("512", 0x60001234), ("1G", 0x70001234)])
def test_segment_without_a_limit(kit, memory, address):
    """One of the guest's own finds nothing past memory, in neither view, and tells where."""
    for turn in COME_BACK, "movl 0x8000, %eax":
        result = kit.run(INIT + f"""
            trap_gates
            hcall LHCALL_LOAD_GDT_ENTRY, $14, $0xffff, $0xcff200
            movl $0x73, %eax; movl %eax, %gs
            movl $5, %gs:0x8000; cmpl $5, 0x8000; expect e 2
            {turn}
            movl $6, %gs:0x300000; cmpl $6, 0x300000; expect e 3
            movl $1, %gs:{address:#x}""", memory=memory)
        assert re.search(f"CRASH: trap 0000000e error 0000000[67] .* cr2 {address:08x}", result.err), result


def test_faults_of_a_large_guest_are_its_own(kit):
    """Where the near view is not whole, a fault may be a view's: one that both have is told."""
    for code, number in (("hlt", 13), ("movl 0xf0000000, %eax", 13), ("movl %ss:0xf0000000, %eax", 12),
                         ("movl $0xf0000000, %eax; jmp *%eax", 13), ("sti_now: .byte 0xfb", 13)):
        result = kit.run(INIT + f"trap_gates\n {code}", memory="3G")
        assert re.search(rf"CRASH: trap {number:08x} error 00000000 ", result.err), (code, result)


# ---- a restart ----

@pytest.mark.parametrize("views", ["both", "far"])
def test_restart(kit, views):
    """Low memory and high are new, selectors are the first ones, and the first wait is short. The
    image and the initrd are read again, and not written into a file as at first."""
    initrd = kit.file("initrd", bytes(i % 251 for i in range(3 * 65536 + 5)))
    result = kit.run(f"""
        movl %cs, %eax; cmpw ${NEAR_CS}, %ax; jne 9f
        movl %ds, %eax; cmpw ${NEAR_DS}, %ax; jne 9f
        movl %es, %eax; cmpw ${NEAR_DS}, %ax; jne 9f
        movl %ss, %eax; cmpw ${NEAR_DS}, %ax; jne 9f
        init
        cmpl $0, 0x8000; expect e 2
        hcall LHCALL_FLUSH_TLB; hcall LHCALL_FLUSH_TLB
        hcall LHCALL_FLUSH_TLB; hcall LHCALL_FLUSH_TLB
        movw %ds, %ax; cmpw ${NEAR_DS}, %ax; expect e 3
        cmpl $0, 0x300000; expect e 4
        movl $1, 0x300000
        movl $1, 0x8000
        movl 0x218, %esi
        movl 0x21c, %eax; cmpl $0x31000, %eax; expect e 6
        cmpb $({3 * 65536 + 4} % 251), {3 * 65536 + 4}(%esi); expect e 7
        cmpb $0, {3 * 65536 + 5}(%esi); expect e 8
        cmpl $0x03020100, (%esi); expect e 9
        movl $0, (%esi)
        notl word; cmpl $~0x11223344, word; expect e 10
        print "."
    """ + LOW_CODE + """
        movl $0x8000, %eax; jmp *%eax
    9:  init
        fail 5
    routine:
        movw %cs, %ax; movw %ds, %bx
        hcall LHCALL_SHUTDOWN, $0x400000, $LGUEST_SHUTDOWN_RESTART
    routine_end:
        .data
    word: .long 0x11223344""", "--timeout=1", f"--initrd={initrd}", preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_FSIZE, (MIB if views == "far" else resource.RLIM_INFINITY,) * 2))
    assert result.status == 124 and set(result.out) == {"."} and len(result.out) > 3, result


# ---- no near view ----

@pytest.mark.parametrize("limit, room, reason", [
    (resource.RLIMIT_AS, 96 * MIB, "Cannot allocate memory"),
    (resource.RLIMIT_FSIZE, 1 * MIB, "File too large"),
])
def test_far_view_alone(kit, limit, room, reason):
    """Where there is no room for both: slower, and the same."""
    image = kit.assemble(INIT + f"""
        trap_gates
        movl $3, 0x8000
        cmpl $3, 0x8000; expect e 2
        {COME_BACK}
        cmpl $3, 0x8000; expect e 3
        movl 0x20000000, %eax""")
    result = kit.run(image, "--verbose", "--stats", memory="64",
                     preexec_fn=lambda: resource.setrlimit(limit, (room, room)))
    result.died(f"guest code is slow.*at 0x10000 as well: {reason}",
                "CRASH: trap 0000000d ", " 0 turns to the far view")


def test_views_are_told(kit):
    result = kit.run(INIT + "movl 0x8000, %eax\n pass", "--trace")
    result.said(r"data in the far view from 0x\w+ on, for 4 exits")
