"""What people and telephony programs may say of calls about an order."""

from typing import ClassVar

from domain.messages import Code, Moment, Name
from domain.orders.call_events import Direction, TalkSeconds
from domain.orders.order_command import OrderCommand


class LogCall(OrderCommand):
    """Write down a call: by whoever made it, or by the telephony program that saw it."""

    NAME: ClassVar[str] = "order.log_call"
    MAY_BE_FACT: ClassVar[bool] = True

    direction: Direction = "outgoing"
    result: Code
    started_at: Moment | None = None  # None: as long ago as was talked
    talk_seconds: TalkSeconds = 0
    operator: Name | None = None  # whoever acts; a program names who called, None: nobody did
