"""Keys of six kinds go into the dashboard, and come out nowhere: page, log, disk, other people."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, WebSocket, expect

from components.bucket_access import NEW
from tests.browser.conftest import new_context
from tests.browser.driver import Dashboard
from tests.browser.server import Start, serving
from tests.unit.canaries import PASSPHRASE, Canary, found_in, make_canaries


class Listener(Dashboard):
    """Somebody else on the same server, and everything that is sent to their browser."""

    def listen(self) -> list[str]:
        frames: list[str] = []

        def heard(payload: str | bytes) -> None:
            frames.append(payload if isinstance(payload, str) else payload.decode("latin-1"))

        def opened(socket: WebSocket) -> None:
            socket.on("framereceived", heard)

        self.page.on("websocket", opened)
        return frames


def test_six_kinds_of_key_are_found_in_no_sink(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forking: Start
) -> None:
    # Nobody listens there: Encord cannot be reached, and no name is looked up.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    canaries = make_canaries()
    said: list[str] = []
    with serving(tmp_path, start=forking) as server:
        with new_context(browser) as context, new_context(browser) as elsewhere:
            other = Listener(elsewhere, server.url)
            frames = other.listen()
            other.open("/connect")
            person = Dashboard(context, server.url)
            # The Bucket page asks who asks Google once the connection is not the sandbox's.
            for kind in ("encrypted", "rsa", "ecdsa", "pkcs8", "ed25519", "google"):
                give(person, canaries[kind])
                said += [person.page.content(), person.page.url, cookies(person)]
            other.page.reload()
            other.idle()
            for page in ("/runs", "/reference"):
                person.open(page)
                said.append(person.page.content())
        said += frames
    said += list(sinks(tmp_path))
    leaks = [kind for kind, canary in canaries.items() for text in said if found_in(text, canary)]
    assert not leaks
    assert not [text for text in said if PASSPHRASE in text]


def give(person: Dashboard, canary: Canary) -> None:
    """Give a key where a person would, and wait for what is said of it."""
    if canary.kind == "google":
        person.go_to("Bucket")
        person.page.get_by_text(NEW, exact=True).first.click()
        button = "Use this account"
    else:
        person.open("/connect?place=Encord+EU")
        person.fill("Passphrase", PASSPHRASE)
        button = "Connect"
    person.page.locator("input[type=file]").first.set_input_files(
        {"name": f"{canary.kind}.key", "mimeType": "text/plain", "buffer": canary.text.encode()}
    )
    person.idle()
    person.click(button)
    if canary.kind == "google":
        person.sees("Forget this key")
    else:
        expect(person.page.get_by_role("alert").first).to_be_visible()
    person.idle()


def cookies(person: Dashboard) -> str:
    return str(person.context.cookies()) + str(person.context.storage_state())


def sinks(folder: Path) -> Iterator[str]:
    """Yield everything the server wrote: its log, the ledger, what it stores."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith("sandbox.sqlite"):
            yield path.read_bytes().decode("latin-1")
