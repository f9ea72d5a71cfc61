"""A running sandbox for all scripts and commands of a page, and what finds it."""

import json
from collections.abc import Iterator

import pytest

from services.bootstrap import build_runtime
from services.sandbox.demo import demo_manifest_csv
from services.settings import Settings
from tests.cli.scripted import FEW, FEW_URLS, NAME, Dashboard


@pytest.fixture(scope="package")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    folder = tmp_path_factory.mktemp("scripts")
    settings = Settings(
        data_dir=folder / "data",
        sandbox_rate=5000,
        poll_first_seconds=0.1,
        poll_last_seconds=0.2,
        settle_seconds=1,
    )
    runtime = build_runtime(settings)
    runtime.start_sandbox()
    assert runtime.wait_for_sandbox()
    (folder / NAME).write_bytes(demo_manifest_csv())
    few = {"images": [{"objectUrl": url} for url in FEW_URLS]}
    (folder / FEW).write_text(json.dumps(few))
    yield Dashboard(runtime, folder)
    runtime.stop()


@pytest.fixture
def dashboard(started: Dashboard, monkeypatch: pytest.MonkeyPatch) -> Dashboard:
    """Work in a folder of its own, with the settings that find the dashboard's data."""
    settings = started.runtime.settings
    for name in ("data_dir", "poll_first_seconds", "poll_last_seconds", "settle_seconds"):
        monkeypatch.setenv(f"ENCORD_ONBOARDING_{name}".upper(), str(getattr(settings, name)))
    key = settings.data_dir / "sandbox" / "demo_key"
    monkeypatch.setenv("ENCORD_SSH_KEY_FILE", str(key))
    monkeypatch.chdir(started.folder)
    return started
