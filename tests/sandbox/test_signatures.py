"""Who may call: known key, unknown key, bad signature, wrong kind of key, on both transports."""

import base64
import hashlib
import json
import time

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from encord import EncordUserClient
from encord.exceptions import AuthenticationError, ResourceNotFoundError, SshKeyNotFound
from encord.http.constants import RequestsSettings

from tests.sandbox.conftest import Running

GROUPS = "/v2/public/user/current-organisation/groups"


def stranger(sandbox: Running) -> EncordUserClient:
    key = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
    )
    return EncordUserClient.create_with_ssh_private_key(
        key.decode(), domain=sandbox.url, requests_settings=RequestsSettings(max_retries=0)
    )


def signed(
    key: object, keyid: str, target: str, body: bytes = b"", alg: str = "ed25519"
) -> dict[str, str]:
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    params = (
        '("@method" "@request-target" "content-digest")'
        f';created={int(time.time())};keyid="{keyid}";alg="{alg}"'
    )
    base = (
        f'"@method": GET\n"@request-target": {target}\n'
        f'"content-digest": {digest}\n"@signature-params": {params}'
    )
    if isinstance(key, Ed25519PrivateKey):
        signature = key.sign(base.encode())
    else:
        signature = key.sign(base.encode(), PKCS1v15(), SHA256())  # type: ignore[attr-defined]
    return {
        "Content-Digest": digest,
        "Signature-Input": f"encord-sig={params}",
        "Signature": f"encord-sig=:{base64.b64encode(signature).decode()}:",
    }


def v1(sandbox: Running, authorization: str, body: bytes = b"{}") -> dict[str, object]:
    answer = requests.post(
        f"{sandbox.url}/public", data=body, headers={"Authorization": authorization}, timeout=10
    )
    assert answer.status_code == 200
    return dict(answer.json())


def test_the_demo_key_is_known_on_both_transports(sandbox: Running) -> None:
    client = sandbox.client()
    assert list(client.list_groups()) == []
    with pytest.raises(ResourceNotFoundError):
        client.get_dataset("7d1b0fd5-4f0c-4b4f-8f5f-111111111111")


def test_an_unknown_key_has_encords_two_errors(sandbox: Running) -> None:
    client = stranger(sandbox)
    with pytest.raises(AuthenticationError):
        list(client.list_groups())
    with pytest.raises(SshKeyNotFound):
        client.get_dataset("7d1b0fd5-4f0c-4b4f-8f5f-111111111111")


def test_a_v2_signature_by_another_key_is_refused(sandbox: Running) -> None:
    key = Ed25519PrivateKey.generate()
    known = sandbox.client().user_config.config.public_key_hex  # type: ignore[attr-defined]
    answer = requests.get(sandbox.url + GROUPS, headers=signed(key, known, GROUPS), timeout=10)
    assert answer.status_code == 401
    assert "verify" in answer.json()["message"]


@pytest.mark.parametrize("change", ["target", "digest", "nothing at all"])
def test_a_v2_request_changed_on_the_way_is_refused(sandbox: Running, change: str) -> None:
    config = sandbox.client().user_config.config
    headers = signed(config.private_key, config.public_key_hex, GROUPS)  # type: ignore[attr-defined]
    assert requests.get(sandbox.url + GROUPS, headers=headers, timeout=10).status_code == 200
    target = GROUPS + "?more=1" if change == "target" else GROUPS
    if change == "digest":
        headers["Content-Digest"] = headers["Content-Digest"].swapcase()
    if change == "nothing at all":
        headers = {}
    assert requests.get(sandbox.url + target, headers=headers, timeout=10).status_code == 401


def test_a_signature_may_be_sent_again(sandbox: Running) -> None:
    config = sandbox.client().user_config.config
    headers = signed(config.private_key, config.public_key_hex, GROUPS)  # type: ignore[attr-defined]
    for _ in range(3):
        assert requests.get(sandbox.url + GROUPS, headers=headers, timeout=10).status_code == 200


def test_an_rsa_key_is_refused_on_both_transports(sandbox: Running) -> None:
    key = generate_private_key(65537, 2048)
    modulus = f"{key.public_key().public_numbers().n:x}"
    headers = signed(key, modulus, GROUPS, alg="rsa-v1_5-sha256")
    answer = requests.get(sandbox.url + GROUPS, headers=headers, timeout=10)
    assert answer.status_code == 401
    assert "Ed25519" in answer.json()["message"]
    signature = key.sign(hashlib.sha256(b"{}").digest(), PKCS1v15(), SHA256()).hex()
    assert v1(sandbox, f"{modulus}:{signature}")["response"] == ["AUTHENTICATION_ERROR"]


def test_a_v1_signature_over_another_body_is_refused(sandbox: Running) -> None:
    config = sandbox.client().user_config.config
    signature = config.private_key.sign(hashlib.sha256(b"{}").digest()).hex()  # type: ignore[attr-defined]
    authorization = f"{config.public_key_hex}:{signature}"  # type: ignore[attr-defined]
    assert v1(sandbox, authorization, b"{ }")["response"] == ["AUTHENTICATION_ERROR"]
    query = json.dumps({"query_type": "ontology", "query_method": "GET", "values": {}}).encode()
    signature = config.private_key.sign(hashlib.sha256(query).digest()).hex()  # type: ignore[attr-defined]
    authorization = f"{config.public_key_hex}:{signature}"  # type: ignore[attr-defined]
    assert v1(sandbox, authorization, query)["response"] == ["METHOD_NOT_ALLOWED_ERROR"]


def test_the_control_calls_need_their_token(sandbox: Running) -> None:
    control = f"{sandbox.url}/sandbox/control"
    assert requests.get(f"{control}/health", timeout=10).json()["pid"] == sandbox.process.pid
    assert requests.get(f"{control}/state", timeout=10).status_code == 403
    assert requests.post(f"{control}/reset", timeout=10).status_code == 403
