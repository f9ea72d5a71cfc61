"""What a run did after its ledger's backup is found again, not done again, once it is restored."""

from pathlib import Path

import pytest

from services.domain.runs import DatasetChoice, RunState
from services.ledger.care import examine
from services.ledger.copies import backup, restore
from tests.unit.engine.world import World


@pytest.mark.parametrize("steps", range(6))
def test_nothing_is_created_or_sent_twice_after_a_restore(tmp_path: Path, steps: int) -> None:
    before = World(tmp_path)
    run = before.submit(before.images(3), dataset="Street")
    for _ in range(steps):
        if before.step() is None:
            before.clock.seconds += 60
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    backup(url, tmp_path / "copy")
    before.settle()
    assert before.view(run).state is RunState.COMPLETE
    before.ledger.engine.dispose()

    restore(tmp_path / "copy", url, replace=True)
    after = World(tmp_path, encord=before.encord)
    after.clock.seconds = before.clock.seconds + 3600
    after.settle()
    assert after.view(run).state is RunState.COMPLETE
    assert after.ledger.receipts(run=run)[0].proven
    assert (after.asked("create_folder"), after.asked("create_dataset")) == (1, 1)
    assert after.asked("start_upload") == 1
    assert examine(url).is_whole


def test_a_run_cancelled_after_a_restore_creates_nothing(tmp_path: Path) -> None:
    before = World(tmp_path)
    run = before.submit(before.images(3), dataset="Street")
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    backup(url, tmp_path / "copy")
    before.ledger.engine.dispose()

    restore(tmp_path / "copy", url, replace=True)
    after = World(tmp_path, encord=before.encord)
    after.onboarding.cancel(run, actor="tester")
    after.settle()
    assert after.view(run).state is RunState.CANCELLED
    assert after.view(run).counts.cancelled == 3
    assert (after.asked("create_folder"), after.asked("start_upload")) == (0, 0)


def test_a_dataset_linked_again_is_adopted_after_a_restore(tmp_path: Path) -> None:
    before = World(tmp_path)
    run = before.submit(before.images(3), dataset="Street")
    before.settle()
    street = DatasetChoice(title="Street")
    assert before.onboarding.link(run, street, nonce="again", actor="tester")
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    backup(url, tmp_path / "copy")
    before.ledger.engine.dispose()

    restore(tmp_path / "copy", url, replace=True)
    after = World(tmp_path, encord=before.encord)
    after.settle()
    assert after.view(run).state is RunState.COMPLETE
    assert [receipt.proven for receipt in after.ledger.receipts(run=run)] == [True, True]
    assert after.asked("create_dataset") == 1
    assert examine(url).is_whole
