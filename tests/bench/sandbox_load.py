"""The sandbox with Encord's documented maximum in one folder, as the SDK and the wire see it.

The SDK's own work on an answer (about 45 microseconds an item) is told apart from the sandbox's: a
page is timed where its bytes arrive, and once more where its items do.
"""

import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, Final

import requests
from encord.storage import StorageFolder

from tests.bench import work
from tests.bench.memory import peak
from tests.sandbox.conftest import Running, running

_PAGES: Final = 40
_PAGE: Final = 1_000
#: Units of one step: few enough to be done before an HTTP client gives up.
_STEP: Final = 10_000


def measure() -> Iterator[tuple[str, float | None, float | None]]:
    """Yield what was done, its seconds, and the most MB resident in the sandbox."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        manifest = folder / "files.json"
        work.write_bulk(manifest)
        with running(folder / "sandbox", "--rate", "0") as sandbox:
            made = sandbox.client().create_storage_folder("Everything")
            with _waiting() as waited:
                yield (
                    "a job, started by the SDK",
                    _timed(lambda: _start(made, sandbox, manifest)),
                    None,
                )
            yield "a job, answered", waited[-1], None
            yield "all units", _timed(lambda: _work(sandbox)), None
            yield from _pages(made)
            yield "the process", None, peak(sandbox.process.pid)
        with running(folder / "sandbox", "--rate", "0") as again:
            kept = again.client().get_storage_folder(made.uuid)
            assert kept.get_summary().files == work.ITEMS
            yield "a page after a restart", _timed(lambda: next(iter(_listed(kept)))), None


def _start(folder: StorageFolder, sandbox: Running, manifest: Path) -> None:
    integration = sandbox.client().get_cloud_integrations()[0].id
    folder.add_private_data_to_folder_start(integration, manifest, ignore_errors=True)


def _work(sandbox: Running) -> None:
    for _ in range(0, work.ITEMS, _STEP):
        sandbox.advance(_STEP)


def _listed(folder: StorageFolder) -> Iterator[Any]:
    return iter(folder.list_items(page_size=_PAGE))


def _pages(folder: StorageFolder) -> Iterator[tuple[str, float | None, float | None]]:
    """Time pages from everywhere in the folder, on the wire and through the SDK."""
    with _waiting() as waited:
        items = _listed(folder)
        taken = [_timed(lambda: deque(islice(items, _PAGE), maxlen=0)) for _ in range(_PAGES)]
    yield "a page of 1,000 items, answered", median(waited[-_PAGES:]), None
    yield "a page of 1,000 items, read by the SDK", median(taken), None


@contextmanager
def _waiting() -> Iterator[list[float]]:
    """Yield the seconds that each call of the SDK waits for its answer."""
    seconds: list[float] = []
    send = requests.Session.send

    def timed(self: requests.Session, request: requests.PreparedRequest, **how: Any) -> Any:
        started = time.perf_counter()
        answer = send(self, request, **how)
        seconds.append(time.perf_counter() - started)
        return answer

    requests.Session.send = timed  # type: ignore[method-assign]
    try:
        yield seconds
    finally:
        requests.Session.send = send  # type: ignore[method-assign]


def _timed(what: Callable[[], object]) -> float:
    started = time.perf_counter()
    what()
    return time.perf_counter() - started
