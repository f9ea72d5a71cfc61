"""Find and replace over all URLs of a manifest: buckets, beginnings, and Google's two spellings."""

from typing import Final

import streamlit as st

from components import layout, mending
from services.domain.scripts import manifests as scripts
from services.domain.urls import without_signature
from services.manifests.checked import CheckedManifest
from services.manifests.repair import Kind, Replacement, ReplaceOrder

KINDS: Final = {
    "Another bucket": Kind.BUCKET,
    "Another beginning": Kind.PREFIX,
    "https://storage.googleapis.com/ to gs://": Kind.TO_GS,
    "gs:// to https://storage.googleapis.com/": Kind.TO_HTTPS,
}
#: What the two fields ask for; spellings ask for nothing.
ASKS: Final = {
    Kind.BUCKET: ("Bucket now", "Bucket then"),
    Kind.PREFIX: ("URLs that begin with", "Begin with this instead"),
}


def show(checked: CheckedManifest, *, key: str) -> None:
    """Draw the choice and the button that shows what would change."""
    layout.section("Find and replace in URLs", "Looks at every URL, also of entries to fix")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = KINDS[st.selectbox("Replace", list(KINDS), key=f"{key}_kind", width=330)]
        old = new = ""
        if kind in ASKS:
            asked, wanted = ASKS[kind]
            old = st.text_input(asked, key=f"{key}_{kind}_old", value=_guess(checked, kind)) or ""
            new = st.text_input(wanted, key=f"{key}_{kind}_new") or ""
        replacement = Replacement(kind=kind, old=old.strip(), new=new.strip())
        if st.button(
            "See what would change",
            key=f"{key}_preview",
            icon=":material/find_replace:",
            disabled=kind in ASKS and not (old and new),
        ):
            mending.ask(_change(checked, replacement), key=key)


def _guess(checked: CheckedManifest, kind: Kind) -> str:
    """Return the bucket most URLs are in, as the one that is meant."""
    return next(iter(checked.buckets()), "") if kind is Kind.BUCKET else ""


def _change(checked: CheckedManifest, replacement: Replacement) -> mending.Change:
    options = checked.options.to_json()
    file, target = mending.files(checked)
    old, new = replacement.old, replacement.new
    return mending.Change(
        fingerprint=checked.summary.fingerprint,
        title="Find and replace in URLs",
        does="A good URL never becomes one that is refused; such URLs stay as they are.",
        preview=ReplaceOrder(options=options, replacement=replacement, preview=True),
        apply=ReplaceOrder(options=options, replacement=replacement),
        script=None
        if any(without_signature(text) != text for text in (old, new))
        else scripts.replace(file, options, target, replacement.kind.value, old, new),
    )
