"""Manifest: check what is to be registered, before anything is sent."""

from functools import partial

import streamlit as st

from components import (
    layout,
    lineage,
    links,
    manifest_check,
    manifest_downloads,
    manifest_entries,
    manifest_formats,
    manifest_report,
    manifest_schema,
    manifest_source,
    manifest_statistics,
    manifest_summary,
    manifest_truth,
    manifests,
    mapping,
    mending,
    repair_replace,
    repair_rows,
    taking,
)

manifest_schema.look()
fingerprint = links.manifest()
checked = manifests.checked(fingerprint)

layout.page_head(
    "Manifest",
    manifest_summary.line(checked),
    action=partial(manifest_summary.continue_button, checked) if checked else None,
    word="manifest",
)
if checked:
    manifest_summary.name(checked.summary)
manifest_source.show(fingerprint)
working = taking.progress() or mending.progress(fingerprint)
if fingerprint is None:
    layout.empty_state(
        icon=":material/upload_file:",
        title="No manifest yet",
        body="Add a CSV, JSON or JSON Lines file above. It is checked here; nothing is sent.",
        action=lambda: manifest_source.demo_button(key="demo_manifest"),
    )
elif checked is None:
    manifest_check.show(fingerprint, key="check")
elif not working:
    lineage.show(fingerprint, key="lineage")
    manifest_report.verdict(checked.summary)
    mapping.show(checked, key="mapping")
    manifest_summary.cards(checked.summary)
    manifest_schema.show(fingerprint, key="schema")
    manifest_downloads.show(checked, key="files")
    findings, edit, entries, figures, preview = st.tabs(
        ["Findings", "Edit", "Entries", "Statistics", "What Encord receives"],
        key="manifest_view",
        bind="query-params",
    )
    if findings.open:
        with findings:
            manifest_report.show(checked, key="findings")
            manifest_truth.show(checked, key="truth")
    if edit.open:
        with edit:
            repair_rows.show(checked, key="edit")
            repair_replace.show(checked, key="replace")
    if entries.open:
        with entries:
            manifest_entries.show(checked, key="entries")
    if figures.open:
        with figures:
            manifest_statistics.show(checked, key="statistics")
    if preview.open:
        with preview:
            manifest_formats.show(checked, key="formats")
