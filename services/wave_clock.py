"""The clock of the waves: begins those whose hour has come, and carries out what has begun.

`orderpath waves` runs it, any number at once. It is no part of services.clock, because asking many
orders takes its time, and no deadline waits for that.
"""

from collections.abc import Callable
from functools import partial
from threading import Event as Signal
from time import monotonic
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog

from domain.refusals import InfraError
from domain.rules.schedules import latest_hour
from domain.waves.commands import BeginWave
from domain.waves.line import Running, WaveLine
from services.aside import Aside
from services.bootstrap import System
from services.turns import Rest, take_turns
from services.waves import WaveLines, by_clock, carry_out, source_of

REST: Final = Rest(shortest_seconds=0.5, longest_seconds=0.5)  # between two looks
AGAIN_SECONDS: Final = 60.0  # behind a fault of ours

_WAVES: Final = uuid5(NAMESPACE_URL, "orderpath:begin_wave")

log_ = structlog.get_logger()


class WaveClock:
    """Begins waves and carries them out. For one thread."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._lines = WaveLines(system)
        self._aside = Aside(system.execute, system.clock, "waves")
        self._again_at: dict[str | UUID, float] = {}  # what failed, in monotonic seconds
        self._stop = Signal()
        self._beat: Callable[[], None] = lambda: None

    def run(self, stop: Signal, beat: Callable[[], None] = lambda: None) -> None:
        """Work until told to stop, also within a wave; wait out a database that is away.

        beat: gives a sign of life, again and again
        """
        self._stop, self._beat = stop, beat

        def turn() -> None:
            beat()
            self.work()

        take_turns(turn, stop, REST, _wait)

    def work(self) -> int:
        """Begin what is due now, carry out all that has begun; give how many waves ended.

        Raises: InfraError
        """
        lines = self._lines.read(self._aside.takes)
        begun = [
            self._apart(name, name, partial(self._begin, line)) for name, line in lines.items()
        ]
        if any(begun):
            lines = self._lines.read(self._aside.takes)
        return sum(
            self._apart(batch_id, name, partial(self._carry_out, batch_id, running))
            for name, line in lines.items()
            for batch_id, running in [*line.running.items()]
        )

    def _apart(self, key: str | UUID, wave: str, do: Callable[[], bool]) -> bool:
        """Do something; a fault in it is told, and holds up no other wave; likewise what it reads
        that is damaged. Raises: InfraError
        """
        if monotonic() < self._again_at.get(key, 0):
            return False
        try:
            return do()
        except InfraError as error:
            if not self._aside.takes(error):
                raise
        except Exception as error:  # noqa: BLE001 - else no wave comes any more
            log_.error("wave_failed", wave=wave, error=type(error).__name__)
        self._again_at[key] = monotonic() + AGAIN_SECONDS
        return False

    def _begin(self, line: WaveLine) -> bool:
        """Begin a wave at the latest of its hours that have come: those before are made up for."""
        wave, since = line.wave, line.since
        if wave is None or since is None or wave.mode == "off":
            return False
        calendar, now = self._lines.calendar_of(wave).calendar, self._system.clock()
        if calendar is None:
            return False
        hour = latest_hour(wave.schedule, calendar, after=since, until=now)
        if hour is None:
            return False
        what = f"{wave.wave}:{line.latest}:{hour.isoformat()}"
        begin = BeginWave(
            command_id=uuid5(_WAVES, what),
            actor=by_clock(wave),
            source=source_of(wave.wave, line.latest),
            wave=wave.wave,
            wave_version=line.latest,
            due_at=hour,
        )
        return self._system.execute(begin).kind == "accepted"

    def _carry_out(self, batch_id: UUID, running: Running) -> bool:
        asked = 0
        for _ in carry_out(self._system, batch_id, running):
            asked += 1
            self._beat()
            if self._stop.is_set():
                return False  # What has begun goes on with the next start.
        log_.info("wave_ended", wave=running.wave.wave, batch_id=str(batch_id), orders=asked)
        return True


def _wait(error: InfraError) -> None:
    log_.warning("waves_wait", code=error.code, message=str(error))
