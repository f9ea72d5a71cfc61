"""What the command line says of itself."""

import pytest

from services.__main__ import COMMANDS, EXIT_USAGE, main


def test_help_that_is_asked_for_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr()
    assert not [command for command in COMMANDS if f"  {command} " not in said.out]
    assert not said.err


@pytest.mark.parametrize("words", [[], ["nothing"]])
def test_no_command_is_an_error_that_lists_them(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == EXIT_USAGE
    said = capsys.readouterr()
    assert "validate FILE" in said.err
    assert not said.out
