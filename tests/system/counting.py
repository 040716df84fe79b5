"""Counted work: the program tests/apps/path in QEMU, whose clock then counts instructions. The card
and the peer at its other end are inside, so the figures are the same in each run."""

import re

from guest import GuestError
from hosts import BUILD

# A nanosecond is an instruction; the time of day goes into answers, so it is the same, too; and
# nothing is there that works at its own pace.
EXACTLY = {"extra": ["-icount", "shift=0,sleep=off", "-rtc", "base=2026-01-01T00:00:00,clock=vm"],
           "console": None}
ROUNDS = 64


def counted(boot, card, work, limit=60, **more):
    """One run: ticks of a round (median, most, mean) and, of all rounds, the rest."""
    guest = boot("path", f"ip=10.0.0.1/24 log=error -- {card} {work}",
                 modules=[BUILD / "site.tar"], **more)
    if guest.wait(limit) != 0:
        raise GuestError(f"path {card} {work}: {guest.text}")
    line = re.search(r"^ticks .*$", guest.text, re.M).group()
    return {name: int(value) for name, value in re.findall(r"(\w+) (\d+)", line)}


def one(result, per=None):
    """Mean ticks and notifications of a round, or of what a round has several of."""
    number = result[per] if per else ROUNDS
    return result["mean"] * ROUNDS / number, result["notifications"] / number
