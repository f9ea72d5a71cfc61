"""A small bucket as a finished listing on disk, without any server."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from services.buckets.spool import SCHEMA, Checkpoint, Scope, Span, Spool
from services.manifests.store import ManifestStore

BUCKET = "yard"
#: Name, size, content type, generation.
Object = tuple[str, int, str | None, int]
MakeSpool = Callable[..., Spool]


@pytest.fixture
def make_spool(tmp_path: Path) -> MakeSpool:
    """Spool objects in parts of a few, as a listing would."""

    def make(*objects: Object, part: int = 3, name: str = "listing") -> Spool:
        spool = Spool(tmp_path / name)
        spool.begin(Scope(bucket=BUCKET))
        spool.plan([Span(prefix="")])
        frame, known = rows_of(*sorted(objects)), Checkpoint()
        for piece in frame.iter_slices(part):
            known = spool.add(0, known, piece, 1, done=False)
        spool.add(0, known, frame.clear(), 0, done=True)
        spool.finish()
        return spool

    return make


@pytest.fixture
def manifests(tmp_path: Path) -> ManifestStore:
    return ManifestStore(tmp_path / "manifests", max_bytes=10**8)


def rows_of(*objects: Object) -> pl.DataFrame:
    rows = [
        (key, size, kind, "2026-11-23T02:00:00Z", generation)
        for key, size, kind, generation in objects
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def images(*names: str, generation: int = 1) -> list[Object]:
    return [(name, 10, "image/jpeg", generation) for name in names]
