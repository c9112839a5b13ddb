"""What is still to pay, wherever Orderpath says it: one meaning, from messages to figures."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.rows import dict_row

from domain.documents.papers import Paper
from domain.orders import commands as c
from domain.orders.events import stream_of
from domain.public.order_state import state_of as public_state_of
from domain.templates.template import Template
from infra.postgres import connect
from projections.reports.receivables import list_receivables
from projections.reports.work_queue import list_queue
from services.history import state_of
from services.letters import Letters
from services.streams import events_of
from tests.integration.projections.world import World
from tests.support.examples import CUSTOMER, actor
from tests.support.printed import papers_of, text_of
from tests.support.senders import SETTING

COST = 1_400
TEMPLATE = Template.model_validate(
    {"template": "to_pay", "channel": "sms", "texts": {"en": {"text": "{{ order.to_pay }}"}}}
)


def paid(world: World) -> UUID:
    order_id = world.place(customer=CUSTOMER)
    told = said(order_id, amount_minor=COST)
    outcomes = world.send(c.SubmitPayment(**told, method="card"), c.ChargePayment(**told))
    assert {one.kind for one in outcomes} == {"accepted"}, outcomes
    return order_id


def said(order_id: UUID, **more: Any) -> dict[str, Any]:
    who = {"command_id": uuid4(), "actor": actor("user", "manager"), "order_id": order_id}
    return who | {"payment_id": "p-1", "currency": "EUR"} | more


def back(world: World, movement: type[c.ReturnedPayment], order_id: UUID, minor: int) -> None:
    (outcome,) = world.send(movement(**said(order_id, amount_minor=minor)))
    assert outcome.kind == "accepted", outcome


def still_to_pay(world: World, order_id: UUID) -> dict[str, Any]:
    """Ask everybody who says what is still to pay."""
    world.catch_up()
    order = state_of(events_of(world.pipeline_log, stream_of(order_id)))
    letters = Letters(world.pipeline_log, SETTING)
    page = text_of(papers_of(world).draw(order_id, Paper(kind="order")).content)
    with (
        connect(world.url, role="orderpath_analyst") as connection,
        connection.cursor(row_factory=dict_row) as reader,
    ):
        owed = list_receivables(reader)["orders"]
        queued = list_queue(reader)["orders"]
    (view,) = world.query("select due_minor from analytics.orders where order_id = %s", order_id)
    return {
        "message": letters.preview(TEMPLATE, order_id, "en").text,
        "paper": page.partition("To pay ")[2].partition(" EUR")[0],
        "public": public_state_of(order, order_id, 1, None).due_minor,
        "queue": ["payment" in one["missing"] for one in queued],
        "receivables": [one["unpaid_minor"] for one in owed],
        "view": view[0],
    }


def test_p6_what_we_sent_back_is_demanded_nowhere(world: World) -> None:
    order_id = paid(world)
    before = still_to_pay(world, order_id)
    back(world, c.RefundPayment, order_id, 200)

    assert still_to_pay(world, order_id) == before
    assert before == {
        "message": "0.00 EUR", "paper": "0.00", "public": 0, "queue": [False], "receivables": [],
        "view": 0,
    }  # fmt: skip


@pytest.mark.parametrize("refunded", [0, 500])
def test_p6_what_the_bank_took_back_is_demanded_everywhere(world: World, refunded: int) -> None:
    order_id = paid(world)
    back(world, c.ChargeBackPayment, order_id, 200)
    if refunded:
        back(world, c.RefundPayment, order_id, refunded)

    assert still_to_pay(world, order_id) == {
        "message": "2.00 EUR", "paper": "2.00", "public": 200, "queue": [True],
        "receivables": [200], "view": 200,
    }  # fmt: skip


def test_p6_a_paper_says_what_was_sent_back_so_that_its_sums_add_up(world: World) -> None:
    order_id = paid(world)
    back(world, c.RefundPayment, order_id, 200)

    page = text_of(papers_of(world).draw(order_id, Paper(kind="order")).content)

    assert "Total 14.00 EUR Paid 12.00 EUR Sent back 2.00 EUR To pay 0.00 EUR" in page
