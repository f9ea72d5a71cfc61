"""What nobody could confirm about Encord, each as a switch with the answer assumed for now.

The letters are those of the open questions the app was built on; every switch is tested both ways.
"""

import sqlite3
from dataclasses import dataclass
from typing import Final

from services.sandbox.store import set_value, value
from services.sandbox.wire import RefusalError


@dataclass(frozen=True, slots=True)
class Switch:
    """One open question: its name, the assumed answer, and what the answers mean."""

    name: str
    default: float
    meaning: str

    @property
    def key(self) -> str:
        """Where its state is kept."""
        return f"switch.{self.name}"


ATOMIC: Final = Switch(
    "duplicates.atomic",
    1,
    "1: skipping duplicates sees what other running jobs have registered; 0: only what was there"
    " when the job began",
)
GROUPS: Final = Switch(
    "duplicates.groups",
    1,
    "1: skipping duplicates covers image groups, DICOM series and scenes; 0: single files alone",
)
HOLD: Final = Switch(
    "poll.hold_seconds", 10, "the longest a poll is held, whatever `timeoutSeconds` says"
)
FILE_NAME: Final = Switch(
    "jobs.file_name", 1, "1: a job's file name is kept and returned; 0: it is dropped"
)
LAG: Final = Switch("listing.lag_seconds", 0, "how long after its registration an item is listed")
STABLE: Final = Switch(
    "listing.stable",
    1,
    "1: pages go by key, so that new items move nothing; 0: by number, so that they do",
)
FRAMES: Final = Switch(
    "frames.page_size",
    0,
    "frames of a group in one answer, when no `pageSize` is asked for; 0: all",
)
LIMIT: Final = Switch(
    "limit.calls_per_second", 0, "calls of one key a second before 429; 0: as many as it likes"
)
AGE: Final = Switch(
    "signatures.max_age_seconds", 6 * 3600, "how old a signature may be, or how far in the future"
)
DELETE: Final = Switch(
    "folders.delete_filled", 0, "0: only an empty folder can be deleted; 1: with all that is in it"
)
LINKED: Final = Switch(
    "links.answer_skipped", 0, "0: linking answers the rows it made; 1: skipped ones too"
)

SWITCHES: Final = {
    switch.name: switch
    for switch in (ATOMIC, GROUPS, HOLD, FILE_NAME, LAG, STABLE, FRAMES, LIMIT, AGE, DELETE, LINKED)
}


def state(connection: sqlite3.Connection, switch: Switch) -> float:
    """Return how a switch stands."""
    text = value(connection, switch.key)
    return switch.default if text is None else float(text)


def turn(connection: sqlite3.Connection, name: str, to: object) -> None:
    """Turn a switch, or refuse."""
    switch = SWITCHES.get(name)
    if switch is None:
        raise RefusalError(400, f"There is no switch {name}; there are {', '.join(SWITCHES)}.")
    if not isinstance(to, (int, float)) or to < 0:
        raise RefusalError(400, f"{name} needs a number, 0 or more.")
    set_value(connection, switch.key, str(float(to)))


def back(connection: sqlite3.Connection) -> None:
    """Turn every switch to what is assumed."""
    for switch in SWITCHES.values():
        set_value(connection, switch.key, str(float(switch.default)))
