"""Overview: where the onboarding stands, the next action, the last runs."""

from components import connection, facts, journey, layout, navigation, run_list, tour, welcome
from components.runtime import get_runtime
from components.text import number

ledger = get_runtime().ledger
overview = ledger.overview()
runs = ledger.newest(limit=5)
steps = journey.steps(facts.gather(connection.current()))
following = journey.next_step(steps)
is_new = welcome.is_due(overview)

layout.page_head(
    "Overview",
    f"Next: {following.title.lower()}" if following else "Everything arrived, and it is proven",
    action=None if is_new else lambda: journey.next_button(following),
)
tour.resume_button(key="tour_left")
if is_new:
    welcome.show(key="welcome")
else:
    layout.cards(
        layout.Card(
            label="Runs",
            value=number(overview.runs),
            icon=":material/list_alt:",
            note=f"{number(overview.active)} active",
            word="run",
        ),
        layout.Card(
            label="Files registered",
            value=number(overview.registered),
            icon=":material/cloud_done:",
            note="in all runs",
        ),
        layout.Card(
            label="Failed entries",
            value=number(overview.failed),
            icon=":material/error:",
            note="before retries",
        ),
    )
layout.section("Nine steps to a proven dataset")
journey.show(steps, key="steps")
if not is_new:
    layout.section("Last runs")
    if runs:
        run_list.recent(runs, key="recent_runs")
        navigation.link("runs", "All runs", icon=":material/arrow_forward:")
    else:
        run_list.nothing_yet()
