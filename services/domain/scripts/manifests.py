"""Checking, mending and converting a manifest by script."""

import json
from collections.abc import Mapping
from typing import Final

from services.domain.metadata import read_schema
from services.domain.rules import Fix
from services.domain.schema.exchange import to_json
from services.domain.scripts.script import Script, command, given, path

#: Reads a manifest and checks it, into `manifest`.
CHECKED: Final = """\
work = Path(tempfile.mkdtemp())
store = ManifestStore(work, max_bytes=4 << 30)
with open({name!r}, "rb") as source:
    fingerprint = store.add({name!r}, source)
manifest = store.check(fingerprint, CheckOptions.from_json({check!r}))
"""
IMPORTS: Final = """\
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore
"""
_MEND: Final = '''\
"""{what}"""

import shutil
import tempfile
from pathlib import Path

{imports}from services.manifests import {module}

{checked}
made = {made}
shutil.copy(store.folder(made) / "source", {target!r})
'''
_MAPPED: Final = """\
mapping_apply.apply(
    store, fingerprint, ColumnMapping.from_json({mapping!r}), manifest.options
)"""


def validate(name: str, check: str) -> Script:
    """Check a manifest and keep the report.

    Args:
        name: The manifest's file.
        check: What was checked, as `CheckOptions.to_json` writes it.
    """
    python = (
        f'"""Check a manifest and write what is wrong with it to findings.csv."""\n\n'
        f"import tempfile\nfrom pathlib import Path\n\n{IMPORTS}\n"
        f"{CHECKED.format(name=path(name), check=check)}\n"
        'manifest.write_report(Path("findings.csv"))\n'
        'print(manifest.summary.valid_entries, "of", manifest.summary.entries, "are ready")\n'
    )
    words = ["validate", path(name), "--report", "findings.csv"]
    return Script(python=python, command=with_schema(command(*words), check))


def convert(name: str, check: str, target: str, form: str) -> Script:
    """Write the entries that are ready in another format.

    Args:
        name: The manifest's file.
        check: What was checked, as `CheckOptions.to_json` writes it. Its schema tells a CSV's
            numbers from texts.
        target: The file to write.
        form: A `Form` of `services.manifests.writing`.
    """
    python = (
        f'"""Write the entries of a manifest that are ready in another format."""\n\n'
        f"import tempfile\nfrom pathlib import Path\n\n{IMPORTS}"
        "from services.manifests.writing import Form, write\n\n"
        f"{CHECKED.format(name=path(name), check=check)}\n"
        f"target = Path({path(target)!r})\n"
        f"write(manifest.source, manifest.valid_indexes(), target, Form({form!r}))\n"
    )
    words = ["convert", path(name), path(target), "--as", form]
    return Script(python=python, command=with_schema(command(*words), check))


def fix(name: str, check: str, target: str, code: str, fix: Fix) -> Script:
    """Fix all findings of a code, in a new file.

    Args:
        name: The manifest's file.
        check: What was checked, as `CheckOptions.to_json` writes it.
        target: The file to write.
        code: Of the findings.
        fix: One that the rule of the code offers.
    """
    python = _MEND.format(
        what=f"Fix all findings of a code: {code}.",
        module="repair",
        imports=f"from services.domain.rules import Fix\n{IMPORTS}",
        checked=CHECKED.format(name=path(name), check=check),
        made=f"repair.apply(store, fingerprint, manifest.options, {code!r}, Fix({fix.value!r}))",
        target=path(target),
    )
    words = ["fix", path(name), path(target), f"--code={code}", f"--fix={fix.value}"]
    return Script(python=python, command=with_schema(command(*words), check))


def replace(name: str, check: str, target: str, kind: str, old: str, new: str) -> Script:
    """Find and replace in all URLs, in a new file.

    Args:
        name: The manifest's file.
        check: What was checked, as `CheckOptions.to_json` writes it.
        target: The file to write.
        kind: A `Kind` of `services.manifests.repair`.
        old: The bucket, or how the URLs begin; empty for spellings.
        new: What takes its place.
    """
    replacement = f"repair.Replacement(kind=repair.Kind({kind!r}), old={old!r}, new={new!r})"
    python = _MEND.format(
        what="Find and replace in all URLs.",
        module="repair",
        imports=IMPORTS,
        checked=CHECKED.format(name=path(name), check=check),
        made=f"repair.replace_urls(\n    store, fingerprint, {replacement}, manifest.options\n)",
        target=path(target),
    )
    words = ["replace", path(name), path(target), f"--kind={kind}", f"--old={old}", f"--new={new}"]
    return Script(python=python, command=with_schema(command(*words), check))


def map_columns(name: str, check: str, target: str, mapping: str) -> Script:
    """Write a foreign CSV in our columns, in a new file.

    Args:
        name: The CSV's file.
        check: What was checked, as `CheckOptions.to_json` writes it.
        target: The file to write.
        mapping: As `ColumnMapping.to_json` writes it.
    """
    python = _MEND.format(
        what="Say what the columns of a CSV mean.",
        imports=f"from services.manifests.mapping import ColumnMapping\n{IMPORTS}",
        module="mapping_apply",
        checked=CHECKED.format(name=path(name), check=check),
        made=_MAPPED.format(mapping=mapping),
        target=path(target),
    )
    line = command("map-columns", path(name), path(target), "--mapping", "mapping.json")
    return Script(python=python, command=given("mapping.json", mapping) + line)


def edit(
    name: str, check: str, target: str, edits: Mapping[int, Mapping[str, str | None]]
) -> Script:
    """Write edited entries, in a new file.

    Args:
        name: The manifest's file.
        check: What was checked, as `CheckOptions.to_json` writes it. Its schema types metadata.
        target: The file to write.
        edits: Entry, counted from 0, to the fields that change; None removes a field.
    """
    python = _MEND.format(
        what="Edit entries by hand.",
        imports=IMPORTS,
        module="repair",
        checked=CHECKED.format(name=path(name), check=check),
        made=f"repair.edit(store, fingerprint, {edits!r}, manifest.options)",
        target=path(target),
    )
    line = command("edit", path(name), path(target), "--edits", "edits.json")
    written = json.dumps(edits, indent=2, ensure_ascii=False)
    return Script(python=python, command=given("edits.json", written) + with_schema(line, check))


def with_schema(line: str, check: str, *, without: str = "") -> str:
    """Return a command that is given the schema of a check as a file.

    Args:
        line: The command.
        check: What was checked, as `CheckOptions.to_json` writes it.
        without: What is added to the command where the check had no schema.
    """
    schema = json.loads(check)["schema"]
    if schema is None:
        return f"{line}{without}"
    return f"{given('schema.json', to_json(read_schema(schema)))}{line} --schema schema.json"
