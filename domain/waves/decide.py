"""decide: from a wave's history and a command to events, or to a refusal.

An empty list means: already so, or not now. Runs once per command, in services.pipeline.
"""

from collections.abc import Iterator
from datetime import datetime

from domain.guards import no_status_is_expected
from domain.messages import Decided
from domain.paths.calendar_line import CalendarLine
from domain.paths.guards import calendars_are_published
from domain.publishing import publish
from domain.refusals import Refusal, Unmet
from domain.waves.commands import BeginWave, FinishWave, PublishWave
from domain.waves.events import WaveBegun, WaveFinished
from domain.waves.line import WaveLine

MAX_RUNNING = 100  # of one wave at once, that people began


def publish_wave(
    line: WaveLine, calendar: CalendarLine, command: PublishWave, now: datetime
) -> list[Decided]:
    """Publish the next version. Raises: Refusal"""
    hours = command.definition.schedule.calendar
    there = () if calendar.definition is None else (hours,)
    return publish(line, command, now, calendars_are_published([hours], there))


def decide(line: WaveLine, command: BeginWave | FinishWave, now: datetime) -> list[Decided]:
    """Begin a wave, or take note that all its orders were asked."""
    if unmet := list(no_status_is_expected(command, "A wave")):
        raise Refusal(*unmet)
    match command:
        case BeginWave():
            return _begin(line, command, now)
        case FinishWave():
            return _finish(line, command, now)


def _begin(line: WaveLine, command: BeginWave, now: datetime) -> list[Decided]:
    unmet = [*_is_published(line, command), *_clock_says(command), *_few_run(line, command)]
    if unmet:
        raise Refusal(*unmet)
    is_latest = command.wave_version in (None, line.latest)
    if not is_latest or (command.due_at is not None and not _comes(line, command.due_at, now)):
        return []
    event = WaveBegun(
        wave=command.wave,
        wave_version=line.latest,
        batch_id=command.command_id,
        due_at=command.due_at,
        actor=command.actor,
    )
    return [Decided(event, now)]


def _comes(line: WaveLine, hour: datetime, now: datetime) -> bool:
    """Whether an hour is one of those that are still to come, and has."""
    is_on = line.wave is not None and line.wave.mode == "on"
    return is_on and line.since is not None and line.since < hour <= now


def _is_published(line: WaveLine, command: BeginWave) -> Iterator[Unmet]:
    if line.definition is None:
        yield Unmet(
            code="wave_unknown",
            field="wave",
            message=f"No wave {command.wave} is published",
            needed="publish it first: `orderpath wave list` names those that are",
        )


def _clock_says(command: BeginWave) -> Iterator[Unmet]:
    """Or somebody without the wave's roles could take an hour away from it."""
    if command.due_at is not None and command.actor.kind != "clock":
        yield Unmet(
            code="hour_not_told_by_clock",
            field="due_at",
            message="Only the clock says that an hour has come",
            needed="leave due_at out: the wave begins now",
        )


def _few_run(line: WaveLine, command: BeginWave) -> Iterator[Unmet]:
    """What people began is worked off before they begin more."""
    if command.due_at is None and len(line.running) >= MAX_RUNNING:
        yield Unmet(
            code="too_many_waves",
            field="wave",
            message=f"{len(line.running)} batches of this wave have begun and not ended",
            needed="somebody who works them off: start `orderpath waves`",
        )


def _finish(line: WaveLine, command: FinishWave, now: datetime) -> list[Decided]:
    if command.batch_id not in line.running:
        return []
    said = command.model_dump(include=set(WaveFinished.model_fields))
    return [Decided(WaveFinished(**said), now)]
