"""The projector: applies deliveries of events to every read model, each event once.

Drivers call it: services.follower from the log, the stream workers from Kafka. Whatever they
deliver twice, too late, in part or not at all does no harm: checkpoints and the log decide.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

import structlog

from domain.messages import Recorded
from domain.reading import PAGE_BYTES, PAGE_EVENTS, LogGap, OrderLog, Undecodable
from domain.refusals import InfraError
from projections.builds import Build, Driver, analyze, list_builds
from projections.catalog import BY_NAME
from projections.checkpoints import (
    Checkpoint,
    Pending,
    Place,
    find_gap,
    first_waiting,
    list_pending,
    lock_checkpoints,
    move_checkpoints,
)
from projections.interface import Judging, Projection, ReadFirst, Recalling, Tx
from projections.parking import (
    POISON,
    Parked,
    count_waiting,
    find_parked,
    park,
    parked_streams,
    unpark,
)
from projections.sessions import BuildCursor, Lend, SessionLost, transaction, use_schema
from services.deliveries import Delivery, Parts

# Events that are read again at a time, of all shards together; PAGE_BYTES of them at most.
MAX_HEALED: Final = 10_000
GOING_ON: Final = "A retry was broken off before this event: say it again."
# Whoever holds a checkpoint works, or loses it after 2 s of idleness: what is waited for is done.
CHECKPOINT_LOCK: Final = "5min"

log_ = structlog.get_logger()


@dataclass(slots=True)
class _Work:
    """What one build still has to take."""

    build: Build
    projection: Projection
    events: list[Recorded | Undecodable] = field(default_factory=list)


@dataclass(slots=True)
class _Plan:
    """What a step does: the work of each build, where its checkpoints go, what is missing."""

    work: dict[int, _Work] = field(default_factory=dict)
    positions: dict[Place, int] = field(default_factory=dict)
    gaps: dict[int, tuple[int, int]] = field(default_factory=dict)  # shard -> (behind, up to)


class Projector:
    """Feeds the live builds of its driver, or one build alone. Not for several threads."""

    def __init__(
        self,
        lend: Lend,
        log: OrderLog,
        *,
        driver: Driver | None = "follower",
        build: int | None = None,
        projections: Mapping[str, Projection] = BY_NAME,
    ) -> None:
        self.lend = lend
        self._log = log
        self._driver = driver
        self._build = build
        self._projections = {
            name: one.reading(log) if isinstance(one, Judging) else one
            for name, one in projections.items()
        }
        self._recalling = [one for one in self._projections.values() if isinstance(one, Recalling)]
        self._parts = Parts()

    def apply(
        self, deliveries: Sequence[Delivery], *, ends: Callable[[], bool] = lambda: False
    ) -> int:
        """Apply what is new, all shards in one transaction; say how many events that were.

        ends:   asked while a gap is healed, a lost session made up for, or a long history read,
                which may be long: what is left then can wait
        Raises: InfraError, then the same may be delivered again: what was applied stays so.
        """
        applied, gaps = self._in_parts(deliveries, ends)
        while gaps and not ends():
            healing = [self._missing(deliveries[0], len(gaps), *gap) for gap in gaps.items()]
            applied += self._in_parts(healing, ends)[0]
            again, gaps = self._in_parts(deliveries, ends)
            applied += again
        return applied

    def pending(self) -> list[Pending]:
        """Compare the checkpoints of the builds that are fed here with the log.

        Raises: InfraError log_replaced if tables hold what the log does not, log_gap if something
                is missing before what comes next
        """
        with transaction(self.lend) as tx:
            found = list_pending(tx, driver=self._driver, build=self._build)
            fed = [place for place in found if self._feeds(place.projection, place.version)]
            gap = find_gap(tx, first_waiting(fed))
        if gap is not None:
            raise gap
        _refuse_replaced({place.projection for place in fed if place.replaced})
        return fed

    def refresh_statistics(self) -> None:
        """Let the planner know tables that have grown a lot; without, reads may be slow."""
        with transaction(self.lend) as tx:
            for build in list_builds(tx, "live"):
                if self._feeds(build.projection, build.version):
                    analyze(tx, build)

    def _feeds(self, projection: str, version: int) -> bool:
        """Tables of another version are left to the program of that version."""
        known = self._projections.get(projection)
        return known is not None and known.version == version

    def _settle(self) -> None:
        for one in self._recalling:
            one.settle()

    def retry(self, parked: Parked) -> bool:
        """Apply a parked stream from where it was left, a bounded part in each transaction: in
        between it is parked at what comes next. False: it fails again, and stays.

        Raises: InfraError, then the same may be done again
        """
        left: Parked | bool = parked
        while isinstance(left, Parked):
            part = self._part(left)
            try:
                left = self._retry(left, part)
            except ReadFirst as first:
                _read(first)
        return left

    def _retry(self, asked: Parked, part: Sequence[Recorded | Undecodable]) -> Parked | bool:
        """Apply a part; give where the stream is parked now if there is more, else how it ended."""
        with transaction(self.lend, lock=CHECKPOINT_LOCK) as tx:
            checkpoints = lock_checkpoints(tx, [asked.shard], build=asked.build)
            parked = find_parked(tx, asked.build, asked.stream_id)
            if not checkpoints or parked is None:
                return True  # Somebody else was faster, or the build is gone.
            if parked.version != asked.version:  # It was broken off, or somebody is at it.
                return parked if parked.error == GOING_ON else False
            build, reached = checkpoints[0].build, checkpoints[0].position
            if not self._feeds(build.projection, build.version):
                return False
            events = [event for event in part if event.position <= reached]
            more = parked.waiting - len(events) if len(events) == len(part) else 0
            unpark(tx, build.build, parked.stream_id)
            work, still = _Work(build, self._projections[build.projection], events), set[str]()
            _apply(tx, work, still, carefully=True)
            if more and not still:
                park(tx, build.projection, build.build, _next(events[-1]), GOING_ON)
            if more:
                count_waiting(tx, build.build, {parked.stream_id: more})
            left = find_parked(tx, build.build, parked.stream_id)
        self._settle()
        return False if still else left or True

    def _part(self, parked: Parked) -> Sequence[Recorded | Undecodable]:
        """Read of a parked stream what came, a bounded part of it; what is gone from the log stands
        there as what cannot be read.
        """
        behind, stream_id = parked.version - 1, parked.stream_id
        wanted = {stream_id: (behind, behind + min(parked.waiting, PAGE_EVENTS))}
        part = self._log.cut_parts(wanted, PAGE_BYTES) or wanted
        found = self._log.read_streams(part)
        return [*_with_gone(parked, found, part[stream_id][1])]

    def _in_parts(
        self, deliveries: Sequence[Delivery], ends: Callable[[], bool]
    ) -> tuple[int, dict[int, tuple[int, int]]]:
        """Step through deliveries in parts that are done before the session is lost for standing
        still, as on a machine that is busy with something else: each time a smaller one, down to a
        single event.
        """
        applied, rest = 0, deliveries
        read_first = 0  # times, for this part
        while True:
            part, behind = self._parts.cut(rest)
            try:
                done, gaps = self._step(part)
            except ReadFirst as first:
                is_read = _read(first, ends)
                read_first += 1
                if read_first > 1 or not is_read:  # There may be no room for what all of it needs.
                    self._parts.shrink(part)
                if not is_read or ends():
                    return applied, {}
                continue
            except SessionLost as error:
                is_smaller = self._parts.shrink(part)
                if ends() or not is_smaller:  # Also who comes back takes less.
                    raise
                log_.warning("part_too_large", message=str(error))
                continue
            self._parts.grow()
            read_first = 0
            applied += done
            if gaps or not behind:
                return applied, gaps
            rest = behind

    def _step(self, deliveries: Sequence[Delivery]) -> tuple[int, dict[int, tuple[int, int]]]:
        try:
            return self._in_transaction(deliveries, carefully=False)
        except POISON as error:
            log_.warning("batch_set_back", error=type(error).__name__)
            return self._in_transaction(deliveries, carefully=True)

    def _in_transaction(
        self, deliveries: Sequence[Delivery], *, carefully: bool
    ) -> tuple[int, dict[int, tuple[int, int]]]:
        shards = sorted({delivery.shard for delivery in deliveries})
        with transaction(self.lend, lock=CHECKPOINT_LOCK, durable=False) as tx:
            checkpoints = lock_checkpoints(tx, shards, driver=self._driver, build=self._build)
            plan = self._plan(checkpoints, deliveries)
            if plan.positions:
                parked = parked_streams(tx, plan.work)
                for work in plan.work.values():
                    _apply(tx, work, parked[work.build.build], carefully=carefully)
                move_checkpoints(tx, plan.positions)
        self._settle()
        return max((len(work.events) for work in plan.work.values()), default=0), plan.gaps

    def _plan(self, checkpoints: Sequence[Checkpoint], deliveries: Sequence[Delivery]) -> _Plan:
        plan = _Plan()
        by_shard: dict[int, list[Delivery]] = {}
        for delivery in sorted(deliveries, key=attrgetter("prev")):
            by_shard.setdefault(delivery.shard, []).append(delivery)
        for checkpoint in checkpoints:
            build = checkpoint.build
            if self._feeds(build.projection, build.version):
                projection = self._projections[build.projection]
                _advance(plan, checkpoint, projection, by_shard[checkpoint.shard])
        for work in plan.work.values():
            work.events.sort(key=attrgetter("position"))
        return plan

    def _missing(self, delivery: Delivery, gaps: int, shard: int, gap: tuple[int, int]) -> Delivery:
        """Read from the log what was never delivered, a bounded part of it at a time.

        gaps: among how many the bounds are shared
        """
        behind, up_to = gap
        found = self._log.read_lenient(
            behind, MAX_HEALED // gaps, most_bytes=PAGE_BYTES // gaps, shard=shard
        )
        log_.info("gap_healed", shard=shard, behind=behind, up_to=up_to)
        events = [event for event in found if event.position <= up_to]
        complete = not found or len(events) < len(found)  # A part ends before its bound is seen.
        last = up_to if complete else events[-1].position
        return Delivery(delivery.log_id, delivery.epoch, shard, behind, last, events)


def _with_gone(
    parked: Parked, events: Iterable[Recorded | Undecodable], last: int
) -> Iterator[Recorded | Undecodable]:
    """Give events of a parked stream up to a version, and what stands for those that the log does
    not hold: at the earliest position, as what they were is not known.
    """
    by_version = {event.version: event for event in events}
    position = parked.position
    for version in range(parked.version, last + 1):
        event = by_version.get(version)
        if event is None:
            name = parked.type if version == parked.version else ""
            error = str(LogGap(f"Version {version} of {parked.stream_id}"))
            place = (position, parked.stream_id, version, parked.shard)
            yield Undecodable(*place, name, error)
        else:
            yield event
            position = event.position + 1


def _next(event: Recorded | Undecodable) -> Undecodable:
    """Give what stands for what comes behind an event: it was not looked at yet."""
    place = (event.position + 1, event.stream_id, event.version + 1, event.shard)
    return Undecodable(*place, "", GOING_ON)


def _read(first: ReadFirst, ends: Callable[[], bool] = lambda: False) -> bool:
    """Read what has to be known first; False: not all of it, as it can wait."""
    log_.info("read_first")
    return not any(ends() for _ in first.steps)


def _advance(
    plan: _Plan, checkpoint: Checkpoint, projection: Projection, deliveries: Sequence[Delivery]
) -> None:
    """Choose what is above the checkpoint, up to the first gap."""
    build, shard, position = checkpoint.build, checkpoint.shard, checkpoint.position
    for delivery in deliveries:
        if (checkpoint.log_id, checkpoint.epoch) != (delivery.log_id, delivery.epoch):
            _refuse_replaced({build.projection})
        if delivery.last <= position:
            continue
        if delivery.prev > position:
            behind, up_to = plan.gaps.get(shard, (position, delivery.prev))
            plan.gaps[shard] = (min(behind, position), max(up_to, delivery.prev))
            break
        work = plan.work.setdefault(build.build, _Work(build, projection))
        work.events += [event for event in delivery.events if event.position > position]
        position = plan.positions[build.build, shard] = delivery.last


def _refuse_replaced(projections: Set[str]) -> None:
    if projections:
        names = " ".join(sorted(projections))
        raise InfraError(
            "log_replaced",
            f"The tables of {names} hold what this log does not: it is another one, or was set "
            "back to an earlier moment. If it was restored, say `orderpath log restored`; then run "
            f"`orderpath projection rebuild {names}`.",
        )


def _apply(tx: Tx, work: _Work, parked: set[str], *, carefully: bool) -> None:
    """Apply a build's events but those of parked streams, each up to what of it cannot be read;
    then park that.
    """
    readable: list[Recorded] = []
    unreadable: dict[str, Undecodable] = {}  # by stream, the first
    waiting: list[str] = []
    for event in work.events:
        if event.stream_id in parked or event.stream_id in unreadable:
            waiting.append(event.stream_id)
        elif isinstance(event, Undecodable):
            unreadable[event.stream_id] = event
            waiting.append(event.stream_id)
        else:
            readable.append(event)
    if carefully:
        use_schema(tx, work.build.schema)
        waiting += _apply_carefully(tx, work, readable, parked)
    elif readable:
        with BuildCursor(tx.connection, work.build.schema) as own:
            work.projection.apply(readable, own)
    for stream_id, event in unreadable.items():
        if stream_id not in parked:
            _park(tx, work, event, event.error, parked)
    if waiting:
        count_waiting(tx, work.build.build, Counter(waiting))


def _apply_carefully(
    tx: Tx, work: _Work, events: Sequence[Recorded], parked: set[str]
) -> list[str]:
    """Halve the batch until what fails stands alone, park that; give what was left behind."""
    waiting = [event.stream_id for event in events if event.stream_id in parked]
    going = [event for event in events if event.stream_id not in parked]
    if not going:
        return waiting
    try:
        with tx.connection.transaction():
            work.projection.apply(going, tx)
    except POISON as error:
        if len(going) > 1:
            middle = len(going) // 2
            waiting += _apply_carefully(tx, work, going[:middle], parked)
            return waiting + _apply_carefully(tx, work, going[middle:], parked)
        _park(tx, work, going[0], f"{type(error).__name__}: {error}", parked)
        waiting.append(going[0].stream_id)
    return waiting


def _park(tx: Tx, work: _Work, event: Recorded | Undecodable, error: str, parked: set[str]) -> None:
    parked.add(event.stream_id)
    park(tx, work.build.projection, work.build.build, event, error)
    log_.error(
        "stream_parked",
        projection=work.build.projection,
        stream_id=event.stream_id,
        position=event.position,
        error=error.split(":", 1)[0],
    )
