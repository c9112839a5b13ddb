"""How event shapes of the past become those of today: pure functions on the raw JSON object.

To change the shape of `order.x.v1`: keep its golden file, make the class `order.x.v2`, and
add here UPCASTERS["order.x.v1"] = Upcaster("order.x.v2", function, personal). They are chained.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Body = dict[str, Any]


class Upcaster(NamedTuple):
    """How one stored shape becomes the next."""

    name: str  # the next stored name
    change: Callable[[Body], Body]  # gets personal fields opened
    personal: Mapping[str, Any]  # fields of the old shape that are sealed: True, or those inside


UPCASTERS: Mapping[str, Upcaster] = {}


def upcast(name: str, body: Body, upcasters: Mapping[str, Upcaster]) -> tuple[str, Body]:
    """Give the stored name and body that today's classes understand.

    Raises: ValueError if the upcasters lead in a circle.
    """
    passed: set[str] = set()
    while name in upcasters:
        if name in passed:
            raise ValueError(f"the upcasters of {name} lead back to it")
        passed.add(name)
        name, change, _ = upcasters[name]
        body = change(body)
    return name, body
