"""What a hostile guest can and cannot do: docs/launcher.md, what protects what."""

import os
import re
import resource
import signal
import time

import pytest

from launcher_kit import INIT, has_gate, kit  # noqa: F401


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


@pytest.mark.parametrize("arguments, trap", [
    ("movabsq $0x7fff00000000, %rdi; movl $4096, %esi; movl $7, %edx", None),  # the launcher's own
    ("movabsq $0x100000000, %rdi; movl $4096, %esi; movl $7, %edx", None),
    ("movl $0x10000000, %edi; movabsq $0x100000000, %rsi; movl $7, %edx", None),
    ("movl $0x10000000, %edi; movl $4096, %esi; movl $0x01000007, %edx", None),
    ("movl $0x10000000, %edi; movl $4096, %esi; movl $8, %edx", None),
    ("movl $0x10300000, %edi; movl $4096, %esi; movl $7, %edx", 6),
    ("movl $0x10300000, %edi; movl $4096, %esi; movl $0, %edx", 14),
])
def test_protection_of_memory(kit, arguments, trap):
    """mprotect is left for guest memory alone, with nothing but read, write and execute."""
    kit.run(far_jump_to_64(f"""
        movl $10, %eax
        {arguments}
        syscall
        movl $1, 0x10300000
        ud2""")).died(f"escape refused.*caused trap {trap}$" if trap else "escape refused.*64-bit system call 10$")


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


def test_ends_of_as_many_disks_as_can_be(kit):
    disks = [kit.file(f"disk{i}", bytes(4096 + 512 * i)) for i in range(28)]
    options = [f"--block={disk}" for disk in disks]
    for i in 0, 13, 27:
        size = disks[i].stat().st_size
        kit.run(write_at(4 + i, size - 512), *options).died("escape refused.*trap 6")
        kit.run(write_at(4 + i, size + 512), *options).died("64-bit system call 296")
        assert disks[i].stat().st_size == size
    kit.run(write_at(4 + 28, 0), *options).died("64-bit system call 296")


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


# ---- a guest with signals blocked ----

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


# ---- what is there to take ----

only_root_looks = pytest.mark.skipif(
    os.geteuid() != 0, reason="the launcher's memory and files are no other process's to see")


@only_root_looks
def test_memory_is_alone_and_environment_is_gone(kit):
    """The guest could read all of the process; what it is not given must not be there. Below 4 GiB
    there are the two views of its memory, and nothing where the near one does not reach; and the
    gate's two pages, which nobody can write."""
    with kit.start(INIT + 'print "ready\\n"\n hcall LHCALL_HALT',
                   env={"SECRET": "squeamish-ossifrage", "PATH": "/bin"}) as guest:
        assert guest.stdout.readline() == b"ready\n"
        maps = open(f"/proc/{guest.pid}/maps").read().splitlines()
        low = [line for line in maps if int(line.split("-")[0], 16) < 1 << 32]
        assert [line.split("-")[0] for line in low[:2]] == ["00010000", "10000000"], low
        gate = ["r-xp", "r--p"] if has_gate() else []
        assert [line.split()[1] for line in low[2:]] == gate, low
        assert all(line.endswith("/memfd:guest (deleted)") and " rwxs " in line for line in low[:2]), low
        assert b"squeamish" not in open(f"/proc/{guest.pid}/environ", "rb").read()
        guest.kill()


def test_every_thread_is_confined(kit):
    """The guest can rewrite what the others work with."""
    disk = kit.file("disk", bytes(512))
    with kit.start(INIT + 'print "ready\\n"\n hcall LHCALL_HALT', f"--block={disk}") as guest:
        assert guest.stdout.readline() == b"ready\n"
        threads = os.listdir(f"/proc/{guest.pid}/task")
        assert len(threads) == 3
        for thread in threads:
            status = open(f"/proc/{guest.pid}/task/{thread}/status").read()
            assert re.search(r"NoNewPrivs:\s1", status) and re.search(r"Seccomp:\s2", status)
        guest.kill()


@only_root_looks
def test_inherited_descriptors_are_closed(kit):
    secret = open("/etc/passwd")
    os.set_inheritable(secret.fileno(), True)
    with kit.start(INIT + 'print "ready\\n"\n hcall LHCALL_HALT', close_fds=False) as guest:
        assert guest.stdout.readline() == b"ready\n"
        open_files = [os.readlink(f"/proc/{guest.pid}/fd/{fd}")
                      for fd in os.listdir(f"/proc/{guest.pid}/fd")]
        assert "/etc/passwd" not in open_files
        guest.kill()
    secret.close()


def test_memory_does_not_grow(kit):
    """The stack is what still could: it is limited, whatever the user's shell allows."""
    with kit.start(INIT + 'print "ready\\n"\n hcall LHCALL_HALT') as guest:
        assert guest.stdout.readline() == b"ready\n"
        limits = open(f"/proc/{guest.pid}/limits").read()
        soft, hard = re.search(r"Max stack size +(\w+) +(\w+)", limits).groups()
        assert int(soft) <= 8 << 20 and int(hard) <= 8 << 20
        guest.kill()
