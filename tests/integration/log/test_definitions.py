"""What is published stands in log.definitions by kind, name and version, from the same append."""

from typing import Any
from uuid import uuid4

import psycopg

from domain.paths.calendar_line import PublishCalendar
from domain.paths.calendars import Calendar
from infra.event_log import EventLog
from tests.support.examples import CALENDAR, actor
from tests.support.loads import open_pipeline, publish

IN_UTC = Calendar.model_validate(CALENDAR.model_dump() | {"zone": "UTC"})


def test_d1_every_version_of_a_calendar_is_found_beside_the_paths(
    database_url: str, log: EventLog, owner: psycopg.Connection[Any]
) -> None:
    with open_pipeline(database_url) as pipeline:
        pipeline.execute(publish())
        for calendar in (CALENDAR, CALENDAR, IN_UTC):
            command = PublishCalendar(command_id=uuid4(), actor=actor(), definition=calendar)
            pipeline.execute(command)

    rows = owner.execute(
        "select name, version, content_hash, body -> 'definition' from log.definitions"
        " where kind = 'calendar' order by version"
    ).fetchall()
    assert [row[:3] for row in rows] == [
        ("shop", 1, CALENDAR.content_hash),
        ("shop", 2, IN_UTC.content_hash),
    ]
    assert [Calendar.model_validate(row[3]) for row in rows] == [CALENDAR, IN_UTC]
    assert (log.names("calendar"), log.names("path")) == ({"shop"}, {"shop"})
