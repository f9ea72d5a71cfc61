"""An object becomes a manifest: asked for by a child, as whom and where its parent whispered."""

import json
import threading
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from google.auth import jwt

from services.buckets.accounts import NOBODY, Accounts
from services.engine.sources import Sources, TakeOrder
from services.jobs import Jobs, JobState
from services.manifests.store import ManifestStore
from tests.contract.emulator_process import BUCKET, emulator_process
from tests.contract.google_proxy import GOOGLE, google_proxy
from tests.unit.canaries import Canary, found_in, make_canaries

pytestmark = pytest.mark.usefixtures("forked")

CONTENT = b"ObjectURL,Type\ngs://yard/a.jpg,image\n"


@pytest.fixture
def manifests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ManifestStore:
    monkeypatch.setenv("ENCORD_ONBOARDING_DATA_DIR", str(tmp_path))
    return ManifestStore(tmp_path / "manifests", max_bytes=10**6)


@pytest.fixture
def sources(manifests: ManifestStore) -> Sources:
    return Sources(manifests, (), Jobs("services.taking"))


def taken(sources: Sources, url: str, whisper: str) -> JobState:
    """Take an object; nothing but the child's end is asked for."""
    deadline = time.monotonic() + 60
    state = sources.start(TakeOrder(url=url), "take", whisper=whisper)
    while state.phase == "running":
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)
        state = sources.state("take")
    return state


def test_an_object_is_taken_from_an_emulator(sources: Sources, manifests: ManifestStore) -> None:
    with emulator_process({"lists/nightly.csv": (CONTENT, "text/csv")}) as url:
        whisper = Accounts().reach(NOBODY, sandbox=url).line()
        assert taken(sources, f"gs://{BUCKET}/lists/nightly.csv", whisper).phase == "done"
        made = sources.taken("take")
        assert (manifests.folder(made) / "source").read_bytes() == CONTENT
        assert manifests.name_of(made) == "nightly.csv"
        gone = taken(sources, f"gs://{BUCKET}/lists/gone.csv", whisper)
    assert gone.phase == "failed"
    assert gone.message.startswith("The object could not be read")


def test_a_persons_key_signs_for_google_and_is_written_nowhere(
    sources: Sources, manifests: ManifestStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary, accounts = make_canaries()["google"], Accounts()
    account = accounts.add(canary.text)
    with google_proxy(tmp_path, CONTENT) as google:
        monkeypatch.setenv("HTTPS_PROXY", google.url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(google.certificate))
        whisper = accounts.reach(account.id).line()
        state = taken(sources, "gs://yard/lists/nightly.csv", whisper)
        assert state.phase == "done", state.message
    assert (manifests.folder(sources.taken("take")) / "source").read_bytes() == CONTENT
    assert f"{GOOGLE}:443" in google.hosts
    assert all(host.endswith(".googleapis.com:443") for host in google.hosts)
    assert signer(google.requests[0], canary) == account.email
    written = [path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert written
    assert not [text for text in written if found_in(text, canary)]


def signer(request: str, canary: Canary) -> str:
    """Return who signed a request, if it was with this key."""
    (token,) = [
        line.partition(" Bearer ")[2]
        for line in request.splitlines()
        if line.lower().startswith("authorization:")
    ]
    private = load_pem_private_key(json.loads(canary.text)["private_key"].encode(), None)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    said = jwt.decode(token, certs=public.decode())  # type: ignore[no-untyped-call]
    return str(said["iss"])
