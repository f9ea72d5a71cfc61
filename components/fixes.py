"""The machine fixes in words a person chooses by."""

from dataclasses import dataclass
from typing import Final

from services.domain.rules import Fix


@dataclass(frozen=True, slots=True)
class FixWords:
    """How one fix is offered."""

    label: str
    #: What it does to each value, in one sentence.
    does: str


FIXES: Final = {
    Fix.TRIM: FixWords("Trim", "Removes white space at both ends."),
    Fix.PERCENT_ENCODE: FixWords(
        "Percent-encode", "Writes white space inside a URL as %20 and the like."
    ),
    Fix.DROP_DUPLICATE: FixWords(
        "Drop duplicates", "Keeps the first and removes the others, as whole entries or frames."
    ),
    Fix.RENAME_KEY: FixWords("Rename", "Gives the field the known name that is nearest to it."),
    Fix.RETYPE: FixWords("Change the type", "Writes the value as the type that is expected."),
    Fix.RENUMBER: FixWords("Renumber", "Numbers the frames from 0, in the order they have."),
    Fix.PARSE_DATETIME: FixWords(
        "Rewrite dates", "Writes dates that can be read in one way only as ISO 8601."
    ),
    Fix.CASE_ENUM: FixWords(
        "Match the options", "Writes the option that differs only in case or blanks."
    ),
    Fix.REMOVE_KEY: FixWords("Remove", "Removes the field and its value."),
}
