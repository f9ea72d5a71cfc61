"""The oldest SDK that keeps the gateway's promises, in CI: the pinned one is what everybody has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: 0.1.199 has no `DatasetError`, so the table of its exceptions cannot even be built.
FLOOR = "0.1.200"


@pytest.fixture(scope="module")
def floor() -> Path:
    """The SDK alone, to stand in front of the pinned one."""
    if os.environ.get("CI") != "true":
        pytest.skip("only in CI: `CI=true make test` installs the oldest SDK beside the pinned one")
    folder = Path(sys.prefix) / f"encord-{FLOOR}"
    assert folder.exists(), f"`make test` installs it: CI=true make .venv/encord-{FLOOR}"
    return folder


@pytest.mark.timeout(180)
def test_the_gateway_keeps_its_promises_on_the_oldest_sdk(floor: Path) -> None:
    guarded = os.environ["PYTHONPATH"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(floor), guarded))}
    which = "import importlib.metadata as m, encord; print(m.version('encord'), encord.__file__)"
    said = subprocess.run(
        [sys.executable, "-c", which], env=environment, check=True, capture_output=True, text=True
    )
    version, place = said.stdout.split()
    assert version == FLOOR
    assert Path(place).is_relative_to(floor), "the pinned SDK was tested instead"
    suite = ["tests/contract/test_encord_gateway.py", "-q", "-k", "sandbox"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *suite],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]
