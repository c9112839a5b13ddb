"""Papers that go with mails: a document that was mailed is sent, and that is said in one decision
with the mail itself. Neither stands in the log without the other, whoever dies.

Called by domain.catalog.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.effects.commands import MarkSent
from domain.effects.decide import decide
from domain.effects.effect import Effect
from domain.messages import Decided
from domain.orders.document_events import DocumentMoved
from domain.orders.documents import ISSUED
from domain.orders.events import stream_of
from domain.orders.order import Order


def order_beside(effect: Effect) -> tuple[str, ...]:
    """Name the stream of the order whose document goes with the mail: none, or one."""
    message = effect.message
    if message is None or message.attach is None or message.attach.document_id is None:
        return ()
    return (stream_of(message.order_id),) if message.order_id else ()


def mark_sent(
    cmd: MarkSent, states: Mapping[str, Any], now: datetime
) -> Mapping[str, list[Decided]]:
    """Say that the channel took a message, and that its document is sent. Raises: Refusal"""
    effect: Effect = states[cmd.stream_id]
    events = {cmd.stream_id: decide(effect, cmd, now)}
    for stream in order_beside(effect):
        events[stream] = _moved(effect, states[stream], now)
    return events


def _moved(effect: Effect, order: Order, now: datetime) -> list[Decided]:
    """A document that is paid or cancelled by now stays so."""
    paper = effect.message.attach if effect.message else None
    known = order.documents.get(paper.document_id or "") if paper else None
    if known is None or known.status != ISSUED:
        return []
    moved = DocumentMoved(document_id=known.document_id, from_status=ISSUED, to_status="sent")
    return [Decided(moved, max(now, order.last_occurred_at or now))]
