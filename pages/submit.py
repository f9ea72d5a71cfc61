"""Submit: review what will happen, decide, and start a run."""

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

layout.page_head("Submit", "Review what will happen and start a run", word="run")
if checked is None:
    layout.notice(submission.PLACE)
    layout.empty_state(
        icon=":material/fact_check:",
        title="No checked manifest yet",
        body="A manifest is checked before it is submitted.",
        action=lambda: navigation.button("manifest", "Check a manifest", key="to_manifest"),
    )
elif current is None:
    layout.empty_state(
        icon=":material/cable:",
        title="Not connected",
        body="Choose Encord or the sandbox first.",
        action=lambda: navigation.button("connect", "Open Connect", key="to_connect"),
    )
else:
    found = connection_card.known_integrations(current)
    draft = submit_form.ask(checked.summary, current, found)
    submission.review(draft, checked.summary, current, checked.options)
