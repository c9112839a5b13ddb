"""What may be done with an order, as the CLI and the API answer it. Keys: docs/reports.md."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.messages import Actor
from domain.orders.allowed import list_fields, list_moves
from domain.orders.guards import path_is_pinned
from domain.refusals import Refusal, Unmet
from services.reading import order_now, path_of, situation_of

if TYPE_CHECKING:
    from services.bootstrap import System


def allowed_for(
    system: "System", order_id: UUID, roles: tuple[str, ...], actor_id: str = "somebody"
) -> dict[str, Any]:
    """Give every move and every detail, open or closed with all reasons.

    Raises: Refusal path_not_pinned for an order of which only items or payments are known
            pydantic.ValidationError for a role that is no code
    """
    order = order_now(system, order_id)
    path = path_of(system, order)
    if path is None:
        raise Refusal(*path_is_pinned(order))
    actor = Actor(kind="user", id=actor_id, roles=roles)
    situation = situation_of(system, order_id, order, path, actor)
    return {
        "order_id": str(order_id),
        "version": order.version,
        "status": order.status,
        "as": list(roles),
        "moves": [
            {
                "to": move.to_status,
                "open": move.is_open,
                "asks": list(move.asks),
                "reasons": list(move.reasons),
                "unmet": _as_dicts(move.unmet),
            }
            for move in list_moves(situation)
        ],
        "fields": [
            {"field": field.name, "open": field.is_open, "unmet": _as_dicts(field.unmet)}
            for field in list_fields(situation)
        ],
    }


def _as_dicts(unmet: Iterable[Unmet]) -> list[dict[str, str]]:
    return [one.model_dump(exclude_none=True) for one in unmet]
