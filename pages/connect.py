"""Connect: choose Encord or the sandbox, and see who and what answered."""

import streamlit as st

from components import (
    bucket_card,
    connect_form,
    connection,
    connection_card,
    demo_card,
    layout,
    navigation,
)

current = connection.current()

head = layout.page_head(
    "Connect", f"Working with {current.label}" if current else "Not connected", word="connection"
)
if current is None:
    layout.empty_state(
        icon=":material/cable:",
        title="Nothing answers yet",
        body="Choose a connection below. Its integrations appear here.",
    )
elif current.kind == "sandbox":
    demo_card.show(key="demo")
left, right = st.columns(2, gap="medium")
with left, layout.card_box("Choose a connection", key="choose"):
    is_asking = connect_form.show()
if current and not is_asking:
    with head:
        navigation.button(
            "bucket", "Check a bucket", key="to_bucket", primary=True, icon=":material/rule:"
        )
with right:
    if current:
        connection_card.show(current, key="connected")
        connection_card.integrations(current, key="integrations")
        bucket_card.show(current, key="buckets")
