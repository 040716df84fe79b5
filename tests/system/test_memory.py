"""Little memory, much memory, none."""

import pytest

import peers
from hosts import BUILD, Disk, Net


def test_hello_in_2_mib(boot):
    guest = boot("hello", "3", mem=2)
    assert guest.wait() == 3


def test_httpd_in_8_mib(boot):
    guest = boot("httpd", "ip=dhcp", mem=8, nets=[Net(forward=(80,))],
                 disks=[Disk(image=BUILD / "site.tar", read_only=True)])
    guest.expect("^httpd: serving / on port 80")
    port = guest.port(80)
    for _ in range(20):
        assert peers.request(port)[0] == 200


@pytest.mark.parametrize("more", [192, 256, 384, 512])
@pytest.mark.parametrize("app", ["hello", "shell"])
def test_barely_more_than_the_image(boot, app, more):
    """It runs, or says what is missing; never a panic. (The last 128 KiB are the firmware's; what
    does not hold the image is not its to notice.)"""
    end = max(int(line.split()[0], 16) for line in (BUILD / f"{app}.sym").read_text().splitlines()
              if line.endswith(" image_end"))
    guest = boot(app, "0" if app == "hello" else "-- mem", mem=f"{end // 1024 + more}K")
    assert guest.wait() in (0, 121)
    assert "panic" not in guest.text


@pytest.mark.parametrize("mem", [3072, 5000])
def test_much(host, boot, mem):
    """RAM up to and above 4 GiB; only what lies below is used."""
    guest = boot("shell", "-- mem", mem=mem)
    assert guest.wait() == 0
    total = int(guest.text.split("total")[1].split()[0])
    assert (host.low_memory - 100) * 1024 < total < 4096 * 1024
