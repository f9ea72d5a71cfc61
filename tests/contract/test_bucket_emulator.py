"""The checks of a bucket over an emulator that nobody here wrote; it enforces no CORS rules."""

from collections.abc import Iterator

import pytest

from services.buckets import clinic
from services.buckets.preflight import Preflight
from services.cloud_storage.credentials import anonymous
from services.cloud_storage.google import GoogleBuckets, connect
from services.domain.bucket_checks import CheckVerdict
from services.domain.cors import ORIGINS, mended
from tests.contract.emulator_process import BUCKET, emulator_process

OBJECTS = {
    "a/1.png": (b"first", "image/png"),
    "a/ü 2.png": (b"second", "image/png"),
    "empty.txt": (b"", "text/plain"),
}


@pytest.fixture(scope="module")
def reader() -> Iterator[GoogleBuckets]:
    with emulator_process(OBJECTS) as url:
        made = connect(anonymous(), api_endpoint=url)
        yield made
        made.close()


def test_what_it_does_not_answer_does_not_pass(reader: GoogleBuckets) -> None:
    preflight = Preflight(reader=reader, who="anonymous", bucket=BUCKET, origins=ORIGINS["EU"])
    found = {check.code: check for check in preflight.run()}
    assert found["exists"].verdict is CheckVerdict.PASS
    assert found["permissions"].verdict is CheckVerdict.PASS
    assert found["listing"].got == "3 listed"
    assert found["sample-readable"].got == "2 of 2 could be read"
    assert "empty.txt" in found["sample-size"].got
    assert found["sample-type"].verdict is CheckVerdict.PASS
    # It says nothing of either, so neither is taken to be in order.
    assert found["uniform-access"].verdict is CheckVerdict.WARN
    assert found["cors"].verdict is CheckVerdict.FAIL


def test_a_bucket_it_does_not_have_is_not_there(reader: GoogleBuckets) -> None:
    preflight = Preflight(reader=reader, who="anonymous", bucket="nowhere", origins=("https://a",))
    found = list(preflight.run())
    assert found[0].got.startswith("404")
    assert all(check.verdict is not CheckVerdict.PASS for check in found)


def test_it_stores_the_rules_as_they_were_set(reader: GoogleBuckets) -> None:
    before = reader.bucket(BUCKET)
    rules = mended(before.cors_document, ORIGINS["EU"])
    info, changed = clinic.apply(reader, BUCKET, rules, metageneration=before.metageneration)
    assert changed
    assert info.cors_document == rules
