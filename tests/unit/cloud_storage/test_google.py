"""Google's real client on a scripted listener: what is sent, and every way it can fail."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from google.api_core import exceptions as api
from google.auth.exceptions import RefreshError

from services.cloud_storage import errors
from services.cloud_storage.credentials import anonymous, service_account
from services.cloud_storage.errors import (
    Changed,
    InvalidRequest,
    NotAuthenticated,
    NotAuthorised,
    NotBilled,
    NotFound,
    NotPublic,
    PayerMissing,
    RateLimited,
    StorageError,
    TimedOut,
    Unavailable,
    Unclear,
    Unreachable,
    translate,
)
from services.cloud_storage.google import GoogleBuckets, connect
from services.domain.cors import CorsRule
from tests.unit.canaries import Canary
from tests.unit.loopback import (
    NOT_BILLED,
    PAYER_MISSING,
    Cut,
    Reply,
    answer,
    broken_off,
    free_port,
    http,
    refusal,
    serving,
)


def reader(url: str, patience: float = 30) -> GoogleBuckets:
    return connect(anonymous(), api_endpoint=url, timeout=(30, patience))


def item(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "storage#object",
        "name": name,
        "size": "12",
        "contentType": "image/png",
        "updated": "2026-11-23T02:00:00.123Z",
        "generation": "1700000000000000",
        **changes,
    }


CALLS: dict[str, Callable[[GoogleBuckets], object]] = {
    "bucket": lambda g: g.bucket("yard"),
    "test_permissions": lambda g: g.test_permissions("yard", ["storage.objects.get"]),
    "list_objects": lambda g: list(g.list_objects("yard")),
    "object": lambda g: g.object("yard", "a/1.png"),
}
FAULTS: dict[str, tuple[Reply, type[StorageError]]] = {
    "400": (refusal(400), InvalidRequest),
    "requester pays": (PAYER_MISSING, PayerMissing),
    "401": (refusal(401), NotPublic),
    "403": (refusal(403), NotAuthorised),
    "no billing": (NOT_BILLED, NotBilled),
    "404": (refusal(404), NotFound),
    "412": (refusal(412), Changed),
    "418": (refusal(418), Unclear),
    "429": (http(429, Retry_After="7"), RateLimited),
    "500": (refusal(500), Unavailable),
    "502": (http(502, "<html>"), Unavailable),
    "503": (http(503, "<html>"), Unavailable),
    "504": (http(504), TimedOut),
    "hang": (Cut.HANG, TimedOut),
    "reset": (Cut.RESET, Unreachable),
    "close": (Cut.CLOSE, Unreachable),
    "cut": (broken_off(answer(item("a/1.png"))), Unavailable),
    "html": (http(200, "<html>"), Unclear),
    "list": (answer([]), Unclear),
    "redirect": (http(307, Location="http://127.0.0.1:1/"), Unclear),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_every_fault_has_its_class_and_nothing_is_repeated(call: str, fault: str) -> None:
    reply, kind = FAULTS[fault]
    with serving(reply) as server, pytest.raises(StorageError) as caught:
        CALLS[call](reader(server.url, patience=0.4 if fault == "hang" else 30))
    assert type(caught.value) is kind
    assert "gs://yard" in str(caught.value)
    assert caught.value.__context__ is None
    assert len(server.requests) == 1


def test_a_cut_in_the_middle_of_an_object_is_told() -> None:
    reply = broken_off(http(206, b"twelve bytes", Content_Range="bytes 0-11/12"))
    with serving(answer(item("a/1.png")), reply) as server, pytest.raises(Unavailable):
        list(reader(server.url).read("yard", "a/1.png"))


@pytest.mark.parametrize(
    "reply", [refusal(500), refusal(502), refusal(503), broken_off(answer({"name": "yard"}))]
)
def test_nobody_knows_whether_a_change_without_a_whole_answer_was_made(reply: Reply) -> None:
    with serving(reply) as server, pytest.raises(Unclear):
        reader(server.url).set_cors("yard", "[]", metageneration=1)
    assert len(server.requests) == 1


def test_the_hint_of_a_rate_limit_is_passed_on() -> None:
    with serving(http(429, Retry_After="7")) as server, pytest.raises(RateLimited) as caught:
        reader(server.url).bucket("yard")
    assert caught.value.retry_after == 7


def test_nobody_listening_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        reader(f"http://127.0.0.1:{free_port()}").bucket("yard")


@pytest.mark.parametrize(
    "name", ["", "a", "Yard", "-yard", "yard/", "../b", "a/../b", "yard?x", "y%2f", "a" * 300]
)
def test_what_is_no_bucket_name_is_not_sent(name: str) -> None:
    with serving(answer({})) as server:
        for ask in (
            lambda g: g.bucket(name),
            lambda g: list(g.list_objects(name)),
            lambda g: g.object(name, "x"),
        ):
            with pytest.raises(InvalidRequest):
                ask(reader(server.url))
    assert server.connections == 0


def test_an_object_without_a_name_is_not_there() -> None:
    with serving(answer({})) as server, pytest.raises(NotFound):
        reader(server.url).object("yard", "")
    assert server.connections == 0


def test_a_bucket_is_read_with_its_cors() -> None:
    found = {
        "kind": "storage#bucket",
        "name": "yard",
        "location": "EU",
        "storageClass": "STANDARD",
        "metageneration": "3",
        "iamConfiguration": {
            "uniformBucketLevelAccess": {"enabled": True},
            "publicAccessPrevention": "enforced",
        },
        "billing": {"requesterPays": True},
        "cors": [
            {"origin": ["https://app.encord.com"], "method": ["GET"], "maxAgeSeconds": 3600},
            {"responseHeader": ["Content-Type"]},
        ],
    }
    with serving(answer(found)) as server:
        bucket = reader(server.url).bucket("yard")
    assert (bucket.location, bucket.storage_class, bucket.metageneration) == ("EU", "STANDARD", 3)
    assert bucket.uniform_access
    assert bucket.requester_pays
    assert bucket.public_access_prevention == "enforced"
    assert bucket.cors == (
        CorsRule(
            origins=("https://app.encord.com",),
            methods=("GET",),
            response_headers=(),
            max_age_seconds=3600,
        ),
        CorsRule(origins=(), methods=(), response_headers=("Content-Type",)),
    )


def test_a_bare_bucket_is_read_too() -> None:
    with serving(answer({"name": "yard", "metageneration": "1"})) as server:
        bucket = reader(server.url).bucket("yard")
    assert bucket.cors == ()
    assert bucket.public_access_prevention == "inherited"


def test_permissions_are_those_that_were_granted() -> None:
    with serving(answer({"permissions": ["storage.objects.get"]}), answer({})) as server:
        asked = ["storage.objects.get", "storage.objects.list"]
        assert reader(server.url).test_permissions("yard", asked) == {"storage.objects.get"}
        assert reader(server.url).test_permissions("yard", asked) == frozenset()
    assert server.requests[0].target.count("permissions=") == 2


def test_objects_come_in_pages_one_request_each() -> None:
    replies = (
        answer({"items": [item("a/1.png"), item("a/2.png")], "nextPageToken": "two"}),
        answer({"nextPageToken": "three"}),  # a page may be empty
        answer({"items": [item("a/3.png", contentType=None)]}),
    )
    with serving(*replies) as server:
        pages = reader(server.url).list_objects("yard", "a/", limit=9)
        first = next(pages)
        assert len(server.requests) == 1
        (last,) = pages
    assert [found.name for found in first] == ["a/1.png", "a/2.png"]
    assert (first[0].size, first[0].generation) == (12, 1700000000000000)
    assert first[0].updated == datetime(2026, 11, 23, 2, 0, 0, 123000, tzinfo=UTC)
    assert last[0].content_type is None
    target = server.requests[0].target
    for part in ("prefix=a%2F", "fields=items%28name%2Csize", "maxResults"):
        assert part in target
    assert "pageToken=two" in server.requests[1].target


def test_an_object_is_read() -> None:
    with serving(answer(item("a/ü 1.png"))) as server:
        assert reader(server.url).object("yard", "a/ü 1.png").name == "a/ü 1.png"
    assert server.requests[0].target.startswith("/storage/v1/b/yard/o/a%2F%C3%BC%201.png")


def test_a_service_account_signs_itself_and_asks_no_other_address(
    canaries: dict[str, Canary],
) -> None:
    access = service_account(canaries["google"].text)
    with serving(answer({"name": "yard", "metageneration": "1"})) as server:
        connect(access, api_endpoint=server.url, timeout=(30, 30)).bucket("yard")
    (request,) = server.requests
    assert request.headers["authorization"].startswith("Bearer ey")


def test_a_service_account_that_is_refused_is_not_taken_for_nobody(
    canaries: dict[str, Canary],
) -> None:
    access = service_account(canaries["google"].text)
    with serving(refusal(401)) as server, pytest.raises(NotAuthenticated):
        connect(access, api_endpoint=server.url, timeout=(30, 30)).bucket("yard")


def test_every_error_of_the_client_library_has_a_class() -> None:
    for kind in vars(api).values():
        if isinstance(kind, type) and issubclass(kind, Exception):
            make: Any = kind
            raised = make("said", None) if kind is api.RetryError else make("said")
            error = translate(raised, operation="x", subject="gs://yard")
            assert isinstance(error, StorageError)
            if getattr(kind, "code", None) == 403:
                assert type(error) is NotAuthorised
    assert type(translate(KeyError(), operation="x", subject="y")) is Unclear


@pytest.mark.parametrize(("passes", "kind"), [(True, Unavailable), (False, NotAuthenticated)])
def test_trouble_with_tokens_that_passes_is_no_refusal(
    *, passes: bool, kind: type[StorageError]
) -> None:
    half_typed: Any = RefreshError
    error = translate(half_typed("said", retryable=passes), operation="x", subject="gs://yard")
    assert type(error) is kind


def test_the_tree_in_the_docstring_names_every_class() -> None:
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, StorageError):
            assert name in (errors.__doc__ or "")
