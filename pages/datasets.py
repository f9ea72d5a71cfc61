"""Datasets: link exactly one run's files to a dataset."""

from components import (
    dataset_form,
    layout,
    navigation,
    run_actions,
    run_picker,
    run_progress,
    run_view,
    status,
)

layout.page_head("Datasets", "Link a run's files, with those of its retries, to one dataset")
run = run_picker.pick("datasets")
if run is None:
    layout.empty_state(
        icon=":material/dataset:",
        title="No run yet",
        body="Files are linked to a dataset after a run has registered them.",
        action=lambda: navigation.button("manifest", "Check a manifest", key="to_manifest"),
    )
else:
    counts = run_view.counts_of(run)
    run_view.state(run, counts)
    run_actions.needs_attention(run, key="attention")
    if status.is_active(run):
        run_progress.live(run, key=f"linking_{run.id}")
    else:
        run_view.linked_to(run)
        dataset_form.show(run, counts)
