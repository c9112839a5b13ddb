"""Things that are given under a code until they are ended: discounts and delivery methods."""

from collections.abc import Mapping
from typing import Final, TypeVar

MAX_ENDED: Final = 1_000  # codes that are remembered: to end one of them again is nothing

Thing = TypeVar("Thing")
Listing = tuple[Mapping[str, Thing], tuple[str, ...]]  # by code what is given, and what has ended


def put(
    given: Mapping[str, Thing], ended: tuple[str, ...], code: str, thing: Thing
) -> Listing[Thing]:
    """Give the listing with something given, instead of what was given under its code."""
    return {**given, code: thing}, tuple(one for one in ended if one != code)


def take(given: Mapping[str, Thing], ended: tuple[str, ...], code: str) -> Listing[Thing]:
    """Give the listing without what a code stands for. Never refuses: evolve calls it."""
    left = {one: thing for one, thing in given.items() if one != code}
    return left, (*(one for one in ended if one != code), code)[-MAX_ENDED:]
