"""decide: from a path's history and a command to events, or to a refusal.

An empty list means: already so. Runs once per command, in services.pipeline.
"""

from datetime import datetime

from domain.messages import Decided
from domain.paths.commands import PublishPath
from domain.paths.events import PathPublished
from domain.paths.line import PathLine
from domain.refusals import Refusal, Unmet


def publish(line: PathLine, command: PublishPath, now: datetime) -> list[Decided]:
    """Publish the next version; the same content again is nothing."""
    definition = command.definition
    if command.expected_status is not None:
        raise Refusal(
            Unmet(
                code="status_differs",
                field="expected_status",
                message="A path has no status",
                needed="expected_version, if it shall be published on nothing else",
            )
        )
    if definition.content_hash == line.content_hash:
        return []
    event = PathPublished(
        path=definition.path,
        path_version=line.path_version + 1,
        content_hash=definition.content_hash,
        definition=definition.model_dump(mode="json"),
    )
    return [Decided(event, now)]
