"""Stories that many tests begin with, told in one world and copied into the others."""

from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from pathlib import Path
from typing import Concatenate, Generic, NamedTuple, ParamSpec, TypeVar

from tests.contract.memory import MemoryGateway
from tests.unit.engine.world import HandClock, World

P = ParamSpec("P")
T = TypeVar("T")
#: A story, told of a world.
Story = Callable[Concatenate[World, P], T]


class _End(NamedTuple, Generic[T]):
    """What a story leaves behind: files, what Encord has, and what it returned."""

    files: dict[Path, bytes]
    encord: dict[str, object]
    seconds: float
    connected: bool
    result: T


def told_once(story: Story[P, T]) -> Story[P, T]:
    """Tell a story in the first new world; most of what such tests cost is the engine's steps."""
    ends: dict[object, _End[T]] = {}

    @wraps(story)
    def told(world: World, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if not _is_new(world):
            return story(world, *args, **kwargs)
        asked = (world.pace, args, *kwargs.items())
        if asked not in ends:
            result = story(world, *args, **kwargs)
            ends[asked] = _end_of(world, result)
            return result
        return _copy(ends[asked], world)

    return told


def _is_new(world: World) -> bool:
    """Whether nothing was done there and no mishap is prepared."""
    quiet = vars(world.encord) == vars(MemoryGateway()) and world.clock == HandClock()
    stored = any(world.manifests.root.iterdir())
    return quiet and world.connected and not stored and not world.database_url


def _end_of(world: World, result: T) -> _End[T]:
    world.ledger.engine.dispose()  # all of it is in its one file then
    paths = [path for path in world.folder.rglob("*") if path.is_file()]
    files = {path.relative_to(world.folder): path.read_bytes() for path in paths}
    encord = deepcopy(vars(world.encord))
    return _End(files, encord, world.clock.seconds, world.connected, deepcopy(result))


def _copy(end: _End[T], world: World) -> T:
    world.ledger.engine.dispose()
    for path, data in end.files.items():
        (world.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (world.folder / path).write_bytes(data)
    vars(world.encord).update(deepcopy(end.encord))
    world.clock.seconds, world.connected = end.seconds, end.connected
    return deepcopy(end.result)


@told_once
def registered(world: World, images: int = 3) -> str:
    """Take a run of so many images to its end, of which nothing more is asked."""
    run = world.submit(world.images(images))
    world.settle()
    return run
