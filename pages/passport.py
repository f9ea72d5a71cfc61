"""Passport: everything that is known about one object, on a page that can be shared."""

from components import layout, navigation, passport

head = layout.page_head(
    "Passport", "Everything known about one object, by its URL, UUID or title", word="passport"
)
sought = passport.asked()
if not sought:
    layout.empty_state(
        icon=":material/id_card:",
        title="Which object?",
        body="Paste an object URL, the UUID of an item or a data row, or a title.",
        action=lambda: navigation.button("runs", "Find it in a run", key="to_runs", primary=True),
    )
elif (found := passport.find(sought)).mentions or found.items:
    with head:
        passport.head_action(found)
    passport.show(found)
else:
    layout.empty_state(
        icon=":material/search_off:",
        title="Nothing is known about it here",
        body="No run asked for it. It may stand under another URL, or belong to another server.",
        action=lambda: navigation.button("runs", "Find it in a run", key="to_runs", primary=True),
    )
