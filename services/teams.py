"""What a person of a team holds is shared out anew, by a batch that goes on where it stopped."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from domain.bulk import MAX_ORDERS, BatchOrder
from domain.refusals import Unusable
from projections.reports.teams import list_held

if TYPE_CHECKING:
    from services.bootstrap import System


def handing_over(user: str, by: str, *, group: str | None) -> Mapping[str, Any]:
    """Give what a batch of `order.share_out` asks of whatever somebody holds; group: None: any.

    Each is asked only while that person holds it. Those that nobody can take stay with the group.
    """
    selection = {"owner_user": [user], **({} if group is None else {"owner_group": [group]})}
    return {"body": {"by": by, "hands_over": user}, "selection": selection}


def held_orders(system: "System", user: str, *, group: str | None) -> list[BatchOrder]:
    """Give the open orders that somebody holds as one of a group, the oldest first.

    The projections must be up to date.
    Raises: Unusable if there are too many
    """
    with system.snapshot() as reader:
        held = list_held(reader, user, group=group)
    if len(held) > MAX_ORDERS:
        raise Unusable(f"more than {MAX_ORDERS} orders are held: narrow it to one group")
    return [BatchOrder(one["order_id"], {"group": one["owner_group"]}) for one in held]
