"""A disk as it may lie after a cut of the power, from a record of what a guest wrote to it.

The record is QEMU's (its block driver blklogwrites) or our launcher's (--record), in the format of Linux's
dm-log-writes: writes and flushes in the order in which they were done. What was written before the last flush is on
the medium. Of what came behind it each sector is there or not, whatever became of its neighbours.
"""

import random
import struct
from dataclasses import dataclass

SECTOR = 512
MAGIC = 0x6A736677736872
FLUSH, DISCARD = 1, 4


@dataclass(frozen=True)
class Event:
    flush: bool
    sector: int = 0
    data: bytes = b""


def backend(image, log):
    """QEMU's words for a disk that is recorded."""
    log.touch()
    return {"file.driver": "blklogwrites", "file.log-sector-size": SECTOR,
            "file.file.driver": "file", "file.file.filename": str(image),
            "file.log.driver": "file", "file.log.filename": str(log)}


def read(log):
    """[Event]"""
    data = log.read_bytes()
    magic, version, count, unit = struct.unpack_from("<QQQI", data)
    assert (magic, version, unit) == (MAGIC, 1, SECTOR)
    events, at = [], SECTOR
    count = count or len(data)  # the launcher's goes on to the end
    while at < len(data) and count:
        count -= 1
        sector, sectors, flags, _ = struct.unpack_from("<QQQQ", data, at)
        at += SECTOR
        assert not flags & DISCARD
        if flags & FLUSH:
            events.append(Event(True))
        if sectors:
            events.append(Event(False, sector, data[at:at + sectors * SECTOR]))
            at += sectors * SECTOR
    return events


def lie(disk, events, cut, seed):
    """What the disk has when the power fails before events[cut]; `disk` is what it had at first."""
    chance = random.Random(seed)
    disk = bytearray(disk)
    flushes = [i for i in range(cut) if events[i].flush]
    safe = flushes[-1] if flushes else 0
    share = chance.choice([0, 0.1, 0.5, 0.9, 1])
    for i, event in enumerate(events[:cut]):
        for at in range(0, len(event.data), SECTOR):
            if i < safe or chance.random() < share:
                place = event.sector * SECTOR + at
                disk[place:place + SECTOR] = event.data[at:at + SECTOR]
    return bytes(disk)
