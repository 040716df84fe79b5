"""Servers on this machine that guests connect to, and clients of guests' servers."""

import http.client
import random
import socket
import threading
import zlib

from guest import LIMIT

HOST = "10.0.2.2"  # this machine, as guests see it through user networking


class Server:
    """One that does handle(connection) with everybody, on a port that the system chose."""

    def __init__(self, handle):
        self.handle = handle
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return  # closed
            with connection:
                connection.settimeout(LIMIT)
                try:
                    self.handle(connection)
                except OSError:
                    pass  # the guest's side of the test tells

    def close(self):
        """Also waits for the connection that is being served: its outcome is a test's evidence."""
        self.socket.shutdown(socket.SHUT_RDWR)  # ends the accept
        self.thread.join(LIMIT)
        self.socket.close()


def giver(data):
    return Server(lambda connection: connection.sendall(data))


class Taker(Server):
    """Keeps what it is sent: the Adler-32 sums of whole connections."""

    def __init__(self):
        self.sums = []
        super().__init__(self.take)

    def take(self, connection):
        total, size = 1, 0
        while data := connection.recv(1 << 16):
            total, size = zlib.adler32(data, total), size + len(data)
        self.sums.append((size, total))


def echo_stream(port, size, seed=1):
    """Send random bytes in random pieces and read them back at the same time."""
    data = random.Random(seed).randbytes(size)
    with socket.create_connection(("127.0.0.1", port), timeout=LIMIT) as connection:
        def send():
            pieces, at = random.Random(seed), 0
            while at < size:
                piece = pieces.randrange(1, 20000)
                connection.sendall(data[at:at + piece])
                at += piece
            connection.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send)
        sender.start()
        back = bytearray()
        while got := connection.recv(1 << 16):
            back += got
        sender.join(LIMIT)
    return bytes(back) == data


def request(port, method="GET", path="/", headers=None, connection=None):
    """One request; (status, headers, body)."""
    own = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
    try:
        own.request(method, path, headers=headers or {})
        answer = own.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        if not connection:
            own.close()
