"""The log as an auditor asks it: by who acted, and by what happened within some positions.

Read from the events themselves, never from read models. Implements services.acts.ActsLog.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from domain.messages import Recorded
from domain.reading import PAGE_BYTES, Undecodable
from infra.event_log import EventLog
from infra.recorded_row import COLUMNS, row_of

LATE: Final = "late_facts"  # the section of facts that were recorded long after they happened

# Each part takes its newest by an index of its own; the planner would rather read the whole log for
# a name that is everywhere.
_OF_ACTOR: Final[LiteralString] = (
    "select "  # noqa: S608 - constants
    + COLUMNS
    + """ from (
        select e.*, row_number() over newest as number,
               sum(octet_length(e.payload)) over newest as size
        from (
            (select position from log.events
             where actor_id = %(actor)s and position >= %(first)s and position < %(before)s
               and (%(kind)s::text is null or actor_kind = %(kind)s)
             order by position desc limit %(limit)s)
            union
            (select position from log.events
             where on_behalf_of = %(actor)s and position >= %(first)s and position < %(before)s
               and (%(kind)s::text is null or actor_kind = %(kind)s)
             order by position desc limit %(limit)s)
            union
            (select position from log.events
             where stream_id = any(%(streams)s) and position >= %(first)s
               and position < %(before)s
             order by position desc limit %(limit)s)
            order by position desc limit %(limit)s
        ) found join log.events e using (position)
        window newest as (order by e.position desc rows unbounded preceding)
    ) e
    where e.number = 1 or e.size <= %(most_bytes)s
    order by e.position desc
"""
)
# One look at the rows of the positions, whatever is asked of them; payloads are not read.
_FOUND: Final[LiteralString] = """
    with found as (
        select e.position, e.actor_kind, e.actor_id, e.on_behalf_of, coalesce(
                   %(sections)s::jsonb ->> rtrim(e.type, '0123456789'), 'late_facts') as section
        from log.events e
        where e.position >= %(first)s and e.position < %(before)s
          and (rtrim(e.type, '0123456789') = any(%(types)s)
               or (e.fact_id is not null and e.recorded_at - e.occurred_at > %(late)s))
    )
"""
_COUNTED: Final[LiteralString] = (
    _FOUND  # noqa: S608 - constants
    + """
    select section, actor_kind, actor_id, on_behalf_of, count(*)
    from found
    group by 1, 2, 3, 4 order by 1, 5 desc, 2, 3, 4
"""
)
_LISTED: Final[LiteralString] = (
    _FOUND  # noqa: S608 - constants
    + """
    select section, position from (
        select section, position,
               row_number() over (partition by section order by position desc) as number
        from found
        -- An import tells nothing but the past; it is counted.
        where not (section = 'late_facts' and actor_kind = 'import')
    ) f
    where number <= %(limit)s order by section, position desc
"""
)
_AT: Final[LiteralString] = (
    "select " + COLUMNS + " from log.events e where e.position = any(%s)"  # noqa: S608 - constants
)


class Acts:
    """Reads a log with the rights of its writer, who may see keys. Threads may share one."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def of_actor(
        self, actor: str, kind: str | None, streams: Collection[str], span: range, limit: int
    ) -> Sequence[Recorded | Undecodable]:
        """Give what somebody did, or another did for him, within positions; the newest first.

        streams: what is told there is about him, too
        Shape:   0..limit events; fewer where they are large, yet one if there is any
        """
        asked = {
            "actor": actor,
            "kind": kind,
            "streams": list(streams),
            "first": span.start,
            "before": span.stop,
            "limit": limit,
            "most_bytes": PAGE_BYTES,
        }
        return self._read(_OF_ACTOR, asked)

    def counted(
        self, span: range, sections: Mapping[str, str], late: timedelta
    ) -> Sequence[tuple[str, str, str, str | None, int]]:
        """Count what happened within positions by section, actor and for whom, the most first.

        sections: by the name of an event without its version
        late:     a fact that was recorded so much later is one of LATE
        """
        rows: Sequence[tuple[str, str, str, str | None, int]]
        rows = self._fetch(_COUNTED, _of_span(span, sections, late))
        return rows

    def listed(
        self, span: range, sections: Mapping[str, str], late: timedelta, limit: int
    ) -> Mapping[str, Sequence[Recorded | Undecodable]]:
        """Give the newest of each section, up to a limit; imported facts are left out of LATE."""
        rows = self._fetch(_LISTED, {**_of_span(span, sections, late), "limit": limit})
        section_of = {position: section for section, position in rows}
        listed: dict[str, list[Recorded | Undecodable]] = {}
        for one in self._read(_AT + " order by e.position desc", [[*section_of]]):
            listed.setdefault(section_of[one.position], []).append(one)
        return listed

    def first_since(self, moment: datetime) -> int:
        """Give the position of the first event that the log took at a moment or later; behind the
        last one, where there is none yet.
        """
        return self._log.first_since(moment)

    def command_names(self, command_ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """Give the stored names of commands that were answered."""
        return self._log.command_names(command_ids)

    def _read(self, statement: LiteralString, asked: Any) -> Sequence[Recorded | Undecodable]:
        return self._log.opened([row_of(row) for row in self._fetch(statement, asked)])

    def _fetch(self, statement: LiteralString, asked: Any) -> list[Any]:
        with self._log.recorder.connection() as connection:
            return connection.execute(statement, asked).fetchall()


def _of_span(span: range, sections: Mapping[str, str], late: timedelta) -> dict[str, Any]:
    of_types = {f"{name}.v": section for name, section in sections.items()}  # of any version
    return {
        "first": span.start,
        "before": span.stop,
        "sections": Jsonb(of_types),
        "types": list(of_types),
        "late": late,
    }
