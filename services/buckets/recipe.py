"""A saved way to make a manifest from a bucket: what to take, as what, grouped and named how."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from services.domain import globs, naming
from services.domain.entries import EntryType

Grouping = Literal["none", "folder", "pattern"]
#: What objects can say about themselves in an entry's metadata.
OBJECT_FACTS: Final = ("size", "content_type", "updated", "generation")
#: The part of a pattern that counts frames and so names no group.
FRAME: Final = "frame"

NO_GROUP: Final = (
    "Grouping by a pattern needs a part that names the group, such as {{series}}, beside {{frame}}."
)
NO_SUCH_PART: Final = "{{{name}}} is not a part of the pattern."


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRule:
    """What objects of one extension and content type become."""

    extension: str
    content_type: str
    #: None leaves them out.
    kind: EntryType | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What to take from a bucket and what to make of it. The same recipe makes the same bytes."""

    name: str = ""
    #: Prefixes and globs; none of them means every object.
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    #: Only where somebody decided otherwise than we guess.
    types: tuple[TypeRule, ...] = ()
    grouping: Grouping = "none"
    #: `image_group` or `image_sequence`; DICOM files always become series.
    group_as: EntryType = EntryType.IMAGE_GROUP
    #: With named parts, `{site}/{series}/{frame}.jpg`; empty for none.
    pattern: str = ""
    #: Made of parts; empty for Encord's own choice, or the group's name.
    title: str = ""
    #: Parts that become metadata.
    metadata: tuple[str, ...] = ()
    object_facts: tuple[str, ...] = ()
    #: Whether `a.json` beside `a.jpg` holds its metadata.
    sidecars: bool = False
    #: Fingerprint of a stored CSV whose rows are joined as metadata; empty for none.
    table: str = ""

    def to_json(self) -> bytes:
        """Write what `read_recipe` reads."""
        return msgspec.json.encode(self)

    @property
    def digest(self) -> str:
        """Name the recipe by its content."""
        return hashlib.sha256(self.to_json()).hexdigest()[:16]

    def parts(self) -> tuple[str, ...]:
        """Return the parts that a title may name.

        Raises:
            PatternError: The pattern cannot be read.
        """
        named = naming.path_pattern(self.pattern).parts if self.pattern else ()
        return (*named, *naming.OWN_PARTS)

    def group_parts(self) -> tuple[str, ...]:
        """Return the parts that together name a group: all but the frame."""
        return tuple(each for each in self.parts() if each not in {FRAME, *naming.OWN_PARTS})

    def check(self) -> None:
        """Make sure that the recipe can be followed.

        Raises:
            PatternError: It cannot; says what is wrong with which pattern.
        """
        for pattern in (*self.include, *self.exclude):
            globs.expression(pattern)
        naming.template_parts(self.title, self.parts())
        if self.grouping == "pattern" and not (self.pattern and self.group_parts()):
            raise globs.PatternError(NO_GROUP)
        missing = [each for each in self.metadata if each not in self.parts()]
        if missing:
            raise globs.PatternError(NO_SUCH_PART, name=missing[0])


def read_recipe(content: bytes | str) -> Recipe:
    """Read what `Recipe.to_json` wrote."""
    return msgspec.json.decode(content, type=Recipe)


def rules_by_look(recipe: Recipe) -> Mapping[tuple[str, str], EntryType | None]:
    """Return the decided types by extension and content type."""
    return {(each.extension, each.content_type): each.kind for each in recipe.types}
