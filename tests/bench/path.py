"""What a guest does for a request, a datagram, a segment: instructions, which repeat exactly.

The program tests/apps/path has the card and the peer at its other end inside, so nothing comes from
outside, and leaves their instructions out (a string instruction counts once for each turn). What a
machine pays for an interrupt or a notification is in no figure: the notifications have a column.
Under the launcher the same program counts the processor's ticks, which do not repeat.
"""

import counting
from kit import LIMIT, Boots, heading, hosts, missing, qemu, row

CARDS = ("launcher", "tap", "user")
WORK = {
    "HTTP, a file of 3 KiB": ("http /style.css", None),
    "HTTP, statistics": ("http /status", None),
    "UDP, an echo of 64 bytes": ("udp", None),
    "TCP, a segment out": ("send", "segments"),
    "TCP, a segment in": ("receive", "segments"),
}


def counted(host, card, work, per, **host_words):
    with Boots() as own:
        def boot(*words, **more):
            return own.boot(host, *words, **more)
        return counting.one(counting.counted(boot, card, work, LIMIT, **host_words), per)


def instructions():
    heading("Instructions of one request (and its notifications), by what the card offers")
    if missing("qemu-system-i386"):
        return
    row("", "".join(f"{card:>17}" for card in CARDS) + "   ticks, launcher")
    for name, (work, per) in WORK.items():
        cells = "".join("{:10.0f} ({:4.2f})".format(
            *counted(qemu.QemuPc(), card, work, per, **counting.EXACTLY)) for card in CARDS)
        native = "-" if missing(hosts.Launcher().program) else "{:.0f}".format(
            counted(hosts.Launcher(), "launcher", work, per)[0])
        row(name, f"{cells}{native:>18}")
