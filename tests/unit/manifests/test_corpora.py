"""Bad input that nobody in this project wrote: the verdicts V1-V6 and V8 of its index."""

import csv
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from services.domain.chunks import Ranges
from services.manifests.checked import CheckedManifest
from services.manifests.csv_cells import rows_of
from services.manifests.csv_reader import sniff_delimiter
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore

ROOT = Path(__file__).parents[3]
CORPORA = Path(os.environ.get("INGEST_CORPORA", ROOT.parent / "shared/data/corpora"))
REQUIRED = os.environ.get("REQUIRE_CORPORA") == "1"

#: Seconds one file of a corpus may take.
PATIENCE = 2.0


@pytest.fixture(scope="module")
def corpora() -> Path:
    if not CORPORA.is_dir():
        message = f"the corpora are not at {CORPORA} (INGEST_CORPORA)"
        if REQUIRED:
            pytest.fail(message)
        pytest.skip(message)
    return CORPORA


def check(store: ManifestStore, name: str, data: bytes) -> CheckedManifest:
    """V1 and V2: a report within two seconds, whatever the bytes."""
    began = time.perf_counter()
    checked = store.check(store.add(name, io.BytesIO(data)), CheckOptions())
    assert time.perf_counter() - began < PATIENCE, name
    summary = checked.summary
    held = len(checked.held_indexes())
    assert len(checked.valid_indexes()) + held == summary.entries
    return checked


def round_trips(store: ManifestStore, checked: CheckedManifest, folder: Path) -> None:
    """V4: what is accepted is written and read back as the same entries."""
    target = folder / "round-trip.json"
    checked.write_registration(checked.valid_indexes(), target)
    again = check(store, "again.json", target.read_bytes())
    assert not again.summary.has_errors
    assert said(again) == said(checked)


def said(checked: CheckedManifest) -> list[tuple[str, ...]]:
    entries = checked.read(checked.valid_indexes())
    return sorted((e.type.value, *e.urls, str(json.loads(e.payload))) for e in entries)


def files(folder: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob(pattern)):
        yield path.name, path.read_bytes()


@pytest.mark.parametrize("as_name", ["m.json", "m.csv", "m.jsonl"])
@pytest.mark.parametrize(("pattern", "least"), [("*.csv", 201), ("*.json", 201), ("*.txt", 2)])
def test_every_file_is_a_report(
    corpora: Path, store: ManifestStore, tmp_path: Path, pattern: str, least: int, as_name: str
) -> None:
    seen = 0
    for _, data in files(corpora, pattern):
        checked = check(store, as_name, data)
        if checked.summary.valid_entries:
            round_trips(store, checked, tmp_path)
        assert same_again(checked, store, as_name, data)
        seen += 1
    assert seen >= least


def same_again(checked: CheckedManifest, store: ManifestStore, as_name: str, data: bytes) -> bool:
    """V4: asked again elsewhere, the answer is the same."""
    other = ManifestStore(store.root.with_name("elsewhere"), max_bytes=store.max_bytes)
    again = check(other, as_name, data).summary
    return (again.counts, again.entries) == (checked.summary.counts, checked.summary.entries)


def test_cells_are_read_as_they_stand_or_refused(corpora: Path) -> None:
    """V5: where nothing is wrong with any row, a strict reader sees the same cells."""
    agreed = 0
    for name, data in files(corpora, "*.csv"):
        with suppress(UnicodeDecodeError, csv.Error):
            text = data.decode("utf-8-sig")
            delimiter = sniff_delimiter(text)
            rows = list(rows_of(text.encode(), delimiter))
            if any(row.problem for row in rows):
                continue
            oracle = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
            assert [row.cells for row in rows if any(row.cells)] == [
                row for row in oracle if any(row)
            ], name
            agreed += 1
    assert agreed > 150


#: Reads every file under both names; says by how much memory grew, in KiB.
GROWTH: Final = """
import io, sys
from pathlib import Path
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore

def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])

store = ManifestStore(Path(sys.argv[1]), max_bytes=10**9)
for name in ("warm.csv", "warm.json"):
    store.check(store.add(name, io.BytesIO(b"{}" if "json" in name else b"a,b")), CheckOptions())
before = peak()
for path in filter(Path.is_file, Path(sys.argv[2]).rglob("*")):
    for name in ("m.csv", "m.json"):
        store.check(store.add(name, io.BytesIO(path.read_bytes())), CheckOptions())
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a process's peak is read from /proc")
def test_memory_stays_bounded(corpora: Path, tmp_path: Path) -> None:
    """V3: 64 MiB and six times the file, in a process of its own."""
    said = subprocess.run(
        [sys.executable, "-c", GROWTH, str(tmp_path), str(corpora)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    largest = max(path.stat().st_size for path in corpora.rglob("*") if path.is_file())
    assert int(said.stdout) * 1024 < (64 << 20) + 6 * largest


def test_csv_spectrum_reads_as_its_oracle_says(corpora: Path) -> None:
    folder = corpora / "csv-spectrum"
    seen = 0
    for path in sorted((folder / "csvs").glob("*.csv")):
        oracle = json.loads((folder / "json" / f"{path.stem}.json").read_text(encoding="utf-8"))
        if not isinstance(oracle, list):  # location_coordinates: another row than the CSV's
            continue
        data = path.read_bytes()
        header, *rows = rows_of(data, sniff_delimiter(data.decode()))
        assert not any(row.problem for row in rows)
        got = [dict(zip(header.cells, row.cells, strict=True)) for row in rows]
        assert got == oracle, path.name
        seen += 1
    assert seen == 11


def wrapped_csv(text: bytes) -> bytes:
    return b'ObjectURL,Type,Title\ngs://demo/a.jpg,image,"' + text.replace(b'"', b'""') + b'"\n'


def wrapped_json(text: bytes) -> bytes:
    return b'{"images": [{"objectUrl": "gs://demo/a.jpg", "title": "' + text + b'"}]}'


def test_only_valid_utf8_is_decoded(corpora: Path, store: ManifestStore) -> None:
    lines = (corpora / "utf8tests/utf8tests.bin").read_bytes().split(b"\n")
    seen = 0
    for line in lines:
        number, kind, text = [*line.split(b":", 2), b"", b""][:3]
        if kind not in {b"valid", b"invalid"} or b"\\" in text or b'"' in text:
            continue
        for name, data in (("m.csv", wrapped_csv(text)), ("m.json", wrapped_json(text))):
            codes = check(store, name, data).summary.counts
            assert ("file-encoding" in codes) == (kind == b"invalid"), (number, name, codes)
        seen += 1
    assert seen > 100


def naughty(corpora: Path) -> list[str]:
    strings: list[str] = json.loads((corpora / "blns/blns.json").read_text(encoding="utf-8"))
    return strings


@pytest.mark.parametrize("field", ["title", "url", "metadata"])
def test_naughty_strings_get_one_verdict_and_stay_as_they_are(
    corpora: Path, store: ManifestStore, field: str
) -> None:
    """V6 and V8: the same codes from CSV and JSON; what is accepted is sent unchanged."""
    strings = naughty(corpora)
    entries = [entry_of(n, text, field) for n, text in enumerate(strings)]
    as_json = check(store, "m.json", json.dumps({"images": entries}).encode())
    rows = [row_of(entry) for entry in entries]
    header = "ObjectURL,Type,Title,metadata.key\n"
    as_csv = check(store, "m.csv", (header + "".join(rows)).encode())
    ones, others = (each.entries(limit=len(strings)).rows for each in (as_json, as_csv))
    accepted = []
    for n, (text, one, other) in enumerate(zip(strings, ones, others, strict=True)):
        assert one.index == other.index == n
        if "csv-syntax" in other.codes:
            assert any(ord(char) < 32 or ord(char) == 127 for char in text)
            continue
        assert one.codes == other.codes, text
        if one.valid:
            accepted.append(n)
    for checked in (as_json, as_csv):
        same_payloads(checked, {n: entries[n] for n in accepted})


def same_payloads(checked: CheckedManifest, entries: dict[int, dict[str, object]]) -> None:
    read = checked.read(Ranges.of(entries))
    for (index, entry), sent in zip(entries.items(), read, strict=True):
        wanted = {key: value for key, value in entry.items() if value not in ("", {})}
        got = {key: value for key, value in json.loads(sent.payload).items() if value != {}}
        assert (sent.index, got) == (index, wanted)


def entry_of(number: int, text: str, field: str) -> dict[str, object]:
    return {
        "objectUrl": text if field == "url" else f"gs://demo/{number}.jpg",
        "title": text if field == "title" else "t",
        "clientMetadata": {"key": text} if field == "metadata" and text else {},
    }


def row_of(entry: dict[str, object]) -> str:
    metadata = entry["clientMetadata"]
    assert isinstance(metadata, dict)
    cells = (str(entry["objectUrl"]), "image", str(entry["title"]), metadata.get("key", ""))
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"
