"""What commands say without the key that they need, and how to go on."""

from pathlib import Path

import pytest

from services.__main__ import main
from services.bootstrap import build_runtime
from services.settings import Settings
from tests.cli import browser_run

NOBODYS = "00000000-0000-0000-0000-000000000000"
INTEGRATION = ("--integration", "Demo bucket")
ENCORD = ("--connection", "encord")


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCORD_ONBOARDING_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ENCORD_ONBOARDING_SANDBOX", "false")


def begun_in_a_browser() -> str:
    with build_runtime(Settings()).ledger.transaction() as cx:
        return browser_run.begin(cx)


@pytest.mark.parametrize(
    "words",
    [
        ("onboard", "m.json", *INTEGRATION, "--folder", "F"),
        ("adopt", "m.json", "--job", NOBODYS, "--folder-uuid", NOBODYS, *INTEGRATION),
        ("rescue", "--folder-uuid", NOBODYS),
        ("create-dataset", "--title", "T"),
        ("link-folder", "--folder-uuid", NOBODYS, "--dataset", "T"),
        ("verify-against", "--run", "R", "--folder-uuid", NOBODYS),
        ("unlink", "R", "--verdict", "unexpected"),
        ("prove-integration", "bucket", *INTEGRATION),
    ],
    ids=lambda words: words[0],
)
def test_without_a_key_each_command_says_how_to_set_it(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main([*words, *ENCORD]) == 2
    said = capsys.readouterr().err
    assert "A key that was given in a browser is for that session alone" in said
    assert "Set ENCORD_SSH_KEY_FILE" in said
    monkeypatch.setenv("ENCORD_SSH_KEY_FILE", "nowhere")
    assert main([*words, *ENCORD]) == 2
    assert "The server's key cannot be used. " in capsys.readouterr().err
    assert main([*words]) == 2
    assert "ENCORD_ONBOARDING_SANDBOX=false" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("retry",),
        ("resume",),
        ("cancel",),
        ("link", "--dataset", "T"),
        ("split", "--by", "K", "--title", "{value}"),
        ("verify",),
    ],
    ids=lambda words: words[0],
)
def test_a_run_that_was_begun_in_a_browser_needs_that_key(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    name, *more = words
    assert main([name, begun_in_a_browser(), *more]) == 2
    said = capsys.readouterr().err
    assert "This was begun on Encord US with the key SHA256:browser" in said
    assert "Set ENCORD_SSH_KEY_FILE" in said


@pytest.mark.parametrize(
    "words",
    [("check-bucket", "b"), ("set-cors", "b", "f", "--if-metageneration", "1")],
    ids=lambda words: words[0],
)
def test_without_credentials_for_google_no_key_of_encord_is_asked_for(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "nowhere")
    assert main([*words]) == 2
    said = capsys.readouterr().err
    assert "This server has no Google credentials of its own. Set GOOGLE_APPLICATION" in said
    assert "ENCORD" not in said
