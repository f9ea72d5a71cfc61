"""A bucket's checks over Google's real client: each answer has its verdict, none passes unasked."""

from typing import Any

import pytest

from services.buckets.preflight import Preflight
from services.cloud_storage.credentials import Access, anonymous, service_account
from services.cloud_storage.google import connect
from services.domain.bucket_checks import BucketCheck, Verdict, worst
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


def verdicts(found: dict[str, BucketCheck]) -> set[Verdict]:
    return {check.verdict for check in found.values()}


def test_a_bucket_in_order_passes_every_check_with_what_came_back() -> None:
    found = checks(bucket(), PERMISSIONS, objects(12, 30), BYTE)
    assert tuple(found) == CODES
    assert verdicts(found) == {Verdict.PASS}
    assert all(check.got and check.asked for check in found.values())
    assert all(check.command.startswith("gcloud storage ") for check in found.values())
    assert found["sample-readable"].got == "2 of 2 could be read"
    assert found["sample-size"].got == "None is empty; 42 bytes together"


@pytest.mark.parametrize(
    ("change", "code", "verdict", "command"),
    [
        ({"storageClass": "COLDLINE"}, "storage-class", Verdict.WARN, "--default-storage-class"),
        (
            {"iamConfiguration": {"publicAccessPrevention": "enforced"}},
            "uniform-access",
            Verdict.WARN,
            "--uniform-bucket-level-access",
        ),
        (
            {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}}},
            "public-access",
            Verdict.WARN,
            "--public-access-prevention",
        ),
        (
            {"billing": {"requesterPays": True}},
            "requester-pays",
            Verdict.FAIL,
            "--no-requester-pays",
        ),
        ({"cors": []}, "cors", Verdict.FAIL, "--cors-file=cors.json"),
        ({"location": ""}, "location", Verdict.NOT_CHECKED, "value(location)"),
    ],
)
def test_what_is_not_in_order_says_what_is_needed_and_how(
    change: dict[str, Any], code: str, verdict: Verdict, command: str
) -> None:
    found = checks(bucket(**change), PERMISSIONS, objects(12), BYTE)
    assert found[code].verdict is verdict
    assert command in found[code].command
    assert bool(found[code].needed) == (verdict is not Verdict.NOT_CHECKED)
    others = {check.verdict for other, check in found.items() if other != code}
    assert others == {Verdict.PASS}


def test_missing_permissions_are_named_with_the_command_that_grants_them() -> None:
    found = checks(bucket(), answer({"permissions": GRANTED[:1]}), objects(12), BYTE)
    assert found["permissions"].verdict is Verdict.FAIL
    assert found["permissions"].needed == "storage.objects.list, storage.objects.get."
    assert "--member=serviceAccount:reader@p.iam.gserviceaccount.com" in (
        found["permissions"].command
    )


@pytest.mark.parametrize(
    "content_type", [None, "", "Binary/Octet-Stream", "application/x-www-form-urlencoded"]
)
def test_empty_and_untyped_objects_are_warned_of(content_type: str | None) -> None:
    found = checks(bucket(), PERMISSIONS, objects(0, content_type=content_type))
    assert found["sample-size"].verdict is Verdict.WARN
    assert found["sample-type"].verdict is Verdict.WARN
    assert found["sample-readable"].verdict is Verdict.NOT_CHECKED


def test_an_empty_bucket_has_nothing_to_sample() -> None:
    found = checks(bucket(), PERMISSIONS, answer({}))
    assert found["listing"].verdict is Verdict.WARN
    assert found["sample-readable"].verdict is Verdict.NOT_CHECKED


def test_an_object_that_cannot_be_read_fails() -> None:
    found = checks(bucket(), PERMISSIONS, objects(12), refusal(403))
    assert found["sample-readable"].verdict is Verdict.FAIL
    assert "storage.objects.get" in found["sample-readable"].needed


FAULTS: dict[str, tuple[Reply, Verdict, str]] = {
    "400": (refusal(400), Verdict.FAIL, "400: refused as invalid"),
    "requester pays": (PAYER_MISSING, Verdict.FAIL, "400: requester pays is on"),
    "no billing": (NOT_BILLED, Verdict.FAIL, "403: a project's billing is off"),
    "401": (refusal(401), Verdict.FAIL, "401: not open to everybody"),
    "403": (refusal(403), Verdict.FAIL, "403: refused"),
    "404": (refusal(404), Verdict.FAIL, "404: not there"),
    "412": (refusal(412), Verdict.NOT_CHECKED, "412: somebody changed the bucket"),
    "429": (http(429, Retry_After="7"), Verdict.NOT_CHECKED, "429: Google asks to slow down"),
    "503": (refusal(503), Verdict.NOT_CHECKED, "An answer that says neither yes nor no"),
    "hang": (Cut.HANG, Verdict.NOT_CHECKED, "No answer in time"),
    "reset": (Cut.RESET, Verdict.NOT_CHECKED, "No way through"),
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
    assert Verdict.PASS not in verdicts(found)


def test_the_faults_are_told_in_words_of_their_own() -> None:
    assert len({got for _, _, got in FAULTS.values()}) == len(FAULTS)


def test_a_rate_limit_says_when_to_come_back() -> None:
    found = checks(http(429, Retry_After="7"))
    assert found["exists"].needed == "Another look in 7 seconds."


def test_no_network_is_no_verdict() -> None:
    found = run(f"http://127.0.0.1:{free_port()}")
    assert verdicts(found) == {Verdict.NOT_CHECKED}
    assert found["exists"].got.startswith("No way through")


def test_hidden_metadata_does_not_keep_the_rest_from_being_asked() -> None:
    found = checks(refusal(403), PERMISSIONS, objects(12), BYTE)
    assert found["listing"].verdict is Verdict.PASS
    assert found["location"].verdict is Verdict.NOT_CHECKED
    assert found["cors"].verdict is Verdict.NOT_CHECKED


def test_a_public_bucket_whose_metadata_is_not_is_still_asked_for_its_objects() -> None:
    found = checks(refusal(401), PERMISSIONS, objects(12), BYTE)
    assert found["exists"].needed == (
        "Somebody to ask as who has the permission storage.buckets.get: the bucket is not open to "
        "everybody for it."
    )
    assert found["listing"].verdict is Verdict.PASS
    assert found["sample-readable"].verdict is Verdict.PASS
    assert found["location"].verdict is Verdict.NOT_CHECKED


def test_a_key_that_google_does_not_know_decides_at_once(canaries: dict[str, Canary]) -> None:
    found = checks(refusal(401), access=service_account(canaries["google"].text))
    assert found["exists"].got.startswith("401: Google does not know who is asking")
    assert found["listing"].verdict is Verdict.NOT_CHECKED


def test_without_an_origin_to_judge_for_cors_does_not_pass() -> None:
    with serving(bucket(), PERMISSIONS, objects(12), BYTE) as server:
        reader = connect(anonymous(), api_endpoint=server.url, timeout=(30, 30))
        *_, cors = Preflight(reader=reader, who="me", bucket="yard", origins=()).run()
        reader.close()
    assert cors.verdict is Verdict.NOT_CHECKED


@pytest.mark.parametrize("verdict", list(Verdict))
def test_one_that_is_worse_decides(verdict: Verdict) -> None:
    def check(of: Verdict) -> BucketCheck:
        return BucketCheck(code="c", title="t", verdict=of, asked="a", got="g")

    assert worst([check(Verdict.PASS), check(verdict)]) is verdict
    assert worst([]) is Verdict.NOT_CHECKED
