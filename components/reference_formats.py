"""The formats that are read, the columns and fields of each type, and the limits."""

from typing import Final

import pandas as pd
import streamlit as st

from components import layout
from components.runtime import get_runtime
from components.text import number, size
from services.domain import urls
from services.domain.chunks import MAX_ENTRIES, MAX_URLS
from services.domain.entries import SHAPES, EntryType
from services.manifests import check, csv_reader, entry_check, json_text, metadata_check

FORMATS: Final = (
    ("Encord JSON", "One object with a list for each type, and the two flags."),
    ("JSON as the SDK sends it", "Recognized and converted, with a note."),
    ("JSON Lines", "One entry a line, with its type in the field type."),
    ("CSV in Encord's layout", "ObjectURL and a title column for the type; headers may repeat."),
    (
        "CSV",
        "ObjectURL, Type, Title, Group, Create video, metadata.<key>. Files to fix are like this.",
    ),
    (
        "How it is written",
        "Comma, semicolon or tab; UTF-8 or UTF-16; LF or CRLF; each also packed as .gz.",
    ),
)


def show() -> None:
    """Draw formats, types and limits."""
    layout.section("Formats")
    layout.facts(dict(FORMATS), width=140)
    layout.section("Types", "Beside title and clientMetadata, which every type may have")
    st.dataframe(
        pd.DataFrame([_type(kind) for kind in EntryType]),
        hide_index=True,
        height="content",
        alt="Entry types, their place in Encord's JSON and their fields",
        key="types",
    )
    layout.section("Limits")
    layout.facts(limits(), width=140)


def _type(kind: EntryType) -> dict[str, str]:
    shape = SHAPES[kind]
    special = sorted(shape.fields - {"title", "clientMetadata", shape.media or ""})
    frames = ["objectUrl_0 ... objectUrl_N"] if kind.is_composite else []
    media = [shape.media] if shape.media else []
    return {
        "Type": kind.label,
        "In a CSV": kind.value,
        "List in JSON": kind.section,
        "Fields": ", ".join([*frames, *special, *media]),
        "Title": "required" if shape.needs_title else "optional",
    }


def limits() -> dict[str, str]:
    """Return every limit, from where the code enforces it."""
    return {
        "A manifest here": size(get_runtime().settings.max_upload_bytes),
        "One document at Encord": f"{number(check.MAX_ITEMS)} entries, {number(check.MAX_URLS)} "
        f"URLs, {size(check.MAX_DOCUMENT)}. Larger manifests are sent in chunks.",
        "One upload job": f"{number(MAX_ENTRIES)} entries and {number(MAX_URLS)} URLs at most",
        "A CSV in Encord's own page": f"{number(csv_reader.ROW_LIMIT)} rows",
        "An object URL": f"{number(urls.MAX_BYTES)} bytes",
        "A title": f"{entry_check.MAX_TITLE} characters",
        "Custom metadata of an entry": size(metadata_check.MAX_BYTES),
        "Nesting in JSON": f"{json_text.MAX_DEPTH} levels",
    }
