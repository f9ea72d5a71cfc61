"""What each contender does with one document, alone in its process.

`python -m tests.bench.peers NAME FILE` prints one line for each thing it does: what, seconds, and
peak memory in MB up to then. What one contender alone needs is imported where it is used, so that
nobody's memory holds another's libraries.
"""

import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np  # noqa: F401 - before polars, see `test_polars_is_ready_for_threads`
import polars as pl

from services.domain.chunks import plan
from services.manifests.checked import CheckedManifest
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore
from tests.bench.memory import peak

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "images": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["objectUrl"],
                "additionalProperties": False,
                "properties": {
                    "objectUrl": {
                        "type": "string",
                        "pattern": r"^(gs|s3|https)://[^/\s]+/\S+$",
                        "maxLength": 16384,
                    },
                    "title": {"type": "string", "maxLength": 300},
                    "clientMetadata": {"type": "object"},
                },
            },
        },
        "skip_duplicate_urls": {"type": "boolean"},
    },
}


def parse(file: Path) -> None:
    """Parse only: what nobody who reads JSON into objects can be faster than."""
    import orjson

    data = file.read_bytes()
    gc.disable()
    orjson.loads(data)


def jsonschema_rs(file: Path) -> None:
    """Check with jsonschema-rs, all errors; it knows no duplicates and no places in the file."""
    import jsonschema_rs
    import orjson

    validator = jsonschema_rs.validator_for(SCHEMA)
    document = orjson.loads(file.read_bytes())
    for _ in validator.iter_errors(document):
        pass


def pydantic(file: Path) -> None:
    """Check with pydantic's `validate_json`, all errors, no places, no duplicates."""
    from pydantic import BaseModel, ConfigDict, Field, ValidationError

    class Image(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        objectUrl: str = Field(pattern=r"^(gs|s3|https)://[^/\s]+/\S+$", max_length=16384)  # noqa: N815
        title: str | None = Field(None, max_length=300)
        clientMetadata: dict[str, Any] = {}  # noqa: N815

    class Document(BaseModel):
        images: list[Image]
        skip_duplicate_urls: bool

    try:
        Document.model_validate_json(file.read_bytes())
    except ValidationError as error:
        error.error_count()


def polars(file: Path) -> None:
    """Read the CSV with polars, and check nothing."""
    pl.read_csv(file, truncate_ragged_lines=True)


def engine(file: Path, *, use: bool = False) -> None:
    """Check with ours: all rules, exact counts, places of the samples, columns on disk."""
    with tempfile.TemporaryDirectory() as folder:
        store = ManifestStore(Path(folder), max_bytes=10**12)
        with timed("upload"), file.open("rb") as source:
            fingerprint = store.add(file.name, source)
        with timed("check"):
            checked = store.check(fingerprint, CheckOptions())
        assert checked.summary.entries
        if use:
            use_entries(checked, Path(folder))


def use_entries(checked: CheckedManifest, folder: Path) -> None:
    """Do with the entries what a run does."""
    valid = checked.valid_indexes()
    with timed("conversion"):
        checked.write_registration(valid, folder / "registration.json")
    with timed("chunking"):
        assert list(plan(checked.shares(valid)))


def verification(file: Path) -> None:
    """Compare columns on disk, and write what is said about every row."""
    from services.engine.proof.columns import Places
    from services.engine.proof.compare import compare
    from services.engine.proof.rows import VerifiedRows
    from services.manifests.arrow_files import open_columns
    from tests.bench import work

    places = Places(dataset=open_columns(work.found_beside(file)))
    lines = compare(open_columns(file), places)
    counts, _ = VerifiedRows(file.parent).write("lines", lines)
    assert set(counts.values()) == {0, work.ITEMS}


def listing(file: Path) -> None:
    """List a bucket of the sandbox."""
    from tests.bench import buckets

    buckets.listing(file)


def join(file: Path) -> None:
    """Compare a manifest's names with a listing."""
    from tests.bench import buckets

    buckets.join(file)


def command(file: Path) -> None:
    """Run the whole command, interpreter and imports included."""
    words = [sys.executable, "-m", "services", "validate", str(file)]
    subprocess.run(words, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def timed(what: str, who: int = resource.RUSAGE_SELF) -> Iterator[None]:
    """Print how long something takes, and the most memory that was resident so far."""
    started = time.perf_counter()
    yield
    seconds = time.perf_counter() - started
    megabytes = peak(os.getpid()) if who == resource.RUSAGE_SELF else _peak_of_children()
    print(f"{what} {seconds:.3f} {megabytes:.0f}")  # noqa: T201 - read by the caller


def _peak_of_children() -> float:
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return largest / (1024 if sys.platform == "linux" else 1024**2)


PEERS: Final[dict[str, Callable[[Path], None]]] = {
    "parse": parse,
    "jsonschema-rs": jsonschema_rs,
    "pydantic": pydantic,
    "polars": polars,
    "verification": verification,
    "listing": listing,
    "join": join,
    "command": command,
}


def main() -> None:
    name, file = sys.argv[1], Path(sys.argv[2])
    if name in {"engine", "engine and use"}:
        engine(file, use=name != "engine")
        return
    with timed(name, resource.RUSAGE_CHILDREN if name == "command" else resource.RUSAGE_SELF):
        PEERS[name](file)


if __name__ == "__main__":
    main()
