"""The launcher's disks."""

import pytest

from launcher_guests import DISK, disk, request  # noqa: F401
from launcher_kit import INIT, both_ways as kit  # noqa: F401

MIB = 1 << 20


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
