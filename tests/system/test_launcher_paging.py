"""Page tables under the launcher: docs/lguest.md, page tables. What they say of presence and
writability holds, what the launcher itself does with memory does not depend on them, and tables
that are none, or that map addresses elsewhere, end the guest."""

import re

import pytest

from launcher_guests import DISK, TICKED, disk, request  # noqa: F401
from launcher_kit import INIT, kit  # noqa: F401

PAGE = 0x300000  # that the tests take away, among others
START = '#include "paging.inc"\n init\n trap_gates\n use_tables\n'
PLAIN, READ, WRITE, TABLE_READ = 0, 0x61, 0x63, 0x61


def trapped(result, error, address):
    assert re.search(rf"CRASH: trap 0000000e error {error:08x} at \w+ cr2 {address:08x} ", result.err), result


# ---- what holds ----

def test_everything_is_there(kit):
    kit.run(START + f"""
        movl $1, {PAGE}; incl {PAGE}; cmpl $2, {PAGE}; expect e 2
        movl $1, (16 << 20) - 4
        pass""").passed()


ABSENT = f"absent {PAGE}"
READ_ONLY = f"told {PAGE}, {READ}"


@pytest.mark.parametrize("view", ["near", "far"])
@pytest.mark.parametrize("change, instruction, error, address", [
    (ABSENT, f"movl {PAGE}, %eax", 0, PAGE),
    (ABSENT, f"movl $1, {PAGE + 8}", 2, PAGE + 8),
    (ABSENT, f"movl {PAGE - 2}, %eax", 0, PAGE),
    (ABSENT, f"movl ${PAGE}, %eax; jmp *%eax", 0, PAGE),
    (READ_ONLY, f"movl {PAGE}, %eax; incl {PAGE + 4092}", 3, PAGE + 4092),
    (READ_ONLY, f"movl ${PAGE - 4}, %edi; movl $2, %ecx; rep stosl", 3, PAGE),
    ("absent 0x8000", "movl 0x8004, %eax", 0, 0x8004),
    ("absent 0", "incl 0", 2, 0),
    ("absent 0", "xorl %eax, %eax; call *%eax", 0, 0),
    (f"told 0x8000, {READ}", "movl 0x8000, %eax; movl %eax, 0x8000", 3, 0x8000),
    (f"movl $tables + 0x1000 + {TABLE_READ}, directory + 4; hcall LHCALL_SET_PGD, $directory, $1",
     "movl 0x7ffffc, %eax; movl %eax, 0x7ffffc", 3, 0x7ffffc),
    ("movl $0, directory + 8; hcall LHCALL_SET_PGD, $directory, $2", "movl 0x8ffffc, %eax", 0, 0x8ffffc),
])
def test_faults(kit, view, change, instruction, error, address):
    """Read, write and fetch; of pages and of what a directory's entry covers; in both views."""
    turn = "movl 0x9000, %eax" if view == "far" else ""
    trapped(kit.run(START + f"""
        {change}
        {turn}
        {instruction}
        pass"""), error, address)


def test_a_page_that_comes_back(kit):
    """The handler of the fault makes it present, says nothing, and the instruction goes on."""
    kit.run(START + f"""
        gate 14, mend
        movl $7, {PAGE}
        {ABSENT}
        cmpl $7, {PAGE}; expect e 2
        movl $8, {PAGE}
        cmpl $2, faults; expect e 3
        pass
    mend:
        incl faults
        addl $4, %esp
        cmpl $2, faults; je 1f
        entry {PAGE}, {READ}
        iret
    1:  entry {PAGE}, {WRITE}
        iret
        .data
    faults: .long 0""").passed()


@pytest.mark.parametrize("tell, holds", [
    (f"hcall LHCALL_SET_PTE, $directory, ${PAGE}, $0", True),
    (f"hcall LHCALL_SET_PTE, $directory + 0x100000, ${PAGE}, $0", True),  # in all address spaces
    ("hcall LHCALL_SET_PGD, $directory, $0", True),
    ("hcall LHCALL_FLUSH_TLB, $1", True),
    ("hcall LHCALL_NEW_PGTABLE, $directory", True),
    ("hcall LHCALL_FLUSH_TLB, $0", False),  # the user's part, which is empty
    ("hcall LHCALL_SET_PGD, $directory, $1", False),
    ("hcall LHCALL_SET_PGD, $directory, $1024", False),
    ("hcall LHCALL_SET_PGD, $directory + 0x1000, $0", False),
    (f"hcall LHCALL_SET_PTE, $directory, ${PAGE + 4096}, $0", False),
    ("nop", False),
])
def test_what_makes_a_change_count(kit, tell, holds):
    result = kit.run(START + f"""
        movl $0, tables + ({PAGE} >> 12) * 4
        {tell}
        movl {PAGE}, %eax
        pass""")
    trapped(result, 0, PAGE) if holds else result.passed()


@pytest.mark.parametrize("tell, holds", [
    (f"hcall LHCALL_SET_PTE, $directory + 0x100000, ${PAGE}, $0", False),
    (f"hcall LHCALL_SET_PTE, $directory, ${PAGE}, $0", True),
    ("hcall LHCALL_FLUSH_TLB, $0", True),
])
def test_a_user_part(kit, tell, holds):
    """Below kernel_address a page is in one address space, and FLUSH_TLB 0 is about it."""
    result = kit.run(f"""#include "paging.inc"
        movl $8 << 20, data + LGUEST_DATA_TAIL + 8
        init
        trap_gates
        use_tables
        movl $0, tables + ({PAGE} >> 12) * 4
        {tell}
        movl {PAGE}, %eax
        pass""")
    trapped(result, 0, PAGE) if holds else result.passed()


def test_the_entry_of_the_call(kit):
    """Counts if it was used, whatever the table says; else it is the table's that does."""
    guest = START + """
        entry {page}, {table}
        hcall LHCALL_SET_PTE, $directory, ${page}, ${page} + {told}
        cmpl $0, {page}; expect e 2
        movl $1, {page}
        pass"""
    kit.run(guest.format(page=PAGE, table=0, told=WRITE)).passed()
    kit.run(guest.format(page=PAGE, table=WRITE, told=1)).passed()
    trapped(kit.run(guest.format(page=PAGE, table=0, told=1)), 0, PAGE)
    trapped(kit.run(guest.format(page=PAGE, table=1, told=READ)), 3, PAGE)


def test_calls_before_there_are_tables(kit):
    kit.run(INIT + """
        hcall LHCALL_SET_PTE, $0x2000, $0x3000, $0x9063
        hcall LHCALL_SET_PGD, $0x2000, $0
        hcall LHCALL_FLUSH_TLB, $1
        pass""").passed()


def test_two_directories(kit):
    """The other one has its say from NEW_PGTABLE on, and the first one again later."""
    trapped(kit.run(START + f"""
        movl $directory, %esi; movl $0x500000, %edi; movl $1024, %ecx; rep movsl
        movl $0, 0x500008
        hcall LHCALL_NEW_PGTABLE, $0x500000
        gate 14, back
        movl 0x800000, %eax
        fail 2
    back:
        hcall LHCALL_NEW_PGTABLE, $directory
        movl 0x800000, %eax
        gate 14, trap_handler_14
        hcall LHCALL_NEW_PGTABLE, $0x500000
        movl 0x800004, %eax
        pass"""), 0, 0x800004)


# ---- what is refused ----

@pytest.mark.parametrize("change, message", [
    (f"told {PAGE}, 0x1063", "map 0x300000 to 0x301000: .* mapped to itself"),
    (f"told {PAGE}, 0x10000063", "bad page table entry 0x10300063 for 0x300000"),
    (f"told {PAGE}, 0xe3", "bad page table entry 0x3000e3"),  # bit 7
    (f"entry {PAGE}, 0x1001; hcall LHCALL_FLUSH_TLB, $1", "mapped to itself"),
    ("movl $0x63, directory + 768 * 4; hcall LHCALL_SET_PGD, $directory, $768", "mapped to itself"),
    ("movl $tables + 0x63, directory + 768 * 4; hcall LHCALL_SET_PGD, $directory, $768", "map 0xc0000000 to 0:"),
    ("movl $0x8000e3, directory + 8; hcall LHCALL_SET_PGD, $directory, $2", "bad page directory entry 0x8000e3"),
    ("movl $0x73 + tables, directory; hcall LHCALL_FLUSH_TLB, $1", "bad page directory entry 0x401073"),
    ("movl $0x10000063, directory; hcall LHCALL_FLUSH_TLB, $1", "bad page directory entry 0x10000063"),
    ("movl $0xfffff063, directory; hcall LHCALL_FLUSH_TLB, $1", "bad page directory entry 0xfffff063"),
    ("movl $directory + 0x63, directory + 4; hcall LHCALL_FLUSH_TLB, $1", "map 0x400000 to"),  # itself
    ("hcall LHCALL_NEW_PGTABLE, $0x401004", "bad page directory 0x401004"),
    ("hcall LHCALL_NEW_PGTABLE, $0x10000000", "bad page directory 0x10000000"),
    ("hcall LHCALL_NEW_PGTABLE, $0xfffff000", "bad page directory 0xfffff000"),
    ("hcall LHCALL_SET_PMD, $directory, $0", "page tables of three levels"),
])
def test_refused(kit, change, message):
    kit.run(START + change + "\n pass").died(message)


def test_entries_beyond_memory_that_nobody_can_touch(kit):
    """Those of the last table, as long as they map to themselves: the touch is the fault."""
    assert "trap 0000000d" in kit.run(START + "movl 0x1100000, %eax\n pass").err


# ---- the launcher's own accesses ----

def test_tables_that_are_read_only_or_absent(kit):
    """The launcher reads them all the same."""
    trapped(kit.run(START + f"""
        told directory, {READ}
        told tables, {READ}
        hcall LHCALL_SET_PTE, $directory, $tables, $0x401061
        hcall LHCALL_FLUSH_TLB, $1
        movl $0, tables + ({PAGE} >> 12) * 4"""), 3, 0x401000 + (PAGE >> 10))
    kit.run(START + """
        movl $0, tables + 0x400 * 4
        movl $0, tables + 0x401 * 4
        hcall LHCALL_FLUSH_TLB, $1
        hcall LHCALL_FLUSH_TLB, $1
        pass""").passed()


def test_text_in_an_absent_page(kit):
    """Printed by NOTIFY, and read by SHUTDOWN; across pages of which only one is there."""
    result = kit.run(START + f"""
        movl $0x6c6c6568, {PAGE - 4}; movl $0x6f, {PAGE}
        movl $0x74697865, {PAGE + 0x100}; movl $0x3720, {PAGE + 0x104}
        {ABSENT}
        hcall LHCALL_NOTIFY, ${PAGE - 4}
        hcall LHCALL_SHUTDOWN, ${PAGE + 0x100}, $1""")
    assert (result.status, result.out) == (7, "hello"), result


def test_protected_lguest_data_and_stack(kit):
    """Traps and interrupts are told as before, where the guest may only read, or not even that."""
    kit.run(START + f"""
        gate 3, broke, 0xE, 3
        gate 32, woken
        movl %esp, %ebp
        movl ${PAGE + 0x800}, %esp
        hcall LHCALL_SET_CLOCKEVENT, $1000000
        told {PAGE}, {READ}
        int3
    back:
        movl %ebp, %esp
        movl $data, %ecx; shrl $12, %ecx
        movl $0, tables(, %ecx, 4)
        movl $0, tables + 4(, %ecx, 4)
        hcall LHCALL_FLUSH_TLB, $1
        hcall LHCALL_HALT
        fail 2
    broke:
        jmp back
    woken:
        hcall LHCALL_SHUTDOWN, $text, $LGUEST_SHUTDOWN_POWEROFF
        .section .rodata
    text: .ascii "exit 0"
        .skip LGUEST_SHUTDOWN_TEXT""").passed()


def test_disk_reads_into_an_absent_page(kit, disk):
    """Data and status byte are the device's to write."""
    kit.run(DISK + '#include "paging.inc"\n use_tables\n' + ABSENT + "\n" + request("read", sector=3) + f"""
        told {PAGE}, {WRITE}
        cmpl $0x03030303, {PAGE}; expect e 60
        cmpl $0x03030303, {PAGE + 508}; expect e 61
        pass""", f"--block={disk}").passed()


# ---- stacks ----

OVERFLOW = f"""
        absent 0x500000
        movl $0x501000, %esp
        movl $0x2000, %ecx
    5:  pushl %ecx
        loop 5b
        pass"""


def test_stack_overflow_without_another_stack(kit):
    kit.run(START + OVERFLOW).died("no frame fits onto the stack at 0x.*: esp is 0x501000")


def test_stack_overflow(kit):
    """SET_STACK's is where it is told, with the frame of a trap out of ring 3."""
    kit.run(START + f"""
        gate 14, overflow
        hcall LHCALL_SET_STACK, $0x69, $0x600000, $1
        {OVERFLOW}
    overflow:
        cmpl $0x600000 - 24, %esp; jne 6f
        cmpl $2, (%esp); expect e 2
        cmpl $0x69, 20(%esp); expect e 3
        cmpl $0x501000, 16(%esp); expect e 4
        cmpl $0x500ffc, data + LGUEST_DATA_CR2; expect e 5
        pass
    6:  fail 6""").passed()


def test_interrupt_without_room_for_its_frame(kit):
    kit.run(START + """
        gate 14, overflow
        gate 32, ticked
        hcall LHCALL_SET_STACK, $0x69, $0x600000, $1
        absent 0x500000
        sti
        hcall LHCALL_SET_CLOCKEVENT, $1000000
        movl $0x501000, %esp
    1:  jmp 1b
    overflow:
        cmpl $0x500ffc, data + LGUEST_DATA_CR2; expect e 5
        pass""" + TICKED).passed()


def test_other_stack_that_is_absent_too(kit):
    kit.run(START + """
        hcall LHCALL_SET_STACK, $0x69, $0x501000, $1
        """ + OVERFLOW).died("no frame fits")


def test_nothing_above_the_stack(kit):
    """Its top is where the original looks, whatever the frame needs."""
    guest = START + """
        gate 3, broke, 0xE, 3
        movl %esp, %ebp
        absent 0x501000
        movl $0x501000, %esp
        int3
        movl %ebp, %esp
        pass
    broke: iret"""
    kit.run(guest).passed()
    kit.run(guest, "--strict").died("strict: at .* esp is 0x501000, which is not mapped")


# ---- many, and again ----

def test_many_calls(kit):
    """Each of a thousand pages taken away and given back, fifty times."""
    kit.run(START + f"""
        movl $50, %ebp
    1:  movl $0x800000, %edi
    2:  movl %edi, %eax; shrl $12, %eax
        movl $0, tables(, %eax, 4)
        hcall LHCALL_SET_PTE, $directory, %edi, $0
        movl %edi, %eax; shrl $12, %eax
        leal {WRITE}(%edi), %ecx
        movl %ecx, tables(, %eax, 4)
        movl %ebp, (%edi)
        addl $4096, %edi
        cmpl $0xc00000, %edi; jb 2b
        decl %ebp; jnz 1b
        cmpl $1, 0xbff000; expect e 2
        pass""").passed()


def test_more_pieces_than_the_host_has(kit):
    """Every second page of 1 GiB is absent: a sentence, and the guest goes on without protection."""
    result = kit.run("""
        #include "paging.inc"
        init
        movl $tables, %edi
        xorl %eax, %eax
    1:  movl $0, (%edi)
        testl $0x1000, %eax; jnz 2f
        leal 0x63(%eax), %ecx
        movl %ecx, (%edi)
    2:  cmpl $0x800000, %eax; ja 3f
        leal 0x63(%eax), %ecx
        movl %ecx, (%edi)
    3:  addl $4, %edi
        addl $4096, %eax
        cmpl $1 << 30, %eax; jb 1b
        movl $tables + 0x63, %eax
        xorl %ecx, %ecx
    4:  movl %eax, directory(, %ecx, 4)
        addl $4096, %eax
        incl %ecx
        cmpl $256, %ecx; jb 4b
        hcall LHCALL_NEW_PGTABLE, $directory
        movl $1, 0x20001000
        hcall LHCALL_FLUSH_TLB, $1
        incl 0x20001000
        cmpl $2, 0x20001000; expect e 2
        pass""", memory="1G")
    assert result.status == 0, result
    result.said("pages of the guest are not protected from here on: .*max_map_count")
    assert result.err.count("\n") == 1


def test_restart(kit):
    """Everything is there again, and there are no tables."""
    result = kit.run(START.replace("use_tables", f"movl $1, {PAGE}; incl 0x9000; cmpl $1, 0x9000; expect e 2"
                                   "; hcall LHCALL_SET_PTE, $directory, $0, $0x9063; use_tables") + f"""
        {ABSENT}
        absent 0x9000
        told 0x500000, {READ}
        movl $0, directory + 12
        hcall LHCALL_FLUSH_TLB, $1
        print "."
        hcall LHCALL_SHUTDOWN, $0x400000, $LGUEST_SHUTDOWN_RESTART""", "--timeout=1")
    assert result.status == 124 and set(result.out) == {"."} and len(result.out) > 3, result
