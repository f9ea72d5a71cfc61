"""What pages find among outcomes: the same as looking at every one of them, whatever the page."""

import pytest
from sqlalchemy import select

from services.domain.entries import Entry, EntryType
from services.domain.outcomes import Outcome
from services.domain.runs import WorkKind
from services.ledger import choosing, outcomes, runs
from services.ledger.dialect import storable
from services.ledger.outcomes import Place
from services.ledger.store import Ledger
from services.ledger.tables import OUTCOME
from tests.unit.ledger.test_ledger import create

ENTRIES = 700
SECOND = range(0, ENTRIES, 14)


def entry(index: int) -> Entry:
    url = f"gs://bucket/Straße {index // 100}/{index:04}.jpg"
    title = f"No {index}"
    return Entry(index=index, type=EntryType.IMAGE, urls=(url,), title=title, payload=b"{}")


def save(ledger: Ledger, place: Place, chosen: range, *, fail_every: int) -> None:
    with ledger.transaction() as cx:
        rows = [
            outcomes.outcome_row(place, entry(index), Outcome.FAILED, cause="object-missing")
            | {"message": f"404 in generation {place.generation}"}
            if index % fail_every == 0
            else outcomes.outcome_row(place, entry(index), Outcome.REGISTERED)
            for index in chosen
        ]
        outcomes.save(cx, rows)


@pytest.fixture
def run(ledger: Ledger) -> str:
    """A run of which every seventh entry failed, and a retry that brought in half of those."""
    with ledger.transaction() as cx:
        first, again = create(cx, "first"), create(cx, "again")
        cx.exec_driver_sql(f"UPDATE run SET root = '{first}', generation = 1 WHERE id = '{again}'")
    save(ledger, Place(run=first, root=first, generation=0), range(ENTRIES), fail_every=7)
    save(ledger, Place(run=again, root=first, generation=1), SECOND, fail_every=ENTRIES)
    return first


def entries_of(ledger: Ledger, run: str, **filters: object) -> list[int]:
    """Read every page of a filter."""
    found: list[int] = []
    while True:
        page = ledger.outcomes(run, offset=len(found), limit=90, **filters)  # type: ignore[arg-type]
        found += [row.entry for row in page.rows]
        if len(found) >= page.total:
            return found


@pytest.mark.parametrize(
    "text", ["a\0b", r"a\u0000b", 'a "quote" and a \\', "lines\nand \u2028", "\U0001f600", ""]
)
def test_an_outcome_says_what_was_written(ledger: Ledger, kind: str, text: str) -> None:
    with ledger.transaction() as cx:
        run = create(cx, "awkward")
    asked = Entry(index=7, type=EntryType.IMAGE, urls=("gs://b/7.jpg",), title=text, payload=b"{}")
    place = Place(run=run, root=run, generation=0)
    for outcome in (Outcome.REGISTERED, Outcome.FAILED):  # the second one takes its place
        with ledger.transaction() as cx:
            outcomes.save(cx, [outcomes.outcome_row(place, asked, outcome, message=text)])
    kept = storable(text) if kind == "postgresql" else text
    with ledger.reading() as cx:
        chosen = select(OUTCOME.c.rank, OUTCOME.c.title, OUTCOME.c.message, OUTCOME.c.url_key)
        (row,) = cx.execute(chosen.where(OUTCOME.c.run == run))
    assert row == (Outcome.FAILED.rank, kept, kept, outcomes.url_key("gs://b/7.jpg"))


def test_columns_are_told_by_their_names_not_by_their_order(ledger: Ledger) -> None:
    with ledger.transaction() as cx:
        run = create(cx, "awkward")
    place = Place(run=run, root=run, generation=0)
    first, second = (outcomes.outcome_row(place, entry(n), Outcome.FAILED) for n in (1, 2))
    with ledger.transaction() as cx:
        outcomes.save(cx, [first, dict(reversed(second.items()))])
        told = cx.execute(select(OUTCOME.c.title, OUTCOME.c.url).order_by(OUTCOME.c.entry))
        assert [tuple(row) for row in told] == [(entry(n).title, entry(n).urls[0]) for n in (1, 2)]


STILL_FAILED = [n for n in range(0, ENTRIES, 7) if n % 14 or n == 0]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, list(range(ENTRIES))),
        ({"outcome": Outcome.FAILED}, STILL_FAILED),
        ({"cause": "object-missing"}, STILL_FAILED),
        ({"cause": "object-forbidden"}, []),
        ({"search": "0255"}, [255]),
        ({"search": "STRASSE 3"}, []),
        ({"search": "straße 3/"}, list(range(300, 400))),
        ({"search": "NO 25"}, [25, *range(250, 260)]),
        ({"search": "generation 0"}, STILL_FAILED[1:]),
        ({"search": "generation 1", "outcome": Outcome.FAILED}, [0]),
        ({"search": "100%"}, []),
    ],
)
def test_every_page_of_every_filter(
    ledger: Ledger, run: str, filters: dict[str, object], expected: list[int]
) -> None:
    assert entries_of(ledger, run, **filters) == expected


def test_a_retry_shows_its_own_outcomes(ledger: Ledger, run: str) -> None:
    again = ledger.retries(run)[0].id
    assert entries_of(ledger, again) == list(SECOND)
    assert entries_of(ledger, again, search="0014") == [14]


def test_counts_follow_what_changes(ledger: Ledger, run: str) -> None:
    assert [(group.cause.code, group.count) for group in ledger.causes(run)] == [
        ("object-missing", len(STILL_FAILED))
    ]
    with ledger.transaction() as cx:
        again = ledger.retries(run)[0].id
        runs.add_work(cx, again, WorkKind.RESCUE)
        for work in cx.exec_driver_sql(f"SELECT id FROM work WHERE run = '{again}'").scalars():
            runs.finish(cx, work)
    view, first = ledger.run(again), ledger.run(run)
    assert view is not None
    assert first is not None
    assert (view.counts.registered, view.counts.failed) == (len(SECOND) - 1, 1)
    assert first.still_failed == ledger.family(run).failed == len(STILL_FAILED)
    place = Place(run=again, root=run, generation=1)
    save(ledger, place, range(0, 14, 7), fail_every=ENTRIES + 1)
    assert ledger.family(run).failed == len(STILL_FAILED) - 1, "entry 7 has arrived since"


def test_a_search_that_finds_too_much_says_so(
    ledger: Ledger, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "MOST_FOUND", 50)
    page = ledger.outcomes(run, search=".JPG", offset=40, limit=25)
    assert [row.entry for row in page.rows] == list(range(40, 50))
    assert (page.total, page.more) == (50, True)


@pytest.mark.parametrize("outcome", [None, Outcome.FAILED])
def test_a_full_page_is_not_kept_waiting_for_the_count(
    ledger: Ledger, run: str, monkeypatch: pytest.MonkeyPatch, outcome: Outcome | None
) -> None:
    monkeypatch.setattr(choosing, "MOST_OPENED", 1)
    page = ledger.outcomes(run, search=".jpg", limit=25, outcome=outcome)
    expected = STILL_FAILED if outcome else list(range(ENTRIES))
    assert [row.entry for row in page.rows] == expected[:25]
    assert page.more
    assert 25 <= page.total < len(expected)
    assert entries_of(ledger, run, search=".jpg", outcome=outcome) == expected
