"""One object: what was asked for, what became of it, and what Encord and the bucket say now."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar, cast

import orjson
import pandas as pd
import streamlit as st

from components import (
    answers,
    bucket_access,
    connection,
    glossary,
    layout,
    links,
    navigation,
    picture,
    session,
    status,
)
from components.runtime import get_background, get_runtime
from components.tables import GRID, status_column
from components.text import count, moment, number, size
from services.buckets.desk import Place
from services.cloud_storage.credentials import CredentialProblem
from services.cloud_storage.errors import StorageError
from services.cloud_storage.interface import ObjectInfo
from services.domain.urls import ObjectUrl, split
from services.encord_api.errors import EncordError
from services.engine.errors import EngineError
from services.engine.passport import Mention, Passport, sought_of

BOX: Final = "passport_box"
#: An older answer is not what is there at this moment.
FRESH: Final = timedelta(minutes=1)
#: Larger images are not fetched for a preview.
LARGEST: Final = 5 * 1024 * 1024
T = TypeVar("T")
#: Words that are new in the first entry shown.
NEW_WORDS: Final = {"Entry": ("entry",), "Job": ("job", "chunk"), "Unit": ("unit",)}
SHOWABLE: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")


@dataclass(frozen=True, slots=True)
class InBucket:
    """An object as its bucket has it, with its bytes where they can be shown."""

    info: ObjectInfo
    picture: bytes | None


def asked() -> str:
    """Draw the search and return what is looked for; the address names it, without a signature."""
    named = st.query_params.get("object", "")
    known = sought_of(named)
    if known != named:
        st.query_params["object"] = known
    if session.value(BOX) != known:  # a signature was typed, or Back names another
        session.set_value(BOX, known)
    st.text_input(
        "Object",
        key=BOX,
        placeholder="Object URL, UUID of an item or a data row, or title",
        help=glossary.about("object URL", "folder, item", "dataset, data row"),
        icon=":material/search:",
        on_change=_look,
    )
    return known


def _look() -> None:
    links.open_object(str(session.value(BOX) or ""))


def find(sought: str) -> Passport:
    """Look it up in the ledger."""
    return get_runtime().passports.find(sought)


def head_action(found: Passport) -> None:
    """Draw the way to the run that asked for it last."""
    if len(found.urls) == 1 and found.mentions:
        run = found.mentions[0].run
        navigation.button("run", "See its run", key="to_run", primary=True, run=run)


def show(found: Passport) -> None:
    """Draw everything."""
    st.code(found.sought, language=None)
    if len(found.urls) > 1:
        _choose(found)
        return
    _now(found)
    for place, mention in enumerate(found.mentions):
        _mention(mention, newest=place == 0)
    if found.more:
        st.caption("There are more entries than these; an object URL narrows it down.")
    _history(found)


def _choose(found: Passport) -> None:
    """Offer the objects that share a title."""
    st.caption(f"{count(len(found.urls), 'object')} have this title. Choose one:")
    for place, url in enumerate(found.urls):
        st.button(
            f"Object {place + 1}",
            key=f"object_{place}",
            on_click=links.open_object,
            args=(url,),
        )
        st.text(url)


def _now(found: Passport) -> None:
    """Draw what the bucket and Encord say at this moment, side by side."""
    st.button("Read again", key="passport_again", icon=":material/refresh:", on_click=_again)
    left, right = st.columns(2)
    with left.container(border=True, key="in_bucket"):
        layout.section("In the bucket")
        if found.urls:
            _bucket(found.urls[0])
        else:
            st.caption("No URL is known for it.")
    with right.container(border=True, key="in_encord"):
        layout.section("In Encord")
        if not found.items:
            st.caption("No storage item is known for it.")
        moved = _moved(found)
        for uuid in found.items[:3]:
            _item(uuid, moved)
        if found.row:
            layout.facts({"Data row": found.row})


def _again() -> None:
    session.want_own("passport")


def _bucket(url: str) -> None:
    place = split(url)
    if not isinstance(place, ObjectUrl):
        st.caption("Its URL cannot be read.")
        return
    where = bucket_access.place(place.bucket)
    answer = _ask(
        where.named(f"object {place.key}"),
        partial(_fetch, where, place.key),
        waiting="Waiting for the bucket",
    )
    if answer is None:
        return
    info = answer.info
    layout.facts(
        {
            "Size": size(info.size),
            "Type": info.content_type or "not known",
            "Updated": moment(info.updated),
            "Generation": str(info.generation),
        }
    )
    if answer.picture:
        picture.show(answer.picture, alt="The object itself", width=320)


def _fetch(where: Place, key: str) -> InBucket:
    with closing(get_runtime().buckets.open(where)) as reader:
        info = reader.object(where.bucket, key)
        small = info.size <= LARGEST and info.content_type in SHOWABLE
        return InBucket(info, b"".join(reader.read(where.bucket, key)) if small else None)


def _moved(found: Passport) -> str:
    """Say how far its runs and the tasks here are: what Encord said before that is over."""
    ledger = get_runtime().ledger
    runs = (ledger.run(each.run) for each in found.mentions[:1])
    return " ".join(
        f"{each.id} {each.updated_at}" for each in (*runs, *ledger.tasks(limit=1)) if each
    )


def _item(uuid: str, moved: str) -> None:
    current = connection.current()
    if current is None:
        st.caption("Connect to see it.")
        return
    ask = partial(get_runtime().passports.item_now, current.id, uuid)
    answer = _ask(f"item {current.id} {uuid} {moved}", ask, waiting="Waiting for Encord")
    if answer is None:
        layout.facts({"Item": uuid})
        return
    item = answer.item
    layout.facts(
        {
            "Item": item.uuid,
            "Name": item.name,
            "Type": item.type,
            "Created": moment(item.created_at),
            "Datasets": ", ".join(each.title for each in answer.datasets) or "none",
        }
    )
    for each in answer.datasets:
        st.code(each.uuid, language=None)
    if item.metadata:
        _pairs(dict(item.metadata), key=f"metadata_{uuid}", alt="Metadata as Encord has it")


def _ask(about: str, ask: Callable[[], T], *, waiting: str) -> T | None:
    """Return an answer and say when it was read; draw that it is awaited, or why there is none."""
    name = f"{about} {session.own('passport')}"
    if answers.wait_for(name, ask, waiting=waiting, fresh=FRESH) == "running":
        return None
    background = get_background()
    st.caption(f"Read {moment(background.asked(name))}")
    try:
        return cast("T", background.result(name))
    except (StorageError, CredentialProblem, EncordError, EngineError) as problem:
        st.text(str(problem))
        return None


def _mention(mention: Mention, *, newest: bool) -> None:
    look = status.OUTCOMES[mention.outcome]
    words = f"{mention.run_name}, {moment(mention.at)}"
    with st.container(border=True, key=f"mention_{mention.run}_{mention.entry}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            status.badge(look)
            st.text(f"{words}{' (retry)' if mention.retry else ''}", width="content")
        rows = {
            "Entry": f"{mention.entry + 1:,} of {mention.manifest_name}",
            "Type": mention.type,
            "Title": mention.title or "",
            "URLs": number(mention.urls),
            "Encord said": mention.message,
            "Job": mention.job_id or "",
            "Unit": mention.subtask_uuid or "",
            "Item": mention.item_uuid or "",
        }
        shown = {name: value for name, value in rows.items() if value}
        layout.facts(shown, words=NEW_WORDS if newest else layout.NO_WORDS)
        if mention.asked and newest:
            with st.expander("As the manifest has it"):
                text = orjson.dumps(mention.asked, option=orjson.OPT_INDENT_2).decode()
                st.code(text, language=None, wrap_lines=True)
        st.button(
            "Open the run",
            key=f"run_{mention.run}_{mention.entry}",
            type="tertiary",
            icon=":material/arrow_forward:",
            on_click=session.go_to,
            args=("run",),
            kwargs={"run": mention.run},
        )


def _history(found: Passport) -> None:
    """Draw every upload that carried it, and what happened then."""
    if not found.attempts:
        return
    with st.expander(f"Uploads and events ({count(len(found.events), 'event')})"):
        uploads = pd.DataFrame(
            [
                {
                    "Status": [status.UPLOADS[each.state].word],
                    "Job": each.job or "",
                    "Note": each.note,
                }
                for each in found.attempts
            ]
        )
        settings = {"Status": status_column("Status", status.UPLOADS)}
        st.dataframe(
            uploads,
            key="uploads",
            alt="Uploads that carried the object",
            column_config=settings,
            **GRID,
        )
        events = pd.DataFrame(
            [
                {"At": moment(each.at), "What": each.what, "Detail": each.detail}
                for each in found.events
            ]
        )
        if found.events:
            st.dataframe(events, key="object_events", alt="Events of these uploads", **GRID)


def _pairs(values: dict[str, object], *, key: str, alt: str) -> None:
    frame = pd.DataFrame(
        {"Key": list(values), "Value": [orjson.dumps(each).decode() for each in values.values()]}
    )
    st.dataframe(frame, key=key, alt=alt, **GRID)
