"""A bucket's checks over Google's real client: each answer has its verdict, none passes unasked."""

from typing import Any

import pytest

from services.buckets.preflight import Preflight
from services.cloud_storage.credentials import Access, anonymous, service_account
from services.cloud_storage.google import connect
from services.domain.bucket_checks import BucketCheck, CheckVerdict, worst
from services.domain.cors import ORIGINS
from tests.unit.canaries import Canary
from tests.unit.loopback import (
    NOT_BILLED,
    PAYER_MISSING,
    Cut,
    Reply,
    answer,
    free_port,
    http,
    refusal,
    serving,
)

CODES = (
    *("exists", "location", "storage-class", "uniform-access", "public-access", "requester-pays"),
    *("permissions", "listing", "sample-readable", "sample-size", "sample-type", "cors"),
)
CORS = {"origin": list(ORIGINS["EU"]), "method": ["GET"], "responseHeader": ["Content-Type"]}
GRANTED = ["storage.buckets.get", "storage.objects.list", "storage.objects.get"]


def bucket(**changes: Any) -> bytes:
    return answer(
        {
            "name": "yard",
            "location": "EU",
            "storageClass": "STANDARD",
            "metageneration": "3",
            "iamConfiguration": {
                "uniformBucketLevelAccess": {"enabled": True},
                "publicAccessPrevention": "enforced",
            },
            "cors": [CORS],
            **changes,
        }
    )


def objects(*sizes: int, content_type: str | None = "image/png") -> bytes:
    return answer({"items": [_object(n, size, content_type) for n, size in enumerate(sizes)]})


def _object(number: int, size: int, content_type: str | None) -> dict[str, Any]:
    return {
        "name": f"a/{number}.png",
        "size": str(size),
        "contentType": content_type,
        "updated": "2026-11-23T02:00:00.123Z",
        "generation": "1700000000000000",
    }


PERMISSIONS = answer({"permissions": GRANTED})
BYTE = http(206, b"x", Content_Range="bytes 0-0/12")


def checks(
    *replies: Reply, patience: float = 30, access: Access | None = None
) -> dict[str, BucketCheck]:
    with serving(*replies) as server:
        return run(server.url, patience, access)


def run(url: str, patience: float = 30, access: Access | None = None) -> dict[str, BucketCheck]:
    reader = connect(access or anonymous(), api_endpoint=url, timeout=(30, patience))
    preflight = Preflight(
        reader=reader, who="reader@p.iam.gserviceaccount.com", bucket="yard", origins=ORIGINS["EU"]
    )
    found = {check.code: check for check in preflight.run()}
    reader.close()
    return found


def verdicts(found: dict[str, BucketCheck]) -> set[CheckVerdict]:
    return {check.verdict for check in found.values()}


def test_a_bucket_in_order_passes_every_check_with_what_came_back() -> None:
    found = checks(bucket(), PERMISSIONS, objects(12, 30), BYTE)
    assert tuple(found) == CODES
    assert verdicts(found) == {CheckVerdict.PASS}
    assert all(check.got and check.asked for check in found.values())
    assert all(check.command.startswith("gcloud storage ") for check in found.values())
    assert found["sample-readable"].got == "2 of 2 could be read"
    assert found["sample-size"].got == "None is empty; 42 bytes together"


@pytest.mark.parametrize(
    ("change", "code", "verdict", "command"),
    [
        (
            {"storageClass": "COLDLINE"},
            "storage-class",
            CheckVerdict.WARN,
            "--default-storage-class",
        ),
        (
            {"iamConfiguration": {"publicAccessPrevention": "enforced"}},
            "uniform-access",
            CheckVerdict.WARN,
            "--uniform-bucket-level-access",
        ),
        (
            {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}}},
            "public-access",
            CheckVerdict.WARN,
            "--public-access-prevention",
        ),
        (
            {"billing": {"requesterPays": True}},
            "requester-pays",
            CheckVerdict.FAIL,
            "--no-requester-pays",
        ),
        ({"cors": []}, "cors", CheckVerdict.FAIL, "--cors-file=cors.json"),
        ({"location": ""}, "location", CheckVerdict.NOT_CHECKED, "value(location)"),
    ],
)
def test_what_is_not_in_order_says_what_is_needed_and_how(
    change: dict[str, Any], code: str, verdict: CheckVerdict, command: str
) -> None:
    found = checks(bucket(**change), PERMISSIONS, objects(12), BYTE)
    assert found[code].verdict is verdict
    assert command in found[code].command
    assert bool(found[code].needed) == (verdict is not CheckVerdict.NOT_CHECKED)
    others = {check.verdict for other, check in found.items() if other != code}
    assert others == {CheckVerdict.PASS}


def test_missing_permissions_are_named_with_the_command_that_grants_them() -> None:
    found = checks(bucket(), answer({"permissions": GRANTED[:1]}), objects(12), BYTE)
    assert found["permissions"].verdict is CheckVerdict.FAIL
    assert found["permissions"].needed == "storage.objects.list, storage.objects.get."
    assert "--member=serviceAccount:reader@p.iam.gserviceaccount.com" in (
        found["permissions"].command
    )


@pytest.mark.parametrize(
    "content_type", [None, "", "Binary/Octet-Stream", "application/x-www-form-urlencoded"]
)
def test_empty_and_untyped_objects_are_warned_of(content_type: str | None) -> None:
    found = checks(bucket(), PERMISSIONS, objects(0, content_type=content_type))
    assert found["sample-size"].verdict is CheckVerdict.WARN
    assert found["sample-type"].verdict is CheckVerdict.WARN
    assert found["sample-readable"].verdict is CheckVerdict.NOT_CHECKED


def test_an_empty_bucket_has_nothing_to_sample() -> None:
    found = checks(bucket(), PERMISSIONS, answer({}))
    assert found["listing"].verdict is CheckVerdict.WARN
    assert found["sample-readable"].verdict is CheckVerdict.NOT_CHECKED


def test_an_object_that_cannot_be_read_fails() -> None:
    found = checks(bucket(), PERMISSIONS, objects(12), refusal(403))
    assert found["sample-readable"].verdict is CheckVerdict.FAIL
    assert "storage.objects.get" in found["sample-readable"].needed


FAULTS: dict[str, tuple[Reply, CheckVerdict, str]] = {
    "400": (refusal(400), CheckVerdict.FAIL, "400: refused as invalid"),
    "requester pays": (PAYER_MISSING, CheckVerdict.FAIL, "400: requester pays is on"),
    "no billing": (NOT_BILLED, CheckVerdict.FAIL, "403: a project's billing is off"),
    "401": (refusal(401), CheckVerdict.FAIL, "401: not open to everybody"),
    "403": (refusal(403), CheckVerdict.FAIL, "403: refused"),
    "404": (refusal(404), CheckVerdict.FAIL, "404: not there"),
    "412": (refusal(412), CheckVerdict.NOT_CHECKED, "412: somebody changed the bucket"),
    "429": (http(429, Retry_After="7"), CheckVerdict.NOT_CHECKED, "429: Google asks to slow down"),
    "503": (refusal(503), CheckVerdict.NOT_CHECKED, "An answer that says neither yes nor no"),
    "hang": (Cut.HANG, CheckVerdict.NOT_CHECKED, "No answer in time"),
    "reset": (Cut.RESET, CheckVerdict.NOT_CHECKED, "No way through"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_refusal_looks_different_and_nothing_passes(fault: str) -> None:
    reply, verdict, got = FAULTS[fault]
    found = checks(reply, patience=0.4 if fault == "hang" else 30)
    assert tuple(found) == CODES
    assert found["exists"].verdict is verdict
    assert found["exists"].got.startswith(got)
    assert found["exists"].needed
    assert found["exists"].command
    assert CheckVerdict.PASS not in verdicts(found)


def test_the_faults_are_told_in_words_of_their_own() -> None:
    assert len({got for _, _, got in FAULTS.values()}) == len(FAULTS)


def test_a_rate_limit_says_when_to_come_back() -> None:
    found = checks(http(429, Retry_After="7"))
    assert found["exists"].needed == "Another look in 7 seconds."


def test_no_network_is_no_verdict() -> None:
    found = run(f"http://127.0.0.1:{free_port()}")
    assert verdicts(found) == {CheckVerdict.NOT_CHECKED}
    assert found["exists"].got.startswith("No way through")


def test_hidden_metadata_does_not_keep_the_rest_from_being_asked() -> None:
    found = checks(refusal(403), PERMISSIONS, objects(12), BYTE)
    assert found["listing"].verdict is CheckVerdict.PASS
    assert found["location"].verdict is CheckVerdict.NOT_CHECKED
    assert found["cors"].verdict is CheckVerdict.NOT_CHECKED


def test_a_public_bucket_whose_metadata_is_not_is_still_asked_for_its_objects() -> None:
    found = checks(refusal(401), PERMISSIONS, objects(12), BYTE)
    assert found["exists"].needed == (
        "Somebody to ask as who has the permission storage.buckets.get: the bucket is not open to "
        "everybody for it."
    )
    assert found["listing"].verdict is CheckVerdict.PASS
    assert found["sample-readable"].verdict is CheckVerdict.PASS
    assert found["location"].verdict is CheckVerdict.NOT_CHECKED


def test_a_key_that_google_does_not_know_decides_at_once(canaries: dict[str, Canary]) -> None:
    found = checks(refusal(401), access=service_account(canaries["google"].text))
    assert found["exists"].got.startswith("401: Google does not know who is asking")
    assert found["listing"].verdict is CheckVerdict.NOT_CHECKED


def test_without_an_origin_to_judge_for_cors_does_not_pass() -> None:
    with serving(bucket(), PERMISSIONS, objects(12), BYTE) as server:
        reader = connect(anonymous(), api_endpoint=server.url, timeout=(30, 30))
        *_, cors = Preflight(reader=reader, who="me", bucket="yard", origins=()).run()
        reader.close()
    assert cors.verdict is CheckVerdict.NOT_CHECKED


@pytest.mark.parametrize("verdict", list(CheckVerdict))
def test_one_that_is_worse_decides(verdict: CheckVerdict) -> None:
    def check(of: CheckVerdict) -> BucketCheck:
        return BucketCheck(code="c", title="t", verdict=of, asked="a", got="g")

    assert worst([check(CheckVerdict.PASS), check(verdict)]) is verdict
    assert worst([]) is CheckVerdict.NOT_CHECKED
