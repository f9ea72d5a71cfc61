"""Bucket: check it, mend its CORS rules, prove that Encord reads it, browse it, build from it."""

import streamlit as st

from components import (
    bucket_browse,
    bucket_build,
    bucket_check,
    bucket_choice,
    bucket_cors,
    bucket_guide,
    bucket_trial,
    layout,
    links,
)

bucket = links.bucket()

head = layout.page_head("Bucket", bucket_choice.line(bucket))
links.tell_unknown()
bucket_choice.show(bucket)
if bucket is None:
    layout.empty_state(
        icon=":material/database:",
        title="No bucket yet",
        body="Name the bucket that holds the files. It is checked here before Encord is asked.",
        action=bucket_choice.first_steps,
    )
else:
    check, cors, integration, browse, build = st.tabs(
        ["Check", "CORS", "Integration", "Browse", "Build a manifest"],
        key="bucket_view",
        bind="query-params",
    )
    with head:
        bucket_check.button(bucket, is_main=bool(check.open or cors.open))
    if check.open:
        with check:
            bucket_check.show(bucket, key="bucket_check")
    if cors.open:
        with cors:
            bucket_cors.show(bucket, key="bucket_cors")
    if integration.open:
        with integration:
            bucket_guide.show(bucket, key="guide")
            bucket_trial.show(bucket, key="trial")
    if browse.open:
        with browse:
            bucket_browse.show(bucket, key="browse")
    if build.open:
        with build:
            bucket_build.show(bucket, key="build")
