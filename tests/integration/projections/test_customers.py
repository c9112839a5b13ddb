"""Who is known and who asked, as analysts see it: without a name, a number or an address."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.customers import commands as k
from domain.enquiries import commands as q
from domain.messages import Command
from domain.orders import commands as c
from domain.orders.events import Customer
from tests.integration.projections.laws import assert_tables_follow_from_the_log, in_pieces
from tests.integration.projections.world import World
from tests.support.examples import CUSTOMER, NOW, actor

ANALYST = "orderpath_analyst"
HOUR = timedelta(hours=1)


def to(kind: type[Command], **body: Any) -> Command:
    return kind.model_validate({"command_id": uuid4(), "actor": actor(), **body})


def to_anna(kind: type[Command], **body: Any) -> Command:
    return to(kind, customer_id="c-7", **body)


def some_days(world: World) -> list[UUID]:
    """Anna orders, is tagged and marked; three others ask, and one of them orders."""
    world.move(world.place(customer=CUSTOMER), "confirmed", "packed", "done")
    world.move(world.place(customer=CUSTOMER), "cancelled")
    world.place(customer=CUSTOMER, test=True)
    world.send(
        to_anna(k.AddTag, tag="wholesale"),
        to_anna(k.AddTag, tag="gone"),
        to_anna(k.RemoveTag, tag="gone"),
        to_anna(k.SetMark, mark="bad", reason_code="did_not_buy_out"),
        to_anna(k.SetMark, mark="rude", reason_code="seen"),
        to_anna(k.RemoveMark, mark="rude", reason_code="settled"),
        to_anna(k.NoteCustomer, text="Rings after six only"),
    )
    enquiries = [uuid4() for _ in range(4)]
    world.now = NOW + HOUR
    for number, enquiry_id in enumerate(enquiries):
        who = Customer(customer_id=f"c-{number}", phone="1") if number else None
        world.send(
            to(q.RecordEnquiry, enquiry_id=enquiry_id, channel="phone", text="Tea?", customer=who)
        )
    world.now += HOUR
    world.move(world.place(enquiry_id=enquiries[1]), "confirmed", "packed", "done")
    world.place(enquiry_id=enquiries[3], test=True)
    world.send(to(q.CloseEnquiry, enquiry_id=enquiries[2], reason_code="too_expensive"))
    return enquiries


def test_p5_p21_a_customer_is_told_with_tags_marks_and_orders(world: World) -> None:
    some_days(world)
    world.catch_up()

    assert world.query(
        "select created_at, tags, marks, mark_reasons, orders, open_orders, won_orders,"
        " lost_orders, first_order_at, last_order_at from analytics.customers"
        " where customer_id = 'c-7'",
        role=ANALYST,
    ) == [
        (NOW, ["wholesale"], ["bad"], {"bad": "did_not_buy_out"}, 2, 0, 1, 1,
         NOW, NOW + timedelta(minutes=3))
    ]  # fmt: skip
    assert world.query("select customer_id, orders from analytics.customers order by 1") == [
        ("c-1", 1), ("c-2", 0), ("c-3", 0), ("c-7", 2)
    ]  # fmt: skip


def test_v17_an_enquiry_is_told_with_what_became_of_it(world: World) -> None:
    unknown, bought, closed, _ = some_days(world)
    world.catch_up()

    found = world.query(
        "select enquiry_id, channel, customer_id, asked_at, state, seconds >= 3600, reason_code,"
        " order_id is null from analytics.enquiries order by state desc",
        role=ANALYST,
    )
    assert found == [
        (bought, "phone", "c-1", NOW + HOUR, "ordered", True, None, False),
        (unknown, "phone", None, NOW + HOUR, "open", None, None, True),
        (closed, "phone", "c-2", NOW + HOUR, "closed", True, "too_expensive", True),
    ]


def test_v17_the_way_from_enquiry_to_order_is_counted_by_day_and_channel(world: World) -> None:
    some_days(world)
    world.catch_up()

    assert world.query(
        "select day, channel, enquiries, open, closed, ordered, won, share,"
        " median_seconds from analytics.enquiry_conversion",
        role=ANALYST,
    ) == [(NOW.date(), "phone", 3, 1, 1, 1, 1, 1 / 3, 3600.0)]


def test_d4_no_table_holds_what_is_personal(world: World) -> None:
    some_days(world)
    world.catch_up()

    told = repr(world.tables())
    for secret in ("Anna", "900 000", "anna@example.org", "Rings", "Tea?", "sealed"):
        assert secret not in told


@in_pieces
def test_d12_in_whatever_pieces_again_and_rebuilt_the_tables_are_the_same(
    world: World, batch_events: int
) -> None:
    some_days(world)
    world.follower(batch_events).catch_up()

    assert_tables_follow_from_the_log(world, "customers", "enquiries")


def test_imported_orders_of_somebody_make_no_customer(world: World) -> None:
    told = {"kind": "placed", "fact_id": uuid4(), "occurred_at": NOW, "status": "new",
            "currency": "EUR", "customer": CUSTOMER}  # fmt: skip
    world.send(
        to(c.RecordFacts, order_id=uuid4(), path="shop", facts=[told], actor=actor("import"))
    )
    world.catch_up()

    assert world.query("select count(*) from analytics.orders where customer_id = 'c-7'") == [(1,)]
    assert world.query("select count(*) from analytics.customers") == [(0,)]
