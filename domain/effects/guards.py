"""Conditions on what may happen to an effect. Each gives what is unmet, nothing if all is well."""

from collections.abc import Iterator, Mapping
from typing import Final

from domain.documents.papers import against_paper
from domain.effects.commands import RequestEffect
from domain.effects.effect import Effect, State
from domain.orders.guards import order_exists
from domain.orders.order import Order
from domain.refusals import Unmet
from domain.templates.line import TemplateLine


def effect_is_new(effect: Effect) -> Iterator[Unmet]:
    if effect.exists:
        yield Unmet(
            code="effect_exists",
            field="effect_id",
            message="There is such an effect already",
            needed="another effect_id; to send it again, `effect.resend`",
        )


def effect_exists(effect: Effect) -> Iterator[Unmet]:
    if not effect.exists:
        yield Unmet(
            code="effect_unknown",
            field="effect_id",
            message="There is no such effect",
            needed="an id that `orderpath effects list` shows",
        )


_STATED: Final[Mapping[State, Unmet]] = {
    "sent": Unmet(
        code="effect_sent",
        field="effect_id",
        message="The message is sent",
        needed="an effect that is not, or `effect.resend` first",
    ),
    "dropped": Unmet(
        code="effect_dropped",
        field="effect_id",
        message="The message was dropped: nobody is to get it",
        needed="a new effect",
    ),
    "dead": Unmet(
        code="effect_dead",
        field="effect_id",
        message="The message is dead: it is not tried any more",
        needed="`effect.resend` first",
    ),
}


def effect_is_not(effect: Effect, *states: State) -> Iterator[Unmet]:
    if effect.state in states:
        yield _STATED[effect.state]


def attempt_is_the_next(effect: Effect, attempt: int) -> Iterator[Unmet]:
    if attempt != effect.attempts + 1:
        yield Unmet(
            code="attempt_not_next",
            field="attempt",
            message=f"{attempt} is not the next attempt: there were {effect.attempts}",
            needed=str(effect.attempts + 1),
        )


def message_is_whole(cmd: RequestEffect) -> Iterator[Unmet]:
    """A mail or an SMS has a recipient and a template, a webhook an endpoint."""
    is_webhook = cmd.channel == "webhook"
    wanted = {"endpoint": is_webhook, "to": not is_webhook, "template": not is_webhook}
    for field, is_wanted in wanted.items():
        if (getattr(cmd, field) is not None) != is_wanted:
            yield Unmet(
                code="effect_unfit",
                field=field,
                message=f"A {cmd.channel} {'needs' if is_wanted else 'has no'} {field}",
                needed="a template and to whom, of a webhook only the endpoint",
            )


def recipient_is_whole(cmd: RequestEffect) -> Iterator[Unmet]:
    """Whoever is to be told is named, so that a sender can find out how."""
    to = cmd.to
    if to is None:
        return
    missing = {
        "who": to.kind in ("user", "group") and to.who is None,
        "address": to.kind == "address" and to.address is None,
        "customer_id": to.kind == "customer" and to.customer_id is None and cmd.order_id is None,
        "order_id": to.kind == "owner" and cmd.order_id is None,
    }
    for field, is_missing in missing.items():
        if is_missing:
            yield Unmet(
                code="recipient_unnamed",
                field=f"to.{field}" if field != "order_id" else field,
                message=f"Nobody is named: the {to.kind} has no {field}",
                needed=field,
            )


def template_fits(cmd: RequestEffect, line: TemplateLine | None) -> Iterator[Unmet]:
    """The template is published, for this channel, and speaks of nothing that there is not."""
    if line is None:
        return
    template = line.template
    if template is None:
        yield Unmet(
            code="template_unknown",
            field="template",
            message=f"No template {cmd.template} is published",
            needed="one that `orderpath template list` names, or publish it first",
        )
        return
    if template.channel != cmd.channel:
        yield Unmet(
            code="template_of_other_channel",
            field="template",
            message=f"The template {cmd.template} is for {template.channel}",
            needed=f"one for {cmd.channel}",
        )
    known = {"order": cmd.order_id, "stock": cmd.sku}
    for subject in sorted(template.speaks_of & known.keys()):
        if known[subject] is None:
            yield Unmet(
                code="template_without_subject",
                field="template",
                message=f"The template {cmd.template} speaks of the {subject}, and there is none",
                needed=f"the {subject} that it is about, or another template",
            )


def paper_fits(cmd: RequestEffect, order: Order | None) -> Iterator[Unmet]:
    """Papers are of an order that there is, and go by mail."""
    if cmd.attach is None:
        return
    if cmd.channel != "mail" or order is None:
        yield Unmet(
            code="paper_unfit",
            field="attach",
            message=f"A paper is attached to a {cmd.channel}"
            + ("" if order else " that is about no order"),
            needed="a mail about an order",
        )
        return
    yield from order_exists(order, cmd.order_id)
    if order.exists:
        yield from against_paper(order, cmd.attach)
