"""Checking a bucket, mending its CORS rules and making a manifest of it by script."""

from typing import Final

from services.domain.scripts.script import Place, Script, command, given, path

_GOOGLE: Final = '''\
"""{what}"""

{imports}
from google.cloud import storage

{client}
bucket = client.get_bucket({bucket!r})
'''
_OWN: Final = "client = storage.Client()"
_SANDBOX: Final = """\
client = storage.Client(
    project="sandbox",
    credentials=AnonymousCredentials(),
    client_options={{"api_endpoint": {endpoint!r}}},
)"""
_CHECK: Final = """\
print(bucket.location, bucket.storage_class, "requester pays:", bucket.requester_pays)
print("CORS", bucket.cors)
print("may", bucket.test_iam_permissions(["storage.objects.get", "storage.objects.list"]))
for blob in client.list_blobs(bucket, max_results={sample}):
    print(blob.name, blob.size, blob.content_type)
    if blob.size:
        blob.download_as_bytes(start=0, end=0)
"""
_CORS: Final = """\
bucket.cors = json.loads({document!r})
bucket.patch(if_metageneration_match={metageneration})
print(bucket.cors)
"""
_MANIFEST: Final = '''\
"""List a bucket and make a manifest of it by a recipe."""

import shutil
import tempfile
from pathlib import Path

from services.buckets.building import Job, build
from services.buckets.listing import list_objects
from services.buckets.reach import Reach
from services.buckets.recipe import read_recipe
from services.buckets.spool import Scope, Spool
from services.manifests.store import ManifestStore

work = Path(tempfile.mkdtemp())
reach = Reach({reach})
spool = Spool(work / "listing")
list_objects(spool, Scope(bucket={bucket!r}, prefixes={prefixes!r}), reach.open, print)
store = ManifestStore(work / "made", max_bytes=4 << 30)
recipe = read_recipe({recipe!r})
job = Job(
    bucket={bucket!r},
    objects=spool.objects(),
    recipe=recipe,
    open_reader=reach.open,
    store=store,
)
built = build(job, print)
print(built.entries, "entries of", built.objects, "objects")
if built.manifest:
    shutil.copy(store.folder(built.manifest) / "source", {target!r})
'''
_AS_SERVER: Final = "account='server', sandbox=None"
_TRIALS: Final = """\
from secrets import token_hex

from services.buckets.desk import Place
from services.encord_api.interface import Integration
"""
_PROVE: Final = """\
place = Place(connection=connection.id, {place}, bucket={bucket!r})
trial = runtime.buckets.begin_trial(
    place,
    integration=Integration(id={integration!r}, title={title!r}),
    key={key!r},
    strict={strict!r},
    origin={origin!r},
    nonce=token_hex(16),  # each time is a trial of its own
    actor="script",
)
assert trial, "A trial of this integration and this bucket is under way already."
for step in trial.run():
    print(step.verdict, step.title, step.got)"""


def check(bucket: str, *, origins: tuple[str, ...], sandbox: str | None, sample: int) -> Script:
    """Ask what Encord needs of a bucket.

    Args:
        bucket: Its name.
        origins: From where Encord's pages open objects; none to judge no CORS rules.
        sandbox: The sandbox's address while it is the connection.
        sample: Objects to look at.
    """
    python = _opened("Look at a bucket as Encord would.", bucket, sandbox, "")
    where = ["--connection", "sandbox"] if sandbox else []
    asked = [f"--origin={origin}" for origin in origins] or ["--no-origin"]
    words = ["check-bucket", bucket, "--sample", str(sample), *asked, *where]
    return Script(python=python + _CHECK.format(sample=sample), command=command(*words))


def prove(
    place: Place,
    *,
    bucket: str,
    integration: str,
    title: str,
    key: str,
    strict: bool,
    origin: str,
) -> Script:
    """Try an integration with one object of a bucket.

    Args:
        place: The connection.
        bucket: The bucket's name.
        integration: Id of the integration.
        title: Its title.
        key: The object; empty for the first suitable one.
        strict: Whether the integration is a strict client-only one.
        origin: From where Encord's app opens objects.
    """
    words = ["prove-integration", bucket, f"--integration-id={integration}", f"--origin={origin}"]
    words += [f"--object={key}"] if key else []
    words += ["--strict"] if strict else []
    asks = "account='nobody', sandbox=connection.domain" if place.is_sandbox else _AS_SERVER
    call = _PROVE.format(
        place=asks,
        bucket=bucket,
        integration=integration,
        title=title,
        key=key,
        strict=strict,
        origin=origin,
    )
    return Script(
        python=place.program("Try an integration with one object of a bucket", call, _TRIALS),
        command=place.command(*words),
    )


def set_cors(bucket: str, document: str, metageneration: int, *, sandbox: str | None) -> Script:
    """Set a bucket's CORS rules, unless somebody changed the bucket since they were read."""
    python = _opened("Set the CORS rules of a bucket.", bucket, sandbox, "import json\n")
    where = ["--connection", "sandbox"] if sandbox else []
    words = ["set-cors", bucket, "cors.json", "--if-metageneration", str(metageneration), *where]
    return Script(
        python=python + _CORS.format(document=document, metageneration=metageneration),
        command=given("cors.json", document) + command(*words),
    )


def make_manifest(
    bucket: str, target: str, recipe: str, *, prefixes: tuple[str, ...], sandbox: str | None
) -> Script:
    """List a bucket anew and make a manifest of what it holds.

    Args:
        bucket: Its name.
        target: The file to write.
        recipe: As `Recipe.to_json` writes it; joins no table.
        prefixes: The folders to list; none for the whole bucket.
        sandbox: The sandbox's address while it is the connection.
    """
    reach = f"account='nobody', endpoint={sandbox!r}" if sandbox else "account='server'"
    python = _MANIFEST.format(
        bucket=bucket, prefixes=prefixes, recipe=recipe, target=path(target), reach=reach
    )
    where = ["--connection", "sandbox"] if sandbox else []
    words = ["make-manifest", bucket, path(target), "--recipe", "recipe.json"]
    words += [f"--prefix={prefix}" for prefix in prefixes]
    return Script(python=python, command=given("recipe.json", recipe) + command(*words, *where))


def _opened(what: str, bucket: str, sandbox: str | None, imports: str) -> str:
    if sandbox is None:
        return _GOOGLE.format(what=what, imports=imports, client=_OWN, bucket=bucket)
    return _GOOGLE.format(
        what=what,
        imports=f"{imports}\nfrom google.auth.credentials import AnonymousCredentials".lstrip(),
        client=_SANDBOX.format(endpoint=sandbox),
        bucket=bucket,
    )
