"""Random rings for every device: the launcher ends the guest with a sentence that names the
device, or goes on; it never faults, hangs, or touches what is not the guest's.
"""

import re

import pytest

from launcher_kit import kit  # noqa: F401

DEVICES = [("block", 2, 0), ("rng", 4, 0), ("console in", 3, 0), ("console out", 3, 1),
           ("net receive", 1, 0), ("net transmit", 1, 1)]


@pytest.mark.parametrize("name, kind, queue", DEVICES, ids=[d[0] for d in DEVICES])
@pytest.mark.parametrize("strict", [(), ("--strict",)], ids=["", "strict"])
def test_random_rings(kit, name, kind, queue, strict):
    image = kit.assemble("fuzz")
    disk = kit.file("disk", bytes(64 * 512))
    beside = kit.file("beside", b"untouched")
    options = {1: ["--net=user"], 2: [f"--block={disk}"], 4: ["--rng"]}.get(kind, [])
    for seed in range(1, 41):
        words = f"{kind:08x},{queue:08x},{seed * 2654435761 % 2**32:08x}"
        result = kit.run(image, *strict, *options, "--timeout=10", args=[words], input=b"typed")
        if result.status == 0:
            continue
        sentence = rf"lguest: (strict: )?{name.split()[0]} 0(, queue {queue})?: "
        assert result.status == 1 and re.match(sentence, result.err), (words, result)
    assert disk.stat().st_size == 64 * 512
    assert beside.read_bytes() == b"untouched"
