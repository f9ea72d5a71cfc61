"""What the columns of a CSV mean: Encord's headers, our superset, metadata and unknown ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from services.domain.entries import EntryType
from services.domain.nearest import fold, hint
from services.manifests.csv_values import unneutralized
from services.manifests.faults import Fault

#: The ignored column that reasons are written to, and the mark of our own exports.
FINDING_HEADER: Final = "Onboarding finding"
ROW_HEADER: Final = "Onboarding row"
#: Holds an entry as it was, where the cells beside it cannot say everything.
ENTRY_HEADER: Final = "Onboarding entry"
#: Begins the header of a metadata key.
KEY_PREFIX: Final = "metadata."
JSON_SUFFIX: Final = ":json"

URL, TYPE, TITLE, GROUP, CREATE = "url", "type", "title", "group", "create"
#: A key of the metadata, and a field whose value is an object.
METADATA, FIELD = "metadata", "field"
IGNORED: Final = "ignored"
#: What an entry has one value of, in however many rows.
_SINGLE: Final = frozenset({TYPE, TITLE, CREATE, METADATA, FIELD})

_ROLES: Final = {
    "objecturl": URL,
    "type": TYPE,
    "title": TITLE,
    "group": GROUP,
    "createvideo": CREATE,
}
#: What we write beside the entry itself. In a CSV of somebody else these names mean nothing.
_OURS: Final = frozenset(map(fold, (FINDING_HEADER, ROW_HEADER, ENTRY_HEADER)))
#: Either of these tells a CSV of ours: a person may have taken the reasons out.
_MARKS: Final = frozenset(map(fold, (FINDING_HEADER, ENTRY_HEADER)))

#: Encord's title headers tell the type of their rows.
_TITLED: Final = {
    "videotitle": EntryType.VIDEO,
    "imagetitle": EntryType.IMAGE,
    "imagegrouptitle": EntryType.IMAGE_GROUP,
    "dicomtitle": EntryType.DICOM_SERIES,
}

#: Fields whose value is an object, given as JSON in a cell.
OBJECT_FIELDS: Final = {
    fold(name): name
    for name in (
        "videoMetadata",
        "imageMetadata",
        "audioMetadata",
        "textMetadata",
        "pdfMetadata",
        "scene",
        "settings",
        "clientMetadata",
    )
}

#: Our columns beside those of metadata keys, in the order of a template.
COLUMNS: Final = ("ObjectURL", "Type", "Title", "Group", "Create video")
KNOWN: Final = (*COLUMNS, f"{KEY_PREFIX}<key>")

#: Encord's header of a group holds for sequences too.
_GROUPS: Final = {EntryType.IMAGE_GROUP, EntryType.IMAGE_SEQUENCE}

_TYPES: Final = {fold(kind.value): kind for kind in EntryType} | {
    fold(kind.section): kind for kind in EntryType if kind is not EntryType.IMAGE_SEQUENCE
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its role, and the key or field it fills."""

    role: str
    header: str
    key: str = ""
    is_json: bool = False


@dataclass(slots=True)
class Layout:
    """The columns that hold until the next header row."""

    columns: list[Column]
    #: The type of every row, when the header tells it.
    kind: EntryType | None = None
    #: Whether the title is what groups the rows (Encord's dialect).
    groups_by_title: bool = False
    #: Whether cells carry the mark that our exports put before formulas.
    is_ours: bool = False
    unknown: list[int] = field(default_factory=list)
    #: Columns of which an entry has one value, and those that are about the same as another one.
    single: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    #: Whether metadata may stand in one column as a whole and in columns of its keys.
    is_split: bool = False
    #: Role to its first column.
    places: dict[str, int] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """How many cells a row must have."""
        return len(self.columns)

    def place_of(self, role: str) -> int | None:
        """Return the column with a role."""
        return self.places.get(role)


def is_header(cells: Sequence[str]) -> bool:
    """Whether a row names columns rather than an entry; one with a URL in it never does."""
    if any("://" in cell for cell in cells):
        return False
    return any(fold(cell.strip()) == "objecturl" for cell in cells)


def read_layout(cells: Sequence[str]) -> Layout:
    """Read a header row."""
    layout = Layout([], is_ours=any(fold(each.strip()) in _MARKS for each in cells))
    told: set[tuple[str, str]] = set()
    for place, header in enumerate(cells):
        column = _column(header.strip(), layout)
        if column.role == "":
            layout.unknown.append(place)
        elif column.role in _SINGLE or column.role == URL:
            is_new = (column.role, column.key) not in told
            told.add((column.role, column.key))
            if not is_new:
                layout.repeated.append(place)
            elif column.role != URL:
                layout.single.append(place)
        layout.columns.append(column)
        layout.places.setdefault(column.role, place)
    if [each.role for each in layout.columns] == [URL]:
        layout.kind = EntryType.VIDEO
    is_whole = (FIELD, "clientMetadata") in told
    layout.is_split = is_whole and any(role == METADATA for role, _ in told)
    return layout


def column_of(header: str) -> tuple[Column, EntryType | None]:
    """Read one header of a CSV of ours, with the type that it gives its rows."""
    layout = Layout([], is_ours=True)
    return _column(header.strip(), layout), layout.kind


def _column(header: str, layout: Layout) -> Column:
    folded = fold(header)
    if role := IGNORED if layout.is_ours and folded in _OURS else _ROLES.get(folded):
        return Column(role, header)
    if kind := _TITLED.get(folded):
        layout.kind, layout.groups_by_title = kind, kind.is_composite
        return Column(TITLE, header)
    name, is_json = header, False
    if header.endswith(JSON_SUFFIX):
        name, is_json = header.removesuffix(JSON_SUFFIX), True
    if header.lower().startswith(KEY_PREFIX):
        return Column(METADATA, header, name[len(KEY_PREFIX) :], is_json)
    if field_name := OBJECT_FIELDS.get(fold(name)):
        return Column(FIELD, header, field_name, is_json=True)
    return Column("", header)


def header_of(layout: Layout, place: int) -> str:
    """Return a header, without the mark our exports put before formulas."""
    header = layout.columns[place].header
    return unneutralized(header) if layout.is_ours else header


def header_faults(layout: Layout) -> list[tuple[int, Fault]]:
    """Find headers nobody knows and headers given twice, with their column."""
    faults: list[tuple[int, Fault]] = []
    seen: set[tuple[str, str]] = set()
    for place, column in enumerate(layout.columns):
        identity = (column.role, column.key or (column.header if not column.role else ""))
        if identity in seen and column.role != IGNORED:
            problem = f"Two columns are both {column.header}"
            faults.append((place, Fault("csv-syntax", (), column.header, {"problem": problem})))
        seen.add(identity)
        if not column.role:
            details = {"key": column.header[:80] or "without a name"}
            details["hint"] = hint(column.header, KNOWN) if column.header else ""
            faults.append((place, Fault("csv-header-unknown", (), column.header, details)))
    return faults


@lru_cache(maxsize=64)  # a column has few words, and every row asks
def type_of(word: str) -> EntryType | None:
    """Read a type word as people write it: `Image Group`, `image_group`, `images`."""
    return _TYPES.get(fold(word.strip()))


def kind_of(layout: Layout, word: str) -> EntryType | None:
    """Return the type of a row by its header and its own word; None where they say none or two."""
    said = type_of(word)
    if layout.kind is None or not word.strip():
        return layout.kind or said
    is_same = said is layout.kind or {said, layout.kind} == _GROUPS
    return said if is_same else None
