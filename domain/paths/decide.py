"""decide: from a path's history and a command to events, or to a refusal.

An empty list means: already so. Runs once per command, in services.pipeline.
"""

from datetime import datetime

from domain.messages import Decided
from domain.paths.commands import PublishPath
from domain.paths.events import PathPublished
from domain.paths.guards import no_status_is_expected
from domain.paths.line import PathLine
from domain.refusals import refuse_if


def publish(line: PathLine, command: PublishPath, now: datetime) -> list[Decided]:
    """Publish the next version; the same content again is nothing."""
    definition = command.definition
    refuse_if(list(no_status_is_expected(command, "path")))
    if definition.content_hash == line.content_hash:
        return []
    event = PathPublished(
        path=definition.path,
        path_version=line.path_version + 1,
        content_hash=definition.content_hash,
        definition=definition.content,
    )
    return [Decided(event, now)]
