"""Which bucket the page is about, and who asks about it; the name is in the URL."""

from typing import Final

import streamlit as st

from components import bucket_access, encord_pages, layout, session
from components.text import code
from services.domain.urls import GOOGLE_BUCKET
from services.sandbox.demo import BUCKET as DEMO_BUCKET

FIELD: Final = "bucket_name"


def line(bucket: str | None) -> str:
    """Say where things stand, for the page's head."""
    if bucket is None:
        return "No bucket is chosen"
    return f"Read by {bucket_access.name()}"


def show(bucket: str | None) -> None:
    """Draw the choice of the bucket and of who asks; open while there is none."""
    if bucket:
        st.markdown(f"### {code(bucket)}")
    layout.notice("bucket")
    with st.expander("Bucket and credentials", expanded=bucket is None, key="bucket_source"):
        layout.notice("bucket_access")
        name, access = st.columns(2, gap="medium")
        with name:
            st.text_input(
                "Bucket",
                value=bucket or "",
                key=FIELD,
                placeholder="my-bucket or gs://my-bucket",
                on_change=_choose,
            )
            st.caption("Its name, with or without gs:// before it. Looking changes nothing in it.")
            encord_pages.show()
        with access:
            bucket_access.show(key="bucket_access")


def first_steps() -> None:
    """Offer the demo's bucket where there is one."""
    if bucket_access.sandbox():
        st.button(
            "Use the demo bucket",
            key="demo_bucket",
            type="primary",
            icon=":material/science:",
            on_click=use,
            args=(DEMO_BUCKET,),
        )


def _choose() -> None:
    typed = session.typed(FIELD).removeprefix("gs://").partition("/")[0]
    if typed and not GOOGLE_BUCKET.fullmatch(typed):
        session.notify(
            "bucket",
            session.Notice(
                title="This is not a bucket's name",
                body="Names have 3 to 222 lower-case letters, digits, dots, dashes and "
                "underscores, e.g. `my-bucket`.",
            ),
        )
        return
    use(typed or None)


def use(bucket: str | None) -> None:
    """Work with this bucket from now on."""
    session.clear_notice("bucket")
    session.use_bucket(bucket)
    session.go_to("bucket", **({"bucket": bucket} if bucket else {}))
