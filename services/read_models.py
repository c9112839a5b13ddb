"""Builds of the read models: made, rebuilt beside the live one, proven against the log, listed.

A rebuild may be killed at any moment and started again: it goes on where it was. Its last step
is one short transaction, so readers see the old tables or the new ones, whole; the old ones are
dropped when nobody can see them any more (docs/adr/0013).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from functools import partial
from threading import Event as Signal
from time import monotonic
from typing import Final

import structlog

from domain.messages import SHARDS
from domain.reading import LogGap, OrderLog
from domain.refusals import InfraError
from projections import analytics
from projections.builds import (
    Build,
    Driver,
    analyze,
    checksum,
    create_build,
    drop_abandoned,
    drop_build,
    find_build,
    find_driver,
    hold_build,
    let_go_build,
    list_abandoned,
    list_builds,
    list_unseen,
    lock_builds,
    make_live,
    note_readers,
    retire,
    set_driver,
    show_live,
)
from projections.catalog import BY_NAME, find_projection
from projections.checkpoints import (
    find_gap,
    first_waiting,
    list_pending,
    lock_checkpoints,
    oldest_waiting,
)
from projections.interface import Projection, Tx
from projections.parking import Parked, list_parked
from projections.sessions import Busy, Lend, take_back, transaction
from services.follower import Follower, Progress
from services.projector import Projector
from services.turns import take_turn

BUILDS_LOCK: Final = "30s"  # the wait for whoever makes or swaps builds
SWAP_LOCK: Final = "200ms"
SWAP_MOST_EVENTS: Final = 2_000  # that the last step may still apply
SHORTEST_WAIT_SECONDS: Final = 0.05  # between two tries
LONGEST_WAIT_SECONDS: Final = 2.0

log_ = structlog.get_logger()


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
    replaced: bool  # its tables are of another log, or of what is no longer in this one


@dataclass(frozen=True, slots=True)
class Verified:
    """What a comparison of the live tables with the log has shown."""

    name: str
    build: int
    events: int  # that were replayed
    rows: dict[str, int]  # of each live table
    differing: tuple[str, ...]  # tables; empty: all are what the log says


@dataclass(frozen=True, slots=True)
class ReadModels:
    """Makes, rebuilds, verifies, repairs and lists the builds."""

    lend: Lend  # one session as long as it lives: what a verify holds, it holds there
    log: OrderLog
    _: KW_ONLY
    projections: Mapping[str, Projection] = field(default_factory=lambda: BY_NAME)
    batch_events: int = 2_000
    swap_seconds: float = 600.0  # that a rebuild waits for whoever is reading the old tables
    old_tables_seconds: float = 1.0  # that it waits then for whoever could still read them

    def prepare(self) -> list[str]:
        """Make what is missing: empty live builds, views. Cheap when nothing is; safe at every
        start. What a killed verify left behind is dropped, and what a rebuild had to leave.

        Gives the projections whose live tables are of an earlier version: they stand still until
        they are rebuilt. Raises: InfraError newer_version if tables are of a later version.
        """
        with transaction(self.lend) as tx:
            ready = not self._not_made(tx) and analytics.is_installed(tx)
            ready = ready and not list_abandoned(tx)
            retired = {build.projection for build in list_builds(tx, "retired")}
        if not ready:
            self._make_missing()
        for name in retired & set(self.projections):
            self._drop_old(self.projections[name])
        with transaction(self.lend) as tx:
            known = [b for b in list_builds(tx, "live") if b.projection in self.projections]
            outdated = self._outdated(tx)
        for build in known:
            if build.version > self.projections[build.projection].version:
                raise InfraError(
                    "newer_version",
                    f"The tables of {build.projection} were made by a later Orderpath: upgrade.",
                )
        return outdated

    def _make_missing(self) -> None:
        head = self.log.head()
        with transaction(self.lend, lock=BUILDS_LOCK) as tx:
            lock_builds(tx)
            drop_abandoned(tx)
            for projection in self.projections.values():
                if find_build(tx, projection.name, "live") is None:
                    show_live(tx, projection, create_build(tx, projection, "live", head))
            if not analytics.is_installed(tx):
                self._install_views(tx)

    def _install_views(self, tx: Tx) -> None:
        """Make the views, unless tables of an earlier version stand there still: they lack what
        the views show. Whoever rebuilds the last of them makes the views.
        """
        if not self._outdated(tx):
            analytics.install(tx)

    def _outdated(self, tx: Tx) -> list[str]:
        known = [b for b in list_builds(tx, "live") if b.projection in self.projections]
        return [b.projection for b in known if b.version < self.projections[b.projection].version]

    def rebuild(self, name: str, progress: Progress | None = None) -> Build:
        """Build the tables anew beside the live ones, then show the new ones.

        Raises: UnknownProjection, InfraError (start it again: it goes on where it was)
        """
        projection = self._projection(name)
        build = self._open_rebuild(projection)
        follower = self._follower(self.lend, build)
        give_up_at: float | None = None
        wait = SHORTEST_WAIT_SECONDS
        while True:
            follower.catch_up(progress=progress)
            with transaction(self.lend) as tx:
                analyze(tx, build)
            try:
                if self._swap(projection, build):
                    log_.info("projection_rebuilt", projection=name, build=build.build)
                    self._drop_old(projection, self.old_tables_seconds)
                    return build
                give_up_at, wait = None, SHORTEST_WAIT_SECONDS  # Only far behind by now.
            except Busy as error:
                if give_up_at is None:
                    give_up_at = monotonic() + self.swap_seconds
                    log_.info("swap_waits", projection=name, build=build.build)
                if monotonic() > give_up_at:
                    raise InfraError(
                        "swap_blocked",
                        "The new tables are ready, but a long read holds the old ones. End it and "
                        f"run `orderpath projection rebuild {name}` again: it goes on from here.",
                    ) from error
                Signal().wait(wait)
                wait = min(wait * 2, LONGEST_WAIT_SECONDS)

    def _open_rebuild(self, projection: Projection) -> Build:
        """Go on with a rebuild that was begun, if it is one of this version and this log."""
        head = self.log.head()
        with transaction(self.lend, lock=BUILDS_LOCK) as tx:
            lock_builds(tx)
            begun = find_build(tx, projection.name, "rebuilding")
            if begun is not None:
                replaced = any(place.replaced for place in list_pending(tx, build=begun.build))
                if begun.version == projection.version and not replaced:
                    return begun
                drop_build(tx, begun)
            return create_build(tx, projection, "rebuilding", head)

    def _swap(self, projection: Projection, build: Build) -> bool:
        """Show the new build instead of the old one. False: too far behind, catch up first."""
        with transaction(self.lend, lock=SWAP_LOCK) as tx:
            lock_builds(tx)
            begun = find_build(tx, projection.name, "rebuilding")
            if begun is None or begun.build != build.build:
                return True  # Another process was faster and has swapped it.
            live = find_build(tx, projection.name, "live")
            if live is not None:
                lock_checkpoints(tx, range(SHARDS), build=live.build)  # Its driver waits for us.
            held = self._follower(lambda: nullcontext(tx.connection), build)
            if held.waiting() > SWAP_MOST_EVENTS:
                return False
            held.catch_up()
            take_back(tx, SWAP_LOCK)
            if live is not None:
                retire(tx, live)
            make_live(tx, build)
            same = show_live(tx, projection, build, _retired(tx, projection))
            if not same or not analytics.is_installed(tx):
                self._install_views(tx)
        return True

    def _drop_old(self, projection: Projection, seconds: float = 0.0) -> None:
        """Drop the tables that nobody can see any more; wait so long for those who still can.

        What is left then is dropped by whoever prepares or rebuilds later.
        """
        give_up_at = monotonic() + seconds
        while not self._drop_unseen(projection) and monotonic() < give_up_at:
            Signal().wait(SHORTEST_WAIT_SECONDS)

    def _drop_unseen(self, projection: Projection) -> bool:
        """Say whether all old tables are gone. Who is of another version leaves them alone."""
        try:
            with transaction(self.lend, lock=SWAP_LOCK) as tx:
                lock_builds(tx)
                note_readers(tx)
                live, retired = find_build(tx, projection.name, "live"), _retired(tx, projection)
                unseen = [build for build in list_unseen(tx) if build in retired]
                seen = [build for build in retired if build not in unseen]
                if unseen and live is not None and live.version == projection.version:
                    show_live(tx, projection, live, seen)
                    for build in unseen:
                        drop_build(tx, build)
        except Busy:
            return False
        return not seen

    def driver(self) -> Driver:
        """Say who feeds the live builds."""
        with transaction(self.lend) as tx:
            return find_driver(tx)

    def drive(self, driver: Driver) -> None:
        """Let the log follower or the stream workers feed all builds from now on."""
        with transaction(self.lend, lock=BUILDS_LOCK) as tx:
            lock_builds(tx)
            set_driver(tx, driver)
        log_.info("driver_set", driver=driver)

    def verify(self, name: str, progress: Progress | None = None) -> Verified:
        """Compare the live tables, as they are now, with a fresh replay of the log.

        Raises: UnknownProjection, InfraError projection_outdated if the tables are of another
                version
        """
        projection = self._projection(name)
        with transaction(self.lend, idle="1min", snapshot=True) as tx:
            live = _live_of_this_version(tx, projection)
            limits = {p.shard: p.position for p in list_pending(tx, build=live.build)}
            found = checksum(tx, projection, live)
        with self._scratch(projection) as scratch:
            follower = self._follower(self.lend, scratch, limits)
            events = follower.catch_up(until=max(limits.values()), progress=progress)
            with transaction(self.lend, idle="1min") as tx:
                expected = checksum(tx, projection, scratch)
        return Verified(
            name=name,
            build=live.build,
            events=events,
            rows={table: rows for table, (rows, _) in found.items()},
            differing=tuple(table for table in found if found[table] != expected[table]),
        )

    @contextmanager
    def _scratch(self, projection: Projection) -> Iterator[Build]:
        """Give tables of our own; if this session ends first, whoever comes next drops them."""
        head = self.log.head()
        with transaction(self.lend, lock=BUILDS_LOCK) as tx:
            lock_builds(tx)
            drop_abandoned(tx)
            scratch = create_build(tx, projection, "scratch", head)
            hold_build(tx, scratch)
        try:
            yield scratch
        finally:
            with transaction(self.lend, lock=BUILDS_LOCK) as tx:
                lock_builds(tx)
                let_go_build(tx, scratch)
                drop_build(tx, scratch)

    def list_projections(self) -> list[Listed]:
        """Say how every build stands, the live ones and those being made."""
        head = self.log.head()
        with transaction(self.lend) as tx:
            parked = list_parked(tx)
            return [self._listed(tx, build, head.position, parked) for build in list_builds(tx)]

    def _listed(self, tx: Tx, build: Build, end: int, parked: Sequence[Parked]) -> Listed:
        pending = list_pending(tx, build=build.build)
        waiting = first_waiting(pending)
        position = end if waiting is None else waiting - 1
        known = self.projections.get(build.projection)
        return Listed(
            name=build.projection,
            version=build.version,
            newest_version=known.version if known else None,
            build=build.build,
            state=build.state,
            driver=build.driver,
            position=position,
            lag=max(end - position, 0),
            oldest_waiting_at=None if waiting is None else oldest_waiting(tx, waiting),
            parked=sum(one.build == build.build for one in parked),
            replaced=any(place.replaced for place in pending),
        )

    def list_not_made(self) -> list[str]:
        """Name the read models that have no tables yet: `prepare` makes them."""
        with transaction(self.lend) as tx:
            return self._not_made(tx)

    def _not_made(self, tx: Tx) -> list[str]:
        live = {build.projection for build in list_builds(tx, "live")}
        return [name for name in self.projections if name not in live]

    def find_oldest_waiting(self) -> tuple[int, datetime] | None:
        """Give the first event that is not in all read models, and when the log took it."""
        with transaction(self.lend) as tx:
            position = 1 if self._not_made(tx) else first_waiting(list_pending(tx))
            at = None if position is None else oldest_waiting(tx, position)
            return None if position is None or at is None else (position, at)

    def find_gap(self) -> LogGap | None:
        """Say what the log misses where readers begin, None: nothing."""
        with transaction(self.lend) as tx:
            return find_gap(tx, first_waiting(list_pending(tx)))

    def list_parked(self, name: str | None = None) -> list[Parked]:
        """List the streams that were left behind at an event that could not be applied.

        Raises: UnknownProjection, InfraError
        """
        if name is not None:
            self._projection(name)
        with transaction(self.lend) as tx:
            return list_parked(tx, name)

    def retry(self, name: str | None = None) -> tuple[int, int]:
        """Apply what is parked again; give how many streams went through and how many did not.

        Raises: UnknownProjection, InfraError
        """
        parked = [one for one in self.list_parked(name) if one.projection in self.projections]
        through = 0
        for one in parked:
            projector = self._projector(self.lend, one.build)
            through += take_turn(partial(projector.retry, one))
        return through, len(parked) - through

    def _projection(self, name: str) -> Projection:
        return find_projection(name, self.projections)

    def _projector(self, lend: Lend, build: int) -> Projector:
        """Give a projector of one build alone, whatever its state."""
        return Projector(lend, self.log, driver=None, build=build, projections=self.projections)

    def _follower(
        self, lend: Lend, build: Build, limits: Mapping[int, int] | None = None
    ) -> Follower:
        projector = self._projector(lend, build.build)
        return Follower(projector, self.log, batch_events=self.batch_events, limits=limits)


def _retired(tx: Tx, projection: Projection) -> list[Build]:
    return [build for build in list_builds(tx, "retired") if build.projection == projection.name]


def _live_of_this_version(tx: Tx, projection: Projection) -> Build:
    live = find_build(tx, projection.name, "live")
    if live is None or live.version != projection.version:
        raise InfraError(
            "projection_outdated",
            f"The tables of {projection.name} are of another version: "
            f"run `orderpath projection rebuild {projection.name}` first.",
        )
    return live
