"""What people and programs may ask of an alert."""

from functools import cached_property
from typing import ClassVar
from uuid import UUID

from domain.alerts.events import Details, alert_stream
from domain.messages import Code, Command, Moment, Name, Text, Written
from domain.paths.asked import CommandAboutOrder
from domain.told_numbers import ToldNumber


class AlertCommand(Command):
    """A command to one alert."""

    alert_id: UUID

    @cached_property
    def stream_id(self) -> str:
        return alert_stream(self.alert_id)


class RaiseAlert(AlertCommand, CommandAboutOrder):
    """Show something to a user, a group, or all who bear a role. Twice is nothing."""

    NAME: ClassVar[str] = "alert.raise"
    OF_PROGRAMS: ClassVar[tuple[str, ...]] = (
        *CommandAboutOrder.OF_PROGRAMS,
        "rule",
        "rule_version",
    )

    kind: Code
    level: Code = "notice"
    title: Name  # for people; without personal data
    details: Details = ()  # what in particular, one thing each; without personal data
    subject: Text | None = None  # a stream, where it is about no order
    user: Name | None = None
    group: Name | None = None
    role: Name | None = None
    since: Moment | None = None  # None: now
    rule: Code | None = None
    rule_version: ToldNumber | None = None


class AcknowledgeAlert(AlertCommand):
    """Say that it is seen. Twice is nothing: the first one stands."""

    NAME: ClassVar[str] = "alert.acknowledge"

    note: Written | None = None


AlertWish = RaiseAlert | AcknowledgeAlert

COMMANDS: tuple[type[AlertCommand], ...] = (RaiseAlert, AcknowledgeAlert)
