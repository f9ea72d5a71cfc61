"""What the columns of a foreign CSV mean: our columns, URLs from a pattern, a type for all rows.

Guesses are made in `mapping_guess`, the CSV is rewritten in `mapping_apply`.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

from services.domain.entries import EntryType
from services.domain.nearest import fold
from services.domain.urls import UNQUOTED
from services.manifests.csv_layout import COLUMNS, KEY_PREFIX
from services.manifests.errors import ManifestError
from services.whole_files import write_whole

#: What a column can become, beside `metadata.<key>`.
URL, TYPE, TITLE, GROUP, CREATE = COLUMNS
IGNORE: Final = ""

_PLACE: Final = re.compile(r"\{([^{}]*)\}")


class MappingError(ManifestError):
    """Base: a mapping cannot make a manifest."""


class NotForeignCsvError(MappingError):
    """The manifest has no columns to map."""

    def __init__(self, problem: str = "it is not a CSV") -> None:
        super().__init__(f"This manifest has no columns to map: {problem}.")


class UnreadableHeaderError(NotForeignCsvError):
    """The first row does not name columns."""

    def __init__(self) -> None:
        super().__init__("its first row cannot be read")


class IncompleteMappingError(MappingError):
    """Something that every manifest needs is given by no column."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"These columns do not make a manifest: {problem}.")


class OtherHeadersError(MappingError):
    """The mapping was made for another CSV."""

    def __init__(self) -> None:
        super().__init__("The mapping was made for other headers than this CSV has.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """What one column becomes, and why that is the guess."""

    header: str
    #: One of `COLUMNS`, `metadata.<key>`, or empty to leave the column out.
    target: str
    #: In a few words; empty when a person chose it.
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """How the columns of one CSV become ours."""

    columns: tuple[Mapped, ...]
    delimiter: str = ","
    #: `gs://{bucket}/{path}` with headers in braces; empty when a column is the URL.
    template: str = ""
    #: The type of every row, where no column tells it.
    constant_type: EntryType | None = None
    #: Types guessed from extensions row by row, where neither a column nor a constant tells them.
    type_by_extension: bool = False

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers of the foreign CSV."""
        return tuple(column.header for column in self.columns)

    def place_of(self, target: str) -> int | None:
        """Return the column that becomes something."""
        return next((n for n, each in enumerate(self.columns) if each.target == target), None)

    def problems(self) -> list[str]:
        """Say what keeps the mapping from making a manifest; nothing when it is complete."""
        found: list[str] = []
        targets = [column.target for column in self.columns if column.target]
        if URL not in targets and not self.template:
            found.append("no column and no pattern gives the URL")
        found.extend(
            f"{target} is given by more than one column"
            for target in dict.fromkeys(targets)
            if targets.count(target) > 1
        )
        found.extend(f"{each} cannot be a column" for each in targets if not _is_target(each))
        for name in dict.fromkeys(template_headers(self.template)):
            count = self.headers.count(name)
            if count != 1:
                said = "more than one column" if count else "no column"
                found.append(f"the pattern names {name!r}, which is {said}")
        if TYPE not in targets and self.constant_type is None and not self.type_by_extension:
            found.append("nothing gives the type of the rows")
        return found

    def to_json(self) -> str:
        """Write what `from_json` reads."""
        return json.dumps(
            {
                "columns": [[each.header, each.target] for each in self.columns],
                "delimiter": self.delimiter,
                "template": self.template,
                "constant_type": self.constant_type,
                "type_by_extension": self.type_by_extension,
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote; raises ValueError, TypeError or KeyError for anything else."""
        content = json.loads(text)
        kind = content["constant_type"]
        return cls(
            columns=tuple(Mapped(header=h, target=t) for h, t in content["columns"]),
            delimiter=str(content["delimiter"]),
            template=str(content["template"]),
            constant_type=None if kind is None else EntryType(kind),
            type_by_extension=bool(content["type_by_extension"]),
        )


def _is_target(target: str) -> bool:
    return target in COLUMNS or (target.startswith(KEY_PREFIX) and len(target) > len(KEY_PREFIX))


def template_headers(template: str) -> list[str]:
    """Return the headers that a URL pattern names."""
    return _PLACE.findall(template)


def fill_template(template: str, cells: Mapping[str, str]) -> str:
    """Fill a URL pattern; in https URLs the values are percent-encoded, in gs:// they are not."""
    is_encoded = template.lower().startswith("https://")

    def value(match: re.Match[str]) -> str:
        text = cells.get(match[1], "").strip()
        head = match.start() == 0
        text = text if head else text.lstrip("/")
        return quote(text, safe=UNQUOTED) if is_encoded and not head else text

    return _PLACE.sub(value, template)


def header_fingerprint(headers: Sequence[str]) -> str:
    """Name a set of headers: the same in any order and spelling of case and blanks."""
    folded = sorted(fold(header.strip()) for header in headers)
    return hashlib.sha256(json.dumps(folded).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Memory:
    """The mappings that people chose, by the headers they chose them for.

    <root>/<fingerprint of the headers>.json
    """

    root: Path

    def remember(self, mapping: ColumnMapping) -> None:
        """Keep a mapping for the next CSV with the same headers."""
        self.root.mkdir(parents=True, exist_ok=True)
        write_whole(self._path(mapping.headers), mapping.to_json().encode())

    def recall(self, headers: Sequence[str], delimiter: str = ",") -> ColumnMapping | None:
        """Return what was chosen for these headers, in their present order; None when nothing was.

        A file that cannot be read counts as nothing.
        """
        try:
            kept = ColumnMapping.from_json(self._path(headers).read_text(encoding="utf-8"))
        except (OSError, ValueError, TypeError, KeyError):
            return None
        targets = {fold(each.header.strip()): each.target for each in kept.columns}
        names = {fold(header.strip()): header for header in headers}
        if len(targets) != len(kept.columns) or len(names) != len(headers):
            return kept if kept.headers == tuple(headers) else None
        columns = tuple(
            Mapped(header=each, target=targets[fold(each.strip())], reason="as chosen before")
            for each in headers
        )
        template = _PLACE.sub(
            lambda match: f"{{{names.get(fold(match[1].strip()), match[1])}}}", kept.template
        )
        return ColumnMapping(
            columns=columns,
            delimiter=delimiter,
            template=template,
            constant_type=kept.constant_type,
            type_by_extension=kept.type_by_extension,
        )

    def _path(self, headers: Sequence[str]) -> Path:
        return self.root / f"{header_fingerprint(headers)}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The head of a CSV: what a guess is made from and what a form shows."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str
    #: Keys that the metadata schema declares, if it is known.
    schema_keys: tuple[str, ...] = field(default=())
    #: Whether these are all rows of the file.
    is_whole: bool = True

    def values(self, place: int) -> list[str]:
        """Return what a column holds, without blanks."""
        return [text for row in self.rows if place < len(row) and (text := row[place].strip())]

    def columns(self) -> Iterator[tuple[int, str, list[str]]]:
        """Yield place, header and values of each column."""
        for place, header in enumerate(self.headers):
            yield place, header, self.values(place)
