"""Scripts about datasets and proof: linking, splitting, verifying, unlinking."""

from collections.abc import Callable

import pytest

from services.__main__ import main
from services.bootstrap import Runtime
from services.domain.runs import DatasetChoice, FolderChoice, RunState
from services.domain.scripts import onboarding, proofs
from services.domain.scripts.script import Script
from services.domain.tasks import Purpose, Question, Source, Teller
from services.engine.onboarding import link_nonce
from services.engine.proof.proofs import Asker
from services.engine.proof.splitting import titles_of
from services.following import follow
from services.ledger.specs import run_spec
from services.ledger.views import RunView
from tests.cli.scripted import (
    FEW,
    FEW_URLS,
    NAME,
    Dashboard,
    folder_called,
    registered,
    run_command,
    run_python,
    state_of,
    submit_script,
    uploaded,
    waiting,
)


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


def test_a_dataset_is_known_by_every_spelling_of_its_uuid(dashboard: Dashboard) -> None:
    run_command(submit_script(dashboard, FolderChoice(name="Spelled")))
    run = dashboard.runtime.ledger.runs().rows[0].id
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
