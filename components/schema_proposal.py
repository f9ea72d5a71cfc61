"""Propose keys from what a stored manifest holds: look, tick, and take them into the draft."""

import zlib
from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from components import (
    layout,
    links,
    manifest_check,
    manifests,
    mending,
    navigation,
    schema_desk,
    session,
)
from components.manifest_source import RECENT
from components.runtime import get_runtime
from components.schema_words import words
from components.session import Notice, SchemaDesk
from components.tables import GRID
from components.text import count, number
from services.domain.schema.draft import Draft
from services.domain.schema.exchange import taken_into
from services.domain.schema.offers import Offer, Standing, offers, schema_of
from services.domain.schema.proposal import Misfits
from services.domain.schema.readings import PLURALS, Readings
from services.manifests.repair import ReadOrder

VIEW: Final = "Propose"
#: Names the switch in the address of the page.
UNDECLARED: Final = "undeclared"


def go_to(fingerprint: str) -> None:
    """Go to the proposals for the keys of a manifest that no schema has."""
    session.go_to("schema", **{schema_desk.VIEW: VIEW, "manifest": fingerprint, UNDECLARED: "true"})


def show(desk: SchemaDesk, *, key: str) -> None:
    """Draw the choice of a manifest and what its values propose."""
    layout.section(
        "Propose from a manifest",
        "Every value is read; you choose what goes into the draft. Nothing is sent.",
    )
    links.tell_unknown()
    fingerprint = _choose(key)
    if fingerprint is None:
        return
    checked = manifests.checked(fingerprint)
    if checked is None:
        manifest_check.show(fingerprint, key=f"{key}_check")
        return
    order = ReadOrder(options=checked.options.to_json())
    found = mending.look(fingerprint, order, Readings, key=f"{key}_{fingerprint[:8]}")
    if found is not None:
        _proposals(desk, found, key=f"{key}_{fingerprint[:8]}")


def _choose(key: str) -> str | None:
    recent = {each.fingerprint: each.name for each in get_runtime().manifests.recent(RECENT)}
    chosen = links.manifest()
    if chosen and chosen not in recent:
        recent[chosen] = get_runtime().manifests.record(chosen).name
    if not recent:
        layout.empty_state(
            icon=":material/upload_file:",
            title="No manifest yet",
            body="Keys are proposed from a manifest that was checked here.",
            action=lambda: navigation.button("manifest", "Check a manifest", key=f"{key}_none"),
        )
        return None
    field = f"{key}_manifest_{chosen}"
    st.selectbox(
        "Manifest",
        list(recent),
        index=list(recent).index(chosen) if chosen else None,
        format_func=lambda each: f"{recent[each]} ({each[:8]})",
        placeholder="Choose a manifest",
        key=field,
        on_change=_use,
        args=(field,),
    )
    return chosen


def _use(field: str) -> None:
    """Go on with the manifest that was chosen. It is in the address, which decides, see `links`."""
    chosen = str(session.value(field))
    session.use_manifest(chosen)
    session.go_to("schema", manifest=chosen)


def _proposals(desk: SchemaDesk, found: Readings, *, key: str) -> None:
    draft = schema_desk.edited(desk)
    offered = offers(found.keys, draft, desk.base)
    is_new_only = st.toggle(
        "Only keys that the schema does not have", key=UNDECLARED, bind="query-params"
    )
    shown = [each for each in offered if not is_new_only or each.declared is None]
    more = f"; {count(found.further_keys, 'further key')} not read" if found.further_keys else ""
    st.caption(f"{count(len(offered), 'key')} in {count(found.entries, 'entry')}{more}.")
    if not shown:
        st.caption("The schema has every key of this manifest." if offered else "No metadata.")
        return
    # What is ticked belongs to these rows: other ones are another table.
    table = f"{key}_{zlib.crc32(repr([(each.key, each.standing) for each in shown]).encode())}"
    _table(shown, is_new_only=is_new_only, key=table)
    taken = _ticked(shown, table)
    st.button(
        f"Take {count(len(taken), 'key')} into the draft",
        key=f"{key}_take",
        type="primary",
        icon=":material/playlist_add:",
        disabled=not taken,
        on_click=_take,
        args=(desk, draft, shown, table),
    )
    st.caption("The draft is yours until its plan is applied under Design.")


def _ticked(shown: Sequence[Offer], table: str) -> list[Offer]:
    """Return what is ticked now, which a callback has to ask for itself: see `session`."""
    return [
        shown[place]
        for place in session.value(table).selection.rows
        if place < len(shown) and shown[place].can_be_taken
    ]


def _table(shown: Sequence[Offer], *, is_new_only: bool, key: str) -> None:
    """Draw one row a key, those ticked that lose nothing."""
    ticked = [
        place
        for place, each in enumerate(shown)
        if each.is_advised or (is_new_only and each.standing is Standing.NEW)
    ]
    st.dataframe(
        pd.DataFrame([_row(each) for each in shown]),
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": ticked, "columns": [], "cells": []}},
        column_config={
            "Key": st.column_config.TextColumn(width=110),
            "Proposed": st.column_config.TextColumn(width=170),
            "How sure": st.column_config.TextColumn(width=72),
            "Values": st.column_config.NumberColumn(width=68, format="localized"),
            "Do not fit": st.column_config.TextColumn(width=200),
            "Taking it": st.column_config.TextColumn(width=120),
            "The schema has": st.column_config.TextColumn(width=170),
        },
        alt="Keys of the manifest: the type proposed, values that do not fit, what the schema has",
        **GRID,
    )


def _row(offer: Offer) -> dict[str, object]:
    proposal = offer.proposal
    told = proposal.misfits if proposal.kind or offer.declared is None else offer.declared_misfits
    return {
        "Key": offer.key,
        "Proposed": words(proposal.kind) or "no one type",
        "How sure": proposal.certainty.value if proposal.kind else "",
        "Values": proposal.filled,
        "Do not fit": _misfits(told, proposal.filled) if proposal.kind else _composition(offer),
        "Taking it": offer.problem or offer.standing.value,
        "The schema has": _declared(offer),
    }


def _declared(offer: Offer) -> str:
    if offer.declared is None:
        return ""
    said = words(offer.declared)
    wrong = offer.declared_misfits
    return f"{said}; {number(wrong.count)} do not fit" if wrong and wrong.count else said


def _misfits(found: Misfits | None, filled: int) -> str:
    """Say how many values do not fit, and which, e.g. `3 of 9,998: line 12 n/a, line 40 -`."""
    if found is None or not found.count:
        return ""
    named = ", ".join(
        f"line {each.line:,} {each.value}" if each.line else each.value for each in found.examples
    )
    more = ", ..." if found.count > len(found.examples) else ""
    return f"{found.count:,} of {filled:,}: {named}{more}"


def _composition(offer: Offer) -> str:
    parts = (f"{PLURALS[shape]} {share:,}" for shape, share in offer.proposal.composition)
    return ", ".join(parts)


def _take(desk: SchemaDesk, draft: Draft, shown: Sequence[Offer], table: str) -> None:
    taken = _ticked(shown, table)
    if not taken:
        return
    schema_desk.take(desk, taken_into(draft, schema_of(taken)))
    session.set_value(schema_desk.VIEW, schema_desk.DESIGN)
    session.notify(
        schema_desk.PLACE,
        Notice(
            title=f"{count(len(taken), 'key')} taken into the draft",
            body="Look at the plan below. Nothing was sent.",
            good=True,
        ),
    )
