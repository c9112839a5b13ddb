"""Facts from elsewhere: recorded whatever the path says, once, at their own time."""

from datetime import timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from domain.messages import ActorKind, Event
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.money import Line
from tests.support.examples import COMMANDS, CUP, EVENTS, NOW, ORDER_ID, PATH, TEA, actor, fact_id
from tests.support.spec import Stored, given

IMPORT = COMMANDS["order.record_facts"]
PLACE = COMMANDS["order.place"]
EARLY = NOW - timedelta(days=9)


def record(*facts: c.Fact, path: str = "shop") -> c.RecordFacts:
    return c.RecordFacts(
        command_id=UUID(int=5), actor=actor("import"), order_id=ORDER_ID, path=path, facts=facts
    )


def at(minutes: int, number: int) -> dict[str, Any]:
    return {"fact_id": fact_id(number), "occurred_at": EARLY + timedelta(minutes=minutes)}


def status(code: str, minutes: int, number: int, rank: int = 0) -> c.StatusFact:
    return c.StatusFact(**at(minutes, number), status=code, rank=rank)


def placed(number: int, minutes: int = 0, currency: str = "EUR") -> c.PlacedFact:
    return c.PlacedFact(**at(minutes, number), status="new", currency=currency)


def item(number: int, line: Line, minutes: int = 0) -> c.ItemFact:
    return c.ItemFact(**at(minutes, number), line=line)


def test_d14_what_happened_elsewhere_is_recorded_at_its_own_time() -> None:
    answer = given().when(IMPORT)

    stored = [one for stream, one in answer.world.stored if stream.startswith("order-")]
    assert [one.event.NAME for one in stored] == [
        "order.placed.v1",
        "order.item_added.v1",
        "order.payment_charged.v1",
        "order.status_recorded.v1",
        "order.source_status_noted.v1",
    ]
    assert all(one.fact_id is not None and one.occurred_at < NOW for one in stored)
    assert (answer.order.status, answer.order.payment_status) == ("packed", "paid")


def test_imported_facts_set_no_deadlines() -> None:
    answer = given().when(IMPORT)

    assert answer.order.placed is not None
    assert answer.order.placed.deadlines == ()


def test_d14_a_status_that_the_path_forbids_is_recorded_with_the_reason() -> None:
    answer = given().when(record(placed(1), status("packed", 1, 2), status("done", 2, 3)))

    conforming = [
        (x.to_status, x.conforming, x.nonconforming)
        for x in answer.events
        if isinstance(x, e.StatusRecorded)
    ]
    assert conforming == [
        ("packed", False, ("transition_not_allowed",)),
        ("done", True, ()),
    ]


def test_a_first_status_that_no_order_starts_in_does_not_conform() -> None:
    (event,) = given().when(record(status("packed", 0, 1))).events

    assert isinstance(event, e.StatusRecorded)
    assert event.nonconforming == ("not_an_initial_status",)


def test_every_kind_of_payment_fact_becomes_its_event() -> None:
    movements: dict[str, type[Event]] = {
        "submitted": e.PaymentSubmitted,
        "authorised": e.PaymentAuthorised,
        "charged": e.PaymentCharged,
        "refunded": e.PaymentRefunded,
        "charged_back": e.PaymentChargedBack,
    }
    for movement, event_type in movements.items():
        fact = c.PaymentFact(
            **at(0, 1), movement=movement, payment_id="p", amount_minor=5, currency="EUR"
        )
        (event,) = given().when(record(fact)).events
        assert type(event) is event_type


def test_what_a_source_tells_of_a_payment_is_kept_whichever_movement_it_is() -> None:
    told: dict[str, Any] = {
        "external_id": "A-17",
        "customer_id": "c-1",
        "actor": "bob",
        "role": "till",
        "reason_code": "fraud_suspected",
        "attributes": {"lane": "2"},
        "personal": '{"phone": "1"}',
    }
    for movement in e.PAYMENT_EVENTS:
        fact = c.PaymentFact(
            **at(0, 1), **told, movement=movement, payment_id="p", amount_minor=5, currency="EUR"
        )

        answer = given().when(record(fact))

        (event,) = answer.events
        assert {name: getattr(event, name) for name in told} == told
        assert answer.order.subject_id == "c-1"  # Whose key seals what is personal.


def test_d14_a_fact_is_recorded_once() -> None:
    given(IMPORT).when(IMPORT).then_nothing()


def test_a_fact_that_stands_twice_in_a_command_is_recorded_once() -> None:
    assert len(given().when(record(placed(1), placed(1))).events) == 1


def test_an_annulled_fact_does_not_come_back_with_the_next_import() -> None:
    history = record(placed(1), status("packed", 1, 2))
    annul = COMMANDS["order.correct"]  # The second event.

    answer = given(history, annul).when(history)

    answer.then_nothing()
    assert answer.order.status == "new"


def test_only_what_is_new_is_recorded() -> None:
    more = record(placed(1), status("packed", 1, 2))

    (event,) = given(record(placed(1))).when(more).events

    assert event.NAME == "order.status_recorded.v1"


@pytest.mark.parametrize("kind", ["user", "trigger", "clock"])
def test_nobody_gets_around_the_path_by_telling_facts(kind: ActorKind) -> None:
    told = record(placed(1), status("done", 1, 2)).model_copy(update={"actor": actor(kind)})

    answer = given().when(told)

    answer.then_refused("facts_not_allowed")
    assert answer.fields == ["actor.kind"]


@pytest.mark.parametrize("kind", ["import", "api_key", "system"])
def test_facts_come_from_outside(kind: ActorKind) -> None:
    told = record(placed(1), status("done", 1, 2)).model_copy(update={"actor": actor(kind)})

    assert given().when(told).order.status == "done"


def test_facts_need_a_published_path() -> None:
    given().when(record(placed(1), path="other")).then_refused("path_unknown")


def test_an_order_stays_on_the_version_that_it_is_pinned_to() -> None:
    second = PATH.model_copy(update={"title": {"en": "Second"}})
    scenario = given(record(placed(1)))
    published = EVENTS["path.published.v1"].model_copy(
        update={"path_version": 2, "definition": second}
    )
    scenario.world.states["path-shop"] = scenario.world.state("path-shop").evolve(
        Stored(published, 2, NOW)
    )
    scenario.world.paths["shop", 2] = second

    (event,) = scenario.when(record(status("packed", 1, 2))).events

    assert isinstance(event, e.StatusRecorded)
    assert event.path_version == 1


def test_d14_what_cannot_be_a_fact_of_this_path_is_named_with_its_place() -> None:
    ahead = int((NOW - EARLY).total_seconds() // 60) + 7  # The second command comes a minute later.
    known = placed(1)

    answer = given(record(known)).when(
        record(known, status("nowhere", 1, 2), status("elsewhere", ahead, 3))
    )

    answer.then_refused("status_unknown", "time_in_future", "status_unknown")
    assert answer.fields == ["facts.1.status", "facts.2.occurred_at", "facts.2.status"]


def test_a_fact_may_be_five_minutes_ahead_because_clocks_differ() -> None:
    ahead = int((NOW - EARLY).total_seconds() // 60) + 5

    assert given().when(record(placed(1, ahead))).order.status == "new"


def test_facts_of_the_same_second_follow_their_rank() -> None:
    facts = (status("done", 0, 1, rank=3), status("new", 0, 2, rank=1), placed(3))

    assert given().when(record(*facts)).order.status == "done"


def test_at_equal_time_a_fact_comes_before_a_decision() -> None:
    confirm = COMMANDS["order.change_status"]
    scenario = given(PLACE, confirm)
    moment = scenario.world.order.last_occurred_at
    assert moment is not None
    fact = c.StatusFact(fact_id=fact_id(1), occurred_at=moment, status="packed", rank=9)

    assert scenario.when(record(fact)).order.status == "confirmed"


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_placements_the_earliest_counts_whichever_came_first(turned: bool) -> None:
    facts = [record(placed(1, 0, "EUR")), record(placed(2, 5, "USD"))]

    world = given(*(reversed(facts) if turned else facts)).world

    assert world.order.currency == "EUR"


def test_a_placement_of_our_own_counts_before_one_of_elsewhere() -> None:
    mark = COMMANDS["order.mark_test"]

    order = given(PLACE, mark).when(record(placed(1, 0, "USD"))).order

    assert (order.currency, order.due_minor, order.test) == ("EUR", 1_650, True)


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_facts_about_an_item_the_latest_counts_whichever_came_first(
    turned: bool,
) -> None:
    more = TEA.model_copy(update={"quantity": 5})
    facts = [record(placed(1), item(2, TEA)), record(placed(1), item(3, more, minutes=1))]

    world = given(*(reversed(facts) if turned else facts)).world

    assert world.order.items["1"].line == more


def test_an_old_fact_about_an_item_does_not_undo_what_was_decided_since() -> None:
    reserve = COMMANDS["order.move_item"]

    order = (
        given(PLACE, reserve).when(record(item(1, CUP.model_copy(update={"item_id": "1"})))).order
    )

    assert order.items["1"].line == TEA
    assert order.items["1"].pieces == {"ordered": 1, "reserved": 2}


def test_a_line_that_no_table_can_hold_is_no_fact() -> None:
    gold = TEA.model_copy(update={"quantity": 1_000_000, "unit_price_minor": 10**15})

    with pytest.raises(ValueError, match="may cost at most"):
        item(1, gold)


def test_other_columns_hold_no_nul_and_are_not_endless() -> None:
    for attributes in ({"a": "\x00"}, {"\x00": "a"}, {str(n): "" for n in range(101)}):
        with pytest.raises(ValueError, match="attributes"):
            c.StatusFact(**at(0, 1), status="new", rank=0, attributes=attributes)


def test_a_fact_about_a_line_undoes_no_status_of_its_pieces() -> None:
    reserve = COMMANDS["order.move_item"]
    later = c.ItemFact(
        fact_id=fact_id(1), occurred_at=NOW + timedelta(minutes=2), line=TEA, delivery_minor=70
    )

    answer = given(PLACE, reserve).when(record(later))

    assert answer.order.items["1"].pieces == {"reserved": 2, "ordered": 1}
    assert answer.order.items["1"].delivery_minor == 70


@pytest.mark.parametrize(
    ("fact", "update"),
    [
        (status("confirmed", 0, 1), {"status": "packed"}),
        (status("confirmed", 0, 1), {"occurred_at": EARLY - timedelta(minutes=1)}),
        (status("confirmed", 0, 1), {"attributes": {"depot": "north"}}),
        (placed(1), {"currency": "USD"}),
        (placed(1), {"delivery": e.Delivery(promised_at=NOW)}),
        (item(1, TEA), {"line": CUP}),
    ],
)
def test_d14_a_known_fact_with_another_content_is_not_passed_over(
    fact: c.Fact, update: dict[str, Any]
) -> None:
    other, new = fact.model_copy(update=update), status("packed", 9, 2)

    answer = given(record(fact)).when(record(new, other))

    answer.then_refused("fact_told_differently")
    assert answer.fields == ["facts.1"]
    given().when(record(fact, other)).then_refused("fact_told_differently")
    given(record(fact)).when(record(fact)).then_nothing()


def test_the_same_content_is_the_same_in_another_zone_another_order_and_after_erasure() -> None:
    zone = timezone(timedelta(hours=3))
    body = {"attributes": {"a": "1", "b": "2"}, "personal": "Anna"}
    fact = status("confirmed", 0, 1).model_copy(update=body)
    again = fact.model_copy(
        update={
            "occurred_at": fact.occurred_at.astimezone(zone),
            "attributes": {"b": "2", "a": "1"},
            "personal": "[erased]",
        }
    )

    given(record(fact)).when(record(again)).then_nothing()


OTHER_PATH = PATH.model_copy(update={"path": "other"})


def test_d14_facts_of_a_second_path_are_refused_in_whatever_order_they_come() -> None:
    ways = (placed(1), "shop"), (status("confirmed", 5, 2), "other")

    for (first, path), (second, other) in (ways, ways[::-1]):
        scenario = given(record(first, path=path), paths=(PATH, OTHER_PATH))
        scenario.when(record(second, path=other)).then_refused("path_differs")
        scenario.when(record(first, path=other)).then_nothing()


def test_items_bring_their_currency_and_others_cost_nothing_in_it() -> None:
    euro = c.ItemFact(**at(0, 1), line=TEA, delivery_minor=70, currency="EUR")
    yen = c.ItemFact(**at(0, 2), line=CUP, delivery_minor=7, currency="JPY")

    assert given(record(euro)).world.order.currency == "EUR"
    assert given(record(euro, yen)).world.order.currency is None
    order = given(record(euro, yen, placed(3))).world.order
    assert (order.currency, order.due_minor) == ("EUR", 1_470)


def test_a_placement_that_facts_tell_of_later_lifts_no_time_limit() -> None:
    pack = COMMANDS["order.change_status"].model_copy(
        update={"to_status": "packed", "actor": actor("user", "warehouse"), "reason": "All there"}
    )
    scenario = given(record(status("confirmed", 0, 1)), pack)
    limits = scenario.world.order.limit.deadlines
    assert limits

    assert scenario.when(record(placed(2))).order.limit.deadlines == limits


def test_where_items_differ_in_their_currency_payments_do_not_settle_it() -> None:
    euro = c.ItemFact(**at(0, 1), line=TEA, currency="EUR")
    yen = c.ItemFact(**at(0, 2), line=CUP, currency="JPY")
    paid = c.PaymentFact(
        **at(0, 3), movement="charged", payment_id="p", amount_minor=5, currency="EUR"
    )

    assert given(record(paid)).world.order.currency == "EUR"
    order = given(record(euro, yen, paid)).world.order
    assert (order.currency, order.due_minor, order.balance.paid_minor) == (None, 0, 0)


def test_an_order_that_costs_nothing_is_paid_once_its_items_are_known() -> None:
    gift = TEA.model_copy(update={"unit_price_minor": 0, "discount_minor": 0})

    assert given(record(placed(1))).world.order.payment_status == "not_paid"
    assert given(record(placed(1), item(2, gift))).world.order.payment_status == "paid"


@pytest.mark.parametrize("fact", [c.PlacedFact, c.StatusFact, c.PaymentFact])
def test_the_reason_of_a_fact_is_a_code_and_never_free_text(fact: type[Any]) -> None:
    body = at(0, 1) | {"status": "new", "rank": 0, "currency": "EUR"}
    body |= {"movement": "charged", "payment_id": "p", "amount_minor": 5}
    body = {name: value for name, value in body.items() if name in fact.model_fields}

    with pytest.raises(ValueError, match="reason_code"):
        fact(**body, reason_code="Anna hung up")
