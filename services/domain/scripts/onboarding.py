"""Submitting, retrying, linking, verifying and creating a dataset by script.

What must not happen twice is asked of the engine, under the very name that the page's click has:
a script beside a click is one decision. The submission speaks to Encord by its SDK alone.
"""

from typing import Final

from services.domain.chunks import Ranges
from services.domain.runs import DatasetChoice, FolderChoice, RunOptions
from services.domain.scripts.manifests import CHECKED, IMPORTS, with_schema
from services.domain.scripts.script import Place, Script, command, engine, path

_SUBMIT: Final = '''\
"""Register the entries of a manifest in Encord, as the Submit page does."""

import os
import tempfile
from pathlib import Path

from encord import EncordUserClient

from services.domain.chunks import plan
{imports}
{client}
{checked}
folder = {folder}
for chunk in plan(manifest.shares(manifest.valid_indexes()), max_entries={size}):
    document = work / "registration.json"
    manifest.write_registration(
        chunk.entries, document, skip_duplicate_urls={skip}, upsert_metadata={upsert}
    )
    job = folder.add_private_data_to_folder_start({integration!r}, document, ignore_errors=True)
    print("job", job)  # Encord cannot list jobs: keep it
    done = folder.add_private_data_to_folder_get_result(job)
    print(done.status, done.units_done_count, "registered,", done.units_error_count, "failed")
'''
_CREATE: Final = '''\
"""Create a dataset, without a mirrored folder, as the Datasets page does."""

import os

from encord import EncordUserClient
from encord.orm.dataset import StorageLocation

{client}
made = client.create_dataset(
    {title!r}, StorageLocation.GCP, {description!r}, create_backing_folder=False
)
print(made.dataset_hash)
'''
_ADOPT: Final = """\
options = CheckOptions.from_json({check!r})
with open({name!r}, "rb") as source:
    manifest = runtime.manifests.add({name!r}, source)
runtime.manifests.check(manifest, options)
found = runtime.connections.check(connection.id)
run = runtime.onboarding.adopt(
    {job!r},
    manifest=manifest,
    check=options.to_json(),
    folder=runtime.connections.find_folder(connection.id, {folder!r}),
    integration=next(each for each in found.integrations if each.id == {integration!r}),
    connection=connection.id,
    account=connection.account,
    actor="script",
)
print(run)  # the dashboard's worker follows it"""
_RESCUE: Final = """\
run = runtime.onboarding.rescue(
    runtime.connections.find_folder(connection.id, {folder!r}),
    connection=connection.id,
    account=connection.account,
    nonce=token_hex(16),  # the folder may hold something else than last time
    actor="script",
)
print(run)  # the dashboard's worker lists the folder"""


def submit(
    place: Place,
    *,
    name: str,
    check: str,
    run: str,
    folder: FolderChoice,
    integration: str,
    options: RunOptions,
) -> Script:
    """Register a manifest's entries.

    Args:
        place: The connection.
        name: The manifest's file.
        check: What was checked, as `CheckOptions.to_json` writes it.
        run: What the run is called.
        folder: The folder to register in.
        integration: Id of the integration: two may have the same title.
        options: How chunks are sent.
    """
    opened = (
        f"client.get_storage_folder({folder.uuid!r})"
        if folder.uuid
        else f"client.create_storage_folder({folder.name!r})"
    )
    python = _SUBMIT.format(
        imports=IMPORTS,
        client=place.client(),
        checked=CHECKED.format(name=path(name), check=check),
        folder=opened,
        size=options.max_chunk_entries,
        skip=options.skip_duplicate_urls,
        upsert=options.upsert_metadata,
        integration=integration,
    )
    words = ["onboard", path(name), f"--integration-id={integration}", f"--folder={folder.name}"]
    words += [f"--folder-uuid={folder.uuid}"] if folder.uuid else []
    words += [f"--name={run}", "--no-dataset"]
    line = place.command(*words, *_flags(options))
    return Script(python=python, command=with_schema(line, check, without=" --no-schema"))


def adopt(
    place: Place, *, name: str, check: str, job: str, folder: str, integration: str
) -> Script:
    """Follow an upload job that was started elsewhere.

    Args:
        place: The connection.
        name: The file of the manifest that it was started with.
        check: What was checked, as `CheckOptions.to_json` writes it.
        job: Id of the upload job.
        folder: UUID of the folder.
        integration: Id of the integration.
    """
    call = _ADOPT.format(
        name=path(name), check=check, job=job, folder=folder, integration=integration
    )
    imports = "from services.manifests.options import CheckOptions\n"
    words = ["adopt", path(name), f"--job={job}", f"--folder-uuid={folder}"]
    line = place.command(*words, f"--integration-id={integration}")
    return Script(
        python=place.program("Follow an upload job that was started elsewhere", call, imports),
        command=with_schema(line, check, without=" --no-schema"),
    )


def rescue(place: Place, folder: str) -> Script:
    """Rebuild a run from the folder of this UUID."""
    call, imports = _RESCUE.format(folder=folder), "from secrets import token_hex\n"
    return Script(
        python=place.program("Rebuild a run from its folder", call, imports),
        command=place.command("rescue", f"--folder-uuid={folder}"),
    )


def _flags(options: RunOptions) -> list[str]:
    flags = [] if options.skip_duplicate_urls else ["--keep-duplicates"]
    flags += ["--upsert-metadata"] if options.upsert_metadata else []
    is_usual = options.max_chunk_entries == RunOptions().max_chunk_entries
    return flags if is_usual else [*flags, f"--job-entries={options.max_chunk_entries}"]


def retry(
    run: str,
    *,
    nonce: str,
    cause: str | None = None,
    search: str = "",
    entries: Ranges | None = None,
) -> Script:
    """Send again what failed of a run, or a part of that: see `Onboarding.retry`."""
    chosen = f", cause={cause!r}" if cause else ""
    chosen += f", search={search!r}" if search else ""
    chosen += f", entries=Ranges.parse({str(entries)!r})" if entries else ""
    call = f'print(runtime.onboarding.retry({run!r}, nonce={nonce!r}, actor="script"{chosen}))'
    imports = "from services.domain.chunks import Ranges\n" if entries else ""
    words = ["retry", run, *([f"--cause={cause}"] if cause else [])]
    words += [f"--find={search}"] if search else []
    words += [f"--entries={entries}"] if entries else []
    return Script(python=engine("Send again what failed", call, imports), command=command(*words))


def pause(run: str) -> Script:
    """Send nothing new of a run."""
    return _told("pause", run, "Send nothing new of a run")


def resume(run: str) -> Script:
    """Go on with a run that is paused or needed attention."""
    return _told("resume", run, "Go on with a run")


def cancel(run: str) -> Script:
    """End a run; what is registered stays."""
    return _told("cancel", run, "End a run; what is registered stays")


def link(run: str, choice: DatasetChoice, *, nonce: str) -> Script:
    """Link what arrived of a run to a dataset, then verify."""
    made = (
        f"DatasetChoice(uuid={choice.uuid!r})"
        if choice.uuid
        else f"DatasetChoice(title={choice.title!r}, description={choice.description!r})"
    )
    call = (
        f"choice = {made}\n"
        f'runtime.onboarding.link({run!r}, choice, nonce={nonce!r}, actor="script")'
    )
    imports = "from services.domain.runs import DatasetChoice\n"
    words = ["link", run]
    if choice.uuid:
        words += [f"--dataset-uuid={choice.uuid}"]
    else:
        words += [f"--dataset={choice.title}"]
        words += [f"--description={choice.description}"] if choice.description else []
    return Script(
        python=engine("Link what arrived of a run to a dataset, then verify", call, imports),
        command=command(*words),
    )


def verify(run: str) -> Script:
    """Compare a run with its dataset once more."""
    return _told("verify", run, "Compare a run with its dataset")


def create_dataset(place: Place, choice: DatasetChoice) -> Script:
    """Create a dataset."""
    python = _CREATE.format(
        client=place.client(), title=choice.title, description=choice.description
    )
    described = [f"--description={choice.description}"] if choice.description else []
    return Script(
        python=python,
        command=place.command("create-dataset", f"--title={choice.title}", *described),
    )


def _told(verb: str, run: str, what: str) -> Script:
    """Return what a command of the engine does that needs nothing but the run."""
    call = f'runtime.onboarding.{verb}({run!r}, actor="script")'
    return Script(python=engine(what, call), command=command(verb, run))
