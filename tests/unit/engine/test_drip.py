"""An answer that comes one byte at a time defeats every read timeout; the worker's does not."""

import socket
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.encord_api.credentials import load_private_key_file
from services.encord_api.sdk import connect
from services.engine.context import Pace
from services.engine.worker import EXIT_STUCK, Worker
from tests.nursery import NURSERY
from tests.unit.engine.world import World


def drip(server: socket.socket) -> None:
    """Answer with one byte a third of a second, for ever."""
    connection, _ = server.accept()
    with connection, suppress(OSError):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            connection.sendall(b" ")
            threading.Event().wait(0.3)


def work(folder: Path, url: str, key: Path) -> None:
    folder.mkdir()
    world = World(folder, pace=Pace(send_deadline=2.0))
    world.submit(world.images(1))
    gateway = connect(url, load_private_key_file(key).key, read_timeout=1.0)
    tools = replace(world.tools, gateway=lambda _: gateway)
    Worker(tools, slots=1, connections=world.held).run()


@pytest.mark.usefixtures("main_of_nobody")
def test_a_dripping_answer_ends_the_process(tmp_path: Path) -> None:
    key = tmp_path / "key"
    made = Ed25519PrivateKey.generate()
    key.touch(mode=0o600)
    key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    with socket.create_server(("127.0.0.1", 0)) as server:
        dripping = threading.Thread(target=drip, args=(server,), daemon=True)
        dripping.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        process = NURSERY.Process(target=work, args=(tmp_path / "world", url, key))
        process.start()
        process.join(60)
        dripping.join(10)
    assert process.exitcode == EXIT_STUCK
