import io
from collections.abc import Callable
from pathlib import Path

import pytest

from services.manifests.checked import CheckedManifest
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore

Check = Callable[..., CheckedManifest]


@pytest.fixture
def store(tmp_path: Path) -> ManifestStore:
    return ManifestStore(tmp_path / "manifests", max_bytes=50_000_000)


@pytest.fixture
def check(store: ManifestStore) -> Check:
    """Check text or bytes under a name."""

    def run(content: str | bytes, name: str = "m.json", **options: object) -> CheckedManifest:
        data = content.encode() if isinstance(content, str) else content
        fingerprint = store.add(name, io.BytesIO(data))
        return store.check(fingerprint, CheckOptions(**options))  # type: ignore[arg-type]

    return run
