"""Uploads that break off: from a raw socket, a hundred times, and nothing is left of them."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.driver import Dashboard, visiting
from tests.browser.server import Server, Start, serving

ABORTS = 100
#: Far more than Starlette keeps in memory: the rest lies in a temporary file while it arrives.
SENT_BYTES = 3 << 20
PROMISED_BYTES = 400 << 20
BOUNDARY = "half-of-a-manifest"
#: What a hundred uploads of that size would leave is 300 MB.
SPARE_KB = 60 << 10


@dataclass(frozen=True)
class Upload:
    """An upload as the browser sent it: where to, and with whose cookies."""

    path: str
    cookies: str
    token: str


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, forking: Start) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("aborted"), start=forking) as running:
        yield running


def upload_of(person: Dashboard, file: Path) -> Upload:
    """Upload a small file in the browser and note how it went there."""
    person.open("/manifest")
    with person.page.expect_request(lambda one: one.method == "PUT") as put:
        person.page.locator("input[type=file]").set_input_files(file)
    person.sees("The entry is ready")
    headers = put.value.all_headers()
    return Upload(
        path=put.value.url.removeprefix(person.url),
        cookies=headers["cookie"],
        token=headers["x-xsrftoken"],
    )


def begin(server: Server, upload: Upload) -> socket.socket:
    """Send a part of an upload."""
    head = (
        f"PUT {upload.path}-aborted HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Cookie: {upload.cookies}\r\nX-Xsrftoken: {upload.token}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {PROMISED_BYTES}\r\n\r\n--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="file"; filename="half.csv"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    )
    line = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    line.sendall(head.encode() + b"ObjectURL,Type\n" * (SENT_BYTES // 15))
    return line


def break_off(line: socket.socket, *, reset: bool) -> None:
    """Close the connection, or reset it as a proxy does that gives up."""
    if reset:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def resident_kb(server: Server) -> int:
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def spooled(server: Server) -> list[str]:
    """Name the deleted files that the dashboard still holds open: where uploads are spooled."""
    found = []
    for file in Path(f"/proc/{server.pid}/fd").iterdir():
        try:
            found.append(str(file.readlink()))
        except FileNotFoundError:
            continue
    return [name for name in found if "(deleted)" in name]


def manifests(server: Server) -> set[str]:
    folder = server.data / "manifests"
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads /proc, which is Linux's")
def test_nothing_is_left_of_uploads_that_broke_off(
    window: BrowserContext, small: Server, tmp_path: Path
) -> None:
    file = tmp_path / "whole.csv"
    file.write_text("ObjectURL,Type\ngs://encord-demo-bucket/images/street/0001.jpg,image\n")
    with visiting(window, small.url, Dashboard) as person:
        upload = upload_of(person, file)
        first = begin(small, upload)
        wait_for(lambda: bool(spooled(small)), "the upload was not taken")
        break_off(first, reset=False)
        before, kept = resident_kb(small), manifests(small)
        for number in range(ABORTS):
            break_off(begin(small, upload), reset=bool(number % 2))
        wait_for(lambda: not spooled(small), "a part of an upload is still open")
        assert resident_kb(small) - before < SPARE_KB
        assert manifests(small) == kept, "a part of a manifest was kept"
        person.open("/manifest").page.locator("input[type=file]").set_input_files(file)
        person.sees("The entry is ready")


def wait_for(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        threading.Event().wait(0.05)
        assert time.monotonic() < deadline, otherwise
