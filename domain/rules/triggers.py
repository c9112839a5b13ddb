"""When a rule looks at an order: at an event, at a change, after silence, at fixed hours."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, Tag

from domain.messages import Code, Event, OneOrMany, Shape
from domain.orders.events import ORDER_EVENTS
from domain.paths.durations import Duration
from domain.paths.environment import ENVIRONMENT, Record, Scalar
from domain.stock.events import StockBelowThreshold

MAX_TRIGGERS = 20  # of one rule
LONGEST = timedelta(days=3_650)


def unversioned(stored_name: str) -> str:
    """Give what rules call an event: `order.placed.v1` is `order.placed`."""
    return stored_name.rpartition(".")[0]


# What rules may look at, as they call it.
_WATCHED: Final[tuple[type[Event], ...]] = (*ORDER_EVENTS, StockBelowThreshold)
EVENT_NAMES: Final = tuple([unversioned(event.NAME) for event in _WATCHED])
STOCK_EVENTS: Final = frozenset(name for name in EVENT_NAMES if name.startswith("stock."))


def _changing() -> Mapping[str, Scalar]:
    order = ENVIRONMENT["order"]
    assert isinstance(order, Record)
    return {name: type_ for name, type_ in order.fields.items() if isinstance(type_, Scalar)}


CHANGING: Final = _changing()  # fields of an order whose changes a rule may look at

Wait = Annotated[Duration, Field(ge=timedelta(seconds=1), le=LONGEST)]
Hour = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]  # on the calendar's wall
Names = Annotated[OneOrMany, Field(max_length=1_000)]


class OnEvent(Shape):
    """Something has happened to the order, or to the stock of an article."""

    event: Annotated[OneOrMany, Field(min_length=1, max_length=100)]


class OnChange(Shape):
    """A field of the order has another value than before the event."""

    change: Code
    from_: Annotated[Names, Field(alias="from")] = ()  # values; none: whatever it was
    to: Names = ()


class OnSilence(Shape):
    """Nothing has happened to the order for so long."""

    silence: Wait
    in_: Annotated[Names, Field(alias="in")] = ()  # statuses; none: all that are not final


class Schedule(Shape):
    """Fixed hours of the days on which a calendar has working hours, or of every day."""

    at: Annotated[tuple[Hour, ...], Field(min_length=1, max_length=24)]
    calendar: Code = "shop"
    days: Literal["working", "every"] = "working"


class OnSchedule(Shape):
    """The hour has come, for every order in these statuses."""

    schedule: Schedule
    in_: Annotated[OneOrMany, Field(alias="in", min_length=1, max_length=1_000)]


TRIGGERS: Final = ("event", "change", "silence", "schedule")


def kind_among(keys: Sequence[str]) -> Callable[[Any], str | None]:
    """Give what tells kinds apart that have one of these keys each: the tag of a value's kind."""

    def kind_of(value: Any) -> str | None:
        named = value if isinstance(value, Mapping) else getattr(value, "model_fields_set", ())
        return next((f"({key})" for key in named if key in keys), None)

    return kind_of


Trigger = Annotated[
    Annotated[OnEvent, Tag("(event)")]
    | Annotated[OnChange, Tag("(change)")]
    | Annotated[OnSilence, Tag("(silence)")]
    | Annotated[OnSchedule, Tag("(schedule)")],
    Discriminator(
        kind_among(TRIGGERS),
        custom_error_type="unknown_trigger",
        custom_error_message=f"a trigger has one of {', '.join(TRIGGERS)}",
    ),
]
