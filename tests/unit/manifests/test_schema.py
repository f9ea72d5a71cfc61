"""What a schema makes of metadata that a newer Encord, or a slip of the pen, has to do with."""

import io
import json
from pathlib import Path

import pytest

from services.domain.chunks import Ranges
from services.domain.metadata import OrganisationSchema, read_schema
from services.manifests.checked import CheckedManifest
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore
from services.manifests.stored import read_entries

SCHEMA = OrganisationSchema.of(
    {
        "weather": {"ty": "variant", "hint": "text"},
        "new": {"ty": "hologram"},
        "owner": {"ty": "user"},
        "gone": {"ty": "tombstone", "deleted_ty": {"ty": "text"}},
    }
).declared


def entry(number: int, **metadata: object) -> dict[str, object]:
    return {"objectUrl": f"gs://yard/{number}.jpg", "clientMetadata": metadata}


def manifest(ending: str, metadata: dict[str, object]) -> bytes:
    if ending == "json":
        return json.dumps({"images": [entry(n, **metadata) for n in range(3)]}).encode()
    header = ",".join(["ObjectURL", "Type", *(f"metadata.{key}" for key in metadata)])
    rows = [",".join([f"gs://yard/{n}.jpg", "image", *map(str, metadata.values())]) for n in "012"]
    return "\n".join([header, *rows]).encode()


def checked(tmp_path: Path, ending: str, metadata: dict[str, object]) -> CheckedManifest:
    store = ManifestStore(tmp_path, max_bytes=10**6)
    fingerprint = store.add(f"m.{ending}", io.BytesIO(manifest(ending, metadata)))
    return store.check(fingerprint, CheckOptions(schema=SCHEMA))


@pytest.mark.parametrize("ending", ["json", "csv"])
def test_values_of_types_nobody_knows_are_taken_as_they_are(ending: str, tmp_path: Path) -> None:
    found = checked(tmp_path, ending, {"weather": "rain", "new": "x", "owner": "me"})
    assert (found.summary.counts, found.summary.valid_entries) == ({}, 3)


@pytest.mark.parametrize("ending", ["json", "csv"])
@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("wether", "wether is not in the metadata schema (perhaps weather is meant)."),
        ("gone", "gone is not in the metadata schema."),
    ],
)
def test_a_key_that_is_not_in_use_is_a_warning(
    ending: str, key: str, said: str, tmp_path: Path
) -> None:
    found = checked(tmp_path, ending, {key: "rain"})
    assert (found.summary.counts, found.summary.valid_entries) == ({"metadata-undeclared": 3}, 3)
    assert found.groups[0].samples[0].message == said


def test_options_come_back_as_they_were_written() -> None:
    options = CheckOptions(schema=SCHEMA)
    again = CheckOptions.from_json(options.to_json())
    assert (again, again.digest) == (options, options.digest)


@pytest.mark.parametrize("name", ["m.csv", "m.json"])
@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("9007199254740992", None),
        ("-9007199254740993", "metadata-value"),
        ("1152921504606846976", None),  # 2 to the power of 60: more than 15 digits, and exact
        ("12345678901234567", "metadata-value"),
        ("123456789012345678901", "json-number"),
    ],
)
def test_a_whole_number_is_exact_or_told(
    name: str, number: str, code: str | None, tmp_path: Path
) -> None:
    text = (
        f"ObjectURL,Type,metadata.n\ngs://b/a.jpg,image,{number}\n"
        if name == "m.csv"
        else f'{{"images": [{{"objectUrl": "gs://b/a.jpg", "clientMetadata": {{"n": {number}}}}}]}}'
    )
    store = ManifestStore(tmp_path, max_bytes=10**6)
    options = CheckOptions(schema=read_schema({"n": "number"}))
    found = store.check(store.add(name, io.BytesIO(text.encode())), options)
    assert found.summary.counts == ({code: 1} if code else {})
    every = read_entries(found.source, Ranges.of([0]))
    assert [json.loads(entry.payload)["clientMetadata"]["n"] for entry in every] == [int(number)]
    if code == "metadata-value":
        (finding,) = found.findings().rows
        assert f"rounds to {float(number):.0f}" in finding.message
