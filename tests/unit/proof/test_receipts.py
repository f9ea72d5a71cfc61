"""A receipt proves something only while it, and every row of it, is what was written."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import update

from services.engine.proof import receipt
from services.engine.proof.command import main
from services.ledger.store import Ledger
from services.ledger.tables import META
from tests.unit.engine.world import World

HOSTILE = "<script>alert(1)</script>"
Body = dict[str, Any]


@pytest.fixture
def given(world: World, tmp_path: Path) -> Path:
    """Give out a receipt and its rows, as a person downloads them."""
    world.encord.broken["gs://bucket/1.jpg"] = HOSTILE
    run = world.submit(world.images(4), dataset="Street")
    world.settle()
    (made,) = world.ledger.receipts(run=run)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    file = folder / f"receipt-{made.id}.json"
    file.write_bytes(world.ledger.receipt_json(made.id))
    (folder / f"verification-{made.id}.jsonl").write_bytes(world.proofs.export(made.id, "jsonl"))
    return file


def check(file: Path, *more: str, data: Path = Path("nowhere")) -> int:
    return main([str(file), *more], data, f"sqlite:///{data / 'ledger.sqlite3'}")


def rows_file(given: Path) -> Path:
    (found,) = given.parent.glob("verification-*.jsonl")
    return found


def test_what_was_given_out_holds(given: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(given) == 0
    said = capsys.readouterr().out
    assert "The receipt holds: not everything arrived. 4 expected, 3 matched, 1 missing." in said
    assert "no ledger here" in said


def test_the_ledger_is_asked_where_it_is_and_stays_as_it_was(
    given: Path, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.ledger.engine.dispose()
    (world.folder / "ledger.sqlite3").rename(world.folder / "moved.sqlite3")
    url = f"sqlite:///{world.folder / 'moved.sqlite3'}"
    moved = sqlite3.connect(world.folder / "moved.sqlite3")
    assert main([str(given)], world.folder, url) == 0
    assert "The ledger here has the same." in capsys.readouterr().out
    kept = moved.execute("SELECT value FROM meta WHERE key = 'clock-epoch'").fetchone()
    assert kept == ("test",)
    moved.close()
    with Ledger(url, clock=world.clock).transaction() as cx:
        cx.execute(update(META).where(META.c.key == "seal run").values(value="0" * 32))
    assert main([str(given)], world.folder, url) == 2
    assert "The ledger is damaged" in capsys.readouterr().out


def test_the_ledger_says_whether_it_wrote_it(
    given: Path, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(given, data=world.folder) == 0
    assert "The ledger here has the same." in capsys.readouterr().out
    body = json.loads(given.read_bytes()) | {"at": "2020-01-01T00:00:00+00:00"}
    given.write_text(json.dumps(receipt.sealed(body)))
    assert check(given, data=world.folder) == 1
    assert "ANOTHER" in capsys.readouterr().out


def test_every_form_of_the_rows_is_the_same_rows(given: Path, world: World) -> None:
    name = json.loads(given.read_bytes())["receipt"]
    parquet = given.parent / "rows.parquet"
    parquet.write_bytes(world.proofs.export(name, "parquet"))
    assert check(given, "--rows", str(parquet)) == 0
    table = world.proofs.export(name, "csv").decode("utf-8-sig").splitlines()
    assert len(table) == 5
    rows_file(given).unlink()
    assert check(given, data=world.folder) == 0


def drop_a_row(lines: list[Body]) -> None:
    del lines[-1]


def turn_a_verdict(lines: list[Body]) -> None:
    lines[0]["verdict"] = "matched"


def name_another_item(lines: list[Body]) -> None:
    lines[2]["item_uuid"] = lines[3]["item_uuid"]


def swap_two_rows(lines: list[Body]) -> None:
    lines[1], lines[2] = lines[2], lines[1]


@pytest.mark.parametrize("alter", [drop_a_row, turn_a_verdict, name_another_item, swap_two_rows])
def test_an_altered_row_is_refused(
    given: Path, alter: Callable[[list[Body]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    file = rows_file(given)
    lines = [json.loads(line) for line in file.read_bytes().splitlines()]
    alter(lines)
    file.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    assert check(given) == 1
    said = capsys.readouterr().out
    assert "The rows were altered" in said
    assert "REFUSED" in said


@pytest.mark.parametrize(
    "change",
    [
        {"proven": True},
        {"at": "2020-01-01T00:00:00+00:00"},
        {"dataset": {"uuid": "other", "title": "other"}},
        {"rows_sha256": "0" * 64},
        {"counts": {"expected": 4, "verdicts": {"matched": 4}, "held": 0}},
        {"counts": None},
    ],
)
@pytest.mark.parametrize("seal_again", [False, True])
def test_an_altered_receipt_is_refused(given: Path, change: Body, seal_again: bool) -> None:  # noqa: FBT001
    body = json.loads(given.read_bytes()) | change
    given.write_text(json.dumps(receipt.sealed(body) if seal_again else body))
    #: What only the seal covers can be sealed anew; then the ledger is the witness.
    only_sealed = change.keys() <= {"at", "dataset"}
    assert check(given) == (0 if only_sealed and seal_again else 1)


def test_other_files_are_no_receipts(given: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.json"
    assert check(nothing) == 2
    nothing.write_text("[]")
    assert check(nothing) == 2
    assert check(given, "--rows", str(given)) == 2
    other = tmp_path / "other.parquet"
    pl.DataFrame({"verdict": ["matched"]}).write_parquet(other)
    assert check(given, "--rows", str(other)) == 2
    assert main(["--unknown"], tmp_path, "sqlite://") == 2


def test_the_page_to_print_says_all_and_runs_nothing(given: Path, world: World) -> None:
    name = json.loads(given.read_bytes())["receipt"]
    page = world.proofs.document(name).decode()
    assert "Not everything arrived" in page
    assert "gs://bucket/1.jpg" in page
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert world.ledger.receipts()[0].rows_sha256 in page


def test_the_receipt_says_what_encord_had_listed(given: Path, world: World) -> None:
    body = json.loads(given.read_bytes())
    assert body["found"]["rows"] == 3
    assert world.proofs.listed(body["receipt"], "sizes") == [("not told", 3)]
