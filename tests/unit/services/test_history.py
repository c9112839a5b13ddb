"""One order through time: its changes, its state at a moment, what differs between two."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.messages import Event, Recorded
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.ledger import Kind
from domain.orders.money import Line, Totals
from domain.orders.timeline import MAX_RANK
from services.history import changes_of, known_by, state_of
from services.order_view import difference, view_of
from tests.support.spec import given
from tests.support.strategies import records

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDER = UUID(int=17)
LINE = Line(item_id="1", sku="TEA", title="Tea", quantity=2, unit_price_minor=500)
PLACED = e.OrderPlaced(
    path="shop",
    path_version=1,
    status="new",
    order_type="private",
    channel="web",
    shop="main",
    currency="EUR",
    customer=e.Customer(name="Ann", phone="1"),
    lines=(LINE,),
    totals=Totals(
        goods_minor=1_000, discount_minor=0, delivery_minor=0, vat_minor=0, total_minor=1_000
    ),
)


def recorded(
    version: int, event: Event, minutes: float, *, fact: int | None = None, **envelope: Any
) -> Recorded:
    """Give an event that happened some minutes after noon, recorded an hour later."""
    at = NOON + timedelta(minutes=minutes)
    made = Recorded(
        position=version,
        stream_id=f"order-{ORDER}",
        version=version,
        shard=0,
        event=event,
        command_id=UUID(int=version),
        correlation_id=UUID(int=version),
        causation_id=None,
        actor_kind="user",
        actor_id="ann",
        on_behalf_of=None,
        reason=None,
        source="test",
        occurred_at=at,
        recorded_at=at + timedelta(hours=1),
        fact_id=None if fact is None else UUID(int=fact),
    )
    return replace(made, **envelope)


def moved(source: str, target: str, **said: Any) -> e.StatusChanged:
    return e.StatusChanged(from_status=source, to_status=target, **said)


def entered(status: str, rank: int) -> e.StatusRecorded:
    return e.StatusRecorded(
        path="shop", path_version=1, to_status=status, rank=rank, conforming=True
    )


def told(events: list[Recorded]) -> list[tuple[int, str, Any, Any]]:
    changes = changes_of(events, ORDER)
    return [(c.recorded.version, c.field, c.before, c.after) for c in changes]


def test_a_move_says_who_when_from_what_to_what_and_why() -> None:
    events = [
        recorded(1, PLACED, 0),
        recorded(
            2,
            moved("new", "cancelled", reason_code="changed_mind", initiator="client"),
            5,
            reason="Wants another one",
            on_behalf_of="client-1",
        ),
    ]

    change = changes_of(events, ORDER)[-1].as_dict()

    assert change == {
        "version": 2,
        "position": 2,
        "event": "order.status_changed.v1",
        "occurred_at": NOON + timedelta(minutes=5),
        "recorded_at": NOON + timedelta(minutes=65),
        "actor": {"kind": "user", "id": "ann", "on_behalf_of": "client-1", "at_source": None},
        "field": "status",
        "from": "new",
        "to": "cancelled",
        "reason": "Wants another one",
        "reason_code": "changed_mind",
        "initiator": "client",
        "time_source": "recorded",
        "nonconforming": [],
        "source": "test",
        "command_id": str(UUID(int=2)),
        "correlation_id": str(UUID(int=2)),
        "causation_id": None,
        "rule": None,
        "way": None,
        "annulled": False,
    }


def test_each_changed_field_has_its_row_with_the_value_before() -> None:
    change = e.FieldsChanged(
        changed=("customer_phone", "track_number"), customer_phone="2", track_number="T-1"
    )

    rows = told([recorded(1, PLACED, 0), recorded(2, change, 5)])

    assert [row for row in rows if row[0] == 2] == [
        (2, "customer.phone", "1", "2"),
        (2, "delivery.track_number", None, "T-1"),
    ]


def test_a_new_item_is_one_row_and_a_change_of_it_names_the_field() -> None:
    more = LINE.model_copy(update={"quantity": 3})
    totals = PLACED.totals
    assert totals is not None
    raised = replace(totals, goods_minor=1_500, total_minor=1_500)
    events = [
        recorded(1, PLACED, 0),
        recorded(2, e.ItemChanged(line=more, totals=raised), 5),
        recorded(
            3,
            e.ItemStatusChanged(
                item_id="1", quantity=1, from_status="ordered", to_status="reserved"
            ),
            6,
        ),
    ]

    rows = told(events)

    assert [row[1] for row in rows if row[1].startswith("items.")] == [
        "items.1", "items.1.quantity", "items.1.pieces", "items.1.pieces",
    ]  # fmt: skip
    assert (2, "totals.total_minor", 1_000, 1_500) in rows
    assert (3, "items_status", "ordered", "partly_reserved") in rows


def test_history_is_in_the_order_of_what_happened_not_of_what_arrived() -> None:
    facts = [
        recorded(1, entered("shipped", 3), 30, fact=3),
        recorded(2, PLACED, 0, fact=1),
        recorded(3, entered("confirmed", 2), 10, fact=2),
    ]

    moves = [row for row in told(facts) if row[1] == "status"]

    assert moves == [
        (2, "status", None, "new"),
        (3, "status", "new", "confirmed"),
        (1, "status", "confirmed", "shipped"),
    ]


@pytest.mark.parametrize("movement", ["submitted", "charged"])
def test_what_a_source_tells_beside_a_payment_stands_in_history(movement: Kind) -> None:
    told_with: dict[str, Any] = {"attributes": {"lane": "2"}, "personal": '{"phone": "1"}'}
    fact = c.PaymentFact(
        fact_id=UUID(int=1), occurred_at=NOON, movement=movement, payment_id="p", amount_minor=5,
        currency="EUR", **told_with,
    )  # fmt: skip
    (event,) = given().when(records(fact)).events

    rows = told([recorded(1, event, 0, fact=1)])

    assert (1, "attributes.lane", None, "2") in rows
    assert (1, "personal", None, '{"phone": "1"}') in rows


def test_history_has_the_facts_of_a_moment_in_the_order_in_which_they_are_recorded() -> None:
    paid = c.PaymentFact(
        fact_id=UUID(int=1), occurred_at=NOON, movement="charged", payment_id="p", amount_minor=5,
        currency="EUR",
    )  # fmt: skip
    item = c.ItemFact(fact_id=UUID(int=2), occurred_at=NOON, line=LINE)
    last, first = (
        c.StatusFact(fact_id=UUID(int=3 + n), occurred_at=NOON, status="confirmed", rank=rank)
        for n, rank in enumerate((MAX_RANK, 1_000_002))
    )
    stored = [one for _, one in given().when(records(paid, item, last, first)).world.stored[-4:]]
    events = [replace(recorded(one.version, one.event, 0), fact_id=one.fact_id) for one in stored]

    versions = list(dict.fromkeys(row[0] for row in told(events[::-1])))

    assert [one.fact_id for one in stored] == [UUID(int=n) for n in (4, 3, 1, 2)]
    assert versions == [1, 2, 3, 4]


def test_a_corrected_fact_stays_in_history_marked_as_wrong() -> None:
    events = [
        recorded(1, PLACED, 0, fact=1),
        recorded(2, entered("shipped", 3), 30, fact=2),
        recorded(
            3,
            e.FactAnnulled(
                annulled_version=2, annulled_type="order.status_recorded.v1", reason="Other parcel"
            ),
            60,
        ),
    ]

    changes = [c for c in changes_of(events, ORDER) if c.recorded.version > 1]

    assert [(c.field, c.before, c.after, c.annulled) for c in changes] == [
        ("status", "new", "shipped", True),
        ("event 2", "order.status_recorded.v1", "annulled", False),
        ("status", "shipped", "new", False),
    ]


def test_an_order_keeps_its_number_in_the_history_when_its_placement_is_annulled() -> None:
    events = [
        recorded(1, PLACED.model_copy(update={"external_id": "P"}), 0, fact=1),
        recorded(2, e.FactAnnulled(annulled_version=1, annulled_type=PLACED.NAME, reason="No"), 5),
    ]

    numbers = [change for change in told(events) if change[1] == "external_id"]

    assert numbers == [(1, "external_id", None, "P")]


def test_a_correction_never_stands_before_what_it_corrects() -> None:
    events = [
        recorded(1, PLACED, 0, fact=1),
        recorded(2, entered("shipped", 3), 64, fact=2),  # a clock that runs fast
        recorded(
            3,
            e.FactAnnulled(annulled_version=2, annulled_type="order.status_recorded.v1", reason=""),
            60,
        ),
    ]

    assert [row[0] for row in told(events) if row[1] == "status"] == [1, 2, 3]
    assert told(events)[-1][3] == "new"


def test_what_changes_nothing_still_has_its_row() -> None:
    events = [
        recorded(1, PLACED, 0),
        recorded(2, e.NoteAdded(text="Call back"), 5),
        recorded(3, e.SourceStatusNoted(source_status="invoiced"), 6, fact=1),
        recorded(4, entered("new", 0), 7, fact=2),
    ]

    assert told(events)[-3:] == [
        (2, "note", None, "Call back"),
        (3, "source_status", None, "invoiced"),
        (4, "status", "new", "new"),
    ]


def test_as_of_is_inclusive_and_as_known_asks_the_other_axis() -> None:
    events = [recorded(1, PLACED, 0), recorded(2, moved("new", "confirmed"), 30)]
    half_past = NOON + timedelta(minutes=30)

    assert state_of(known_by(events, half_past, None)).status == "confirmed"
    just_before = half_past - timedelta(microseconds=1)
    assert state_of(known_by(events, just_before, None)).status == "new"
    assert state_of(known_by(events, half_past, NOON + timedelta(minutes=60))).status == "new"
    assert not state_of(known_by(events, None, NOON)).exists


def test_a_wrong_fact_was_wrong_from_the_start_once_it_is_known() -> None:
    annulled = e.FactAnnulled(
        annulled_version=2, annulled_type="order.status_recorded.v1", reason="wrong"
    )
    events = [
        recorded(1, PLACED, 0, fact=1),
        recorded(2, entered("shipped", 3), 30, fact=2),
        recorded(3, annulled, 60),
    ]
    then = NOON + timedelta(minutes=40)

    assert state_of(known_by(events, then, None)).status == "new"
    before_the_correction = NOON + timedelta(minutes=100)
    assert state_of(known_by(events, then, before_the_correction)).status == "shipped"


def test_a_difference_names_what_changed_and_nothing_else() -> None:
    events = [
        recorded(1, PLACED, 0),
        recorded(2, moved("new", "confirmed"), 30),
        recorded(3, e.OwnerAssigned(user="bob", group=None), 31),
    ]
    before, after = view_of(state_of(events[:1]), ORDER), view_of(state_of(events), ORDER)

    assert difference(before, after) == [
        ("status", "new", "confirmed"),
        ("owner.user", None, "bob"),
    ]
    assert difference(after, after) == []


def test_a_view_shows_the_whole_order() -> None:
    view = view_of(state_of([recorded(1, PLACED, 0)]), ORDER)

    assert (view["order_id"], view["status"], view["version"]) == (str(ORDER), "new", 1)
    assert view["customer"] == {"customer_id": None, "name": "Ann", "phone": "1", "email": None}
    assert view["totals"]["total_minor"] == 1_000
    assert view["items"]["1"]["pieces"] == {"ordered": 2}
    assert (view["payments"], view["payment_status"]) == ({}, "not_paid")
    assert view["statuses"] == [{"status": "new", "entered_at": NOON, "version": 1}]


def test_other_columns_of_a_source_stand_in_the_history_wherever_they_were_told() -> None:
    told: dict[str, Any] = {"attributes": {"warehouse": "north"}, "personal": '{"note": "x"}'}
    placed = PLACED.model_copy(update=told)
    shipped = e.StatusRecorded(
        path="shop", path_version=1, to_status="shipped", rank=1, conforming=True, **told
    )

    changes = changes_of([recorded(1, placed, 0, fact=1), recorded(2, shipped, 5, fact=2)], ORDER)

    for version in (1, 2):
        found = {one.field: one.after for one in changes if one.recorded.version == version}
        assert found["attributes.warehouse"] == "north"
        assert found["personal"] == '{"note": "x"}'
