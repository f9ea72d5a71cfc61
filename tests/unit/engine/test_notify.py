"""A webhook hears of the end of a run once, signed, and again only under the same id."""

import base64
import hashlib
import hmac
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Row, select, update

from services.domain.runs import Problem, RunState, WorkKind, WorkState
from services.engine import notify
from services.engine.context import Step
from services.engine.notify import TRIES, advance_notify
from services.engine.webhook import Webhook, WebhookSettingError, signature
from services.ledger.errors import LeaseLostError
from services.ledger.notices import announce
from services.ledger.specs import run_spec
from services.ledger.store import Claim
from services.ledger.tables import RUN, WORK
from tests.unit.engine.world import World
from tests.unit.loopback import Cut, Loopback, Reply, http, serving

SECRET = "a secret of the receiver"
OK = http(204)


@contextmanager
def receiver(*replies: Reply, deadline: float = 10.0) -> Iterator[tuple[Loopback, Webhook]]:
    with serving(*replies) as server:
        yield server, Webhook(url=f"{server.url}/hook?x=1", secret=SECRET, deadline=deadline)


@pytest.fixture
def run(world: World) -> str:
    made = world.submit(world.images(3))
    world.settle()
    tell(world, made)
    return made


def tell(
    world: World, run: str, state: RunState = RunState.COMPLETE, problem: Problem | None = None
) -> None:
    with world.ledger.transaction() as cx:
        announce(cx, run, state, problem)


def notices(world: World) -> list["Row[tuple[object, ...]]"]:
    with world.ledger.reading() as cx:
        return list(
            cx.execute(select(WORK).where(WORK.c.kind == WorkKind.NOTIFY).order_by(WORK.c.id))
        )


def claimed(world: World) -> Step | None:
    """Claim the notice that is due, as a worker does."""
    with world.ledger.transaction() as cx:
        now = world.clock.now(cx)
        due = select(WORK.c.id).where(
            WORK.c.kind == WorkKind.NOTIFY, WORK.c.state == WorkState.OPEN, WORK.c.next_at <= now
        )
        taken = cx.execute(
            update(WORK)
            .where(WORK.c.id == due.order_by(WORK.c.id).limit(1).scalar_subquery())
            .values(fence=WORK.c.fence + 1, owner="worker", lease_until=now + 30)
            .returning(WORK.c.id, WORK.c.run, WORK.c.fence)
        ).one_or_none()
        if taken is None:
            return None
        claim = Claim(
            work=taken.id,
            run=taken.run,
            kind=WorkKind.NOTIFY,
            connection="",
            fence=taken.fence,
            owner="worker",
        )
        return Step(tools=world.tools, claim=claim, run=run_spec(cx, taken.run))


def deliver(world: World, webhook: Webhook | None) -> bool:
    step = claimed(world)
    if step:
        advance_notify(step, webhook)
    return step is not None


def test_a_finished_run_is_told_once(world: World, run: str) -> None:
    with receiver(OK) as (server, webhook):
        assert deliver(world, webhook)
        tell(world, run)
        assert not deliver(world, webhook)
        assert len(server.requests) == 1
    said = server.requests[0].json()
    assert said["type"] == "run.complete"
    assert said["run"]["id"] == run
    assert said["counts"] == {
        "entries": 3,
        "registered": 3,
        "already_there": 0,
        "failed": 0,
        "cancelled": 0,
        "unknown": 0,
    }
    history = [event.what for event in world.ledger.events(run).rows]
    assert history[0] == "notified"
    assert world.view(run).state is RunState.COMPLETE


def test_the_signature_is_the_one_of_standard_webhooks(world: World, run: str) -> None:
    with receiver(OK) as (server, webhook):
        deliver(world, webhook)
    request = server.requests[0]
    signed = ".".join([request.headers["webhook-id"], request.headers["webhook-timestamp"], ""])
    digest = hmac.new(SECRET.encode(), signed.encode() + request.body, hashlib.sha256).digest()
    assert request.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert request.json()["id"] == request.headers["webhook-id"]
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60
    assert (request.method, request.target) == ("POST", "/hook?x=1")


def test_the_published_example_signs_as_published() -> None:
    """The example of the specification's own test suites."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    made = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_that_is_away_is_tried_again_later(world: World, run: str) -> None:
    with receiver(http(500), Cut.RESET, http(429), OK) as (server, webhook):
        for _ in range(3):
            assert deliver(world, webhook)
            assert not deliver(world, webhook)  # not yet due
            world.clock.seconds += notify.LONGEST_PAUSE * 2
        assert deliver(world, webhook)
    assert len({request.headers["webhook-id"] for request in server.requests}) == 1
    assert len(server.requests) == 4
    assert [row.state for row in notices(world)] == [WorkState.DONE]


def test_pauses_grow_to_a_limit() -> None:
    pauses = [notify._pause(tries) for tries in range(1, TRIES)]
    assert 8 <= pauses[0] <= 12
    assert max(pauses) <= notify.LONGEST_PAUSE * 1.2
    assert sum(pauses) > 4 * 3600


def test_a_receiver_that_never_answers_is_given_up(world: World, run: str) -> None:
    with receiver(http(500)) as (server, webhook):
        while deliver(world, webhook):
            world.clock.seconds += notify.LONGEST_PAUSE * 2
        assert len(server.requests) == TRIES
    assert [row.state for row in notices(world)] == [WorkState.CANCELLED]
    assert world.ledger.events(run).rows[0].what == "notice given up"
    assert world.view(run).state is RunState.COMPLETE


def test_a_worker_that_dies_after_delivery_repeats_under_the_same_id(
    world: World, run: str
) -> None:
    with receiver(OK) as (server, webhook):
        step = claimed(world)
        assert step
        claimed_again = claimed(world)  # its lease ran out while it was sending
        with pytest.raises(LeaseLostError):
            advance_notify(step, webhook)
        assert claimed_again
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(notify, "_conclude", died)
            with pytest.raises(KeyboardInterrupt):
                advance_notify(claimed_again, webhook)
        assert deliver(world, webhook)
        assert not deliver(world, webhook)
    assert len({request.headers["webhook-id"] for request in server.requests}) == 1
    assert len(server.requests) == 2


def died(*_: object) -> None:
    raise KeyboardInterrupt


def test_each_state_and_problem_is_told_once(world: World, run: str) -> None:
    for _ in range(2):
        tell(world, run, RunState.NEEDS_ATTENTION, Problem.RECONNECT)
        tell(world, run, RunState.NEEDS_ATTENTION, Problem.FOLDER_GONE)
        tell(world, run, RunState.CANCELLED)
        tell(world, run, RunState.SUBMITTING)
    with receiver(OK) as (server, webhook):
        while deliver(world, webhook):
            pass
    bodies = [request.json() for request in server.requests]
    told = [(said["type"], said["run"]["problem"]) for said in bodies]
    assert told == [
        ("run.complete", None),
        ("run.needs-attention", "reconnect"),
        ("run.needs-attention", "folder-gone"),
        ("run.cancelled", None),
    ]


def test_a_run_that_needs_somebody_again_is_told_again(world: World) -> None:
    stopped = world.submit(world.images(3))
    world.connected = False
    for _ in range(2):
        world.settle()
        assert world.view(stopped).problem is Problem.RECONNECT
        world.onboarding.resume(stopped, actor="tester")
    with receiver(OK) as (server, webhook):
        while deliver(world, webhook):
            pass
    told = [request.json() for request in server.requests]
    assert [said["run"]["problem"] for said in told] == ["reconnect", "reconnect"]
    assert len({said["id"] for said in told}) == 2


def test_redirects_are_not_followed(world: World, run: str) -> None:
    with serving(OK) as elsewhere:
        redirect = http(307, Location=f"{elsewhere.url}/stolen")
        with receiver(redirect) as (_, webhook):
            deliver(world, webhook)
        assert elsewhere.connections == 0
    assert [row.state for row in notices(world)] == [WorkState.OPEN]


def test_no_secret_and_no_signed_url_leaves(world: World, run: str) -> None:
    signed = "https://storage.googleapis.com/b/k?X-Goog-Signature=abcdef0123456789"
    with world.ledger.transaction() as cx:
        cx.execute(update(RUN).values(name=f"copy of {signed}", problem_detail=signed))
    with receiver(OK) as (server, webhook):
        deliver(world, webhook)
    body = server.requests[0].body
    assert b"abcdef0123456789" not in body
    assert b"SHA256:test" not in body
    assert b"gs://" not in body
    assert SECRET.encode() not in body
    assert SECRET not in repr(webhook)
    assert "/hook" not in repr(webhook)


def test_without_a_webhook_a_notice_is_closed(world: World, run: str) -> None:
    assert deliver(world, None)
    assert not deliver(world, None)
    assert [row.state for row in notices(world)] == [WorkState.CANCELLED]


def test_a_receiver_that_holds_the_line_is_left(world: World, run: str) -> None:
    with receiver(Cut.HANG, deadline=0.2) as (_, webhook):
        started = time.monotonic()
        deliver(world, webhook)
        assert time.monotonic() - started < 5
    assert [row.tries for row in notices(world)] == [1]


def test_a_receiver_that_drips_is_left_at_the_deadline() -> None:
    enough = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            while not enough.wait(0.02):
                try:
                    connection.sendall(b"H")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        port = listener.getsockname()[1]
        webhook = Webhook(url=f"http://127.0.0.1:{port}/", secret=SECRET, deadline=0.3)
        started = time.monotonic()
        answer = webhook.post("id", b"{}", at=1)
        assert time.monotonic() - started < 5
        enough.set()
        thread.join()
    assert not answer.delivered


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "http://169.254.169.254/",
        "ftp://127.0.0.1/",
        "https://",
        "https://user:password@example.com/",
        "https://example.com:port/",
        "https://example.com/a b",
        "https://example.com/\r\nX-Injected: 1",
        "//example.com",
        "",
    ],
)
def test_an_address_that_is_not_safe_is_refused(url: str) -> None:
    with pytest.raises(WebhookSettingError):
        Webhook(url=url, secret=SECRET)


@pytest.mark.parametrize("secret", ["", "short", "whsec_", "whsec_not base64!", "whsec_YWJj"])
def test_a_secret_that_protects_nothing_is_refused(secret: str) -> None:
    with pytest.raises(WebhookSettingError):
        Webhook(url="https://example.com/hook", secret=secret)


@pytest.mark.parametrize(
    "url",
    ["https://example.com/hook", "http://127.0.0.1:8080/", "http://[::1]/", "http://localhost"],
)
def test_an_address_that_is_safe_is_taken(url: str) -> None:
    Webhook(url=url, secret=SECRET)
