"""What a bucket holds: folders with counts and sizes, search by pattern, objects in detail."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import streamlit as st

from components import bucket_access, bucket_listing, layout, picture, session
from components.parts import part
from components.runtime import get_runtime
from components.tables import Column, Opening, PagedTable
from components.text import code, count, moment, size
from services.buckets import browsing
from services.buckets.browsing import Entry
from services.buckets.preview import Preview, preview
from services.buckets.recipe import Recipe
from services.buckets.spool import Spool
from services.cloud_storage.credentials import CredentialProblem
from services.cloud_storage.errors import StorageError
from services.cloud_storage.interface import BucketReader
from services.domain import globs

FOLDER: Final = "folder"
PAGE: Final = "browse_page"
#: Names in the address the object that is looked at.
OBJECT: Final = "look_at"


def show(bucket: str, *, key: str) -> None:
    """Draw the section for a bucket; `key` namespaces its widgets."""
    seen = bucket_listing.view(bucket)
    listing = bucket_listing.choose(seen, key=key) if seen else None
    if seen and listing:
        _listed(bucket, get_runtime().catalog.spool(seen, listing.id), key=key)
        st.button(
            "Build a manifest from this listing",
            key=f"{key}_build",
            type="primary",
            icon=":material/arrow_forward:",
            on_click=session.set_value,
            args=("bucket_view", "Build a manifest"),
        )


def _listed(bucket: str, spool: Spool, *, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pattern = st.text_input(
            "Pattern",
            key="pattern",
            bind="query-params",
            placeholder="**/*.jpg, or a folder such as images/",
            icon=":material/search:",
        )
        folder = st.text_input("Folder", key=FOLDER, bind="query-params", placeholder="The top")
        if folder and not pattern:
            st.button("Up", key=f"{key}_up", icon=":material/arrow_upward:", on_click=_up)
    patterns = (pattern,) if pattern else ()
    if not _counted(spool, patterns):
        return
    read = (
        partial(browsing.search, spool, patterns)
        if pattern
        else partial(browsing.level, spool, folder or "")
    )
    rows = TABLE.show(
        lambda offset, limit: read(offset=offset, limit=limit),
        key=f"{key}_table",
        name=PAGE,
        nothing="There is nothing here in this listing.",
        filters={"pattern": "", FOLDER: ""},
    )
    _look_at(rows, bucket, key=key)


def _counted(spool: Spool, patterns: tuple[str, ...]) -> bool:
    """Say how many objects match; False when the pattern cannot be read."""
    try:
        found = browsing.taken(spool, Recipe(include=patterns))
    except globs.PatternError as problem:
        layout.error("This pattern cannot be read", code(str(problem)))
        return False
    said = f"**{count(found.objects, 'object')}**, {size(found.bytes)}"
    st.markdown(f"The pattern matches {said}." if patterns else f"No pattern: all {said}.")
    return True


def _look_at(rows: Sequence[Entry], bucket: str, *, key: str) -> None:
    """Draw the object that was opened, while it is on the page."""
    asked = st.query_params.get(OBJECT)
    chosen = next((row for row in rows if row.name == asked and not row.is_folder), None)
    if chosen:
        with layout.card_box("Object", key=f"{key}_object"):
            _details(bucket, chosen)
            part(_preview, bucket, chosen, key=f"{key}_preview")


def _details(bucket: str, chosen: Entry) -> None:
    st.code(f"gs://{bucket}/{chosen.name}", language=None, wrap_lines=True)
    layout.facts(
        {
            "Size": f"{size(chosen.bytes)} ({chosen.bytes:,} bytes)",
            "Content type": chosen.content_type or "not set",
            "Updated": moment(chosen.updated) if chosen.updated else "not known",
            "Generation": "not known" if chosen.generation is None else str(chosen.generation),
        }
    )


def _preview(bucket: str, chosen: Entry) -> None:
    if not st.button("Show a preview", key="object_preview", icon=":material/visibility:"):
        return
    try:
        found = preview(_reader(), bucket, chosen.name)
    except (StorageError, CredentialProblem) as problem:
        layout.error("The object could not be read", code(str(problem)))
        return
    _draw(found, chosen)


def _reader() -> BucketReader:
    return get_runtime().accounts.open(session.google_account(), sandbox=bucket_access.sandbox())


def _draw(found: Preview, chosen: Entry) -> None:
    if found.kind == "image":
        picture.show(found.content, caption=code(chosen.name))
    elif found.kind == "video":
        st.video(found.content, format=found.content_type or "video/mp4")
    elif found.kind == "audio":
        st.audio(found.content, format=found.content_type or "audio/wav")
    elif found.kind == "text":
        st.code(found.content.decode("utf-8", "replace"), language=None, wrap_lines=True)
    else:
        st.caption(found.why_not)


def _open(entry: Entry) -> None:
    if entry.is_folder:
        _go(entry.name)
    else:
        st.query_params[OBJECT] = entry.name


def _go(folder: str) -> None:
    session.set_value(FOLDER, folder)
    st.query_params.pop(OBJECT, None)
    if session.value(PAGE):
        session.set_value(PAGE, 1)


def _up() -> None:
    here = str(session.value(FOLDER) or "").rstrip("/")
    _go(here[: here.rfind("/") + 1])


TABLE: Final = PagedTable[Entry](
    noun="line",
    alt="Folders and objects of the bucket",
    columns=(
        Column("Name", lambda row: row.name, width=310),
        Column("Objects", lambda row: row.objects, width=90),
        Column("Size", lambda row: size(row.bytes), width=100),
        Column("Content type", lambda row: row.content_type or "", width=140),
        Column("Updated", lambda row: moment(row.updated) if row.updated else "", width=235),
    ),
    opening=Opening(
        act=_open,
        label="Open a folder or look at an object",
        name=lambda row: row.name,
        id=lambda row: row.name,
    ),
)
