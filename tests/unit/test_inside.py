"""No process of the project reaches another machine while it is tested."""

import socket
import subprocess
import sys

import pytest

from tests.conftest import OutsideError

ELSEWHERE = "192.0.2.1"
CALL = f"import socket; socket.socket().connect(({ELSEWHERE!r}, 80))"


def test_a_test_is_kept_on_this_machine() -> None:
    with socket.socket() as tried, pytest.raises(OutsideError):
        tried.connect((ELSEWHERE, 80))


def test_a_process_that_a_test_starts_is_kept_too() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALL], capture_output=True, text=True, timeout=20, check=False
    )
    assert f"OutsideError: tried to reach ('{ELSEWHERE}', 80)" in done.stderr
