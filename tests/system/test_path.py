"""Work for one thing, counted in instructions: it repeats exactly, so that a path which becomes
longer is noticed. The bounds are what was counted and a tenth more."""

import pytest

from counting import EXACTLY, counted, one
from qemu import QemuPc

MOST = {
    "http /style.css": (23_500, None),
    "http /status": (70_000, None),
    "udp": (10_100, None),
    "send": (3_500, "segments"),
    "receive": (5_200, "segments"),
}


@pytest.mark.parametrize("work", MOST)
def test_instructions(boot_on, work):
    most, per = MOST[work]

    def boot(*words, **more):
        return boot_on(QemuPc(), *words, **more)

    first, again = (one(counted(boot, "launcher", work, **EXACTLY), per) for _ in range(2))
    assert first == again
    assert first[0] <= most
