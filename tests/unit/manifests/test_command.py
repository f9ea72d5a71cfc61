"""The command line of the manifest contract."""

import json
from pathlib import Path

import pytest

from services.manifests.command import convert, validate


def written(folder: Path, text: str, name: str = "m.csv") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_validate_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "ObjectURL,Type\ngs://demo/a b.jpg,image\ngs://demo/c.jpg,image\n")
    assert validate([path]) == 1
    out = capsys.readouterr().out
    assert "2 entries (2 image), 2 URLs; 1 valid, 1 held back" in out
    assert "line 2, column 1: There is white space (blank) inside the URL." in out


def test_validate_is_zero_without_errors(tmp_path: Path) -> None:
    assert validate([written(tmp_path, "ObjectURL,Type\ngs://demo/c.jpg,image\n")]) == 0


@pytest.mark.parametrize("arguments", [[], ["no-such-file.csv"], ["--nonsense"]])
def test_wrong_calls_are_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(arguments) == 2
    assert capsys.readouterr().err


def test_report_has_the_shape_of_the_contract(tmp_path: Path) -> None:
    path = written(tmp_path, "ObjectURL,Type\ngs://demo/a b.jpg,image\n")
    assert validate([path, "--report", str(tmp_path / "r.json")]) == 1
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert list(report) == [
        "manifest",
        "entries",
        "urls",
        "by_type",
        "valid_entries",
        "counts",
        "samples_per_code",
        "findings",
    ]
    assert list(report["manifest"]) == ["name", "format", "bytes", "fingerprint"]
    assert report["findings"] == [
        {
            "code": "url-whitespace",
            "severity": "error",
            "line": 2,
            "column": 1,
            "pointer": "/0/objectUrl",
            "entry": 0,
            "field": "objectUrl",
            "value": "gs://demo/a b.jpg",
            "message": "There is white space (blank) inside the URL.",
            "fix": "Remove white space at the ends; write %20 for a blank inside.",
        }
    ]


def test_convert_writes_the_valid_entries(tmp_path: Path) -> None:
    path = written(tmp_path, "ObjectURL,Type,Title\ngs://demo/a.mp4,video,A\nbad,video,B\n")
    assert convert([path, str(tmp_path / "o.json")]) == 1
    assert json.loads((tmp_path / "o.json").read_text(encoding="utf-8")) == {
        "skip_duplicate_urls": True,
        "upsert_metadata": False,
        "videos": [{"objectUrl": "gs://demo/a.mp4", "title": "A"}],
    }


def test_explain_prints_the_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(["--explain", "url-empty"]) == 0
    assert "Why:     There is nothing to register." in capsys.readouterr().out
    assert validate(["--explain", "no-such-code"]) == 2
