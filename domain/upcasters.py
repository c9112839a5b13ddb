"""How event shapes of the past become those of today: pure functions on the raw JSON object.

To change the shape of `order.x.v1`: keep its golden file, make the class `order.x.v2`, and
add here UPCASTERS["order.x.v1"] = ("order.x.v2", function). They are chained.
"""

from collections.abc import Callable, Mapping
from typing import Any

Body = dict[str, Any]
Upcaster = tuple[str, Callable[[Body], Body]]  # the next stored name, and the way there

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
        name, change = upcasters[name]
        body = change(body)
    return name, body
