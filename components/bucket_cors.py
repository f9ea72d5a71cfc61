"""The CORS clinic: what the rules mean for Encord's pages, the smallest mend, and a live test."""

from functools import partial
from typing import Final

import pandas as pd
import streamlit as st

from components import (
    bucket_access,
    bucket_checks,
    by_script,
    confirm,
    encord_pages,
    layout,
    session,
    status,
    tables,
    troubleshooting,
)
from components.runtime import get_runtime
from components.text import code, count
from services.buckets.clinic import Tried
from services.buckets.desk import Place
from services.buckets.tasks import Snapshot
from services.cloud_storage.credentials import CredentialProblem
from services.cloud_storage.errors import UNDECIDED, Changed, StorageError
from services.cloud_storage.interface import BucketInfo
from services.domain import cors
from services.domain.bucket_checks import BucketCheck
from services.domain.cors import Evaluation, PageRequest
from services.domain.scripts import buckets

_OBJECT = "cors_object"
#: How tables of requests show what a browser does.
BROWSER: Final = {"Browser": tables.status_column("Browser", status.BROWSER)}


def show(bucket: str, *, key: str) -> None:
    """Draw the rules, what a browser makes of them, and what mends them."""
    place = bucket_access.place(bucket)
    layout.notice("cors")
    desk = get_runtime().buckets
    snapshot = desk.look(place)
    if snapshot is None:
        desk.start_look(place)
    if snapshot is None or snapshot.running:
        bucket_checks.watch(partial(desk.look, place), _looking, key=f"{key}_looking")
        return
    _again(place, key=key)
    for found in snapshot.results:
        if isinstance(found, BucketInfo):
            _clinic(place, found, key=key)
        else:
            bucket_checks.box(found, key=f"{key}_refused")


def _again(place: Place, *, key: str) -> None:
    st.button(
        "Read the rules again",
        key=f"{key}_again",
        icon=":material/refresh:",
        on_click=_look,
        args=(place,),
    )


def _look(place: Place) -> None:
    session.clear_notice("cors")
    get_runtime().buckets.start_look(place)


def _looking(_so_far: Snapshot) -> None:
    st.caption("Reading the bucket's CORS rules")
    st.skeleton(height=160)


def _clinic(place: Place, info: BucketInfo, *, key: str) -> None:
    origins = encord_pages.origins()
    refused = cors.refused(info.cors, origins)
    _verdict(origins, refused)
    evaluations = [
        cors.evaluate(info.cors, request)
        for origin in origins
        for request in cors.requests_of(origin)
    ]
    _evaluations(evaluations, key=key)
    _rules(info, evaluations, key=key)
    if refused:
        _mend(place, info, origins, key=key)
    _live(place, key=key)


def _verdict(origins: tuple[str, ...], refused: tuple[str, ...]) -> None:
    if not origins:
        st.info("Name an origin under *Bucket and credentials*.", title="No origin is named")
    elif refused:
        st.error(
            f"A browser keeps {', '.join(code(each) for each in refused)} from opening objects.",
            title=f"{count(len(refused), 'origin')} refused",
            icon=":material/error:",
        )
        troubleshooting.link("cors")
    else:
        st.success(
            "By these rules a browser lets them open objects. The live test below asks for one.",
            title="Encord's pages are allowed",
            icon=":material/check_circle:",
        )


def words(request: PageRequest) -> str:
    """Say what a page asks for."""
    if not request.is_asked_first:
        return request.method
    return f"{request.method} with {', '.join(request.headers)}, asked about first"


def _evaluations(evaluations: list[Evaluation], *, key: str) -> None:
    frame = pd.DataFrame(
        {
            "Page": [each.request.origin for each in evaluations],
            "Request": [words(each.request) for each in evaluations],
            "Browser": [[status.BROWSER[each.allowed].word] for each in evaluations],
            "By": [f"Rule {each.rule}" if each.rule else "No rule" for each in evaluations],
        }
    )
    st.dataframe(
        frame,
        key=f"{key}_evaluations",
        alt="What a browser makes of the rules, by page and request",
        column_config=BROWSER,
        **tables.GRID,
    )


def _rules(info: BucketInfo, evaluations: list[Evaluation], *, key: str) -> None:
    layout.section("Rules in force", count(len(info.cors), "rule"))
    refused = [each for each in evaluations if not each.allowed]
    for place, rule in enumerate(info.cors, 1):
        with st.container(border=True, gap="xsmall", key=f"{key}_rule_{place}"):
            st.markdown(f"**Rule {place}**")
            layout.facts(
                {
                    "Origins": ", ".join(rule.origins) or "none",
                    "Methods": ", ".join(rule.methods) or "none",
                    "Headers": ", ".join(rule.response_headers) or "none",
                }
            )
            whys = ((each.request, each.verdicts[place - 1].why) for each in refused)
            said = dict.fromkeys(f"Not for {asked.origin}: {why}" for asked, why in whys if why)
            for line in said:
                st.text(line)


def _mend(place: Place, info: BucketInfo, origins: tuple[str, ...], *, key: str) -> None:
    document = cors.mended(info.cors_document, origins)
    layout.section(
        "The smallest mend", "One more rule. The rules in force stay as they are, in their order."
    )
    st.code(document, language=None, wrap_lines=True)
    name = place.bucket
    commands = {
        "gcloud": f"gcloud storage buckets update gs://{name} --cors-file=cors.json",
        "gsutil": f"gsutil cors set cors.json gs://{name}",
    }
    for tool, command in commands.items():
        st.caption(f"With {tool}, in the folder where cors.json is")
        st.code(command, language=None, wrap_lines=True)
    with st.container(horizontal=True):
        confirm.button(
            "Apply to the bucket",
            key=f"{key}_apply",
            icon=":material/build:",
            title="Apply these rules?",
            body=f"The CORS rules of {code(name)} get one more rule. It is refused if somebody "
            "changed the bucket since the rules were read. It needs `storage.buckets.update`.",
            confirm="Apply",
            on_confirm=partial(_apply, place, document, info.metageneration),
        )
        st.download_button(
            "Download cors.json",
            document,
            file_name="cors.json",
            mime="application/json",
            key=f"{key}_download",
            icon=":material/download:",
            on_click="ignore",
        )
        script = buckets.set_cors(name, document, info.metageneration, sandbox=place.sandbox)
        by_script.show(script, key=f"{key}_script")


def _apply(place: Place, document: str, metageneration: int) -> None:
    session.clear_notice("cors")
    try:
        get_runtime().buckets.apply_cors(
            place, document, metageneration=metageneration, actor=session.actor()
        )
    except CredentialProblem as problem:
        notice = session.Notice(title="Nobody to ask as", body=code(str(problem)))
        session.notify("cors", notice)
    except StorageError as error:
        session.notify("cors", _refusal(error))
    else:
        body = "The new rules are in force; browsers may remember an old answer for a while."
        session.notify("cors", session.Notice(title="Rules applied", body=body, good=True))


def _refusal(error: StorageError) -> session.Notice:
    if isinstance(error, Changed):
        title = "Nothing was applied: somebody changed the bucket"
        return session.Notice(title=title, body="Read the rules again and look at the new mend.")
    body = f"{code(error)} {code(error.raw)}" if error.raw else code(error)
    if isinstance(error, UNDECIDED):
        title = "It is not known whether the rules were applied"
        return session.Notice(title=title, body=f"Read the rules again to see. {body}")
    return session.Notice(title="Nothing was applied", body=body)


def _live(place: Place, *, key: str) -> None:
    layout.section(
        "Live test", "Asks for an object by its URL with each origin, as a browser would."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Object",
            key=_OBJECT,
            placeholder="The first one with content",
            help="The object's name, without gs:// and the bucket",
        )
        st.button(
            "Test live",
            key=f"{key}_live",
            icon=":material/network_check:",
            on_click=_try_out,
            args=(place,),
        )
    tried = partial(get_runtime().buckets.tried, place)
    snapshot = tried()
    if snapshot and snapshot.running:
        bucket_checks.watch(tried, _trying, key=f"{key}_trying")
    elif snapshot:
        _tried(snapshot.results, key=key)


def _try_out(place: Place) -> None:
    key = session.typed(_OBJECT).removeprefix(f"gs://{place.bucket}/")
    get_runtime().buckets.start_try_out(place, key=key, origins=encord_pages.origins())


def _trying(_so_far: Snapshot) -> None:
    st.caption("Asking for the object")


def _tried(results: tuple[Tried | BucketCheck, ...], *, key: str) -> None:
    tried = [each for each in results if isinstance(each, Tried)]
    for found in results:
        if isinstance(found, BucketCheck):
            bucket_checks.box(found, key=f"{key}_untried")
    if not tried:
        return
    frame = pd.DataFrame(
        {
            "Page": [each.request.origin for each in tried],
            "Request": [words(each.request) for each in tried],
            "Status": [each.opened.status for each in tried],
            "Browser": [[status.BROWSER[each.opened.allowed].word] for each in tried],
            "Why": [each.opened.why for each in tried],
        }
    )
    with st.container(key=f"{key}_tried"):
        st.text(f"Asked for {tried[0].url}")
        alt = "What really came back, by page and request"
        st.dataframe(frame, alt=alt, column_config=BROWSER, **tables.GRID)
