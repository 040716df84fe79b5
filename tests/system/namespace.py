"""A network namespace of a test's own, with a tap in it: this machine's side of a cable whose
other end is a guest under the launcher. Needs root; what is missing has the test skipped."""

import ctypes
import itertools
import os
import subprocess
import threading

import pytest

OURS, GUEST = "10.9.0.1", "10.9.0.2"
OURS6, GUEST6 = "fd09::1", "fd09::2"
CLONE_NEWNET = 0x40000000
numbers = itertools.count()


class Namespace:
    def __init__(self, tap=True):
        self.name = f"ringlet-{os.getpid()}-{next(numbers)}"
        self.exists = False
        if os.geteuid() != 0:
            pytest.skip("a network namespace needs root")
        self.command("ip", "netns", "add", self.name)
        self.exists = True
        self.prefix = ("ip", "netns", "exec", self.name)
        self.inside("ip", "link", "set", "lo", "up")
        if tap:
            self.inside("ip", "tuntap", "add", "tap0", "mode", "tap")
            self.inside("ip", "address", "add", f"{OURS}/24", "dev", "tap0")
            self.inside("ip", "address", "add", f"{OURS6}/64", "dev", "tap0", "nodad")
            self.inside("ip", "link", "set", "tap0", "up")

    @staticmethod
    def command(*words):
        try:
            subprocess.run(words, check=True, capture_output=True, text=True)
        except FileNotFoundError:
            pytest.skip(f"{words[0]} is not installed")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"{' '.join(words)}: {error.stderr.strip()}")

    def inside(self, *words):
        self.command(*self.prefix, *words)

    def call(self, function):
        """Its result, of a thread that is inside; sockets that it makes stay there."""
        result = []

        def run():
            libc = ctypes.CDLL(None, use_errno=True)
            with open(f"/run/netns/{self.name}", "rb") as file:
                if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
                    result.append(OSError(ctypes.get_errno(), "setns"))
                    return
            try:
                result.append(function())
            except Exception as error:
                result.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if isinstance(result[0], Exception):
            raise result[0]
        return result[0]

    def close(self):
        if self.exists:
            subprocess.run(["ip", "netns", "delete", self.name], check=True)
