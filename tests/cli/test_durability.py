"""What stands in the ledger is on disk before a request leaves: seen from the system calls."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.sandbox.demo import demo_manifest_json

ROOT = Path(__file__).resolve().parents[2]
MISSING = "strace is not installed: on Debian and Ubuntu, apt-get install strace"
CALLS = "trace=pwrite64,write,fdatasync,fsync,sendto"


@pytest.fixture
def strace() -> str:
    found = shutil.which("strace")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="system calls are traced on Linux")
def test_every_start_leaves_after_its_intent_is_on_disk(strace: str, tmp_path: Path) -> None:
    manifest, trace = tmp_path / "manifest.json", tmp_path / "trace"
    manifest.write_bytes(demo_manifest_json(40))
    environment = {
        **os.environ,
        "ENCORD_ONBOARDING_DATA_DIR": str(tmp_path / "data"),
        "ENCORD_ONBOARDING_POLL_FIRST_SECONDS": "0.2",
        "ENCORD_ONBOARDING_SANDBOX_RATE": "1000",
        "ENCORD_ONBOARDING_WORKER_SLOTS": "1",
    }
    onboard = ["onboard", str(manifest), "--integration", "Demo bucket", "--folder", "Traced"]
    subprocess.run(
        [
            *(strace, "-f", "--seccomp-bpf", "-y", "-s", "160", "-e", CALLS, "-o", str(trace)),
            *(sys.executable, "-m", "services", *onboard),
        ],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        timeout=120,
    )
    starts = list(starts_and_debts(trace.read_text()))
    assert starts, "no upload was started"
    assert not any(starts), "a request left before the ledger's log was on disk"


def starts_and_debts(trace: str) -> list[bool]:
    """Return for every start of an upload whether the write-ahead log still owed a sync."""
    owed, starts = False, []
    for line in trace.splitlines():
        if re.search(r"pwrite64\(\d+<[^>]*ledger\.sqlite3-wal>", line):
            owed = True
        elif re.search(r"fdatasync\(\d+<[^>]*ledger\.sqlite3-wal>\)|fdatasync resumed", line):
            owed = False
        elif "POST " in line and "data-upload-jobs" in line:
            starts.append(owed)
    return starts
