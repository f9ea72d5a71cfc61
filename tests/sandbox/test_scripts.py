"""Typical scripts for the SDK, written for its documented use, run as they are.

They name neither a domain nor a key: the key comes from the environment, as the SDK reads it, and
the SDK's default domain is replaced by the sandbox's.
"""

from pathlib import Path

SCRIPTS = Path(__file__).with_name("scripts")
#: Local file -> the demo object whose bytes it has.
FILES = {
    "image.jpg": "images/street/0001.jpg",
    "other.jpg": "images/street/0002.jpg",
    "text.txt": "text/0001.txt",
}
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
    "metadata": ["registered: 25", "at night: 4", "keys: camera, night, quality"],
    "cloud_synced": [],
    "users": [
        "user: demo@sandbox.example ADMIN",
        "user: nora@sandbox.example MEMBER",
        "user: viewer@sandbox.example MEMBER",
        "shared with: Annotators as user",
        "in it: nora@sandbox.example",
        "left: 2",
    ],
}
