"""Which messages `effects resend` and `drop` take: all that are meant, on however many pages."""

from typing import Any, cast
from uuid import UUID, uuid4

from services.cli.effects import Chosen, all_meant
from services.desks import Desk
from services.questions.effects import Effects


class Pages:
    """A desk with pages of one message each."""

    def __init__(self, messages: list[UUID]) -> None:
        self.messages = messages

    def ask(self, asked: Effects) -> dict[str, Any]:
        place = int(asked.cursor or 0)
        more = str(place + 1) if place + 1 < len(self.messages) else None
        assert asked.state == "dead"
        return {"effects": [{"effect_id": str(self.messages[place])}], "next": more}


def test_all_pages_of_what_is_meant_are_taken() -> None:
    messages = [uuid4() for _ in range(3)]

    assert [*all_meant(cast(Desk, Pages(messages)), Chosen(state="dead"))] == messages
