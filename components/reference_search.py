"""The search of the Reference page; the lists it narrows draw themselves."""

from components import reference_codes, reference_symptoms, search_field


def ask() -> str:
    """Draw the field, and return what is looked for; empty when nothing is."""
    return search_field.ask(
        key="reference_find",
        placeholder="A symptom, a code, a word of a message, or a term",
        on_change=_look_at_everything,
    )


def _look_at_everything() -> None:
    """Forget what a link chose before: a search looks at all there is."""
    reference_codes.show_all()
    reference_symptoms.show_all()
