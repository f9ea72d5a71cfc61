"""Run: what became of one submission, while it runs and ever after."""

from functools import partial

from components import layout, links, navigation, run_actions, run_view

run = links.run()
if run is None:
    layout.page_head("Run", "No run is chosen")
    layout.empty_state(
        icon=":material/search_off:",
        title="There is no such run",
        body="The link may be incomplete, or it belongs to another installation.",
        action=lambda: navigation.button("runs", "See all runs", key="all_runs", primary=True),
    )
else:
    counts = run_view.counts_of(run)
    layout.page_head(
        "Run",
        run_view.line(run),
        action=partial(run_actions.head_action, run, counts),
        word="run",
    )
    run_view.state(run, counts)
    run_actions.needs_attention(run, key="attention")
    run_view.progress_or_counts(run, counts)
    run_view.failures(run)
    run_actions.family_links(run)
    run_view.details(run)
