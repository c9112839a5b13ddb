"""V17: an enquiry becomes a customer and then an order, or is closed with a reason."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.customers.events import CustomerCreated
from domain.enquiries import commands as c
from domain.enquiries import events as e
from domain.orders.commands import PlaceOrder
from tests.support.examples import COMMANDS, CUSTOMER, ENQUIRY_ID, NOW, ORDER_ID, actor
from tests.support.spec import given

WHO: dict[str, Any] = {"command_id": UUID(int=3), "actor": actor(), "enquiry_id": ENQUIRY_ID}
ASKED = e.EnquiryRecorded(channel="phone", text="Green tea?", customer=CUSTOMER)
CLOSE = c.CloseEnquiry(**WHO, reason_code="too_expensive")
BECAME = e.EnquiryOrdered(order_id=ORDER_ID)
PLACE = COMMANDS["order.place"].model_copy(update={"enquiry_id": ENQUIRY_ID})
ANOTHER = PLACE.model_copy(update={"order_id": UUID(int=99)})


def record(**more: Any) -> c.RecordEnquiry:
    return c.RecordEnquiry(**{**WHO, "channel": "phone", "text": "Green tea?", **more})


def created() -> CustomerCreated:
    return CustomerCreated(customer_id="c-7", **CUSTOMER.model_dump(exclude={"customer_id"}))


class TestRecord:
    def test_v17_who_asks_becomes_a_customer(self) -> None:
        answer = given().when(record(customer=CUSTOMER)).then(ASKED, created())

        assert answer.enquiry.subject_id == "c-7"

    def test_v17_somebody_may_ask_without_a_name(self) -> None:
        answer = given().when(record())

        answer.then(e.EnquiryRecorded(channel="phone", text="Green tea?"))
        assert answer.enquiry.subject_id is None

    def test_an_enquiry_is_recorded_once(self) -> None:
        given(ASKED).when(record(expected_status="new")).then_refused(
            "status_differs", "enquiry_exists"
        )


class TestClose:
    def test_v17_it_may_end_without_an_order(self) -> None:
        answer = given(ASKED).when(CLOSE).then(e.EnquiryClosed(reason_code="too_expensive"))

        assert answer.enquiry.closed
        given(ASKED, CLOSE).when(CLOSE).then_nothing()

    def test_what_became_an_order_is_not_closed(self) -> None:
        given(ASKED, BECAME).when(CLOSE).then_refused("enquiry_ordered")

    def test_what_nobody_asked_is_not_closed_and_all_that_is_wrong_is_told(self) -> None:
        wrong = CLOSE.model_copy(
            update={"expected_status": "new", "occurred_at": NOW - timedelta(days=1)}
        )

        given().when(wrong).then_refused("status_differs", "time_not_allowed", "enquiry_unknown")


class TestOrder:
    def test_v17_an_order_marks_its_enquiry_in_the_same_decision(self) -> None:
        placed, *rest = given(ASKED, created()).when(PLACE).events

        assert placed.NAME == "order.placed.v1"
        assert rest == [BECAME]

    def test_v17_who_asked_orders_without_being_named_again(self) -> None:
        answer = given(ASKED, created()).when(PLACE.model_copy(update={"customer": None}))

        assert answer.unmet == ()
        assert answer.order.placed is not None
        assert answer.order.placed.customer == CUSTOMER
        assert answer.order.subject_id == "c-7"

    def test_v17_an_enquiry_becomes_one_order(self) -> None:
        given(ASKED, BECAME).when(ANOTHER).then_refused("enquiry_ordered")

    def test_v17_what_is_closed_or_unknown_becomes_none(self) -> None:
        given(ASKED, CLOSE).when(PLACE).then_refused("enquiry_closed")
        given().when(PLACE).then_refused("enquiry_unknown")

    def test_what_stands_against_order_and_enquiry_is_told_at_once(self) -> None:
        assert isinstance(PLACE, PlaceOrder)
        wrong = PLACE.model_copy(update={"path": "unheard"})

        given(ASKED, CLOSE).when(wrong).then_refused("path_unknown", "enquiry_closed")
