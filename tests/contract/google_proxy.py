"""A proxy on this machine that answers as Google's storage, over TLS with a certificate of its own.

It lets a test see what a child process with a real service account's key sends to Google.
"""

import datetime as dt
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.unit.loopback import http

GOOGLE = "storage.googleapis.com"


@dataclass(slots=True)
class GoogleProxy:
    """Where it listens, whom it is believed by, and what it was asked."""

    url: str
    certificate: Path
    #: Whom the client meant to reach, with the port.
    hosts: set[str] = field(default_factory=set)
    #: The head of each request, as it came.
    requests: list[str] = field(default_factory=list)


@contextmanager
def google_proxy(folder: Path, content: bytes) -> Iterator[GoogleProxy]:
    """Run the proxy for the block; every object has this content."""
    certificate = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        state = GoogleProxy(f"http://127.0.0.1:{listener.getsockname()[1]}", certificate)
        thread = threading.Thread(target=_serve, args=(listener, context, state, content))
        thread.start()
        try:
            yield state
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, GOOGLE)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(GOOGLE)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "google.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def _serve(
    listener: socket.socket, context: ssl.SSLContext, state: GoogleProxy, content: bytes
) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        with plain, suppress(OSError):
            state.hosts.update(_head(plain).split()[1:2])
            plain.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            with context.wrap_socket(plain, server_side=True) as secret:
                state.requests.append(_head(secret))
                is_media = "/download/" in state.requests[-1].partition("\r\n")[0]
                secret.sendall(http(200, content if is_media else _about(content)))


def _about(content: bytes) -> str:
    """Return what Google says about an object."""
    return json.dumps({"bucket": "any", "name": "any", "size": len(content), "generation": "1"})


def _head(stream: socket.socket) -> str:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = stream.recv(1)
        if not piece:
            break
        head += piece
    return head.decode()
