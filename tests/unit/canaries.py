"""Secrets of six kinds, made at run time, and the search for any piece of them in an output."""

import base64
import json
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

WINDOW = 24
PASSPHRASE = "correct horse battery staple canary"
_FRAME = re.compile(r"-----[A-Z ]+-----|\\n|\s")


@dataclass(frozen=True, slots=True)
class Canary:
    """A key file whose text must not be seen again."""

    kind: str
    text: str

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret characters: the key's body in base64, and its bytes as hex."""
        text = json.loads(self.text)["private_key"] if self.kind == "google" else self.text
        body = _FRAME.sub("", text)
        # What every OpenSSH file begins with is no secret: magic, cipher, and the public half.
        body = body[len(body) // 2 :] if "OPENSSH" in text else body
        return body, base64.b64decode(body[: len(body) // 4 * 4] + "==", validate=False).hex()


def found_in(text: str, canary: Canary) -> str | None:
    """Return the first window of the secret that is in `text`, with line breaks undone."""
    flat = _FRAME.sub("", text)
    for secret in canary.secrets:
        for at in range(len(secret) - WINDOW + 1):
            if secret[at : at + WINDOW] in flat:
                return secret[at : at + WINDOW]
    return None


def make_canaries() -> dict[str, Canary]:
    """Make one of each kind."""
    ed = Ed25519PrivateKey.generate()
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ecdsa = ec.generate_private_key(ec.SECP256R1())
    pem, openssh, pkcs8 = Encoding.PEM, PrivateFormat.OpenSSH, PrivateFormat.PKCS8
    locked, plain = BestAvailableEncryption(PASSPHRASE.encode()), NoEncryption()
    texts = {
        "ed25519": ed.private_bytes(pem, openssh, plain),
        "encrypted": ed.private_bytes(pem, openssh, locked),
        "rsa": rsa_key.private_bytes(pem, openssh, plain),
        "ecdsa": ecdsa.private_bytes(pem, openssh, plain),
        "pkcs8": ed.private_bytes(pem, pkcs8, plain),
        "google": json.dumps(
            {
                "type": "service_account",
                "client_email": "yard@example.iam.gserviceaccount.com",
                "private_key_id": "0123456789abcdef0123456789abcdef01234567",
                "private_key": rsa_key.private_bytes(pem, pkcs8, plain).decode(),
                "token_uri": "https://oauth2.googleapis.com/token",
            }
        ).encode(),
    }
    return {kind: Canary(kind, text.decode()) for kind, text in texts.items()}
