"""The settings as an environment gives them."""

import pytest

from services.settings import Settings


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSH_KEY_FILE", "ONBOARDING_WEBHOOK_URL", "ONBOARDING_MANIFEST_FOLDERS"):
        monkeypatch.setenv(f"ENCORD_{name}", "")
    monkeypatch.setenv("ENCORD_SSH_KEY", "a key")
    settings = Settings()
    assert (settings.ssh_key_file, settings.webhook_url, settings.manifest_folders) == (
        None,
        None,
        (),
    )
    assert settings.ssh_key is not None
