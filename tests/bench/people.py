"""Pages at full size, for one person and for twenty: 500,000 entries and outcomes, 10,000 runs.

A person here speaks Streamlit's own protocol without a browser, so that what is timed is the
server: from the click that leaves to the last message of the page, with every byte of it. How long
a browser then takes until it is idle is timed with a browser, page by page.
"""

import io
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import BinaryIO, Final
from urllib.parse import urlencode

from playwright.sync_api import sync_playwright
from sqlalchemy import insert, select
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from services.bootstrap import Runtime, build_runtime
from services.domain.runs import FolderChoice, Submission
from services.ledger.tables import RUN
from services.manifests.options import CheckOptions
from services.sandbox.demo import demo_manifest_csv
from services.settings import Settings
from tests.bench import work
from tests.browser.conftest import new_context
from tests.browser.driver import Dashboard, launch
from tests.browser.server import Server, serving

RUNS: Final = 10_000
PEOPLE: Final = 20
#: Seconds between the clicks of one person, and how long the crowd clicks.
_PAUSE: Final = 2.0
_CROWD_SECONDS: Final = 90.0
_PATIENCE: Final = 900.0


@dataclass(slots=True)
class Seen:
    """What one page took."""

    #: Seconds of the server: alone and without a pause, which shows what a page costs; alone at a
    #: person's pace; and in the crowd, whose people have that pace too. A server that rested is
    #: slower than one that is busy, so only the last two show what people cost each other.
    alone: list[float] = field(default_factory=list)
    paced: list[float] = field(default_factory=list)
    crowd: list[float] = field(default_factory=list)
    #: Bytes to the browser: at first, and when it is drawn again.
    first: int = 0
    again: int = 0
    #: Seconds until a browser is idle.
    browser: float = 0.0


class Person:
    """One open tab."""

    def __init__(self, url: str) -> None:
        address = f"{url.replace('http', 'ws', 1)}/_stcore/stream"
        self._socket: ClientConnection = connect(
            address, subprotocols=[Subprotocol("streamlit")], max_size=None, origin=Origin(url)
        )
        #: What was seen of tabs, by their name in the address: an id, and which tab is the first.
        self._tabs: dict[str, tuple[str, str]] = {}

    def open(self, page: str, query: dict[str, str]) -> tuple[float, int]:
        """Go to a page; return the seconds and bytes until it is drawn."""
        message = BackMsg()
        message.rerun_script.page_name = "" if page == "overview" else page
        message.rerun_script.query_string = urlencode(query)
        for name, (tabs, first) in self._tabs.items():
            # Tabs that were drawn once follow their own state, whatever the address says.
            message.rerun_script.widget_states.widgets.add(
                id=tabs, string_value=query.get(name, first)
            )
        started = time.perf_counter()
        self._socket.send(message.SerializeToString())
        size = 0
        while True:
            data = self._socket.recv(timeout=60)
            size += len(data)
            answer = ForwardMsg.FromString(data if isinstance(data, bytes) else data.encode())
            drawn = answer.delta.add_block.tab_container
            if drawn.query_param_key:
                self._tabs[drawn.query_param_key] = drawn.id, drawn.default_tab_label
            if answer.WhichOneof("type") == "script_finished":
                break
        assert answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
        return time.perf_counter() - started, size

    def close(self) -> None:
        self._socket.close()


def measure(rounds: int) -> dict[str, Seen]:
    """Return what each page took."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), rate=1e6) as server:
        pages = fill(server, Path(folder) / "files.json")
        seen = {name: Seen() for name in pages}
        walk(server, pages, seen, rounds)
        crowd(server, pages, seen)
        browse(server, pages, seen)
        return seen


def walk(
    server: Server,
    pages: dict[str, tuple[str, dict[str, str]]],
    seen: dict[str, Seen],
    rounds: int,
) -> None:
    """Let one person go through all pages, some rounds at once and some at a person's pace."""
    person, pause = Person(server.url), threading.Event()
    person.open("overview", {})
    dice = random.Random(PEOPLE)
    for lap in range(rounds + rounds // 2 + 1):
        # In any order, as people do: a page reached from another of its views costs less.
        for name in dice.sample(list(pages), len(pages)):
            page, query = pages[name]
            seconds, size = person.open(page, query)
            if not lap:  # it fills what is kept between drawings
                seen[name].first = size
            elif lap <= rounds:
                seen[name].alone.append(seconds)
                seen[name].again = size
            else:
                seen[name].paced.append(seconds)
                pause.wait(max(0.0, _PAUSE - seconds))
    person.close()


def fill(server: Server, manifest: Path) -> dict[str, tuple[str, dict[str, str]]]:
    """Register the documented maximum, make a long list of runs; return where each page is."""
    work.write_bulk(manifest)
    runtime = build_runtime(Settings(data_dir=server.data))
    runtime.start_sandbox()
    small = _submit(runtime, "Small.csv", io.BytesIO(demo_manifest_csv()))
    with manifest.open("rb") as source:
        large = _submit(runtime, "Everything.json", source)
    for run in (small, large):
        _wait(runtime, run)
    _copy(runtime, small)
    found = runtime.ledger.run(large)
    assert found is not None
    assert found.counts.registered == work.ITEMS
    runtime.ledger.engine.dispose()
    chosen = {"manifest": found.manifest}
    asked = {"run": large}
    return {
        "Overview": ("overview", {}),
        "Connect": ("connect", {}),
        "Bucket": ("bucket", {}),
        "Schema": ("schema", {}),
        "Manifest, findings": ("manifest", chosen),
        "Manifest, entries": ("manifest", {**chosen, "manifest_view": "Entries"}),
        "Submit": ("submit", chosen),
        "Runs": ("runs", {}),
        "Run, entries": ("run", asked),
        "Run, progress": ("run", {**asked, "run_view": "Progress"}),
        "Datasets": ("datasets", asked),
        "Verify": ("verify", asked),
        "Passport": ("passport", {"object": "gs://encord-demo-bucket/bulk/250000.jpg"}),
        "Reference": ("reference", {}),
        "Demo studio": ("demo", {}),
    }


def _submit(runtime: Runtime, name: str, source: BinaryIO) -> str:
    connection = runtime.connections.sandbox()
    assert connection is not None
    fingerprint = runtime.manifests.add(name, source)
    runtime.manifests.check(fingerprint, CheckOptions())
    integration = runtime.connections.gateway(connection.id).list_integrations()[0]
    return runtime.onboarding.submit(
        Submission(
            name=name,
            connection=connection.id,
            account=connection.account,
            manifest=fingerprint,
            check=CheckOptions().to_json(),
            folder=FolderChoice(name=name),
            integration=integration.id,
            integration_title=integration.title,
            nonce=name,
            created_by="bench",
        ),
        actor="bench",
    )


def _wait(runtime: Runtime, run: str) -> None:
    deadline, pause = time.monotonic() + _PATIENCE, threading.Event()
    while time.monotonic() < deadline:
        view = runtime.ledger.run(run)
        if view is None or view.state.is_final:
            return
        pause.wait(0.5)
    raise TimeoutError(run)


def _copy(runtime: Runtime, run: str) -> None:
    """Make the list of runs long: copies of one that is over."""
    with runtime.ledger.transaction() as cx:
        row = dict(cx.execute(select(RUN).where(RUN.c.id == run)).mappings().one())
        copies = [
            {**row, "id": f"{n:032x}", "root": f"{n:032x}", "idem": f"copy {n}", "name": f"Run {n}"}
            for n in range(RUNS)
        ]
        cx.execute(insert(RUN), copies)


def crowd(
    server: Server, pages: dict[str, tuple[str, dict[str, str]]], seen: dict[str, Seen]
) -> None:
    """Let many people click at once, each every few seconds, on whatever page."""
    over = time.monotonic() + _CROWD_SECONDS
    broken: list[BaseException] = []

    def click(number: int) -> None:
        dice, pause = random.Random(number), threading.Event()
        try:
            person = Person(server.url)
            pause.wait(dice.random() * _PAUSE)
            while time.monotonic() < over:
                name = dice.choice(list(pages))
                seconds, _ = person.open(*pages[name])
                seen[name].crowd.append(seconds)
                pause.wait(max(0.0, _PAUSE - seconds))
            person.close()
        except BaseException as error:  # noqa: BLE001 - told below, from the bench's own thread
            broken.append(error)

    threads = [threading.Thread(target=click, args=(number,)) for number in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not broken, broken


def browse(
    server: Server, pages: dict[str, tuple[str, dict[str, str]]], seen: dict[str, Seen]
) -> None:
    """Time each page in a browser, from its address to idle; the second visit counts."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        person = Dashboard(new_context(browser), server.url).open()
        for name, (page, query) in pages.items():
            address = f"/{'' if page == 'overview' else page}?{urlencode(query)}"
            taken = []
            for _ in range(3):
                started = time.perf_counter()
                person.open(address)
                taken.append(time.perf_counter() - started)
            seen[name].browser = median(taken[1:])
        browser.close()


def told(seen: dict[str, Seen]) -> Iterator[tuple[str, Seen, float, float, float]]:
    """Yield each page with its medians, alone, alone at a person's pace and in the crowd, in s."""
    for name, each in seen.items():
        yield name, each, median(each.alone), median(each.paced), median(each.crowd or [0.0])
