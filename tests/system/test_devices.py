"""What a device offers and what is made of it; devices that are odd, missing, or many."""

import re

import pytest

from hosts import Console, Disk, Entropy, Net


def listing(boot, **devices):
    """What the shell's `dev` says of each device: {type: its lines}."""
    guest = boot("shell", "-- dev", **devices)
    assert guest.wait() == 0
    blocks = re.split(r"^(?=(?:pci|mmio) [0-9a-f:.]+: )", guest.text, flags=re.M)
    found = {}
    for block in blocks:
        start = re.match(r"\w+ [0-9a-f:.]+: (\w+), ([\w-]+), ", block)
        if start:
            found[start.group(1)] = block
    return found


def negotiated(block):
    return re.search(r"negotiated((?:\s+[A-Z][A-Z0-9_-]*)*)", block).group(1).split()


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "disk"
    path.write_bytes(bytes(1 << 20))
    return path


def all_devices(image, **how):
    return {"console": Console(**how), "disks": [Disk(image=image, **how)], "nets": [Net(**how)],
            "rng": Entropy(**how)}


TYPES = {"console", "block", "net", "entropy"}


@pytest.mark.parametrize("flavour, transports, version_1", [
    ("legacy", "pci-legacy|mmio-1", False), ("modern", "pci-modern|mmio-2", True)])
def test_flavour(boot, image, flavour, transports, version_1):
    """The other tests ask for a flavour; here is shown that it is what they get (row 20)."""
    found = listing(boot, **all_devices(image, flavour=flavour))
    assert set(found) == TYPES
    for block in found.values():
        assert re.search(rf", ({transports}), running", block)
        assert ("VERSION_1" in negotiated(block)) == version_1
        assert "EVENT_IDX" in negotiated(block) and "INDIRECT_DESC" in negotiated(block)


def test_ring_features_off(boot, image):
    options = {"event_idx": "off", "indirect_desc": "off"}
    found = listing(boot, **all_devices(image, options=options))
    assert set(found) == TYPES
    for block in found.values():
        assert not {"EVENT_IDX", "INDIRECT_DESC"} & set(negotiated(block))


@pytest.mark.parametrize("more", [{}, {"event_idx": "off"}, {"indirect_desc": "off"}])
def test_packed(boot, image, more):
    """On modern devices packed rings are taken where they are offered; all of them work."""
    how = {"flavour": "modern", "options": {"packed": "on", **more}}
    found = listing(boot, **all_devices(image, **how))
    assert set(found) == TYPES
    for block in found.values():
        assert "RING_PACKED" in negotiated(block)


def test_device_features_off(boot, image):
    found = listing(boot, disks=[Disk(image=image)],
                    nets=[Net(options={"mrg_rxbuf": "off", "status": "off"})])
    assert not {"MRG_RXBUF", "STATUS"} & set(negotiated(found["net"]))


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_access_platform(boot, image, kind):
    """Refused or handled, but never ignored (row 62); the others work."""
    how = {"flavour": "modern", "options": {"iommu_platform": "on"}}
    devices = all_devices(image)
    devices.update({"console": {"console": Console(**how)}, "entropy": {"rng": Entropy(**how)},
                    "block": {"disks": [Disk(image=image, **how)]},
                    "net": {"nets": [Net(**how)]}}[kind])
    found = listing(boot, **devices)
    assert set(found) == TYPES
    for name, block in found.items():
        if name == kind and "running" not in block:
            continue
        assert ("ACCESS_PLATFORM" in negotiated(block)) == (name == kind)


def test_shared_interrupt(boot, image):
    """Two busy devices on one line (row 37): PCI slots four apart share theirs."""
    guest = boot("shell", "ip=dhcp -- blktest vda 1 300", needs={"PCI"},
                 disks=[Disk(image=image, options={"addr": "0x5"})],
                 nets=[Net(options={"addr": "0x9"})], rng=Entropy(options={"addr": "0xd"}))
    assert guest.wait() == 0
    assert " 0 errors\n" in guest.text
    assert "by DHCP" in guest.text


def test_nothing_at_all(boot):
    """A serial port and no device: each thing that is missing is said, and nothing hangs."""
    guest = boot("shell", "-- dev", console=None)
    assert guest.wait() == 0
    assert "no virtio devices\n" in guest.text
    guest = boot("shell", "-- blk", console=None)
    assert guest.wait() == 0
    assert "no disks\n" in guest.text
    guest = boot("shell", "-- net", console=None)
    assert guest.wait() == 0
    assert "no network interfaces\n" in guest.text


def test_unknown_device(boot):
    """One that nobody here drives is left alone, and does not disturb."""
    guest = boot("hello", "3", needs={"PCI"},
                 extra=["-device", "virtio-balloon-pci", "-device", "virtio-keyboard-pci"])
    assert guest.wait() == 3


def test_many_devices(boot, image):
    """A full bus."""
    nets = [Net() for _ in range(12)]
    guest = boot("shell", "-- dev", nets=nets, rng=Entropy(),
                 disks=[Disk(image=image, read_only=True)] + [Disk(image=image, read_only=True)] * 9)
    assert guest.wait() == 0
    assert guest.text.count(", running, ") == 24


def test_entropy_is_used(boot):
    """Two starts must not agree; without a source the application is told."""
    guest = boot("libctest", rng=Entropy(), extra=["-cpu", "qemu32,-rdrand"])
    assert guest.wait() == 0
    assert "getrandom: no source" not in guest.text


def test_slow_entropy(boot):
    """Eight bytes every two seconds are waited for, without stopping anybody else."""
    guest = boot("libctest", "random", rng=Entropy(options={"max-bytes": "8", "period": "2000"}),
                 extra=["-cpu", "qemu32,-rdrand"])
    assert guest.wait() == 42
    assert guest.text.count("getrandom: waiting for random bytes") == 1


def test_silent_entropy(boot):
    """One that never answers delays the start by moments only, and says so to who needs it."""
    guest = boot("libctest", "atexit", rng=Entropy(options={"max-bytes": "1", "period": "100000"}),
                 extra=["-cpu", "qemu32,-rdrand"])
    assert guest.wait() == 7
    assert "getrandom" not in guest.text


@pytest.mark.smoke
def test_sockets(boot):
    """tests/apps/socktest looks at every socket call, over loopback inside the guest."""
    guest = boot("socktest", rng=Entropy())
    assert guest.wait(200) == 0
    assert not re.search(r"^FAIL", guest.text, re.M)
