"""The choices of a recipe as widgets: what to take, as what, grouped and named how."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pandas as pd
import streamlit as st

from components import layout, session
from components.runtime import get_runtime
from components.text import code, count, size
from services.buckets import browsing, choosing
from services.buckets.catalog import View
from services.buckets.choosing import TypeCount
from services.buckets.recipe import OBJECT_FACTS, Grouping, Recipe, TypeRule
from services.buckets.spool import Spool
from services.domain import globs
from services.domain.entries import EntryType

LEFT_OUT: Final = "left out"
KINDS: Final = {kind.label: kind for kind in EntryType if kind is not EntryType.SCENE}
GROUPINGS: Final[dict[str, Grouping]] = {
    "No groups": "none",
    "By folder": "folder",
    "By a pattern": "pattern",
}
GROUP_AS: Final = {kind.label: kind for kind in (EntryType.IMAGE_GROUP, EntryType.IMAGE_SEQUENCE)}
FACTS: Final = {name.replace("_", " "): name for name in OBJECT_FACTS}
TABLE: Final = "recipe_table"
#: The types that the table began with, and those it says now.
DECIDED, TYPES = "recipe_decided", "recipe_types"


def ask(seen: View, spool: Spool) -> Recipe | None:
    """Draw the choices and return the recipe; None while it cannot be followed."""
    left, right = st.columns(2, gap="medium")
    with left:
        include = _patterns("Take", "recipe_include", "Empty: every object of the listing")
    with right:
        exclude = _patterns("Leave out", "recipe_exclude", "**/thumbnails/**")
    recipe = Recipe(include=include, exclude=exclude)
    if not _counted(spool, recipe):
        return None
    named = _named(_grouped(replace(recipe, types=_types(spool, recipe))))
    return _described(seen, named) if named else None


def _patterns(label: str, key: str, placeholder: str) -> tuple[str, ...]:
    typed = st.text_area(
        f"{label}: folders or patterns, one a line",
        key=key,
        placeholder=placeholder,
        height=80,
        persist_state="session",
    )
    return globs.read_lines(typed or "")


def _counted(spool: Spool, recipe: Recipe) -> bool:
    """Say how many objects are taken; False when a pattern cannot be read."""
    try:
        found = browsing.taken(spool, recipe)
    except globs.PatternError as problem:
        layout.error("This pattern cannot be read", code(str(problem)))
        return False
    said = f"**{count(found.objects, 'object')}**, {size(found.bytes)}"
    everything = not (recipe.include or recipe.exclude)
    st.markdown(f"No pattern: all {said} are taken." if everything else f"Takes {said}.")
    return True


def _types(spool: Spool, recipe: Recipe) -> tuple[TypeRule, ...]:
    """Show what each kind of object becomes, and take what was decided otherwise."""
    decided = _decided(recipe)
    found = _edited(choosing.count_types(spool.objects(), decided), key=_editor(decided))
    session.set_value(TYPES, found)
    return found


def _editor(decided: Recipe) -> str:
    return f"recipe_types_{decided.digest}"


def _decided(recipe: Recipe) -> Recipe:
    """Return the recipe with the types to begin with: a table that was out of sight forgot them."""
    decided = replace(recipe, types=session.value(DECIDED) or ())
    if session.value(_editor(decided)) is None:
        decided = replace(recipe, types=session.value(TYPES) or ())
        session.set_value(DECIDED, decided.types)
    return decided


def _edited(counts: list[TypeCount], *, key: str) -> tuple[TypeRule, ...]:
    frame = pd.DataFrame(
        {
            "Extension": [each.extension or "(none)" for each in counts],
            "Content type": [each.content_type or "(not set)" for each in counts],
            "Objects": [each.objects for each in counts],
            "Becomes": [each.kind.label if each.kind else LEFT_OUT for each in counts],
        }
    )
    edited = st.data_editor(
        frame,
        key=key,
        hide_index=True,
        disabled=["Extension", "Content type", "Objects"],
        alt="Kinds of objects, how many there are, and what each becomes",
        column_config={
            "Objects": st.column_config.NumberColumn(format="localized"),
            "Becomes": st.column_config.SelectboxColumn(options=[*KINDS, LEFT_OUT], required=True),
        },
    )
    return tuple(
        TypeRule(extension=each.extension, content_type=each.content_type, kind=KINDS.get(word))
        for each, word in zip(counts, edited["Becomes"], strict=True)
        if KINDS.get(word) != choosing.guess(each.extension, each.content_type)
    )


def _grouped(recipe: Recipe) -> Recipe:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        word = st.radio(
            "Group images",
            list(GROUPINGS),
            key="recipe_grouping",
            horizontal=True,
            persist_state="session",
        )
        kind = st.selectbox(
            "As", list(GROUP_AS), key="recipe_group_as", width=200, persist_state="session"
        )
    st.caption(
        "DICOM files always become series: by the pattern when there is one, else by folder."
    )
    return replace(
        recipe,
        grouping=GROUPINGS.get(word, "none"),
        group_as=GROUP_AS.get(kind, EntryType.IMAGE_GROUP),
    )


def _named(recipe: Recipe) -> Recipe | None:
    """Ask for the pattern and what it gives; None when it cannot be followed."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pattern = st.text_input(
            "Pattern of the names",
            key="recipe_pattern",
            placeholder="{walk}/frame-{frame}.jpg",
            persist_state="session",
            help="Parts in braces stand for text within a folder; {frame} counts the frames.",
        )
        title = st.text_input(
            "Title", key="recipe_title", placeholder="Walk {walk}", persist_state="session"
        )
    made = replace(recipe, pattern=pattern or "", title=title or "")
    try:
        parts = made.parts()
        made.check()
    except globs.PatternError as problem:
        layout.error("This pattern cannot be followed", code(str(problem)))
        return None
    chosen = st.multiselect(
        "Metadata from parts", parts, key="recipe_parts", persist_state="session"
    )
    return replace(made, metadata=tuple(each for each in parts if each in chosen))


def _described(seen: View, recipe: Recipe) -> Recipe:
    with st.expander("More metadata", key="recipe_more"):
        facts = st.multiselect(
            "From the objects themselves", list(FACTS), key="recipe_facts", persist_state="session"
        )
        sidecars = st.toggle(
            "From a .json file beside each object", key="recipe_sidecars", persist_state="session"
        )
        if sidecars:
            st.caption("Reads each sidecar file: two requests a file.")
        table = _table(seen)
    return replace(
        recipe,
        object_facts=tuple(FACTS[each] for each in facts),
        sidecars=bool(sidecars),
        table=table,
    )


def _table(seen: View) -> str:
    """Take a CSV to join; its first column, or one named like an object, tells which."""
    widget = f"{TABLE}_{session.nonce(TABLE)}"
    st.file_uploader(
        "From a CSV with a row for each object",
        type="csv",
        key=widget,
        max_upload_size=100,
        on_change=_take_table,
        args=(seen, widget),
    )
    known = str(session.value(TABLE) or "")
    if known:
        st.caption("A table is joined.")
        st.button(
            "Join no table", key=f"{TABLE}_none", on_click=session.set_value, args=(TABLE, "")
        )
    return known


def _take_table(seen: View, widget: str) -> None:
    given = session.value(widget)
    if given is not None:
        session.renew_nonce(TABLE)
        _join(get_runtime().recipes.add_table(seen, given))


def _join(table: str) -> None:
    session.set_value(TABLE, table)


def fill(recipe: Recipe) -> None:
    """Set the widgets to a saved recipe; only before they are drawn."""
    words = {
        "recipe_include": "\n".join(recipe.include),
        "recipe_exclude": "\n".join(recipe.exclude),
        "recipe_grouping": _word(GROUPINGS, recipe.grouping),
        "recipe_group_as": _word(GROUP_AS, recipe.group_as),
        "recipe_pattern": recipe.pattern,
        "recipe_title": recipe.title,
        "recipe_parts": list(recipe.metadata),
        "recipe_facts": [_word(FACTS, each) for each in recipe.object_facts],
        "recipe_sidecars": recipe.sidecars,
        TABLE: recipe.table,
        DECIDED: recipe.types,
        TYPES: recipe.types,
        "recipe_name": recipe.name,
    }
    for key, value in words.items():
        session.set_value(key, value)


def _word(words: Mapping[str, object], value: object) -> str:
    return next(word for word, each in words.items() if each == value)
