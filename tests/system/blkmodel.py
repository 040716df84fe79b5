"""What tests/apps/blktest does, computed again: the operations that follow from a seed, and the
disk that they leave. Written from blktest's description, sharing no code with it."""

SECTOR = 512
MAX_SECTORS = 64
LANES = SECTOR // 4
ONES = sum(1 << (32 * i) for i in range(LANES))
RAMP = sum(i << (32 * i) for i in range(LANES))


def sector_data(operation, sector):
    """The 128 words that an operation writes to a sector; operation 0 is the disk before."""
    first = (operation * 2654435761 ^ sector * 40503) & 0x7FFFFFFF
    return (first * ONES + RAMP).to_bytes(SECTOR, "little")


def image(last_write):
    """The bytes of a disk, given for each sector the operation that wrote it last."""
    return b"".join(sector_data(op, sector) for sector, op in enumerate(last_write))


class Generator:
    """Marsaglia's xorshift with 13, 17, 5."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        x = self.state
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        self.state = x
        return x % limit


def replay(seed, count, sectors, block=SECTOR):
    """For each sector the last operation that wrote it, and how many reads, writes, flushes; all
    in whole blocks."""
    within = block // SECTOR - 1
    random = Generator(seed)
    last_write = [0] * sectors
    counts = {"reads": 0, "writes": 0, "flushes": 0}
    for operation in range(1, count + 1):
        dice = random.below(100)
        length = (1 + random.below(8 if random.below(4) else MAX_SECTORS) + within) & ~within
        start = random.below(sectors - length + 1) & ~within
        if dice < 50:
            counts["reads"] += 1
        elif dice < 97:
            counts["writes"] += 1
            last_write[start:start + length] = [operation] * length
        else:
            counts["flushes"] += 1
    return last_write, counts
