"""What is forked from a process that has everything imported is a process like any other."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.usefixtures("forked")


def test_it_says_what_it_has_to_and_how_it_ended(tmp_path: Path) -> None:
    environment = {**os.environ, "ENCORD_ONBOARDING_DATA_DIR": str(tmp_path)}
    said = [
        subprocess.run(
            [sys.executable, "-m", "services", *words],
            cwd=ROOT,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        for words in (["--help"], ["nothing"], ["ledger", "verify"])
    ]
    assert [each.returncode for each in said] == [0, 2, 1]
    assert said[0].stdout == said[1].stderr
    assert f"There is no ledger at {tmp_path}" in said[2].stdout


def test_it_ends_when_it_is_killed_or_nobody_is_at_its_pipe(tmp_path: Path) -> None:
    words = ["sandbox", "--data", str(tmp_path), "--port", "0", "--exit-with-parent"]
    for kill in (True, False):
        with subprocess.Popen(
            [sys.executable, "-m", "services", *words],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert "url" in json.loads(process.stdout.readline())
            assert process.poll() is None
            if kill:
                process.kill()
        assert process.returncode == (-signal.SIGKILL if kill else 0)
