"""Tasks: what is asked about things that are in Encord already, apart from any submission.

A task verifies, links or unlinks. It lives in the ledger beside the runs, so that a key that is
gone, a worker that dies and a second click mean the same for both.
"""

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Literal, Self

from services.domain.chunks import Ranges


class Purpose(StrEnum):
    """What a row among the runs is for."""

    SUBMIT = "submit"
    VERIFY = "verify"
    LINK = "link"
    UNLINK = "unlink"
    CREATE = "create"


#: Who says what is expected: a run, a manifest, a folder's own items, an earlier receipt, or
#: nobody, when a dataset is only created.
Teller = Literal["run", "manifest", "folder", "receipt", "nobody"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who says what is expected, and which part of it is meant."""

    teller: Teller
    #: Run, fingerprint, folder UUID or receipt.
    id: str
    #: How a manifest was checked.
    check: str = ""
    #: Entries, as `Ranges` writes them; None for all that are valid.
    entries: str | None = None
    #: Of a folder: only items whose name or URL holds this.
    search: str = ""
    #: Of a folder: only items of this type of Encord's; empty for any.
    type: str = ""
    #: Of a folder: only items that are in no dataset yet.
    unused: bool = False

    @property
    def ranges(self) -> Ranges | None:
        """The part that is meant; None for everything."""
        return None if self.entries is None else Ranges.parse(self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to link or verify, and where."""

    source: Source
    dataset: str | None = None
    folder: str | None = None
    #: Whether metadata is compared too.
    metadata: bool = True
    #: Verdicts whose rows are to be taken out of the dataset again.
    unlink: tuple[str, ...] = field(default=())
    #: Whether one item that is linked already stops the whole link before it begins.
    refuse_linked: bool = False

    def to_json(self) -> str:
        """Write the question; the same question is the same text."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        found = json.loads(text)
        found["source"] = Source(**found["source"])
        found["unlink"] = tuple(found["unlink"])
        return cls(**found)
