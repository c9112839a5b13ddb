"""What can have happened between the shop and a customer by phone."""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import AwareDatetime, Field

from domain.messages import Code, Event, Name

Direction = Literal["outgoing", "incoming"]
REACHED: Final = "reached"  # the result of a call in which both sides spoke
LONGEST_TALK: Final = 86_400  # seconds
TalkSeconds = Annotated[int, Field(ge=0, le=LONGEST_TALK)]


class CallLogged(Event):
    """Fact: somebody of the shop and the customer called, or tried to. Not what was said."""

    NAME: ClassVar[str] = "order.call_logged.v1"

    direction: Direction
    result: Code  # reached, no_answer, busy, …
    started_at: AwareDatetime
    talk_seconds: TalkSeconds
    operator: Name | None = None  # id of who called or answered; None: nobody did
