"""Typical scripts for the SDK, written for its documented use, run as they are.

They name neither a domain nor a key: the key comes from the environment, as the SDK reads it.
"""

import shutil
from pathlib import Path

import pytest

from tests.sandbox.conftest import Running
from tests.sandbox.printing import printed_by

SCRIPTS = Path(__file__).with_name("scripts")
EXPECTED = {
    "folders": [
        "top: Harbor cameras {'site': 'north'}",
        "found: Raw footage in Harbor cameras {'site': 'north', 'season': 'autumn'}",
        "files: 0",
    ],
    "uploads": [
        "video: A crossing {}",
        "imageGroup: A pair {}",
        "dicomSeries: A scan {}",
        "imageSequence: A walk {}",
        "audio: audio.wav {}",
        "nifti: brain.nii {}",
        "pdf: document.pdf {}",
        "image: image.jpg {'source': 'disk'}",
        "scene: points.ply {}",
        "timeseries: series.csv {}",
        "plainText: text.txt {}",
        "frame: image.jpg",
        "frame: other.jpg",
    ],
    "datasets": [
        "IMAGE: /images/street/0001.jpg (GCP)",
        "VIDEO: A crossing (CORD_STORAGE)",
        "IMG_GROUP: A pair (CORD_STORAGE)",
        "DICOM: A scan (CORD_STORAGE)",
        "IMAGE: image.jpg (CORD_STORAGE)",
        "linked: 4",
        "dataset: Chosen",
    ],
    "metadata": ["registered: 25", "at night: 4", "keys: camera, night, sharpness"],
    "cloud_synced": ["done: 80 of it", "listed: 80, synced: True"],
    "users": [
        "user: demo@sandbox.example ADMIN",
        "user: nora@sandbox.example MEMBER",
        "user: viewer@sandbox.example MEMBER",
        "shared with: Annotators as user",
        "in it: nora@sandbox.example",
        "left: 2",
    ],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_typical_script_does_what_it_says(name: str, files: Path, sandbox: Running) -> None:
    sandbox.control("rate", {"rate": 10_000})
    script = shutil.copy(SCRIPTS / f"{name}.py", files)
    environment = {"SANDBOX_DOMAIN": sandbox.url, "ENCORD_SSH_KEY_FILE": sandbox.ssh_key_path}
    printed = printed_by(Path(script), **environment)
    assert printed.splitlines() == EXPECTED[name]


def test_every_script_is_run() -> None:
    assert {path.stem for path in SCRIPTS.glob("*.py")} == set(EXPECTED)
