"""Bucket: check it, mend its CORS rules, prove that Encord reads it, browse it, build from it."""

import streamlit as st

from components import bucket_browse, bucket_build, bucket_choice, layout, links

bucket = links.bucket()

layout.page_head("Bucket", bucket_choice.line(bucket))
bucket_choice.show(bucket)
if bucket is None:
    layout.empty_state(
        icon=":material/database:",
        title="No bucket yet",
        body="Name the bucket that holds the files. It is checked here before Encord is asked.",
        action=bucket_choice.first_steps,
    )
else:
    browse, build = st.tabs(["Browse", "Build a manifest"], key="bucket_view", bind="query-params")
    if browse.open:
        with browse:
            bucket_browse.show(bucket, key="browse")
    if build.open:
        with build:
            bucket_build.show(bucket, key="build")
