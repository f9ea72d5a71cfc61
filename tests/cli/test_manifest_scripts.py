"""Scripts about manifests: checked, converted, mended, mapped and edited as on their pages."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from services.__main__ import main
from services.domain.rules import Fix
from services.domain.scripts import manifests
from services.domain.scripts.script import Script
from services.manifests import mapping_apply, repair
from services.manifests.mapping import URL, ColumnMapping, Mapped
from tests.cli.scripted import (
    FEW,
    FEW_URLS,
    FROM_FTP,
    NAME,
    Dashboard,
    run_command,
    run_python,
    uploaded,
)


def test_both_write_the_same_files(dashboard: Dashboard) -> None:
    check = dashboard.options.to_json()
    convert = manifests.convert(NAME, check, "-ready.jsonl", "jsonl")
    for script, target in (
        (manifests.validate(NAME, check), Path("findings.csv")),
        (convert, Path("-ready.jsonl")),
    ):
        run_python(script)
        by_program = target.read_bytes()
        target.unlink()
        assert run_command(script) == 1  # five entries are held back
        assert target.read_bytes() == by_program
        assert by_program


@pytest.mark.parametrize("work", ["fix", "replace"])
def test_both_mend_a_manifest_as_its_page_does(dashboard: Dashboard, work: str) -> None:
    store, options, given = dashboard.runtime.manifests, dashboard.options, uploaded(dashboard)
    code, change = "url-whitespace", FROM_FTP
    check, target = options.to_json(), f"{work}-mended.csv"
    if work == "fix":
        expected = repair.apply(store, given, options, code, Fix.PERCENT_ENCODE)
        script = manifests.fix(NAME, check, target, code, Fix.PERCENT_ENCODE)
    else:
        expected = repair.replace_urls(store, given, change, options)
        script = manifests.replace(NAME, check, target, change.kind.value, change.old, change.new)
    assert expected != given
    for run in (run_python, run_command):
        assert made_by(script, run, target) == expected
    assert main(["fix", NAME, target, "--code", "url-empty", "--fix", "trim"]) == 2
    assert main(["fix", NAME, target, "--code", "url-duplicate", "--fix", "drop-duplicate"]) == 1
    assert not Path(target).exists()


def made_by(script: Script, run: Callable[[Script], object], target: str) -> str:
    run(script)
    with Path(target).open("rb") as made:
        fingerprint = hashlib.file_digest(made, "sha256").hexdigest()
    Path(target).unlink()
    return fingerprint


def test_both_write_a_foreign_csv_in_our_columns(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    store, name = dashboard.runtime.manifests, "foreign 'files'.csv"
    rows = f"Where;Who\n{FEW_URLS[0]};Zoë\n{FEW_URLS[1]};Ann\n"
    (dashboard.folder / name).write_text(rows, encoding="utf-8")
    given = uploaded(dashboard, name)
    columns = (Mapped(header="Where", target=URL), Mapped(header="Who", target="metadata.who"))
    mapping = ColumnMapping(columns=columns, delimiter=";", type_by_extension=True)
    expected = mapping_apply.apply(store, given, mapping, dashboard.options)
    check, target = dashboard.options.to_json(), "-mapped.csv"
    script = manifests.map_columns(name, check, target, mapping.to_json())
    for run in (run_python, run_command):
        assert made_by(script, run, target) == expected
    (dashboard.folder / "mapping.json").write_text('{"columns": 1}')
    words = ["map-columns", name, "x.csv", "--mapping", "mapping.json"]
    assert main(words) == 2
    assert "mapping.json cannot be read: it is JSON of something else" in capsys.readouterr().err
    (dashboard.folder / "mapping.json").write_text(mapping.to_json())
    assert main(["map-columns", FEW, *words[2:]]) == 2
    assert "no columns to map" in capsys.readouterr().err


@pytest.mark.parametrize("name", [NAME, FEW])
def test_both_edit_entries(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    store, options, given = (
        dashboard.runtime.manifests,
        dashboard.options,
        uploaded(dashboard, name),
    )
    # What a JSON says of quality is a number because the schema declares one.
    first = {"objectUrl": FEW_URLS[3], "title": 'Zoë\'s "two"\nlines', "metadata.quality": "5"}
    edits: dict[int, dict[str, str | None]]
    edits = {0: {**first}, 2: {"objectUrl": FEW_URLS[2], "title": None}}
    expected = repair.edit(store, given, edits, options)
    assert expected != given
    target = "edited" + Path(name).suffix
    script = manifests.edit(name, options.to_json(), target, edits)
    for run in (run_python, run_command):
        assert made_by(script, run, target) == expected
    (dashboard.folder / "edits.json").write_text('{"first": {}}')
    assert main(["edit", name, target, "--edits", "edits.json"]) == 2
    assert "edits.json cannot be read" in capsys.readouterr().err
