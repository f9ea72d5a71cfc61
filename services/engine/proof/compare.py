"""Compare what was expected with what is there, as columns: by key, never by title or count.

Rows are joined on 64-bit hashes of their keys, and every pair is checked on the keys themselves.
Half a million against half a million take well under a second; Python looks only at metadata that
differs in its text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from services.domain.entries import COMPOSITE
from services.domain.stored_metadata import differences
from services.domain.verification import WORDS_OF_TYPE, Stage, Verdict, is_wrong_type
from services.engine.proof.columns import BETWEEN, LINES, Places

Index = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: Encord's types that are made of frames.
FRAMED: Final = frozenset().union(*(WORDS_OF_TYPE[kind] for kind in COMPOSITE))
_SHOWN: Final = 3
_CODES: Final = {verdict: code for code, verdict in enumerate(Verdict)}
_MATCHED: Final = _CODES[Verdict.MATCHED]
_MISSING: Final = _CODES[Verdict.MISSING]


@dataclass(frozen=True, slots=True)
class Judged:
    """One place compared with what was expected."""

    found: pl.DataFrame
    #: One code of `Verdict` for each expected entry.
    codes: npt.NDArray[np.int8]
    #: The found row of each entry; -1 for none.
    row: Index
    #: All pairs of expected and found rows, for entries with more than one.
    pairs: pl.DataFrame
    #: Found rows that belong to some entry.
    claimed: Mask
    #: Words about single entries.
    details: dict[int, str]


def compare(expected: pl.DataFrame, places: Places) -> pl.DataFrame:
    """Return one line an expected entry and one for each stranger; what is wrong comes first.

    Args:
        expected: Columns of `EXPECTED`, in entry order.
        places: What was listed. With both a dataset and a folder, the dataset decides, and the
            folder says where a missing entry stopped and what is registered more than once.
    """
    dataset = None if places.dataset is None else judge(expected, places.dataset)
    folder = None if places.folder is None else judge(expected, places.folder)
    main = dataset or folder
    if main is None:
        return pl.DataFrame(schema=LINES)
    codes, details = main.codes.copy(), dict(main.details)
    if dataset and folder:
        twice = (codes == _MATCHED) & (folder.codes == _CODES[Verdict.DUPLICATE])
        codes[twice] = _CODES[Verdict.DUPLICATE]
        details |= dict.fromkeys(map(int, np.flatnonzero(twice)), "twice in the folder")
    lines = _expected_lines(expected, main, codes, details, folder)
    wrong = codes != _MATCHED
    strangers = [_strangers(each) for each in (dataset, folder if not dataset else None) if each]
    if dataset and folder:
        strangers.append(_strangers(folder, known=dataset.found["item_uuid"]))
    return pl.concat([lines.filter(wrong), *strangers, lines.filter(~wrong)])


def judge(expected: pl.DataFrame, found: pl.DataFrame) -> Judged:
    """Decide what one place says about every expected entry."""
    pairs = _one_each(expected, found, _pairs(expected["key"], found["key"]))
    by_item = _doubtful(expected, found, pairs)
    same = expected["key"].gather(by_item["e"]) == found["key"].gather(by_item["f"])
    if same.null_count():  # without a URL on both sides, the item alone says what is what
        pairs = pl.concat([pairs, by_item.filter(same.is_null())])
    elsewhere = by_item.filter(~same.fill_null(value=True))
    counts = np.bincount(pairs["e"], minlength=expected.height)
    row = np.full(expected.height, -1, dtype=np.int64)
    row[pairs["e"].reverse()] = pairs["f"].reverse()
    claimed = np.zeros(found.height, dtype=bool)
    claimed[pairs["f"]] = True
    codes = np.full(expected.height, _MATCHED, dtype=np.int8)
    judged = Judged(found, codes, row, pairs, claimed, {})
    _judge_content(expected, judged)
    codes[counts > 1] = _CODES[Verdict.DUPLICATE]
    codes[(counts > 0) & _torn(expected)] = _CODES[Verdict.AMBIGUOUS]
    _judge_moved(judged, elsewhere, counts)
    codes[counts == 0] = _MISSING
    _judge_frames(expected, judged, elsewhere)
    return judged


def _pairs(left: pl.Series, right: pl.Series) -> pl.DataFrame:
    """Join two columns on equal text and return the places of both; nulls equal nothing.

    They are in order, so that of several rows the one that Encord lists first comes first.
    """
    sides = [
        pl.DataFrame({"hash": side.hash(), name: pl.int_range(len(side), eager=True)}).filter(
            side.is_not_null()
        )
        for name, side in (("e", left), ("f", right))
    ]
    joined = sides[0].join(sides[1], on="hash").select("e", "f").sort("e", "f")
    return joined.filter(left.gather(joined["e"]) == right.gather(joined["f"]))


def _one_each(expected: pl.DataFrame, found: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Pair entries that ask for one object with its rows, where there are as many of both.

    Of entries that are to be apart, those that find no row left have none.
    """
    rows = np.bincount(pairs["e"], minlength=expected.height)[pairs["e"]]
    entries = np.bincount(pairs["f"], minlength=found.height)[pairs["f"]]
    apart = expected["apart"].gather(pairs["e"]).to_numpy()
    alike = pl.Series(((rows > 1) & (rows == entries)) | (apart & (entries > rows)))
    if not alike.any():
        return pairs
    twins = pairs.filter(alike).with_columns(object=pl.col("f").min().over("e"))
    same = expected["item_uuid"].gather(twins["e"]) == found["item_uuid"].gather(twins["f"])
    own = twins.filter(same.fill_null(value=False)).unique("e", keep="first", maintain_order=True)
    own = own.unique("f", keep="first", maintain_order=True)
    rest = twins.join(own, on="e", how="anti").join(own, on="f", how="anti")
    order = [pl.col(name).rank("dense").over("object") for name in ("e", "f")]
    kept = pl.concat([own, rest.filter(order[0] == order[1])]).select("e", "f")
    return pl.concat([pairs.filter(~alike), kept]).sort("e", "f")


def _doubtful(expected: pl.DataFrame, found: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Join by item where the key found nothing, or found another item than the known one."""
    items = expected["item_uuid"]
    sure = np.zeros(len(items), dtype=bool)
    agreed = items.gather(pairs["e"]) == found["item_uuid"].gather(pairs["f"])
    sure[pairs["e"].filter(agreed.fill_null(value=False))] = True
    open_ = (pl.Series(~sure) & items.is_not_null()).arg_true()
    joined = _pairs(items.gather(open_), found["item_uuid"]) if len(open_) else pairs.clear()
    return joined.with_columns(e=open_.cast(pl.Int64).gather(joined["e"]))


def _torn(expected: pl.DataFrame) -> Mask:
    """Find entries that ask for the same object in different ways: no row can satisfy both."""
    keys = expected["key"].drop_nulls().hash()
    torn = np.zeros(expected.height, dtype=bool)
    if keys.n_unique() < len(keys):
        twins = expected["key"].is_duplicated() & expected["key"].is_not_null()
        asked = expected.select("key", "type", "metadata").filter(twins)
        unlike = pl.struct("type", "metadata").n_unique().over("key") > 1
        torn[twins.arg_true()] = asked.select(unlike).to_series()
    return torn


def _judge_content(expected: pl.DataFrame, judged: Judged) -> None:
    """Compare type and metadata of the entries that have a row; type goes before metadata."""
    places = np.flatnonzero(judged.row >= 0)
    rows = judged.row[places]
    asked, there = expected["metadata"].gather(places), judged.found["metadata"].gather(rows)
    for place in (asked != there).fill_null(value=False).arg_true():
        said = differences(asked[place], there[place])
        if said:
            judged.codes[places[place]] = _CODES[Verdict.WRONG_METADATA]
            judged.details[int(places[place])] = _few(said)
    types = pl.DataFrame(
        {"asked": expected["type"].gather(places), "found": judged.found["type"].gather(rows)}
    )
    for wanted, found in types.unique().iter_rows():
        if is_wrong_type(wanted, found):
            alike = (types["asked"] == wanted) & (types["found"] == found)
            wrong = places[alike.to_numpy()]
            judged.codes[wrong] = _CODES[Verdict.WRONG_TYPE]
            judged.details.update(dict.fromkeys(map(int, wrong), f"found as {found}"))


def _judge_moved(judged: Judged, elsewhere: pl.DataFrame, counts: Index) -> None:
    """Doubt an entry whose URL stands on one item while its own item carries another URL."""
    moved = np.unique(elsewhere["e"])
    for entry in map(int, moved[counts[moved] > 0]):
        judged.codes[entry] = _CODES[Verdict.AMBIGUOUS]
        judged.details[entry] = "its URL is on another item, and its item carries another URL"


def _judge_frames(expected: pl.DataFrame, judged: Judged, elsewhere: pl.DataFrame) -> None:
    """Name the group or series that a missing one has become: its item, or who shares frames."""
    composite = expected["type"].is_in([str(kind) for kind in COMPOSITE])
    lost = np.flatnonzero((judged.codes == _MISSING) & composite.to_numpy())
    by_item = dict(elsewhere.iter_rows())
    shared = _Frames(judged)
    for entry in map(int, lost):
        asked = expected["key"][entry].split(BETWEEN)
        found = by_item.get(entry)
        found = shared.most(asked) if found is None else found
        if found is not None and not judged.claimed[found]:
            judged.codes[entry] = _CODES[Verdict.FRAMES_DIFFER]
            judged.row[entry] = found
            judged.claimed[found] = True
            judged.details[entry] = _frames_in_words(asked, judged.found["key"][found])
        elif found is None and entry in judged.details:
            del judged.details[entry]


class _Frames:
    """Which unclaimed groups hold a frame; read once it is asked for."""

    def __init__(self, judged: Judged) -> None:
        self._judged = judged
        self._groups: dict[str, list[int]] | None = None

    def most(self, frames: list[str]) -> int | None:
        """Return the unclaimed group that shares most frames; None when none shares any."""
        groups = self._read()
        holders = [group for frame in set(frames) for group in groups.get(frame, ())]
        free = [group for group in holders if not self._judged.claimed[group]]
        return max(set(free), key=lambda group: (free.count(group), -group), default=None)

    def _read(self) -> dict[str, list[int]]:
        if self._groups is None:
            self._groups = {}
            framed = self._judged.found["type"].is_in(list(FRAMED))
            for place in (framed & self._judged.found["key"].is_not_null()).arg_true():
                for frame in set(self._judged.found["key"][place].split(BETWEEN)):
                    self._groups.setdefault(frame, []).append(place)
        return self._groups


def _frames_in_words(asked: list[str], key: str) -> str:
    found = key.split(BETWEEN)
    gone, new = len(set(asked) - set(found)), len(set(found) - set(asked))
    if not gone and not new and len(asked) == len(found):
        return f"the same {len(asked)} frames in another order"
    return f"{len(found)} frames instead of {len(asked)}: {gone} gone, {new} not asked for"


def _expected_lines(
    expected: pl.DataFrame,
    main: Judged,
    codes: npt.NDArray[np.int8],
    details: dict[int, str],
    folder: Judged | None,
) -> pl.DataFrame:
    """Put the lines of what was asked for together."""
    words = pl.Series([str(verdict) for verdict in Verdict])
    there = _gather(main, main.row)
    missing = pl.Series(codes == _MISSING)
    stage, detail = _stopped(expected, folder)
    said = pl.Series(list(details), dtype=pl.UInt32)
    detail = pl.select(pl.when(missing).then(detail).otherwise(pl.lit(""))).to_series()
    detail = detail.scatter(said, list(details.values())) if details else detail
    rows = there["row_uuid"].fill_null("")
    several = _row_lists(main, codes)
    return expected.select("entry", "type", "title", "url", "urls").select(
        verdict=words.gather(codes.astype(np.uint32)),
        entry="entry",
        type="type",
        title="title",
        url="url",
        urls="urls",
        stage=pl.when(missing).then(stage).otherwise(pl.lit("")),
        detail=detail,
        item_uuid=there["item_uuid"].fill_null(expected["item_uuid"]).fill_null(""),
        row_uuids=rows.scatter(list(several), list(several.values())) if several else rows,
    )


def _gather(judged: Judged, places: Index) -> pl.DataFrame:
    """Return found rows by place, nulls where there is none."""
    known = pl.Series(places)
    if (places < 0).any():
        known = known.set(known < 0, None)
    return judged.found.select(pl.col("row_uuid", "item_uuid").gather(known))


def _row_lists(judged: Judged, codes: npt.NDArray[np.int8]) -> dict[int, str]:
    """List all rows of entries that have more than one."""
    if not (codes == _CODES[Verdict.DUPLICATE]).any():
        return {}
    wanted = judged.pairs.filter(pl.col("e").is_duplicated())
    names = judged.found["row_uuid"].fill_null(judged.found["item_uuid"])
    listed = wanted.with_columns(name=names.gather(wanted["f"])).group_by("e")
    return dict(listed.agg(pl.col("name").str.join(" ")).iter_rows())


def _stopped(expected: pl.DataFrame, folder: Judged | None) -> tuple[pl.Series, pl.Series]:
    """Say where each entry would have stopped; a folder that was listed knows better."""
    stage, detail = expected["stage"], expected["detail"]
    if folder is None:
        return stage, detail
    there = pl.Series(folder.row >= 0)
    claimed_there = (stage == Stage.NOT_LINKED) & ~there
    chosen = pl.select(
        stage=pl.when(there)
        .then(pl.lit(str(Stage.NOT_LINKED)))
        .when(claimed_there)
        .then(pl.lit(str(Stage.OTHER_FOLDER)))
        .otherwise(stage),
        detail=pl.when(there)
        .then(pl.lit("in the folder"))
        .when(claimed_there)
        .then(pl.lit("registered once, not in the folder now"))
        .otherwise(detail),
    )
    return chosen["stage"], chosen["detail"]


def _strangers(judged: Judged, known: pl.Series | None = None) -> pl.DataFrame:
    """Return one line for each row nobody asked for, except items that another place listed."""
    strange = judged.found.filter(~judged.claimed)
    if known is not None:
        strange = strange.filter(~pl.col("item_uuid").is_in(known.drop_nulls().implode()))
    return strange.select(
        verdict=pl.lit(str(Verdict.UNEXPECTED)),
        entry=pl.lit(None, pl.UInt32),
        type="type",
        title="title",
        url=pl.col("url").fill_null(""),
        urls=pl.lit(1, pl.UInt32),
        stage=pl.lit(""),
        detail=pl.when(pl.col("row_uuid").is_null())
        .then(pl.lit("an item of the folder"))
        .otherwise(pl.lit("a row of the dataset")),
        item_uuid=pl.col("item_uuid").fill_null(""),
        row_uuids=pl.col("row_uuid").fill_null(""),
    )


def _few(phrases: list[str]) -> str:
    more = len(phrases) - _SHOWN
    return "; ".join(phrases[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def changes(earlier: pl.DataFrame, later: pl.DataFrame) -> Iterator[tuple[str, str, int]]:
    """Count entries by verdict then and now, where the two differ."""
    now = later.filter(pl.col("entry").is_not_null()).select("entry", now="verdict")
    then = earlier.filter(pl.col("entry").is_not_null()).select("entry", then="verdict")
    both = then.join(now, on="entry").filter(pl.col("then") != pl.col("now"))
    yield from both.group_by("then", "now").len().sort("then", "now").iter_rows()
