"""decide: from a path's history and a command to events, or to a refusal.

An empty list means: already so. Runs once per command, in services.pipeline.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from domain.alerts.events import alert_stream
from domain.facts import Facts
from domain.messages import Decided
from domain.paths import guards
from domain.paths.asking import follows_say_nothing
from domain.paths.commands import PublishPath
from domain.paths.line import PathLine
from domain.paths.selection import SELECTION, PathListed
from domain.paths.touched import Told, alert_ids, alerts_of, touched_by
from domain.publishing import publish


def publish_path(
    line: PathLine, command: PublishPath, facts: Facts, now: datetime
) -> Mapping[str, list[Decided]]:
    """Publish the next version, and alert whom it touches; the same content again is nothing."""
    definition = command.definition
    told = _told(line, command, facts)
    before = facts.paths.get((definition.path, line.latest))
    unmet = [
        *guards.calendars_are_published(definition.calendars, facts.calendars),
        *guards.limits_are_in_reach(definition, facts.calendars, now),
        *follows_say_nothing(definition),
        *guards.touched_are_few(told),
        *(
            ()
            if command.strand
            else guards.statuses_in_use_stay_open(definition, before, command.standing)
        ),
    ]
    published = publish(line, command, now, unmet)
    if not published:
        return {}
    listed = PathListed(
        path=definition.path,
        path_version=line.latest + 1,
        applies_to=definition.applies_to,
    )
    alerts = alerts_of(command, line, told, now)
    return {
        command.stream_id: published,
        SELECTION: [Decided(listed, now)],
        **{alert_stream(alert.alert_id): [Decided(alert, now)] for alert in alerts},
    }


def streams_touched(command: PublishPath, line: PathLine, facts: Facts) -> Iterator[str]:
    """Name the streams of the alerts that publishing raises."""
    told = _told(line, command, facts)
    return map(alert_stream, alert_ids(command, line, told).values())


def _told(line: PathLine, command: PublishPath, facts: Facts) -> Told:
    before = facts.paths.get((command.definition.path, line.latest))
    return touched_by(command, line, before)
