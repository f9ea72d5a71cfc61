"""Metadata in files beside the objects: asked for patiently, and never silently left out."""

import json
import tempfile
import tracemalloc
from typing import Any

import pytest

from services.buckets import building, patience
from services.buckets.metadata import Shelf
from services.buckets.recipe import Recipe
from services.cloud_storage.credentials import Access, anonymous, service_account
from services.cloud_storage.errors import (
    NotAuthenticated,
    RateLimited,
    StorageError,
    TimedOut,
    Unavailable,
)
from services.cloud_storage.google import connect
from services.manifests.store import ManifestStore
from tests.unit.buckets.conftest import BUCKET, MakeSpool, images
from tests.unit.canaries import Canary
from tests.unit.loopback import Loopback, Reply, answer, broken_off, http, serving

NOBODY = anonymous()
SIDECAR = b'{"site": "harbor"}'


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSE", 0)


def about(content: bytes) -> bytes:
    size, moment = str(len(content)), "2026-11-23T02:00:00.123Z"
    return answer({"name": "a.json", "size": size, "generation": "1", "updated": moment})


def content(body: bytes) -> bytes:
    return http(206, body, Content_Range=f"bytes 0-{len(body) - 1}/{len(body)}")


def made(
    server: Loopback, make_spool: MakeSpool, store: ManifestStore, access: Access = NOBODY
) -> tuple[building.Built, list[dict[str, Any]]]:
    spool = make_spool(*images("a.jpg"), ("a.json", len(SIDECAR), "application/json", 1))
    job = building.Job(
        bucket=BUCKET,
        objects=spool.objects(),
        recipe=Recipe(include=("*.jpg",), sidecars=True),
        open_reader=lambda: connect(access, api_endpoint=server.url),
        store=store,
    )
    built = building.build(job, lambda _: None)
    assert built.manifest is not None
    document = json.loads((store.root / built.manifest / "source").read_bytes())
    return built, document["images"]


def test_what_passes_by_itself_costs_no_metadata(
    make_spool: MakeSpool, manifests: ManifestStore
) -> None:
    whole = (about(SIDECAR), content(SIDECAR))
    replies = (http(429), http(503), about(SIDECAR), broken_off(whole[1]), *whole)
    with serving(*replies) as server:
        built, found = made(server, make_spool, manifests)
    assert found == [{"objectUrl": "gs://yard/a.jpg", "clientMetadata": {"site": "harbor"}}]
    assert built.problems == []


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (http(429), RateLimited),
        (http(503), Unavailable),
        (http(504), TimedOut),
        (http(401), NotAuthenticated),
    ],
    ids=["429", "503", "504", "401"],
)
def test_no_manifest_is_made_without_metadata_that_could_be_read_later(
    reply: Reply,
    kind: type[StorageError],
    make_spool: MakeSpool,
    manifests: ManifestStore,
    canaries: dict[str, Canary],
) -> None:
    somebody = service_account(canaries["google"].text)
    with serving(reply) as server, pytest.raises(kind):
        made(server, make_spool, manifests, somebody)
    assert not list(manifests.root.glob("*/source"))


@pytest.mark.parametrize(
    ("replies", "problem"),
    [
        ((http(403),), "a.json: The credentials in use are not allowed to do this"),
        ((http(404),), "a.json: gs://yard/a.json does not exist"),
        ((about(b"[1]"), content(b"[1]")), "a.json: it is not a JSON object"),
        ((about(b"{1]"), content(b"{1]")), "a.json: it is not JSON"),
        (
            (about(b"{" * (1 << 21)), content(b"{" * (1 << 21))),
            "a.json: it is larger than 1 MB",
        ),
    ],
    ids=["forbidden", "gone", "list", "broken", "large"],
)
def test_a_sidecar_that_cannot_be_used_is_told(
    replies: tuple[Reply, ...], problem: str, make_spool: MakeSpool, manifests: ManifestStore
) -> None:
    with serving(*replies) as server:
        built, found = made(server, make_spool, manifests)
    assert found == [{"objectUrl": "gs://yard/a.jpg"}]
    (told,) = built.problems
    assert told.startswith(problem)


def test_sidecars_lie_on_disk_until_they_are_wanted() -> None:
    large = json.dumps({"note": "x" * (1 << 20)}).encode()
    with tempfile.TemporaryFile() as stream:
        shelf = Shelf(stream)
        tracemalloc.start()
        for number in range(30):
            shelf.put(f"{number}.jpg", large)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert held < 1 << 20
        assert shelf.of("7.jpg") == json.loads(large)
        assert shelf.of("none.jpg") == {}
