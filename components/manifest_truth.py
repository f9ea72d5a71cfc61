"""A manifest compared with its buckets: the price first, then what is missing or does not fit."""

from typing import Final

import streamlit as st

from components import bucket_access, layout, status, watching
from components.runtime import get_runtime
from components.tables import Column, PagedTable, status_column
from components.text import code, count, duration, moment
from services.buckets.comparisons import Subject
from services.buckets.prices import Price
from services.buckets.truth import Compared
from services.cloud_storage.credentials import CredentialProblem
from services.domain.findings import Finding
from services.domain.rules import RULES
from services.manifests.checked import CheckedManifest

ANY: Final = "All findings"
#: In US dollars.
CENT: Final = 0.01
TABLE: Final = PagedTable[Finding](
    noun="finding",
    alt="What the comparison with the bucket found, one a row",
    columns=(
        Column("Line", lambda row: row.line, width=60),
        Column(
            "Severity",
            lambda row: [status.SEVERITIES[row.severity].word],
            status_column("Severity", status.SEVERITIES, width=90),
        ),
        Column("Object URL", lambda row: row.value or "", width=300),
        Column("What is wrong", lambda row: row.message, width=280),
        Column("How to fix it", lambda row: row.fix, width=240),
        Column("Code", lambda row: row.code, width=120),
    ),
)


def show(checked: CheckedManifest, *, key: str) -> None:
    """Draw the comparison, or the way to it."""
    if not checked.summary.valid_entries:
        return
    layout.section(
        "In the bucket",
        "Whether every object is there, has bytes and the right type: by listing, not one by one.",
    )
    subject = _subject(checked)
    if subject is None:
        return
    comparisons = get_runtime().comparisons
    if watching.show(
        lambda: comparisons.state(subject),
        title="Comparing with the bucket",
        cancel=lambda: comparisons.cancel(subject),
        key=f"{key}_watch",
    ):
        return
    watching.failure(comparisons.state(subject), title="The comparison stopped")
    found = comparisons.result(subject)
    if found:
        _result(subject, found, key=key)
    _offer(subject, again=found is not None, key=key)


def _subject(checked: CheckedManifest) -> Subject | None:
    try:
        return Subject(checked=checked, reach=bucket_access.reach())
    except CredentialProblem as problem:
        layout.error("The credentials cannot be used", code(str(problem)))
        return None


def _offer(subject: Subject, *, again: bool, key: str) -> None:
    """Say what it takes before it is done."""
    comparisons = get_runtime().comparisons
    state = comparisons.price_state(subject)
    if watching.show(
        lambda: comparisons.price_state(subject),
        title="Estimating what it takes",
        cancel=None,
        key=f"{key}_price",
    ):
        return
    watching.failure(state, title="Nothing can be said about the bucket")
    if state.phase != "done":
        st.button(
            "Compare with the bucket",
            key=f"{key}_estimate",
            icon=":material/compare_arrows:",
            help="First says how many requests it takes.",
            on_click=comparisons.start_price,
            args=(subject,),
        )
        return
    price = comparisons.price(subject)
    st.caption(words(price))
    for problem in price.problems:
        st.caption(f"Could not be looked at: {code(problem)}")
    with st.container(horizontal=True):
        st.button(
            "Compare again" if again else "Compare now",
            key=f"{key}_start",
            icon=":material/compare_arrows:",
            on_click=comparisons.start,
            args=(subject,),
        )
        st.button(
            "Estimate again",
            key=f"{key}_reestimate",
            type="tertiary",
            icon=":material/refresh:",
            help="The bucket may have changed since, or who may list it.",
            on_click=comparisons.start_price,
            args=(subject,),
        )


def words(price: Price) -> str:
    """Say what a comparison takes."""
    where = f"{count(price.urls, 'URL')} under {count(price.prefixes, 'prefix', 'prefixes')}."
    if price.requests is None or price.seconds is None or price.dollars is None:
        return f"{where} How many objects lie there is not known: one request for each 1,000."
    return (
        f"{where} About {count(price.objects or 0, 'object')} lie there: "
        f"{count(price.requests, 'listing request')}, {duration(price.seconds)}, at Google's list "
        f"price {dollars(price.dollars)}."
    )


def dollars(price: float) -> str:
    """Say what listing costs; a few requests cost less than anybody counts."""
    return f"about ${price:,.2f}" if price >= CENT else "less than $0.01"


def _result(subject: Subject, found: Compared, *, key: str) -> None:
    unknown = sum(found.unknown.values())
    known = found.urls - unknown
    if found.counts:
        st.warning(
            ", ".join(f"{RULES[each].title}: {n:,}" for each, n in found.counts.items()) + ".",
            title=headline(found.entries_with_errors),
            icon=":material/warning:",
        )
    elif known:
        st.success(
            f"Compared {moment(found.at)} with {count(found.objects_listed, 'object')}.",
            title=f"All {count(known, 'object')} there",
            icon=":material/check_circle:",
        )
    for reason, number in found.unknown.items():
        st.caption(f"Not compared, {count(number, 'URL')}: {code(reason)}.")
    if found.counts:
        _findings(subject, found, key=key)


def headline(with_errors: int) -> str:
    """Say what the findings mean: an error fails at Encord, a warning may."""
    if not with_errors:
        return "Some entries may fail at Encord"
    return f"{count(with_errors, 'entry')} would fail at Encord"


def _findings(subject: Subject, found: Compared, *, key: str) -> None:
    st.caption(
        f"Compared {moment(found.at)} with {count(found.objects_listed, 'object')} in "
        f"{count(found.requests, 'request')}."
    )
    chosen = st.selectbox(
        "Code of the comparison",
        [ANY, *found.counts],
        key=f"{key}_code",
        bind="query-params",
        width=220,
    )
    TABLE.show(
        lambda offset, limit: get_runtime().comparisons.findings(
            subject, code=None if chosen == ANY else chosen, offset=offset, limit=limit
        ),
        key=f"{key}_table",
        name="truth_page",
        filters={f"{key}_code": ANY},
    )
