"""Choose what is expected and where to look for it: any run, manifest or receipt, anywhere."""

from dataclasses import dataclass
from typing import Final

import streamlit as st

from components import by_script, connection, manifests, proof_nonce, session, uuid_field
from components.runtime import get_runtime
from components.text import moment, stamp, told_apart
from services.domain.scripts import proofs
from services.domain.tasks import Question, Source, Teller
from services.engine.connections import Connection
from services.engine.proof.proofs import Asker
from services.manifests.repair import file_name

OFFERED: Final = 50
TELL, METADATA = "tell", "verify_metadata"
DATASET, FOLDER = "UUID of the dataset", "UUID of the folder"
TELLERS: Final[dict[str, Teller]] = {
    "A run": "run",
    "A manifest": "manifest",
    "An earlier receipt": "receipt",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can say what is expected."""

    name: str
    #: What happened when, for whoever has chosen it.
    since: str
    dataset: str = ""
    folder: str = ""


def show() -> None:
    """Draw the form, folded; nothing while there is no connection to ask."""
    current = connection.current()
    if current is None:
        return
    with st.expander("Verify something else", icon=":material/rule:", key="verify_else"):
        _ask(current)


def _ask(current: Connection) -> None:
    teller = TELLERS[st.radio("What is expected", list(TELLERS), key=TELL, horizontal=True)]
    choices = _choices(teller)
    named = told_apart({each: choice.name for each, choice in choices.items()})
    known = st.selectbox(
        "Which one",
        list(named),
        format_func=lambda each: named.get(each, each),
        key=_which(teller),
        placeholder="There is none yet",
    )
    chosen = choices.get(known or "")
    if chosen:
        st.caption(chosen.since)
    for label, uuid in (
        (DATASET, chosen.dataset if chosen else ""),
        (FOLDER, chosen.folder if chosen else ""),
    ):
        uuid_field.show(label, value=uuid, key=_field(label, known))
    st.caption("With both, the folder says where a missing file stopped.")
    st.toggle("Compare metadata", value=True, key=METADATA)
    dataset, folder = _places(known)
    st.button(
        "Verify this",
        key="verify_else_yes",
        icon=":material/verified:",
        disabled=chosen is None or not (dataset or folder),
        on_click=_verify,
        args=(current,),
    )
    if known and chosen and (dataset or folder):
        _scripted(current, _question(teller, known))


def _scripted(current: Connection, question: Question) -> None:
    told = question.source
    manifest = told.id if told.teller == "manifest" else None
    file = file_name(get_runtime().manifests, manifest) if manifest else ""
    script = proofs.verify(by_script.decision(current, "verify"), question, file=file)
    by_script.show(script, key="verify_else_script", manifest=manifest)


def _which(teller: Teller) -> str:
    return f"tell_{teller}"


def _field(label: str, known: str | None) -> str:
    return f"{label}_{known}"


def _places(known: str | None) -> tuple[str | None, str | None]:
    """Return dataset and folder as the fields say now; neither while one of them is no UUID."""
    fields = [_field(each, known) for each in (DATASET, FOLDER)]
    if any(uuid_field.is_wrong(each) for each in fields):
        return None, None
    dataset, folder = map(uuid_field.uuid, fields)
    return dataset, folder


def _choices(teller: Teller) -> dict[str, Choice]:
    runtime = get_runtime()
    if teller == "run":
        return {
            run.id: Choice(
                f"{run.name}, {stamp(run.created_at)}",
                f"Submitted {moment(run.created_at)}",
                run.dataset_uuid or "",
                run.folder_uuid or "",
            )
            for run in runtime.ledger.first_runs(limit=OFFERED)
        }
    if teller == "manifest":
        return {
            each.fingerprint: Choice(each.name, f"Added {moment(each.added_at)}")
            for each in runtime.manifests.recent(OFFERED)
        }
    return {
        each.id: Choice(
            f"{each.name}, {stamp(each.at)}",
            f"Verified {moment(each.at)}",
            each.dataset_uuid or "",
            each.folder_uuid or "",
        )
        for each in runtime.ledger.receipts(limit=OFFERED)
    }


def _verify(current: Connection) -> None:
    # Asks the fields themselves, see `session`.
    teller = TELLERS[session.value(TELL)]
    known = str(session.value(_which(teller)) or "")
    choices = _choices(teller)
    if known not in choices:
        return
    question = _question(teller, known)
    if not (question.dataset or question.folder):
        return
    asker = Asker(connection=current.id, account=current.account, actor=session.actor())
    task = get_runtime().proofs.verify(
        question, name=choices[known].name, asker=asker, nonce=proof_nonce.of("verify")
    )
    session.go_to("verify", task=task)


def _question(teller: Teller, known: str) -> Question:
    """Return what the fields ask now, which a callback has to ask for itself: see `session`."""
    dataset, folder = _places(known)
    check = manifests.options(known).to_json() if teller == "manifest" else ""
    return Question(
        source=Source(teller=teller, id=known, check=check),
        dataset=dataset,
        folder=folder,
        metadata=bool(session.value(METADATA)),
    )
