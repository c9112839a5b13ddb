"""What a customer is told of an order, by a token that stands in a message or under a link."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from pydantic import Field

from domain.orders.order import Order
from domain.refusals import Absent
from services.history import state_of
from services.questions.question import PUBLIC, Asked, OrderRef, question
from services.reading import find_order, load_order, path_of

if TYPE_CHECKING:
    from services.bootstrap import System


class TrackToken(Asked):
    """The token of an order."""

    order: OrderRef


class TrackOrder(Asked):
    """An order, by its token."""

    token: Annotated[
        str,
        Field(
            max_length=100,
            description="as order.track_token gives it",
            examples=["fJ5meXQlQN6US-B_wa59CkH0pQv0bC4jv2vQ3w8wL1o"],
        ),
    ]


@question("order.track_token", "/orders/{order}/track-token", reads="log")
def track_token(system: "System", asked: TrackToken) -> dict[str, Any]:
    """Give the token by which the customer of an order may follow it."""
    order_id = find_order(system, asked.order)
    return {"order_id": order_id, "token": system.order_tokens.token_of(order_id)}


@question("order.track", "/track/{token}", reads="log", right=PUBLIC)
def track(system: "System", asked: TrackOrder) -> dict[str, Any]:
    """Tell a customer how far an order is, in the public words of its path, and its parcels."""
    order_id = system.order_tokens.order_of(asked.token)
    events = [] if order_id is None else load_order(system, order_id)
    if order_id is None or not events:
        raise Absent("no order has this token")
    return _told(system, state_of(events), order_id)


def _told(system: "System", order: Order, order_id: UUID) -> dict[str, Any]:
    """Give what the path has public labels for; a status without one is passed over."""
    path = path_of(system, order)
    statuses = path.statuses if path else {}
    steps: list[dict[str, Any]] = []
    for entry in order.timeline:
        status = statuses.get(entry.status)
        if status and status.public_label and _is_new(steps, status.public_label):
            steps.append({"label": dict(status.public_label), "at": entry.key[0]})
    now = statuses.get(order.status or "")
    return {
        "order": order.external_id or str(order_id),
        "label": steps[-1]["label"] if steps else {},
        "final": now.final if now and now.public_label else None,
        "steps": steps,
        "promised_at": order.field_value("promised_at"),
        "parcels": [
            {"carrier": one.carrier, "track_number": one.track_number}
            for one in order.shipments.values()
            if one.track_number
        ],
    }


def _is_new(steps: list[dict[str, Any]], label: Any) -> bool:
    return not steps or steps[-1]["label"] != label
