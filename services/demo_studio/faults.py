"""What may go wrong with the sandbox's calls, in a presenter's words and in the control call's."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Final, Self

#: A presenter's words -> the operation they stand for, as the sandbox names it.
CALLS: Final = MappingProxyType(
    {
        "Any call to Encord": ("v1 *", "v2 *"),
        "Starting an upload job": ("v2 POST storage/folders/{folder}/data-upload-jobs",),
        "Following an upload job": ("v2 GET storage/folders/{folder}/data-upload-jobs/{job}",),
        "Listing a folder's items": ("v2 GET storage/folders/{folder}/items",),
        "Linking items to a dataset": ("v1 datasetlinkitems POST",),
        "Listing a dataset's rows": ("v1 datarows GET",),
        "Any call to Google": ("gcs *",),
    }
)
#: A presenter's words -> the fields of the fault.
KINDS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "Unavailable (503)": {"kind": "status", "status": 503},
        "Too many calls (429), seconds": {"kind": "status", "status": 429, "retry_after": 2},
        "Too many calls (429), a date": {
            "kind": "status",
            "status": 429,
            "retry_after": 2,
            "as_date": True,
        },
        "Too large (413)": {"kind": "status", "status": 413},
        "A slow answer": {"kind": "delay", "seconds": 3.0},
        "An answer drop by drop": {"kind": "drip", "seconds": 0.05},
        "The connection ends before the effect": {"kind": "reset-before"},
        "The connection ends after the effect": {"kind": "reset-after"},
        "Half an answer": {"kind": "malformed"},
        "An answer of another shape": {"kind": "wrong-type"},
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One planned fault; the fields are those of the sandbox's control call."""

    operation: str
    kind: str
    status: int = 503
    seconds: float = 0.0
    retry_after: int | None = None
    as_date: bool = False
    #: How many more calls it hits; None for all.
    times: int | None = None
    probability: float = 1.0
    #: Seconds since 1970.
    since: float | None = None
    until: float | None = None

    @classmethod
    def of(cls, said: dict[str, Any]) -> Self:
        """Read what the sandbox says of a planned fault."""
        return cls(**said)

    def body(self) -> dict[str, Any]:
        """Return the body of the control call."""
        return asdict(self)

    @property
    def call_words(self) -> str:
        """What it hits, in a presenter's words."""
        found = (words for words, names in CALLS.items() if self.operation in names)
        return next(found, self.operation)

    @property
    def words(self) -> str:
        """What happens, in a presenter's words."""
        kinds = {words: Fault(operation="", **fields) for words, fields in KINDS.items()}
        found = (words for words, each in kinds.items() if each.look == self.look)
        return next(found, f"Status {self.status}" if self.kind == "status" else self.kind)

    @property
    def look(self) -> tuple[object, ...]:
        """What tells one kind from another."""
        return self.kind, self.status, self.retry_after, self.as_date


def planned(
    call: str,
    kind: str,
    *,
    times: int | None,
    probability: float,
    since: float | None = None,
    until: float | None = None,
) -> list[Fault]:
    """Make the faults of a choice of words, one for each operation they stand for.

    Args:
        call: A key of `CALLS`.
        kind: A key of `KINDS`.
        times: How many calls each hits; None for all.
        probability: The share of calls it hits, 0 to 1.
        since: Seconds since 1970 when it begins; None for at once.
        until: Seconds since 1970 when it is over; None for never.
    """
    fields: dict[str, Any] = dict(KINDS[kind])
    return [
        Fault(
            operation=operation,
            times=times,
            probability=probability,
            since=since,
            until=until,
            **fields,
        )
        for operation in CALLS[call]
    ]
