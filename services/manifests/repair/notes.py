"""Count what is changed, and keep the first few changes to show."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from services.manifests.repair.actions import Change, Preview
from services.manifests.repair.subject import Mended, Subject, changes_of


@dataclass(slots=True)
class Notes:
    """The changes of one operation."""

    limit: int = 0
    count: int = 0
    kept: list[Change] = field(default_factory=list)

    def take(self, subject: Subject, mended: Mended, line: Callable[[], int | None]) -> None:
        """Note what was done to an entry; its line is asked for only when it is kept."""
        self.add(changes_of(subject, mended), line)

    def add(self, changes: Iterable[Change], line: Callable[[], int | None]) -> None:
        """Note changes that share a line."""
        made = list(changes)
        self.count += len(made)
        room = self.limit - len(self.kept)
        if room > 0 and made:
            at = line()
            self.kept.extend(replace(change, line=at) for change in made[:room])

    def is_full(self) -> bool:
        """Count one change more; returns whether nobody needs its description."""
        if len(self.kept) < self.limit:
            return False
        self.count += 1
        return True

    def preview(self) -> Preview:
        """Return what is known so far."""
        return Preview(self.count, tuple(self.kept))
