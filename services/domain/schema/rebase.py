"""Carry a draft over to a schema that somebody else changed meanwhile."""

from services.domain.metadata import OrganisationSchema
from services.domain.schema.draft import Draft, DraftKey, KeyState, by_key, draft_of


def rebased(draft: Draft, base: OrganisationSchema, now: OrganisationSchema) -> Draft:
    """Return the schema of now with what the draft changed in its base.

    Where both changed a key, the draft's wish stays; of an enum, both sides' new options.
    """
    mine, before = by_key(draft), by_key(draft_of(base))
    rows = {key: _merged(row, mine.get(key), before.get(key)) for key, row in _rows(now).items()}
    added = {key: row for key, row in mine.items() if key not in rows and row != before.get(key)}
    return tuple(row for row in (*rows.values(), *added.values()) if row is not None)


def _rows(schema: OrganisationSchema) -> dict[str, DraftKey]:
    return by_key(draft_of(schema))


def _merged(theirs: DraftKey, mine: DraftKey | None, before: DraftKey | None) -> DraftKey | None:
    if mine == before:
        return theirs
    if mine is None:
        return None
    if theirs.type == mine.type and mine.state is KeyState.IN_USE and theirs.options:
        options = tuple(dict.fromkeys((*theirs.options, *mine.options)))
        return DraftKey(
            key=mine.key, type=mine.type, options=options, size=mine.size, state=mine.state
        )
    return mine
