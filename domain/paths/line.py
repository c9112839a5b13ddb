"""The history of one path: which versions were published."""

from dataclasses import dataclass, replace
from typing import Self

from domain.messages import Happened
from domain.paths.events import PathPublished
from domain.publishing import Line


@dataclass(frozen=True)
class PathLine(Line):
    """State of the stream of a path. What its versions say is read and remembered apart, by their
    numbers (LogReader.load_paths): orders follow any of them.
    """

    KIND = "path"
    PUBLISHED = PathPublished

    def evolve(self, happened: Happened) -> Self:
        """Give the history after one more publication."""
        return replace(super().evolve(happened), definition=None)
