"""Whatever the network or the server does: one request, one of our errors, one honest fate."""

import time
from collections.abc import Callable
from email.utils import formatdate
from functools import partial
from itertools import product
from pathlib import Path

import pytest

from services.encord_api.credentials import PrivateKey
from services.encord_api.errors import (
    AlreadyExists,
    ClockOff,
    EncordError,
    InvalidRequest,
    NotAuthenticated,
    NotAuthorised,
    NotFound,
    NotSent,
    RateLimited,
    TooLarge,
    Unclear,
    classify,
)
from services.encord_api.sdk import SdkGateway, connect
from tests.unit.loopback import Cut, Reply, answer, envelope, free_port, http, serving

FOLDER = "0b3c9a52-6c2f-4d6c-8a53-1f0d0f0a4a01"
OTHER = "0b3c9a52-6c2f-4d6c-8a53-1f0d0f0a4a02"
Connect = Callable[[str], SdkGateway]

UNKNOWN: dict[str, Reply] = {
    "reset": Cut.RESET,
    "close": Cut.CLOSE,
    "hang": Cut.HANG,
    "garbage": b"\x00\xff not http at all",
    "half headers": b"HTTP/1.1 200 OK\r\nContent-Le",
    "short body": b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"0b3c',
    "html": http(200, "<html>maintenance</html>"),
    "empty": http(200),
    "null": answer(None),
    "NaN": http(200, "NaN"),
    "number": answer(7),
    "list": answer([]),
    "not a uuid": answer("soon"),
    "wrong object": answer({"job": OTHER}),
    "no content": http(204),
    "created": answer(OTHER, 201),
    "402": answer({"message": "pay"}, 402),
    "408": http(408),
    "410": http(410),
    "422": answer({"detail": [{"loc": ["body"], "msg": "field required"}]}, 422),
    "500": answer({"message": "oops"}, 500),
    "502": http(502, "<html>bad gateway</html>"),
    "503": http(503, Retry_After="2"),
    "504": http(504),
    "307": http(307, Location="/elsewhere"),
    "308": http(308, Location="http://127.0.0.1:1/elsewhere"),
    "302": http(302, Location="ftp://elsewhere"),
}
REJECTED: dict[str, tuple[Reply, type[EncordError]]] = {
    "400": (answer({"message": "no such integration"}, 400), InvalidRequest),
    "401": (answer({"message": "who are you"}, 401), NotAuthenticated),
    "403": (answer({"detail": "not yours"}, 403), NotAuthorised),
    "404": (http(404), NotFound),
    "405": (http(405), InvalidRequest),
    "409": (answer({"message": "exists"}, 409), AlreadyExists),
    "413": (http(413, "<html>too large</html>"), TooLarge),
    "429": (http(429, Retry_After="3600"), RateLimited),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_start_is_sent_once_and_its_outcome_is_unknown(
    name: str, gateway_at: Connect, hasty_gateway_at: Connect, document: Path
) -> None:
    reach = hasty_gateway_at if name == "hang" else gateway_at
    with serving(UNKNOWN[name]) as server, pytest.raises(Unclear) as caught:
        reach(server.url).start_upload(FOLDER, OTHER, document, trace="t0k3n")
    assert classify(caught.value) == "unknown"
    assert server.connections == 1
    assert len(server.requests) == 1
    assert_leaves_the_sdk_behind(caught.value)


def test_start_that_is_reset_on_accept_is_honest_either_way(
    gateway_at: Connect, document: Path
) -> None:
    # The reset may overtake the client's own connecting; nothing was sent then, and it knows.
    with serving(Cut.RESET_ON_ACCEPT) as server, pytest.raises((Unclear, NotSent)) as caught:
        gateway_at(server.url).start_upload(FOLDER, OTHER, document, trace="t0k3n")
    assert server.connections == 1
    assert_leaves_the_sdk_behind(caught.value)


@pytest.mark.parametrize("name", REJECTED)
def test_start_that_is_refused_says_so(name: str, gateway_at: Connect, document: Path) -> None:
    reply, kind = REJECTED[name]
    with serving(reply) as server, pytest.raises(EncordError) as caught:
        gateway_at(server.url).start_upload(FOLDER, OTHER, document, trace="t0k3n")
    assert type(caught.value) is kind
    assert classify(caught.value) == "rejected"
    assert caught.value.trace_id == "t0k3n"
    assert len(server.requests) == 1
    assert_leaves_the_sdk_behind(caught.value)


def test_start_without_a_listener_was_not_sent(gateway_at: Connect, document: Path) -> None:
    gateway = gateway_at(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(NotSent) as caught:
        gateway.start_upload(FOLDER, OTHER, document, trace="t0k3n")
    assert classify(caught.value) == "not_sent"
    assert "nothing was sent" in str(caught.value)


@pytest.mark.parametrize("content", [None, "[", '"\\ud800', "\ufeff{}"])
def test_start_with_a_document_that_cannot_be_read_sends_nothing(
    content: str | None, gateway_at: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "document.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with serving(answer(OTHER)) as server, pytest.raises(InvalidRequest) as caught:
        gateway_at(server.url).start_upload(FOLDER, OTHER, path, trace="t0k3n")
    assert classify(caught.value) == "rejected"
    assert_leaves_the_sdk_behind(caught.value)
    assert server.connections == 0


@pytest.mark.parametrize("bad", ["", "folder", FOLDER[:-1]])
def test_an_identifier_that_is_none_sends_nothing(
    bad: str, gateway_at: Connect, document: Path
) -> None:
    with serving(answer(OTHER)) as server:
        gateway = gateway_at(server.url)
        for ask in (
            lambda: gateway.start_upload(bad, OTHER, document, trace="t0k3n"),
            lambda: gateway.start_upload(FOLDER, bad, document, trace="t0k3n"),
            lambda: gateway.job_status(FOLDER, bad),
            lambda: list(gateway.list_items(bad)),
            lambda: gateway.link_items(FOLDER, [OTHER, bad]),
        ):
            with pytest.raises(InvalidRequest):
                ask()
    assert server.connections == 0


def test_the_rate_limit_hint_is_passed_on(gateway_at: Connect) -> None:
    with serving(http(429, Retry_After="3600")) as server, pytest.raises(RateLimited) as caught:
        gateway_at(server.url).ping()
    assert caught.value.retry_after == 3600
    dated = http(429, Retry_After="Mon, 23 Nov 2026 02:00:00 GMT")
    with serving(dated) as server, pytest.raises(RateLimited) as caught:
        gateway_at(server.url).ping()
    assert caught.value.retry_after is None


#: Every other call; those on the first transport carry True.
CALLS: dict[str, tuple[Callable[[SdkGateway], object], bool]] = {
    "ping": (lambda g: g.ping(), False),
    "list_integrations": (lambda g: g.list_integrations(), False),
    "create_folder": (lambda g: g.create_folder("yard", ""), False),
    "get_folder": (lambda g: g.get_folder(FOLDER), False),
    "find_folders": (lambda g: list(g.find_folders("yard")), False),
    "job_status": (lambda g: g.job_status(FOLDER, OTHER), False),
    "cancel_job": (lambda g: g.cancel_job(FOLDER, OTHER), False),
    "list_items": (lambda g: list(g.list_items(FOLDER)), False),
    "frame_urls": (lambda g: g.frame_urls(OTHER), False),
    "create_dataset": (lambda g: g.create_dataset("yard", ""), False),
    "list_datasets": (lambda g: g.list_datasets("yard"), False),
    "metadata_schema": (lambda g: g.metadata_schema(), False),
    "save_metadata_schema": (lambda g: g.save_metadata_schema({}), False),
    "get_dataset": (lambda g: g.get_dataset(OTHER), True),
    "link_items": (lambda g: g.link_items(OTHER, [FOLDER]), True),
    "list_rows": (lambda g: g.list_rows(OTHER), True),
}
FAULTS: dict[str, Reply] = {
    "reset": Cut.RESET,
    "close": Cut.CLOSE,
    "hang": Cut.HANG,
    "garbage": b"\x00\xff not http at all",
    "html": http(200, "<html>maintenance</html>"),
    "number": answer(7),
    "500": answer({"message": "oops"}, 500),
    "503": http(503, Retry_After="2"),
}


#: The SDK looks at no JSON that answers a save; whoever saves a schema reads it back.
TAKEN = ("save_metadata_schema", "number")


@pytest.mark.parametrize(
    ("call", "fault"), [pair for pair in product(CALLS, FAULTS) if pair != TAKEN]
)
def test_no_call_repeats_or_lets_a_foreign_error_through(
    call: str, fault: str, gateway_at: Connect, hasty_gateway_at: Connect
) -> None:
    reach = hasty_gateway_at if fault == "hang" else gateway_at
    with serving(FAULTS[fault]) as server, pytest.raises(Unclear) as caught:
        CALLS[call][0](reach(server.url))
    assert len(server.requests) == 1
    assert_leaves_the_sdk_behind(caught.value)


@pytest.mark.parametrize("call", CALLS)
def test_a_key_that_is_not_known_is_named_on_both_transports(
    call: str, gateway_at: Connect
) -> None:
    ask, first_transport = CALLS[call]
    refused = (
        envelope(["SSH_KEY_NOT_FOUND_ERROR"], 401)
        if first_transport
        else answer({"message": "unknown key"}, 401)
    )
    with serving(refused) as server, pytest.raises(NotAuthenticated, match="region") as caught:
        ask(gateway_at(server.url))
    assert len(server.requests) == 1
    assert caught.value.trace_id


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AUTHENTICATION_ERROR", NotAuthenticated),
        ("AUTHORISATION_ERROR", NotAuthorised),
        ("RESOURCE_NOT_FOUND_ERROR", NotFound),
        ("RESOURCE_EXISTS_ERROR", AlreadyExists),
        ("RATE_LIMIT_ERROR", RateLimited),
        ("INVALID_ARGUMENTS_ERROR", InvalidRequest),
        ("UNKNOWN_ERROR", Unclear),
        ("SOMETHING_NEW", Unclear),
    ],
)
def test_the_first_transports_codes(
    code: str, kind: type[EncordError], gateway_at: Connect
) -> None:
    with serving(envelope([code], 400)) as server, pytest.raises(EncordError) as caught:
        gateway_at(server.url).link_items(OTHER, [FOLDER])
    assert type(caught.value) is kind


def test_all_rows_of_a_dataset_are_waited_for_as_long_as_a_start(key: PrivateKey) -> None:
    gateway = partial(connect, key=key, read_timeout=30, long_timeout=0.2)
    began = time.monotonic()
    with serving(Cut.HANG) as server, pytest.raises(Unclear):
        gateway(server.url).list_rows(FOLDER)
    assert time.monotonic() - began < 10


def test_nothing_goes_where_a_redirect_points(gateway_at: Connect) -> None:
    with serving(answer(None)) as elsewhere:
        away = http(307, Location=f"{elsewhere.url}/public")
        for name, (ask, _) in CALLS.items():
            with serving(away) as server, pytest.raises(Unclear):
                ask(gateway_at(server.url))
            assert len(server.requests) == 1, name
    assert elsewhere.connections == 0


def assert_leaves_the_sdk_behind(error: EncordError) -> None:
    """The SDK's exception holds signed headers in its frames: it must not come along."""
    assert error.__cause__ is None
    assert error.__context__ is None
    assert len(error.raw.encode()) <= 2048


@pytest.mark.parametrize(("date", "seconds"), [(3600, 3600), (-7200, 7200)])
def test_a_wrong_clock_is_told_from_a_wrong_key(
    date: int, seconds: int, gateway_at: Connect
) -> None:
    theirs = formatdate(time.time() - date, usegmt=True)
    refusal = http(401, '{"message": "stale"}', Date=theirs)
    with serving(refusal) as server, pytest.raises(ClockOff) as caught:
        gateway_at(server.url).ping()
    assert len(server.requests) == 1
    assert abs(abs(caught.value.seconds) - seconds) <= 5
    assert "clock is" in str(caught.value)
    assert classify(caught.value) == "rejected"


def test_a_refusal_at_the_right_time_names_the_key(gateway_at: Connect) -> None:
    refusal = http(401, '{"message": "who"}', Date=formatdate(usegmt=True))
    with serving(refusal) as server, pytest.raises(NotAuthenticated) as caught:
        gateway_at(server.url).ping()
    assert type(caught.value) is NotAuthenticated
    assert "region" in str(caught.value)
