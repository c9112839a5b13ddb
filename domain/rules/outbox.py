"""Actions of rules that tell somebody outside: each asks for one message, about the order or the
article as it is right behind the event.
"""

from collections.abc import Mapping
from typing import Any

from domain.documents.papers import Paper
from domain.effects.commands import RequestEffect
from domain.effects.events import Recipient
from domain.rules import actions as a
from domain.rules.judging import Sight
from domain.rules.runs import Case
from domain.stock.events import place_of


def to_outbox(
    action: a.Notify | a.CallWebhook, case: Case, envelope: Mapping[str, Any]
) -> RequestEffect | None:
    """Ask for a message; None: it is for whoever an order belongs to, and there is no order."""
    to_whom: dict[str, Any] = {}
    match action:
        case a.CallWebhook():
            channel, to_whom = "webhook", {"endpoint": action.webhook}
        case a.Notify():
            channel, to = action.notify, _recipient(action.to, case.sight)
            if to is None:
                return None
            to_whom = {"to": to, "template": action.template}
            if action.attach is not None:
                to_whom["attach"] = Paper(kind=action.attach)
    return RequestEffect(
        **envelope,
        **to_whom,
        **_about(case.sight),
        effect_id=envelope["command_id"],
        channel=channel,
        rule=case.of.name,
        rule_version=case.of.version,
    )


def _recipient(to: a.Recipient, sight: Sight) -> Recipient | None:
    match to:
        case "customer" if sight.order_id is not None:
            return Recipient(kind="customer", customer_id=sight.after.customer_id)
        case "owner" if sight.order_id is not None:
            return Recipient(kind="owner")
        case {"user": name}:
            return Recipient(kind="user", who=name)
        case {"group": name}:
            return Recipient(kind="group", who=name)
        case _:
            return None


def _about(sight: Sight) -> Mapping[str, Any]:
    if sight.order_id is not None:
        return {"order_id": sight.order_id, "about_version": sight.after.version}
    location, sku = place_of(sight.happened.stream_id)
    return {"sku": sku, "location": location, "about_version": sight.happened.version}
