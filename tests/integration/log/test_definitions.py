"""What is published stands in log.definitions by kind, name and version, from the same append."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest

from domain.paths.calendar_line import PublishCalendar
from domain.paths.calendars import Calendar
from domain.refusals import InfraError
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


def test_a_path_that_is_damaged_is_told_as_one_stream_that_is(
    database_url: str, log: EventLog, owner: psycopg.Connection[Any]
) -> None:
    with open_pipeline(database_url) as pipeline:
        pipeline.execute(publish())
    owner.execute("alter table log.definitions disable trigger user")
    owner.execute('update log.definitions set body = \'{"definition": {"nope": 1}}\'')

    with pytest.raises(InfraError, match="bring it back from a backup") as told:
        log.load_paths([("shop", 1)])

    assert (told.value.code, told.value.stream_id) == ("event_unreadable", "path-shop")


def test_a_path_of_a_newer_version_is_told_as_one_and_read_once_it_is_understood(
    database_url: str, log: EventLog, owner: psycopg.Connection[Any]
) -> None:
    with open_pipeline(database_url) as pipeline:
        pipeline.execute(publish())
    owner.execute("alter table log.definitions disable trigger user")
    owner.execute("create table known as select body from log.definitions")
    owner.execute(
        "update log.definitions set body = jsonb_set(body::jsonb, '{definition,later}', '1')::json"
    )

    with pytest.raises(InfraError, match="upgrade") as told:
        log.load_paths([("shop", 1)])
    owner.execute("update log.definitions set body = (select body from known)")

    assert told.value.code == "newer_version"
    assert ("shop", 1) in log.load_paths([("shop", 1)])
