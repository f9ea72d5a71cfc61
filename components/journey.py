"""The nine steps of onboarding: each done, next or blocked, why, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from components import glossary, navigation, status
from components.status import StepState, is_active
from components.text import count, moment
from services.domain.bucket_checks import CheckVerdict
from services.domain.findings import Summary
from services.domain.metadata import MetadataSchema
from services.engine.connections import Check, Connection
from services.ledger.buckets import CheckedBucket, Proof
from services.ledger.views import Counts, ReceiptView, RunView


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known when the steps are judged."""

    connection: Connection | None
    check: Check | None
    manifest: Summary | None
    run: RunView | None
    counts: Counts
    #: Whether what arrived of the run is in its dataset.
    linked: bool = False
    receipt: ReceiptView | None
    #: The keys of the organization's metadata schema, as far as they are known.
    schema: MetadataSchema = field(default_factory=dict)
    #: The bucket this session's identities checked last.
    checked: CheckedBucket | None = None
    #: The last time that an integration of the connection really delivered.
    proof: Proof | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, judged."""

    title: str
    state: StepState
    #: What was found, or what stands in the way.
    because: str
    page: str
    action: str
    #: What the page is about, as its address names it.
    query: dict[str, Any]
    #: The glossary's word that is new here.
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One step on its own: whether it is done, or what stands in its way."""

    title: str
    done: bool
    because: str
    page: str
    action: str
    word: str = ""
    blocked: bool = False
    optional: bool = False


def steps(facts: Facts) -> tuple[Step, ...]:
    """Judge all nine steps: the first that is not done is next, those after it come later."""
    judged: list[Step] = []
    # The last step that is to be done before others, 0 while there is none.
    waiting = 0
    for place, step in enumerate((*_preparing(facts), *_sending(facts), *_proving(facts)), 1):
        state = _state(step, reached=waiting > 0)
        is_silent = state is StepState.LATER and not step.blocked
        because = f"After step {waiting}" if is_silent else step.because
        waiting = place if state not in {StepState.DONE, StepState.OPTIONAL} else waiting
        judged.append(
            Step(
                title=step.title,
                state=state,
                because=because,
                page=step.page,
                action=step.action,
                query=_query(facts, step.page),
                word=step.word,
            )
        )
    return tuple(judged)


def _query(facts: Facts, page: str) -> dict[str, Any]:
    """Name what a page is about, so that it is the same in a tab that has seen nothing yet."""
    if facts.run and page in {"run", "datasets", "verify"}:
        return {"run": facts.run.id}
    if facts.manifest and page in {"manifest", "submit"}:
        return {"manifest": facts.manifest.fingerprint}
    return {}


def _state(step: _Judged, *, reached: bool) -> StepState:
    if step.done:
        return StepState.DONE
    if step.optional:
        return StepState.OPTIONAL
    if reached:
        return StepState.LATER
    return StepState.BLOCKED if step.blocked else StepState.CURRENT


def _preparing(facts: Facts) -> Iterator[_Judged]:
    found = facts.check.integrations if facts.check else ()
    keys = facts.schema
    failed = facts.check is not None and not facts.check.ok
    faulty = facts.checked is not None and facts.checked.verdict is CheckVerdict.FAIL
    yield _Judged(
        title="Set up the bucket",
        done=facts.proof is not None or (facts.checked is not None and not faulty),
        because=_about_bucket(facts),
        page="bucket",
        action="Check the bucket",
        blocked=faulty,
    )
    yield _Judged(
        title="Create the integration",
        word="integration",
        done=facts.proof is not None,
        because=_about_integrations(facts, len(found), failed=failed),
        page="connect" if failed else "bucket",
        action="Open Connect" if failed else "Prove it",
        blocked=failed,
    )
    yield _Judged(
        title="Define custom metadata",
        word="schema",
        done=bool(keys),
        because=f"{count(len(keys), 'key')} in the schema" if keys else "Only for custom metadata",
        page="schema",
        action="Open Schema",
        optional=True,
    )


def _about_bucket(facts: Facts) -> str:
    if facts.checked is None:
        return f"Encord read files {moment(facts.proof.at)}" if facts.proof else "Not checked yet"
    if facts.checked.verdict is CheckVerdict.FAIL and not facts.proof:
        return f"A check failed {moment(facts.checked.at)}"
    return f"Checked {moment(facts.checked.at)}"


def _about_integrations(facts: Facts, found: int, *, failed: bool) -> str:
    if facts.proof:
        return f"Proven {moment(facts.proof.at)}"
    if found:
        return f"{count(found, 'integration')} found, none proven yet"
    return "Encord did not accept the connection" if failed else "None is proven yet"


def _sending(facts: Facts) -> Iterator[_Judged]:
    manifest, run, counts = facts.manifest, facts.run, facts.counts
    unusable = manifest is not None and not manifest.valid_entries
    yield _Judged(
        title="Prepare the manifest",
        word="manifest",
        done=run is not None or (manifest is not None and not unusable),
        because=_about_manifest(manifest),
        page="manifest",
        action="Check a manifest",
        blocked=unusable,
    )
    yield _Judged(
        title="Submit to Encord",
        done=run is not None,
        because=f"{count(counts.entries, 'entry')} submitted" if run else "Ready to submit",
        page="submit",
        action="Review and submit",
    )
    yield _Judged(
        title="Check what arrived",
        done=run is not None and not is_active(run) and counts.arrived == counts.entries,
        because=_about_arrival(run, counts),
        page="run",
        action="Open the run",
        blocked=run is not None and not is_active(run),
    )


def _about_manifest(manifest: Summary | None) -> str:
    if manifest is None:
        return "Upload a CSV or JSON file"
    if not manifest.valid_entries:
        return "No entry can be sent as it is"
    return f"{manifest.valid_entries:,} of {count(manifest.entries, 'entry')} ready"


def _about_arrival(run: RunView | None, counts: Counts) -> str:
    if run is None:
        return "No run yet"
    if is_active(run):
        return f"{counts.settled:,} of {count(counts.entries, 'entry')} so far"
    if counts.arrived == counts.entries:
        return f"All {count(counts.arrived, 'entry')} arrived"
    lost = counts.entries - counts.arrived - counts.pending
    told = f"{count(lost, 'entry')} did not arrive" if lost else ""
    waiting = f"{count(counts.pending, 'entry')} still waiting" if counts.pending else ""
    return ", ".join(words for words in (waiting, told) if words)


def _proving(facts: Facts) -> Iterator[_Judged]:
    run, receipt = facts.run, facts.receipt
    has_dataset = run is not None and run.dataset_uuid is not None
    yield _Judged(
        title="Create the dataset",
        word="dataset, data row",
        done=has_dataset,
        because="A dataset is chosen" if has_dataset else "Choose or create a dataset",
        page="datasets",
        action="Open Datasets",
    )
    yield _Judged(
        title="Link the files",
        done=facts.linked,
        because="The run's files are linked" if facts.linked else "Linking is not finished",
        page="datasets",
        action="Open Datasets",
    )
    yield _Judged(
        title="Verify",
        word="verification",
        done=receipt is not None and receipt.proven,
        because=_about_proof(receipt),
        page="verify",
        action="See the verification",
        blocked=receipt is not None,
    )


def _about_proof(receipt: ReceiptView | None) -> str:
    if receipt is None:
        return "Not verified yet"
    if receipt.proven:
        return f"All {count(receipt.matched, 'entry')} matched"
    return f"{count(receipt.expected - receipt.matched, 'entry')} missing or not as asked for"


def show(judged: tuple[Step, ...], *, key: str) -> None:
    """Draw the steps as cards, in order; the next has a button."""
    with st.grid(3, min_column_width=240, key=key):
        for place, step in enumerate(judged, 1):
            _card(place, step, key=f"{key}_{place}")


def _card(place: int, step: Step, *, key: str) -> None:
    with st.container(border=True, height="stretch", gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            title = f"**{place}. {step.title}**"
            st.markdown(title, width="content", help=glossary.about(step.word))
            status.badge(status.STEPS[step.state])
        st.caption(step.because)
        if step.state not in {StepState.DONE, StepState.LATER}:
            navigation.button(
                step.page,
                step.action,
                key=key,
                quiet=step.state is StepState.OPTIONAL,
                icon=":material/arrow_forward:",
                **step.query,
            )


def next_button(following: Step | None) -> None:
    """Draw the page's primary action: the next step, or a new beginning after the last."""
    if following is None:
        navigation.button(
            "manifest", "New manifest", key="next_step", primary=True, icon=":material/add:"
        )
        return
    navigation.button(
        following.page,
        following.action,
        key="next_step",
        primary=True,
        icon=":material/arrow_forward:",
        **following.query,
    )


def next_step(judged: tuple[Step, ...]) -> Step | None:
    """Return the step to do now; None when everything is done."""
    active = {StepState.CURRENT, StepState.BLOCKED}
    return next((step for step in judged if step.state in active), None)
