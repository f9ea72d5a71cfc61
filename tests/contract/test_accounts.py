"""Several accounts, and a second region, as the app's connections meet them over a socket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.engine.connections import Check, Connections
from tests.contract.sandbox_process import SandboxProcess, sandbox_process


@pytest.fixture(scope="module")
def regions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SandboxProcess, ...]]:
    """Two sandboxes: regions that share neither keys nor data."""
    with (
        sandbox_process(tmp_path_factory.mktemp("one")) as one,
        sandbox_process(tmp_path_factory.mktemp("other")) as other,
    ):
        yield one, other


def check(region: SandboxProcess, key: Path) -> Check:
    connections = Connections()
    connections.add_sandbox(region.url, key)
    made = connections.sandbox()
    assert made is not None
    return connections.check(made.id)


def key_of(region: SandboxProcess, name: str) -> Path:
    return region.key_file.with_name(f"{name}_key")


def titles(found: Check) -> list[str]:
    return [integration.title for integration in found.integrations]


def test_each_account_sees_its_own_organization(regions: tuple[SandboxProcess, ...]) -> None:
    one, _ = regions
    assert titles(check(one, one.key_file)) == ["Demo bucket", "Demo bucket (strict)"]
    assert titles(check(one, key_of(one, "viewer"))) == ["Demo bucket", "Demo bucket (strict)"]
    elsewhere = check(one, key_of(one, "elsewhere"))
    assert titles(elsewhere) == ["Elsewhere bucket"]
    assert elsewhere.schema == {}


def test_a_key_of_one_region_is_unknown_in_the_other(regions: tuple[SandboxProcess, ...]) -> None:
    one, other = regions
    refused = check(other, one.key_file)
    assert not refused.ok
    assert refused.title == "Encord does not know this key"
    assert "choose the other region" in refused.remedy
    assert check(other, other.key_file).ok


def test_a_key_that_is_revoked_is_unknown_from_then_on(regions: tuple[SandboxProcess, ...]) -> None:
    one, _ = regions
    one.control("accounts/revoke", name="viewer", revoked=True)
    assert check(one, key_of(one, "viewer")).title == "Encord does not know this key"
    one.control("accounts/revoke", name="viewer", revoked=False)
    assert check(one, key_of(one, "viewer")).ok
