"""Who asks Google: keys in memory only, and nobody reaches another person's by naming it."""

import json
import traceback
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.buckets.accounts import NOBODY, Accounts
from services.buckets.reach import Reach
from services.cloud_storage.credentials import (
    CHANGING_SCOPE,
    SCOPE,
    CredentialProblem,
    CredentialReason,
    anonymous,
    service_account,
)
from tests.unit.canaries import Canary, found_in, make_canaries
from tests.unit.loopback import answer, serving


@pytest.fixture(scope="module")
def google() -> Canary:
    return make_canaries()["google"]


def test_the_same_account_with_another_key_is_somebody_else(google: Canary) -> None:
    """Whoever writes another's address and key id into a file of their own gets their own key."""
    forged: dict[str, Any] = json.loads(google.text)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged["private_key"] = other.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    ).decode()
    accounts = Accounts()
    mine = accounts.add(google.text)
    theirs = accounts.add(json.dumps(forged))
    assert theirs.email == mine.email
    assert theirs.id != mine.id
    assert accounts.access(theirs.id) is not accounts.access(mine.id)
    assert accounts.add(google.text) == mine


def test_a_forgotten_key_is_gone_and_nothing_shows_it(google: Canary) -> None:
    accounts = Accounts()
    mine = accounts.add(google.text)
    said = f"{accounts!r} {mine!r} {accounts.access(mine.id)!r}"
    assert found_in(said, google) is None
    accounts.forget(mine.id)
    assert accounts.get(mine.id) is None
    with pytest.raises(CredentialProblem) as caught:
        accounts.access(mine.id)
    assert caught.value.reason is CredentialReason.GONE


def test_a_key_that_two_gave_goes_with_the_last_of_them(google: Canary) -> None:
    accounts = Accounts()
    mine = accounts.add(google.text, by="anna")
    accounts.add(google.text, by="ben")
    accounts.forget(mine.id, by="anna")
    assert accounts.get(mine.id) == mine
    accounts.forget(mine.id, by="ben")
    assert accounts.get(mine.id) is None


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_key_file_that_is_not_utf_8_is_said_and_no_error_carries_it(
    encoding: str, google: Canary
) -> None:
    accounts = Accounts()
    with pytest.raises(CredentialProblem) as caught:
        accounts.add(google.text.encode(encoding))
    assert caught.value.reason is CredentialReason.NOT_JSON
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert found_in(held_by(caught.value), google) is None
    assert not accounts._held
    assert not accounts._files


def held_by(problem: BaseException) -> str:
    """Return all that the frames of our own code hold when it is raised."""
    frames = [
        frame.f_locals
        for frame, _ in traceback.walk_tb(problem.__traceback__)
        if "/services/" in frame.f_code.co_filename
    ]
    return repr(frames).replace("\\x00", "")


def test_the_sandbox_never_sees_who_a_person_is_at_google(google: Canary) -> None:
    accounts = Accounts()
    mine = accounts.add(google.text)
    with serving(answer({"name": "yard", "metageneration": "1"})) as server:
        accounts.open(mine.id, sandbox=server.url).bucket("yard")
        accounts.open(NOBODY, sandbox=server.url).bucket("yard")
    assert ["authorization" in request.headers for request in server.requests] == [False, False]


def test_changing_is_asked_for_only_when_something_is_changed(google: Canary) -> None:
    access = service_account(google.text)
    reading: Any = access.credentials
    changing: Any = access.for_changes().credentials
    assert reading.scopes == [SCOPE]
    assert changing.scopes == [CHANGING_SCOPE]
    assert changing._always_use_jwt_access, "it would ask an address of Google's for a token"
    assert access.for_changes().name == access.name


def test_a_key_that_is_gone_is_not_replaced_by_the_servers_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.buckets.reach.application_default", anonymous)
    with pytest.raises(CredentialProblem, match="not held here any more"):
        Reach(account="somebody's fingerprint").open()
