"""Everything that can have happened to an alert. Stored names are contracts for ever."""

from typing import Annotated, ClassVar, Final, get_args
from uuid import UUID

from pydantic import Field

from domain.messages import Code, Event, Moment, Name, Text, Written

MAX_DETAILS = 100  # of one alert
ADMINS: Final = "admins"  # the group that hears of what has stopped or waits

Details = Annotated[tuple[Text, ...], Field(max_length=MAX_DETAILS)]


class AlertRaised(Event):
    """Fact: something is the matter, and these are to know it. At least one of them is named."""

    NAME: ClassVar[str] = "alert.raised.v1"

    alert_id: UUID
    kind: Code  # deadline, path_changed, rule, rule_stopped, endpoint_paused, …
    level: Code  # how much it presses: notice, or that of a deadline, as escalate_200
    title: Name  # for people; without personal data
    details: Details = ()  # what in particular, one thing each; without personal data
    order_id: UUID | None = None  # that it is about
    subject: Text | None = None  # the stream that it is about, where that is no order's
    user: Name | None = None
    group: Name | None = None
    role: Name | None = None  # all who bear it
    since: Moment  # it has been the matter
    rule: Code | None = None  # that raised it, or that it is about
    rule_version: Annotated[int, Field(ge=1)] | None = None


class AlertAcknowledged(Event):
    """Fact: somebody has seen it; who, stands in the envelope."""

    NAME: ClassVar[str] = "alert.acknowledged.v1"

    note: Written | None = None


AlertEvent = AlertRaised | AlertAcknowledged

ALERT_EVENTS: tuple[type[Event], ...] = get_args(AlertEvent)


def alert_stream(alert_id: UUID) -> str:
    """Give the stream of an alert."""
    return f"alert-{alert_id}"
