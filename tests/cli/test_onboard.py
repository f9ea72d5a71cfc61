"""`python -m services onboard`, as a script would call it, against the sandbox."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from services.__main__ import main
from services.bootstrap import Runtime, build_runtime
from services.domain.runs import RunState, WorkKind, WorkState
from services.ledger import holders
from services.ledger.tables import WORK
from services.sandbox.demo import demo_manifest_csv, demo_manifest_json
from services.settings import Settings
from tests.cli import browser_run

pytestmark = pytest.mark.usefixtures("forked")

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = 5_000
NOBODYS = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "ENCORD_ONBOARDING_DATA_DIR": str(tmp_path / "data"),
        "ENCORD_ONBOARDING_POLL_FIRST_SECONDS": "0.2",
        "ENCORD_ONBOARDING_POLL_LAST_SECONDS": "0.5",
        "ENCORD_ONBOARDING_SETTLE_SECONDS": "1",
        "ENCORD_ONBOARDING_LEASE_SECONDS": "2",
        "ENCORD_ONBOARDING_SANDBOX_RATE": "1000",
    }


def command(
    environment: dict[str, str], manifest: Path, integration: str = "Demo bucket", *more: str
) -> subprocess.Popen[str]:
    words = ["onboard", str(manifest), "--integration", integration, "--folder", "From a script"]
    return subprocess.Popen(
        [sys.executable, "-m", "services", *words, *more],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@contextmanager
def runtime_of(environment: dict[str, str]) -> Iterator[Runtime]:
    """Open what the command left behind, with the sandbox running again."""
    folder = Path(environment["ENCORD_ONBOARDING_DATA_DIR"])
    runtime = build_runtime(Settings(data_dir=folder))
    runtime.start_sandbox()
    assert runtime.wait_for_sandbox()
    yield runtime
    runtime.stop()


def registered_urls(runtime: Runtime) -> Counter[str | None]:
    """List what Encord has, through the real SDK."""
    sandbox = runtime.connections.sandbox()
    assert sandbox is not None
    folder = runtime.ledger.runs().rows[0].folder_uuid
    assert folder is not None
    pages = runtime.connections.gateway(sandbox.id).list_items(folder)
    return Counter(item.url for page in pages for item in page)


def test_killed_half_way_it_finishes_with_every_url_once(
    environment: dict[str, str], tmp_path: Path
) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(demo_manifest_json(ENTRIES))
    first = command(environment, manifest)
    assert first.stderr is not None
    for line in first.stderr:
        if line.startswith("processing") and " 0 of" not in line:
            break
    first.send_signal(signal.SIGKILL)
    first.communicate()

    second = command(environment, manifest)
    output, progress = second.communicate(timeout=120)
    assert second.returncode == 0, progress
    assert f"{ENTRIES} of {ENTRIES} matched, 0 missing, 0 duplicate" in output
    with runtime_of(environment) as runtime:
        assert runtime.ledger.runs().total == 1
        urls = registered_urls(runtime)
    assert len(urls) == ENTRIES
    assert set(urls.values()) == {1}


def test_what_does_not_arrive_is_not_called_success(
    environment: dict[str, str], tmp_path: Path
) -> None:
    manifest = tmp_path / "vendor.csv"
    manifest.write_bytes(demo_manifest_csv())
    process = command(environment, manifest)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "3 missing" in output


def test_an_unknown_integration_is_named_with_the_known_ones(
    environment: dict[str, str], tmp_path: Path
) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(demo_manifest_json(3))
    process = command(environment, manifest, integration="Nobody's bucket")
    _, progress = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Nobody's bucket" in progress
    assert "Demo bucket (strict)" in progress


def test_a_run_without_a_dataset_gets_one_when_one_is_asked_for(
    environment: dict[str, str], tmp_path: Path
) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(demo_manifest_json(3))
    first = command(environment, manifest, "Demo bucket", "--no-dataset")
    output, progress = first.communicate(timeout=120)
    assert "3 of 3 registered" in output, progress
    for more in ((), (), ("--dataset", "Another"), ("--dataset", "Another")):
        again = command(environment, manifest, "Demo bucket", *more)
        output, progress = again.communicate(timeout=120)
        assert (again.returncode, "3 of 3 matched" in output) == (0, True), progress
    with runtime_of(environment) as runtime:
        (run,) = runtime.ledger.runs().rows
        assert run.dataset_title == "Another"
        datasets = runtime.connections.datasets(run.connection)
        assert sorted(each.title for each in datasets) == ["Another", "From a script"]


def submitted_with_the_key_of_a_browser(runtime: Runtime) -> str:
    """Submit as a dashboard does that has a webhook and whose worker holds the key."""
    with runtime.ledger.transaction() as cx:
        now = runtime.ledger.clock.now(cx)
        holders.note(cx, "the dashboard's worker", ["browser"], now=now, until=now + 3600)
        return browser_run.begin(cx)


def test_the_runs_and_the_notices_of_the_dashboard_are_left_to_it(
    environment: dict[str, str], tmp_path: Path
) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(demo_manifest_json(20))
    with runtime_of(environment) as runtime:
        theirs = submitted_with_the_key_of_a_browser(runtime)
        process = command(environment, manifest)
        output, progress = process.communicate(timeout=240)
        assert process.returncode == 0, progress
        assert "20 of 20 matched" in output
        view = runtime.ledger.run(theirs)
        assert view is not None
        assert (view.state, view.problem) == (RunState.QUEUED, None)
        with runtime.ledger.reading() as cx:
            notices = select(WORK.c.state).where(WORK.c.kind == WorkKind.NOTIFY)
            assert set(cx.scalars(notices)) == {WorkState.OPEN}


ADOPT = f"adopt manifest.json --integration Demo --folder-uuid {NOBODYS} --job {NOBODYS}"


@pytest.mark.parametrize(
    ("words", "option"),
    [(ADOPT, "--folder-uuid"), (ADOPT, "--job"), ("link RUN", "--dataset-uuid")],
)
def test_what_is_no_uuid_is_refused_at_once(
    words: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main([*words.split(), option, f"https://app.encord.com/{NOBODYS}"])
    assert end.value.code == 2
    assert f"argument {option}: this is not a UUID" in capsys.readouterr().err
