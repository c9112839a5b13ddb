"""A wave from its begin to its end: who is meant, what is asked of each, what became of it.

Its batch is one of services.bulk. Who begins it is the clock (services.wave_clock) or a person; to
begin is an event and so is the end, and what has begun and not ended is carried out by whoever
comes across it. Two at once do the work twice, and every order is asked once.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from domain.bulk import MAX_ORDERS, Batch, BatchOrder, OrderResult
from domain.catalog import empty_state
from domain.messages import Actor
from domain.orders.commands import ChangeStatus
from domain.paths.calendar_line import CalendarLine
from domain.paths.calendar_line import stream_of as calendar_stream
from domain.reading import evolved
from domain.refusals import InfraError, Unusable
from domain.rules.actions import Move
from domain.rules.schedules import next_hour
from domain.waves.commands import FinishWave
from domain.waves.definition import Wave
from domain.waves.events import WaveBegun, WaveFinished, stream_of
from domain.waves.line import Running, WaveLine
from projections.reports.selected import list_selected
from services.bootstrap import System
from services.bulk.batches import begin_with_any, other_wish, run
from services.streams import events_of

_KINDS: Final = ("accepted", "refused", "nothing", "failed")


@dataclass(slots=True)
class WaveLines:
    """The waves and the calendars of their hours, each time read on from where they were."""

    system: System
    _states: dict[str, Any] = field(default_factory=dict)
    _calendars: dict[str, CalendarLine] = field(default_factory=dict)  # as of the last reading

    def read(self, takes: Callable[[InfraError], bool] | None = None) -> dict[str, WaveLine]:
        """Give every wave as of its last event, by name in alphabetical order.

        takes:  hears of each that cannot be read, and says whether that one may be left out
        Raises: InfraError
        """
        self._calendars.clear()
        names = sorted(self.system.log.names("wave"))
        try:
            self._read_on(list(map(stream_of, names)))
        except InfraError as error:
            if takes is None or not takes(error):
                raise
            names = [name for name in names if self._is_read(stream_of(name), takes)]
        return {name: self._states[stream_of(name)] for name in names}

    def _is_read(self, stream: str, takes: Callable[[InfraError], bool]) -> bool:
        try:
            self._read_on([stream])
        except InfraError as error:
            if not takes(error):
                raise
            return False
        return True

    def calendar_of(self, wave: Wave) -> CalendarLine:
        """Give the calendar of a wave's hours, once for all waves that have it."""
        name = wave.schedule.calendar
        if name not in self._calendars:
            stream = calendar_stream(name)
            self._read_on([stream])
            self._calendars[name] = self._states[stream]
        return self._calendars[name]

    def _read_on(self, streams: Sequence[str]) -> None:
        for stream in streams:
            self._states.setdefault(stream, empty_state(stream))
        versions = {stream: self._states[stream].version for stream in streams}
        for stream, events in self.system.log.load(versions).items():
            for recorded in events:
                self._states[stream] = evolved(stream, self._states[stream], recorded)


@dataclass(frozen=True, slots=True)
class Run:
    """One time that a wave was begun."""

    batch_id: UUID
    running: Running  # as it began
    begun_at: datetime
    begun_by: str
    finished: WaveFinished | None = None
    finished_at: datetime | None = None


def by_clock(wave: Wave) -> Actor:
    """Give whom a wave asks as when its hour has come."""
    return Actor(kind="clock", id=wave.wave, roles=wave.roles)


def source_of(wave: str, version: int) -> str:
    """Name a version of a wave as the source of what it leads to."""
    return f"wave:{wave}:{version}"


def known_wave(system: System, name: str) -> WaveLine:
    """Give a wave as of its last event. Raises: Unusable that names what there is"""
    waves = WaveLines(system).read()
    if name in waves:
        return waves[name]
    names = ", ".join(waves) or "none is published, `orderpath wave list --ready` names some"
    raise Unusable(f"no wave is named {name!r}: choose one of {names}")


def hour_ahead(system: System, line: WaveLine) -> datetime | None:
    """Give the next hour of a wave, UTC; None if it is off or has no more."""
    if line.wave is None or line.wave.mode == "off":
        return None
    calendar = WaveLines(system).calendar_of(line.wave).calendar
    return None if calendar is None else next_hour(line.wave.schedule, calendar, system.clock())


def orders_meant(system: System, wave: Wave) -> list[BatchOrder]:
    """List the orders that a wave is for now, the oldest first; what is beyond the limit of a
    batch is for the next wave. The projections must be up to date.
    """
    with system.snapshot() as reader:
        conditions = wave.orders.conditions
        found = list_selected(reader, conditions, system.clock(), MAX_ORDERS)
    return list(map(BatchOrder, found))


def batch_of(batch_id: UUID, running: Running) -> Batch:
    """Give what a wave asks of every order."""
    wave = running.wave
    return Batch(
        batch_id=batch_id,
        command=ChangeStatus.NAME,
        body=_asked(wave.then),
        selection={"wave": [wave.wave], **wave.orders.conditions},
        actor=running.actor,
        source=source_of(wave.wave, running.wave_version),
        reason=wave.then.reason,
    )


def _asked(move: Move) -> dict[str, Any]:
    """Give what the command to each order says, as JSON values."""
    said = move.model_dump(include={"reason_code", "initiator"}, exclude_none=True)
    return {"to_status": move.move, **said}


def trial_of(line: WaveLine) -> Batch:
    """Give what a wave would ask if its hour came now. The wave must be published."""
    assert line.wave is not None
    assert line.definition is not None
    actor = by_clock(line.wave)
    return batch_of(uuid4(), Running(line.latest, line.definition, None, actor))


def carry_out(system: System, batch_id: UUID, running: Running) -> Iterator[OrderResult]:
    """Ask every order of a wave that has begun, those that were frozen if it has been chosen; then
    say what became of them.

    Raises: InfraError; the wave may then be carried out again. Unusable if another batch has its id
    """

    def choose() -> Sequence[BatchOrder]:
        system.catch_up()
        return orders_meant(system, running.wave)

    batch = begin_with_any(system, batch_of(batch_id, running), choose)
    kinds: Counter[str] = Counter()
    for result in run(system, batch):
        kinds[result.kind] += 1
        yield result
    _finish(system, batch_id, running, {kind: kinds[kind] for kind in _KINDS})


def check_id(system: System, name: str, batch_id: UUID) -> None:
    """Look whether a wave may have this id for its batch. Raises: Unusable if another batch has it

    Once it has begun, a wave could not have another one.
    """
    known = system.batches.find(batch_id)
    if known is not None and known.selection.get("wave") != [name]:
        raise other_wish(batch_id)


def _finish(system: System, batch_id: UUID, running: Running, counts: Mapping[str, int]) -> None:
    """Say that a wave has ended. Whoever counted the same sends the same command."""
    name = running.wave.wave
    finish = FinishWave(
        command_id=uuid5(batch_id, f"finish:{counts}"),
        correlation_id=batch_id,
        causation_id=batch_id,
        actor=by_clock(running.wave),
        source=source_of(name, running.wave_version),
        wave=name,
        batch_id=batch_id,
        orders=sum(counts.values()),
        **counts,
    )
    system.execute(finish)


def runs_of(system: System, name: str) -> list[Run]:
    """Give every time that a wave was begun, the latest first."""
    stream = stream_of(name)
    line, runs = WaveLine(), dict[UUID, Run]()
    for recorded in events_of(system.log, stream):
        line = evolved(stream, line, recorded)
        match recorded.event:
            case WaveBegun(batch_id=batch_id):
                at, by = recorded.recorded_at, recorded.actor_id
                runs[batch_id] = Run(batch_id, line.running[batch_id], at, by)
            case WaveFinished(batch_id=batch_id) as finished:
                at, run = recorded.recorded_at, runs[batch_id]
                runs[batch_id] = replace(run, finished=finished, finished_at=at)
            case _:
                pass
    return list(reversed(runs.values()))
