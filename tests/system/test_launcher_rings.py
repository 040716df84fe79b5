"""Every way in which a guest can break a ring, and what --strict adds."""

import pytest

from launcher_guests import DISK, START, disk, good_request, request  # noqa: F401
from launcher_kit import both_ways as kit  # noqa: F401


# ---- broken rings ----

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
    kit.run(good_request(change), f"--block={disk}").died("block 0, queue 0: .*" + message)


@pytest.mark.parametrize("head", [256, 300, 65535])
def test_head_out_of_range(kit, disk, head):
    kit.run(DISK + f"offer {head}; kick", f"--block={disk}"
            ).died(f"block 0, queue 0: descriptor {head} made available")


def test_good_request_passes(kit, disk):
    """The requests above are good but for what is changed in them."""
    kit.run(good_request(""), f"--block={disk}").passed()
    kit.run(good_request(""), "--strict", f"--block={disk}").passed()


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
