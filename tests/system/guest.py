"""A guest that runs: its console, its end, and what a test may do to it from outside.

Every wait has a limit, far above what the thing takes, and ends as soon as the guest does: a
test never sleeps and hopes. What a guest said is kept for the report of a test that fails.
"""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

LIMIT = int(os.environ.get("LIMIT", "90"))  # seconds anything may take, on a busy machine
# Bytes between guest and test: QEMU's consoles drop what does not fit, and a busy machine may let
# the reader wait for longer than it takes to fill the usual 64 KiB.
PIPE_SIZE = 1 << 20


class GuestError(AssertionError):
    """The guest did not do what the test waited for."""


class Monitor:
    """QEMU's control socket (QMP)."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("rw")
        self.lines.readline()
        self.execute("qmp_capabilities")

    def execute(self, command, **arguments):
        """Carry out one command; its result. Events in between are passed over."""
        message = {"execute": command, "arguments": arguments}
        self.lines.write(json.dumps(message) + "\n")
        self.lines.flush()
        while True:
            line = self.lines.readline()
            if not line:
                raise GuestError(f"QEMU ended during {command}")
            answer = json.loads(line)
            if "error" in answer:
                raise GuestError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def human(self, line):
        """A command of the monitor for people; what it prints."""
        return self.execute("human-monitor-command", **{"command-line": line})

    def close(self):
        self.lines.close()
        self.socket.close()


class Guest:
    """One process that runs one guest. Hosts make these; tests use them."""

    def __init__(self, name, command, decode, monitor_path=None, ports=None):
        self.name = name
        # (process status, last console line or None) -> exit code or None
        self.decode = decode
        self.monitor_path = monitor_path  # where QEMU has one
        self.ports = ports  # {("tcp", port of the guest): port here}, where known beforehand
        self._monitor = None
        self.console = bytearray()
        self.changed = threading.Condition()
        self.open = True  # console may still say something
        self.position = 0  # in the text: where expect() goes on
        # If the tests are killed so is the guest.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *map(str, command)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, pipesize=PIPE_SIZE)
        self.errors = b""
        self.readers = [threading.Thread(target=self._read_console, daemon=True),
                        threading.Thread(target=self._read_errors, daemon=True)]
        for reader in self.readers:
            reader.start()

    def _read_console(self):
        while True:
            data = os.read(self.process.stdout.fileno(), 65536)
            with self.changed:
                self.console += data
                self.open = bool(data)
                self.changed.notify_all()
            if not data:
                return

    def _read_errors(self):
        self.errors = self.process.stderr.read()

    # ---- what it says ----

    @property
    def text(self):
        """All that the console said, lines ending in a single newline."""
        return self.console.decode(errors="replace").replace("\r\n", "\n")

    def expect(self, pattern, limit=LIMIT, anywhere=False):
        """Wait until the console says something that matches, behind what the last expect()
        found or anywhere; the match."""
        deadline = time.monotonic() + limit
        with self.changed:
            while True:
                found = re.compile(pattern, re.MULTILINE).search(
                    self.text, 0 if anywhere else self.position)
                if found:
                    self.position = max(self.position, found.end())
                    return found
                if not self.open:
                    raise GuestError(f"{self.name} ended without saying {pattern!r}")
                if not self.changed.wait(deadline - time.monotonic()):
                    raise GuestError(f"{self.name} did not say {pattern!r} in {limit} s")

    def send(self, text):
        """Type on the console."""
        self.process.stdin.write(text.encode() if isinstance(text, str) else text)
        self.process.stdin.flush()

    # ---- how it ends ----

    def wait(self, limit=LIMIT, console=True):
        """Wait for its end; the exit code, which the last line of the console has to confirm
        unless `console` is False."""
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise GuestError(f"{self.name} still ran after {limit} s") from None
        for reader in self.readers:
            reader.join(LIMIT)
        last_line = self.text.rstrip("\n").split("\n")[-1]
        code = self.decode(status, last_line if console else None)
        if code is None:
            raise GuestError(f"{self.name} ended without an exit code: status {status}, "
                             f"{self.errors.decode(errors='replace')}")
        return code

    def stop(self):
        """End it from outside, as when the power is cut."""
        if self._monitor:
            self._monitor.close()
            self._monitor = None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(LIMIT)
        for reader in self.readers:
            reader.join(LIMIT)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                pipe.close()
            except BrokenPipeError:
                pass  # what was typed for a guest that ended before it read

    # ---- from outside ----

    @property
    def monitor(self):
        if not self.monitor_path:
            pytest.skip("this host has no monitor")
        if not self._monitor:
            deadline = time.monotonic() + LIMIT
            while not self.monitor_path.exists():
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise GuestError(f"{self.name}: QEMU did not start: {self.errors!r}")
                time.sleep(0.01)
            self._monitor = Monitor(self.monitor_path)
        return self._monitor

    def port(self, guest_port, protocol="tcp"):
        """The port of 127.0.0.1 that leads to this port of the guest. Under QEMU the system
        chose it when port 0 was bound, so tests cannot collide."""
        if self.ports is not None:
            return self.ports[protocol, guest_port]
        table = self.monitor.human("info usernet")
        pattern = rf"{protocol}\[HOST_FORWARD\] +\d+ +127\.0\.0\.1 +(\d+) +\S+ +{guest_port}\b"
        found = re.search(pattern, table, re.IGNORECASE)
        if not found:
            raise GuestError(f"no forwarding to port {guest_port} in:\n{table}")
        return int(found.group(1))
