"""The programs and commands that pages show, run for real against the sandbox.

What a page does is what the engine does; a command is the engine too. A program has to end in the
same place, as Encord's own SDK or Google's client sees it.
"""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.__main__ import main
from services.bootstrap import Runtime, build_runtime
from services.buckets.reach import TIMEOUT
from services.buckets.recipe import Recipe
from services.cloud_storage.credentials import anonymous
from services.cloud_storage.google import GoogleBuckets
from services.cloud_storage.google import connect as connect_google
from services.domain import cors
from services.domain.chunks import Ranges
from services.domain.metadata import read_schema
from services.domain.rules import Fix
from services.domain.runs import DatasetChoice, FolderChoice, RunOptions, RunState, Submission
from services.domain.scripts import buckets, manifests, onboarding, proofs
from services.domain.scripts.script import Place, Script
from services.domain.tasks import Purpose, Question, Source, Teller
from services.encord_api.interface import EncordGateway
from services.engine.onboarding import link_nonce, retry_nonce
from services.engine.proof.proofs import Asker
from services.engine.proof.splitting import titles_of
from services.ledger.buckets import TrialState
from services.ledger.specs import run_spec
from services.ledger.views import RunView
from services.manifests import mapping_apply, repair
from services.manifests.mapping import URL, ColumnMapping, Mapped
from services.manifests.options import CheckOptions
from services.manifests.repair import Kind, Replacement
from services.onboard import arrival, follow
from services.sandbox.demo import BUCKET, INTEGRATION, SITES, VIDEOS, demo_manifest_csv
from services.settings import Settings

NAME = "street & field's.csv"
FROM_FTP = Replacement(
    kind=Kind.PREFIX,
    old="ftp://files.example.com/street/0007",
    new=f"gs://{BUCKET}/images/street/0140",
)
#: Two files that are in the bucket, two that are not and stay away when it is mended.
FEW, FEW_URLS = (
    "few.json",
    [
        f"gs://{BUCKET}/{key}"
        for key in (
            "images/street/0001.jpg",
            "images/street/0002.jpg",
            "nowhere/1.jpg",
            "nowhere/2.jpg",
        )
    ],
)
FIXED = "gs://encord-demo-bucket/restricted/0001.jpg"


@dataclass(frozen=True)
class Dashboard:
    """A running sandbox, and what a page would know of it."""

    runtime: Runtime
    folder: Path

    @property
    def place(self) -> Place:
        return Place(domain=self._connection.domain, is_sandbox=True)

    @property
    def options(self) -> CheckOptions:
        check = self.runtime.connections.check(self._connection.id)
        return CheckOptions(schema=check.schema)

    @property
    def gateway(self) -> EncordGateway:
        return self.runtime.connections.gateway(self._connection.id)

    @property
    def bucket(self) -> GoogleBuckets:
        return connect_google(anonymous(), api_endpoint=self._connection.domain, timeout=TIMEOUT)

    @property
    def connection(self) -> str:
        return str(self._connection.id)

    @property
    def account(self) -> str:
        return str(self._connection.account)

    @property
    def _connection(self) -> Any:
        found = self.runtime.connections.sandbox()
        assert found is not None
        return found


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    folder = tmp_path_factory.mktemp("scripts")
    settings = Settings(
        data_dir=folder / "data",
        sandbox_rate=5000,
        poll_first_seconds=0.1,
        poll_last_seconds=0.2,
        settle_seconds=1,
    )
    runtime = build_runtime(settings)
    runtime.start_sandbox()
    assert runtime.wait_for_sandbox()
    (folder / NAME).write_bytes(demo_manifest_csv())
    few = {"images": [{"objectUrl": url} for url in FEW_URLS]}
    (folder / FEW).write_text(json.dumps(few))
    yield Dashboard(runtime, folder)
    runtime.stop()


@pytest.fixture
def dashboard(started: Dashboard, monkeypatch: pytest.MonkeyPatch) -> Dashboard:
    """Work in a folder of its own, with the settings that find the dashboard's data."""
    settings = started.runtime.settings
    for name in ("data_dir", "poll_first_seconds", "poll_last_seconds", "settle_seconds"):
        monkeypatch.setenv(f"ENCORD_ONBOARDING_{name}".upper(), str(getattr(settings, name)))
    key = settings.data_dir / "sandbox" / "demo_key"
    monkeypatch.setenv("ENCORD_SSH_KEY_FILE", str(key))
    monkeypatch.chdir(started.folder)
    return started


def run_python(script: Script) -> None:
    exec(compile(script.python, "script.py", "exec"), {"__name__": "__main__"})


def run_command(script: Script) -> int:
    """Run what a shell makes of the command; files it writes are written by a real shell."""
    *before, last = script.command.rpartition("python -m services ")
    if before[0]:
        subprocess.run(["sh", "-ec", before[0]], check=True, env=os.environ)
    return main(shlex.split(last))


def items(dashboard: Dashboard, folder: str) -> list[tuple[str | None, str, str, object]]:
    pages = dashboard.gateway.list_items(folder, metadata=True)
    found = [(item.url, item.name, item.type, item.metadata) for page in pages for item in page]
    return sorted(found, key=repr)


def folder_called(dashboard: Dashboard, name: str) -> str:
    (found,) = [each for each in dashboard.gateway.find_folders(name) if each.name == name]
    return found.uuid


def submit_script(
    dashboard: Dashboard,
    folder: FolderChoice,
    *,
    name: str = NAME,
    check: CheckOptions | None = None,
    **options: Any,
) -> Script:
    found = {each.title: each.id for each in dashboard.gateway.list_integrations()}
    return onboarding.submit(
        dashboard.place,
        name=name,
        check=(check or dashboard.options).to_json(),
        run="Streets",
        folder=folder,
        integration=found[INTEGRATION],
        options=RunOptions(**options),
    )


def test_both_register_the_same_items(dashboard: Dashboard) -> None:
    run_python(submit_script(dashboard, FolderChoice(name="By program"), max_chunk_entries=80))
    command = submit_script(dashboard, FolderChoice(name="By command"), max_chunk_entries=80)
    assert run_command(command) == 1  # three files of the demo bucket cannot be read
    by_program = items(dashboard, folder_called(dashboard, "By program"))
    assert len(by_program) == 192
    assert items(dashboard, folder_called(dashboard, "By command")) == by_program
    (run,) = dashboard.runtime.ledger.runs().rows
    assert (run.name, run.chunks, run.dataset_uuid) == ("Streets", 3, None)


def uploaded(dashboard: Dashboard, name: str = NAME) -> str:
    with (dashboard.folder / name).open("rb") as source:
        return dashboard.runtime.manifests.add(name, source)


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


def waiting(dashboard: Dashboard, nonce: str) -> str:
    """Submit as a page does, while no worker is there."""
    manifest, runtime = uploaded(dashboard, FEW), dashboard.runtime
    check = runtime.manifests.check(manifest, dashboard.options).options
    (integration,) = [
        each for each in dashboard.gateway.list_integrations() if each.title == INTEGRATION
    ]
    submission = Submission(
        name=nonce,
        connection=dashboard.connection,
        account=dashboard.account,
        manifest=manifest,
        check=check.to_json(),
        folder=FolderChoice(name=nonce),
        integration=integration.id,
        integration_title=integration.title,
        nonce=nonce,
        created_by="somebody",
    )
    return runtime.onboarding.submit(submission, actor="somebody")


def state_of(dashboard: Dashboard, run: str) -> RunState:
    found = dashboard.runtime.ledger.run(run)
    assert found
    return found.state


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


def test_a_link_ends_well_only_in_the_dataset_that_was_asked_for(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime = dashboard.runtime
    run_command(submit_script(dashboard, FolderChoice(name="Linked")))
    run = runtime.ledger.runs().rows[0].id
    chosen = DatasetChoice(title="Chosen")
    assert runtime.onboarding.link(run, chosen, nonce=link_nonce(192), actor="somebody")
    assert main(["link", run, "--dataset", "Other"]) == 2
    assert "to another dataset" in capsys.readouterr().err
    main(["link", run, "--dataset", "Chosen"])
    assert main(["link", run, "--dataset-uuid", "00000000-0000-0000-0000-000000000000"]) == 2
    assert "needs attention" in capsys.readouterr().err
    main(["link", run, "--dataset", "Other"])
    linked = [receipt.dataset_title for receipt in runtime.ledger.receipts(run=run)]
    assert linked == ["Other", "Chosen"]
    assert len(dashboard.gateway.list_datasets("Other")) == 1


def test_a_dataset_is_known_by_every_spelling_of_its_uuid(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(submit_script(dashboard, FolderChoice(name="Spelled")))
    run = dashboard.runtime.ledger.runs().rows[0].id
    assert main(["link", run, "--dataset-uuid", "Spelled"]) == 2
    assert "not the UUID" in capsys.readouterr().err
    dataset = dashboard.gateway.create_dataset("Spelled", "")
    spelled = dataset.replace("-", "").upper()
    ends = [main(["link", run, "--dataset-uuid", each]) for each in (spelled, dataset)]
    assert ends[0] == ends[1] != 2
    (receipt,) = dashboard.runtime.ledger.receipts(run=run)
    assert receipt.dataset_uuid == dataset


def test_both_verify_a_folder_again_that_is_in_no_dataset(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime = dashboard.runtime
    run_command(submit_script(dashboard, FolderChoice(name="Only a folder"), name=FEW))
    run = runtime.ledger.runs().rows[0]
    question = Question(source=Source(teller="run", id=run.id), folder=run.folder_uuid)
    asker = Asker(connection=run.connection, account=dashboard.account, actor="somebody")
    task = runtime.proofs.verify(question, name="A folder", asker=asker, nonce="one")
    follow(runtime, task)
    run_python(onboarding.verify(task))
    assert run_command(onboarding.verify(task)) == 1  # two files are not there
    assert "2 of 4 matched, 2 missing" in capsys.readouterr().out
    assert len(runtime.ledger.receipts(run=task)) == 2
    assert run_command(onboarding.verify(run.id)) == 2
    assert "not linked to a dataset yet" in capsys.readouterr().err


def registered(dashboard: Dashboard, name: str, file: str = FEW) -> RunView:
    """Make a run of its own folder; of four files, two are not there."""
    run_command(submit_script(dashboard, FolderChoice(name=name), name=file))
    return dashboard.runtime.ledger.runs().rows[0]


def decision(dashboard: Dashboard, nonce: str) -> proofs.Decision:
    return proofs.Decision(
        place=dashboard.place,
        connection=dashboard.connection,
        account=dashboard.account,
        nonce=nonce,
    )


def link_of(
    dashboard: Dashboard, source: Source, choice: DatasetChoice, *, refuse: bool = False
) -> Script:
    return proofs.link_folder(dashboard.place, source, choice, refuse=refuse)


def linked(dashboard: Dashboard, title: str) -> list[set[str]]:
    """Return the links of the files in each dataset of a title."""
    found = dashboard.gateway.list_datasets(title)
    rows = [dashboard.gateway.list_rows(each.uuid) for each in found]
    return [{row.file_link or "" for row in each} for each in rows]


def test_both_link_files_of_a_folder(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = registered(dashboard, "Files").folder_uuid or ""
    one = Source(teller="folder", id=folder, search="STREET/0002", type="image", unused=True)
    made = DatasetChoice(title="--Chosen 'files'")
    run_python(link_of(dashboard, one, made))
    assert linked(dashboard, made.title) == [{FEW_URLS[1]}]
    used = link_of(dashboard, one, made)
    for _ in range(2):  # what the program linked is unused no more
        assert run_command(used) == 2
        assert "No file matches the selection, so no dataset was" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="No file matches"):
        run_python(used)
    assert [len(each) for each in linked(dashboard, made.title)] == [1]
    dashboard.gateway.unlink_rows(*rows_called(dashboard, made.title))
    assert run_command(used) == 0  # it looks again

    every, by_command = Source(teller="folder", id=folder), DatasetChoice(title="By command")
    script = link_of(dashboard, every, by_command)
    assert run_command(script) == 0
    assert "2 of 2 matched" in capsys.readouterr().out
    assert linked(dashboard, "By command") == [set(FEW_URLS[:2])]
    (dataset,) = dashboard.gateway.list_datasets("By command")
    again = DatasetChoice(uuid=dataset.uuid)
    run_python(link_of(dashboard, every, again))
    assert "2 of 2 files are in" in capsys.readouterr().out
    refused = link_of(dashboard, every, again, refuse=True)
    with pytest.raises(SystemExit, match="nothing was linked"):
        run_python(refused)
    assert run_command(refused) == 2
    assert "nothing was linked" in capsys.readouterr().err
    assert linked(dashboard, "By command") == [set(FEW_URLS[:2])]


def rows_called(dashboard: Dashboard, title: str) -> tuple[str, list[str]]:
    (found,) = dashboard.gateway.list_datasets(title)
    return found.uuid, [row.uuid for row in dashboard.gateway.list_rows(found.uuid)]


def test_what_was_cancelled_begins_anew_once_and_only_when_it_is_named(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(runtime: Runtime, run: str) -> RunView:
        runtime.onboarding.cancel(run, actor="somebody")
        return follow(runtime, run)

    folder = registered(dashboard, "Anew").folder_uuid or ""
    source = Source(teller="folder", id=folder)
    for script, place in (
        (link_of(dashboard, source, DatasetChoice(title="Anew")), "proof_commands"),
        (
            onboarding.create_dataset(dashboard.place, DatasetChoice(title="Anew 2")),
            "run_commands",
        ),
        (submit_script(dashboard, FolderChoice(name="Anew 3"), name=FEW), "onboard"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(f"services.{place}.follow", meanwhile)
            assert run_command(script) == 2
        capsys.readouterr()
        assert run_command(script) == 2
        named = capsys.readouterr().err.rpartition("give the same command with ")[2].strip()
        again = Script(command=f"{script.command} {named}")
        ends = {run_command(again) for _ in range(2)}
        assert ends <= {0, 1}
        assert len(dashboard.gateway.list_datasets("Anew")) == 1
        assert run_command(Script(command=f"{script.command} --after=nothing")) == 2
        assert "nothing was not" in capsys.readouterr().err
    assert len(dashboard.gateway.list_datasets("Anew 2")) == 1
    assert folder_called(dashboard, "Anew 3")


def test_a_command_that_links_a_folder_goes_on_with_what_it_began(dashboard: Dashboard) -> None:
    folder = registered(dashboard, "Begun").folder_uuid or ""
    source, choice = Source(teller="folder", id=folder), DatasetChoice(title="Begun")
    asker = Asker(connection=dashboard.connection, account=dashboard.account, actor="somebody")
    begun = dashboard.runtime.proofs.link(
        Question(source=source), choice, name="Begun", asker=asker, nonce="command line"
    )
    assert run_command(link_of(dashboard, source, choice)) == 0
    assert state_of(dashboard, begun) is RunState.COMPLETE
    assert run_command(link_of(dashboard, source, choice)) == 0
    (dataset,) = dashboard.gateway.list_datasets("Begun")
    again = DatasetChoice(uuid=dataset.uuid)
    before = dashboard.runtime.ledger.receipts(limit=1)
    assert run_command(link_of(dashboard, source, again)) == 0
    assert run_command(link_of(dashboard, source, again)) == 0  # links anew, once it is verified
    after = dashboard.runtime.ledger.receipts(limit=3)
    assert after[2:] == before
    assert len({each.run for each in after}) == 3


def test_both_link_a_run_in_parts(dashboard: Dashboard, capsys: pytest.CaptureFixture[str]) -> None:
    run, runtime = registered(dashboard, "Parts", NAME), dashboard.runtime
    found = runtime.proofs.split(run.id, "site")
    values, pattern = list(found.parts)[:2], "-part '{value}'"
    titles = titles_of(values, pattern)
    script = proofs.split(run.id, "site", titles, pattern)
    run_python(script)
    assert run_command(script) == 0  # follows what the program began
    matched = capsys.readouterr().out
    for value, title in titles.items():
        (links,) = linked(dashboard, title)
        assert len(links) == len(found.parts[value])
        assert f"{len(links)} of {len(links)} matched" in matched
    assert len(runtime.ledger.tasks(about=run.id, purpose=Purpose.LINK)) == 2
    assert main(["split", run.id, "--by", "site", "--title", "The same"]) == 2
    assert main(["split", run.id, "--by", "site", "--title", "x", "--value", "nowhere"]) == 2
    assert run_command(Script(command=f"{script.command} --after=nothing")) == 2
    said = capsys.readouterr().err
    assert "needs a title of its own" in said
    assert "has a site of nowhere" in said
    assert "--after names what was cancelled" in said
    (kept := runtime.manifests.folder(run.manifest)).rename(kept.with_name("away"))
    assert main(["split", run.id, "--by", "site", "--title", "{value}"]) == 2
    assert "manifest" in capsys.readouterr().err
    kept.with_name("away").rename(kept)
    alone = waiting(dashboard, "Not ended")
    assert main(["split", alone, "--by", "site", "--title", "x"]) == 2
    assert "once it has ended" in capsys.readouterr().err
    runtime.onboarding.cancel(alone, actor="somebody")


@pytest.mark.parametrize("teller", ["run", "manifest", "receipt"])
def test_both_verify_something_else(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str], teller: Teller
) -> None:
    runtime = dashboard.runtime
    run = registered(dashboard, f"Told by a {teller}")
    check = dashboard.options.to_json()
    told = {"run": run.id, "manifest": uploaded(dashboard, FEW)}
    if teller == "receipt":
        before = Question(source=Source(teller="run", id=run.id), folder=run.folder_uuid)
        asked = proofs.verify(decision(dashboard, "before"), before)
        run_command(asked)
        told["receipt"] = runtime.ledger.receipts(limit=1)[0].id
    question = Question(
        source=Source(teller=teller, id=told[teller], check=check if teller == "manifest" else ""),
        folder=run.folder_uuid,
        metadata=False,
    )
    click = decision(dashboard, f"a click on {teller}")
    script = proofs.verify(click, question, file=FEW if teller == "manifest" else "")
    run_python(script)
    asker = Asker(connection=click.connection, account=click.account, actor="somebody")
    task = runtime.proofs.verify(question, name="it's", asker=asker, nonce=click.nonce)
    assert task in capsys.readouterr().out  # the click and the program are one decision
    follow(runtime, task)
    assert run_command(script) == 1  # two files are not there
    assert "2 of 4 matched, 2 missing" in capsys.readouterr().out
    by_command, by_program = runtime.ledger.receipts(limit=2)
    assert by_program.run == task
    asked_by = [asking_of(dashboard, each.run) for each in (by_command, by_program)]
    assert asked_by == [question, question]


def asking_of(dashboard: Dashboard, task: str) -> Question:
    with dashboard.runtime.ledger.reading() as cx:
        return Question.from_json(run_spec(cx, task).question)


def test_neither_verifies_what_is_not_there(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = ["--folder-uuid", "00000000-0000-0000-0000-000000000000"]
    assert main(["verify-against", "--run", "none", *nowhere]) == 2
    assert "no such run" in capsys.readouterr().err
    assert main(["verify-against", "--receipt", "none", *nowhere]) == 2
    assert "no such receipt" in capsys.readouterr().err
    assert main(["verify-against", "--manifest", FEW]) == 2
    assert "--folder-uuid" in capsys.readouterr().err


@pytest.mark.parametrize("work", [run_python, run_command])
def test_both_take_out_what_the_receipt_says(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str], work: Callable[[Script], object]
) -> None:
    runtime, title = dashboard.runtime, f"--Taken {work.__name__}"
    run = registered(dashboard, title)
    run_command(onboarding.link(run.id, DatasetChoice(title=title), nonce=link_nonce(2)))
    (dataset,) = dashboard.gateway.list_datasets(title)
    stranger = registered(dashboard, f"Stranger {work.__name__}", NAME)
    item = next(iter(dashboard.gateway.list_items(stranger.folder_uuid or "")))[0]
    dashboard.gateway.link_items(dataset.uuid, [item.uuid])
    run_command(onboarding.verify(run.id))
    receipt = runtime.ledger.receipts(run=run.id, limit=1)[0]
    assert receipt.counts["unexpected"] == 1
    click = decision(dashboard, work.__name__)
    other = proofs.unlink(click, receipt.id, ("unexpected",), "Another title")
    assert run_command(other) == 2
    assert f"Plan: 1 rows of {title!r} go" in capsys.readouterr().err
    assert len(linked(dashboard, title)[0]) == 3
    work(proofs.unlink(click, receipt.id, ("unexpected",), title))
    task = runtime.ledger.tasks(purpose=Purpose.UNLINK)[0]
    follow(runtime, task.id)
    assert linked(dashboard, title) == [set(FEW_URLS[:2])]
    assert main(["unlink", receipt.id, "--verdict", "duplicate"]) == 2
    assert "no such rows" in capsys.readouterr().err


def test_both_create_a_dataset(dashboard: Dashboard, capsys: pytest.CaptureFixture[str]) -> None:
    script = onboarding.create_dataset(
        dashboard.place, DatasetChoice(title='--a "quoted" one', description="Of streets")
    )
    run_python(script)
    assert run_command(script) == 0
    said = capsys.readouterr().out.split()
    found = dashboard.gateway.list_datasets('--a "quoted" one')
    assert {each.uuid for each in found} == {word for word in said if word.count("-") == 4}
    assert len(found) == 2
    assert all(each.description.startswith("Of streets") for each in found)


def test_both_write_the_same_files(dashboard: Dashboard) -> None:
    check = dashboard.options.to_json()
    convert = manifests.convert(NAME, check, "-ready.jsonl", "jsonl")
    for script, target in (
        (manifests.validate(NAME, check), Path("findings.csv")),
        (convert, Path("-ready.jsonl")),
    ):
        run_python(script)
        by_program = target.read_bytes()
        target.unlink()
        assert run_command(script) == 1  # five entries are held back
        assert target.read_bytes() == by_program
        assert by_program


@pytest.mark.parametrize("work", ["fix", "replace"])
def test_both_mend_a_manifest_as_its_page_does(dashboard: Dashboard, work: str) -> None:
    store, options, given = dashboard.runtime.manifests, dashboard.options, uploaded(dashboard)
    code, change = "url-whitespace", FROM_FTP
    check, target = options.to_json(), f"{work}-mended.csv"
    if work == "fix":
        expected = repair.apply(store, given, options, code, Fix.PERCENT_ENCODE)
        script = manifests.fix(NAME, check, target, code, Fix.PERCENT_ENCODE)
    else:
        expected = repair.replace_urls(store, given, change, options)
        script = manifests.replace(NAME, check, target, change.kind.value, change.old, change.new)
    assert expected != given
    for run in (run_python, run_command):
        assert made_by(script, run, target) == expected
    assert main(["fix", NAME, target, "--code", "url-empty", "--fix", "trim"]) == 2
    assert main(["fix", NAME, target, "--code", "url-duplicate", "--fix", "drop-duplicate"]) == 1
    assert not Path(target).exists()


def made_by(script: Script, run: Callable[[Script], object], target: str) -> str:
    run(script)
    with Path(target).open("rb") as made:
        fingerprint = hashlib.file_digest(made, "sha256").hexdigest()
    Path(target).unlink()
    return fingerprint


def test_both_write_a_foreign_csv_in_our_columns(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    store, name = dashboard.runtime.manifests, "foreign 'files'.csv"
    rows = f"Where;Who\n{FEW_URLS[0]};Zoë\n{FEW_URLS[1]};Ann\n"
    (dashboard.folder / name).write_text(rows, encoding="utf-8")
    given = uploaded(dashboard, name)
    columns = (Mapped(header="Where", target=URL), Mapped(header="Who", target="metadata.who"))
    mapping = ColumnMapping(columns=columns, delimiter=";", type_by_extension=True)
    expected = mapping_apply.apply(store, given, mapping, dashboard.options)
    check, target = dashboard.options.to_json(), "-mapped.csv"
    script = manifests.map_columns(name, check, target, mapping.to_json())
    for run in (run_python, run_command):
        assert made_by(script, run, target) == expected
    (dashboard.folder / "mapping.json").write_text('{"columns": 1}')
    words = ["map-columns", name, "x.csv", "--mapping", "mapping.json"]
    assert main(words) == 2
    assert "mapping.json cannot be read: it is JSON of something else" in capsys.readouterr().err
    (dashboard.folder / "mapping.json").write_text(mapping.to_json())
    assert main(["map-columns", FEW, *words[2:]]) == 2
    assert "no columns to map" in capsys.readouterr().err


@pytest.mark.parametrize("name", [NAME, FEW])
def test_both_edit_entries(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    store, options, given = (
        dashboard.runtime.manifests,
        dashboard.options,
        uploaded(dashboard, name),
    )
    # What a JSON says of quality is a number because the schema declares one.
    first = {"objectUrl": FEW_URLS[3], "title": 'Zoë\'s "two"\nlines', "metadata.quality": "5"}
    edits: dict[int, dict[str, str | None]]
    edits = {0: {**first}, 2: {"objectUrl": FEW_URLS[2], "title": None}}
    expected = repair.edit(store, given, edits, options)
    assert expected != given
    target = "edited" + Path(name).suffix
    script = manifests.edit(name, options.to_json(), target, edits)
    for run in (run_python, run_command):
        assert made_by(script, run, target) == expected
    (dashboard.folder / "edits.json").write_text('{"first": {}}')
    assert main(["edit", name, target, "--edits", "edits.json"]) == 2
    assert "edits.json cannot be read" in capsys.readouterr().err


def test_both_look_at_the_bucket(dashboard: Dashboard, capsys: pytest.CaptureFixture[str]) -> None:
    own, sandbox = "https://own.example.com", dashboard.place.domain
    script = buckets.check(BUCKET, origins=(own,), sandbox=sandbox, sample=3)
    run_python(script)
    info, said = dashboard.bucket.bucket(BUCKET), capsys.readouterr().out
    assert info.location in said
    assert said.count("audio/") == 2 * 3  # the first names, and their content types
    assert run_command(script) in {0, 1}
    checks = capsys.readouterr().out
    assert info.location in checks
    assert f"refused: {own}\n" in checks  # and none of the others, which it refuses as well
    nowhere = buckets.check(BUCKET, origins=(), sandbox=sandbox, sample=3)
    assert run_command(nowhere) in {0, 1}
    unasked = capsys.readouterr().out
    assert "CORS: No origin of Encord's pages is named" in unasked
    assert "refused: " not in unasked


def test_both_prove_an_integration(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {each.title: each.id for each in dashboard.gateway.list_integrations()}
    script = buckets.prove(
        dashboard.place,
        bucket=BUCKET,
        integration=found[INTEGRATION],
        title=INTEGRATION,
        key=f"gs://{BUCKET}/images/street/0001.jpg",
        strict=False,
        origin=cors.ORIGINS["EU"][0],
    )
    before = dashboard.bucket.bucket(BUCKET)
    dashboard.bucket.set_cors(BUCKET, "[]", metageneration=before.metageneration)
    assert run_command(script) == 1
    assert "Needed: CORS rules for this origin" in capsys.readouterr().out
    closed = dashboard.bucket.bucket(BUCKET)
    rules = cors.mended("[]", cors.ORIGINS["EU"])
    dashboard.bucket.set_cors(BUCKET, rules, metageneration=closed.metageneration)
    assert run_command(script) == 0
    assert f"{INTEGRATION}: proven" in capsys.readouterr().out
    run_python(script)
    assert "Signed URL opens" in capsys.readouterr().out
    records = dashboard.runtime.buckets.records
    trials = records.trials(connection=dashboard.connection, bucket=BUCKET)
    assert [(each.state, each.clean) for each in trials] == [
        (TrialState.PROVEN, True),
        (TrialState.PROVEN, True),
        (TrialState.FAILED, True),
    ]


@pytest.mark.parametrize("run", [run_python, run_command])
def test_both_set_the_rules_that_were_shown(
    dashboard: Dashboard, run: Callable[[Script], object]
) -> None:
    info = dashboard.bucket.bucket(BUCKET)
    origin = f"https://{run.__name__.replace('_', '-')}.example.com"
    document = cors.mended(info.cors_document, [origin])
    sandbox = dashboard.place.domain
    run(buckets.set_cors(BUCKET, document, info.metageneration, sandbox=sandbox))
    assert dashboard.bucket.bucket(BUCKET).cors == cors.parse(document)


def test_neither_overwrites_rules_that_somebody_changed(dashboard: Dashboard) -> None:
    info = dashboard.bucket.bucket(BUCKET)
    script = buckets.set_cors(BUCKET, "[]", info.metageneration - 1, sandbox=dashboard.place.domain)
    with pytest.raises(Exception, match="412"):
        run_python(script)
    assert run_command(script) == 2
    assert dashboard.bucket.bucket(BUCKET).cors == info.cors


def test_both_make_the_same_manifest_of_a_listing(dashboard: Dashboard) -> None:
    recipe = Recipe(name="Videos", include=("**.mp4", "**.webm"), title="{stem}")
    script = buckets.make_manifest(
        BUCKET,
        "videos.json",
        recipe.to_json().decode(),
        prefixes=("videos/", "audio/"),
        sandbox=dashboard.place.domain,
    )
    run_python(script)
    by_program = Path("videos.json").read_bytes()
    Path("videos.json").unlink()
    assert run_command(script) == 0
    assert Path("videos.json").read_bytes() == by_program
    assert len(json.loads(by_program)["videos"]) == VIDEOS


def test_no_key_is_in_a_script(dashboard: Dashboard) -> None:
    real = Place(domain="https://api.us.encord.com")
    script = onboarding.create_dataset(real, DatasetChoice(title="x"))
    assert 'os.environ["ENCORD_SSH_KEY_FILE"]' in script.python
    assert "https://api.us.encord.com" in script.command
    assert "PRIVATE" not in script.python + script.command
    asks = onboarding.rescue(real, "the-folder").python
    assert "Settings(domain='https://api.us.encord.com')" in asks
    assert "connect(runtime, 'encord')" in asks
