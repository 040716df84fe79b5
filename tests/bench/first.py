"""From the start of the host's process to the last byte of httpd's first answer, the demo site's
front page from a disk, over a user-mode network.

The client connects once, as soon as the guest's console says that it serves: connections that
come before that are taken by the host itself, whose network then tries the guest again in steps
of its own, and the figure would be those steps. So the way of that line through a pipe is in the
figure. The address is static, since a lease would measure the host's server.
"""

import http.client
import os
import subprocess
import time

from kit import (BUILD, LIMIT, QEMU, Boots, GuestError, heading, hosts, middle, missing, qemu,
                 running)
from start import command, virtio_console

WORDS = "ip=10.0.2.15/24 gw=10.0.2.2"
SERVING = b"httpd: serving "
SITE = BUILD / "site.tar"
IMAGE = BUILD / "httpd.elf"


def by_qemu(machine, load, port):
    bus = "device" if machine == "microvm" else "pci"
    card = f"virtio-net-{bus},netdev=net" + (",romfile=" if bus == "pci" else "")
    return command(machine, *load, *virtio_console(machine), "-netdev",
                   f"user,id=net,hostfwd=tcp:127.0.0.1:{port}-:80", "-device", card, "-blockdev",
                   f"driver=raw,node-name=site,read-only=on,file.driver=file,file.filename={SITE}",
                   "-device", f"virtio-blk-{bus},drive=site")


def by_launcher(port):
    return [BUILD / "lguest", f"--block={SITE},ro", f"--net=user,hostfwd=tcp:127.0.0.1:{port}-:80",
            "64", IMAGE, *WORDS.split()]


def wait_for_line(guest):
    """Until it serves."""
    said = b""
    while SERVING not in said:
        data = os.read(guest.stdout.fileno(), 65536)
        if not data:
            raise GuestError(f"httpd did not serve but said {said!r}")
        said += data


def get(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
    connection.request("GET", "/")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200 or not body:
        raise GuestError(f"httpd answered {answer.status} and {len(body)} bytes")


def first_answer(words, port):
    """Milliseconds to the line that says it serves, and to the end of the answer."""
    start = time.perf_counter()
    with running(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as guest:
        wait_for_line(guest)
        serving = time.perf_counter()
        get(port)
        answered = time.perf_counter()
    return (serving - start) * 1000, (answered - start) * 1000


def first_response(runs):
    heading("To the first HTTP response (ms: median, least; until it says that it serves)")
    with Boots() as images:
        multiboot = qemu.by_multiboot(images.folder, IMAGE, WORDS, ())
        pvh = qemu.by_pvh(images.folder, IMAGE, WORDS, ())
        commands = {"launcher": by_launcher}
        if not missing(QEMU):
            commands["QEMU pc, Multiboot"] = lambda port: by_qemu("pc", multiboot, port)
            commands["QEMU microvm, PVH"] = lambda port: by_qemu("microvm", pvh, port)
        taken = {name: [] for name in commands}
        for _ in range(runs):
            for name, made in commands.items():
                port = hosts.free_port("tcp")
                taken[name].append(first_answer(made(port), port))
    for name, times in taken.items():
        serving, answered = zip(*times)
        middle(name, answered, serving)
