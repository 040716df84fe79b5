"""The beginnings of little guests that several tests of the launcher have in common; with
launcher_kit's assembler and tests/launcher/guests/guest.inc they are whole ones.
"""

import pytest

from launcher_kit import INIT

TICKED = """
    ticked: incl ticks; return_from_interrupt
        .data
    ticks: .long 0
"""

READY = INIT + 'print "ready\\n"\n'

START = '#include "device.inc"\n init\n trap_gates\n irq_gates\n'

CONSOLE_OUT = START + """
    find_device CONSOLE
    start_device
    ring 1
"""

CONSOLE_IN = START + """
        find_device CONSOLE
        start_device
        ring 0
"""

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


def good_request(change):
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


@pytest.fixture
def disk(kit):
    return kit.file("disk", b"".join(bytes([i]) * 512 for i in range(16)))
