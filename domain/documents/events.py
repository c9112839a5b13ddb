"""What can have happened to a series of numbers. One stream per series: `series-invoice`."""

from typing import Annotated, ClassVar, get_args
from uuid import UUID

from pydantic import Field, StringConstraints

from domain.messages import Code, Event, Name, Shape
from domain.paths.calendars import Zone

MAX_WIDTH = 12  # digits

# Without digits, so that no two numbers of a series are ever written alike.
Prefix = Annotated[str, StringConstraints(max_length=20, pattern=r"^[^\d\x00]*$")]


class Format(Shape):
    """How the numbers of a series are written."""

    prefix: Prefix = ""
    width: Annotated[int, Field(ge=1, le=MAX_WIDTH)] = 1  # digits at least, zeros in front
    yearly: bool = False  # they begin at 1 again each year, and bear it: 2026-17
    zone: Zone = "UTC"  # where the year turns


class SeriesDefined(Event):
    """Fact: from now on the numbers of the series are written so."""

    NAME: ClassVar[str] = "series.defined.v1"

    format: Format


class NumberTaken(Event):
    """Fact: a document got the next number."""

    NAME: ClassVar[str] = "series.number_taken.v1"

    serial: int  # from 1, of a yearly series from 1 each year
    year: int  # of the zone of the series
    number: Name  # as it is written
    kind: Code
    order_id: UUID
    document_id: Name


SeriesEvent = SeriesDefined | NumberTaken

SERIES_EVENTS: tuple[type[Event], ...] = get_args(SeriesEvent)


def stream_of(series: str) -> str:
    """Give the stream of a series."""
    return f"series-{series}"
