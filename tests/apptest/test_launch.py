"""What the launcher refuses, and what it says when a page fails."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import streamlit as st

from components import launch, security

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a secret that stands in the error"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "localhost", "127.8.9.1"])
def test_this_machine_only_is_fine(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "get_option", lambda _name: address)
    launch.refuse_open_house()


@pytest.mark.parametrize(
    "address", [None, "", "0.0.0.0", "::", "192.168.1.5", "onboarding.example"]
)
def test_no_one_is_let_in_without_a_sign_in(
    address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "get_option", lambda _name: address)
    monkeypatch.setattr(launch, "sign_in_configured", lambda: False)
    with pytest.raises(launch.OpenHouseError, match="without a sign-in"):
        launch.refuse_open_house()


def test_a_sign_in_opens_other_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "get_option", lambda _name: "0.0.0.0")
    monkeypatch.setattr(launch, "sign_in_configured", lambda: True)
    launch.refuse_open_house()


def test_no_page_waits_for_an_acknowledgement() -> None:
    with socket.socket() as listening:  # as Streamlit makes its own
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        launch.answer_at_once()
        with socket.create_connection(listening.getsockname()):
            connection, _ = listening.accept()
            with connection:
                assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_database_that_is_away_ends_the_start_with_a_sentence(tmp_path: Path) -> None:
    away = {"DATA_DIR": str(tmp_path), "DATABASE_URL": "postgresql://a:secret@127.0.0.1:9/x"}
    ended = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port=0"],
        cwd=ROOT,
        env={**os.environ, **{f"ENCORD_ONBOARDING_{name}": each for name, each in away.items()}},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 1
    assert "error: The ledger's database cannot be reached: connection failed" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "secret" not in ended.stdout + ended.stderr


def test_a_failed_page_shows_a_reference_and_not_the_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(st, "error", lambda body, **_: shown.append(body))
    assert security.show_script_error(ValueError(SECRET))
    reference = shown[0].split("`")[1]
    assert SECRET not in shown[0]
    assert reference in caplog.text


def test_the_policy_names_the_inline_scripts_of_streamlit_and_ours() -> None:
    policy = security.content_policy()
    assert policy.count("'sha256-") == 4
    assert "unsafe-eval" not in policy
