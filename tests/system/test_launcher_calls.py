"""The launcher's hypercalls, traps and interrupts, each rule of docs/lguest.md, sections 2 to 5."""

import pytest

from launcher_kit import INIT, both_ways as kit  # noqa: F401


# ---- start state and the first call ----

def test_hello(kit):
    kit.run(INIT + 'print "hello\\n"\n pass').passed("hello\n")


def test_start_state(kit):
    """All registers 0, the stack pointer too, interrupts' flag set, fs and gs empty."""
    kit.run("""
        movl %esp, found_esp
        movl $stack_top, %esp
        pushfl; popl found_flags
        orl %ebx, %eax; orl %ecx, %eax; orl %edx, %eax; orl %esi, %eax; orl %edi, %eax
        orl %ebp, %eax; orl found_esp, %eax
        movl %fs, %edx; orl %edx, %eax; movl %gs, %edx; orl %edx, %eax
        movl %eax, %edi
        init
        testl %edi, %edi; expect z 2
        cmpl $0x202, found_flags; expect e 3
        movl %ds, %eax; movl %es, %ebx; movl %ss, %ecx
        cmpl %eax, %ebx; expect e 4
        cmpl %eax, %ecx; expect e 5
        pass
        .data
    found_esp: .long 1
    found_flags: .long 0""").passed()


def test_selectors_can_be_loaded_again(kit):
    """With what was found: ds, es, ss, 0 into fs and gs, and a far jump to the code."""
    kit.run("""
        movl $stack_top, %esp
        movl %ds, %eax; movl %eax, %es; movl %eax, %ss; movl %eax, %ds
        xorl %eax, %eax; movl %eax, %fs; movl %eax, %gs
        movl %cs, %eax; movw %ax, target + 4
        ljmp *target
    there:
        init
        pass
        .data
    target: .long there; .word 0""").passed()


def test_boot_params(kit):
    initrd = kit.file("initrd", b"i" * 5000)
    kit.run("""
        init
        cmpb $1, BOOT_PARAMS_E820_ENTRIES; expect e 2
        cmpw $0x207, BOOT_PARAMS_PROTOCOL; expect e 3
        cmpb $0x40, BOOT_PARAMS_LOADFLAGS; expect e 4
        cmpl $(16 << 20) - 8192, BOOT_PARAMS_INITRD_ADDRESS; expect e 5
        cmpl $8192, BOOT_PARAMS_INITRD_SIZE; expect e 6
        cmpl $0x1000, BOOT_PARAMS_COMMAND_LINE; expect e 7
        cmpl $1, BOOT_PARAMS_SUBARCH; expect e 8
        cmpl $0, BOOT_PARAMS_E820; expect e 9
        cmpl $16 << 20, BOOT_PARAMS_E820 + 8; expect e 10
        cmpl $1, BOOT_PARAMS_E820 + 16; expect e 11
        cmpl $0, 0x202; expect e 12
        cmpb $'i', (16 << 20) - 8192 + 4999; expect e 13
        cmpb $0, (16 << 20) - 8192 + 5000; expect e 14
        hcall LHCALL_NOTIFY, $0x1000
        pass""", f"--initrd={initrd}", args=["one", "two=3", "--", "x"]).passed("one two=3 -- x")


@pytest.mark.parametrize("memory, size", [("3", 3 << 20), ("3M", 3 << 20), ("1G", 1 << 30)])
def test_memory(kit, memory, size):
    kit.run(f"init; cmpl ${size}, BOOT_PARAMS_E820 + 8; expect e 2; "
            f"movb $1, {size} - 1; pass", memory=memory).passed()


def test_call_before_init(kit):
    kit.run("hcall_now: movl $LHCALL_HALT, %eax; int $0x1f").died("hypercall 10 before INIT$")


def test_second_init(kit):
    kit.run(INIT + "hcall LHCALL_LGUEST_INIT, $data").died("already have lguest_data$")


@pytest.mark.parametrize("address", ["0xffffffff", "0x80000000", "-LGUEST_DATA_SIZE"])
def test_init_outside(kit, address):
    kit.run(f"movl $stack_top, %esp; hcall LHCALL_LGUEST_INIT, ${address}").died("bad guest page")


def test_init_wrong_syscall_vector(kit):
    kit.run("movl $stack_top, %esp; movl $0x81, data + LGUEST_DATA_TAIL + 12\n"
            "hcall LHCALL_LGUEST_INIT, $data").died("system call vector 0x81")


@pytest.mark.parametrize("abi", ["N1", "N2", "N3"])
def test_layouts(kit, abi):
    """One filling suits all; the words that a layout lacks do not count."""
    unused = {"N1": "data + LGUEST_DATA_TAIL + 12", "N2": "data + LGUEST_DATA_TAIL + 8",
              "N3": "data + LGUEST_DATA_TAIL + 12"}[abi]
    kit.run(f"movl $77, {unused}; init; pass", f"--abi={abi}").passed()
    vector = {"N1": 16, "N2": 12, "N3": 8}[abi]
    kit.run(f"movl $stack_top, %esp; movl $77, data + LGUEST_DATA_TAIL + {vector}\n"
            "hcall LHCALL_LGUEST_INIT, $data", f"--abi={abi}").died("system call vector")


def test_init_fills(kit):
    kit.run("""
        init
        cmpl $0, data + LGUEST_DATA_TIME_SEC; expect ne 2
        cmpl $1000000000, data + LGUEST_DATA_TIME_NSEC; expect b 3
        cmpl $0, data + LGUEST_DATA_RESERVE_MEM; expect ne 4
        cmpl $0, irq_enabled; expect e 5
        pass""").passed()


# ---- hypercalls ----

def test_registers_come_back(kit):
    kit.run("""
        init
        movl $LHCALL_FLUSH_TLB, %eax; movl $2, %ebx; movl $3, %ecx; movl $4, %edx
        movl $5, %esi; movl $6, %edi; movl $7, %ebp
        int $0x1f
        cmpl $LHCALL_FLUSH_TLB, %eax; jne 1f
        cmpl $2, %ebx; jne 1f
        cmpl $3, %ecx; jne 1f
        cmpl $4, %edx; jne 1f
        cmpl $5, %esi; jne 1f
        cmpl $6, %edi; jne 1f
        cmpl $7, %ebp; jne 1f
        cmpl $stack_top, %esp; jne 1f
        pass
    1:  fail 2""").passed()


@pytest.mark.parametrize("number", [3, 11, 12, 20, 21, 255, 0x7fffffff, 0xffffffff])
def test_unknown_call(kit, number):
    kit.run(INIT + f"hcall {number:#x}").died(f"Bad hypercall {number}$")


@pytest.mark.parametrize("call, args, message", [
    ("SET_PMD", "$0", "page tables"),
    ("LOAD_TLS", "$0x2000", "LOAD_TLS"),
    ("TS", "$1", "TS"),
    ("SET_STACK", "$8, $0x2000, $1", "bad stack segment"),
    ("SET_STACK", "$9, $0x2000, $3", "bad stack pages 3"),
    ("LOAD_IDT_ENTRY", "$256, $0, $0x8e00", "IDT entry 256"),
    ("LOAD_IDT_ENTRY", "$-1, $0, $0x8e00", "IDT entry"),
    ("LOAD_IDT_ENTRY", "$3, $0, $0x8500", "bad IDT type 5"),
    ("LOAD_IDT_ENTRY", "$3, $0, $0x8600", "bad IDT type 6"),
    ("LOAD_GDT_ENTRY", "$32, $0, $0", "gdt entries 32"),
    ("LOAD_GDT_ENTRY", "$-1, $0, $0", "gdt entries"),
    ("LOAD_GDT_ENTRY", "$14, $0xffff, $0xcf9a00", "data segment"),  # code
    ("SHUTDOWN", "$0xffffffff, $1", "bad read address"),
    ("SHUTDOWN", "$0xfffffff0, $1", "bad read address"),
    ("SHUTDOWN", "$(16 << 20) + 0x1000000, $2", "bad read address"),
    ("NOTIFY", "$0xfffffffc", "Bad NOTIFY 0xfffffffc"),
    ("NOTIFY", "$0x80000000", "Bad NOTIFY"),
])
def test_fatal_call(kit, call, args, message):
    kit.run(INIT + f"hcall LHCALL_{call}, {args}").died(message)


@pytest.mark.parametrize("call, args", [
    ("FLUSH_ASYNC", "$1"), ("FLUSH_TLB", "$0"), ("FLUSH_TLB", "$1"), ("TS", "$0"),
    ("SET_STACK", "$0x69, $0x2000, $2"), ("SEND_INTERRUPTS", "$0"), ("NOTIFY", "$0"),
    ("LOAD_IDT_ENTRY", "$2, $0, $0x8500"), ("LOAD_IDT_ENTRY", "$8, $0, $0x8500"),
    ("LOAD_IDT_ENTRY", "$15, $0, $0x8500"), ("LOAD_IDT_ENTRY", "$31, $0, $0x8500"),
    ("LOAD_IDT_ENTRY", "$3, $0, $0x0500"), ("SET_CLOCKEVENT", "$0"),
])
def test_harmless_call(kit, call, args):
    kit.run(INIT + f"hcall LHCALL_{call}, {args}\n pass").passed("")


def test_gdt_entry_warns(kit):
    guest = INIT + "hcall LHCALL_LOAD_GDT_ENTRY, $6, $0xffff, $0xcf9200\n pass"
    result = kit.run(guest)
    assert result.status == 0
    result.said("GDT entry 6 has no effect")
    kit.run(guest, "--strict").died("strict: GDT entry 6")


def test_print_stops_at_the_end_of_memory(kit):
    """The last bytes of the last device page, without a NUL behind them."""
    kit.run("""
        init
        movl $(16 << 20) + 7 * 4096 - 4, %edi
        movl $0x21212121, (%edi)
        hcall LHCALL_NOTIFY, %edi
        pass""").passed("!!!!")


@pytest.mark.parametrize("text, status", [
    ("exit 0", 0), ("exit 1", 1), ("exit 127", 127), ("exit 128", 128), ("exit 255", 255)])
def test_exit_status(kit, text, status):
    result = kit.run(INIT + f'leave_with "{text}"')
    assert (result.status, result.err) == (status, "")


@pytest.mark.parametrize("text", ["", "exit", "exit ", "exit 256", "exit x", "exit 1 ", "exit -1",
                                  "EXIT 1", "Attempted to kill init!"])
def test_crash_text(kit, text):
    result = kit.run(INIT + f'leave_with "{text}"')
    assert (result.status, result.err) == (1, f"lguest: CRASH: {text}\n")


def test_long_shutdown_text(kit):
    """128 bytes are read and the last one is taken for the NUL."""
    result = kit.run(INIT + f"""
        hcall LHCALL_SHUTDOWN, $1f, $1
        .section .rodata
    1:  .ascii "{'x' * 200}" """)
    assert result.err == "lguest: CRASH: " + "x" * 127 + "\n"


def test_restart(kit):
    """Memory is new, but for what the image brings; gates and devices are forgotten."""
    result = kit.run("""
        init
        cmpl $0, 0x300000; expect e 2
        movl $1, 0x300000
        incl counter
        cmpl $1, counter; expect e 3
        movl %gs, %eax; testl %eax, %eax; expect z 4
        movl %fs, %eax; testl %eax, %eax; expect z 6
        fstcw control; cmpw $0x37f, control; expect e 7
        movw $0x27f, control; fldcw control
        cmpb $'x', 0x1000; expect e 5
        movb $'y', 0x1000
        hcall LHCALL_LOAD_GDT_ENTRY, $14, $0xffff, $0xcff200
        movl $0x73, %eax; movl %eax, %gs; movl %eax, %fs
        print "."
        hcall LHCALL_SHUTDOWN, $text, $LGUEST_SHUTDOWN_RESTART
        .data
    counter: .long 0
    control: .word 0
    text: .skip 128
        """, "--timeout=1", args=["x"])
    assert result.status == 124 and set(result.out) == {"."} and len(result.out) > 3, result


# ---- the asynchronous ring ----

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
