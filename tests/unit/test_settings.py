"""The settings as an environment gives them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.encord_api.domains import EU_DOMAIN
from services.engine.connections import Connections
from services.engine.errors import ConnectionProblem
from services.settings import Settings
from tests.unit.canaries import Canary


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


def test_an_own_domain_is_accepted_as_it_was_set(
    monkeypatch: pytest.MonkeyPatch, canaries: dict[str, Canary]
) -> None:
    monkeypatch.setenv("ENCORD_ONBOARDING_DOMAINS", '["https://Encord.Example.com/"]')
    key = canaries["ed25519"].text.encode()
    (domain,) = Settings().domains
    connections = Connections(own_domains=Settings().domains)
    assert connections.add(domain, key, None).domain == "https://encord.example.com"
    with pytest.raises(ConnectionProblem, match="not on the server's list"):
        connections.add("https://other.example.com", key, None)


def test_the_servers_key_file_may_be_a_link_as_a_mounted_secret_is(
    tmp_path: Path, canaries: dict[str, Canary]
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "key").write_text(canaries["ed25519"].text)
    (tmp_path / "key").symlink_to("data/key")
    found = Connections().add_server(EU_DOMAIN, path=tmp_path / "key", text=None, passphrase=None)
    assert found.kind == "server"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DOMAINS", "http://encord.example.com", "must begin with https://"),
        ("ENCORD_ORIGINS", "https://app.encord.example.com/", "An origin looks like"),
    ],
)
def test_what_could_never_be_used_is_refused_by_name(
    name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ENCORD_ONBOARDING_{name}", f'["{value}"]')
    with pytest.raises(ValidationError, match=says) as caught:
        Settings()
    assert f"{name.lower()}.0" in str(caught.value)


def test_what_may_hold_a_password_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "WEBHOOK_URL", "WEBHOOK_SECRET", "SSH_KEY_PASSPHRASE"):
        monkeypatch.setenv(f"ENCORD_ONBOARDING_{name}", "https://me:pass-word@db/?token=pass-word")
    monkeypatch.setenv("ENCORD_SSH_KEY", "pass-word")
    assert "pass-word" not in repr(Settings())
