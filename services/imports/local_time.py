"""Texts of an event log read as moments: formats, zones, and the hours when clocks change."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from domain.refusals import UnreadableError
from services.imports.mapping import EPOCH, EPOCH_MS, ISO, TimeColumn

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Clockwork:
    """Reads the times of one log."""

    def __init__(self, column: TimeColumn, note: Callable[[str], None]) -> None:
        self._column = column
        self._zone = ZoneInfo(column.zone) if column.zone else None
        self._note = note  # told what was decided for the source

    def read(self, text: str) -> datetime:
        """Give the moment in UTC. Raises: UnreadableError"""
        name = self._column.column
        if not text.strip():
            raise UnreadableError("time_missing", name, f"{name} is empty")
        try:
            at = self._parse(text.strip())
            if at.tzinfo is not None:
                return at.astimezone(UTC)
            if self._zone is not None:
                return self._local(at, self._zone)
        except (ValueError, OverflowError, InvalidOperation):
            words = f"{name} is no time in the format {self._column.format}"
            raise UnreadableError("time_unreadable", name, words) from None
        words = f"{name} is a local time: name its zone in the mapping (time: zone)"
        raise UnreadableError("time_zone_missing", name, words)

    def _parse(self, text: str) -> datetime:
        match self._column.format:
            case form if form == ISO:
                return datetime.fromisoformat(text)
            case form if form in (EPOCH, EPOCH_MS):
                seconds = Decimal(text) / (1 if form == EPOCH else 1_000)
                return _BEGINNING + timedelta(microseconds=int(seconds * 1_000_000))
            case form:
                return datetime.strptime(text, form)  # noqa: DTZ007 - the zone comes next

    def _local(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Read a local time. Of a repeated hour the mapping says which one is meant; an hour
        that was skipped is read by the clock that was not put forward yet.
        """
        if zone.key == "UTC":
            return at.replace(tzinfo=UTC)
        first, second = at.replace(tzinfo=zone), at.replace(tzinfo=zone, fold=1)
        if first.utcoffset() == second.utcoffset():
            return first.astimezone(UTC)
        moment = first.astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == at:
            return self._repeated(moment, second.astimezone(UTC))
        if self._column.skipped_hour == "quarantine":
            words = f"{self._column.column}: the clocks skipped this local time"
            raise UnreadableError("time_skipped", self._column.column, words)
        self._note("time_skipped_shifted")
        return moment

    def _repeated(self, first: datetime, second: datetime) -> datetime:
        if self._column.repeated_hour == "quarantine":
            words = f"{self._column.column}: this local time happened twice"
            raise UnreadableError("time_repeated", self._column.column, words)
        self._note(f"time_repeated_{self._column.repeated_hour}")
        return first if self._column.repeated_hour == "earlier" else second
