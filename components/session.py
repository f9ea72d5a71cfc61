"""What one browser session remembers: ids and small values. The only user of session state.

Rows, keys and clients never live here. Widget values are read through `value()`, so that the names
of widgets stay with the components that draw them.

A callback is given what the page before was drawn from, and a click may come before what was typed
last has been drawn: the new value and the click then arrive together. What decides something
therefore asks the fields themselves, through `value()` or `typed()`; only what was shown beside
them, such as a manifest and its check, comes as an argument.
"""

import secrets
import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import count
from typing import Any, Final

import streamlit as st

from services.buckets.accounts import SERVER
from services.domain.metadata import OrganisationSchema
from services.domain.schema.draft import Draft
from services.ledger.snapshots import SchemaSnapshot

_KEY: Final = "onboarding_session"
#: No number comes again after a restart: a page that is still open knows those it was told.
_turns = count(time.time_ns())


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a callback has to say to the next drawing of the page."""

    title: str
    #: Static words only, or text already passed through `text.code`.
    body: str
    reference: str | None = None
    good: bool = False
    #: The entry of the troubleshooting that says more.
    symptom: str = ""
    #: Tells apart what is said twice.
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Destination:
    """The page to go to once the callback is over."""

    page: str
    query: dict[str, str]
    #: How often we have set out for it.
    tries: int = 0
    #: From which page and ids, and when, by a clock that only goes on.
    left: tuple[str, ...] = ()
    since: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaDesk:
    """A schema that is being designed: where from, how far, and which way back is looked at."""

    connection: str
    base: OrganisationSchema
    at: datetime
    draft: Draft
    #: The draft with what was typed into the table; it stays when the table is out of sight.
    typed: Draft | None = None
    #: Rises whenever the table is to be drawn from the draft anew.
    version: int = 0
    #: The snapshot to go back to, instead of what the draft wants.
    snapshot: SchemaSnapshot | None = None


class TourState(StrEnum):
    """Whether the guided tour is on, as its address says it too."""

    OFF = "off"
    ON = "on"
    #: On, and the demo bucket was mended.
    MENDED = "mended"


@dataclass(slots=True)
class _State:
    schema_desk: SchemaDesk | None = None
    connection: str | None = None
    #: Connections made by this session; another session's are never offered here.
    granted: tuple[str, ...] = ()
    manifest: str | None = None
    #: The manifest whose verdict this session asked for last, and which time that was.
    verdict: tuple[str, int] | None = None
    run: str | None = None
    bucket: str | None = None
    #: Who asks Google, see `Accounts`; and the service accounts this session gave.
    google_account: str = SERVER
    google_accounts: tuple[str, ...] = ()
    #: The folders this session asked a bucket to list, as they were typed, by bucket.
    listed: dict[str, str] = field(default_factory=dict)
    nonces: dict[str, str] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    destination: Destination | None = None
    #: Manifests to come: from a bucket, by an order to mend another, and one that is being taken.
    waits_for_build: str | None = None
    waits_for: str | None = None
    takes: str | None = None
    tour: TourState = TourState.OFF
    #: A scenario that is being set up, and whether this session presents one.
    waits_for_demo: str | None = None
    presents: bool = False
    has_dialog: bool = False


def _state() -> _State:
    state = st.session_state.setdefault(_KEY, _State())
    assert isinstance(state, _State)
    return state


def actor() -> str:
    """Return who is acting, for the ledger's events."""
    email = getattr(st.user, "email", None)
    return str(email) if email else "local user"


def connection_id() -> str | None:
    """Return the connection this session chose; None when it made no choice yet."""
    return _state().connection


def use_connection(connection: str | None) -> None:
    """Work with this connection from now on; None goes back to the server's default."""
    _state().connection = connection


def granted() -> tuple[str, ...]:
    """Return the connections this session made with keys of its own."""
    return _state().granted


def grant(connection: str) -> None:
    """Let this session, and no other, use a connection it just made."""
    state = _state()
    state.granted = tuple(dict.fromkeys((*state.granted, connection)))
    state.connection = connection


def revoke(connection: str) -> None:
    """Forget a connection this session made."""
    state = _state()
    state.granted = tuple(other for other in state.granted if other != connection)
    if state.connection == connection:
        state.connection = None


def manifest() -> str | None:
    """Return the fingerprint of the manifest this session works on."""
    return _state().manifest


def ask_for_verdict(fingerprint: str) -> None:
    """Remember that this session asked for the check of a manifest."""
    _state().verdict = (fingerprint, next(_turns))


def turn_of_verdict(fingerprint: str) -> int | None:
    """Tell which time this session asked for the check of a manifest, unless another was last."""
    asked = _state().verdict
    return asked[1] if asked and asked[0] == fingerprint else None


def use_manifest(fingerprint: str | None) -> None:
    """Work on this manifest from now on."""
    _state().manifest = fingerprint


def run() -> str | None:
    """Return the run this session looked at last."""
    return _state().run


def use_run(run_id: str | None) -> None:
    """Remember the run this session looks at."""
    _state().run = run_id


def bucket() -> str | None:
    """Return the bucket this session looked at last."""
    return _state().bucket


def use_bucket(name: str | None) -> None:
    """Remember the bucket this session looks at."""
    _state().bucket = name


def listed(bucket: str) -> str | None:
    """Return the folders this session asked a bucket to list, as they were typed; None at first."""
    return _state().listed.get(bucket)


def use_listed(bucket: str, folders: str) -> None:
    """Remember the folders this session asked a bucket to list, as they were typed."""
    _state().listed[bucket] = folders


def google_account() -> str:
    """Return who asks Google for this session: the id of an account of `Accounts`."""
    return _state().google_account


def use_google_account(account: str) -> None:
    """Ask Google as this account from now on."""
    _state().google_account = account


def google_accounts() -> tuple[str, ...]:
    """Return the service accounts this session gave; another session's are never offered here."""
    return _state().google_accounts


def grant_google_account(account: str) -> None:
    """Let this session, and no other, use a service account it just gave."""
    state = _state()
    state.google_accounts = tuple(dict.fromkeys((*state.google_accounts, account)))
    state.google_account = account


def revoke_google_account(account: str) -> None:
    """Forget a service account this session gave."""
    state = _state()
    state.google_accounts = tuple(each for each in state.google_accounts if each != account)
    if state.google_account == account:
        state.google_account = SERVER


def schema_desk() -> SchemaDesk | None:
    """Return the schema this session designs."""
    return _state().schema_desk


def without_snapshot(desk: SchemaDesk) -> SchemaDesk:
    """Return a design that wants what its draft says, not a way back."""
    return replace(desk, snapshot=None)


def use_schema_desk(desk: SchemaDesk | None) -> None:
    """Go on with this design from now on."""
    _state().schema_desk = desk


def nonce(purpose: str) -> str:
    """Return the token that makes repeated clicks on one decision one decision."""
    return _state().nonces.setdefault(purpose, secrets.token_hex(16))


def renew_nonce(purpose: str) -> None:
    """Make the next click on this purpose a decision of its own."""
    _state().nonces.pop(purpose, None)


def own(purpose: str) -> str:
    """Return what tells answers apart that this session wanted anew; empty until it did."""
    return _state().nonces.get(purpose, "")


def want_own(purpose: str) -> None:
    """Let this session be answered anew, and not with what others were told a moment ago."""
    _state().nonces[purpose] = secrets.token_hex(16)


def notify(place: str, notice: Notice) -> None:
    """Leave a notice for `place`, to be shown until it is cleared."""
    _state().notices[place] = replace(notice, turn=next(_turns))


def notice(place: str) -> Notice | None:
    """Return the notice left for `place`."""
    return _state().notices.get(place)


def clear_notice(place: str) -> None:
    """Take the notice for `place` away."""
    _state().notices.pop(place, None)


def go_to(page: str, **query: str) -> None:
    """Ask for another page; callbacks cannot switch by themselves."""
    _state().destination = Destination(page, query)


def destination() -> Destination | None:
    """Return where a callback wanted to go, until we are there for good."""
    return _state().destination


def is_leaving() -> bool:
    """Tell whether a callback wanted to go somewhere, and nobody has set out yet."""
    wanted = _state().destination
    return wanted is not None and not wanted.tries


def set_out(left: tuple[str, ...]) -> None:
    """Remember that we are on the way once more; `left` is the page, and its ids, at first."""
    wanted = _state().destination
    if wanted:
        if not wanted.tries:
            wanted = replace(wanted, left=left, since=time.monotonic())
        _state().destination = replace(wanted, tries=wanted.tries + 1)


def arrive() -> None:
    """Forget where a callback wanted to go."""
    _state().destination = None


def wait_for(order: str | None) -> None:
    """Remember the order to mend a manifest that this session wants the answer of."""
    _state().waits_for = order


def waits_for() -> str | None:
    """Return the order to mend a manifest that this session wants the answer of."""
    return _state().waits_for


def take(job: str | None) -> None:
    """Remember the job that takes a manifest for this session."""
    _state().takes = job


def takes() -> str | None:
    """Return the job that takes a manifest for this session."""
    return _state().takes


def set_dialog(*, is_open: bool) -> None:
    """Remember whether a dialog is open; a page that is drawn anew begins without one."""
    _state().has_dialog = is_open


def is_dialog_open() -> bool:
    """Tell whether a dialog is open."""
    return _state().has_dialog


def value(key: str) -> Any:  # noqa: ANN401 - a widget's value is whatever its widget makes
    """Return a widget's value; None when the widget was not drawn yet."""
    return st.session_state.get(key)


def typed(key: str) -> str:
    """Return what stands in a text field, without blanks around it; empty when it is not drawn."""
    return str(value(key) or "").strip()


def set_value(key: str, new: object) -> None:
    """Set a widget's value. Only in callbacks, or before the widget is drawn."""
    st.session_state[key] = new


def wait_for_build(work: str | None) -> None:
    """Remember the manifest from a bucket that this session wants to be led to."""
    _state().waits_for_build = work


def waits_for_build() -> str | None:
    """Return the manifest from a bucket that this session wants to be led to."""
    return _state().waits_for_build


def tour() -> TourState:
    """Return whether this session is on the guided tour."""
    return _state().tour


def use_tour(state: TourState) -> None:
    """Go on the guided tour, or leave it."""
    _state().tour = state


def wait_for_demo(work: str | None) -> None:
    """Remember the scenario this session wants to be set up."""
    _state().waits_for_demo = work


def waits_for_demo() -> str | None:
    """Return the scenario this session wants to be set up."""
    return _state().waits_for_demo


def present(*, on: bool) -> None:
    """Present a demo from now on, or end that."""
    _state().presents = on


def is_presenting() -> bool:
    """Return whether this session presents a demo."""
    return _state().presents
