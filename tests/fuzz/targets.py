"""What is fuzzed, and the promises that must hold for any bytes at all."""

import io
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import atheris

with atheris.instrument_imports(include=["services"]):
    from services.domain.urls import split
    from services.encord_api.credentials import KeyProblem, load_private_key
    from services.manifests.options import CheckOptions
    from services.manifests.store import ManifestStore

FOLDER: Final = Path(tempfile.mkdtemp(prefix="fuzz"))
#: A shorter piece of a key is no secret, and may be a word of ours.
SHORTEST_SECRET: Final = 24
OPTIONS: Final = CheckOptions(samples=20)


def manifest(suffix: str) -> Callable[[bytes], None]:
    """Check any bytes: a report comes out, its counts add up, and what is valid can be written."""
    store = ManifestStore(FOLDER / suffix, max_bytes=10**6)

    def check(data: bytes) -> None:
        checked = store.check(store.add(f"fuzz.{suffix}", io.BytesIO(data)), OPTIONS)
        summary = checked.summary
        assert 0 <= summary.valid_entries <= summary.entries
        assert summary.valid_entries + summary.held_entries == summary.entries
        target = FOLDER / "registration.json"
        checked.write_registration(checked.valid_indexes(), target)
        json.loads(target.read_bytes())

    return check


def url(data: bytes) -> None:
    """Scan any text as an object URL; never raise."""
    split(data.decode("utf-8", "surrogateescape"))


def key(data: bytes) -> None:
    """Load any bytes as a key: a plain problem, which holds nothing of them."""
    said = ""
    try:
        load_private_key(data)
    except KeyProblem as problem:
        said = str(problem)
    assert len(data) < SHORTEST_SECRET or data.decode("latin-1") not in said


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "json": manifest("json"),
    "csv": manifest("csv"),
    "jsonl": manifest("jsonl"),
    "url": url,
    "key": key,
}

if __name__ == "__main__":
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
