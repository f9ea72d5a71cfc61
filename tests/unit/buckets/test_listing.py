"""A listing only reads: what passes by itself is asked for again, and nothing else is."""

from pathlib import Path

import pytest

from services.buckets import patience
from services.buckets.listing import PARALLEL, list_objects
from services.buckets.spool import Scope, Spool, Totals
from services.cloud_storage.credentials import anonymous
from services.cloud_storage.errors import NotAuthorised, StorageError, Unavailable, Unclear
from services.cloud_storage.google import GoogleBuckets, connect
from tests.unit.loopback import Cut, Loopback, Reply, answer, broken_off, http, serving

PAGE = answer({"items": [{"name": "a.jpg", "size": "1", "generation": "1"}]})
PASSES: dict[str, Reply] = {
    "429": http(429),
    "500": http(500, "<html>"),
    "502": http(502, "<html>"),
    "503": http(503, "<html>"),
    "504": http(504),
    "reset": Cut.RESET,
    "cut": broken_off(PAGE),
    "half": answer({})[:-1].replace(b"Length: 2", b"Length: 1"),
}


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSE", 0)


def listed(server: Loopback, folder: Path) -> Totals:
    def reader() -> GoogleBuckets:
        return connect(anonymous(), api_endpoint=server.url)

    return list_objects(Spool(folder), Scope(bucket="yard"), reader, lambda _: None)


@pytest.mark.parametrize("trouble", PASSES)
def test_a_listing_outlives_what_passes_by_itself(trouble: str, tmp_path: Path) -> None:
    # One while folders are looked for, and two while their names are listed.
    replies = (PASSES[trouble], PAGE, PASSES[trouble], PASSES[trouble], PAGE)
    with serving(*replies) as server:
        assert listed(server, tmp_path).objects == 1
    assert len(server.requests) == 5


@pytest.mark.parametrize(
    ("reply", "kind", "requests"),
    [
        (http(503), Unavailable, patience.TRIES),
        (broken_off(PAGE), Unavailable, patience.TRIES),
        (http(200, "<html>"), Unclear, patience.TRIES),
        (answer({}, 403), NotAuthorised, 1),
    ],
)
def test_what_stays_stops_it_after_a_while(
    reply: Reply, kind: type[StorageError], requests: int, tmp_path: Path
) -> None:
    with serving(reply) as server, pytest.raises(StorageError) as caught:
        listed(server, tmp_path)
    assert type(caught.value) is kind
    assert len(server.requests) == requests
    assert Spool(tmp_path).totals() is None


def test_many_folders_are_listed_through_few_readers(tmp_path: Path) -> None:
    folders = answer({"prefixes": [f"{number}/" for number in range(30)]})
    opened: list[GoogleBuckets] = []

    def reader() -> GoogleBuckets:
        opened.append(connect(anonymous(), api_endpoint=server.url))
        return opened[-1]

    with serving(folders, PAGE) as server:
        totals = list_objects(Spool(tmp_path), Scope(bucket="yard"), reader, lambda _: None)
    assert totals.requests == 30
    assert len(opened) <= 1 + PARALLEL
