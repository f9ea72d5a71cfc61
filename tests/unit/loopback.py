"""A scripted server on a loopback socket that counts what arrives.

A reply is the bytes to send, or one of the ways to fail without any.
"""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Cut(Enum):
    """What to do with a connection instead of answering."""

    RESET = "reset after the request"
    RESET_ON_ACCEPT = "reset before the request is read"
    CLOSE = "close after the request"
    HANG = "never answer"


Reply = bytes | Cut


@dataclass(frozen=True, slots=True)
class Request:
    """One request, complete to its last byte."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Loopback:
    """The running server: replies are given in turn, the last one for ever."""

    replies: list[Reply]
    url: str = ""
    connections: int = 0
    requests: list[Request] = field(default_factory=list)
    held: list[socket.socket] = field(default_factory=list)

    def next_reply(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def http(status: int, body: bytes | str = b"", **headers: str) -> bytes:
    """Write one response."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(data)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + data


def broken_off(reply: bytes) -> bytes:
    """Leave out the second half of a response's body; its length still counts it."""
    head, _, body = reply.partition(b"\r\n\r\n")
    return b"%b\r\n\r\n%b" % (head, body[: len(body) // 2])


def answer(value: Any, status: int = 200) -> bytes:
    """Write a JSON response of the second transport."""
    return http(status, json.dumps(value), Content_Type="application/json")


def envelope(response: Any, status: int = 200, payload: Any = None) -> bytes:
    """Write a response of the first transport, whose status is in the body."""
    return answer({"status": status, "response": response, "payload": payload})


def refusal(status: int, message: str = "said", reason: str = "") -> bytes:
    """Write an error as Google does."""
    errors = [{"message": message, "domain": "global", "reason": reason}] if reason else []
    return answer({"error": {"code": status, "message": message, "errors": errors}}, status)


#: What Google answers of a bucket that charges whoever reads it, and of one that nobody pays for.
PAYER_MISSING = refusal(
    400, "Bucket is a requester pays bucket but no user project provided.", "required"
)
NOT_BILLED = refusal(
    403, "The billing account for the owning project is disabled in state absent", "accountDisabled"
)


@contextmanager
def serving(*replies: Reply) -> Iterator[Loopback]:
    """Run a server for the block."""
    state = Loopback(list(replies))
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        state.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=_accept, args=(listener, state), daemon=True)
        thread.start()
        try:
            yield state
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for connection in state.held:
                connection.close()


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _accept(listener: socket.socket, state: Loopback) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        state.connections += 1
        reply = state.next_reply()
        if reply is not Cut.RESET_ON_ACCEPT:
            state.requests.append(_read(connection))
        _ENDS[reply](connection, state) if isinstance(reply, Cut) else _send(connection, reply)


def _send(connection: socket.socket, reply: bytes) -> None:
    connection.sendall(reply)
    connection.close()


def _reset(connection: socket.socket, _state: Loopback) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


_ENDS: dict[Cut, Callable[[socket.socket, Loopback], None]] = {
    Cut.RESET: _reset,
    Cut.RESET_ON_ACCEPT: _reset,
    Cut.CLOSE: lambda connection, _: connection.close(),
    Cut.HANG: lambda connection, state: state.held.append(connection),
}


def _read(connection: socket.socket) -> Request:
    stream = connection.makefile("rb")
    method, target, _ = stream.readline().decode().split()
    headers = {}
    while line := stream.readline().decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Request(method, target, headers, stream.read(int(headers.get("content-length", "0"))))
