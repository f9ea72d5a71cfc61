"""Any order of clicks, faults, kills, progress and waiting keeps the ledger's promises.

Hypothesis drives the engine on a clock moved by hand: a day passes in a second, and a failure
shrinks to the shortest story that breaks an invariant.
"""

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from services.domain.runs import RunState
from services.encord_api.errors import InvalidRequest, NotSent, RateLimited, Unclear
from services.ledger.errors import NothingToRetryError
from services.ledger.events import broken_links
from tests.contract.memory import Fault
from tests.unit.engine.test_protocol import KilledError
from tests.unit.engine.world import World

STARTING = "starting the upload"
FAULTS = {
    "lost before": lambda: Fault(Unclear(STARTING)),
    "lost after": lambda: Fault(Unclear(STARTING), after=True),
    "not sent": lambda: Fault(NotSent(STARTING)),
    "limited": lambda: Fault(RateLimited(STARTING, retry_after=30)),
    "refused": lambda: Fault(InvalidRequest(STARTING)),
    "killed before": lambda: Fault(KilledError()),  # type: ignore[arg-type]
    "killed after": lambda: Fault(KilledError(), after=True),  # type: ignore[arg-type]
}
CALLS = ("start_upload", "job_status", "list_items", "create_folder", "link_items", "list_rows")
IMAGES = 6


class Onboardings(RuleBasedStateMachine):
    """The rules are what people, Encord and bad luck can do."""

    def __init__(self) -> None:
        super().__init__()
        self.home = tempfile.TemporaryDirectory()
        self.world = World(Path(self.home.name))
        self.world.encord.rate = 0
        self.manifest = self.world.images(IMAGES)
        self.runs: list[str] = []

    def teardown(self) -> None:
        self.world.ledger.engine.dispose()
        self.home.cleanup()

    @initialize(dataset=st.booleans())
    def somebody_begins(self, dataset: bool) -> None:  # noqa: FBT001
        self.click(dataset)

    @precondition(lambda self: len(self.runs) < 2)
    @rule(dataset=st.booleans())
    def click(self, dataset: bool) -> None:  # noqa: FBT001
        nonce = str(len(self.runs))
        title = "Dataset" if dataset else None
        run = self.world.submit(self.manifest, nonce=nonce, chunk=2, dataset=title)
        assert run == self.world.submit(self.manifest, nonce=nonce, chunk=2, dataset=title)
        self.runs.append(run)

    @rule(count=st.integers(1, 8))
    def work(self, count: int) -> None:
        for _ in range(count):
            try:
                if self.world.step() is None:
                    return
            except KilledError:
                return

    @rule(seconds=st.sampled_from([1.0, 31.0, 61.0, 300.0]), count=st.integers(0, 3))
    def wait(self, seconds: float, count: int) -> None:
        self.world.clock.seconds += seconds
        self.work(count)

    @rule(units=st.integers(1, IMAGES), count=st.integers(0, 3))
    def encord_works(self, units: int, count: int) -> None:
        self.world.encord.advance(units)
        self.work(count)

    @rule(call=st.sampled_from(CALLS), fault=st.sampled_from(sorted(FAULTS)))
    def bad_luck(self, call: str, fault: str) -> None:
        self.world.encord.script(call, FAULTS[fault]())

    @rule(image=st.integers(0, IMAGES - 1), broken=st.booleans())
    def bucket_changes(self, image: int, broken: bool) -> None:  # noqa: FBT001
        url = f"gs://bucket/{image}.jpg"
        if broken:
            self.world.encord.broken[url] = "404: no such object"
        else:
            self.world.encord.broken.pop(url, None)

    @precondition(lambda self: bool(self.runs))
    @rule(data=st.data())
    def person_acts(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(self.runs))
        act = data.draw(st.sampled_from(["cancel", "resume", "retry"]))
        onboarding = self.world.onboarding
        if act == "cancel":
            onboarding.cancel(run, actor="tester")
        elif act == "resume":
            onboarding.resume(run, actor="tester")
        else:
            try:
                onboarding.retry(run, nonce="retry", actor="tester")
            except NothingToRetryError:
                return

    @invariant()
    def no_url_is_twice_in_a_folder(self) -> None:
        for folder, urls in self._folders().items():
            twice = [url for url, count in urls.items() if count > 1]
            assert not twice, (folder, twice)

    @invariant()
    def every_job_was_intended_before_it_was_sent(self) -> None:
        for call in self.world.encord.calls:
            if call.operation == "start_upload":
                assert self._knows(str(call.arguments[-1])), call

    @invariant()
    def counts_add_up(self) -> None:
        for run in self.runs:
            view = self.world.view(run)
            assert view.counts.settled <= view.counts.entries
            if view.state in {RunState.COMPLETE, RunState.CANCELLED}:
                assert view.counts.pending == 0, view

    @invariant()
    def history_is_whole(self) -> None:
        with self.world.ledger.reading() as cx:
            assert list(broken_links(cx)) == []

    def _folders(self) -> dict[str, Counter[str]]:
        found: dict[str, Counter[str]] = {}
        for stored in self.world.encord._stored.items():
            folder, items = stored
            found[folder] = Counter(one.item.url or "" for one in items)
        return found

    def _knows(self, token: str) -> bool:
        from sqlalchemy import select

        from services.ledger.tables import ATTEMPT

        with self.world.ledger.reading() as cx:
            return cx.scalar(select(ATTEMPT.c.n).where(ATTEMPT.c.token == token)) is not None


TestOnboardings = Onboardings.TestCase
TestOnboardings.settings = settings(
    max_examples=30,
    stateful_step_count=40,
    suppress_health_check=list(HealthCheck),
)
