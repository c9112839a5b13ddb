"""Papers that go with mails: settled when they are asked for; what was mailed is sent."""

from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from domain.documents.papers import DrawnPaper, Paper
from domain.effects import commands as c
from domain.effects import events as e
from domain.messages import Command
from domain.orders.commands import IssueDocument, MoveDocument
from domain.orders.document_events import DocumentMoved
from domain.orders.documents import DOCUMENT_MOVES
from tests.support.examples import COMMANDS, ORDER_ID, actor
from tests.support.outgoing import EFFECT_ID, PUBLISHED, request
from tests.support.spec import Scenario, given

WHO: Final[dict[str, Any]] = {"command_id": UUID(int=3), "actor": actor("user", "manager")}
WHICH: Final[dict[str, Any]] = {**WHO, "effect_id": EFFECT_ID}
PLACED: Final = COMMANDS["order.place"]
ISSUED: Final = IssueDocument(**WHO, order_id=ORDER_ID, kind="invoice")
INVOICE: Final = Paper(kind="invoice")
SENT: Final = c.MarkSent(**WHICH, attempt=1)
IS_SENT: Final = DocumentMoved(document_id="invoice-1", from_status="issued", to_status="sent")


def move(status: str, document_id: str = "invoice-1") -> MoveDocument:
    told = {"document_id": document_id, "to_status": status, "reason_code": "wrong"}
    return MoveDocument.model_validate({**WHO, **told, "order_id": ORDER_ID})


def with_paper(paper: Paper = INVOICE, **other: Any) -> c.RequestEffect:
    said = {"order_id": ORDER_ID, "about_version": None, "attach": paper}
    return request(**said | other)


def asked(*steps: Command, paper: Paper = INVOICE) -> Scenario:
    return given(PUBLISHED, PLACED, ISSUED, with_paper(paper), *steps)


def drawn_paper(scenario: Scenario, paper: Paper) -> DrawnPaper | None:
    (event,) = scenario.when(with_paper(paper)).events
    assert isinstance(event, e.EffectRequested)
    return event.attach


def test_a_message_settles_its_document_and_the_version_of_the_order() -> None:
    two = given(PUBLISHED, PLACED, ISSUED, ISSUED)
    assert drawn_paper(two, INVOICE) == DrawnPaper(
        kind="invoice", document_id="invoice-2", order_version=3
    )
    cancelled = given(PUBLISHED, PLACED, ISSUED, ISSUED, move("cancelled", "invoice-2"))
    assert drawn_paper(cancelled, INVOICE) == DrawnPaper(
        kind="invoice", document_id="invoice-1", order_version=4
    )
    whole = Paper(kind="order")
    assert drawn_paper(given(PUBLISHED, PLACED), whole) == DrawnPaper(kind="order", order_version=1)


def test_a_paper_goes_with_a_mail_about_an_order() -> None:
    scenario = given(PUBLISHED, PLACED)
    sms, nothing = with_paper(channel="sms"), with_paper(order_id=None)
    scenario.when(sms).then_refused("template_of_other_channel", "paper_unfit")
    scenario.when(nothing).then_refused("template_without_subject", "paper_unfit")
    scenario.when(with_paper(order_id=UUID(int=404))).then_refused("order_unknown")


@pytest.mark.parametrize("paper", [None, Paper(kind="order", document_id="act-1")])
def test_a_paper_of_a_document_that_is_not_there_is_refused(paper: Paper | None) -> None:
    wish = with_paper() if paper is None else with_paper(paper)
    given(PUBLISHED, PLACED).when(wish).then_refused("paper_without_document")


def test_only_a_cancelled_invoice_is_none() -> None:
    refused = given(PUBLISHED, PLACED, ISSUED, move("cancelled")).when(with_paper())
    refused.then_refused("paper_without_document")


def test_v11_the_mail_and_its_invoice_are_sent_in_one_decision() -> None:
    asked().when(SENT).then(e.EffectSent(attempt=1), IS_SENT)


def test_a_document_that_is_further_stays_where_it_is() -> None:
    for status in ("sent", "paid", "cancelled"):
        asked(move(status)).when(SENT).then(e.EffectSent(attempt=1))


def test_an_order_on_paper_moves_no_document() -> None:
    asked(paper=Paper(kind="order")).when(SENT).then(e.EffectSent(attempt=1))


@drawn(st.lists(st.sampled_from(["sent", "resend", "drop", "paid", "cancelled"]), max_size=8))
def test_whatever_happens_a_document_only_goes_its_ways(words: list[str]) -> None:
    scenario, attempt = asked(), 1
    for word in words:
        commands: dict[str, Command] = {
            "sent": c.MarkSent(**WHICH, attempt=attempt),
            "resend": c.ResendEffect(**WHICH),
            "drop": c.DropEffect(**WHICH, reason_code="told_by_phone"),
        }
        answer = scenario.when(commands.get(word) or move(word))
        attempt += any(isinstance(event, e.EffectSent) for event in answer.events)

    moves = [one.event for _, one in scenario.world.stored if isinstance(one.event, DocumentMoved)]
    assert {(one.from_status, one.to_status) for one in moves} <= DOCUMENT_MOVES
    assert sum(one.to_status == "sent" for one in moves) <= 1
