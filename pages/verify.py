"""Verify: prove that everything that was asked for is where it should be."""

from functools import partial

from components import (
    layout,
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

layout.page_head(
    "Verify",
    "Compares what was asked for with what Encord lists, by object URL",
    word="verification",
)
if verify_view.named():
    verify_view.back()
elif (run := run_picker.pick("verify")) is None:
    layout.empty_state(
        icon=":material/verified:",
        title="No run yet",
        body="A run is verified after its files are linked to a dataset.",
        action=lambda: navigation.button("manifest", "Check a manifest", key="to_manifest"),
    )
elif status.is_active(run):
    run_progress.live(run, key=f"verifying_{run.id}")
else:
    receipts = get_runtime().ledger.receipts(run=run.id, limit=1)
    run_actions.needs_attention(run, key="attention")
    if receipts:
        verification.show(receipts[0])
        verification.verify_button(run, again=True)
    elif not run.dataset_uuid:
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
