"""The launcher's devices and rings: docs/lguest.md, section 6, and every way in which a guest
can break a ring.
"""

import os
import pty
import subprocess
import time

import pytest

from launcher_kit import INIT, LIMIT, kit  # noqa: F401

START = '#include "device.inc"\n init\n trap_gates\n irq_gates\n'
MIB = 1 << 20

CONSOLE_OUT = START + """
    find_device CONSOLE
    start_device
    ring 1
"""


# ---- the device page ----

def test_page(kit):
    """Order of the options, the console last; packed; irqs from 1 on; three pages a ring."""
    disk = kit.file("disk", bytes(5 * 512))
    kit.run(START + """
        movl BOOT_PARAMS_E820 + 8, %edi
        cmpl $0x00000104, (%edi); expect e 2        /* rng: 1 queue, no features, no config */
        cmpl $0x01010000, DESC_QUEUES - 1(%edi); expect e 3
        cmpw $1, 2 + DESC_QUEUES(%edi); expect e 4
        cmpl $(16 << 20) / 4096 + 1, 4 + DESC_QUEUES(%edi); expect e 5
        call next_device
        cmpl $0x10020102, (%edi); expect e 6        /* block: 2 bytes of features, 16 config */
        cmpw $256, 5(%edi); expect e 7
        cmpw $2, 7(%edi); expect e 8
        cmpl $(16 << 20) / 4096 + 4, 9(%edi); expect e 9
        cmpl $0x00000204, 13(%edi); expect e 10     /* SEG_MAX, FLUSH; nothing accepted */
        cmpl $5, 17(%edi); expect e 11
        cmpl $0, 21(%edi); expect e 12
        cmpl $254, 29(%edi); expect e 13
        call next_device
        cmpl $0x00000203, (%edi); expect e 14       /* console */
        cmpw $3, 7(%edi); expect e 15
        cmpw $4, 15(%edi); expect e 16
        cmpl $(16 << 20) / 4096 + 10, 17(%edi); expect e 17
        call next_device
        cmpb $0, (%edi); expect e 18
        pass""", "--rng", f"--block={disk}").passed()


def test_kick_before_start(kit):
    kit.run(START + "find_device CONSOLE; ring 1; kick"
            ).died("Notification on console 0 before setup!")


def test_started_twice(kit):
    kit.run(CONSOLE_OUT + "hcall LHCALL_NOTIFY, %edi"
            ).died("Device console 0 features finalized twice")


def test_failed(kit):
    result = kit.run(START + "find_device CONSOLE; movb $0x83, DESC_STATUS(%edi)\n"
                     "hcall LHCALL_NOTIFY, %edi; pass")
    assert result.status == 0
    result.said("Device console 0 configuration FAILED")


def test_reset(kit):
    """Zeroes rings and accepted features; the device can be started once more."""
    disk = kit.file("disk", bytes(512))
    kit.run(START + """
        find_device BLOCK
        start_device 0x204
        ring 0
        descriptor 0, 0x300000, 16
        movw $1, AVAIL_FLAGS(%ebp)
        movb $0, DESC_STATUS(%edi); hcall LHCALL_NOTIFY, %edi
        cmpl $0, (%ebp); expect e 2
        cmpw $0, AVAIL_FLAGS(%ebp); expect e 3
        cmpw $0, 15(%edi); expect e 4
        start_device 0x204
        pass""", f"--block={disk}").passed()


# ---- console ----

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


CONSOLE_IN = START + """
        find_device CONSOLE
        start_device
        ring 0
"""


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


# ---- entropy ----

def test_rng(kit):
    result = kit.run(START + """
        find_device RNG
        start_device
        ring 0
        descriptor 0, 0x300000, 64, WRITE, 0
        offer 0
        kick
        wait_used 1
        cmpl $64, USED_RING + 4(%ebp); expect e 2
        movl 0x300000, %eax; orl 0x300004, %eax; orl 0x30003c, %eax; expect nz 3
        cmpl $0, 0x300040; expect e 4
        pass""", "--rng")
    result.passed()


# ---- disks ----

DISK = START + """
        find_device BLOCK
        start_device 0x204
        ring 0
        sti
        jmp 9f
        .data
        .balign 16
    read: .long 0, 0, 0, 0
    write: .long 1, 0, 0, 0
    flush: .long 4, 0, 0, 0
    get_id: .long 8, 0, 0, 0
    scsi: .long 2, 0, 0, 0
    status: .byte 0xff
        .text
    9:
"""


def request(header, sector=0, data=0x300000, length=512, flags="WRITE", used=1, status=0):
    middle = (f"descriptor 0, {header}, 16, NEXT, 1; descriptor 1, {data}, {length}, {flags} + NEXT, 2"
              if length else f"descriptor 0, {header}, 16, NEXT, 2")
    return f"""
        movl ${sector}, {header} + 8
        movb $0xff, status
        {middle}
        descriptor 2, status, 1, WRITE
        offer 0
        kick
        wait_used {used}
        cmpb ${status}, status; expect e {status + 40}
"""


@pytest.fixture
def disk(kit):
    return kit.file("disk", b"".join(bytes([i]) * 512 for i in range(16)))


def test_disk_read(kit, disk):
    kit.run(DISK + request("read", 3) + """
        cmpl $0x03030303, 0x300000; expect e 2
        cmpl $0x03030303, 0x3001fc; expect e 3
        cmpl $0, 0x300200; expect e 4
        cmpl $513, USED_RING + 4(%ebp); expect e 5
        """ + request("read", 14, length=1024, used=2) + """
        cmpl $0x0f0f0f0f, 0x3003fc; expect e 6
        cmpl $2, irqs; expect e 7
        pass""", f"--block={disk}").passed()


def test_disk_write(kit, disk):
    kit.run(DISK + "movl $0x41424344, 0x3001fc\n" + request("write", 5, flags="0") +
            "cmpl $1, USED_RING + 4(%ebp); expect e 2\n" + request("flush", length=0, used=2) +
            "pass", f"--block={disk}").passed()
    content = disk.read_bytes()
    assert len(content) == 16 * 512
    assert content[5 * 512:6 * 512] == bytes(508) + b"DCBA"
    assert content[4 * 512] == 4 and content[6 * 512] == 6


@pytest.mark.parametrize("sector, length", [
    (16, 512), (15, 1024), (0x7fffffff, 512), (17, 512)])
@pytest.mark.parametrize("header, flags", [("read", "WRITE"), ("write", "0")])
def test_disk_past_the_end(kit, disk, sector, length, header, flags):
    """An I/O error, and the file keeps its size; with --strict the end."""
    before = disk.read_bytes()
    guest = DISK + request(header, sector, length=length, flags=flags, status=1) + "pass"
    kit.run(guest, f"--block={disk}").passed()
    kit.run(guest, "--strict", f"--block={disk}").died("strict.*past the disk's end")
    assert disk.read_bytes() == before


def test_disk_sector_overflow(kit, disk):
    before = disk.read_bytes()
    kit.run(DISK + "movl $0x00800000, write + 12\n" +  # 2^55: times 512 is 2^64
            request("write", 0, flags="0", status=1) + "pass", f"--block={disk}").passed()
    assert disk.read_bytes() == before


def test_disk_read_only(kit, disk):
    before = disk.read_bytes()
    disk.chmod(0o444)
    guest = DISK + """
        testb $0x20, 13(%edi); expect nz 2
        """ + request("write", 0, flags="0", status=1) + request("read", 1, used=2) + "pass"
    kit.run(guest, f"--block={disk},ro").passed()
    kit.run(guest, "--strict", f"--block={disk},ro").died("strict.*read-only")
    assert disk.read_bytes() == before


def test_disk_unknown_types(kit, disk):
    """SCSI is unsupported; 8 is a read, as with the original, and a mistake."""
    kit.run(DISK + request("scsi", 0, status=2) + "pass", f"--block={disk}").passed()
    guest = DISK + request("get_id", 7) + "cmpb $7, 0x300000; expect e 2; pass"
    kit.run(guest, f"--block={disk}").passed()
    kit.run(guest, "--strict", f"--block={disk}").died("strict: request type 8")


def test_disk_in_use(kit, disk):
    with kit.start(INIT + 'print "ready\\n"\n hcall LHCALL_HALT', f"--block={disk}") as first:
        assert first.stdout.readline() == b"ready\n"
        second = kit.run(INIT + "pass", f"--block={disk}")
        assert second.status == 2
        second.said("in use by another guest")
        first.kill()


def test_disk_many_in_flight(kit):
    """64 requests at once, some of them flushes, which a worker thread does."""
    image = kit.file("disk", bytes(MIB))
    result = kit.run(DISK + """
        xorl %ecx, %ecx
    1:  movl %ecx, %eax; shll $4, %eax
        leal 0x400000(%eax), %edx               /* header */
        movl $0, (%edx); movl $0, 4(%edx); movl %ecx, 8(%edx); movl $0, 12(%edx)
        testl $7, %ecx; jnz 2f
        movl $4, (%edx)
    2:  leal (%ecx, %ecx), %eax; shll $4, %eax  /* two descriptors each */
        movl %edx, (%ebp, %eax); movl $0, 4(%ebp, %eax); movl $16, 8(%ebp, %eax)
        movw $NEXT, 12(%ebp, %eax); leal 1(%ecx, %ecx), %edx; movw %dx, 14(%ebp, %eax)
        movl %ecx, %edx; shll $10, %edx; addl $0x500000, %edx
        movb $0xff, 512(%edx)
        movl %edx, 16(%ebp, %eax); movl $0, 20(%ebp, %eax); movl $513, 24(%ebp, %eax)
        movw $WRITE, 28(%ebp, %eax)
        leal (%ecx, %ecx), %edx; movw %dx, AVAIL_RING(%ebp, %ecx, 2)
        incl %ecx; cmpl $64, %ecx; jb 1b
        movw $64, AVAIL_IDX(%ebp)
        kick
        wait_used 64
        xorl %ecx, %ecx
    3:  movl %ecx, %edx; shll $10, %edx
        cmpb $0, 0x500200(%edx); jne 4f
        incl %ecx; cmpl $64, %ecx; jb 3b
        pass
    4:  fail 3""", f"--block={image}")
    result.passed()


def test_restart_with_devices(kit, disk):
    """A word on the disk counts the starts; each finds new rings and a device to start."""
    guest = DISK + request("read", 0) + """
        incl 0x300000
        cmpl $3, 0x300000; jne 1f
        pass
    1:  """ + request("write", 0, flags="0", used=2) + """
        hcall LHCALL_SHUTDOWN, $0x400000, $LGUEST_SHUTDOWN_RESTART"""
    kit.run(guest, f"--block={disk}").passed()


# ---- broken rings ----

def with_request(change):
    """A good read request, changed before it is offered."""
    return DISK + f"""
        descriptor 0, read, 16, NEXT, 1
        descriptor 1, 0x300000, 512, WRITE + NEXT, 2
        descriptor 2, status, 1, WRITE
        {change}
        offer 0
        kick
        wait_used 1
        pass"""


@pytest.mark.parametrize("change, message", [
    ("movw $300, 14(%ebp)", "descriptor 300 of 256"),
    ("movw $0, 14(%ebp)", "loop"),
    ("movw $0, 30(%ebp)", "readable descriptor behind a writable one"),
    ("movw $1, 30(%ebp)", "loop"),
    ("movl $1, 4(%ebp)", "outside of memory"),
    ("movl $0xfffffff0, (%ebp)", "outside of memory"),
    ("movl $0x7fffffff, 24(%ebp)", "outside of memory"),
    ("movl $-1, 24(%ebp)", "outside of memory"),
    ("movl $0x40000000, 16(%ebp)", "outside of memory"),
    ("movl $15, 8(%ebp)", "header of 15 bytes"),
    ("movl $0, 8(%ebp)", "header of 0 bytes"),
    ("movw $0, 28(%ebp); movw $0, 44(%ebp)", "without a status byte"),
    ("movw $0, 12(%ebp)", "without a status byte"),
    ("movw $WRITE, 12(%ebp)", "header of 0 bytes"),
    ("movw $NEXT, 12(%ebp); movw $0, 28(%ebp); movw $WRITE, 44(%ebp)", "without a status byte"),
    ("movw $WRITE, 44(%ebp); movw $WRITE + NEXT, 12(%ebp); movw $NEXT, 28(%ebp)",
     "readable descriptor behind a writable one"),
    ("movw $INDIRECT + NEXT, 12(%ebp)", "NEXT beside INDIRECT"),
    ("movw $INDIRECT, 12(%ebp); movl $0, 8(%ebp)", "indirect table of 0 bytes"),
    ("movw $INDIRECT, 12(%ebp); movl $24, 8(%ebp)", "indirect table of 24 bytes"),
    ("movw $INDIRECT, 12(%ebp); movl $0x60000000, (%ebp)", "indirect table of 16 bytes"),
    ("movw $INDIRECT, 12(%ebp); movl $0x400000, (%ebp); movw $INDIRECT, 0x40000c",
     "indirect table inside another"),
    ("movw $INDIRECT, 12(%ebp); movl $0x400000, (%ebp); movw $NEXT, 0x40000c; "
     "movw $1, 0x40000e", "descriptor 1 of 1"),
    ("movw $300, AVAIL_IDX(%ebp)", "available index went from 0 to 301"),
    ("movw $256, AVAIL_IDX(%ebp)", "available index went from 0 to 257"),
    ("movw $-2, AVAIL_IDX(%ebp)", "available index went from 0 to 65535"),
])
def test_broken_ring(kit, disk, change, message):
    kit.run(with_request(change), f"--block={disk}").died("block 0, queue 0: .*" + message)


@pytest.mark.parametrize("head", [256, 300, 65535])
def test_head_out_of_range(kit, disk, head):
    kit.run(DISK + f"offer {head}; kick", f"--block={disk}"
            ).died(f"block 0, queue 0: descriptor {head} made available")


def test_good_request_passes(kit, disk):
    """The requests above are good but for what is changed in them."""
    kit.run(with_request(""), f"--block={disk}").passed()
    kit.run(with_request(""), "--strict", f"--block={disk}").passed()


def test_head_twice(kit, disk):
    """Offered again while in flight: a flush is long enough in flight to be seen."""
    guest = DISK + """
        descriptor 0, flush, 16, NEXT, 1
        descriptor 1, status, 1, WRITE
        offer 0
        offer 0
        kick
        wait_used 2
        pass"""
    kit.run(guest, f"--block={disk}").died("made available while in flight")


@pytest.mark.parametrize("queue, flags, message", [
    (0, "0", "readable descriptor in the input queue"),
    (1, "WRITE", "writable descriptor in the output queue")])
def test_wrong_direction(kit, queue, flags, message):
    kit.run(START + f"""
        find_device CONSOLE
        start_device
        ring {queue}
        descriptor 0, 0x300000, 16, {flags}
        offer 0
        kick
        wait_used 1
        """, input=b"x").died(message)


def test_indirect(kit, disk):
    guest = DISK + """
        descriptor 0, 0x400000, 48, INDIRECT
        movl %ebp, %ebx
        movl $0x400000, %ebp
        descriptor 0, read, 16, NEXT, 2
        descriptor 2, 0x300000, 512, WRITE + NEXT, 1
        descriptor 1, status, 1, WRITE
        movl %ebx, %ebp
        offer 0
        kick
        wait_used 1
        cmpb $0, status; expect e 2
        pass"""
    kit.run(guest, f"--block={disk}").passed()
    kit.run(guest, "--strict", f"--block={disk}").died("strict.*INDIRECT was not accepted")


# ---- strict ----

@pytest.mark.parametrize("guest, message", [
    ("find_device BLOCK; start_device 0x204, 4", "started with status 0x4"),
    ("find_device BLOCK; start_device 0x1204", "features 0x1000 were accepted but not offered"),
    ("find_device BLOCK; incb 5(%edi); start_device 0x204", "byte 5 of its descriptor"),
    ("find_device BLOCK; movb $9, 17(%edi); start_device 0x204", "byte 17 of its descriptor"),
    (request("flush", length=0), "a flush, which was not accepted"),
    ("movw $2, AVAIL_FLAGS(%ebp)\n" + request("read"), "unknown flags 0x2"),
    (request("read").replace("$0xff, status", "$0, status"), "status byte was 0"),
    (request("read", length=100), "not of whole sectors"),
])
def test_strict(kit, disk, guest, message):
    start = START if "find_device" in guest else DISK.replace("0x204", "0x004")
    kit.run(start + guest + "\n pass", "--strict", f"--block={disk}").died("strict.*" + message)
    result = kit.run(start + guest + "\n pass", f"--block={disk}")
    assert result.status == 0, result


# ---- devices that lie ----

def test_hostile_used(kit, disk):
    """The bytes that a guest will find."""
    checks = {
        "used-id": "cmpl $256, USED_RING(%ebp); expect e 2",
        "used-len": "cmpl $-1, USED_RING + 4(%ebp); expect e 2",
        "used-idx": "cmpw $513, USED_IDX(%ebp); expect e 2",
        "used-twice": "cmpw $2, USED_IDX(%ebp); expect e 2; cmpl $0, USED_RING + 8(%ebp); expect e 3",
    }
    for kind, check in checks.items():
        guest = with_request("").replace("wait_used 1", check)
        kit.run(guest, f"--hostile={kind}", f"--block={disk}").passed()


def test_hostile_page(kit, disk):
    checks = {
        "size-zero": "cmpw $0, 5(%edi); expect e 2",
        "size-odd": "cmpw $100, 5(%edi); expect e 2",
        "irq": "cmpw $0, 7(%edi); expect e 2",
        "page": "call next_device; cmpb $77, (%edi); expect e 2",
    }
    for kind, check in checks.items():
        kit.run(START + f"find_device BLOCK; {check}\n pass", f"--hostile={kind}",
                f"--block={disk}").passed()


def test_hostile_silent(kit, disk):
    guest = with_request("").replace("wait_used 1", "hcall LHCALL_HALT")
    assert kit.run(guest, "--hostile=silent", "--timeout=1", f"--block={disk}").status == 124


def test_hostile_spurious(kit):
    kit.run(START + "sti\n hcall LHCALL_HALT\n cmpl $1, irqs; expect ae 2; pass",
            "--hostile=spurious").passed()


def test_hostile_spurious_before_the_start(kit):
    kit.run(START + "sti\n print \"x\"\n cmpl $1, irqs; expect ae 2; pass",
            "--hostile=spurious").passed("x")


def test_hostile_dirty(kit):
    kit.run(INIT + "cmpb $0xcc, _edata; expect e 2; pass; .data; .byte 1",
            "--hostile=dirty").passed()
