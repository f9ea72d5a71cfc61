"""The rules about scenes: what Encord's own model would refuse, as warnings only.

The shapes are those of the SDK's scene model (0.1.211): a URL, `{url, format}`, one stream, named
streams, or `{content: ...}` with settings.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from services.domain.nearest import hint
from services.manifests.faults import Fault, Path, found

_STREAMS: Final = frozenset(
    {"point_cloud", "image", "camera_parameters", "camera", "frame_of_reference", "time_series"}
)
_SHOWN: Final = frozenset({"point_cloud", "image"})
_FILES: Final = frozenset({"pcd", "ply", "las", "laz", "e57", "mcap", "bag", "db3"})
_FIELD: Final = "scene"


def scene_urls(value: object) -> Iterator[tuple[Path, object]]:
    """Yield every URL in a scene with its path inside the entry."""
    yield from _urls(value, (_FIELD,))


def _urls(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    if isinstance(value, str) and path == (_FIELD,):
        yield path, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            if key in {"url", "uri"}:
                yield (*path, key), each
            else:
                yield from _urls(each, (*path, key))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _urls(each, (*path, place))


def scene_faults(value: object) -> Iterator[Fault]:
    """Check the shape of one scene."""
    if isinstance(value, str):
        yield from _file_faults(value)
    elif not isinstance(value, Mapping):
        details = {"field": _FIELD, "found": found(value), "expected": "a URL or an object"}
        yield Fault("field-type", (_FIELD,), value, details)
    elif "content" in value:
        yield from _content_faults(value["content"], (_FIELD, "content"))
    else:
        yield from _content_faults(value, (_FIELD,))


def _file_faults(url: str) -> Iterator[Fault]:
    extension = url.rpartition(".")[2].lower()
    if extension not in _FILES:
        problem = f"A scene given as a URL ends in one of {', '.join(sorted(_FILES))}"
        yield Fault("scene-shape", (_FIELD,), url, {"problem": problem})


def _content_faults(value: object, path: Path) -> Iterator[Fault]:
    if isinstance(value, str):
        yield from _file_faults(value)
        return
    if not isinstance(value, Mapping):
        problem = f"The scene's content is {found(value)}"
        yield Fault("scene-shape", path, value, {"problem": problem})
        return
    if "url" in value:
        return
    streams = {"": value} if "type" in value else dict(value)
    yield from _stream_faults(streams, path)


def _stream_faults(streams: Mapping[str, object], path: Path) -> Iterator[Fault]:
    kinds: dict[str, object] = {}
    for name, stream in streams.items():
        at = (*path, name) if name else path
        kind = stream.get("type") if isinstance(stream, Mapping) else None
        kinds[name] = kind
        if kind not in _STREAMS:
            problem = f"{kind!r} is not a kind of stream{hint(str(kind), _STREAMS)}"
            yield Fault("scene-shape", at, stream, {"problem": problem})
        elif isinstance(stream, Mapping):
            yield from _event_faults(stream, at)
    if not _SHOWN & {str(kind) for kind in kinds.values()}:
        problem = "A scene needs at least one point_cloud or image stream"
        yield Fault("scene-shape", path, None, {"problem": problem})
    yield from _camera_faults(streams, kinds, path)


def _event_faults(stream: Mapping[str, object], path: Path) -> Iterator[Fault]:
    events = stream.get("events")
    if stream.get("type") == "time_series":
        return
    if not isinstance(events, list) or not events:
        yield Fault("scene-shape", path, None, {"problem": "A stream needs a list of events"})
        return
    for place, event in enumerate(events):
        time = event.get("timestamp", event.get("time")) if isinstance(event, Mapping) else None
        if isinstance(time, int | float) and time < 0:
            problem = "A timestamp is negative"
            yield Fault("scene-shape", (*path, "events", place), time, {"problem": problem})


def _camera_faults(
    streams: Mapping[str, object], kinds: Mapping[str, object], path: Path
) -> Iterator[Fault]:
    cameras = {name for name, kind in kinds.items() if kind in {"camera", "camera_parameters"}}
    for name, stream in streams.items():
        camera = stream.get("camera") if isinstance(stream, Mapping) else None
        if isinstance(camera, str) and camera not in cameras:
            problem = f"The camera {camera!r} is not a stream of this scene"
            yield Fault("scene-shape", (*path, name), camera, {"problem": problem})
