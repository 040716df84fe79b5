"""The launcher's device page, starts and resets, the source of entropy, and --hostile."""

from launcher_guests import CONSOLE_OUT, DISK, START, disk, good_request, request  # noqa: F401
from launcher_kit import INIT, both_ways as kit  # noqa: F401


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


def test_restart_with_devices(kit, disk):
    """A word on the disk counts the starts; each finds new rings and a device to start."""
    guest = DISK + request("read", 0) + """
        incl 0x300000
        cmpl $3, 0x300000; jne 1f
        pass
    1:  """ + request("write", 0, flags="0", used=2) + """
        hcall LHCALL_SHUTDOWN, $0x400000, $LGUEST_SHUTDOWN_RESTART"""
    kit.run(guest, f"--block={disk}").passed()


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
        guest = good_request("").replace("wait_used 1", check)
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
    guest = good_request("").replace("wait_used 1", "hcall LHCALL_HALT")
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
