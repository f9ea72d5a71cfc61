"""The registration guide's scripts, steps 5 to 9, run as they are with placeholders filled.

Steps 8 and 9 are the guide's. Step 6 is the guide's with its two slips mended: it asked a dataset
that it never made, by a call of another transport. The bodies of 5 and 7 are not in the text we
have; they follow its description.
"""

import ast
import json
import re
from pathlib import Path

import pytest

from tests.sandbox.conftest import Running
from tests.sandbox.printing import printed_by

GUIDE = Path(__file__).with_name("guide")


class Guide:
    """Runs one script after the other, filling in what earlier ones printed."""

    def __init__(self, sandbox: Running, directory: Path) -> None:
        self.directory = directory
        self.sandbox = sandbox
        self.filled = {
            "<private_key_path>": sandbox.ssh_key_path,
            "<integration_title>": "Demo bucket",
            "<folder_name>": "My folder",
            "path/to/json/file.json": str(directory / "files.json"),
        }

    def run(self, step: int) -> str:
        text = (GUIDE / f"step_{step:02d}.py").read_text()
        for placeholder, value in self.filled.items():
            text = text.replace(placeholder, value)
        assert not re.search(r"<\w+>", text)
        script = self.directory / f"step_{step:02d}.py"
        script.write_text(text)
        return printed_by(script, SANDBOX_DOMAIN=self.sandbox.url)


@pytest.fixture
def guide(sandbox: Running, tmp_path: Path) -> Guide:
    return Guide(sandbox, tmp_path)


def write(guide: Guide, *names: str) -> list[str]:
    urls = [f"gs://encord-demo-bucket/{name}" for name in names]
    entries = [{"objectUrl": url} for url in urls]
    (guide.directory / "files.json").write_text(json.dumps({"images": entries}))
    return urls


def found(pattern: str, printed: str) -> str:
    match = re.search(pattern, printed)
    assert match is not None
    return match.group(1)


def test_the_guide_from_upload_to_verification(guide: Guide, sandbox: Running) -> None:
    sandbox.control("rate", {"rate": 1000})
    urls = write(guide, "images/street/0001.jpg", "images/street/0002.jpg", "nowhere.jpg")
    printed = guide.run(5)
    assert "Upload completed\nThe following URLs failed to upload:\n" in printed
    assert printed.endswith(f"{[urls[2]]}\n")
    guide.filled["<upload_job_id>"] = found(r"upload_job_id=(\S+)", printed)
    assert "Upload completed" in guide.run(6)
    guide.filled["<dataset_hash>"] = found(r"'dataset_hash': '([^']+)'", guide.run(7))
    listed = guide.run(8)
    assert listed.count("UUID: ") == 2
    assert "Name: /images/street/0001.jpg, Type: StorageItemType.IMAGE" in listed
    assert ast.literal_eval(guide.run(9)) == urls[:2]


def test_the_guides_other_answers(guide: Guide, sandbox: Running) -> None:
    write(guide, "images/street/0001.jpg")
    printed = guide.run(5)
    assert printed.endswith("Upload is still in progress, try again later!\n")
    guide.filled["<upload_job_id>"] = found(r"upload_job_id=(\S+)", printed)
    sandbox.advance()
    assert guide.run(6).endswith("Upload completed\n")
    guide.filled["<folder_name>"] = "Another folder"
    guide.filled["<dataset_hash>"] = found(r"'dataset_hash': '([^']+)'", guide.run(7))
    assert guide.run(8) == "Folder not found.\n"
