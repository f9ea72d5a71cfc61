"""What is proposed for a key is what a person who looked at all its values would declare."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.metadata import MetadataKey, OrganisationSchema, ValueType
from services.domain.schema.draft import DraftKey, KeyState, draft_of
from services.domain.schema.offers import Offer, Standing, offers, schema_of
from services.domain.schema.proposal import Certainty, misfits, propose
from services.domain.schema.readings import Example, KeyReadings, Option, Reading, Shape

TEXTS = (Shape.DATETIME, Shape.UUID, Shape.CODE, Shape.BLANK, Shape.TEXT, Shape.LONG_TEXT)


def of(
    counts: dict[Shape | tuple[Shape, int], int],
    options: dict[str, int] | None = None,
    *,
    cells: bool = False,
    longest: int = 12,
) -> KeyReadings:
    """Build what counting would say; values of a shape stand one after the other."""
    readings, entry = [], 0
    for which, count in counts.items():
        shape, size = which if isinstance(which, tuple) else (which, 0)
        examples = tuple(
            Example(entry=entry + n, line=entry + n + 2, value=shape.value)
            for n in range(min(count, 5))
        )
        texts = count if cells or shape in TEXTS else 0
        readings.append(
            Reading(shape=shape, size=size, count=count, texts=texts, examples=examples)
        )
        entry += count
    chosen = options and tuple(
        Option(value=value, count=n, first=Example(entry=at, line=at + 2, value=value))
        for at, (value, n) in enumerate(Counter(options).most_common())
    )
    return KeyReadings(
        key="key",
        filled=entry,
        readings=tuple(readings),
        options=chosen or None,
        longest=longest,
    )


def test_the_values_that_do_not_fit_are_counted_and_placed() -> None:
    found = propose(of({Shape.NUMBER: 9_995, Shape.TEXT: 3}, cells=True))
    assert found.kind == MetadataKey(ValueType.NUMBER)
    assert (found.misfits.count, found.filled) == (3, 9_998)
    assert [each.line for each in found.misfits.examples] == [9_997, 9_998, 9_999]
    assert found.certainty is Certainty.LIKELY


@pytest.mark.parametrize(
    ("counts", "kind"),
    [
        ({Shape.BOOLEAN: 40}, MetadataKey(ValueType.BOOLEAN)),
        ({Shape.DATETIME: 40, Shape.BLANK: 30}, MetadataKey(ValueType.DATETIME)),
        ({Shape.UUID: 40}, MetadataKey(ValueType.UUID)),
        ({Shape.PLACE: 40}, MetadataKey(ValueType.GEOSPATIAL)),
        ({(Shape.NUMBERS, 8): 38, (Shape.NUMBERS, 7): 2}, MetadataKey(ValueType.EMBEDDING, (), 8)),
        ({(Shape.NUMBERS, 8): 20, (Shape.NUMBERS, 7): 20}, None),
        ({(Shape.NUMBERS, 5_000): 40}, None),
        ({Shape.NUMBER: 30, Shape.CODE: 10}, None),
        ({Shape.NUMBER: 20, Shape.TEXT: 20}, None),
        ({Shape.OTHER: 40}, None),
        ({Shape.BLANK: 40}, None),
        ({Shape.TEXT: 40}, MetadataKey(ValueType.VARCHAR)),
        ({Shape.TEXT: 39, Shape.LONG_TEXT: 1}, MetadataKey(ValueType.VARCHAR)),
    ],
)
def test_json_values_have_the_type_nearly_all_of_them_fit(
    counts: dict[Shape | tuple[Shape, int], int], kind: MetadataKey | None
) -> None:
    assert propose(of(counts)).kind == kind


def test_cells_of_a_csv_fit_text_whatever_they_read_as() -> None:
    mixed = of({Shape.NUMBER: 20, Shape.TEXT: 20}, cells=True)
    assert propose(mixed).kind == MetadataKey(ValueType.VARCHAR)
    assert propose(mixed).misfits.count == 0
    codes = of({Shape.NUMBER: 30, Shape.CODE: 10}, cells=True)
    assert propose(codes).kind == MetadataKey(ValueType.VARCHAR)


def test_prose_is_text() -> None:
    assert propose(of({Shape.TEXT: 9}, longest=1_025)).kind == MetadataKey(ValueType.TEXT)


def test_few_texts_used_again_and_again_are_options_and_slips_are_none() -> None:
    found = of({Shape.TEXT: 102}, {"harbor": 60, "depot": 40, "Harbor": 1, "hrbor": 1})
    proposal = propose(found)
    assert proposal.kind == MetadataKey(ValueType.ENUM, ("depot", "harbor"))
    assert [each.value for each in proposal.misfits.examples] == ["Harbor", "hrbor"]
    series = propose(of({Shape.TEXT: 102}, {"cam-1": 100, "cam-2": 2}))
    assert series.kind == MetadataKey(ValueType.ENUM, ("cam-1", "cam-2"))


def test_single_texts_and_words_for_nothing_are_no_options() -> None:
    found = propose(of({Shape.TEXT: 60}, {"harbor": 40, "n/a": 4, "depot": 15, "see mail": 1}))
    assert found.kind == MetadataKey(ValueType.ENUM, ("depot", "harbor"))
    assert found.misfits.count == 5


@pytest.mark.parametrize(
    "options",
    [
        {f"name {n}": 1 for n in range(40)},
        {f"name {n}": 6 for n in range(51)},
        {"x" * 61: 40},
    ],
)
def test_many_rare_or_long_texts_are_no_options(options: dict[str, int]) -> None:
    found = of({Shape.TEXT: sum(options.values())}, options)
    assert propose(found).kind == MetadataKey(ValueType.VARCHAR)


@pytest.mark.parametrize(
    ("counts", "certainty"),
    [
        ({Shape.NUMBER: 20}, Certainty.CERTAIN),
        ({Shape.NUMBER: 5}, Certainty.LIKELY),
        ({Shape.NUMBER: 4}, Certainty.GUESS),
        ({Shape.NUMBER: 99, Shape.TEXT: 1}, Certainty.LIKELY),
        ({Shape.NUMBER: 95, Shape.TEXT: 5}, Certainty.GUESS),
    ],
)
def test_how_sure_it_is(counts: dict[Shape | tuple[Shape, int], int], certainty: Certainty) -> None:
    assert propose(of(counts)).certainty is certainty


SHAPES = st.dictionaries(st.sampled_from(Shape), st.integers(1, 50), min_size=1)
KINDS = st.sampled_from(
    [
        *(MetadataKey(kind) for kind in ValueType if kind not in {"enum", "embedding"}),
        MetadataKey(ValueType.ENUM, ("a", "b")),
        MetadataKey(ValueType.EMBEDDING, (), 3),
    ]
)


@given(counts=SHAPES, cells=st.booleans())
def test_a_proposal_never_hides_a_value(
    counts: dict[Shape | tuple[Shape, int], int], *, cells: bool
) -> None:
    found = of(counts, cells=cells)
    proposal = propose(found)
    assert 0 <= proposal.misfits.count <= proposal.filled == sum(counts.values())
    assert bool(proposal.misfits.examples) == bool(proposal.misfits.count)
    assert sum(share for _, share in proposal.composition) == proposal.filled
    if proposal.kind:
        blank = counts.get(Shape.BLANK, 0)
        assert proposal.misfits.count - blank <= 0.1 * proposal.filled


@given(counts=SHAPES, kind=KINDS, cells=st.booleans())
def test_what_does_not_fit_a_type_is_never_more_than_there_is(
    counts: dict[Shape | tuple[Shape, int], int], kind: MetadataKey, *, cells: bool
) -> None:
    wrong = misfits(of(counts, cells=cells), kind)
    if wrong is not None:
        assert 0 <= wrong.count <= sum(counts.values())


BASE = OrganisationSchema.of(
    {
        "site": {"ty": "enum", "values": ["depot"]},
        "km": {"ty": "variant", "hint": "varchar"},
        "place": {"ty": "geospatial"},
        "gone": {"ty": "tombstone", "deleted_ty": None},
        "old": {"ty": "tombstone", "deleted_ty": {"ty": "variant", "hint": "number"}},
    }
)


def offer(found: KeyReadings, key: str, draft: Sequence[DraftKey] | None = None) -> Offer:
    named = KeyReadings(
        key=key,
        filled=found.filled,
        readings=found.readings,
        options=found.options,
        longest=found.longest,
    )
    (made,) = offers([named], tuple(draft or draft_of(BASE)), BASE)
    return made


NUMBERS = of({Shape.NUMBER: 40})
SITES = of({Shape.TEXT: 50}, {"harbor": 30, "depot": 20})


@pytest.mark.parametrize(
    ("found", "key", "standing", "advised"),
    [
        (NUMBERS, "new", Standing.NEW, True),
        (of({Shape.NUMBER: 3}), "new", Standing.NEW, False),
        (SITES, "site", Standing.OPTIONS, True),
        (of({Shape.TEXT: 50}, {"depot": 50}), "site", Standing.FITS, False),
        (NUMBERS, "km", Standing.RETYPES, False),
        (of({Shape.NUMBER: 40}, cells=True), "km", Standing.FITS, False),
        (NUMBERS, "old", Standing.RESTORES, False),
        (NUMBERS, "gone", Standing.NONE, False),
        (NUMBERS, "place", Standing.NONE, False),
        (NUMBERS, "a/b", Standing.NONE, False),
        (NUMBERS, "key frames", Standing.NONE, False),
        (of({Shape.OTHER: 40}), "new", Standing.NONE, False),
    ],
)
def test_a_proposal_says_what_taking_it_does(
    found: KeyReadings, key: str, standing: Standing, *, advised: bool
) -> None:
    made = offer(found, key)
    assert (made.standing, made.is_advised) == (standing, advised)
    assert bool(made.problem) == (standing is Standing.NONE)


def test_what_is_in_the_draft_already_is_not_offered_again() -> None:
    taken = [*draft_of(BASE), DraftKey(key="new", type="number")]
    assert offer(NUMBERS, "new", taken).standing is Standing.FITS
    deleted = [DraftKey(key="km", type="varchar", state=KeyState.DELETED)]
    assert offer(NUMBERS, "km", deleted).standing is Standing.RESTORES


def test_what_does_not_fit_the_schema_is_counted() -> None:
    made = offer(SITES, "site")
    assert made.declared_misfits is not None
    assert made.declared_misfits.count == 30
    assert schema_of([made]) == {"site": MetadataKey(ValueType.ENUM, ("depot", "harbor"))}
