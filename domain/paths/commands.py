"""What people and programs may ask of an order path. One class per intent."""

from typing import ClassVar

from domain.messages import Command
from domain.paths.events import stream_of
from domain.paths.path import OrderPath
from domain.publishing import Publish


class PublishPath(Publish):
    """Make a path the one that new orders follow."""

    NAME: ClassVar[str] = "path.publish"

    definition: OrderPath

    @property
    def stream_id(self) -> str:
        return stream_of(self.definition.path)


COMMANDS: tuple[type[Command], ...] = (PublishPath,)
