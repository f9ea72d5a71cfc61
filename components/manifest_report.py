"""What a check found, grouped by what fixes it, and then in full."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from components import (
    connection,
    focus,
    layout,
    reference_codes,
    repair_fix,
    schema_proposal,
    search_field,
    session,
    status,
)
from components.tables import Column, PagedTable, status_column
from components.text import code, count, number
from services.domain.findings import Finding, FindingGroup, Severity, Summary
from services.manifests.checked import UNDECLARED, CheckedManifest
from services.manifests.sorting import FindingOrder

ANY: Final = "All findings"
ORDERS: Final = {
    "As in the file": FindingOrder.FILE,
    "Errors first": FindingOrder.SEVERITY,
    "By code": FindingOrder.CODE,
    "By value": FindingOrder.VALUE,
}
#: What narrows the findings, with what lets all of them pass.
FILTERS: Final = {"findings_find": "", "findings_code": ANY, "findings_severity": ANY}
SEVERITIES: Final = {look.word: severity for severity, look in status.SEVERITIES.items()}

TABLE: Final = PagedTable[Finding](
    noun="finding",
    alt="Findings, one a row",
    columns=(
        Column("Line", lambda row: row.line, width=60),
        Column(
            "Severity",
            lambda row: [status.SEVERITIES[row.severity].word],
            status_column("Severity", status.SEVERITIES, width=90),
        ),
        Column("Field", lambda row: row.field or "", width=95),
        Column("Value", lambda row: row.value or "", width=190),
        Column("What is wrong", lambda row: row.message, width=260),
        Column("How to fix it", lambda row: row.fix, width=260),
        Column("Code", lambda row: row.code, width=130),
    ),
)


def verdict(summary: Summary) -> None:
    """Say in a sentence whether the manifest can be submitted, first of all to who asked."""
    with st.container(gap=None, key="verdict"):
        _verdict(summary)
        turn = session.turn_of_verdict(summary.fingerprint)
        if turn is not None:
            focus.bring(turn)


def _verdict(summary: Summary) -> None:
    held, ready = summary.held_entries, summary.valid_entries
    if not ready:
        st.error(
            "No entry can be sent as it is. Fix what is listed below, here or in the file.",
            title="This manifest is not ready",
            icon=":material/error:",
        )
    elif held:
        st.warning(
            f"{count(held, 'entry')} of {summary.entries:,} {'needs' if held == 1 else 'need'} a "
            "fix. Submit what is ready now and hold the rest back, or fix that first, here or in "
            "the file.",
            title=f"{count(ready, 'entry')} ready, {held:,} to fix",
            icon=":material/warning:",
        )
    else:
        st.success(
            "Nothing was found that would keep an entry from being registered.",
            title=f"All {count(ready, 'entry')} ready" if ready > 1 else "The entry is ready",
            icon=":material/check_circle:",
        )


def show(checked: CheckedManifest, *, key: str) -> None:
    """Draw the groups, then every finding."""
    groups = checked.groups
    if not groups:
        st.caption("Nothing was found.")
        return
    for group in groups:
        _group(checked, group, key=f"{key}_{group.code}")
    _all_findings(checked, groups, key=key)


def _group(checked: CheckedManifest, group: FindingGroup, *, key: str) -> None:
    with st.container(border=True, key=key, gap="small"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            look = status.inline(status.SEVERITIES[group.severity])
            st.markdown(f"{look} **{group.title}**", width="content")
            st.caption(count(group.count, "finding"), width="content")
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            st.caption(group.fix, width="content")
            reference_codes.link(group.code)
        # One text of many lines: each element more is paid for at every click.
        st.markdown("  \n".join(map(_sample, group.samples)))
        with st.container(horizontal=True, gap="small"):
            repair_fix.buttons(checked, group, key=key)
            if group.code == UNDECLARED:
                _declare_button(checked, group, key=key)
            if group.count > len(group.samples):
                _show_all(checked, group, key=key)


def _declare_button(checked: CheckedManifest, group: FindingGroup, *, key: str) -> None:
    """Offer to declare the undeclared keys; their number is told when every finding was kept."""
    if connection.current() is None:
        return
    is_whole = group.count <= checked.summary.samples_per_code
    keys = count(len(checked.undeclared()), "undeclared key") if is_whole else "undeclared keys"
    st.button(
        f"Add the {keys} to the schema",
        key=f"{key}_declare",
        icon=":material/playlist_add:",
        help="Proposes a type for each from its values; nothing is sent before you apply a plan",
        on_click=schema_proposal.go_to,
        args=(checked.summary.fingerprint,),
    )


def _show_all(checked: CheckedManifest, group: FindingGroup, *, key: str) -> None:
    kept = checked.summary.samples_per_code
    st.button(
        f"Show the first {kept:,} of {group.count:,}"
        if group.count > kept
        else f"Show all {group.count:,}",
        key=f"{key}_all",
        type="tertiary",
        icon=":material/filter_list:",
        on_click=_show_only,
        args=(group.code,),
    )


def _show_only(code: str) -> None:
    """Show the findings of a code, whatever was filtered before."""
    for name, every in FILTERS.items():
        session.set_value(name, every)
    session.set_value("findings_code", code)


def _sample(finding: Finding) -> str:
    place = f"Line {finding.line:,}" if finding.line else "The file"
    field = f", {code(finding.field)}" if finding.field else ""
    value = f": {code(finding.value)}" if finding.value else ""
    return f"{place}{field}{value}"


def _about_cap(checked: CheckedManifest, groups: Sequence[FindingGroup]) -> None:
    """Say when there are more findings than were kept; the counts are exact all the same."""
    most = checked.summary.samples_per_code
    found = sum(each.count for each in groups)
    kept = sum(min(each.count, most) for each in groups)
    if found > kept:
        st.caption(
            f"{number(kept)} of {count(found, 'finding')} are kept and shown here: the first "
            f"{number(most)} of each code. The counts above are exact."
        )


def _all_findings(checked: CheckedManifest, groups: Sequence[FindingGroup], *, key: str) -> None:
    layout.section("Every finding", word="finding")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = search_field.ask(key="findings_find", placeholder="Value, field or message")
        chosen = st.selectbox(
            "Code",
            [ANY, *(group.code for group in groups)],
            key="findings_code",
            bind="query-params",
            width=220,
        )
        word = st.selectbox(
            "Severity", [ANY, *SEVERITIES], key="findings_severity", bind="query-params", width=170
        )
        order = st.selectbox(
            "Order", list(ORDERS), key="findings_order", bind="query-params", width=150
        )
    severity: Severity | None = SEVERITIES.get(word)
    _about_cap(checked, [group for group in groups if chosen in (ANY, group.code)])
    TABLE.show(
        lambda offset, limit: checked.findings(
            code=None if chosen == ANY else chosen,
            severity=severity,
            search=search,
            order=ORDERS[order],
            offset=offset,
            limit=limit,
        ),
        key=f"{key}_table",
        name="findings_page",
        filters=FILTERS,
    )
