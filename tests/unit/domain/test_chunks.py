"""How entries are cut into chunks."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.domain.chunks import Ranges, Shares, line_of, plan

#: How many URLs each entry has, in the batches that the entries come in.
BATCHES = st.lists(st.lists(st.integers(0, 9), max_size=12), max_size=5)


def shares_of(batches: Sequence[Sequence[int]]) -> list[Shares]:
    made: list[Shares] = []
    first = 0
    for counts in batches:
        entries = range(first, first + 2 * len(counts), 2)
        lines = [f"{entry}." for entry in entries]
        made.append(Shares(entries, list(accumulate(counts)), lines))
        first += 2 * len(counts)
    return made


@given(batches=BATCHES, max_entries=st.integers(1, 6), max_urls=st.none() | st.integers(1, 12))
def test_a_chunk_takes_the_next_entries_as_long_as_they_fit(
    batches: list[list[int]], max_entries: int, max_urls: int | None
) -> None:
    cut: list[list[tuple[int, int]]] = []
    for number, urls in enumerate(count for counts in batches for count in counts):
        last = cut[-1] if cut else []
        is_full = max_urls is not None and sum(each for _, each in last) + urls > max_urls
        if not last or is_full or len(last) == max_entries:
            cut.append([])
        cut[-1].append((2 * number, urls))
    found = list(plan(shares_of(batches), max_entries=max_entries, max_urls=max_urls))
    assert [list(chunk.entries) for chunk in found] == [[n for n, _ in each] for each in cut]
    assert [chunk.urls for chunk in found] == [sum(urls for _, urls in each) for each in cut]
    assert [chunk.seq for chunk in found] == list(range(len(cut)))


def test_a_digest_stays_what_ledgers_hold() -> None:
    lines = [line_of("image", ["gs://b/a.jpg"]), line_of("image_group", ["gs://b/1", "gs://b/2"])]
    (chunk,) = plan([Shares([0, 1], [1, 3], lines)])
    assert chunk.digest == "6453aae90438b14d810ce68d0aa08c095722b39dbac047c32e9b03e78df29893"


@given(st.sets(st.integers(0, 60)))
def test_ranges_hold_what_they_are_made_of(indexes: set[int]) -> None:
    made = Ranges.of(sorted(indexes))
    assert list(made) == sorted(indexes)
    assert Ranges.parse(str(made)) == made
    assert all(second[0] > first[1] + 1 for first, second in pairwise(made.pairs))
