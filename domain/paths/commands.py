"""What people and programs may ask of an order path. One class per intent."""

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import PrivateAttr

from domain.messages import Command
from domain.paths.events import stream_of
from domain.paths.path import OrderPath
from domain.publishing import Publish


class PublishPath(Publish):
    """Make a path the one that new orders follow."""

    NAME: ClassVar[str] = "path.publish"

    definition: OrderPath
    strand: bool = False  # also where it closes statuses in which orders are

    _standing: Mapping[str, int] = PrivateAttr(default_factory=dict)

    @property
    def stream_id(self) -> str:
        return stream_of(self.definition.path)

    @property
    def standing(self) -> Mapping[str, int]:
        """How many orders that are not finished are in each status: a fact, looked up for us."""
        return self._standing

    def knowing(self, standing: Mapping[str, int]) -> Self:
        """Give the command with what was looked up; its body is what it was."""
        told = self.model_copy()
        told._standing = standing
        return told


COMMANDS: tuple[type[Command], ...] = (PublishPath,)
