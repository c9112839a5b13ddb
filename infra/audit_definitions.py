"""Whether published definitions are as the events say that published them. Called by audit_reader.

Definitions are no leaves: the event that publishes one holds all of it, and that event is sealed.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, LiteralString

import psycopg
from eventsourcing.persistence import MapperDeserialisationError
from pydantic_core import to_json

from domain.audit.findings import Finding, Kind
from domain.paths.calendar_line import CalendarPublished
from domain.paths.events import PathPublished
from domain.roles.line import RolePublished
from domain.rules.line import RulePublished
from domain.templates.line import TemplatePublished
from domain.told_numbers import MAX_TOLD_NUMBER
from domain.upcasters import UPCASTERS
from domain.waves.events import WavePublished
from infra.audit_tables import read
from infra.definition_rows import definition_row
from infra.mapper import EventMapper
from infra.recorded_row import COLUMNS, row_of

PUBLISHING: Final = (
    PathPublished.NAME,
    CalendarPublished.NAME,
    RulePublished.NAME,
    TemplatePublished.NAME,
    WavePublished.NAME,
    RolePublished.NAME,
)
_PUBLISHED: Final[LiteralString] = (
    "select " + COLUMNS + " from log.events e where e.type = any(%s) order by e.position"  # noqa: S608 - constants
)
Definition = tuple[str, str, int]  # kind, name, version

_UNFOLDED: Final[LiteralString] = """
    with published as (
        select * from unnest(%s::text[], %s::integer[], %s::json[]) as d(name, version, body)
    ), told as (
        select d.name, d.version, x.status, x.status_no, x.stage, x.stage_no, x.final,
               coalesce(x.title, '{}') as title
        from published d cross join lateral json_to_recordset(d.body -> 'statuses') as x(
            status text, status_no integer, stage text, stage_no integer, final text, title jsonb)
    ), moves as (
        select d.name, d.version, x.from_status, x.to_status
        from published d cross join lateral json_to_recordset(d.body -> 'transitions') as x(
            from_status text, to_status text)
    )
    select path, path_version from (
        (select * from log.path_statuses except select * from told)
        union all (select * from told except select * from log.path_statuses)
    ) as statuses(path, path_version)
    union select path, path_version from (
        (select * from log.path_transitions except select * from moves)
        union all (select * from moves except select * from log.path_transitions)
    ) as transitions(path, path_version)
    order by 1, 2
"""


def check_definitions(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Compare log.definitions, and what is unfolded of it, with the events; both ways."""
    expected = _expected(connection)
    # Of a version that no table can hold nothing was unfolded, and what is there is unlike it.
    paths = [
        (name, version, body)
        for (kind, name, version), (_, _, body, _) in expected.items()
        if kind == "path" and version <= MAX_TOLD_NUMBER
    ]
    rows = read(
        connection,
        "select kind, name, version, content_hash, body::text, recorded_at from log.definitions"
        " order by kind, name, version",
    ).fetchall()
    for kind, name, version, *told in rows:
        found = expected.pop((kind, name, version), None)
        if found is None:
            yield _finding("definition_inserted", (kind, name, version), None)
            continue
        position, content_hash, body, recorded_at = found
        if told[0] != content_hash or told[2] != recorded_at or _canonical(told[1]) != body:
            yield _finding("definition_altered", (kind, name, version), position)
    for place, (position, *_) in expected.items():
        yield _finding("definition_missing", place, position)
    for path, version in _unlike(connection, paths):
        message = (
            f"What is unfolded of version {version} of path {path} is not as it was published."
        )
        yield Finding("definition_altered", message)


def _unlike(
    connection: psycopg.Connection[Any], paths: Sequence[tuple[str, int, str]]
) -> list[tuple[str, int]]:
    """Name the paths, with their version, that are not unfolded as their events say.

    paths: name, version, body
    """
    columns = [[path[place] for path in paths] for place in range(3)]
    return connection.execute(_UNFOLDED, columns).fetchall()


def _expected(connection: psycopg.Connection[Any]) -> dict[Definition, tuple[Any, ...]]:
    """Give what the events say: position, hash, body and time by definition."""
    types = [*PUBLISHING, *UPCASTERS]
    rows = read(connection, _PUBLISHED, (types,)).fetchall()
    mapper = EventMapper()
    expected: dict[Definition, tuple[Any, ...]] = {}
    for values in rows:
        row = row_of(values)
        try:
            told = definition_row(0, mapper.decode(row, None).event)
            body = None if told is None else _canonical(to_json(told["body"]).decode())
        except (MapperDeserialisationError, ValueError):
            continue  # Its leaf is not what it was, which is told with its position.
        if told is not None and body is not None:
            place = (told["kind"], told["name"], told["version"])
            expected[place] = (row.position, told["content_hash"], body, row.recorded_at)
    return expected


def _canonical(body: str) -> str | None:
    """Write JSON as nobody's taste has it; the order of what it holds has a meaning.

    None: it is nested too deeply, or has a number of too many digits, to be read.
    """
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except (ValueError, RecursionError):
        return None


def _finding(kind: Kind, place: Definition, position: int | None) -> Finding:
    what, name, version = place
    said = {
        "definition_altered": f"is not as the event at position {position} published it",
        "definition_inserted": "was published by no event",
        "definition_missing": f"is missing, which the event at position {position} published",
    }[kind]
    message = f"Version {version} of {what} {name} {said}."
    return Finding(kind, message, position, position)
