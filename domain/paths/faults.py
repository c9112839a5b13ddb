"""What is wrong with a condition, where, and what to do about it."""

from typing import NamedTuple


class Fault(NamedTuple):
    """One thing that is wrong. Faults sort by their place."""

    offset: int  # characters before it
    line: int  # from 1
    column: int  # from 1
    code: str
    message: str
    needed: str

    @classmethod
    def at(cls, source: str, offset: int, code: str, message: str, needed: str) -> "Fault":
        line = source.count("\n", 0, offset) + 1
        column = offset - source.rfind("\n", 0, offset)
        return cls(offset, line, column, code, message, needed)
