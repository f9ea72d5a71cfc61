"""Every kind of wrong key has its own plain sentence, and no part of a key is ever repeated."""

import base64
import copy
import json
import os
import pickle
import shutil
import subprocess
import traceback
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from services.encord_api.credentials import (
    KeyNote,
    KeyProblem,
    PrivateKey,
    load_private_key,
    load_private_key_file,
)
from services.encord_api.keyfile import MAX_BYTES, KeyReason
from tests.unit.canaries import PASSPHRASE, Canary, found_in

BEGIN = "-----BEGIN OPENSSH PRIVATE KEY-----"


@pytest.fixture(scope="module")
def text(canaries: dict[str, Canary]) -> str:
    return canaries["ed25519"].text


def reason(text: bytes | str, passphrase: str | None = None) -> KeyReason:
    with pytest.raises(KeyProblem) as caught:
        load_private_key(text, passphrase)
    assert str(caught.value) == caught.value.reason.value
    return caught.value.reason


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        lambda text: text.encode(),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.replace("\n", " "),
        lambda text: text.replace("\n", "\\n"),
        lambda text: "\n\n  " + text + "\n\n",
        lambda text: "\ufeff" + text,
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.rstrip("\n"),
    ],
)
def test_a_key_is_read_however_it_was_pasted(change: object, text: str) -> None:
    assert callable(change)
    assert load_private_key(change(text)).fingerprint == load_private_key(text).fingerprint


def test_a_passphrase_opens_a_protected_key_and_is_ignored_by_an_open_one(
    canaries: dict[str, Canary], text: str
) -> None:
    opened = load_private_key(canaries["encrypted"].text, PASSPHRASE)
    assert opened.fingerprint == load_private_key(text, "not needed").fingerprint


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH is not installed")
def test_keys_and_fingerprints_are_those_of_ssh_keygen(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for protection in ("", "secret"):
        path.unlink(missing_ok=True)
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", protection, "-f", str(path)]
        subprocess.run(make, check=True)
        shown = subprocess.run(
            ["ssh-keygen", "-lf", str(path)], check=True, capture_output=True, text=True
        ).stdout
        loaded = load_private_key_file(path, protection or None)
        assert loaded.key.fingerprint == shown.split()[1]
        assert loaded.note is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("rsa", KeyReason.RSA),
        ("ecdsa", KeyReason.ECDSA),
        ("pkcs8", KeyReason.PKCS8),
        ("encrypted", KeyReason.PROTECTED),
        ("google", KeyReason.GOOGLE),
    ],
)
def test_other_kinds_are_named(kind: str, expected: KeyReason, canaries: dict[str, Canary]) -> None:
    assert reason(canaries[kind].text) is expected


def test_an_empty_passphrase_is_none_and_a_wrong_one_is_named(canaries: dict[str, Canary]) -> None:
    assert reason(canaries["encrypted"].text, "") is KeyReason.PROTECTED
    assert reason(canaries["encrypted"].text, "wrong") is KeyReason.NOT_OPENED


def test_other_spellings_of_other_kinds_are_named() -> None:
    old = dsa.generate_private_key(1024)
    pem = old.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    assert reason(pem) is KeyReason.DSA
    for label, expected in (
        ("RSA PRIVATE KEY", KeyReason.RSA),
        ("EC PRIVATE KEY", KeyReason.ECDSA),
        ("ENCRYPTED PRIVATE KEY", KeyReason.PKCS8),
        ("RSA PUBLIC KEY", KeyReason.PUBLIC),
        ("CERTIFICATE", KeyReason.PUBLIC),
        ("PGP MESSAGE", KeyReason.NOT_A_KEY),
    ):
        assert reason(f"-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n") is expected
    assert reason("PuTTY-User-Key-File-3: ssh-ed25519\n") is KeyReason.PUTTY


def test_a_public_key_is_named(text: str) -> None:
    public = load_private_key(text).sdk_key().public_key()
    assert reason(public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)) is KeyReason.PUBLIC
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert reason(pem) is KeyReason.PUBLIC


@pytest.mark.parametrize("empty", ["", b"", " \n\t\r\n", "\ufeff", b"\xef\xbb\xbf \n"])
def test_empty_is_not_a_key(empty: str | bytes) -> None:
    # The SDK would take the server's own key from its environment instead.
    assert reason(empty) is KeyReason.EMPTY


@pytest.mark.parametrize("binary", [b"\x00" * 40, b"\xff\xfe-\x00", bytes(range(256)), "schlüssel"])
def test_what_is_no_text_is_named(binary: str | bytes) -> None:
    assert reason(binary) is KeyReason.NOT_TEXT


def test_utf_16_is_no_text(text: str) -> None:
    assert reason(text.encode("utf-16")) is KeyReason.NOT_TEXT


def test_garbage_is_not_a_key() -> None:
    assert reason("hello") is KeyReason.NOT_A_KEY
    assert reason('{"a": 1}') is KeyReason.NOT_A_KEY
    assert reason("-----BEGIN " * 1000) is KeyReason.NOT_A_KEY


def test_too_long_is_named(text: str) -> None:
    assert reason(text + " " * MAX_BYTES) is KeyReason.TOO_LARGE


def test_a_key_cut_anywhere_is_incomplete(text: str) -> None:
    for length in range(len(BEGIN), len(text.rstrip()), 7):
        assert reason(text[:length]) is KeyReason.TRUNCATED
    lines = text.splitlines(keepends=True)
    assert reason("".join(lines[1:])) is KeyReason.TRUNCATED
    for gone in range(1, len(lines) - 1):
        assert reason("".join(lines[:gone] + lines[gone + 1 :])) is KeyReason.TRUNCATED


def test_a_key_that_would_keep_us_busy_is_refused(canaries: dict[str, Canary]) -> None:
    lines = canaries["encrypted"].text.splitlines()
    data = bytearray(base64.b64decode("".join(lines[1:-1])))
    at = data.index(b"bcrypt") + len(b"bcrypt") + 4 + 4 + 16
    assert int.from_bytes(data[at : at + 4], "big") == 16
    data[at : at + 4] = (2**31).to_bytes(4, "big")
    body = base64.b64encode(bytes(data)).decode()
    slow = f"{BEGIN}\n{body}\n-----END OPENSSH PRIVATE KEY-----\n"
    assert reason(slow, PASSPHRASE) is KeyReason.SLOW_KDF


@given(st.binary(max_size=400) | st.text(max_size=400))
def test_nothing_else_escapes(text: bytes | str) -> None:
    with pytest.raises(KeyProblem):
        load_private_key(text)


@given(st.integers(0, 300), st.integers(0, 255))
def test_a_damaged_frame_is_never_a_crash(at: int, value: int) -> None:
    text = PrivateKey(Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)).to_openssh()
    data = bytearray(base64.b64decode(b"".join(text.splitlines()[1:-1])))
    data[at % len(data)] = value
    body = base64.b64encode(bytes(data)).decode()
    with suppress(KeyProblem):  # damage to a comment or the padding goes unseen
        load_private_key(f"{BEGIN}\n{body}\n-----END OPENSSH PRIVATE KEY-----\n")


# The box


def test_the_box_gives_nothing_away(text: str, canaries: dict[str, Canary]) -> None:
    key = load_private_key(text)
    assert repr(key) == str(key) == f"{key}" == f"PrivateKey({key.fingerprint})"
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars):
        with pytest.raises(TypeError) as caught:
            attempt(key)
        assert found_in(str(caught.value), canaries["ed25519"]) is None
    assert key.sdk_key().public_key().public_bytes_raw().hex() == key.public_hex


def test_the_worker_gets_the_same_key(text: str) -> None:
    key = load_private_key(text)
    assert load_private_key(key.to_openssh()).public_hex == key.public_hex


# Files


def write(path: Path, data: str | bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    path.chmod(mode)
    return path


def test_a_file_is_read_and_its_mode_noted(tmp_path: Path, text: str) -> None:
    assert load_private_key_file(write(tmp_path / "key", text)).note is None
    shared = load_private_key_file(write(tmp_path / "key", text, 0o640))
    assert shared.note is KeyNote.SHARED_FILE
    assert shared.key.fingerprint == load_private_key(text).fingerprint


def test_whatever_is_wrong_with_a_file_sounds_the_same(tmp_path: Path, text: str) -> None:
    link = tmp_path / "link"
    link.symlink_to(write(tmp_path / "key", text))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    long = write(tmp_path / "long", b"x" * (MAX_BYTES + 1))
    missing, nul = tmp_path / "missing", Path("a\x00b")
    devices = Path("/dev/zero"), Path("/proc/self/mem")
    for path in (link, pipe, long, missing, nul, tmp_path, *devices):
        with pytest.raises(KeyProblem) as caught:
            load_private_key_file(path)
        assert caught.value.reason is KeyReason.UNREADABLE
        assert path.name not in str(caught.value)
        assert caught.value.__context__ is None


def test_a_file_with_another_key_says_which(tmp_path: Path, canaries: dict[str, Canary]) -> None:
    with pytest.raises(KeyProblem) as caught:
        load_private_key_file(write(tmp_path / "key", canaries["rsa"].text))
    assert caught.value.reason is KeyReason.RSA


# Nothing of a key in anything that is raised


def whole(error: BaseException) -> str:
    """Print an error as the most talkative reporter would, without this test's own variables."""
    frames = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [frame for frame in frames.stack if "/services/" in frame.filename]
    assert ours
    shown = [str(frame.locals) for frame in ours]
    return "\n".join([*shown, str(error), repr(error), repr(error.args), repr(vars(error))])


@pytest.mark.parametrize("kind", ["ed25519", "encrypted", "rsa", "ecdsa", "pkcs8", "google"])
@pytest.mark.parametrize("cut", [0, 1, 100])
@pytest.mark.parametrize("passphrase", [None, "wrong"])
def test_no_error_repeats_the_key(
    kind: str, cut: int, passphrase: str | None, canaries: dict[str, Canary], tmp_path: Path
) -> None:
    text = canaries[kind].text.rstrip()
    text = text[: len(text) - cut]
    if kind == "ed25519" and not cut:
        return  # the one that is right
    path = write(tmp_path / "key", text)
    for load in (
        lambda: load_private_key(text, passphrase),
        lambda: load_private_key(text.encode() + b"\x00", passphrase),
        lambda: load_private_key_file(path, passphrase),
    ):
        with pytest.raises(KeyProblem) as caught:
            load()
        assert caught.value.__context__ is None
        assert caught.value.__cause__ is None
        assert found_in(whole(caught.value), canaries[kind]) is None


def test_the_passphrase_is_not_repeated_either(canaries: dict[str, Canary]) -> None:
    with pytest.raises(KeyProblem) as caught:
        load_private_key(canaries["encrypted"].text, PASSPHRASE.upper())
    assert PASSPHRASE.upper() not in whole(caught.value)


def test_other_ciphers_are_opened_or_named(text: str) -> None:
    key = load_private_key(text).sdk_key()
    pem = key.private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, BestAvailableEncryption(b"secret")
    ).decode()
    body = base64.b64decode("".join(pem.splitlines()[1:-1]))
    odd = base64.b64encode(body.replace(b"aes256-ctr", b"aes256-xyz")).decode()
    framed = f"{BEGIN}\n{odd}\n-----END OPENSSH PRIVATE KEY-----\n"
    assert reason(framed, "secret") is KeyReason.UNSUPPORTED_CIPHER
