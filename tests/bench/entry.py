"""From the kernel's entry to main, on each door: the CPU's cycle counter at both, which
tests/apps/entry prints in microseconds. It has a console and neither disk nor card, as hello;
what the loader took before it is not in this figure. Under QEMU without acceleration and in v86
the counter counts the host's time, so translating the code is in it.

Relies on `make web` for v86.
"""

import re

from kit import Boots, doors, heading, hosts, middle, row


def to_main(host):
    """Microseconds, once."""
    with Boots() as machine:
        guest = machine.boot(host, "entry")
        guest.wait()
        return float(re.search(r"^main: ([\d.]+) us after the entry", guest.text, re.M).group(1))


def entry_to_main(runs):
    heading("From the kernel's entry to main (us: median, least)")
    taken = {}
    for host in doors.DOORS:
        if hosts.missing(host):
            row(host.name, f"not measured: {hosts.missing(host)}")
        else:  # the launcher without --strict, as a user starts it
            taken[host.variant(options=()) if host.name == "launcher" else host] = []
    for _ in range(runs):
        for host, times in taken.items():
            times.append(to_main(host))
    for host, times in taken.items():
        middle(host.name, times)
