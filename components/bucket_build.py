"""A manifest made from what a bucket holds: choose, look, save, and later only what changed."""

from dataclasses import replace
from typing import Final

import pandas as pd
import streamlit as st

from components import (
    bucket_access,
    bucket_listing,
    bucket_recipe,
    by_script,
    glossary,
    layout,
    manifests,
    session,
    watching,
)
from components.runtime import get_runtime
from components.tables import GRID
from components.text import code, count
from services.buckets.building import Built
from services.buckets.catalog import Listing, View
from services.buckets.delta import Difference
from services.buckets.recipe import Recipe
from services.buckets.recipes import Asked, Saved
from services.domain.entries import EntryType
from services.domain.scripts import buckets

#: The bucket and the saved recipe that the form was filled with last.
FILLED: Final = "recipe_filled"


def show(bucket: str, *, key: str) -> None:
    """Draw the section for a bucket; `key` namespaces its widgets."""
    seen = bucket_listing.view(bucket)
    listing = bucket_listing.choose(seen, key=key) if seen else None
    if seen is None or listing is None:
        return
    _saved(seen, listing, key=key)
    layout.section("What becomes of the objects")
    recipe = bucket_recipe.ask(seen, get_runtime().catalog.spool(seen, listing.id))
    if recipe is not None:
        _make(seen, listing, recipe, key=key)


def _saved(seen: View, listing: Listing, *, key: str) -> None:
    """Offer the saved recipes, and what changed since one was followed."""
    known = {each.recipe.name: each for each in get_runtime().recipes.all(seen)}
    if not known:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Saved recipe",
            ["", *known],
            format_func=lambda each: each or "Start from a saved recipe",
            key=f"{key}_saved",
            bind="query-params",
            on_change=_use,
            args=(seen, f"{key}_saved"),
        )
    if name in known:
        if session.value(FILLED) != (seen.bucket, name):  # an address brought it
            _fill(seen, known[name].recipe)
        _changes(seen, listing, known[name], key=key)


def _use(seen: View, key: str) -> None:
    for saved in get_runtime().recipes.all(seen):
        if saved.recipe.name == session.value(key):
            _fill(seen, saved.recipe)


def _fill(seen: View, recipe: Recipe) -> None:
    bucket_recipe.fill(recipe)
    session.set_value(FILLED, (seen.bucket, recipe.name))


def _changes(seen: View, listing: Listing, saved: Saved, *, key: str) -> None:
    made = get_runtime().recipes.made(seen, saved.recipe.name)
    st.markdown(
        f"Saved by {code(saved.owner)}. It made {count(len(made), 'manifest')} so far."
        + ("" if made else " Make the first one below.")
    )
    if not made:
        return
    asked = Asked(view=seen, listing=listing.id, recipe=saved.recipe, save=True, changes=True)
    if not get_runtime().recipes.has_earlier(asked):
        st.caption("List the bucket again, or choose a newer listing, to see what changed since.")
        return
    _ask(asked, label="Make a manifest of the changes", key=f"{key}_changes")


def _make(seen: View, listing: Listing, recipe: Recipe, *, key: str) -> None:
    looked = Asked(view=seen, listing=listing.id, recipe=recipe)
    st.space("small")
    _ask(looked, label="Preview the manifest", key=f"{key}_look")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name of the recipe",
            key="recipe_name",
            placeholder="Walks",
            persist_state="session",
            help=glossary.meaning("recipe"),
        )
        named = replace(recipe, name=(name or "").strip())
        asked = Asked(view=seen, listing=listing.id, recipe=named, save=True)
        if st.button("Save as manifest", key=f"{key}_save", type="primary", icon=":material/save:"):
            _save(asked, session.actor())
    _watched(asked, key=f"{key}_saving")
    if not named.table:  # a joined table is in the data directory only
        script = buckets.make_manifest(
            seen.bucket,
            f"{named.name or seen.bucket}.json",
            named.to_json().decode(),
            prefixes=listing.prefixes,
            sandbox=bucket_access.sandbox(),
        )
        by_script.show(script, key=f"{key}_script")


def _save(asked: Asked, owner: str) -> None:
    if asked.recipe.name:
        get_runtime().recipes.save(asked.view, asked.recipe, owner)
    _start(asked)


def _start(asked: Asked) -> None:
    session.wait_for_build(asked.digest)
    get_runtime().recipes.start(asked)


def _ask(asked: Asked, *, label: str, key: str) -> None:
    """Offer to make or look at something, and draw what came of it."""
    # Not a callback: that would be given what was asked for before the last field was left.
    if st.button(label, key=key, icon=":material/visibility:"):
        _start(asked)
    _watched(asked, key=f"{key}_watch")


def _watched(asked: Asked, *, key: str) -> None:
    recipes = get_runtime().recipes
    if watching.show(
        lambda: recipes.state(asked),
        title="Making the manifest",
        cancel=lambda: recipes.cancel(asked),
        key=key,
    ):
        return
    state = recipes.state(asked)
    watching.failure(state, title="Nothing was made")
    if state.phase == "done":
        _ended(asked, recipes.result(asked), key=key)


def _ended(asked: Asked, built: Built, *, key: str) -> None:
    """Lead the session that waited to the manifest; show everybody what was made.

    Nobody is led past what has to be read before it is submitted.
    """
    waited = session.waits_for_build() == asked.digest
    if waited:
        session.wait_for_build(None)
    if built.manifest and waited and not _replaced(built):
        manifests.go_to(built.manifest)
        st.rerun()
    _report(built, key=key)
    if built.manifest:
        st.button(
            "Open the manifest",
            key=f"{key}_open",
            icon=":material/fact_check:",
            on_click=manifests.go_to,
            args=(built.manifest,),
        )


def _replaced(built: Built) -> int:
    return built.difference.changed if built.difference else 0


def _report(built: Built, *, key: str) -> None:
    if built.difference:
        _difference(built.difference)
    types = ", ".join(
        f"{EntryType(kind).label} {number:,}" for kind, number in built.by_type.items()
    )
    made = f"**{count(built.entries, 'entry')}** of {count(built.objects, 'object')}"
    st.markdown(
        f"{made}, by type: {types}." if built.entries else "There is nothing to make an entry of."
    )
    for reason, number in built.left_out.items():
        st.caption(f"{count(number, 'object')} left out: {reason}.")
    _oddities(built)
    if built.shown:
        rows = [
            {
                "Type": row.type,
                "Title": row.title,
                "First URL": row.url,
                "Objects": row.urls,
                "Metadata": row.metadata,
            }
            for row in built.shown
        ]
        st.dataframe(pd.DataFrame(rows), key=f"{key}_rows", alt="The first entries", **GRID)


def _difference(found: Difference) -> None:
    st.markdown(
        f"Since the last time: **{found.new:,} new**, **{found.changed:,} changed**, "
        f"**{found.gone:,} gone**."
    )
    if found.changed:
        st.warning(
            "A replaced object has the URL it had before, and Encord skips a URL that its folder "
            "already has: submitting to the same folder does nothing for it. Submit to a new "
            "folder, or delete the old items in Encord first.",
            title=f"{count(found.changed, 'replaced object')} in this manifest",
            icon=":material/warning:",
        )
    if found.unknown:
        st.caption(
            f"{count(found.unknown, 'object')} not compared: an inventory report did not tell the "
            "generation, so nobody knows whether they were replaced."
        )
    if found.gone:
        with st.expander(f"Gone: {count(found.gone, 'object')}"):
            st.caption("Encord keeps what was registered. These are not in the bucket any more.")
            st.code("\n".join(found.gone_names), language=None)


def _oddities(built: Built) -> None:
    if built.irregular:
        st.warning(
            "Look at these before saving: frames that are missing, or numbers used twice.",
            title=f"{count(built.irregular, 'group')} with gaps or duplicate frames",
            icon=":material/warning:",
        )
        words = {"gap": "missing", "duplicate": "twice"}
        rows = [
            {"Group": each.group, "Problem": words[each.problem], "Frames": each.frames}
            for each in built.irregularities
        ]
        st.dataframe(pd.DataFrame(rows), alt="Groups with gaps or duplicate frames", **GRID)
    if built.problem_count:
        st.warning(
            "The entries are made without this metadata.",
            title=f"{count(built.problem_count, 'row or file', 'rows or files')} not used",
            icon=":material/warning:",
        )
        st.code("\n".join(built.problems), language=None, wrap_lines=True)
