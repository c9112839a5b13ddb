"""What somebody sees: which orders, which personal data, which fields. Whoever answers a question
for a caller sets SIGHT around it; infra.mapper and services.bootstrap read accordingly.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final, Literal

from domain.refusals import Unmet

Personal = Literal["name", "phone", "email", "address", "notes", "imported"]
PERSONAL: Final[frozenset[Personal]] = frozenset(
    ("name", "phone", "email", "address", "notes", "imported")
)
HIDDEN: Final = "[hidden]"  # what a caller reads who may not see a field

_KINDS: Final[dict[str, Personal]] = {
    "name": "name",
    "phone": "phone",
    "email": "email",
    "address": "address",
    "note": "notes",
    "text": "notes",
    "reason": "notes",
    "personal": "imported",  # columns of a source that its mapping marks
}


def kind_of(field: str) -> Personal:
    """Say of what kind a personal field is, by its dotted place: `.customer.phone`.

    One that nobody has given a kind counts as notes, which may hold anything.
    """
    parts = field.split(".")
    if "personal" in parts:
        return "imported"
    words = [part for part in parts if part and not part.isdigit()]
    return _KINDS.get(words[-1].rpartition("_")[2], "notes") if words else "notes"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an order belongs, as far as rights look at it."""

    shop: str | None = None
    order_type: str | None = None
    channel: str | None = None
    test: bool = False


@dataclass(frozen=True, slots=True)
class Region:
    """Some of the orders; None: whatever it is."""

    shops: tuple[str, ...] | None = None
    order_types: tuple[str, ...] | None = None
    channels: tuple[str, ...] | None = None
    tests: tuple[bool, ...] = (False, True)

    @property
    def is_all(self) -> bool:
        """Whether it holds every order there is."""
        return self == Region()

    def holds(self, place: Place) -> bool:
        """Whether an order of that place is one of them."""
        return (
            _takes(self.shops, place.shop)
            and _takes(self.order_types, place.order_type)
            and _takes(self.channels, place.channel)
            and place.test in self.tests
        )

    def covers(self, other: "Region") -> bool:
        """Whether it holds whatever the other one holds."""
        return (
            _covers(self.shops, other.shops)
            and _covers(self.order_types, other.order_types)
            and _covers(self.channels, other.channels)
            and {*other.tests} <= {*self.tests}
        )


def _takes(names: tuple[str, ...] | None, name: str | None) -> bool:
    return names is None or name in names


def _covers(wide: tuple[str, ...] | None, narrow: tuple[str, ...] | None) -> bool:
    return wide is None or (narrow is not None and {*narrow} <= {*wide})


@dataclass(frozen=True, slots=True)
class Sight:
    """What a caller sees: orders of any of the regions, and of personal data these kinds."""

    regions: tuple[Region, ...]  # none: no order at all
    personal: frozenset[Personal] = frozenset()
    hidden: tuple[str, ...] = ()  # names of fields that are not shown, as `*_minor`

    @property
    def sees_all_orders(self) -> bool:
        return any(region.is_all for region in self.regions)

    def sees(self, place: Place) -> bool:
        """Whether an order of that place is seen."""
        return any(region.holds(place) for region in self.regions)


# Whose personal data was read in clear for the answer at hand; None: nobody asks.
READ: Final[ContextVar[set[str] | None]] = ContextVar("read", default=None)
SIGHT: Final[ContextVar[Sight | None]] = ContextVar("sight", default=None)  # None: sees everything


@contextmanager
def seen_by(sight: Sight | None) -> Iterator[None]:
    """Let all that is read within the block, in this thread, be what that sight shows."""
    token, read = SIGHT.set(sight), READ.set(set())
    try:
        yield
    finally:
        SIGHT.reset(token)
        READ.reset(read)


def hide(answer: Any, hidden: Iterable[str]) -> Any:
    """Give an answer with the fields of these names hidden, wherever they stand in it.

    A row that tells of a field by its name (`{"field": "total_minor", "after": 5}`) hides its
    values likewise, and one that tells in words what stands against something, or what somebody
    did, the numbers in them.
    """
    patterns = tuple(hidden)
    return _hidden(answer, patterns) if patterns else answer


def hide_in_unmet(unmet: Iterable[Unmet], hidden: Iterable[str]) -> tuple[Unmet, ...]:
    """Give what stands against a command as `hide` gives it in an answer: its code stays."""
    patterns = tuple(hidden)
    if not patterns:
        return tuple(unmet)
    return tuple(
        one.model_copy(update={key: _in_words(getattr(one, key), patterns) for key in _UNMET_WORDS})
        for one in unmet
    )


def _hidden(part: Any, patterns: tuple[str, ...]) -> Any:
    if isinstance(part, dict):
        told = part.get("field")
        is_told = isinstance(told, str) and _is_hidden(told.rpartition(".")[2], patterns)
        is_in_words = {"code", "message"} <= part.keys() or {"outcome", "what"} <= part.keys()
        return {
            key: HIDDEN
            if value is not None
            and (_is_hidden(str(key), patterns) or (is_told and key in _VALUES))
            else _in_words(value, patterns)
            if is_in_words and key in _WORDS
            else _hidden(value, patterns)
            for key, value in part.items()
        }
    if isinstance(part, list | tuple):
        return [_hidden(one, patterns) for one in part]
    return part


def _in_words(text: Any, patterns: tuple[str, ...]) -> Any:
    """Hide in a sentence what a hidden field may have said. Of amounts these are numbers; what
    else is hidden may be any of its words.
    """
    if not isinstance(text, str):
        return text
    if all(pattern.endswith(_AMOUNT) for pattern in patterns):
        return _NUMBER.sub(lambda found: found["time"] or HIDDEN, text)
    return HIDDEN


_VALUES: Final = frozenset({"old", "new", "before", "after", "from", "to", "value"})
_UNMET_WORDS: Final = ("message", "needed")
_WORDS: Final = frozenset({*_UNMET_WORDS, "what"})
_AMOUNT: Final = "_minor"
# No part of an id; and a time as we write it, which no amount is written like, stays.
_NUMBER: Final = re.compile(
    r"(?<![\w.-])(?:(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00)|-?\d(?:[\d.,]*\d)?)(?![\w-])"
)


def _is_hidden(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
