"""Each scenario of the demo studio: set up by one click, shown beat by beat on the real pages."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from services.demo_studio.sandbox_demo import SandboxDemo
from services.demo_studio.scenarios import BY_ID
from services.domain.runs import RunState
from services.ledger.views import RunView
from tests.browser.axe import violations
from tests.browser.conftest import new_context
from tests.browser.driver import Dashboard, visiting
from tests.browser.server import Server, Start, serving


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, forking: Start) -> Iterator[Server]:
    """A server of its own: setting a scenario up starts the sandbox over."""
    with serving(tmp_path_factory.mktemp("stage"), start=forking) as server:
        yield server


class Presenter(Dashboard):
    """Somebody who sets a scenario up and follows its script."""

    def set_up(self, scenario: str, *, entries: int) -> None:
        self.open("/demo")
        card = self.page.locator(f".st-key-scenario_{scenario}")
        called = BY_ID[scenario].called
        field = card.get_by_label(f"Entries of {called}", exact=True)
        field.fill(str(entries))
        field.blur()
        self.idle()
        card.get_by_role("button", name=f"Set up {called}").click()
        expect(self.page.get_by_role("tab", name="Presenter", selected=True)).to_be_visible()
        self.sees(f"{BY_ID[scenario].title}: beat 1 of")
        self.idle()

    def begin(self, page: str) -> None:
        self.click(f"Go to {page}")
        self.heading(page)
        self.at(1)

    def at(self, beat: int) -> None:
        expect(
            self.page.locator(".st-key-presenting").get_by_text(f"Beat {beat} of")
        ).to_be_visible()
        self.idle()

    def next(self, page: str, beat: int) -> None:
        self.click("Next beat")
        self.at(beat)
        self.heading(page)

    def press(self, name: str) -> None:
        """Click the button whose name matches."""
        self.page.get_by_role("button", name=re.compile(name)).first.click()


@pytest.fixture
def presenter(window: BrowserContext, stage: Server) -> Iterator[Presenter]:
    with visiting(window, stage.url, Presenter) as person:
        yield person


class LateRequest:
    """Sends a part's own request for news once more, when the next page is being drawn."""

    def __init__(self, page: Page) -> None:
        self.sent = False
        self._request = b""
        self._page = page
        page.route_web_socket(re.compile("_stcore/stream"), self._listen)

    def overhear(self) -> None:
        """Wait for the next request of a part."""
        self._request = b""
        while not self._request:
            self._page.evaluate("() => new Promise(requestAnimationFrame)")

    def _listen(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def ask(message: str | bytes) -> None:
            asked = BackMsg.FromString(_bytes(message))
            if asked.rerun_script.is_auto_rerun:
                self._request = _bytes(message)
            server.send(message)

        def answer(message: str | bytes) -> None:
            answered = ForwardMsg.FromString(_bytes(message))
            asked = BackMsg.FromString(self._request).rerun_script
            begun = answered.new_session
            if self._request and begun.page_script_hash not in ("", asked.page_script_hash):
                server.send(self._request)
                self.sent, self._request = True, b""
            browser.send(message)

        browser.on_message(ask)
        server.on_message(answer)


def _bytes(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message


def newest(stage: Server) -> RunView:
    return stage.ledger().runs().rows[0]


def test_news_that_are_asked_for_too_late_leave_the_next_page_alone(
    browser: Browser, stage: Server
) -> None:
    with new_context(browser) as context:
        presenter = Presenter(context, stage.url)
        late = LateRequest(presenter.page)
        presenter.set_up("first-onboarding", entries=20)
        late.overhear()
        presenter.begin("Manifest")
        assert late.sent
        presenter.sees("ready")
        presenter.idle()
        presenter.heading("Manifest")
        presenter.verify_clean()


def test_first_onboarding(presenter: Presenter) -> None:
    presenter.set_up("first-onboarding", entries=20)
    assert not violations(presenter.page)
    presenter.begin("Manifest")
    presenter.sees("ready")
    presenter.next("Submit", 2)
    presenter.press(r"^Submit \d+ entries")
    presenter.heading("Run")
    presenter.sees("What failed, and why")
    presenter.next("Run", 3)
    presenter.next("Run", 4)
    presenter.click("Mend the bucket")
    presenter.press(r"^Retry all 3 entries")
    expect(presenter.metric("Registered")).to_have_text("3")
    presenter.next("Datasets", 5)
    presenter.press(r"^Link \d+ entries")
    presenter.sees("See the verification")
    presenter.next("Verify", 6)
    presenter.sees("entries matched")


def test_a_vendors_csv_full_of_mistakes(presenter: Presenter) -> None:
    presenter.set_up("vendor-mistakes", entries=100)
    presenter.begin("Manifest")
    presenter.sees("to fix")
    presenter.sees("Row with more or fewer cells")
    presenter.next("Manifest", 2)
    presenter.next("Manifest", 3)
    presenter.next("Submit", 4)


def test_a_forbidden_prefix_and_cors(presenter: Presenter, stage: Server) -> None:
    presenter.set_up("forbidden-cors", entries=30)
    presenter.begin("Run")
    presenter.sees("Encord may not read the object")
    presenter.next("Bucket", 2)
    presenter.sees("2 origins refused")
    presenter.next("Run", 3)
    presenter.click("Mend the bucket")
    presenter.click("Retry 10 entries")
    expect(presenter.metric("Registered")).to_have_text("10")
    assert newest(stage).still_failed == 0


def test_an_outage_in_the_middle(presenter: Presenter, stage: Server, browser: Browser) -> None:
    presenter.set_up("outage", entries=600)
    with new_context(browser) as context:
        audience = Dashboard(context, stage.url).open("/demo?audience=follow")
        audience.sees("A run under way")
        presenter.begin("Run")
        presenter.next("Run", 2)
        presenter.click("Start the outage")
        audience.sees("Encord goes away")
        presenter.next("Run", 3)
        presenter.sees("Complete")
        audience.sees("600 of 600 files, each exactly once.")
        assert not violations(audience.page)
        audience.verify_clean()
    run = newest(stage)
    assert (run.state, run.counts.registered, run.still_failed) == (RunState.COMPLETE, 600, 0)


def test_many_files_at_speed(presenter: Presenter, stage: Server) -> None:
    presenter.set_up("at-speed", entries=12_000)
    presenter.begin("Manifest")
    presenter.sees("All 12,000 entries ready")
    presenter.next("Submit", 2)
    presenter.click("Submit 12,000 entries")
    presenter.heading("Run")
    presenter.next("Run", 3)
    expect(presenter.metric("Registered")).to_have_text("12,000")
    presenter.next("Run", 4)
    assert newest(stage).counts.registered == 12_000


def test_a_schema_conflict(presenter: Presenter) -> None:
    presenter.set_up("schema-conflict", entries=60)
    presenter.begin("Manifest")
    presenter.sees("to fix")
    presenter.next("Schema", 2)
    presenter.press(r"^Take \d+ keys? into the draft")
    presenter.sees("taken into the draft")
    presenter.next("Schema", 3)
    presenter.click("Let a colleague add a key")
    presenter.sees("The schema has a key more")
    presenter.press(r"^Apply \d+ changes?")
    dialog = presenter.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Apply", exact=True).click()
    presenter.sees("Somebody changed the schema meanwhile; nothing was sent")


def test_a_fault_is_planned_and_cleared(presenter: Presenter, stage: Server) -> None:
    controls = SandboxDemo(stage.data / "sandbox" / "endpoint.json")
    presenter.open("/demo?demo_view=Faults")
    presenter.sees("every call goes well")
    presenter.choose("What happens", "Half an answer")
    presenter.fill("Times", "0")
    presenter.click("Plan it")
    presenter.sees("Clear all faults")
    planned = controls.call("GET", "faults")["planned"]
    assert [(each["operation"], each["kind"]) for each in planned] == [
        ("v1 *", "malformed"),
        ("v2 *", "malformed"),
    ]
    assert not violations(presenter.page)
    presenter.click("Clear all faults")
    presenter.sees("every call goes well")
    assert controls.call("GET", "faults")["planned"] == []
    presenter.click("Stall every job")
    presenter.sees("Let jobs go on")
    assert controls.call("GET", "state")["stalled"]
    presenter.click("Let jobs go on")
    presenter.sees("Stall every job")
    assert not controls.call("GET", "state")["stalled"]
