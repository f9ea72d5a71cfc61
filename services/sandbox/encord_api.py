"""Encord's two transports: who signed the request, which handler answers, in which envelope.

v1 [RUN]: one endpoint, errors inside HTTP 200. v2 [RUN]: paths, errors as HTTP statuses.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.sandbox import (
    accounts,
    cloud_sync,
    data_groups,
    dataset_jobs,
    datasets,
    faults,
    folders,
    items,
    job_results,
    jobs,
    label_rows,
    old_schema,
    ontologies,
    organization,
    people,
    projects,
    rows,
    summaries,
    switches,
    uploads,
)
from services.sandbox.accounts import NoMemberError, UnknownKeyError
from services.sandbox.requests import call_of, refusing_types
from services.sandbox.signatures import SignatureError, signer_v1, signer_v2
from services.sandbox.state import Sandbox
from services.sandbox.wire import Account, Call, EnvelopeError, Object, RefusalError

logger = logging.getLogger(__name__)

Handler = Callable[[Sandbox, Call], object]
Query = Callable[[Sandbox, Call, object, Object], object]
_SlowQuery = Callable[[Sandbox, Call, Object], Awaitable[object]]
_Slow = Callable[[Sandbox, Call], Awaitable[Object]]

_V2: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "cloud-integrations", organization.integrations),
    ("GET", "user/current-organisation/groups", people.list_groups),
    ("GET", "organisation/users", people.list_users),
    ("POST", "organisation/users", people.add_user),
    ("DELETE", "organisation/users/{email}", people.remove_user),
    ("POST", "organisation/groups", people.create_group),
    ("GET", "organisation/groups/{group}", people.get_group),
    ("PATCH", "organisation/groups/{group}", people.patch_group),
    ("DELETE", "organisation/groups/{group}", people.delete_group),
    ("GET", "organisation/groups/{group}/users", people.list_group_users),
    ("POST", "organisation/groups/{group}/users", people.add_group_users),
    ("POST", "organisation/groups/{group}/users/bulk-delete", people.remove_group_users),
    ("GET", "organisation/organisation-tags", people.list_tags),
    ("POST", "organisation/organisation-tags", people.create_tag),
    ("DELETE", "organisation/organisation-tags/{tag}", people.delete_tag),
    ("GET", "organisation/client-metadata-schema-v2", organization.get_schema),
    ("POST", "organisation/client-metadata-schema-v2", organization.post_schema),
    ("GET", "organisation/client-metadata-schema", old_schema.get),
    ("POST", "organisation/client-metadata-schema", old_schema.post),
    ("POST", "storage/folders", folders.create),
    ("GET", "storage/folders", folders.list_top),
    ("GET", "storage/search/folders", folders.search),
    ("POST", "storage/folders/move", folders.move),
    ("PATCH", "storage/folders/patch-bulk", folders.patch_bulk),
    ("GET", "storage/folders/{folder}", folders.get),
    ("PATCH", "storage/folders/{folder}", folders.patch),
    ("DELETE", "storage/folders/{folder}", folders.delete),
    ("GET", "storage/folders/{folder}/folders", folders.list_sub),
    ("GET", "storage/folders/{folder}/groups", people.shared_groups),
    ("POST", "storage/folders/{folder}/groups", people.share),
    ("DELETE", "storage/folders/{folder}/groups", people.unshare),
    ("GET", "storage/folders/{folder}/folder-config", cloud_sync.get_config),
    ("POST", "storage/folders/{folder}/folder-config", cloud_sync.post_config),
    ("POST", "storage/folders/{folder}/cloud-synced-folder-syncs", cloud_sync.start),
    ("POST", "storage/folders/{folder}/create-group-items", data_groups.create),
    ("GET", "storage/folders/{folder}/summary", summaries.folder),
    ("POST", "storage/folders/{folder}/upload-signed-urls", uploads.for_folder),
    ("GET", "presigned-urls", uploads.for_anybody),
    ("POST", "storage/folders/{folder}/data-upload-jobs", jobs.start),
    ("POST", "storage/folders/{folder}/data-upload-jobs/{job}/cancel", jobs.cancel),
    ("GET", "storage/folders/{folder}/items", items.list_in_folder),
    ("POST", "storage/folders/{folder}/items/delete", items.delete),
    ("POST", "storage/folders/{folder}/items/move", items.move),
    ("PATCH", "storage/folders/{folder}/items/{item}", items.patch),
    ("GET", "storage/folders/{folder}/items/{item}/summary", summaries.item),
    ("GET", "storage/folders/{folder}/items/{item}/child-items", items.children),
    ("GET", "storage/search/items", items.search),
    ("POST", "storage/items/get-bulk", items.get_bulk),
    ("PATCH", "storage/items/patch-bulk", items.patch_bulk),
    ("GET", "storage/items/{item}", items.get),
    ("POST", "datasets", datasets.create),
    ("GET", "datasets/list", datasets.list_all),
    ("GET", "datasets/{dataset}/users", people.dataset_users),
    ("POST", "datasets/{dataset}/users/bulk-delete", people.remove_dataset_users),
    ("GET", "datasets/{dataset}/groups", people.shared_groups),
    ("POST", "datasets/{dataset}/groups", people.share),
    ("DELETE", "datasets/{dataset}/groups", people.unshare),
    ("GET", "ontologies", ontologies.list_all),
    ("POST", "ontologies", ontologies.create),
    ("GET", "ontologies/{ontology}", ontologies.get),
    ("PUT", "ontologies/{ontology}", ontologies.save),
    ("GET", "projects", projects.list_all),
    ("GET", "projects/{project}", projects.get),
    ("GET", "projects/{project}/datasets", projects.list_datasets),
)
_V2_SLOW: tuple[tuple[str, str, _Slow], ...] = (
    ("GET", "storage/folders/{folder}/data-upload-jobs/{job}", job_results.result),
    (
        "GET",
        "storage/folders/{folder}/cloud-linked-folder-syncs/{sync}/long-polling",
        cloud_sync.result,
    ),
)
_V1: dict[tuple[str, str], Query] = {
    ("dataset", "GET"): rows.get_dataset,
    ("datarows", "GET"): rows.list_rows,
    ("datarow", "GET"): rows.get_row,
    ("datasetlinkitems", "POST"): rows.link_items,
    ("video", "DELETE"): rows.delete_data,
    ("video", "POST"): rows.rename,
    ("project", "POST"): projects.create,
    ("projectdataset", "POST"): projects.add_datasets,
    ("projectdataset", "DELETE"): projects.remove_datasets,
    ("labelrowmetadata", "GET"): label_rows.list_all,
    ("labelrow", "PUT"): label_rows.initialise,
    ("labelrow", "GET"): label_rows.get,
    ("labelrow", "POST"): label_rows.save,
    ("datasetusers", "POST"): people.add_dataset_users,
    ("datasetdatalongpolling", "POST"): dataset_jobs.start,
}
_V1_SLOW: dict[tuple[str, str], _SlowQuery] = {
    ("datasetdatalongpolling", "GET"): dataset_jobs.result,
}
#: Like too large, sent by v1 as an HTTP status too.
_TOO_MANY = 429
#: What v1 calls the refusals that v2 sends as a status.
_CODES = {
    403: "AUTHORISATION_ERROR",
    404: "RESOURCE_NOT_FOUND_ERROR",
    409: "RESOURCE_EXISTS_ERROR",
}


def routes(sandbox: Sandbox) -> list[Route]:
    """Return the routes of both transports."""
    made = [_v1_route(sandbox, path) for path in ("/public", "/public/user")]
    made += [_v2_route(sandbox, *entry) for entry in _V2_SLOW]
    for method, path, handler in _V2:
        made.append(_v2_route(sandbox, method, path, _threaded(handler)))
    made.append(_v2_route(sandbox, "", "{rest:path}", _threaded(_unknown)))
    return made


def _threaded(handler: Handler) -> Callable[[Sandbox, Call], Awaitable[object]]:
    async def run(sandbox: Sandbox, call: Call) -> object:
        return await run_in_threadpool(handler, sandbox, call)

    return run


def _unknown(sandbox: Sandbox, call: Call) -> object:
    del sandbox
    raise RefusalError(404, f"The sandbox does not serve {call.method} {call.path['rest']}.")


def _v2_route(
    sandbox: Sandbox, method: str, path: str, handler: Callable[[Sandbox, Call], Awaitable[object]]
) -> Route:
    async def endpoint(request: Request) -> Response:
        async def answer() -> Response:
            try:
                call = await call_of(request)
                account = await run_in_threadpool(_identify_v2, sandbox, call)
                with refusing_types(call):
                    return _json(200, await handler(sandbox, replace(call, account=account)))
            except RefusalError as error:
                return _refused(error)

        return await faults.serve(sandbox.faults, f"v2 {request.method} {path}", answer)

    methods = [method] if method else ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Route(f"/v2/public/{path}", endpoint, methods=methods)


def _identify_v2(sandbox: Sandbox, call: Call) -> Account:
    """Return who signed, or refuse: 401 for each reason [status READ, words assumed]."""
    with sandbox.store.read() as connection:
        age = switches.state(connection, switches.AGE)
    now = sandbox.clock()
    try:
        key = signer_v2(call.method, call.target, call.headers, call.body, now=now, max_age=age)
    except SignatureError as error:
        raise RefusalError(401, f"{error}.") from error
    _count(sandbox, key)
    try:
        return _account(sandbox, key)
    except UnknownKeyError as error:
        raise RefusalError(401, "This SSH key belongs to no user.") from error
    except NoMemberError as error:
        raise RefusalError(403, "You belong to no organization.") from error


def _count(sandbox: Sandbox, key: str) -> None:
    """Count a call of either transport, and refuse one too many."""
    with sandbox.store.read() as connection:
        limit = switches.state(connection, switches.LIMIT)
    if limit and sandbox.limiter.count(key, sandbox.clock()) > limit:
        raise RefusalError(_TOO_MANY, "Too many calls.", retry_after=1)


def _account(sandbox: Sandbox, key: str) -> Account:
    with sandbox.store.read() as connection:
        return accounts.identify(connection, key)


def _v1_route(sandbox: Sandbox, path: str) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            call = await call_of(request)
        except RefusalError as error:  # too large, which v1 too sends as an HTTP status
            return _refused(error)

        async def answer() -> Response:
            try:
                with refusing_types(call):
                    found = await _answer_v1(sandbox, call)
            except EnvelopeError as error:
                return _envelope(error.status, error.code, error.payload)
            except RefusalError as error:
                if error.status == _TOO_MANY:
                    return _refused(error)
                code = _CODES.get(error.status, "INVALID_ARGUMENTS_ERROR")
                return _envelope(error.status, code, error.message)
            return _json(200, {"status": 200, "response": found})

        return await faults.serve(sandbox.faults, _v1_operation(call), answer)

    return Route(path, endpoint, methods=["POST"])


def _envelope(status: int, code: str, payload: str | None) -> Response:
    return _json(200, {"status": status, "response": [code], "payload": payload})


async def _answer_v1(sandbox: Sandbox, call: Call) -> object:
    call = replace(call, account=await run_in_threadpool(_identify_v1, sandbox, call))
    body = call.document()
    name = (str(body.get("query_type")), str(body.get("query_method")))
    values = body.get("values")
    if not isinstance(values, dict):
        raise EnvelopeError(400, "INVALID_ARGUMENTS_ERROR", "values must be an object.")
    uid, payload = values.get("uid"), values.get("payload")
    if isinstance(payload, list):  # of `Dataset.update_data_item` alone
        payload = {"changes": payload}
    document = payload if isinstance(payload, dict) else {}
    if name in _V1_SLOW:
        return await _V1_SLOW[name](sandbox, call, document)
    if name not in _V1:
        raise EnvelopeError(405, "METHOD_NOT_ALLOWED_ERROR")
    return await run_in_threadpool(_V1[name], sandbox, call, uid, document)


def _identify_v1(sandbox: Sandbox, call: Call) -> Account:
    try:
        key = signer_v1(call.headers, call.body)
    except SignatureError as error:
        raise EnvelopeError(401, "AUTHENTICATION_ERROR", str(error)) from error
    _count(sandbox, key)
    try:
        return _account(sandbox, key)
    except UnknownKeyError as error:
        raise EnvelopeError(401, "SSH_KEY_NOT_FOUND_ERROR") from error
    except NoMemberError as error:
        raise EnvelopeError(403, "AUTHORISATION_ERROR") from error


def _v1_operation(call: Call) -> str:
    """Name a v1 call by what its body asks for."""
    try:
        body = call.document()
    except RefusalError:
        return "v1"
    return f"v1 {body.get('query_type')} {body.get('query_method')}"


def operations() -> list[str]:
    """Name every call of both transports."""
    served = [f"v2 {method} {path}" for method, path, _ in (*_V2, *_V2_SLOW)]
    return [*served, *(f"v1 {kind} {method}" for kind, method in (*_V1, *_V1_SLOW))]


def _refused(error: RefusalError) -> Response:
    answer = _json(error.status, {"message": error.message})
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _json(status: int, found: object) -> Response:
    return Response(orjson.dumps(found), status, media_type="application/json")
