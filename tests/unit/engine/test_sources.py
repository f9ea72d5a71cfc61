"""Manifests from a server folder or a bucket: only what was offered, byte for byte."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.bootstrap import Runtime, build_runtime
from services.buckets.reach import NOBODY, Reach
from services.engine.errors import ConnectionProblem
from services.settings import Settings


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.csv").write_text("ObjectURL\ngs://b/a.mp4\n")
    (folder / "deep" / "b.jsonl.gz").write_bytes(b"not read yet")
    (folder / "notes.txt").write_text("no manifest")
    (tmp_path / "secret.csv").write_text("ObjectURL\ngs://b/secret.mp4\n")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    return folder


@pytest.fixture
def runtime(tmp_path: Path, shared: Path) -> Iterator[Runtime]:
    made = build_runtime(Settings(data_dir=tmp_path / "data", manifest_folders=(shared,)))
    yield made
    made.stop()


def test_only_manifests_of_allowed_folders_are_offered(runtime: Runtime) -> None:
    assert [file.name for file in runtime.sources.files()] == ["a.csv", "deep/b.jsonl.gz"]


def test_an_offered_file_is_taken_as_it_is(runtime: Runtime, shared: Path) -> None:
    file = runtime.sources.files()[0]
    same = runtime.manifests.add("a.csv", io.BytesIO((shared / "a.csv").read_bytes()))
    assert runtime.sources.add_file(file.id) == same


@pytest.mark.parametrize(
    "asked",
    [
        *("0:../secret.csv", "0:link.csv", "0:/etc/passwd", "1:a.csv", "x:a.csv", "", "0:"),
        *("0:deep", "0:notes.txt"),
    ],
)
def test_nothing_else_can_be_named(runtime: Runtime, asked: str) -> None:
    with pytest.raises(ConnectionProblem, match="not there any more"):
        runtime.sources.add_file(asked)


def test_a_pipe_is_not_a_file(runtime: Runtime, shared: Path) -> None:
    os.mkfifo(shared / "pipe.csv")
    assert "pipe.csv" not in [file.name for file in runtime.sources.files()]


def test_an_object_of_a_bucket_is_taken(runtime: Runtime) -> None:
    runtime.start_sandbox()
    assert runtime.wait_for_sandbox()
    sandbox = runtime.connections.sandbox()
    assert sandbox is not None
    bucket = "gs://encord-demo-bucket"
    reader = Reach(account=NOBODY, endpoint=sandbox.domain).open
    found = runtime.sources.add_object(f"{bucket}/images/street/0001.jpg", reader)
    assert runtime.manifests.recent()[0].name == "0001.jpg"
    assert len(found) == 64
    with pytest.raises(ConnectionProblem, match="could not be read"):
        runtime.sources.add_object(f"{bucket}/nothing.csv", reader)
    with pytest.raises(ConnectionProblem, match="looks like gs://"):
        runtime.sources.add_object("https://elsewhere/manifest.csv", reader)


def test_a_proxy_for_the_world_is_not_asked_for_the_sandbox(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    monkeypatch.setenv("no_proxy", "intranet.example")
    runtime.start_sandbox()
    assert runtime.wait_for_sandbox()
    sandbox = runtime.connections.sandbox()
    assert sandbox is not None
    assert runtime.connections.check(sandbox.id).ok
    assert os.environ["NO_PROXY"] == "intranet.example,127.0.0.1,localhost"
