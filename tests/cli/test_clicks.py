"""Twelve processes submit the same thing at the same moment, forty times: forty runs."""

import multiprocessing  # noqa: TC003 - reads better up here
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import func, select

from services.domain.runs import FolderChoice, Submission
from services.ledger import runs
from services.ledger.store import Ledger
from services.ledger.tables import RUN
from tests.nursery import NURSERY
from tests.postgres import Cluster

pytestmark = pytest.mark.usefixtures("main_of_nobody")

PROCESSES: Final = 12
ROUNDS: Final = 40


def submission(turn: int) -> Submission:
    return Submission(
        name="Run",
        connection="connection",
        account="SHA256:test",
        manifest="f" * 64,
        check="{}",
        folder=FolderChoice(name="Folder"),
        integration="integration",
        integration_title="Demo bucket",
        nonce=str(turn),
        created_by="tester",
    )


def click(url: str, start: Barrier, answers: "multiprocessing.Queue[list[str]]") -> None:
    """Be one of the processes: submit in each round as soon as all are there."""
    ledger = Ledger(url)
    said = []
    for turn in range(ROUNDS):
        start.wait()
        with ledger.transaction() as cx:
            said.append(
                runs.create(
                    cx, submission(turn), connection_label="", manifest_name="m", entries=1, held=0
                )
            )
    answers.put(said)


def all_click(url: str) -> None:
    Ledger(url).engine.dispose()
    start, answers = NURSERY.Barrier(PROCESSES), NURSERY.Queue()
    clicking = [NURSERY.Process(target=click, args=(url, start, answers)) for _ in range(PROCESSES)]
    for process in clicking:
        process.start()
    said = [answers.get(timeout=120) for _ in clicking]
    for process in clicking:
        process.join()
    assert all(each == said[0] for each in said), "somebody was told of another run"
    assert len(set(said[0])) == ROUNDS
    ledger = Ledger(url)
    with ledger.reading() as cx:
        assert cx.scalar(select(func.count()).select_from(RUN)) == ROUNDS
    ledger.engine.dispose()


def test_simultaneous_submissions_are_one_run_on_sqlite(tmp_path: Path) -> None:
    all_click(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")


@pytest.mark.timeout(300)
def test_simultaneous_submissions_are_one_run_on_postgresql(postgres: Cluster) -> None:
    all_click(postgres.new_database())
