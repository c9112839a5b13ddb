"""The history of what a shop defines as data, and how its next version is published: one mechanism
for paths, calendars, rules, templates and waves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Self

from domain.guards import no_status_is_expected
from domain.messages import Command, Decided, Happened
from domain.paths.definition import Definition
from domain.refusals import Refusal, Unmet


class Publish(Command):
    """A command that publishes a definition."""

    definition: Definition


@dataclass(frozen=True)
class Line:
    """State of the stream of one definition: the latest published version, 0 if there is none."""

    KIND: ClassVar[str]  # `path`
    PUBLISHED: ClassVar[type[Any]]  # event: path, path_version, content_hash, definition

    version: int = 0
    latest: int = 0
    content_hash: str = ""
    definition: Mapping[str, Any] | None = None  # as published
    last_occurred_at: datetime | None = None
    subject_id: str | None = None  # what a shop defines belongs to no person

    def evolve(self, happened: Happened) -> Self:
        """Give the history after one more publication."""
        event = happened.event
        if not isinstance(event, self.PUBLISHED):
            raise TypeError(f"{type(event).__name__} is no event of a {self.KIND}")
        return replace(
            self,
            version=happened.version,
            latest=getattr(event, f"{self.KIND}_version"),
            content_hash=event.content_hash,
            definition=event.definition,
            last_occurred_at=happened.occurred_at,
        )


def publish(
    line: Line, command: Publish, now: datetime, unmet: Iterable[Unmet] = ()
) -> list[Decided]:
    """Publish the next version; the same content again is nothing.

    unmet:  what else stands against it
    Raises: Refusal
    """
    against = [*no_status_is_expected(command, f"A {line.KIND}"), *unmet]
    if against:
        raise Refusal(*against)
    return next_version(line, command.definition, now)


def next_version(line: Line, definition: Definition, now: datetime) -> list[Decided]:
    """Give the publication of what stands here; none where the latest version says the same."""
    if definition.content_hash == line.content_hash:
        return []
    kind = line.KIND
    said = {kind: getattr(definition, kind), f"{kind}_version": line.latest + 1}
    event = line.PUBLISHED(
        **said, content_hash=definition.content_hash, definition=definition.content
    )
    return [Decided(event, now)]
