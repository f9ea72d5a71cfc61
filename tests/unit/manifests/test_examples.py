"""The example folders are the test list: every code has one manifest with it and one without."""

import io
import json
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from services.domain.chunks import Chunk, Ranges, line_of, plan
from services.domain.metadata import read_schema
from services.domain.rules import RULES
from services.manifests.checked import CheckedManifest
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore

#: Checks a folder's manifest and returns what is expected of it.
CheckedExample = Callable[[Path], tuple[CheckedManifest, dict[str, Any]]]
EXAMPLES = Path(__file__).parents[2] / "manifests"

#: Codes without folders: too large even when packed (test_limits.py).
GENERATED = {"limit-items", "limit-urls"}


def examples(kind: str) -> list[Path]:
    """Return the folders to check; those with a bucket are compared in `unit/buckets`."""
    found = (path.parent for path in (EXAMPLES / kind).glob("*/expected.json"))
    return sorted(folder for folder in found if not (folder / "bucket.json").exists())


@pytest.fixture(scope="module")
def checked_example(tmp_path_factory: pytest.TempPathFactory) -> CheckedExample:
    """Check a folder once for all tests, which only read it."""
    return cache(lambda folder: check(folder, tmp_path_factory.mktemp("example")))


def check(folder: Path, home: Path) -> tuple[CheckedManifest, dict[str, Any]]:
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    (source,) = folder.glob("manifest.*")
    given = dict(expected.get("options", {}))
    if "schema" in given:
        given["schema"] = read_schema(given["schema"])
    store = ManifestStore(home, max_bytes=expected.get("max_bytes", 2 * 10**8))
    fingerprint = store.add(source.name, io.BytesIO(source.read_bytes()))
    return store.check(fingerprint, CheckOptions(**given)), expected


@pytest.mark.parametrize("kind", ["valid", "invalid"])
def test_every_code_has_its_folders(kind: str) -> None:
    names = {path.parent.name for path in (EXAMPLES / kind).glob("*/expected.json")}
    assert set(RULES) - names == GENERATED


@pytest.mark.parametrize("folder", [*examples("valid"), *examples("invalid")], ids=str)
def test_example(folder: Path, checked_example: CheckedExample) -> None:
    checked, expected = checked_example(folder)
    summary = checked.summary
    findings = checked.findings(limit=1_000).rows
    told = [[f.code, f.line, f.column, f.pointer, f.message] for f in findings]
    assert told == expected["findings"]
    assert summary.format == expected["format"]
    assert (summary.entries, summary.valid_entries) == (
        expected["entries"],
        expected["valid_entries"],
    )
    assert (folder.name in summary.counts) == (
        folder.parent.name == "invalid" and folder.name in RULES
    )
    if folder.parent.name == "valid":
        assert not summary.has_errors


@pytest.mark.parametrize("folder", examples("valid"), ids=lambda folder: folder.name)
def test_what_is_written_reads_back(
    folder: Path, checked_example: CheckedExample, tmp_path: Path
) -> None:
    checked, _ = checked_example(folder)
    target = tmp_path / "out.json"
    checked.write_registration(checked.valid_indexes(), target)
    store = ManifestStore(tmp_path, max_bytes=10**8)
    again = store.check(store.add("out.json", io.BytesIO(target.read_bytes())), CheckOptions())
    assert not again.summary.has_errors
    assert said(again) == said(checked)


@pytest.mark.parametrize("folder", [*examples("valid"), *examples("invalid")], ids=str)
def test_what_is_cut_into_chunks_is_what_is_read(
    folder: Path, checked_example: CheckedExample
) -> None:
    checked, _ = checked_example(folder)
    valid = checked.valid_indexes()
    entries = list(checked.read(valid))
    assert list(plan(checked.shares(valid), max_entries=2)) == [
        Chunk(
            seq=seq,
            entries=Ranges.of(entry.index for entry in some),
            urls=sum(len(entry.urls) for entry in some),
            digest=sha256(
                "".join(line_of(entry.type, entry.urls) for entry in some).encode()
            ).hexdigest(),
        )
        for seq, some in enumerate([entries[at : at + 2] for at in range(0, len(entries), 2)])
    ]


def said(checked: CheckedManifest) -> list[tuple[str, ...]]:
    entries = checked.read(checked.valid_indexes())
    return sorted(
        (e.type.value, " ".join(e.urls), e.title or "", json.dumps(json.loads(e.payload)))
        for e in entries
    )
