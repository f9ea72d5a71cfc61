"""`python -m services check-bucket | prove-integration | set-cors | make-manifest`.

What the Bucket page does.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Final

import msgspec

from services.arguments import add_integration, answered, integration_of
from services.bootstrap import Runtime
from services.buckets import clinic
from services.buckets.building import Job, build
from services.buckets.desk import Place
from services.buckets.listing import list_objects
from services.buckets.preflight import SAMPLE, Preflight
from services.buckets.reach import NOBODY, SERVER, TIMEOUT, Reach
from services.buckets.recipe import read_recipe
from services.buckets.spool import Scope, Spool
from services.cloud_storage.credentials import CredentialProblem, anonymous, application_default
from services.cloud_storage.errors import UNDECIDED, StorageError
from services.cloud_storage.google import ENDPOINT, GoogleBuckets
from services.cloud_storage.google import connect as connect_google
from services.connecting import (
    ACTOR,
    EXIT_USAGE,
    add_connection,
    connect,
    connected,
    opened,
    refuse,
)
from services.domain import cors
from services.domain.bucket_checks import BucketCheck, CheckVerdict
from services.domain.globs import PatternError
from services.engine.connections import Connection
from services.following import EXIT_NOT_PROVEN, EXIT_PROVEN
from services.ledger.buckets import TrialState
from services.manifests.command import MAX_BYTES
from services.manifests.store import ManifestStore
from services.settings import Settings

HOW_TO_SIGN_IN: Final = (
    "Set GOOGLE_APPLICATION_CREDENTIALS to a credentials file, or run "
    "`gcloud auth application-default login`, then give the command again. A service account that "
    "was given in a browser is for that session alone."
)
NO_RULES: Final = "The file holds no list of CORS rules."
UNDER_WAY: Final = "A trial of this integration and this bucket is under way already."
TRIAL_ENDS: Final = {TrialState.PROVEN: EXIT_PROVEN, TrialState.FAILED: EXIT_NOT_PROVEN}
UNKNOWN: Final = (
    "It is not known whether anything was changed: no whole answer came. "
    "`check-bucket` shows the rules in force; setting the same rules again changes nothing."
)


def check(argv: list[str]) -> int:
    """Print each check of a bucket: 0 when none failed, 1 when one did, 2 when none was made."""
    parser = _parser("check-bucket")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="objects to look at")
    origins = parser.add_mutually_exclusive_group()
    origins.add_argument(
        "--origin",
        action="append",
        type=_origin,
        metavar="URL",
        help="from where Encord's pages open objects; may be repeated; default: all known ones",
    )
    origins.add_argument("--no-origin", action="store_true", help="do not judge the CORS rules")
    return _with_editor(parser.parse_args(argv), _check)


def _check(editor: GoogleBuckets, asked: argparse.Namespace) -> int:
    origins = () if asked.no_origin else tuple(asked.origin or _known_origins())
    failed = 0
    for found in Preflight(
        reader=editor, who=editor.name, bucket=asked.bucket, origins=origins, sample=asked.sample
    ).run():
        _tell(found)
        failed += found.verdict is CheckVerdict.FAIL
    return EXIT_NOT_PROVEN if failed else 0


def _known_origins() -> Iterator[str]:
    yield from (origin for region in cors.ORIGINS.values() for origin in region)
    yield from Settings().encord_origins


def _origin(text: str) -> str:
    """Return an origin; raises `ValueError`, as argparse wants it."""
    if not cors.is_origin(text):
        raise ValueError
    return text


def prove(argv: list[str]) -> int:
    """Print each step of a trial: 0 when it proves the integration, 1 when not, 2 when unknown."""
    parser = argparse.ArgumentParser(prog="python -m services prove-integration")
    parser.add_argument("bucket", metavar="NAME")
    add_integration(parser)
    parser.add_argument("--object", default="", help="default: the first whose name tells its type")
    parser.add_argument("--strict", action="store_true", help="a strict client-only integration")
    parser.add_argument(
        "--origin",
        type=_origin,
        default=cors.ORIGINS["EU"][0],
        metavar="URL",
        help="from where Encord's app opens objects; default: %(default)s",
    )
    add_connection(parser)
    asked = parser.parse_args(argv)
    return connected(asked.connection, lambda runtime, known: _prove(runtime, known, asked))


def _prove(runtime: Runtime, connection: Connection, asked: argparse.Namespace) -> int:
    integration = integration_of(answered(runtime, connection), asked)
    sandbox = connection.domain if connection.kind == "sandbox" else None
    account = NOBODY if sandbox else SERVER
    trial = runtime.buckets.begin_trial(
        Place(connection=connection.id, account=account, sandbox=sandbox, bucket=asked.bucket),
        integration=integration,
        key=asked.object,
        strict=asked.strict,
        origin=asked.origin,
        nonce=token_hex(16),  # each call is a trial of its own
        actor=ACTOR,
    )
    if trial is None:
        return refuse(UNDER_WAY)
    for step in trial.run():
        _tell(step)
    (view, *_) = runtime.buckets.records.trials(connection=connection.id, bucket=asked.bucket)
    _say(f"{integration.title}: {view.state}")
    return TRIAL_ENDS.get(view.state, EXIT_USAGE)


def set_cors(argv: list[str]) -> int:
    """Set the rules of a file: 0 when they are in force, 2 when that is not so or not known."""
    parser = _parser("set-cors")
    parser.add_argument("file", type=Path, metavar="FILE", help="a JSON list of rules")
    parser.add_argument("--if-metageneration", type=int, required=True, metavar="N")
    return _with_editor(parser.parse_args(argv), _set_cors)


def _set_cors(editor: GoogleBuckets, asked: argparse.Namespace) -> int:
    try:
        document = asked.file.read_text()
        info, changed = clinic.apply(
            editor, asked.bucket, document, metageneration=asked.if_metageneration
        )
    except StorageError as error:
        return refuse(UNKNOWN if isinstance(error, UNDECIDED) else f"Nothing was changed: {error}")
    except (OSError, ValueError):
        return refuse(NO_RULES)
    _say(f"{len(info.cors)} rules in force{'' if changed else ', as before'}")
    return 0


def make_manifest(argv: list[str]) -> int:
    """List a bucket and make a manifest by a recipe: 0 when there is one, 1 without an entry."""
    parser = _parser("make-manifest")
    parser.add_argument("target", type=Path, metavar="OUT.json")
    parser.add_argument("--recipe", type=Path, required=True, metavar="FILE")
    parser.add_argument("--prefix", action="append", default=[], help="a folder; may be repeated")
    return _with_editor(parser.parse_args(argv), _make_manifest)


def _make_manifest(editor: GoogleBuckets, asked: argparse.Namespace) -> int:
    account = SERVER if asked.connection == "google" else NOBODY
    try:
        return _list_and_build(Reach(account=account, endpoint=editor.endpoint), asked)
    except (OSError, msgspec.DecodeError, PatternError, StorageError) as problem:
        return refuse(f"Nothing was made: {problem}")


def _list_and_build(reach: Reach, asked: argparse.Namespace) -> int:
    recipe = read_recipe(asked.recipe.read_bytes())
    with tempfile.TemporaryDirectory(prefix="onboarding-") as root:
        spool, store = Spool(Path(root) / "listing"), ManifestStore(Path(root), max_bytes=MAX_BYTES)
        scope = Scope(bucket=asked.bucket, prefixes=tuple(asked.prefix))
        list_objects(spool, scope, reach.open, _quietly)
        job = Job(
            bucket=asked.bucket,
            objects=spool.objects(),
            recipe=recipe,
            open_reader=reach.open,
            store=store,
            scratch=store.root,
        )
        built = build(job, _quietly)
        if built.manifest:
            shutil.copy(store.folder(built.manifest) / "source", asked.target)
    _say(f"{built.entries} entries of {built.objects} objects")
    return 0 if built.manifest else EXIT_NOT_PROVEN


def _quietly(_progress: float) -> None:
    """Tell nobody how far it is."""


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m services {name}", description=__doc__)
    parser.add_argument("bucket", metavar="NAME")
    parser.add_argument("--connection", choices=("google", "sandbox"), default="google")
    return parser


def _with_editor(
    asked: argparse.Namespace, act: Callable[[GoogleBuckets, argparse.Namespace], int]
) -> int:
    """Act as this machine's own Google identity, or as nobody at the sandbox's Google."""
    if asked.connection == "sandbox":
        return opened(lambda runtime: act(_at_sandbox(runtime), asked))
    try:
        access = application_default()
    except CredentialProblem as problem:
        return refuse(f"{problem} {HOW_TO_SIGN_IN}")
    return act(connect_google(access, api_endpoint=ENDPOINT, timeout=TIMEOUT), asked)


def _at_sandbox(runtime: Runtime) -> GoogleBuckets:
    address = connect(runtime, "sandbox").domain
    return connect_google(anonymous(), api_endpoint=address, timeout=TIMEOUT)


def _tell(found: BucketCheck) -> None:
    _say(f"{found.verdict.value:11}  {found.title}: {found.got}")
    if found.needed:
        _say(f"{'':13}Needed: {found.needed}")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the command's output
