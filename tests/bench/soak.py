"""Hours of load on two guests, for what only time shows: `make soak`, or SOAK_SECONDS=600 make
soak for ten minutes. One serves files while clients ask, break off and talk nonsense; on the
other somebody works at the shell, with a disk that is rewritten and read again. Every answer is
checked, and memory that was free early on has to be free again whenever all is quiet.

Relies on the system tests' hosts and peers (tests/system) and on the images in $BUILD.
SOAK_SEED repeats a run. Ends with 1 and the guest's console when something was wrong.
"""

import hashlib
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))

import peers  # noqa: E402
from guest import GuestError  # noqa: E402
from hosts import Disk, Entropy, Net, new_folder  # noqa: E402
from qemu import QemuPc  # noqa: E402

SECONDS = float(os.environ.get("SOAK_SECONDS", 4 * 3600))
SEED = int(os.environ.get("SOAK_SEED", time.time()))
WARM_UP = 20  # rounds until memory is compared: caches and lists have found their size
SLACK = 512 << 10  # bytes that may be in use more than then, for connections that linger


def check(condition, text):
    if not condition:
        raise GuestError(text)


class Free:
    """Free memory at quiet moments."""

    def __init__(self, name):
        self.name, self.rounds, self.early = name, 0, None

    def see(self, free):
        self.rounds += 1
        if self.rounds == WARM_UP:
            self.early = free
        if self.early is not None:
            check(free > self.early - SLACK,
                  f"{self.name} leaks: {free} bytes are free, {self.early} were")


class Served:
    """httpd and its clients."""

    def __init__(self, folder, rnd):
        self.rnd = rnd
        self.files = {f"file{i}": rnd.randbytes(rnd.choice([0, 1, 1000, 65536, 1 << 20]))
                      for i in range(20)}
        site = folder / "site"
        site.mkdir()
        for name, data in self.files.items():
            (site / name).write_bytes(data)
        subprocess.run(["tar", "-C", site, "-cf", folder / "site.tar", "."], check=True)
        self.guest = QemuPc().boot(
            folder, "httpd", "ip=dhcp", disks=[Disk(image=folder / "site.tar", read_only=True)],
            nets=[Net(forward=(80,))], rng=Entropy())
        self.guest.expect("^httpd: serving / on port 80")
        self.port = self.guest.port(80)
        self.free, self.count = Free("httpd"), 0

    def whole(self, rnd):
        name = rnd.choice(list(self.files))
        status, _, body = peers.request(self.port, path=f"/{name}")
        check(status == 200 and body == self.files[name], f"/{name} came back wrong: {status}")

    def part(self, rnd):
        name, data = rnd.choice([f for f in self.files.items() if f[1]])
        first = rnd.randrange(len(data))
        end = rnd.randrange(first, len(data))
        status, _, body = peers.request(self.port, path=f"/{name}",
                                        headers={"Range": f"bytes={first}-{end}"})
        check(status == 206 and body == data[first:end + 1], f"a part of /{name} is wrong")

    def missing(self, rnd):
        check(peers.request(self.port, path=f"/{rnd.random()}")[0] == 404, "what is not there is")

    def broken_off(self, rnd):
        """Ask for much and leave; in the middle, and sometimes by a reset."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(b"GET /file%d HTTP/1.1\r\nHost: x\r\n\r\n" % rnd.randrange(20))
            connection.recv(rnd.randrange(1, 5000))
            if rnd.random() < 0.5:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    def nonsense(self, rnd):
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            try:
                connection.sendall(rnd.randbytes(rnd.randrange(1, 3000)))
            except ConnectionError:
                pass

    def client(self, seed, failures):
        rnd = random.Random(seed)
        try:
            for _ in range(rnd.randrange(1, 8)):
                rnd.choice([self.whole, self.whole, self.part, self.missing, self.broken_off,
                            self.nonsense])(rnd)
                self.count += 1
        except (OSError, GuestError) as failure:
            failures.append(failure)

    def round(self):
        failures = []
        threads = [threading.Thread(target=self.client, args=(self.rnd.random(), failures))
                   for _ in range(self.rnd.randrange(1, 9))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        check(not failures, f"a client of httpd failed: {failures}")
        state = json.loads(peers.request(self.port, path="/status")[2])
        self.free.see(state["memory"]["free"])


class Worked:
    """The shell and whoever types."""

    DISK = 4 << 20

    def __init__(self, folder, rnd):
        self.rnd = rnd
        self.data = rnd.randbytes(1 << 20)
        (folder / "fixed").write_bytes(self.data)
        (folder / "scratch").write_bytes(bytes(self.DISK))
        self.guest = QemuPc().boot(
            folder, "shell", "ip=dhcp --", nets=[Net()], rng=Entropy(),
            disks=[Disk(image=folder / "fixed", read_only=True), Disk(image=folder / "scratch")])
        self.guest.expect(r"^\r?ringlet> ")
        self.guest.expect("by DHCP$", anywhere=True)
        self.free, self.count = Free("shell"), 0

    def run(self, line):
        start = len(self.guest.text)
        self.guest.send(line + "\r")
        self.guest.expect(r"\n\r?ringlet> ")
        self.count += 1
        return self.guest.text[start:]

    def round(self):
        rnd = self.rnd
        step = rnd.randrange(6)
        if step == 0:
            seed = rnd.randrange(1, 1 << 31)
            check(" 0 errors" in self.run(f"blktest vdb {seed} 300"), "the disk reads wrong")
        elif step == 1:
            want = hashlib.sha256(self.data).hexdigest()
            check(want in self.run("sha256 vda"), "vda changed")
        elif step == 2:
            check("2 sent, 2 received" in self.run("ping 10.0.2.2 2"), "a ping was lost")
        elif step == 3:
            word = "".join(rnd.choice("abcdefgh") for _ in range(rnd.randrange(1, 200)))
            check(f"{word}: no such command" in self.run(word), "keys were lost")
        else:
            self.run(rnd.choice(["dev", "net", "blk", "help", "threads", "log", "ls /dev"]))
        self.free.see(int(re.search(r"^free +(\d+)", self.run("mem"), re.M).group(1)) * 1024)
        # What was said long ago is not kept.
        with self.guest.changed:
            if len(self.guest.console) > 1 << 20:
                del self.guest.console[:-4096]
                self.guest.position = 0


def main():
    print(f"soak: seed {SEED}, {SECONDS:.0f} seconds", flush=True)
    started, said = time.monotonic(), 0.0
    folders, parts = [], []
    try:
        for kind in (Served, Worked):
            folders.append(new_folder())
            parts.append(kind(folders[-1], random.Random(f"{SEED} {kind.__name__}")))
        while (now := time.monotonic() - started) < SECONDS:
            for part in parts:
                part.round()
            if now - said >= 60:
                said = now
                print(f"soak: {now:.0f} s, {parts[0].count} requests, {parts[1].count} commands",
                      flush=True)
    except (GuestError, OSError) as failure:
        print(f"soak: {failure}")
        for part in parts:
            print(f"---- console of {part.guest.name}\n{part.guest.text[-4000:]}")
        return 1
    finally:
        for part in parts:
            part.guest.stop()
        for folder in folders:
            shutil.rmtree(folder)
    print(f"soak: fine, {parts[0].count} requests, {parts[1].count} commands")
    return 0


if __name__ == "__main__":
    sys.exit(main())
