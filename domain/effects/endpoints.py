"""Endpoints of webhooks that are paused, and go on. Stream `endpoint-<name>`."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Annotated, ClassVar

from pydantic import Field

from domain.guards import no_status_is_expected
from domain.messages import Code, Command, Decided, Event, Happened
from domain.refusals import Refusal
from domain.told_numbers import ToldNumber


def endpoint_stream(endpoint: str) -> str:
    """Name the stream of an endpoint."""
    return f"endpoint-{endpoint}"


class EndpointPaused(Event):
    """Fact: nothing is sent to the endpoint for the time being."""

    NAME: ClassVar[str] = "endpoint.paused.v1"

    endpoint: Code
    failures: Annotated[int, Field(ge=1)] | None = None  # in a row; None: a person paused it


class EndpointResumed(Event):
    """Fact: what waits for the endpoint is sent."""

    NAME: ClassVar[str] = "endpoint.resumed.v1"

    endpoint: Code


class EndpointCommand(Command):
    """A command to one endpoint."""

    endpoint: Code  # as the settings name it

    @cached_property
    def stream_id(self) -> str:
        return endpoint_stream(self.endpoint)


class PauseEndpoint(EndpointCommand):
    """Send nothing there until it is resumed."""

    NAME: ClassVar[str] = "endpoint.pause"

    failures: ToldNumber | None = None


class ResumeEndpoint(EndpointCommand):
    """Send again what waits for it."""

    NAME: ClassVar[str] = "endpoint.resume"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """State of the stream: whether it is paused."""

    version: int = 0
    last_occurred_at: datetime | None = None
    subject_id: str | None = None  # an endpoint belongs to no person
    paused: bool = False

    def evolve(self, happened: Happened) -> "Endpoint":
        paused = isinstance(happened.event, EndpointPaused)
        at = happened.occurred_at
        return replace(self, version=happened.version, last_occurred_at=at, paused=paused)


def decide(endpoint: Endpoint, command: EndpointCommand, now: datetime) -> list[Decided]:
    """Pause or resume; what is so already is nothing. Raises: Refusal"""
    if unmet := list(no_status_is_expected(command, "An endpoint")):
        raise Refusal(*unmet)
    if isinstance(command, PauseEndpoint) == endpoint.paused:
        return []
    event: Event = EndpointResumed(endpoint=command.endpoint)
    if isinstance(command, PauseEndpoint):
        event = EndpointPaused(endpoint=command.endpoint, failures=command.failures)
    return [Decided(event, now)]


EVENTS: tuple[type[Event], ...] = (EndpointPaused, EndpointResumed)
COMMANDS: tuple[type[EndpointCommand], ...] = (PauseEndpoint, ResumeEndpoint)
