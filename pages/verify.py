"""Verify: prove that everything a run asked for is in its dataset."""

from functools import partial

from components import (
    layout,
    navigation,
    run_actions,
    run_picker,
    run_progress,
    status,
    verification,
)
from components.runtime import get_runtime

layout.page_head("Verify", "Compares what was asked for with what Encord lists, by object URL")
run = run_picker.pick("verify")
receipts = get_runtime().ledger.receipts(run=run.id, limit=1) if run else []
if run is None:
    layout.empty_state(
        icon=":material/verified:",
        title="No run yet",
        body="A run is verified after its files are linked to a dataset.",
        action=lambda: navigation.button("manifest", "Check a manifest", key="to_manifest"),
    )
elif status.is_active(run):
    run_progress.live(run, key=f"verifying_{run.id}")
elif not run.dataset_uuid:
    layout.empty_state(
        icon=":material/dataset:",
        title="Not linked to a dataset yet",
        body="Link the run's files first; the verification then compares the dataset with them.",
        action=partial(
            navigation.button,
            "datasets",
            "Link to a dataset",
            key="to_datasets",
            primary=True,
            run=run.id,
        ),
    )
elif not receipts:
    run_actions.needs_attention(run, key="attention")
    layout.empty_state(
        icon=":material/verified:",
        title="Not verified yet",
        body="The comparison reads the dataset and changes nothing.",
        action=partial(verification.verify_button, run, again=False),
    )
else:
    run_actions.needs_attention(run, key="attention")
    verification.verdict(receipts[0])
    verification.cards(receipts[0])
    verification.downloads(receipts[0], key="receipt")
    verification.rows(receipts[0], key="verified_rows")
    verification.verify_button(run, again=True)
