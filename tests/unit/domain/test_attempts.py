"""What is kept of a command that was refused."""

from typing import Any
from uuid import UUID

import pytest

from domain.attempts import AttemptRefused, refused
from domain.catalog import COMMANDS
from tests.support.examples import NOW, ORDER_ID, actor


@pytest.mark.parametrize(
    ("command", "said", "kept"),
    [
        ("order.change_status", {"to_status": "nowhere"}, {"to_status": "nowhere"}),
        ("order.change_status", {"to_status": "Mrs Smith"}, {}),
        ("order.cancel", {"initiator": "client", "reason_code": "late", "reason": "Smith"},
         {"initiator": "client", "reason_code": "late"}),
        ("order.change_item", {"item_id": "i-1", "quantity": 1_000_000},
         {"item_id": "i-1", "quantity": "1000000"}),
        ("order.change_item", {"item_id": "smith"}, {}),
        ("order.assign_owner", {"user": "smith", "group": "team-2"}, {"group": "team-2"}),
        ("order.charge_payment",
         {"payment_id": "p-1", "amount_minor": 5, "currency": "EUR", "gateway_ref": "smith"},
         {"payment_id": "p-1", "amount_minor": "5", "currency": "EUR"}),
    ],
)  # fmt: skip
def test_an_attempt_keeps_what_was_asked_for_and_no_word_that_may_be_somebodys_name(
    command: str, said: dict[str, Any], kept: dict[str, str]
) -> None:
    who = {"command_id": UUID(int=1), "actor": actor(), "order_id": ORDER_ID}

    attempt = refused(COMMANDS[command].model_validate(who | said), (), 0, NOW).event

    assert isinstance(attempt, AttemptRefused)
    assert attempt.asked == kept
