"""What people and programs may ask of a series of numbers."""

from functools import cached_property
from typing import ClassVar

from domain.documents.events import Format, stream_of
from domain.messages import Code, Command


class DefineSeries(Command):
    """Say how the numbers of a series are written from now on."""

    NAME: ClassVar[str] = "series.define"

    series: Code
    format: Format

    @cached_property
    def stream_id(self) -> str:
        return stream_of(self.series)


COMMANDS: tuple[type[Command], ...] = (DefineSeries,)
