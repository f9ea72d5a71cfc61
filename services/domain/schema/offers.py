"""What proposals mean for a schema that exists: what each changes, and what cannot be taken."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from services.domain.findings import Severity
from services.domain.metadata import MetadataKey, MetadataSchema, OrganisationSchema, ValueType
from services.domain.schema.draft import Draft, DraftKey, KeyState, by_key, differs
from services.domain.schema.exchange import row_of
from services.domain.schema.lint import lint
from services.domain.schema.proposal import Certainty, Misfits, Proposal, misfits, propose
from services.domain.schema.readings import KeyReadings


class Standing(StrEnum):
    """How a proposal stands to what a schema has."""

    NEW = "adds the key"
    OPTIONS = "adds options"
    RESTORES = "restores the key"
    RETYPES = "changes the type"
    #: Nothing is to be taken: the schema says so already, or says something wider that fits.
    FITS = "fits already"
    #: No type fits, or Encord has no way to declare it.
    NONE = "cannot be taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One proposal beside what the schema has."""

    proposal: Proposal
    standing: Standing
    #: What the schema, or the draft of it, says now.
    declared: MetadataKey | None
    #: Values that do not fit that; None when there is nothing declared, or nobody can tell.
    declared_misfits: Misfits | None
    #: Why it cannot be taken.
    problem: str = ""

    @property
    def key(self) -> str:
        """The key."""
        return self.proposal.key

    @property
    def can_be_taken(self) -> bool:
        """Whether taking it would change the draft into one that can be planned."""
        return self.standing not in {Standing.FITS, Standing.NONE}

    @property
    def is_advised(self) -> bool:
        """Whether it loses nothing: a key that is new, or more options for one."""
        is_safe = self.standing in {Standing.NEW, Standing.OPTIONS}
        return is_safe and self.proposal.certainty is not Certainty.GUESS


def offers(
    found: Iterable[KeyReadings], draft: Draft, base: OrganisationSchema
) -> tuple[Offer, ...]:
    """Set what the values of keys say beside a draft and the schema that it began with."""
    rows = by_key(draft)
    return tuple(_offer(each, rows.get(each.key), base) for each in found)


def _offer(found: KeyReadings, row: DraftKey | None, base: OrganisationSchema) -> Offer:
    proposal = propose(found)
    declared = row.kind() if row and row.state is KeyState.IN_USE else None
    wrong = misfits(found, declared) if declared else None
    standing = _standing(proposal, row, declared, wrong)
    problem = "" if proposal.kind else "No one type fits."
    if standing in {Standing.NEW, Standing.OPTIONS, Standing.RESTORES, Standing.RETYPES}:
        problem = _problem(proposal, row, base)
    return Offer(
        proposal=proposal,
        standing=Standing.NONE if problem and standing is not Standing.FITS else standing,
        declared=declared,
        declared_misfits=wrong,
        problem="" if standing is Standing.FITS else problem,
    )


def _standing(
    proposal: Proposal, row: DraftKey | None, declared: MetadataKey | None, wrong: Misfits | None
) -> Standing:
    kind = proposal.kind
    if declared and (wrong is None or not wrong.count or (kind and not differs(declared, kind))):
        return Standing.FITS
    if kind is None:
        return Standing.NONE
    if row is None:
        return Standing.NEW
    if declared is None:
        return Standing.RESTORES
    is_enum = declared.type is ValueType.ENUM and kind.type is ValueType.ENUM
    if not is_enum:
        return Standing.RETYPES
    return Standing.OPTIONS if set(kind.options) - set(declared.options) else Standing.FITS


def _problem(proposal: Proposal, row: DraftKey | None, base: OrganisationSchema) -> str:
    """Say why the draft could not be planned with the proposal in it; empty when it could."""
    assert proposal.kind is not None
    wanted = row_of(proposal.key, proposal.kind, row)
    errors = [each for each in lint((wanted,), base) if each.severity is Severity.ERROR]
    return errors[0].message if errors else ""


def schema_of(taken: Iterable[Offer]) -> MetadataSchema:
    """Return the keys of offers with the types proposed."""
    return {each.key: each.proposal.kind for each in taken if each.proposal.kind}
