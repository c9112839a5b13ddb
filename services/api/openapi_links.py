"""Links in the description of the API: what an answer makes askable, for who follows it."""

from collections.abc import Mapping
from typing import Any, Final

_SENT: Final = "$request.body#/order_id"
_FOUND: Final = "$response.body#/order_id"


def links_of(operation: str) -> dict[str, Any]:
    """Give what stands beside an operation's answer 200 of where to ask next; {}: nothing."""
    return {"links": _LINKS[operation]} if operation in _LINKS else {}


def _link(operation: str, said: str, **parameters: str) -> dict[str, Any]:
    return {"operationId": operation, "description": said, "parameters": parameters}


_LINKS: Final[Mapping[str, Mapping[str, Any]]] = {
    "commands.send": {
        "order": _link("order.show", "the order, after a command of one", order=_SENT),
        "allowed": _link("order.allowed", "where it may go now", order=_SENT),
        "history": _link("order.history", "what changed it", order=_SENT),
    },
    "order.find": {
        "order": _link("order.show", "the order that was meant", order=_FOUND),
    },
    "order.list": {
        "order": _link("order.show", "the first one", order="$response.body#/orders/0/order_id"),
    },
    "order.show": {
        "unchanged": _link(
            "order.show",
            "304 unless it changed",
            **{
                "path.order": "$request.path.order",
                "header.If-None-Match": "$response.header.ETag",
            },
        ),
    },
}
