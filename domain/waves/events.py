"""What happens to a wave. Stored names are contracts: docs/contract. Stream `wave-<name>`."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from domain.messages import Actor, Code, Event, Moment

Version = Annotated[int, Field(ge=1)]
Orders = Annotated[int, Field(ge=0)]  # how many


def stream_of(wave: str) -> str:
    """Name the stream of a wave."""
    return f"wave-{wave}"


class WavePublished(Event):
    """Fact: from now on the wave is as it stands here."""

    NAME: ClassVar[str] = "wave.published.v1"

    wave: Code
    wave_version: Version
    content_hash: str  # SHA-256, hexadecimal
    definition: dict[str, Any]  # as published; not checked again at replay


class WaveBegun(Event):
    """Fact: a batch is to ask the orders that the wave is for, as they are now."""

    NAME: ClassVar[str] = "wave.begun.v1"

    wave: Code
    wave_version: Version
    batch_id: UUID
    due_at: Moment | None = None  # the hour that has come; None: a person began it
    actor: Actor  # as whom it asks


class WaveFinished(Event):
    """Fact: every order of the batch was asked."""

    NAME: ClassVar[str] = "wave.finished.v1"

    wave: Code
    batch_id: UUID
    orders: Orders
    accepted: Orders
    refused: Orders
    nothing: Orders  # were so already
    failed: Orders  # by a fault of ours; nothing was stored of them


WAVE_EVENTS: tuple[type[Event], ...] = (WavePublished, WaveBegun, WaveFinished)
