"""Of a credentials file three values are taken; everything else about it is harmless."""

import copy
import json
import pickle
import traceback
from typing import Any

import google.auth
import pytest
from google.auth.exceptions import DefaultCredentialsError

from services.cloud_storage.credentials import (
    MAX_BYTES,
    CredentialProblem,
    CredentialReason,
    anonymous,
    application_default,
    service_account,
)
from tests.unit.canaries import Canary, found_in
from tests.unit.loopback import answer, serving


@pytest.fixture
def content(canaries: dict[str, Canary]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(canaries["google"].text)
    return found


def reason(text: bytes | str) -> CredentialReason:
    with pytest.raises(CredentialProblem) as caught:
        service_account(text)
    assert str(caught.value) == caught.value.reason.value
    assert caught.value.__context__ is None
    return caught.value.reason


def test_a_service_account_is_named_by_its_address(canaries: dict[str, Canary]) -> None:
    for text in (canaries["google"].text, b"\xef\xbb\xbf" + canaries["google"].text.encode()):
        assert service_account(text).name == "yard@example.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", CredentialReason.EMPTY),
        (" \n", CredentialReason.EMPTY),
        ("x" * (MAX_BYTES + 1), CredentialReason.TOO_LARGE),
        ("hello", CredentialReason.NOT_JSON),
        ("[]", CredentialReason.NOT_JSON),
        ("[" * 30000, CredentialReason.NOT_JSON),
        (b"\xff\xfe{\x00", CredentialReason.NOT_JSON),
        ("{}", CredentialReason.WRONG_TYPE),
        ('{"type": ["service_account"]}', CredentialReason.WRONG_TYPE),
        ('{"type": "service_account"}', CredentialReason.INCOMPLETE),
    ],
)
def test_anything_else_is_named(text: bytes | str, expected: CredentialReason) -> None:
    assert reason(text) is expected


@pytest.mark.parametrize(
    "changes",
    [
        {"client_email": None},
        {"client_email": "someone@evil.example.org"},
        {"client_email": "a@b.gserviceaccount.com\r\nHost: evil"},
        {"private_key": 7},
        {"private_key": None},
    ],
)
def test_a_file_without_its_values_is_incomplete(
    changes: dict[str, Any], content: dict[str, Any]
) -> None:
    assert reason(json.dumps(content | changes)) is CredentialReason.INCOMPLETE


def test_a_damaged_key_is_named_and_not_repeated(
    content: dict[str, Any], canaries: dict[str, Canary]
) -> None:
    whole = content["private_key"]
    damaged = (whole[:-60], whole[40:], "", canaries["ed25519"].text)
    for key in damaged:
        text = json.dumps(content | {"private_key": key})
        with pytest.raises(CredentialProblem) as caught:
            service_account(text)
        assert caught.value.reason is CredentialReason.BAD_KEY
        frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        shown = [str(f.locals) for f in frames.stack if "/services/" in f.filename]
        for kind in ("google", "ed25519"):
            assert found_in("\n".join([*shown, repr(caught.value)]), canaries[kind]) is None


GADGETS: dict[str, dict[str, Any]] = {
    "external_account file": {
        "type": "external_account",
        "credential_source": {"file": "/etc/passwd"},
    },
    "external_account url": {"type": "external_account", "credential_source": {"url": "<server>"}},
    "executable": {
        "type": "external_account",
        "credential_source": {"executable": {"command": "touch /tmp/owned"}},
    },
    "authorized_user": {"type": "authorized_user", "refresh_token": "x", "token_uri": "<server>"},
    "impersonated": {
        "type": "impersonated_service_account",
        "service_account_impersonation_url": "<server>",
    },
    "gdch": {
        "type": "gdch_service_account",
        "token_uri": "<server>",
        "ca_cert_path": "/etc/passwd",
    },
}
EXTRAS: dict[str, dict[str, Any]] = {
    "token_uri": {"token_uri": "<server>"},
    "universe_domain": {"universe_domain": "evil.example.org"},
    "auth_uri": {"auth_uri": "<server>", "auth_provider_x509_cert_url": "<server>"},
    "trust_boundary": {
        "trust_boundary": {"locations": ["<server>"], "encodedLocations": "<server>"}
    },
}


@pytest.mark.parametrize("gadget", GADGETS)
def test_other_types_are_refused_without_asking_anybody(
    gadget: str, content: dict[str, Any]
) -> None:
    with serving(answer({"access_token": "x"})) as server:
        text = json.dumps(content | GADGETS[gadget]).replace("<server>", server.url)
        assert reason(text) is CredentialReason.WRONG_TYPE
    assert server.connections == 0


@pytest.mark.parametrize("extra", EXTRAS)
def test_addresses_in_the_file_are_not_asked(extra: str, content: dict[str, Any]) -> None:
    with serving(answer({"access_token": "x"})) as server:
        text = json.dumps(content | EXTRAS[extra]).replace("<server>", server.url)
        made: Any = service_account(text).credentials
        headers: dict[str, str] = {}
        made.before_request(None, "GET", "https://storage.googleapis.com/", headers)
    assert headers["authorization"].startswith("Bearer ey")
    assert made.universe_domain == "googleapis.com"
    assert server.connections == 0


def test_the_box_gives_nothing_away(canaries: dict[str, Canary]) -> None:
    access = service_account(canaries["google"].text)
    assert "credentials" not in repr(access)
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError):
            attempt(access)


def test_nobody_and_the_server_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert anonymous().name == "anonymous"

    def none(**_: object) -> None:
        raise DefaultCredentialsError("no")  # type: ignore[no-untyped-call]

    monkeypatch.setattr(google.auth, "default", none)
    with pytest.raises(CredentialProblem) as caught:
        application_default()
    assert caught.value.reason is CredentialReason.NONE_FOUND
    monkeypatch.setattr(google.auth, "default", lambda **_: (anonymous().credentials, None))
    assert application_default().name == "application default credentials"
