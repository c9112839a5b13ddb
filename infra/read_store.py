"""Who read whose personal data, in PostgreSQL: ops.accesses."""

from collections.abc import Iterable, Sequence
from typing import Final

from psycopg.types.json import Jsonb

from domain.access.reads import Kept, Place, Read, Reading, Sought
from infra.postgres import Session

KEPT_DAYS: Final = 400
MOST_ROWS: Final = 2_000_000
COUNTED_OF: Final = 100  # rows are counted again when one in so many may be new
_COLUMNS: Final = "minute, actor_kind, actor_id, on_behalf_of, question, subject, subjects, times"


class PostgresReadStore:
    """Implements domain.access.reads.ReadStore."""

    def __init__(self, session: Session, *, most_rows: int = MOST_ROWS) -> None:
        self._session = session
        self._most_rows = most_rows
        self._uncounted = most_rows  # notes since rows were counted; before the first: too many

    def note(self, reads: Iterable[Read]) -> None:
        """Add rows, or to those of the same minute; drop what is too old or too much.

        Too much is counted now and then: it takes a look at every row.
        """
        rows = [
            {
                **one.reading._asdict(),
                "minute": one.reading.minute.isoformat(),
                "subjects": one.subjects,
                "times": one.times,
            }
            for one in reads
        ]
        with self._session.connection() as session:
            session.execute(_NOTE, [Jsonb(rows)])
            session.execute(_DROP_OLD, [KEPT_DAYS])
            self._uncounted += len(rows)
            if self._uncounted >= self._most_rows // COUNTED_OF:
                session.execute(_DROP_BEYOND, [self._most_rows])
                self._uncounted = 0

    def find(self, sought: Sought, limit: int) -> Sequence[Kept]:
        """List what was noted, the latest first."""
        given = {
            "subject": sought.subject,
            "actor": sought.actor,
            "since": sought.since,
            "until": sought.until,
            "minute": sought.behind and sought.behind.minute,
            "number": sought.behind and sought.behind.number,
            "limit": limit,
        }
        with self._session.connection() as session:
            rows = session.execute(_FIND, given).fetchall()
        return [
            Kept(Read(Reading(*row[:6]), row[6], row[7]), Place(row[0], row[8])) for row in rows
        ]

    def forget(self, subjects: Sequence[str]) -> int:
        """Drop what was noted of persons; give how many rows that were."""
        with self._session.connection() as session:
            gone = session.execute(
                "delete from ops.accesses where subject = any(%s)", [list(subjects)]
            )
            return gone.rowcount


# In one order, so that two processes that note at once wait for each other, and go on. A note that
# was still in memory when its person was erased is not written any more.
_NOTE: Final = f"""
    with given as (
        select r.*
        from jsonb_to_recordset(%s) as r (minute timestamptz, actor_kind text, actor_id text,
            on_behalf_of text, question text, subject text, subjects integer, times integer)
    ), erased as (
        select unnest(e.subjects) as subject, e.erased_at
        from log.erasures e
        where e.erased_at >= (select min(g.minute) from given g)
    )
    insert into ops.accesses ({_COLUMNS})
    select r.minute, r.actor_kind, r.actor_id, r.on_behalf_of, r.question, r.subject,
           r.subjects, r.times
    from given r
    where not exists (
        select from erased e where e.subject = r.subject and e.erased_at >= r.minute)
    order by 1, 2, 3, 4, 5, 6
    on conflict (minute, actor_kind, actor_id, on_behalf_of, question, subject) do update
    set times = accesses.times + excluded.times,
        subjects = greatest(accesses.subjects, excluded.subjects)
"""  # noqa: S608 - the names of columns are ours
# Numbers have gaps, as each row that was there already takes one too: so rows are counted. What
# another process drops just now is left to it.
_DROP_OLD: Final = """
    delete from ops.accesses
    where access_id in (
        select access_id from ops.accesses
        where minute < now() - make_interval(days => %s)
        order by minute limit 10000 for update skip locked)
"""
_DROP_BEYOND: Final = """
    delete from ops.accesses
    where access_id in (
        select access_id from ops.accesses
        where access_id <= (
            select access_id from ops.accesses order by access_id desc offset %s limit 1)
        for update skip locked)
"""
_FIND: Final = f"""
    select {_COLUMNS}, access_id from ops.accesses
    where (%(subject)s::text is null or subject = %(subject)s)
      and (%(actor)s::text is null or actor_id = %(actor)s or on_behalf_of = %(actor)s)
      and (%(since)s::timestamptz is null or minute >= %(since)s)
      and (%(until)s::timestamptz is null or minute <= %(until)s)
      and (%(number)s::bigint is null
           or (minute, access_id) < (%(minute)s::timestamptz, %(number)s::bigint))
    order by minute desc, access_id desc limit %(limit)s
"""  # noqa: S608 - the names of columns are ours
