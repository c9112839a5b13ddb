"""decide: from a series and a wish to events, or to everything that stands against it.

Numbers are taken by the decision that issues a document: domain.orders.decide_documents.
"""

from collections.abc import Iterator
from datetime import datetime

from domain.documents.commands import DefineSeries
from domain.documents.events import SeriesDefined
from domain.documents.series import Series
from domain.guards import no_status_is_expected
from domain.messages import Decided
from domain.orders.guards import time_is_allowed
from domain.refusals import Refusal, Unmet


def define(series: Series, cmd: DefineSeries, now: datetime) -> list[Decided]:
    """Set the format of a series. Raises: Refusal with every unmet condition."""
    unmet = [
        *no_status_is_expected(cmd, "A series"),
        *time_is_allowed(cmd, now),
        *_begins_as_before(series, cmd),
    ]
    if unmet:
        raise Refusal(*unmet)
    if series.format == cmd.format:
        return []
    return [Decided(SeriesDefined(format=cmd.format), max(now, series.last_occurred_at or now))]


def _begins_as_before(series: Series, cmd: DefineSeries) -> Iterator[Unmet]:
    """Two numbers could be written alike if a series began again some years and others not."""
    if series.serial and series.format.yearly != cmd.format.yearly:
        begins = "each year" if series.format.yearly else "once"
        yield Unmet(
            code="series_in_use",
            field="format.yearly",
            message=f"Numbers of {cmd.series} are taken, and it begins {begins}",
            needed=f"yearly as before, or a series of another name than {cmd.series}",
        )
