"""Verify: prove that everything that was asked for is where it should be."""

from functools import partial

from components import (
    layout,
    links,
    navigation,
    run_actions,
    run_picker,
    run_progress,
    status,
    verification,
    verify_form,
    verify_view,
)
from components.runtime import get_runtime

run = run_picker.chosen()

head = layout.page_head("Verify", verify_view.line(run), word="verification")
links.tell_unknown()
if verify_view.is_named():
    verify_view.named(head)
    verify_view.back()
elif run is None:
    layout.empty_state(
        icon=":material/verified:",
        title="No run yet",
        body="A run is verified after its files are linked to a dataset.",
        action=lambda: navigation.button(
            "manifest", "Check a manifest", key="to_manifest", primary=True
        ),
    )
elif status.is_active(run):
    run_picker.show("verify", run)
    run_progress.live(run, key=f"verifying_{run.id}")
else:
    receipts = get_runtime().ledger.receipts(run=run.id, limit=1)
    run_picker.show("verify", run)
    run_actions.needs_attention(run, key="attention")
    if receipts:
        with head:
            verification.verify_button(run, again=True)
        verification.show(receipts[0])
    elif not get_runtime().ledger.is_linked(run.id):
        verify_view.not_linked(run)
    else:
        layout.empty_state(
            icon=":material/verified:",
            title="Not verified yet",
            body="The comparison reads the dataset and changes nothing.",
            action=partial(verification.verify_button, run, again=False),
        )
    verify_view.history(run)
verify_form.show()
