"""Checking and converting a manifest by script."""

from typing import Final

from services.domain.scripts.script import Script, command, path

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


def validate(name: str, check: str, *, schema: str) -> Script:
    """Check a manifest and keep the report.

    Args:
        name: The manifest's file.
        check: What was checked, as `CheckOptions.to_json` writes it.
        schema: The schema it was checked against, as JSON; empty without one.
    """
    python = (
        f'"""Check a manifest and write what is wrong with it to findings.csv."""\n\n'
        f"import tempfile\nfrom pathlib import Path\n\n{IMPORTS}\n"
        f"{CHECKED.format(name=path(name), check=check)}\n"
        'manifest.write_report(Path("findings.csv"))\n'
        'print(manifest.summary.valid_entries, "of", manifest.summary.entries, "are ready")\n'
    )
    words = ["validate", path(name), "--report", "findings.csv"]
    return Script(python=python, command=_with_schema(words, schema))


def convert(name: str, check: str, target: str, form: str, *, schema: str) -> Script:
    """Write the entries that are ready in another format.

    Args:
        name: The manifest's file.
        check: What was checked, as `CheckOptions.to_json` writes it.
        target: The file to write.
        form: A `Form` of `services.manifests.writing`.
        schema: The schema it was checked against, as JSON: it tells a CSV's numbers from texts.
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
    return Script(python=python, command=_with_schema(words, schema))


def _with_schema(words: list[str], schema: str) -> str:
    """Return a command that is given the schema as a file, if there is one."""
    if not schema:
        return command(*words)
    given = f"cat > schema.json <<'END_OF_SCHEMA'\n{schema.rstrip()}\nEND_OF_SCHEMA\n"
    return given + command(*words, "--schema", "schema.json")
