"""Troubleshooting by symptom: what a person sees, why, and what helps, in the order to try.

The texts stand in `services.domain.troubleshooting`. Causes of failures (`causes.py`) and problems
of runs (`runs.Problem`) are each explained by exactly one symptom; connections name theirs in
`engine.connections`.
"""

from types import MappingProxyType
from typing import Final

from services.domain.runs import Problem
from services.domain.troubleshooting import setup, work
from services.domain.troubleshooting.symptom import Symptom

__all__ = ["GROUPS", "SYMPTOMS", "Symptom", "of_cause", "of_problem", "search"]

#: Group to its symptoms, in the order in which a person meets them.
GROUPS: Final = MappingProxyType(
    {
        "Connecting to Encord": setup.CONNECTING,
        "The integration": setup.INTEGRATION,
        "The bucket": setup.BUCKET,
        "The files": work.FILES,
        "Runs, schema and proof": work.WORKING,
    }
)
SYMPTOMS: Final = MappingProxyType(
    {symptom.code: symptom for group in GROUPS.values() for symptom in group}
)
_BY_CAUSE: Final = {
    cause: symptom.code for symptom in SYMPTOMS.values() for cause in symptom.causes
}
_BY_PROBLEM: Final = {
    problem: symptom.code for symptom in SYMPTOMS.values() for problem in symptom.problems
}


def of_cause(cause: str) -> str:
    """Return the symptom that explains a cause of failures; a cause nobody knows is unclear."""
    return _BY_CAUSE.get(cause, "unclear")


def of_problem(problem: Problem) -> str:
    """Return the symptom that explains why a run stands still."""
    return _BY_PROBLEM[problem]


def search(words: str) -> list[Symptom]:
    """Return the symptoms in whose texts every word occurs."""
    wanted = words.casefold().split()
    return [each for each in SYMPTOMS.values() if all(word in _text(each) for word in wanted)]


def _text(symptom: Symptom) -> str:
    texts = (symptom.code, symptom.title, symptom.seen, symptom.why, *symptom.steps)
    return " ".join((*texts, *symptom.causes)).casefold()
