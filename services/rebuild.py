"""Builds of the read models: made, rebuilt beside the live one, proven against the log, listed.

A rebuild may be killed at any moment and started again: it goes on where it was. Its last step
is one short transaction, so readers see the old tables or the new ones, whole.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from threading import Event as Signal
from time import monotonic
from typing import Final

import structlog

from domain.messages import SHARDS
from domain.reading import LogReader
from domain.refusals import InfraError
from projections import analytics
from projections.builds import (
    Build,
    analyze,
    checksum,
    create_build,
    drop_build,
    find_build,
    list_builds,
    lock_builds,
    make_live,
    show_live,
)
from projections.catalog import BY_NAME, PROJECTIONS
from projections.checkpoints import list_pending, lock_checkpoints, oldest_waiting
from projections.interface import Projection, Tx
from projections.parking import Parked, list_parked
from projections.sessions import Busy, Lend, set_lock_timeout, transaction
from services.follower import Follower, Progress
from services.projector import Projector

SWAP_LOCK: Final = "200ms"
SWAP_PATIENCE_SECONDS: Final = 600.0
SWAP_MOST_EVENTS: Final = 2_000  # that the last step may still apply

log_ = structlog.get_logger()


class UnknownProjection(ValueError):
    """There is no read model of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no projection is named {name}: choose one of {', '.join(BY_NAME)}")


@dataclass(frozen=True, slots=True)
class Listed:
    """One build and how it stands."""

    name: str
    version: int  # of the tables
    newest_version: int | None  # that this program would build, None: it knows no such read model
    build: int
    state: str
    driver: str
    position: int  # everything up to here is in the tables
    lag: int  # positions up to the end of the log
    oldest_waiting_at: datetime | None  # when the log took the first event that waits
    parked: int  # streams


@dataclass(frozen=True, slots=True)
class Verified:
    """What a comparison of the live tables with the log has shown."""

    name: str
    build: int
    events: int  # that were replayed
    rows: dict[str, int]  # of each live table
    differing: tuple[str, ...]  # tables; empty: all are what the log says


def prepare(lend: Lend, log: LogReader) -> list[str]:
    """Make what is missing: empty live builds, views. Cheap when nothing is; safe at every start.

    Gives the projections whose live tables are of an earlier version: they stand still until
    they are rebuilt. Raises: InfraError newer_version if tables are of a later version.
    """
    with transaction(lend) as tx:
        live = {build.projection for build in list_builds(tx, "live")}
        ready = live >= set(BY_NAME) and analytics.is_installed(tx)
    if not ready:
        head = log.head()
        with transaction(lend, lock="30s") as tx:
            lock_builds(tx)
            for projection in PROJECTIONS:
                if find_build(tx, projection.name, "live") is None:
                    show_live(tx, projection, create_build(tx, projection, "live", head))
            if not analytics.is_installed(tx):
                analytics.install(tx)
    with transaction(lend) as tx:
        known = [build for build in list_builds(tx, "live") if build.projection in BY_NAME]
    for build in known:
        if build.version > BY_NAME[build.projection].version:
            raise InfraError(
                "newer_version",
                f"The tables of {build.projection} were made by a later Orderpath: upgrade.",
            )
    return [b.projection for b in known if b.version < BY_NAME[b.projection].version]


def rebuild(
    lend: Lend,
    log: LogReader,
    name: str,
    progress: Progress | None = None,
    *,
    batch_events: int = 2_000,
) -> Build:
    """Build the tables anew beside the live ones, then show the new ones.

    Raises: UnknownProjection, InfraError (start it again: it goes on where it was)
    """
    projection = _projection(name)
    build = _open_rebuild(lend, log, projection)
    projector = Projector(lend, log, driver=None, build=build.build)
    follower = Follower(projector, log, batch_events=batch_events)
    give_up_at = monotonic() + SWAP_PATIENCE_SECONDS
    wait = 0.05
    while True:
        follower.catch_up(progress=progress)
        with transaction(lend) as tx:
            analyze(tx, build)
        try:
            if _swap(lend, log, projection, build):
                log_.info("projection_rebuilt", projection=name, build=build.build)
                return build
        except Busy as error:
            if monotonic() > give_up_at:
                raise InfraError(
                    "swap_blocked",
                    "The new tables are ready, but a long read holds the old ones. End it, then "
                    f"run `orderpath projection rebuild {name}` again: it goes on from here.",
                ) from error
            Signal().wait(wait)
            wait = min(wait * 2, 2.0)


def _open_rebuild(lend: Lend, log: LogReader, projection: Projection) -> Build:
    """Go on with a rebuild that was begun, if it is one of this version and this log."""
    head = log.head()
    with transaction(lend, lock="30s") as tx:
        lock_builds(tx)
        begun = find_build(tx, projection.name, "rebuilding")
        if begun is not None:
            checkpoint = lock_checkpoints(tx, [0], build=begun.build)[0]
            log_id = (checkpoint.log_id, checkpoint.epoch)
            if (begun.version, *log_id) == (projection.version, head.log_id, head.epoch):
                return begun
            drop_build(tx, begun)
        return create_build(tx, projection, "rebuilding", head)


def _swap(lend: Lend, log: LogReader, projection: Projection, build: Build) -> bool:
    """Show the new build instead of the old one. False: it is too far behind, catch up first."""
    with transaction(lend, lock=SWAP_LOCK) as tx:
        lock_builds(tx)
        if find_build(tx, projection.name, "rebuilding") != build:
            return True  # Another process was faster and has swapped it.
        live = find_build(tx, projection.name, "live")
        if live is not None:
            lock_checkpoints(tx, range(SHARDS), build=live.build)  # Its driver waits for us now.
        held = Follower(
            Projector(lambda: nullcontext(tx.connection), log, driver=None, build=build.build), log
        )
        if held.waiting() > SWAP_MOST_EVENTS:
            return False
        held.catch_up()
        set_lock_timeout(tx, SWAP_LOCK)
        same_columns = show_live(tx, projection, build)
        if live is not None:
            drop_build(tx, live)
        make_live(tx, build)
        if not same_columns:
            analytics.install(tx)
    return True


def verify(lend: Lend, log: LogReader, name: str, progress: Progress | None = None) -> Verified:
    """Compare the live tables, as they are now, with a fresh replay of the log.

    Raises: UnknownProjection, InfraError projection_outdated if the tables are of another version
    """
    projection = _projection(name)
    with transaction(lend, idle="1min", snapshot=True) as tx:
        live = _live_of_this_version(tx, projection)
        limits = {p.shard: p.position for p in list_pending(tx, build=live.build)}
        found = checksum(tx, projection, live)
    head = log.head()
    with transaction(lend, lock="30s") as tx:
        lock_builds(tx)
        scratch = create_build(tx, projection, "scratch", head)
    try:
        projector = Projector(lend, log, driver=None, build=scratch.build)
        follower = Follower(projector, log, limits=limits)
        events = follower.catch_up(until=max(limits.values()), progress=progress)
        with transaction(lend, idle="1min") as tx:
            expected = checksum(tx, projection, scratch)
    finally:
        with transaction(lend) as tx:
            drop_build(tx, scratch)
    return Verified(
        name=name,
        build=live.build,
        events=events,
        rows={table: rows for table, (rows, _) in found.items()},
        differing=tuple(table for table in found if found[table] != expected[table]),
    )


def list_projections(lend: Lend, log: LogReader) -> list[Listed]:
    """Say how every build stands, the live ones and those being made."""
    head = log.head()
    with transaction(lend) as tx:
        parked = list_parked(tx)
        return [_listed(tx, build, head.position, parked) for build in list_builds(tx)]


def _listed(tx: Tx, build: Build, end: int, parked: Sequence[Parked]) -> Listed:
    pending = list_pending(tx, build=build.build)
    waiting = [p.next_position for p in pending if p.next_position is not None]
    position = min(waiting) - 1 if waiting else end
    known = BY_NAME.get(build.projection)
    return Listed(
        name=build.projection,
        version=build.version,
        newest_version=known.version if known else None,
        build=build.build,
        state=build.state,
        driver=build.driver,
        position=position,
        lag=max(end - position, 0),
        oldest_waiting_at=oldest_waiting(tx, position + 1) if waiting else None,
        parked=sum(one.build == build.build for one in parked),
    )


def parked_in(lend: Lend, name: str | None = None) -> list[Parked]:
    """List the streams that were left behind at an event that could not be applied."""
    with transaction(lend) as tx:
        return list_parked(tx, name)


def retry(lend: Lend, log: LogReader, name: str | None = None) -> tuple[int, int]:
    """Apply what is parked again; give how many streams went through and how many did not.

    Raises: InfraError
    """
    through = 0
    parked = [one for one in parked_in(lend, name) if one.projection in BY_NAME]
    for one in parked:
        projector = Projector(lend, log, driver=None, build=one.build)
        through += projector.retry(one)
    return through, len(parked) - through


def _projection(name: str) -> Projection:
    if name not in BY_NAME:
        raise UnknownProjection(name)
    return BY_NAME[name]


def _live_of_this_version(tx: Tx, projection: Projection) -> Build:
    live = find_build(tx, projection.name, "live")
    if live is None or live.version != projection.version:
        raise InfraError(
            "projection_outdated",
            f"The tables of {projection.name} are of another version: "
            f"run `orderpath projection rebuild {projection.name}` first.",
        )
    return live
