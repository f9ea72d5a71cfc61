"""The check of a bucket: start it, watch it, read what is needed."""

from functools import partial

import streamlit as st

from components import bucket_access, bucket_checks, by_script, encord_pages, layout, session
from components.runtime import get_runtime
from components.text import moment
from services.buckets.desk import Place
from services.buckets.preflight import MOST_SAMPLED, SAMPLE
from services.buckets.tasks import Snapshot
from services.domain.bucket_checks import BucketCheck
from services.domain.scripts import buckets

_SAMPLE_FIELD = "bucket_sample"


def button(bucket: str, *, is_main: bool = True) -> None:
    """Draw the button that checks, primary unless the open view has something else to do."""
    st.button(
        "Check the bucket",
        key="check_bucket",
        type="primary" if is_main else "secondary",
        icon=":material/rule:",
        on_click=_start,
        args=(bucket_access.place(bucket),),
    )


def show(bucket: str, *, key: str) -> None:
    """Draw the check under way, else the last one."""
    place = bucket_access.place(bucket)
    check = partial(get_runtime().buckets.check, place)
    snapshot = check()
    if snapshot and snapshot.running:
        bucket_checks.watch(check, _running, key=f"{key}_running")
        return
    if snapshot and snapshot.broken:
        layout.error("The check broke off", "What came before stands. Check the bucket again.")
    known = get_runtime().buckets.records.last_check(
        connection=place.connection, account=place.account, bucket=bucket
    )
    if known:
        st.caption(f"Last checked {moment(known.at)}")
    if snapshot:
        _answers(snapshot.results, key=key)
    elif known is None:
        layout.empty_state(
            icon=":material/rule:",
            title="Not checked yet",
            body="About ten short questions to Google. Nothing is changed in the bucket.",
        )
    else:
        _answers(known.checks, key=key)
    sample = st.number_input(
        "Objects to sample",
        min_value=1,
        max_value=MOST_SAMPLED,
        value=SAMPLE,
        key=_SAMPLE_FIELD,
        width=200,
        help="The first ones by name; one byte of each is read.",
    )
    script = buckets.check(
        bucket, origins=encord_pages.origins(), sandbox=place.sandbox, sample=int(sample)
    )
    by_script.show(script, key=f"{key}_script")


def _answers(checks: tuple[BucketCheck, ...], *, key: str) -> None:
    bucket_checks.show(checks, key=key, alt="Checks of the bucket that need nothing")


def _running(snapshot: Snapshot) -> None:
    with st.container(border=True):
        st.markdown("**Checking the bucket**")
        st.caption("The check goes on without this page.")
        bucket_checks.so_far(snapshot.results)


def _start(place: Place) -> None:
    get_runtime().buckets.start_check(
        place,
        origins=encord_pages.origins(),
        sample=int(session.value(_SAMPLE_FIELD) or SAMPLE),
        actor=session.actor(),
    )
