"""Builds: each is one set of tables of a read model, in a schema of its own. Readers see the
live one through views of schema `live`. Called by services.read_models and services.projector.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from psycopg import sql

from domain.messages import SHARDS
from domain.reading import Head
from projections.interface import Projection, Tx
from projections.sessions import use_schema

State = Literal["live", "retired", "rebuilding", "scratch"]
Driver = Literal["follower", "workers"]

COLUMNS: Final = "b.projection, b.build, b.version, b.state, b.driver"  # what a Build is made of
# Advisory lock, any number that nobody else uses, with a build's: its verifier's session holds it.
SCRATCH_LOCK: Final = 0x0BDE_4A19


@dataclass(frozen=True, slots=True)
class Build:
    """One set of tables."""

    projection: str
    build: int
    version: int  # of the read model that made it
    state: State
    driver: Driver

    @property
    def schema(self) -> str:
        return f"p_{self.projection}_{self.build}"


def lock_builds(tx: Tx) -> None:
    """Let nobody else make, swap or drop builds until this transaction ends.

    A lock on the table, because a lock by number could be held by whoever may log in. It waits for
    no reader, and no reader for it.
    """
    tx.execute("lock table projection.builds in share row exclusive mode")


def list_builds(tx: Tx, state: State | None = None) -> list[Build]:
    """Give all builds, or those in one state, by projection and age."""
    rows = tx.execute(
        f"select {COLUMNS} from projection.builds b"  # noqa: S608 - a constant
        " where b.state = coalesce(%s, b.state) order by b.projection, b.build",
        [state],
    )
    return [Build(*row) for row in rows]


def find_build(tx: Tx, projection: str, state: State) -> Build | None:
    """Give the build of a projection in a state, None if there is none."""
    return next((b for b in list_builds(tx, state) if b.projection == projection), None)


def create_build(tx: Tx, projection: Projection, state: State, head: Head) -> Build:
    """Make empty tables, with checkpoints before the first event of this log."""
    driver = find_driver(tx)
    row = tx.execute(
        "insert into projection.builds (projection, version, state, driver, live_since)"
        " values (%(name)s, %(version)s, %(state)s, %(driver)s,"
        " case when %(state)s = 'live' then clock_timestamp() end) returning build",
        {
            "name": projection.name,
            "version": projection.version,
            "state": state,
            "driver": driver,
        },
    ).fetchone()
    assert row is not None
    build = Build(projection.name, row[0], projection.version, state, driver)
    tx.execute("select projection.create_schema(%s)", [build.schema])
    use_schema(tx, build.schema)
    tx.execute(projection.ddl)
    tx.execute(
        "insert into projection.checkpoints (projection, build, shard, log_id, epoch)"
        " select %s, %s, shard, %s, %s from generate_series(0, %s) as shard",
        [projection.name, build.build, head.log_id, head.epoch, SHARDS - 1],
    )
    return build


def show_live(tx: Tx, projection: Projection, build: Build, retired: Sequence[Build] = ()) -> bool:
    """Point the views at the build that is live, or was live for who looks from before a swap.

    False: its columns are others, so views had to be dropped together with everything that stands
    on them.
    """
    same = not _columns_differ(tx, projection, build)
    for table in projection.tables:
        view = sql.Identifier("live", table)
        if not same:
            tx.execute(sql.SQL("drop view if exists {} cascade").format(view))
        tx.execute(
            sql.SQL("create or replace view {} as {}").format(
                view, _as_seen(tx, table, build, retired) if retired else _whole(table, build)
            )
        )
    return same


def _whole(table: str, build: Build) -> sql.Composed:
    return sql.SQL("select * from {}").format(sql.Identifier(build.schema, table))


def _as_seen(tx: Tx, table: str, build: Build, retired: Sequence[Build]) -> sql.Composed:
    """Read the one build that is live by the reader's own snapshot.

    A view is always the newest one, rows are as old as the snapshot: so the view asks a row. What
    a retired build does not know of the columns is null.
    """
    wanted = _columns(tx, table, build)
    branches = []
    for one in (build, *retired):
        known = _columns(tx, table, one).items()
        columns = [
            sql.Identifier(name)
            if (name, kind) in known
            else sql.SQL("null::{} as {}").format(sql.Identifier(kind), sql.Identifier(name))
            for name, kind in wanted.items()
        ]
        if known:
            branches.append(
                sql.SQL(
                    "select {} from {}"
                    " where (select state = 'live' from projection.builds where build = {})"
                ).format(
                    sql.SQL(", ").join(columns),
                    sql.Identifier(one.schema, table),
                    sql.Literal(one.build),
                )
            )
    return sql.SQL(" union all ").join(branches)


def _columns(tx: Tx, table: str, build: Build) -> dict[str, str]:
    """Give the columns of a table and their types; none if the build has no such table."""
    rows = tx.execute(
        "select attname, typname from pg_attribute a join pg_type t on t.oid = a.atttypid"
        " where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum",
        [f"{build.schema}.{table}"],
    )
    return dict(rows.fetchall())


def set_driver(tx: Tx, driver: Driver) -> None:
    """Let a driver feed all read models from now on. Lock the builds first.

    The other one may still end what it has begun: it holds the checkpoints, and this one waits.
    """
    tx.execute(
        "update projection.builds set driver = %s"
        " where state in ('live', 'rebuilding') and driver <> %s",
        [driver, driver],
    )


def find_driver(tx: Tx) -> Driver:
    """Say who feeds the live builds, and hence those that are made now."""
    found = {build.driver for build in list_builds(tx, "live")}
    return "workers" if "workers" in found else "follower"


def make_live(tx: Tx, build: Build) -> None:
    """Call a build the live one. The old one must be retired before."""
    tx.execute(
        "update projection.builds set state = 'live', live_since = clock_timestamp()"
        " where build = %s",
        [build.build],
    )


def retire(tx: Tx, build: Build) -> None:
    """Feed a build no longer; its tables stay for whoever looks from before."""
    tx.execute("update projection.builds set state = 'retired' where build = %s", [build.build])
    tx.execute("delete from projection.parked where build = %s", [build.build])


def note_readers(tx: Tx) -> None:
    """Note which transactions are open, for builds retired since the last look: whoever can see
    one of these builds has a transaction that began before the swap."""
    tx.execute(
        f"update projection.builds set readers = {_OPEN_TRANSACTIONS}"  # noqa: S608 - a constant
        " where state = 'retired' and readers is null"
    )


def list_unseen(tx: Tx) -> list[Build]:
    """Give the retired builds whose readers have all ended."""
    rows = tx.execute(
        f"select {COLUMNS} from projection.builds b"  # noqa: S608 - constants
        f" where b.state = 'retired' and not b.readers && {_OPEN_TRANSACTIONS}"
        " order by b.projection, b.build"
    )
    return [Build(*row) for row in rows]


def drop_build(tx: Tx, build: Build) -> None:
    """Forget a build: its tables, checkpoints and parked streams.

    Only its own tables go: what else stands on them would stop it, instead of going too.
    """
    tables = tx.execute(
        "select tablename from pg_tables where schemaname = %s", [build.schema]
    ).fetchall()
    if tables:
        names = sql.SQL(", ").join(sql.Identifier(build.schema, name) for (name,) in tables)
        tx.execute(sql.SQL("drop table {}").format(names))
    tx.execute(sql.SQL("drop schema if exists {}").format(sql.Identifier(build.schema)))
    tx.execute("delete from projection.builds where build = %s", [build.build])


def hold_build(tx: Tx, build: Build) -> None:
    """Say that this session works on a scratch build, until let_go_build or the session's end."""
    tx.execute("select pg_advisory_lock(%s, %s)", [SCRATCH_LOCK, build.build])


def let_go_build(tx: Tx, build: Build) -> None:
    """Take that back."""
    tx.execute("select pg_advisory_unlock(%s, %s)", [SCRATCH_LOCK, build.build])


def list_abandoned(tx: Tx) -> list[Build]:
    """Give the scratch builds that no session works on: their verifiers were killed."""
    rows = tx.execute(
        f"select {COLUMNS} from projection.builds b"  # noqa: S608 - a constant
        " where b.state = 'scratch' and not exists (select from pg_locks l"
        "  join pg_database d on d.oid = l.database and d.datname = current_database()"
        "  where l.locktype = 'advisory' and l.objsubid = 2"
        "  and l.classid = %s and l.objid = b.build)"
        " order by b.projection, b.build",
        [SCRATCH_LOCK],
    )
    return [Build(*row) for row in rows]


def drop_abandoned(tx: Tx) -> None:
    """Forget the scratch builds that no session works on."""
    for build in list_abandoned(tx):
        drop_build(tx, build)


def analyze(tx: Tx, build: Build) -> None:
    """Let the planner know the tables: fresh ones are unknown to it, and read badly."""
    tables = tx.execute(
        "select tablename from pg_tables where schemaname = %s", [build.schema]
    ).fetchall()
    for (table,) in tables:
        tx.execute(sql.SQL("analyze {}").format(sql.Identifier(build.schema, table)))


def checksum(tx: Tx, projection: Projection, build: Build) -> dict[str, tuple[int, int]]:
    """Give (rows, sum of the rows' hashes) of each table; equal tables have equal ones."""
    found = {}
    for table in projection.tables:
        row = tx.execute(
            sql.SQL(
                "select count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) from {} t"
            ).format(sql.Identifier(build.schema, table))
        ).fetchone()
        assert row is not None
        found[table] = (row[0], int(row[1]))
    return found


def _columns_differ(tx: Tx, projection: Projection, build: Build) -> bool:
    rows = tx.execute(
        """
        select 1
        from unnest(%s::text[]) as t(name)
        join pg_class live on live.relname = t.name and live.relnamespace = 'live'::regnamespace
        join pg_class made on made.relname = t.name
         and made.relnamespace = to_regnamespace(%s)
        where (select array_agg((attname, atttypid, atttypmod, attcollation)::text order by attnum)
               from pg_attribute where attrelid = live.oid and attnum > 0)
           is distinct from
              (select array_agg((attname, atttypid, atttypmod, attcollation)::text order by attnum)
               from pg_attribute where attrelid = made.oid and attnum > 0 and not attisdropped)
        """,
        [list(projection.tables), build.schema],
    ).fetchall()
    return bool(rows)


# The others in this database: each holds a lock by its own name for as long as it lasts.
_OPEN_TRANSACTIONS: Final = """(
    select coalesce(array_agg(l.virtualxid), '{}')
    from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'virtualxid' and l.mode = 'ExclusiveLock'
      and a.datname = current_database() and a.pid <> pg_backend_pid()
)"""
