"""Documents of an order: numbers without gaps, and a life of their own."""

from typing import Any
from uuid import UUID

import pytest

from domain.documents.events import NumberTaken
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.decide_documents import MAX_DOCUMENTS
from domain.orders.documents import DOCUMENT_MOVES
from domain.paths.conditions import compile_condition, evaluate
from domain.paths.environment import ENVIRONMENT, ListOf, Record
from domain.paths.path import OrderPath
from tests.support.contexts import context
from tests.support.examples import COMMANDS, ORDER_ID, actor
from tests.support.examples import PATH as SHOP
from tests.support.spec import given

WHO: dict[str, Any] = {"command_id": UUID(int=6), "actor": actor(), "order_id": ORDER_ID}
PLACE = COMMANDS["order.place"]


def issue(kind: str = "invoice", **more: Any) -> c.IssueDocument:
    return c.IssueDocument(**WHO, kind=kind, **more)


def bring(to_status: Any, document_id: str = "invoice-1", **more: Any) -> c.MoveDocument:
    return c.MoveDocument(**WHO, document_id=document_id, to_status=to_status, **more)


class TestIssueDocument:
    def test_r5_r7_a_document_gets_the_next_number_of_its_series_in_one_decision(self) -> None:
        answer = given(PLACE).when(issue())

        answer.then(
            e.DocumentIssued(
                document_id="invoice-1",
                kind="invoice",
                series="invoice",
                number="1",
                total_minor=1_650,
                currency="EUR",
            ),
            NumberTaken(
                serial=1,
                year=2026,
                number="1",
                kind="invoice",
                order_id=ORDER_ID,
                document_id="invoice-1",
            ),
        )

    def test_r5_r7_an_order_has_different_documents_at_different_moments(self) -> None:
        order = given(PLACE, issue(), COMMANDS["order.cancel"], issue("act")).world.order

        assert [(d.document_id, d.number) for d in order.documents.values()] == [
            ("invoice-1", "1"),
            ("act-1", "1"),
        ]

    def test_several_kinds_may_share_a_series(self) -> None:
        order = given(PLACE, issue(), issue("receipt", series="invoice"), issue()).world.order

        assert [d.number for d in order.documents.values()] == ["1", "2", "3"]
        assert list(order.documents) == ["invoice-1", "receipt-1", "invoice-2"]

    def test_the_same_document_again_takes_no_number(self) -> None:
        scenario = given(PLACE, issue(document_id="d-1"))

        scenario.when(issue(document_id="d-1")).then_nothing()
        scenario.when(issue("act", document_id="d-1")).then_refused("document_exists")
        assert scenario.world.series.serial == 1

    def test_a_refused_document_takes_no_number(self) -> None:
        scenario = given()

        scenario.when(issue(expected_status="new")).then_refused("order_unknown", "status_differs")
        assert scenario.world.series.version == 0

    def test_an_order_has_so_many_documents(self) -> None:
        issued = COMMANDS["order.issue_document"]
        many = [issued.model_copy(update={"document_id": f"x-{n}"}) for n in range(MAX_DOCUMENTS)]

        given(PLACE, *many).when(issue()).then_refused("too_many_documents")

    def test_v9_r5_a_guard_can_ask_for_an_invoice(self) -> None:
        has_invoice = compile_condition(
            "documents.exists(d, d.kind == 'invoice' && d.status != 'cancelled')", ENVIRONMENT
        )
        scenario = given(PLACE, issue("act"))
        answers = []
        for command in (issue(), bring("cancelled", reason_code="wrong_address")):
            order = scenario.when(command).order
            type_ = ENVIRONMENT["documents"]
            assert isinstance(type_, ListOf)
            assert isinstance(type_.element, Record)
            seen = [
                {name: getattr(one, name) for name in type_.element.fields}
                for one in order.documents.values()
            ]
            answers += evaluate([has_invoice], context(documents=seen))

        assert answers == [True, False]


class TestMoveDocument:
    @pytest.mark.parametrize("ways", [["sent", "paid"], ["paid"], ["sent"]])
    def test_v9_a_document_is_sent_and_paid(self, ways: list[str]) -> None:
        order = given(PLACE, issue(), *map(bring, ways)).world.order

        assert order.documents["invoice-1"].status == ways[-1]

    def test_a_cancelled_document_keeps_its_number(self) -> None:
        cancel = bring("cancelled", reason_code="wrong_address")
        scenario = given(PLACE, issue(), bring("sent"))

        scenario.when(cancel).then(
            e.DocumentMoved(
                document_id="invoice-1",
                from_status="sent",
                to_status="cancelled",
                reason_code="wrong_address",
            )
        )
        order = scenario.when(issue()).order
        assert [(d.number, d.status) for d in order.documents.values()] == [
            ("1", "cancelled"),
            ("2", "issued"),
        ]

    def test_to_cancel_one_needs_a_reason_code(self) -> None:
        given(PLACE, issue()).when(bring("cancelled")).then_refused("reason_code_required")

    def test_where_it_is_already_is_nothing(self) -> None:
        given(PLACE, issue(), bring("sent")).when(bring("sent")).then_nothing()

    def test_no_way_that_is_not_there_and_no_document_that_is_not_there(self) -> None:
        scenario = given(PLACE, issue(), bring("paid"))

        answer = scenario.when(bring("sent"))
        answer.then_refused("document_transition_not_allowed")
        assert answer.unmet[0].needed == "one of cancelled"
        scenario.when(bring("sent", "act-1")).then_refused("document_unknown")
        assert {source for source, _ in DOCUMENT_MOVES} == {"issued", "sent", "paid"}


class TestDocumentsOfAStatus:
    """What entering a status needs, from `on_enter: {documents: [...]}` of the path."""

    def test_r5_an_order_that_follows_its_pieces_waits_for_its_documents(self) -> None:
        confirmed = {"stage": "work", "on_enter": {"documents": ["invoice", "act"]}}
        path = OrderPath.model_validate(
            {
                **SHOP.content,
                "statuses": {**SHOP.content["statuses"], "confirmed": confirmed},
                "follow": [{"items": "assembled", "from": "new", "to": "confirmed"}],
            }
        )
        pack = c.MoveItem(
            **WHO, item_id="1", quantity=3, from_status="ordered", to_status="assembled"
        )

        without = given(PLACE, issue("act"), paths=[path]).when(pack)
        with_both = given(PLACE, issue("act"), issue(), paths=[path]).when(pack)

        assert without.order.status == "new"
        assert with_both.order.status == "confirmed"
