"""The command line over manifests: check, convert and mend one."""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from services.domain.findings import Finding
from services.domain.metadata import MetadataSchema, parse_schema
from services.domain.rules import RULES, Fix, Rule
from services.manifests.checked import CheckedManifest
from services.manifests.errors import ManifestError, UnreadableFileError
from services.manifests.options import DEFAULT_SAMPLES, CheckOptions
from services.manifests.store import ManifestStore
from services.manifests.writing import Form, form_of
from services.manifests.writing import write as write_as

#: The command line reads what fits the machine; the server has its own limit.
MAX_BYTES: Final = 4 << 30

_USAGE: Final = 2
_EDITS: Final = msgspec.json.Decoder(dict[int, dict[str, str | None]])
Parsed = TypeVar("Parsed")


def validate(argv: list[str]) -> int:
    """Check a file: 0 without errors, 1 with, 2 when it could not be read."""
    parser = _parser("validate", "Check a manifest and say what is wrong with it.")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE")
    parser.add_argument("--schema", type=Path, help="JSON object of metadata keys to types")
    parser.add_argument("--bucket", help="warn about URLs in other buckets")
    parser.add_argument("--strict-client-only", action="store_true")
    parser.add_argument("--report", type=Path, help="write all findings to a .json or .csv file")
    parser.add_argument("--samples", type=int, default=DEFAULT_SAMPLES, help="kept per code")
    parser.add_argument("--explain", metavar="CODE", help="explain a finding code and stop")
    arguments = _parse(parser, argv)
    if arguments is None:
        return _USAGE
    if arguments.explain:
        return explain(arguments.explain)
    if arguments.file is None:
        return _complain("validate needs a FILE")
    return _guarded(lambda: _validate(arguments))


def convert(argv: list[str]) -> int:
    """Write the valid entries of a file in another format."""
    parser = _parser("convert", "Write a manifest as Encord's registration JSON, or as OUT ends.")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("target", type=Path, metavar="OUT.json")
    forms = [form.value for form in Form]
    parser.add_argument("--as", dest="form", choices=forms, help="the format, whatever OUT ends in")
    parser.add_argument("--schema", type=Path, help="JSON object of metadata keys to types")
    arguments = _parse(parser, argv)
    return _USAGE if arguments is None else _guarded(lambda: _convert(arguments))


def fix(argv: list[str]) -> int:
    """Fix all findings of a code in a new file: 0 when that changed something, 1 when not."""
    from services.manifests import repair  # noqa: PLC0415 - validate need not wait for it

    parser = _mender("fix", "Fix all findings of a code, in a new file.")
    parser.add_argument("--code", required=True, help="as validate prints it")
    fixes = [fix.value for fix in Fix]
    parser.add_argument("--fix", required=True, choices=fixes, help="see validate --explain CODE")
    return _mended(
        parser,
        argv,
        lambda store, given, options, asked: repair.apply(
            store, given, options, asked.code, Fix(asked.fix)
        ),
    )


def replace(argv: list[str]) -> int:
    """Replace in all URLs in a new file: 0 when that changed something, 1 when not."""
    from services.manifests import repair  # noqa: PLC0415 - validate need not wait for it

    parser = _mender("replace", "Find and replace in all URLs, in a new file.")
    kinds = [kind.value for kind in repair.Kind]
    parser.add_argument("--kind", required=True, choices=kinds)
    parser.add_argument("--old", default="", help="the bucket, or how URLs begin")
    parser.add_argument("--new", default="")
    return _mended(
        parser,
        argv,
        lambda store, given, options, asked: repair.replace_urls(
            store,
            given,
            repair.Replacement(kind=repair.Kind(asked.kind), old=asked.old, new=asked.new),
            options,
        ),
    )


def edit(argv: list[str]) -> int:
    """Write edited entries in a new file: 0 when that changed something, 1 when not."""
    from services.manifests import repair  # noqa: PLC0415 - validate need not wait for it

    parser = _mender("edit", "Edit entries by hand, in a new file.")
    parser.add_argument(
        "--edits",
        type=Path,
        required=True,
        metavar="FILE",
        help='JSON: {"0": {"title": "new", "metadata.key": null}}, entries counted from 0; '
        "null removes a field",
    )
    return _mended(
        parser,
        argv,
        lambda store, given, options, asked: repair.edit(
            store, given, _read(asked.edits, _EDITS.decode), options
        ),
    )


def map_columns(argv: list[str]) -> int:
    """Write a foreign CSV in our columns in a new file: 0 when there is one."""
    from services.manifests import mapping, mapping_apply  # noqa: PLC0415 - as above

    parser = _mender("map-columns", "Say what the columns of a CSV mean, and write it in ours.")
    parser.add_argument(
        "--mapping", type=Path, required=True, metavar="FILE", help="JSON, as its page shows it"
    )
    return _mended(
        parser,
        argv,
        lambda store, given, options, asked: mapping_apply.apply(
            store, given, _read(asked.mapping, mapping.ColumnMapping.from_json), options
        ),
    )


def explain(code: str) -> int:
    """Print what a finding code means."""
    rule = RULES.get(code)
    if rule is None:
        return _complain(f"there is no finding code {code}")
    _say(explanation(rule))
    return 0


def explanation(rule: Rule) -> str:
    """Render a rule as text."""
    fixes = f"\nMachine fixes: {', '.join(rule.fixes)}" if rule.fixes else ""
    return (
        f"{rule.code} ({rule.severity}): {rule.title}\n\n"
        f"What:    {rule.what}\nWhy:     {rule.why}\nExample: {rule.example}\nFix:     {rule.fix}"
        f"{fixes}"
    )


def _parser(verb: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(f"python -m services {verb}", description=description)


def _mender(verb: str, description: str) -> argparse.ArgumentParser:
    parser = _parser(verb, description)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("target", type=Path, metavar="OUT")
    parser.add_argument("--schema", type=Path, help="JSON object of metadata keys to types")
    return parser


#: Mends the manifest of a fingerprint; returns the fingerprint of the new one.
Mend = Callable[[ManifestStore, str, CheckOptions, argparse.Namespace], str]


def _mended(parser: argparse.ArgumentParser, argv: list[str], mend: Mend) -> int:
    from services.manifests import repair  # noqa: PLC0415 - validate need not wait for it

    asked = _parse(parser, argv)
    if asked is None:
        return _USAGE

    def write(store: ManifestStore, given: str) -> int:
        options = CheckOptions(schema=read_schema(asked.schema) if asked.schema else None)
        made = mend(store, given, options, asked)
        if made == given:
            _say("There is nothing here that this can change safely.")
            return 1
        _require_writable(asked.target)
        shutil.copyfile(store.folder(made) / "source", asked.target)
        _say(f"{repair.lineage(store, made)[-1].count:,} changes")
        return 0

    return _guarded(lambda: _with_manifest(asked.file, write))


def _parse(parser: argparse.ArgumentParser, argv: list[str]) -> argparse.Namespace | None:
    """Parse arguments; None when they are wrong and argparse has said so."""
    try:
        return parser.parse_args(argv)
    except SystemExit as ended:
        if ended.code == 0:
            raise
        return None


def _guarded(work: Callable[[], int]) -> int:
    try:
        return work()
    except ManifestError as problem:
        return _complain(str(problem))
    except BrokenPipeError:
        # Whoever read our output has enough; nothing more may be written, not even on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _USAGE


def _complain(message: str) -> int:
    sys.stderr.write(f"error: {message}\n")
    return _USAGE


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _validate(arguments: argparse.Namespace) -> int:
    options = CheckOptions(
        bucket=arguments.bucket,
        strict_client_only=arguments.strict_client_only,
        samples=max(arguments.samples, 0),
        schema=read_schema(arguments.schema) if arguments.schema else None,
    )
    return _with_check(arguments.file, options, lambda checked: _present(checked, arguments.report))


def _convert(arguments: argparse.Namespace) -> int:
    def write(checked: CheckedManifest) -> int:
        _require_writable(arguments.target)
        form = Form(arguments.form) if arguments.form else form_of(arguments.target.name)
        write_as(checked.source, checked.valid_indexes(), arguments.target, form)
        _say(_verdict(checked))
        return int(checked.summary.has_errors)

    schema = read_schema(arguments.schema) if arguments.schema else None
    return _with_check(arguments.file, CheckOptions(schema=schema), write)


def _with_check(path: Path, options: CheckOptions, use: Callable[[CheckedManifest], int]) -> int:
    """Check a file in a folder that is gone afterwards."""
    return _with_manifest(
        path,
        lambda store, fingerprint: use(store.check(fingerprint, options, progress=_show_progress)),
    )


def _with_manifest(path: Path, use: Callable[[ManifestStore, str], int]) -> int:
    """Store a file in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="onboarding-") as root:
        store = ManifestStore(Path(root), max_bytes=MAX_BYTES)
        try:
            with path.open("rb") as stream:
                fingerprint = store.add(path.name, stream)
        except OSError as problem:
            raise UnreadableFileError(path, problem.strerror or "unknown reason") from problem
        return use(store, fingerprint)


def _show_progress(fraction: float) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\rchecked {fraction:4.0%}" + ("\n" if fraction >= 1 else ""))
        sys.stderr.flush()


def read_schema(path: Path) -> MetadataSchema:
    """Read the file of a schema; raises `UnreadableFileError`."""
    return _read(path, parse_schema)


def _read(path: Path, parse: Callable[[bytes], Parsed]) -> Parsed:
    try:
        return parse(path.read_bytes())
    except OSError as problem:
        raise UnreadableFileError(path, problem.strerror or "unknown reason") from problem
    except (msgspec.DecodeError, ValueError) as problem:
        raise UnreadableFileError(path, str(problem)) from problem
    except (KeyError, TypeError, RecursionError) as problem:
        raise UnreadableFileError(path, "it is JSON of something else") from problem


def _require_writable(path: Path) -> None:
    is_new = not path.exists()
    try:
        path.touch()
    except OSError as problem:
        raise UnreadableFileError(path, problem.strerror or "unknown reason") from problem
    if is_new:
        path.unlink()


def _present(checked: CheckedManifest, report: Path | None) -> int:
    """Print the summary by code; write the report."""
    if report is not None:
        _require_writable(report)
        checked.write_report(report)
    _say(_verdict(checked))
    for group in checked.groups:
        _say(f"  {group.severity:7}  {group.count:>9,}  {group.code:26}  {group.title}")
        for finding in group.samples[:1]:
            _say(f"{'':22}{_place(finding)}{finding.message}")
    return int(checked.summary.has_errors)


def _place(finding: Finding) -> str:
    if finding.line is None:
        return ""
    return f"line {finding.line}, column {finding.column}: "


def _verdict(checked: CheckedManifest) -> str:
    summary = checked.summary
    types = ", ".join(f"{count:,} {kind}" for kind, count in summary.by_type.items())
    return (
        f"{summary.name}: {summary.format}, {summary.entries:,} entries"
        f"{f' ({types})' if types else ''}, {summary.urls:,} URLs; "
        f"{summary.valid_entries:,} valid, {summary.held_entries:,} held back"
    )
