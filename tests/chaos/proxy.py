"""A loopback proxy in front of the sandbox that spoils the start of upload jobs.

It knows whether the sandbox saw a start before it went wrong, which is the difference that the
submit protocol has to get right. Everything else passes untouched.
"""

import http.client
import random
import socket
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

#: What can happen before the sandbox saw the request, and after.
BEFORE: Final = ("reset", "503", "429")
AFTER: Final = ("reset", "hang", "500", "html", "null")
HANG_SECONDS: Final = 1.5


@dataclass
class FaultyFront:
    """The proxy; `rate` is the share of starts it spoils."""

    target: str
    rate: float = 0.0
    seed: int = 1
    #: Seconds that every request takes longer.
    latency: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._lock = threading.Lock()
        front = self

        class Handler(_Handler):
            proxy = front

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def choose(self, path: str, method: str) -> str | None:
        """Decide the fate of one request, e.g. `after hang`."""
        if method != "POST" or not path.endswith("/data-upload-jobs"):
            return None
        with self._lock:
            if self._random.random() >= self.rate:
                return None
            when = self._random.choice(("before", "after"))
            what = self._random.choice(BEFORE if when == "before" else AFTER)
            self.faults[f"{when} {what}"] += 1
        return f"{when} {what}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: FaultyFront

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.proxy.latency:
            threading.Event().wait(self.proxy.latency)
        fate = self.proxy.choose(self.path, self.command)
        if fate and fate.startswith("before"):
            self._spoil(fate.split()[1])
            return
        status, headers, answer = self._forward(body)
        if fate:
            self._spoil(fate.split()[1])
            return
        self._answer(status, headers, answer)

    do_GET = do_POST = do_PATCH = do_DELETE = _pass  # noqa: N815 - the base's names

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        target = urlsplit(self.proxy.target)
        upstream = http.client.HTTPConnection(target.hostname or "", target.port, timeout=60)
        try:
            upstream.request(self.command, self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            upstream.close()

    def _spoil(self, what: str) -> None:
        if what in {"reset", "hang"}:
            if what == "hang":
                threading.Event().wait(HANG_SECONDS)
            self.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
            )
            self.connection.close()
            self.close_connection = True
        elif what == "html":
            self._answer(200, [("Content-Type", "text/html")], b"<html>gateway</html>")
        elif what == "null":
            self._answer(200, [("Content-Type", "application/json")], b"null")
        else:
            self._answer(int(what), [("Content-Type", "application/json")], b'{"message": "no"}')

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in {"connection", "content-length", "transfer-encoding"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.close_connection = True
        with suppress(OSError):  # the client was killed meanwhile
            self.end_headers()
            self.wfile.write(body)
