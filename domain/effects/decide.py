"""decide: from an effect and a wish to events, or to everything that stands against it.

services.pipeline decides commands here.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never

from domain.documents.papers import DrawnPaper, document_of
from domain.effects import commands as c
from domain.effects import events as e
from domain.effects import guards
from domain.effects.effect import Effect
from domain.guards import no_status_is_expected
from domain.messages import Decided, Event
from domain.orders.order import Order
from domain.refusals import Refusal, Unmet
from domain.templates.line import TemplateLine


def request(
    effect: Effect,
    line: TemplateLine | None,
    order: Order | None,
    cmd: c.RequestEffect,
    now: datetime,
) -> list[Decided]:
    """Have a message sent. Raises: Refusal

    line: of its template, if it has one; order: of what is attached, if anything is
    """
    unmet = [
        *no_status_is_expected(cmd, "An effect"),
        *guards.effect_is_new(effect),
        *guards.message_is_whole(cmd),
        *guards.recipient_is_whole(cmd),
        *guards.template_fits(cmd, line),
        *guards.paper_fits(cmd, order),
    ]
    if unmet:
        raise Refusal(*unmet)
    said = {name: getattr(cmd, name) for name in e.Message.model_fields}
    version = line.latest if line else None
    attach = _drawn(cmd, order)
    return [Decided(e.EffectRequested(**said, template_version=version, attach=attach), now)]


def _drawn(cmd: c.RequestEffect, order: Order | None) -> DrawnPaper | None:
    """Settle what is attached, so that every attempt and every reader means the same page."""
    if cmd.attach is None or order is None:
        return None
    shown = document_of(order, cmd.attach)
    return DrawnPaper(
        kind=cmd.attach.kind,
        document_id=shown.document_id if shown else None,
        order_version=order.version,
    )


def decide(effect: Effect, cmd: c.EffectWish, now: datetime) -> list[Decided]:
    """Decide what becomes of a message; what is so already is nothing. Raises: Refusal"""
    unmet = [
        *no_status_is_expected(cmd, "An effect"),
        *guards.effect_exists(effect),
        *_against(effect, cmd),
    ]
    if unmet:
        raise Refusal(*unmet)
    event = _event(effect, cmd)
    return [] if event is None else [Decided(event, now)]


def _against(effect: Effect, cmd: c.EffectWish) -> Iterator[Unmet]:
    match cmd:
        case c.MarkSent(attempt=attempt):  # Also what was dropped while it was on its way.
            yield from guards.effect_is_not(effect, "sent", "dead")
            yield from guards.attempt_is_the_next(effect, attempt)
        case c.MarkFailed(attempt=attempt):
            yield from guards.effect_is_not(effect, "sent", "dropped", "dead")
            yield from guards.attempt_is_the_next(effect, attempt)
        case c.ResendEffect():
            yield from guards.effect_is_not(effect, "dropped")
        case c.DropEffect():
            yield from guards.effect_is_not(effect, "sent")
        case _:
            assert_never(cmd)


def _event(effect: Effect, cmd: c.EffectWish) -> Event | None:
    match cmd:
        case c.MarkSent():
            return e.EffectSent(attempt=cmd.attempt, provider_id=cmd.provider_id)
        case c.MarkFailed():
            said = cmd.model_dump(include=set(e.EffectFailed.model_fields))
            return e.EffectFailed(**said)
        case c.ResendEffect():
            return None if effect.state == "pending" else e.EffectResent()
        case c.DropEffect(reason_code=why):
            return None if effect.state == "dropped" else e.EffectDropped(reason_code=why)
        case _:
            assert_never(cmd)
