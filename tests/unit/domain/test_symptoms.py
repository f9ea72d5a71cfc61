"""Every cause, every problem and every refusal leads to one entry of the troubleshooting."""

from collections import Counter

import pytest

from services.domain.causes import CAUSES, UNKNOWN_CAUSE
from services.domain.runs import Problem
from services.domain.symptoms import GROUPS, SYMPTOMS, of_cause, of_problem, search
from services.encord_api.errors import (
    ClockOff,
    EncordError,
    NotAuthenticated,
    NotAuthorised,
    NotFound,
    NotSent,
    RateLimited,
    Unclear,
)
from services.engine.connections import Connections, explain
from services.engine.errors import ConnectionProblem


def test_every_cause_is_explained_once() -> None:
    explained = Counter(cause for symptom in SYMPTOMS.values() for cause in symptom.causes)
    assert explained == Counter(cause.code for cause in (*CAUSES, UNKNOWN_CAUSE))
    assert all(cause.code in SYMPTOMS[of_cause(cause.code)].causes for cause in CAUSES)


def test_every_problem_of_a_run_is_explained_once() -> None:
    explained = Counter(problem for symptom in SYMPTOMS.values() for problem in symptom.problems)
    assert explained == Counter(Problem)
    assert all(problem in SYMPTOMS[of_problem(problem)].problems for problem in Problem)


@pytest.mark.parametrize(
    ("error", "symptom"),
    [
        (NotAuthenticated, "key-unknown"),
        (ClockOff, "clock-off"),
        (NotAuthorised, "not-allowed"),
        (NotFound, "not-found"),
        (NotSent, "unreachable"),
        (RateLimited, "rate-limited"),
        (Unclear, "unclear"),
    ],
)
def test_every_refusal_of_encord_is_explained(error: type[EncordError], symptom: str) -> None:
    assert explain(error("asking")).symptom == symptom
    assert symptom in SYMPTOMS


def test_a_key_or_a_domain_that_cannot_be_used_is_explained() -> None:
    for domain, key, symptom in (
        ("https://api.encord.com", b"ssh-ed25519 AAAA", "key-unusable"),
        ("http://api.encord.com", b"", "domain-unknown"),
    ):
        with pytest.raises(ConnectionProblem) as caught:
            Connections().add(domain, key, None)
        assert caught.value.symptom == symptom


def test_codes_are_unique_and_lead_somewhere() -> None:
    assert len(SYMPTOMS) == sum(map(len, GROUPS.values()))
    for symptom in SYMPTOMS.values():
        assert set(symptom.see) <= set(SYMPTOMS) - {symptom.code}
        assert symptom.steps


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("region", "wrong-region"),
        ("role user", "user-role"),
        ("CORS", "cors"),
        ("forbidden", "forbidden"),
        ("moved", "moved-file"),
        ("429", "rate-limited"),
        ("clock", "clock-off"),
        ("public key", "key-unusable"),
        ("schema", "wrong-schema"),
        ("passphrase", "key-unusable"),
        ("kms", None),
    ],
)
def test_a_symptom_is_found_by_its_words(words: str, code: str | None) -> None:
    found = [symptom.code for symptom in search(words)]
    assert code in found if code else not found
