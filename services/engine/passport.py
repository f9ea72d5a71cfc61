"""Everything the ledger and the manifests know about one object: by URL, UUID or name.

Indexes answer, so half a million entries make no difference; for a frame of a group and for a data
row, the newest manifests and receipts are searched. What Encord and Google say now is asked for
apart from this, by whoever shows it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, or_, select

from services.domain.chunks import Ranges
from services.domain.identity import identity
from services.domain.outcomes import BY_RANK, Outcome
from services.domain.runs import WorkKind
from services.domain.uuids import is_uuid
from services.encord_api.interface import Dataset, EncordGateway, Item
from services.ledger.outcomes import url_key
from services.ledger.reading import event_row
from services.ledger.store import Ledger
from services.ledger.tables import ATTEMPT, EVENT, OUTCOME, RUN, WORK
from services.ledger.views import EventRow
from services.manifests.errors import ManifestError
from services.manifests.frame_search import entries_naming
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore

#: Runs' entries that are shown; a name may stand for very many.
SHOWN: Final = 20
#: Runs in whose groups a frame is looked for, newest first.
SEARCHED: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One entry of one run that is about the object."""

    run: str
    run_name: str
    #: Whether the run retries another.
    retry: bool
    at: datetime
    entry: int
    type: str
    title: str | None
    url: str
    urls: int
    outcome: Outcome
    cause: str | None
    message: str
    item_uuid: str | None
    job_id: str | None
    subtask_uuid: str | None
    #: The entry as the manifest has it; None when that cannot be read any more.
    asked: dict[str, Any] | None
    manifest: str
    manifest_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLine:
    """One upload that carried the object."""

    run: str
    state: str
    job: str | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passport:
    """What is known here about an object; newest run first."""

    sought: str
    #: The data row of this UUID, where a row was sought and a receipt knows it.
    row: str | None
    mentions: tuple[Mention, ...]
    #: Whether there are more mentions than are shown.
    more: bool
    attempts: tuple[AttemptLine, ...]
    events: tuple[EventRow, ...]

    @property
    def urls(self) -> tuple[str, ...]:
        """The objects that the mentions name; one, unless a name was sought."""
        if "://" in self.sought:  # it may be a later frame of a group
            return (self.sought,)
        return tuple(dict.fromkeys(each.url for each in self.mentions if each.url))

    @property
    def items(self) -> tuple[str, ...]:
        """The storage items that came of it."""
        found = dict.fromkeys(each.item_uuid for each in self.mentions if each.item_uuid)
        if is_uuid(self.sought) and self.row is None:
            found.setdefault(self.sought)
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemNow:
    """What Encord says about an item at this moment."""

    item: Item
    datasets: tuple[Dataset, ...]


class Passports:
    """Answers about single objects."""

    def __init__(
        self,
        ledger: Ledger,
        manifests: ManifestStore,
        gateway: Callable[[str], EncordGateway],
        item_of_row: Callable[[str], str | None],
    ) -> None:
        """Take the collaborators.

        Args:
            ledger: The record of all runs.
            manifests: The manifests they were made of.
            gateway: Opens Encord for a connection id.
            item_of_row: Tells the item of a data row, as far as a receipt knows it.
        """
        self._ledger = ledger
        self._manifests = manifests
        self._gateway = gateway
        self._item_of_row = item_of_row

    def find(self, text: str) -> Passport:
        """Look an object up by its URL however spelled, an item's or a row's UUID, or a title."""
        sought = sought_of(text)
        row = None
        with self._ledger.reading() as cx:
            rows = cx.execute(_chosen(sought).limit(SHOWN + 1)).all()
            if not rows and "://" in sought:
                rows = self._framed(cx, sought)
            elif not rows and is_uuid(sought) and (item := self._item_of_row(sought)):
                row, rows = sought, cx.execute(_chosen(item).limit(SHOWN + 1)).all()
            mentions = tuple(self._mention(row) for row in rows[:SHOWN])
            attempts = tuple(_attempts(cx, mentions))
            return Passport(
                sought=sought,
                row=row,
                mentions=mentions,
                more=len(rows) > SHOWN,
                attempts=tuple(line for _, line in attempts),
                events=tuple(_events(cx, [token for token, _ in attempts])),
            )

    def _framed(self, cx: Connection, url: str) -> Sequence[Row[tuple[object, ...]]]:
        """Return the outcomes of groups that have an object among their later frames."""
        recent = select(RUN.c.id, RUN.c.manifest, RUN.c.check_options).order_by(
            RUN.c.created_at.desc()
        )
        found: list[ColumnElement[bool]] = []
        for run in cx.execute(recent.limit(SEARCHED)):
            entries = self._entries_naming(run.manifest, run.check_options, url)
            if entries:
                found.append(and_(OUTCOME.c.run == run.id, OUTCOME.c.entry.in_(entries[:SHOWN])))
        return cx.execute(_about(or_(*found)).limit(SHOWN + 1)).all() if found else ()

    def _entries_naming(self, manifest: str, check: str, url: str) -> list[int]:
        try:
            checked = self._manifests.open(manifest, CheckOptions.from_json(check))
        except (ManifestError, OSError):
            return []
        return entries_naming(checked, url)

    def item_now(self, connection: str, uuid: str) -> ItemNow:
        """Ask Encord about an item: three requests."""
        gateway = self._gateway(connection)
        found = gateway.get_item(uuid)
        return ItemNow(item=found, datasets=tuple(gateway.datasets_of(uuid)))

    def _mention(self, row: Any) -> Mention:  # noqa: ANN401 - a row of the ledger
        return Mention(
            run=row.run,
            run_name=row.run_name,
            retry=row.generation > 0,
            at=datetime.fromisoformat(row.created_at),
            entry=row.entry,
            type=row.type,
            title=row.title,
            url=row.url,
            urls=row.url_count,
            outcome=BY_RANK[row.rank],
            cause=row.cause,
            message=row.message,
            item_uuid=row.item_uuid,
            job_id=row.job_id,
            subtask_uuid=row.subtask_uuid,
            asked=self._asked(row.manifest, row.check_options, row.entry),
            manifest=row.manifest,
            manifest_name=row.manifest_name,
        )

    def _asked(self, manifest: str, check: str, entry: int) -> dict[str, Any] | None:
        try:
            checked = self._manifests.open(manifest, CheckOptions.from_json(check))
        except (ManifestError, OSError):
            return None
        found = next(checked.read(Ranges(((entry, entry),))), None)
        asked = orjson.loads(found.payload) if found else None
        return asked if isinstance(asked, dict) else None


def sought_of(text: str) -> str:
    """Return what is looked for, fit to stand in an address: no signature is left on a URL."""
    bare = text.strip()
    if is_uuid(bare):
        return bare.lower()
    return identity(bare).partition("?")[0] if "://" in bare else bare


def _chosen(sought: str) -> Select[tuple[object, ...]]:
    if "://" in sought:
        wanted = OUTCOME.c.url_key == url_key(sought)
    elif is_uuid(sought):
        wanted = OUTCOME.c.item_uuid == sought
    else:
        wanted = OUTCOME.c.title == sought
    return _about(wanted)


def _about(wanted: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    """Choose outcomes with what their runs say about them, newest run first."""
    about = (RUN.c.name.label("run_name"), RUN.c.created_at, RUN.c.check_options)
    return (
        select(OUTCOME, *about, RUN.c.manifest, RUN.c.manifest_name)
        .join(RUN, RUN.c.id == OUTCOME.c.run)
        .where(wanted)
        .order_by(RUN.c.created_at.desc(), OUTCOME.c.entry)
    )


def _attempts(cx: Connection, mentions: tuple[Mention, ...]) -> Iterator[tuple[str, AttemptLine]]:
    """Yield the attempts that carried these entries, with their tokens."""
    wanted: dict[str, set[int]] = {}
    for mention in mentions:
        wanted.setdefault(mention.run, set()).add(mention.entry)
    rows = cx.execute(
        select(ATTEMPT, WORK.c.run, WORK.c.entries.label("planned"))
        .join(WORK, WORK.c.id == ATTEMPT.c.work)
        .where(WORK.c.run.in_(wanted), WORK.c.kind == WorkKind.CHUNK)
        .order_by(WORK.c.run, WORK.c.seq, ATTEMPT.c.n)
    )
    for row in rows:
        carried = Ranges.parse(row.entries or row.planned).pairs
        if any(low <= entry <= high for entry in wanted[row.run] for low, high in carried):
            line = AttemptLine(run=row.run, state=row.state, job=row.result, note=row.note)
            yield row.token, line


def _events(cx: Connection, tokens: list[str]) -> Iterator[EventRow]:
    """Yield what happened to the attempts, oldest first."""
    rows = cx.execute(select(EVENT).where(EVENT.c.attempt.in_(tokens)).order_by(EVENT.c.seq))
    yield from map(event_row, rows)
