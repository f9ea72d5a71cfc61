"""A small file is seen whole, whoever else writes it and however that ends."""

from pathlib import Path

import pytest

from services.whole_files import write_whole


def test_who_writes_a_file_at_the_same_time_spoils_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, replace = tmp_path / "recipe.json", Path.replace

    def in_between(self: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "replace", replace)
        write_whole(path, b"the other's")
        return self.replace(target)

    monkeypatch.setattr(Path, "replace", in_between)
    write_whole(path, b"ours")
    assert path.read_bytes() == b"ours"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_put_in_its_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "taken", b"ours")
    assert [each.name for each in tmp_path.iterdir()] == ["taken"]
