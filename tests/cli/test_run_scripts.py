"""Scripts about runs: submitting, retrying, pausing, cancelling, adopting, rescuing."""

import json
import shutil
from collections.abc import Callable

import pytest

from services.__main__ import main
from services.domain.chunks import Ranges
from services.domain.metadata import read_schema
from services.domain.runs import DatasetChoice, FolderChoice, RunState
from services.domain.scripts import onboarding
from services.domain.scripts.script import Place, Script
from services.engine.onboarding import link_nonce, retry_nonce
from services.following import arrival, follow
from services.manifests import repair
from services.manifests.options import CheckOptions
from services.sandbox.demo import INTEGRATION, SITES
from tests.cli.scripted import (
    FEW,
    FEW_URLS,
    FIXED,
    FROM_FTP,
    Dashboard,
    folder_called,
    items,
    run_command,
    run_python,
    state_of,
    submit_script,
    uploaded,
    waiting,
)


def test_both_register_the_same_items(dashboard: Dashboard) -> None:
    before = dashboard.runtime.ledger.runs().total
    run_python(submit_script(dashboard, FolderChoice(name="By program"), max_chunk_entries=80))
    command = submit_script(dashboard, FolderChoice(name="By command"), max_chunk_entries=80)
    assert run_command(command) == 1  # three files of the demo bucket cannot be read
    by_program = items(dashboard, folder_called(dashboard, "By program"))
    assert len(by_program) == 192
    assert items(dashboard, folder_called(dashboard, "By command")) == by_program
    runs = dashboard.runtime.ledger.runs()
    assert runs.total == before + 1  # the program is Encord's own
    run = runs.rows[0]
    assert (run.name, run.chunks, run.dataset_uuid) == ("Streets", 3, None)


def mended(dashboard: Dashboard) -> str:
    """Upload the manifest, mend it as its page does, and download what the page offers."""
    store, given = dashboard.runtime.manifests, uploaded(dashboard)
    made = repair.replace_urls(store, given, FROM_FTP, dashboard.options)
    name = repair.file_name(store, made)
    shutil.copy(store.folder(made) / "source", dashboard.folder / name)
    return name


def test_both_register_what_was_mended_and_not_the_upload_of_the_same_name(
    dashboard: Dashboard,
) -> None:
    name = mended(dashboard)
    for folder, run in (("Mended by program", run_python), ("Mended by command", run_command)):
        run(submit_script(dashboard, FolderChoice(name=folder), name=name))
        urls = {url for url, *_ in items(dashboard, folder_called(dashboard, folder))}
        assert f"{FROM_FTP.new}.jpg" in urls


def test_both_compare_metadata_with_what_the_page_chose(dashboard: Dashboard) -> None:
    picky = CheckOptions(schema=read_schema({"site": {"type": "enum", "options": [SITES[0]]}}))
    counts = []
    for run in (run_python, run_command):
        name = f"Compared {run.__name__}"
        for check in (picky, CheckOptions()):  # another choice is another run, also by a command
            run(submit_script(dashboard, FolderChoice(name=name), check=check))
            folders = [each.uuid for each in dashboard.gateway.find_folders(name)]
            counts.append(sum(len(items(dashboard, each)) for each in folders))
    few, both = counts[:2]
    assert 0 < few < both - few
    assert counts[2:] == [few, both]


def test_an_existing_folder_and_other_options_are_the_same(dashboard: Dashboard) -> None:
    folder = dashboard.gateway.create_folder("Shared", "")
    choice = FolderChoice(uuid=folder.uuid, name=folder.name)
    run_python(submit_script(dashboard, choice))
    once = items(dashboard, folder.uuid)
    assert len(once) == 192
    assert run_command(submit_script(dashboard, choice)) == 1
    assert items(dashboard, folder.uuid) == once
    run_command(submit_script(dashboard, choice, skip_duplicate_urls=False))
    assert len(items(dashboard, folder.uuid)) == 2 * len(once)


def test_both_retry_link_and_verify_one_run(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime, ledger = dashboard.runtime, dashboard.runtime.ledger
    run_command(submit_script(dashboard, FolderChoice(name="Retried")))
    run = ledger.runs().rows[0].id
    assert runtime.sandbox_demo is not None
    runtime.sandbox_demo.mend()

    cause = "object-missing"
    run_python(onboarding.retry(run, nonce=retry_nonce(0, cause=cause), cause=cause))
    (retry,) = ledger.retries(run)
    assert follow(runtime, retry.id).counts.registered == 2
    assert run_command(onboarding.retry(run, nonce=retry_nonce(1))) == 0
    assert ledger.family(run).arrived == 195
    assert FIXED in {url for url, *_ in items(dashboard, folder_called(dashboard, "Retried"))}

    link = onboarding.link(run, DatasetChoice(title="It's -linked"), nonce=link_nonce(195))
    run_python(link)
    assert run_command(link) == 0  # follows what the program began, and makes no second one
    (dataset,) = dashboard.gateway.list_datasets("It's -linked")
    assert len(dashboard.gateway.list_rows(dataset.uuid)) == 195
    assert len(ledger.receipts(run=run)) == 1

    run_python(onboarding.verify(run))
    assert run_command(onboarding.verify(run)) == 0
    assert "195 of 195 matched" in capsys.readouterr().out
    assert [receipt.proven for receipt in ledger.receipts(run=run)] == [True, True]


def test_both_retry_a_part_of_what_failed(dashboard: Dashboard) -> None:
    runtime, ledger = dashboard.runtime, dashboard.runtime.ledger
    run_command(submit_script(dashboard, FolderChoice(name="In parts"), name=FEW))
    run = ledger.runs().rows[0].id
    one, find = Ranges.of([2]), "nowhere/2"
    run_python(onboarding.retry(run, nonce=retry_nonce(0, entries=one), entries=one))
    follow(runtime, ledger.retries(run)[0].id)
    run_command(onboarding.retry(run, nonce=retry_nonce(1, entries=one), entries=one))
    run_python(onboarding.retry(run, nonce=retry_nonce(2, search=find), search=find))
    follow(runtime, ledger.retries(run)[2].id)
    run_command(onboarding.retry(run, nonce=retry_nonce(3, search=find), search=find))
    sent = [ledger.outcomes(each.id).rows for each in ledger.retries(run)]
    assert [[row.url for row in rows] for rows in sent] == [
        [FEW_URLS[2]],
        [FEW_URLS[2]],
        [FEW_URLS[3]],
        [FEW_URLS[3]],
    ]


def test_both_pause_a_run_and_go_on_with_it(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    run = waiting(dashboard, "Paused")
    run_python(onboarding.pause(run))
    assert state_of(dashboard, run) is RunState.PAUSED
    run_python(onboarding.resume(run))
    assert state_of(dashboard, run) is RunState.QUEUED
    assert run_command(onboarding.pause(run)) == 0
    assert arrival(follow(dashboard.runtime, run)) == 2  # which would wait for ever
    assert f"To go on: python -m services resume {run}" in capsys.readouterr().err
    assert run_command(onboarding.resume(run)) == 1  # two files are not there
    assert "2 of 4 registered, 2 failed" in capsys.readouterr().out
    assert run_command(onboarding.cancel(run)) == run_command(onboarding.pause(run)) == 2
    assert "has ended already" in capsys.readouterr().err


@pytest.mark.parametrize("work", [run_python, run_command])
def test_both_cancel_a_run(dashboard: Dashboard, work: Callable[[Script], object]) -> None:
    run = waiting(dashboard, f"Cancelled {work.__name__}")
    work(onboarding.cancel(run))
    follow(dashboard.runtime, run)
    assert state_of(dashboard, run) is RunState.CANCELLED
    assert dashboard.runtime.ledger.family(run).arrived == 0
    if work is run_command:
        assert work(onboarding.cancel(run)) == 0


def test_both_adopt_a_job_that_was_started_elsewhere(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    store, gateway = dashboard.runtime.manifests, dashboard.gateway
    manifest = uploaded(dashboard, FEW)
    checked = store.check(manifest, dashboard.options)
    document = dashboard.folder / "elsewhere.json"
    checked.write_registration(checked.valid_indexes(), document)
    (integration,) = [each for each in gateway.list_integrations() if each.title == INTEGRATION]
    folder = gateway.create_folder("Elsewhere", "")
    job = gateway.start_upload(folder.uuid, integration.id, document, trace="elsewhere")
    script = onboarding.adopt(
        dashboard.place,
        name=FEW,
        check=dashboard.options.to_json(),
        job=job,
        folder=folder.uuid,
        integration=integration.id,
    )
    run_python(script)
    assert run_command(script) == run_command(script) == 1  # two files are not there
    assert capsys.readouterr().out.count("2 of 4 registered, 2 failed") == 2
    (run,) = [each for each in dashboard.runtime.ledger.runs().rows if each.adopted_job == job]
    assert run.folder_uuid == folder.uuid
    # What the page's click would make is the same run.
    clicked = dashboard.runtime.onboarding.adopt(
        job,
        manifest=manifest,
        check=dashboard.options.to_json(),
        folder=gateway.get_folder(folder.uuid),
        integration=integration,
        connection=dashboard.connection,
        account=dashboard.account,
        actor="somebody",
    )
    assert clicked == run.id
    nowhere = ["--folder-uuid=00000000-0000-0000-0000-000000000000"]
    words = ["adopt", FEW, f"--job={job}", f"--integration={INTEGRATION}", *nowhere]
    assert main(words) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_both_rescue_a_run_from_its_folder(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(submit_script(dashboard, FolderChoice(name="Lost"), name=FEW))
    folder = folder_called(dashboard, "Lost")
    assert run_command(onboarding.rescue(dashboard.place, folder)) == 0
    assert "2 of 2 registered, 0 failed" in capsys.readouterr().out
    by_command = dashboard.runtime.ledger.runs().rows[0]
    assert by_command.name == "Rescued: Lost"
    run_python(onboarding.rescue(dashboard.place, folder))
    by_program = dashboard.runtime.ledger.runs().rows[0]
    assert by_program.id != by_command.id
    follow(dashboard.runtime, by_program.id)
    found = [dashboard.runtime.ledger.outcomes(each.id).rows for each in (by_command, by_program)]
    assert [{row.url for row in rows} for rows in found] == [set(FEW_URLS[:2])] * 2


def test_no_key_is_in_a_script(dashboard: Dashboard) -> None:
    real = Place(domain="https://api.us.encord.com")
    script = onboarding.create_dataset(real, DatasetChoice(title="x"))
    assert 'os.environ["ENCORD_SSH_KEY_FILE"]' in script.python
    assert "https://api.us.encord.com" in script.command
    assert "PRIVATE" not in script.python + script.command
    asks = onboarding.rescue(real, "the-folder").python
    assert "Settings(domain='https://api.us.encord.com')" in asks
    assert "connect(runtime, 'encord')" in asks


def test_of_nothing_no_dataset_is_made(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    (dashboard.folder / "gone.json").write_text(
        json.dumps({"images": [{"objectUrl": url} for url in FEW_URLS[2:]]})
    )
    words = ["onboard", "gone.json", f"--integration={INTEGRATION}", "--folder=Gone"]
    assert main(words) == 1
    assert "0 of 2 registered, 2 failed" in capsys.readouterr().out
    assert dashboard.gateway.list_datasets("Gone") == []
