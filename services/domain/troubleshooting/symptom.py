"""What a symptom is."""

from dataclasses import dataclass

from services.domain.runs import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """Something that goes wrong, as a person meets it."""

    code: str
    title: str
    #: What is seen.
    seen: str
    why: str
    #: What to do, the likeliest first.
    steps: tuple[str, ...]
    #: The page where it is looked at or mended.
    page: str
    #: Codes of causes of failures, see `causes.CAUSES`.
    causes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    #: Codes of symptoms that look alike.
    see: tuple[str, ...] = ()
