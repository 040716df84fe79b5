"""The launcher's gate, the way to call it that is no exit: docs/launcher.md. What hypercalls do is
the other files' matter, with and without it; here is how the gate keeps what is the guest's, what
comes while it is open, and where those end who misuse it.
"""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from launcher_guests import TICKED
from launcher_kit import ASSEMBLE, BUILD, INIT, LIMIT, gate_kit, kit  # noqa: F401

FLAGS = Path("/proc/cpuinfo").read_text().split("flags", 1)[1].split("\n", 1)[0].split()
# A call that only the gate serves: who comes back to where the int should be has trap 6.
GATE = "movl $99f, %edi; ljmp *gate_pointer; 99: ud2\n"
CALL = "movl $LHCALL_FLUSH_TLB, %eax\n" + GATE


def counts(result):
    """(exits, calls of the gate) of a guest that ran with --stats."""
    return tuple(map(int, re.search(r"(\d+) exits and (\d+) calls of the gate",
                                    result.err).groups()))


def test_announced(gate_kit):
    """By the host's 64-bit code segment, at a place that no data segment of the guest's reaches."""
    gate_kit.run(INIT + """
        cmpl $0x33, gate_pointer + 4; expect e 2
        trap_gates
        movl gate_pointer, %eax
        movl (%eax), %ebx""").died("trap 0000000d error 00000000")


def test_not_announced(kit):
    kit.run(INIT + """
        cmpl $0, BOOT_PARAMS_GATE; expect e 2
        cmpl $0, BOOT_PARAMS_GATE + 4; expect e 3
        pass""", "--no-gate").passed()


@pytest.mark.parametrize("memory", ["2", "64", "1G", "3G"])
def test_of_any_size(gate_kit, memory):
    result = gate_kit.run(INIT + CALL + "pass", "--stats", memory=memory)
    assert result.status == 0 and counts(result)[1] == 3, result


@pytest.mark.parametrize("flags", ["0x246", "0xad7", "0x646", "0x4246", "0x40246", "0x200246"])
def test_registers_and_flags(gate_kit, flags):
    """The direction, nested-task and alignment flags too, which the launcher's own code cannot have."""
    gate_kit.run(INIT + f"""
        movl $LHCALL_FLUSH_TLB, %eax
        movl $0x89abcdef, %ebx; movl $0x12345678, %ecx; movl $0xffffffff, %edx
        movl $0x80000001, %esi; movl $0x55aa55aa, %ebp
        pushl ${flags}; popfl
        {GATE}
        pushfl
        pushl $0x246; popfl
        cmpl $LHCALL_FLUSH_TLB, %eax; expect e 2
        cmpl $0x89abcdef, %ebx; expect e 3
        cmpl $0x12345678, %ecx; expect e 4
        cmpl $0xffffffff, %edx; expect e 5
        cmpl $0x80000001, %esi; expect e 6
        cmpl $99b, %edi; expect e 7
        cmpl $0x55aa55aa, %ebp; expect e 8
        popl %eax
        cmpl ${flags}, %eax; expect e 9
        cmpl $stack_top, %esp; expect e 10
        pass""").passed()


def vectors(move, register, size):
    """Instructions that load eight registers with a pattern, call, and compare."""
    n = range(8)
    load = "\n".join(f"{move} pattern + {i * size}, %{register}{i}" for i in n)
    store = "\n".join(f"{move} %{register}{i}, stored + {i * size}" for i in n)
    return f"""
        {load}
        {CALL}
        {store}
        movl $pattern, %esi; movl $stored, %edi; movl ${2 * size}, %ecx
        cld; repe cmpsl; expect e 2
        pass
        .data
        .balign 64
    pattern: .set i, 1
        .rept {2 * size}
        .long i * 0x9e3779b9 & 0xffffffff; .set i, i + 1
        .endr
    stored: .skip {8 * size}"""


@pytest.mark.parametrize("move, register, size, needs", [
    ("movdqa", "xmm", 16, "sse2"), ("vmovdqa", "ymm", 32, "avx"), ("vmovdqa64", "zmm", 64, "avx512bw"),
    ("kmovq", "k", 8, "avx512bw"), ("movq", "mm", 8, "mmx")])
def test_vector_registers(gate_kit, move, register, size, needs):
    """--trace makes the launcher use them: it formats text."""
    if needs not in FLAGS:
        pytest.skip(f"this processor has no {needs}")
    result = gate_kit.run(INIT + vectors(move, register, size), "--trace")
    assert result.status == 0 and "through the gate" in result.err, result


def test_floating_point(gate_kit):
    """Control words with rounding down and unmasked exceptions, and the stack of x87."""
    result = gate_kit.run(INIT + f"""
        fninit; fldcw control; fldpi; fld1; ldmxcsr vector_control
        {CALL}
        fnstcw stored; movw stored, %ax; cmpw %ax, control; expect e 2
        stmxcsr stored; movl stored, %eax; cmpl %eax, vector_control; expect e 3
        fld1; fcompp; fnstsw %ax; andw $0x4500, %ax; cmpw $0x4000, %ax; expect e 4
        fldpi; fcompp; fnstsw %ax; andw $0x4500, %ax; cmpw $0x4000, %ax; expect e 5
        pass
        .data
    control: .long 0x0770
    vector_control: .long 0x3f00
    stored: .long 0""", "--trace")
    assert result.status == 0, result




@pytest.mark.parametrize("register", ["fs", "gs"])
def test_thread_local_data(gate_kit, register):
    """The base is the guest's again, whatever the C library had there."""
    gate_kit.run(INIT + f"""
        movl $local, %eax
        shll $16, %eax; orl $0xffff, %eax
        movl $local, %edx; shrl $16, %edx; orl $0xcff200, %edx
        hcall LHCALL_LOAD_GDT_ENTRY, $14, %eax, %edx
        movl $0x73, %eax; movl %eax, %{register}
        {CALL}
        cmpl $0x13572468, %{register}:0; expect e 2
        movl %{register}, %eax; cmpl $0x73, %eax; expect e 3
        pass
        .data
    local: .long 0x13572468""").passed()


def test_in_the_far_view(gate_kit):
    """Code, data and stack in low memory."""
    source, image = gate_kit.folder / "low.S", gate_kit.folder / "low.elf"
    source.write_text('#include "guest.inc"\n' + INIT + "movl $1000, %ebp\n 1:" + CALL +
                      "incl counter; decl %ebp; jnz 1b\n"
                      "cmpl $1000, counter; expect e 2; pass\n"
                      ".data\n counter: .long 0\n")
    subprocess.run([*ASSEMBLE, "-DGATE", "-Wl,-N,-Ttext=0x2000", "-o", image, source], check=True)
    gate_kit.run(image).passed()


def test_the_others_are_exits(gate_kit):
    """A call that the gate does not serve goes on to the int behind it, with everything as it was."""
    result = gate_kit.run(INIT + """
        hcall LHCALL_TS, $0
        print "text\\n"
        pass""", "--stats")
    assert (result.status, result.out) == (0, "text\n"), result
    assert counts(result)[0] >= 4 and counts(result)[1] >= 3, result


def test_sleep(gate_kit):
    """HALT sleeps in the gate, with signals let in: each of many short timers ends it."""
    result = gate_kit.run(INIT + """
        gate 32, ticked
        movl $3000, %ebp
    1:  cli
        movl $LHCALL_SET_CLOCKEVENT, %eax; movl $3000, %ebx
        """ + GATE + """
        movl $LHCALL_HALT, %eax
        """ + GATE + """
        decl %ebp; jnz 1b
        cmpl $3000, ticks; expect e 2
        pass""" + TICKED, "--stats", "--strict")
    assert result.status == 0 and counts(result)[0] < 1000 < 6000 < counts(result)[1], result


def test_sleep_ends_for_all(gate_kit):
    """A nudge without a reason leaves it asleep, and who asks for the end is heard."""
    with gate_kit.start(INIT + 'print "ready\\n"\n movl $LHCALL_HALT, %eax\n' + GATE) as guest:
        assert guest.stdout.readline() == b"ready\n"
        time.sleep(0.05)
        os.kill(guest.pid, signal.SIGUSR1)
        time.sleep(0.05)
        guest.send_signal(signal.SIGTERM)
        assert guest.wait(LIMIT) == 143


def test_before_init(gate_kit):
    gate_kit.run("movl $stack_top, %esp; hcall LHCALL_FLUSH_TLB").died("hypercall 5 before INIT")


def test_a_ring_that_is_in_use(gate_kit):
    """What is queued may be anything, a restart too, so it is run down at an exit."""
    result = gate_kit.run(INIT + f"""
        gate 32, ticked
        movl $LHCALL_SET_CLOCKEVENT, async_calls; movl $1000, async_calls + 4
        movb $LGUEST_ASYNC_PENDING, async_status
        movl $LHCALL_FLUSH_TLB, %eax
        hypercall
        cmpb $LGUEST_ASYNC_FREE, async_status; expect e 2
        pass""" + TICKED, "--stats")
    assert result.status == 0, result


def test_restart(gate_kit):
    """It is announced again, and is the same."""
    result = gate_kit.run(INIT + CALL + """
        .pushsection .rodata
    text: .skip LGUEST_SHUTDOWN_TEXT
        .popsection
        hcall LHCALL_SHUTDOWN, $text, $LGUEST_SHUTDOWN_RESTART""", "--timeout=1", "--stats")
    assert result.status == 124 and counts(result)[1] > 6, result


# Counts ticks in a loop of calls, and leaves when there were enough of them, or when a register, a
# flag, a local variable or a vector register is not what it was.
STORM = INIT + """
        gate 32, again
        movl $local, %eax
        shll $16, %eax; orl $0xffff, %eax
        movl $local, %edx; shrl $16, %edx; orl $0xcff200, %edx
        hcall LHCALL_LOAD_GDT_ENTRY, $14, %eax, %edx
        movl $0x73, %eax; movl %eax, %fs
        sti
        hcall LHCALL_SET_CLOCKEVENT, $20000
        movl $0x89abcdef, %ebx; movl $0x12345678, %ecx; movl $0xffffffff, %edx
        movl $0x80000001, %esi; movl $0x55aa55aa, %ebp
        movd %ebx, %xmm0; movd %ecx, %xmm7
        print "ready\\n"
        movl $0x89abcdef, %ebx; movl $0x12345678, %ecx; movl $0xffffffff, %edx
        movl $0x80000001, %esi
    1:  movl $LHCALL_FLUSH_TLB, %eax
        movl $99f, %edi
        stc
        ljmp *gate_pointer
   99:  ud2
        jc 2f
        fail 2
    2:  cmpl $LHCALL_FLUSH_TLB, %eax; expect e 3
        cmpl $0x89abcdef, %ebx; expect e 4
        cmpl $0x12345678, %ecx; expect e 5
        cmpl $0xffffffff, %edx; expect e 6
        cmpl $0x80000001, %esi; expect e 7
        cmpl $99b, %edi; expect e 8
        cmpl $0x55aa55aa, %ebp; expect e 9
        cmpl $0x13572468, %fs:0; expect e 10
        movd %xmm0, %eax; cmpl %eax, %ebx; expect e 11
        movd %xmm7, %eax; cmpl %eax, %ecx; expect e 12
        cmpl $3000, ticks; jb 1b
        pass
    again:
        incl ticks
        pushal
        movl $LHCALL_SET_CLOCKEVENT, %eax; movl $20000, %ebx
        movl $99f, %edi; ljmp *gate_pointer
   99:  ud2
        popal
        return_from_interrupt
        .data
    ticks: .long 0
    local: .long 0x13572468"""


def test_signals_at_any_instruction(gate_kit):
    """The timer's and, from the outside, as many nudges as there can be: none is lost, none harms."""
    with gate_kit.start(STORM, "--strict") as guest:
        assert guest.stdout.readline() == b"ready\n"
        end = time.monotonic() + LIMIT
        while guest.poll() is None and time.monotonic() < end:
            os.kill(guest.pid, signal.SIGUSR1)
        assert guest.poll() == 0, guest.stderr.read()


@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130),
                                            (signal.SIGHUP, 129)])
def test_asked_to_end(gate_kit, number, status):
    """A guest that makes no exits, most of whose time is in the gate."""
    with gate_kit.start(INIT + 'print "ready\\n"\n1:' + CALL + "jmp 1b") as guest:
        assert guest.stdout.readline() == b"ready\n"
        guest.send_signal(number)
        assert guest.wait(LIMIT) == status


def test_time_is_up(gate_kit):
    assert gate_kit.run(INIT + "1:" + CALL + "jmp 1b", "--timeout=1").status == 124


@pytest.mark.parametrize("offset", [1, 2, 3, 4, 5, 6, 7, 100, 4095, 4096, 4097, 8191, 8192])
def test_into_the_middle(gate_kit, offset):
    """Of the landing's only instruction, of what is around it, of the address behind it."""
    gate_kit.run(INIT + f"""
        movl $0x300000, %eax; movl %eax, %ebx; movl %eax, %ecx; movl %eax, %edx
        movl %eax, %esi; movl %eax, %edi; movl %eax, %ebp
        addl ${offset}, gate_pointer
        ljmp *gate_pointer""").died("escape refused: code outside the guest's segment")


def test_the_trap_flag(gate_kit):
    gate_kit.run(INIT + "gate 1, stepped\n movl $stepped, %edi\n pushl $0x346; popfl\n"
                 "ljmp *gate_pointer; stepped: pass\n"
                 ).died("escape refused: code outside the guest's segment .* trap 1")


@pytest.mark.parametrize("esp", ["0x70000000", "0xfffffffc", "0", "0xffffffff"])
def test_stack_that_is_not_the_guests(gate_kit, esp):
    """The gate does not touch it."""
    gate_kit.run(INIT + f"movl ${esp}, %esp\n" + CALL + f"""
        cmpl ${esp}, %esp
        movl $stack_top, %esp; expect e 2
        pass""").passed()


@pytest.mark.parametrize("eip", ["0xffffffff", "0xfffffffe", "0x80000000", "0x105f000"])
def test_back_to_outside_of_memory(gate_kit, eip):
    gate_kit.run(INIT + f"movl $LHCALL_FLUSH_TLB, %eax; movl ${eip}, %edi; ljmp *gate_pointer"
                 ).died(f"the gate was called with {eip} to go back to")


def test_back_to_no_code(gate_kit):
    """The guest's own trap, as of any jump there."""
    gate_kit.run(INIT + """
        trap_gates
        movl $LHCALL_FLUSH_TLB, %eax
        movl $nowhere, %edi
        ljmp *gate_pointer
        .data
    nowhere: .long 0x0b0f0b0f""").died("trap 00000006")


@pytest.mark.parametrize("register", ["ds", "es", "fs", "gs", "ss"])
def test_the_hosts_segments(gate_kit, register):
    gate_kit.run(INIT + f"movl $0x2b, %eax; movl %eax, %{register}\n" + CALL
                 ).died(f"escape refused: .* selector 0x2b in {register}")


@pytest.mark.parametrize("call, message", [
    ("hcall LHCALL_LOAD_IDT_ENTRY, $256, $0, $0", "Setting IDT entry 256"),
    ("hcall LHCALL_LOAD_IDT_ENTRY, $5, $0, $0x8500", "bad IDT type 5"),
    ("movl $0x70000000, %ebx; hcall 99", "Bad hypercall 99"),
])
def test_death_in_the_gate(gate_kit, call, message):
    gate_kit.run(INIT + call).died(message)


@pytest.mark.parametrize("options, some", [((), True), (("--no-gate",), False)])
def test_ringlet(gate_kit, options, some):
    """Takes it where it is announced, and is the same program where it is not."""
    result = gate_kit.run(BUILD / "hello.elf", "--stats", "--strict", *options)
    exits, calls = counts(result)
    assert result.status == 0 and (calls > 30, exits < 20) == (some, some), result
