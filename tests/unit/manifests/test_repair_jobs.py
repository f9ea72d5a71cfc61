"""Mending as jobs: done once, watched and cancelled by anybody, found again, never half done."""

import io
import os
import signal
import threading
from collections.abc import Iterator

import pytest

from services.domain.rules import Fix
from services.jobs import JobState
from services.manifests.options import CheckOptions
from services.manifests.repair import (
    EditOrder,
    FixOrder,
    Kind,
    Order,
    Preview,
    RepairJobs,
    Replacement,
    ReplaceOrder,
    RowsOrder,
    lineage,
)
from services.manifests.store import ManifestStore

pytestmark = pytest.mark.usefixtures("forked")

ASKED = CheckOptions()
SMALL = 3
#: More bytes than are mended at once; their process takes long enough to be cancelled or killed.
LARGE = 10_000


def manifest(store: ManifestStore, rows: int) -> str:
    lines = (f"gs://demo/a {n}.jpg,image,{'t' * 200}\n" for n in range(rows))
    text = "ObjectURL,Type,Title\n" + "".join(lines)
    fingerprint = store.add("vendor.csv", io.BytesIO(text.encode()))
    store.check(fingerprint, ASKED)
    return fingerprint


def fix(*, preview: bool = False) -> FixOrder:
    return FixOrder(
        options=ASKED.to_json(), code="url-whitespace", fix=Fix.PERCENT_ENCODE, preview=preview
    )


def replacing(new: str) -> ReplaceOrder:
    asked = Replacement(kind=Kind.BUCKET, old="demo", new=new)
    return ReplaceOrder(options=ASKED.to_json(), replacement=asked)


@pytest.fixture
def repairs(store: ManifestStore) -> Iterator[RepairJobs]:
    yield RepairJobs(store)
    for child in store.jobs._children.values():
        child.kill()
        child.wait()


def ended(repairs: RepairJobs, fingerprint: str, order: Order) -> JobState:
    pause = threading.Event()
    while (state := repairs.state(fingerprint, order)).phase == "running":
        pause.wait(0.05)
    return state


def test_small_manifests_are_mended_at_once(store: ManifestStore, repairs: RepairJobs) -> None:
    before = manifest(store, SMALL)
    assert repairs.start(before, fix(preview=True)).phase == "done"
    found = repairs.answer(before, fix(preview=True), Preview)
    assert (found.count, found.changes[0].after) == (SMALL, "gs://demo/a%200.jpg")
    assert repairs.start(before, fix()).phase == "done"
    made = repairs.answer(before, fix(), str)
    assert store.check(made, ASKED).summary.valid_entries == SMALL
    assert not store.jobs._children


def test_large_manifests_are_mended_in_a_process_that_others_join_and_find(
    store: ManifestStore, repairs: RepairJobs
) -> None:
    before = manifest(store, LARGE)
    repairs.start(before, fix())
    other = RepairJobs(ManifestStore(store.root, max_bytes=store.max_bytes))
    other.start(before, fix())
    assert len(store.jobs._children) == 1
    assert not other._store.jobs._children
    assert ended(other, before, fix()).phase == "done"
    made = other.answer(before, fix(), str)
    assert other.made(before) == [made]
    assert [known.order for known in other.making(before)] == [fix()]
    (step,) = lineage(store, made)
    assert (step.parent, step.count) == (before, LARGE)


def test_cancelled_work_makes_nothing_and_can_be_asked_for_again(
    store: ManifestStore, repairs: RepairJobs
) -> None:
    before = manifest(store, LARGE)
    order = replacing("other")
    repairs.start(before, order)
    repairs.cancel(before, order)
    assert ended(repairs, before, order) == JobState(
        phase="failed", message="The work was cancelled."
    )
    assert [each.fingerprint for each in store.recent()] == [before]
    repairs.forget(before, order)
    assert repairs.state(before, order).phase == "none"
    repairs.start(before, order)
    assert ended(repairs, before, order).phase == "done"


def test_killed_work_is_reported_and_leaves_the_manifest(
    store: ManifestStore, repairs: RepairJobs
) -> None:
    before = manifest(store, LARGE)
    repairs.start(before, fix())
    (child,) = store.jobs._children.values()
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    state = repairs.state(before, fix())
    assert (state.phase, "ended unexpectedly" in state.message) == ("failed", True)
    assert [each.fingerprint for each in store.recent()] == [before]


def test_our_own_child_that_lives_is_never_called_dead(
    store: ManifestStore, repairs: RepairJobs
) -> None:
    before = manifest(store, LARGE)
    repairs.start(before, fix())
    ((folder, child),) = store.jobs._children.items()
    os.kill(child.pid, signal.SIGSTOP)
    for path in (folder, *folder.iterdir()):
        os.utime(path, (0, 0))
    elsewhere = RepairJobs(ManifestStore(store.root, max_bytes=store.max_bytes))
    assert elsewhere.state(before, fix()).phase == "failed"
    assert repairs.state(before, fix()).phase == "running"
    os.kill(child.pid, signal.SIGCONT)
    assert ended(repairs, before, fix()).phase == "done"


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (EditOrder(options=ASKED.to_json(), edits={9: {"objectUrl": "x"}}), "no entry 9"),
        (FixOrder(options=ASKED.to_json(), code="url-empty", fix=Fix.TRIM), "not a fix"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(
    store: ManifestStore, repairs: RepairJobs, order: Order, said: str
) -> None:
    before = manifest(store, SMALL)
    state = repairs.start(before, order)
    assert state.phase == "failed"
    assert said in state.message


def test_looks_that_nobody_asks_for_any_more_are_not_kept(
    store: ManifestStore, repairs: RepairJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.manifests.repair.jobs.KEPT", 2)
    before = manifest(store, SMALL)
    repairs.start(before, fix())
    for offset in range(5):
        rows = RowsOrder(options=ASKED.to_json(), code=None, offset=offset, limit=1)
        assert repairs.start(before, rows).phase == "done"
    assert len(list((store.root / before).glob("*.work"))) == 4  # the last was no old one yet
    assert repairs.state(before, fix()).phase == "done"
