"""What may be wanted of a wave."""

from functools import cached_property
from typing import ClassVar
from uuid import UUID

from domain.messages import Code, Command, Moment
from domain.publishing import Publish
from domain.told_numbers import ToldCount, ToldNumber
from domain.waves.definition import Wave
from domain.waves.events import stream_of


class PublishWave(Publish):
    """Let a wave come at its hours from now on, as it stands here."""

    NAME: ClassVar[str] = "wave.publish"

    definition: Wave

    @property
    def stream_id(self) -> str:
        return stream_of(self.definition.wave)


class BeginWave(Command):
    """Begin a wave; its batch has the id of this command.

    By the clock at an hour, once for each; by a person at any time, also if the wave is off.
    """

    NAME: ClassVar[str] = "wave.begin"

    wave: Code
    wave_version: ToldNumber | None = None  # only while this one is the latest
    due_at: Moment | None = None  # the hour that has come

    @cached_property
    def stream_id(self) -> str:
        return stream_of(self.wave)


class FinishWave(Command):
    """Say what became of the orders of a wave. Sent by whoever carries it out."""

    NAME: ClassVar[str] = "wave.finish"

    wave: Code
    batch_id: UUID
    orders: ToldCount
    accepted: ToldCount = 0
    refused: ToldCount = 0
    nothing: ToldCount = 0
    failed: ToldCount = 0

    @cached_property
    def stream_id(self) -> str:
        return stream_of(self.wave)


COMMANDS: tuple[type[Command], ...] = (BeginWave, FinishWave)  # PublishWave reads a calendar too
