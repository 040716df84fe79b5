"""Partition tables as partitioners write them, counting in blocks of any size."""

import struct
import zlib

SECTOR = 512


def mbr_entries(*entries):
    """The end of a sector with a table: entries are (type, first block, number of blocks)."""
    table = b"".join(struct.pack("<B3sB3sII", 0, b"", kind, b"", first, count)
                     for kind, first, count in entries)
    return table.ljust(64, b"\0") + b"\x55\xaa"


def put(image, at, data):
    with image.open("r+b") as file:
        file.seek(at)
        file.write(data)


def write_mbr(image, *entries, at=0):
    """`at`: the byte where the sector of the table begins."""
    put(image, at + 446, mbr_entries(*entries))


def write_gpt(image, unit, *parts):
    """A protective MBR and both copies; parts are (first block, number of blocks)."""
    last = image.stat().st_size // unit - 1
    array = b"".join(struct.pack("<16s16sQQ72s", b"t" * 16, bytes([i]) * 16, first,
                                 first + count - 1, b"") if count else bytes(128)
                     for i, (first, count) in enumerate(parts, 1)).ljust(128 * 128, b"\0")
    blocks = -(-len(array) // unit)

    def header(own, other, entries, checksum=0):
        return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, checksum, 0, own, other,
                           2 + blocks, last - 1 - blocks, b"d" * 16, entries, 128, 128,
                           zlib.crc32(array))

    write_mbr(image, (0xee, 1, min(last, 0xffffffff)))
    for own, other, entries in ((1, last, 2), (last, 1, last - blocks)):
        put(image, own * unit, header(own, other, entries, zlib.crc32(header(own, other, entries))))
        put(image, entries * unit, array)
