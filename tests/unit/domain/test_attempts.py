"""What is kept of a command that was refused."""

from typing import Any
from uuid import UUID

import pytest

from domain.attempts import AttemptRefused, refused
from domain.catalog import COMMANDS
from domain.orders import commands as c
from domain.orders import events as e
from tests.support.examples import COMMANDS as EXAMPLES
from tests.support.examples import NOW, ORDER_ID, TEA, actor
from tests.support.spec import Step, given


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


SMITH = "Ann Smith +79001234567"
WHO: dict[str, Any] = {"command_id": UUID(int=2), "actor": actor(), "order_id": ORDER_ID}
MONEY: dict[str, Any] = {"payment_id": SMITH, "amount_minor": 5, "currency": "EUR"}
BY_NAME: list[Step] = [  # An order whose every id is free text.
    EXAMPLES["order.place"].model_copy(
        update={"stated": None, "lines": (TEA.model_copy(update={"item_id": SMITH}),)}
    ),
    e.PaymentSubmitted(**MONEY, method="card"),
    e.PaymentSubmitted(**MONEY | {"payment_id": "Bob Smith"}, method="card"),
    e.PaymentSubmitted(**MONEY | {"payment_id": "p-1"}, method="card"),
    e.PaymentCharged(**MONEY, gateway_ref=SMITH),
    e.ShipmentCreated(shipment_id=SMITH, carrier="DHL", pieces={}),
    e.DocumentIssued(
        document_id=SMITH, kind="invoice", series="invoice", number="1", total_minor=5
    ),
]


@pytest.mark.parametrize(
    "wish",
    [
        c.ChangeItem(**WHO, item_id="9", quantity=1),
        c.CreateShipment(**WHO, carrier="DHL", pieces={SMITH: 2}),
        c.CreateShipment(**WHO, carrier="UPS", shipment_id=SMITH, pieces={SMITH: 1}),
        c.MoveShipment(**WHO, shipment_id="s-9", to_status="handed_over"),
        c.MoveDocument(**WHO, document_id="d-9", to_status="sent"),
        c.IssueDocument(**WHO, kind="act", series="act", document_id=SMITH),
        c.SubmitPayment(**WHO, **MONEY | {"amount_minor": 6}, method="card"),
        c.ChargePayment(**WHO, currency="EUR", amount_minor=5),
        c.RefundPayment(**WHO, **MONEY | {"payment_id": "p-9"}, reason_code="late"),
        c.ChargePayment(**WHO, **MONEY | {"amount_minor": 6}, gateway_ref=SMITH),
    ],
    ids=lambda wish: wish.NAME,
)
def test_a_refusal_repeats_no_id_that_may_be_somebodys_name(wish: c.OrderCommand) -> None:
    unmet = given(*BY_NAME).when(wish).unmet

    assert unmet
    assert not [one for one in unmet if "Smith" in one.model_dump_json()]
