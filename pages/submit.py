"""Submit: review what will happen, decide, and start a run."""

import streamlit as st

from components import (
    connection,
    connection_card,
    layout,
    links,
    manifests,
    navigation,
    submit_form,
)
from components import submit as submission

current = connection.current()
checked = manifests.checked(links.manifest())

head = layout.page_head("Submit", submission.line(checked, current), word="run")
links.tell_unknown()
if checked is None:
    layout.notice(submission.PLACE)
    layout.empty_state(
        icon=":material/fact_check:",
        title="No checked manifest yet",
        body="A manifest is checked before it is submitted.",
        action=lambda: navigation.button(
            "manifest", "Check a manifest", key="to_manifest", primary=True
        ),
    )
elif current is None:
    layout.empty_state(
        icon=":material/cable:",
        title="Not connected",
        body="Choose Encord or the sandbox first.",
        action=lambda: navigation.button("connect", "Open Connect", key="to_connect", primary=True),
    )
else:
    found = connection_card.known_integrations(current)
    review = st.container(border=True, key="review")
    draft = submit_form.ask(checked.summary, current, found)
    with review:
        is_ready = submission.review(draft, checked.summary, current, checked.options)
    with head:
        submission.button(checked.summary, current, checked.options, found, is_ready=is_ready)
