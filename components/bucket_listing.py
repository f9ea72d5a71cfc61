"""Which listing of a bucket is looked at, and how a new one is made."""

from typing import Final

import streamlit as st

from components import bucket_access, glossary, layout, session, watching
from components.runtime import get_runtime, largest_upload
from components.text import code, count, moment, size, stamp, told_apart
from services.buckets.catalog import Listing, View
from services.cloud_storage.credentials import CredentialProblem
from services.domain import globs

PREFIXES: Final = "listing_prefixes"
#: Names the listing in the address.
CHOSEN: Final = "listing"
#: What the demo bucket holds beside its million objects for trying sizes.
DEMO: Final = "audio/\ndocuments/\ngroups/\nimages/\nscans/\ntext/\nvideos/"


def view(bucket: str) -> View | None:
    """Return the bucket as this session sees it; says so when its credentials are gone."""
    try:
        return View(bucket=bucket, reach=bucket_access.reach())
    except CredentialProblem as problem:
        layout.error("The credentials cannot be used", code(str(problem)))
        return None


def choose(seen: View, *, key: str) -> Listing | None:
    """Draw the listing in use and the way to another; return it once there is one."""
    catalog, asked = get_runtime().catalog, globs.read_lines(_asked(seen))
    if watching.show(
        lambda: catalog.state(seen, asked),
        title="Listing the bucket",
        cancel=lambda: catalog.cancel(seen, asked),
        key=f"{key}_watch",
    ):
        return None
    watching.failure(catalog.state(seen, asked), title="The listing stopped")
    known = {each.id: each for each in catalog.listings(seen)}
    if not known:
        st.caption(
            "Nothing is known of this bucket yet. Listing reads names, never contents.",
            help=glossary.meaning("listing"),
        )
        _form(seen, first=True, key=key)
        return None
    chosen = _chosen(known, key=key)
    with st.expander("List again, or something else", icon=":material/refresh:", key=f"{key}_more"):
        _form(seen, first=False, key=key)
    return chosen


def _asked(seen: View) -> str:
    """Return what this session listed last, or would: the field is gone while work is watched."""
    known = session.listed(seen.bucket)
    return _proposal() if known is None else known


def _typed(seen: View) -> str:
    return str(session.value(_field(seen)) or "")


def _field(seen: View) -> str:
    """Name the field of a bucket's folders: those of another bucket are others."""
    return f"{PREFIXES}_{seen.bucket}"


def _proposal() -> str:
    return DEMO if bucket_access.sandbox() else ""


def _chosen(known: dict[str, Listing], *, key: str) -> Listing:
    asked = st.query_params.get(CHOSEN, "")
    chosen = asked if asked in known else next(iter(known))
    if len(known) == 1:
        at = moment(known[chosen].totals.at)
        st.caption(f"{_about(known[chosen])}, {at}", help=glossary.meaning("listing"))
        return known[chosen]
    named = told_apart(
        {each: f"{_about(found)}, {stamp(found.totals.at)}" for each, found in known.items()}
    )
    field = f"{key}_{CHOSEN}_{chosen}"
    st.selectbox(
        "Listing",
        list(named),
        index=list(named).index(chosen),
        format_func=lambda each: named.get(each, each),
        key=field,
        help=glossary.meaning("listing"),
        on_change=_use,
        args=(field,),
    )
    st.caption(f"Listed {moment(known[chosen].totals.at)}")
    return known[chosen]


def _use(field: str) -> None:
    """Go on with the listing that was chosen, in every tab: the address names it."""
    st.query_params[CHOSEN] = str(session.value(field))


def _use_newest() -> None:
    """Go on with the listing that is about to be made."""
    if CHOSEN in st.query_params:
        del st.query_params[CHOSEN]


def _about(listing: Listing) -> str:
    totals = listing.totals
    where = ", ".join(listing.prefixes[:3]) + (" ..." if len(listing.prefixes) > 3 else "")  # noqa: PLR2004 - as many fit a line
    how = "from a report" if totals.source == "inventory" else count(totals.requests, "request")
    what = f"{count(totals.objects, 'object')}, {size(totals.bytes)}"
    return f"{where or 'The whole bucket'}: {what}, {how}"


def _form(seen: View, *, first: bool, key: str) -> None:
    st.text_area(
        "Folders to list, one a line",
        value=_asked(seen),
        key=_field(seen),
        height=140,
        placeholder="Empty: the whole bucket",
        help="Prefixes of names. Empty means every object of the bucket.",
    )
    asked = globs.read_lines(_typed(seen))
    st.caption(
        f"Lists {count(len(asked), 'folder')}. Google answers 1,000 objects a request."
        if asked
        else "Lists **every object** of the bucket: one request for each 1,000 objects."
    )
    st.button(
        "List the bucket" if first else "List again",
        key=f"{key}_start",
        type="primary" if first else "secondary",
        icon=":material/list:",
        on_click=_start,
        args=(seen,),
    )
    _report(seen, key=key)


def _start(seen: View) -> None:
    # Asks the field itself: a click may come before what was typed last has been drawn.
    typed = _typed(seen)
    session.use_listed(seen.bucket, typed)
    _use_newest()
    get_runtime().catalog.start(seen, globs.read_lines(typed))


def _report(seen: View, *, key: str) -> None:
    widget = f"{key}_report_{session.nonce('report')}"
    st.file_uploader(
        "Or take a Storage Insights inventory report",
        type=["csv", "parquet"],
        key=widget,
        max_upload_size=largest_upload(),
        on_change=_take_report,
        args=(seen, widget),
    )


def _take_report(seen: View, widget: str) -> None:
    given = session.value(widget)
    if given is not None:
        session.renew_nonce("report")
        session.use_listed(seen.bucket, "")
        _use_newest()
        session.set_value(_field(seen), "")
        get_runtime().catalog.take_report(seen, given)
