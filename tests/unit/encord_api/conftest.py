"""Keys made at run time, and gateways on a scripted server."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.encord_api.credentials import PrivateKey
from services.encord_api.sdk import SdkGateway, connect


@pytest.fixture(scope="session")
def key() -> PrivateKey:
    return PrivateKey(Ed25519PrivateKey.generate())


@pytest.fixture
def gateway_at(key: PrivateKey) -> Callable[[str], SdkGateway]:
    return partial(_connect, key=key, patience=30)


@pytest.fixture
def hasty_gateway_at(key: PrivateKey) -> Callable[[str], SdkGateway]:
    """Connect with a time-out a test can wait for."""
    return partial(_connect, key=key, patience=0.4)


def _connect(url: str, *, key: PrivateKey, patience: float) -> SdkGateway:
    return connect(url, key, connect_timeout=30, read_timeout=patience, long_timeout=patience)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "yard~t0k3n.json"
    path.write_text('{"images": [{"objectUrl": "gs://yard/1.png"}], "skip_duplicate_urls": true}')
    return path
