"""Random commands and facts about one order: many of them sensible, many of them not."""

from datetime import datetime, timedelta
from typing import Any, get_args
from uuid import UUID

from hypothesis import strategies as st

from domain.messages import Actor, Command
from domain.orders import commands as c
from domain.orders.document_events import Stage
from domain.orders.items import CANCELLED, ITEM_MOVES, ITEM_STATUSES
from domain.orders.ledger import Kind
from domain.orders.migration import MigrateOrder
from domain.orders.money import Line, StatedTotals
from domain.orders.shipment_events import Reached
from tests.support.examples import CUSTOMER, DELIVERY, NOW, ORDER_ID, PATH, fact_id

SECONDS = st.integers(0, 90)  # between two commands
AROUND_NOW = [NOW + timedelta(minutes=minutes) for minutes in (-9, 0, 4, 6)]
item_ids = st.sampled_from(["1", "1", "1", "2", "3"])
payment_ids = st.sampled_from(["p-1", "p-2"])
statuses = st.sampled_from([*PATH.statuses, *PATH.statuses, "confirmed", "packed", "nowhere"])
known_statuses = st.sampled_from(list(PATH.statuses))
item_statuses = st.sampled_from([*ITEM_STATUSES, CANCELLED, "melted"])
item_moves = st.one_of(
    st.sampled_from(sorted(ITEM_MOVES)),
    st.sampled_from([("ordered", "reserved"), ("ordered", "assembled"), ("assembled", "shipped")]),
    st.tuples(item_statuses, item_statuses),
)
reason_codes = st.sampled_from([None, "changed_mind", "out_of_stock", "out_of_stock", "bored"])
initiators = st.sampled_from([None, "client", "shop"])
currencies = st.sampled_from(["EUR", "EUR", "EUR", "USD"])
amounts = st.integers(1, 2_000)
gateway_refs = st.sampled_from([None, None, "g-1", "g-2", "g-3"])
methods = st.sampled_from([None, "card"])
moments = st.integers(-600, 400).map(lambda seconds: NOW + timedelta(seconds=seconds))
actors = st.builds(
    Actor,
    kind=st.sampled_from(["user", "api_key", "trigger", "clock", "import", "system"]),
    id=st.just("ann"),
    roles=st.sampled_from([(), ("warehouse",), ("lead", "warehouse"), ("lead", "warehouse")]),
)
lines = st.builds(
    Line,
    item_id=item_ids,
    sku=st.just("SKU"),
    title=st.just("Something"),
    quantity=st.one_of(st.integers(1, 5), st.just(1_000_000)),
    unit_price_minor=st.one_of(st.integers(0, 500), st.just(10**15)),
    discount_minor=st.integers(0, 300),
    vat_bp=st.sampled_from([0, 1_000, 2_000]),
)


def _envelope(**body: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    return {
        "command_id": st.just(UUID(int=1)),
        "order_id": st.just(ORDER_ID),
        "actor": actors,
        "reason": st.sampled_from([None, "because", "because"]),
        "occurred_at": st.sampled_from([None] * 15 + AROUND_NOW),
        "expected_status": st.sampled_from([None] * 15 + ["new", "packed"]),
    } | body


def _payment(
    kind: type[c.PaymentCommand], **extra: st.SearchStrategy[Any]
) -> st.SearchStrategy[Command]:
    return st.builds(
        kind,
        **_envelope(
            payment_id=st.one_of(st.none(), payment_ids),
            amount_minor=st.one_of(st.none(), amounts),
            currency=currencies,
            gateway_ref=gateway_refs,
            **extra,
        ),
    )


def _move_items(move: tuple[str, str]) -> st.SearchStrategy[Command]:
    return st.builds(
        c.MoveItem,
        **_envelope(
            item_id=item_ids,
            quantity=st.integers(1, 3),
            from_status=st.just(move[0]),
            to_status=st.just(move[1]),
            reason_code=reason_codes,
        ),
    )


def facts_with(
    ids: st.SearchStrategy[UUID], times: st.SearchStrategy[datetime] = moments
) -> st.SearchStrategy[c.Fact]:
    """Draw a fact; equal times, equal ranks and repeated items are frequent on purpose."""
    who = {"fact_id": ids, "occurred_at": times}
    ranks = st.integers(0, 2)
    return st.one_of(
        st.builds(c.PlacedFact, **who, status=known_statuses, rank=ranks, currency=currencies),
        st.builds(c.StatusFact, **who, status=known_statuses, rank=ranks),
        st.builds(c.StatusFact, **who, status=known_statuses, rank=ranks),
        st.builds(c.SourceStatusFact, **who, source_status=st.just("Sent")),
        st.builds(
            c.ItemFact,
            **who,
            line=lines.filter(lambda line: line.unit_price_minor <= 500),
            delivery_minor=st.integers(0, 50),
            currency=st.sampled_from([None, "EUR", "EUR", "USD"]),
        ),
        st.builds(
            c.PaymentFact,
            **who,
            movement=st.sampled_from(get_args(Kind)),
            payment_id=payment_ids,
            amount_minor=amounts,
            currency=currencies,
        ),
    )


def records(*facts: c.Fact) -> c.RecordFacts:
    """Put facts into a command of an import."""
    return c.RecordFacts(
        command_id=UUID(int=1),
        actor=Actor(kind="import", id="import"),
        order_id=ORDER_ID,
        path="shop",
        facts=facts,
    )


place_orders: st.SearchStrategy[Command] = st.builds(
    c.PlaceOrder,
    **_envelope(
        path=st.sampled_from(["shop", "shop", "shop", "unpublished"]),
        currency=st.just("EUR"),
        vat_included=st.booleans(),
        customer=st.sampled_from([None, CUSTOMER]),
        delivery=st.sampled_from([None, DELIVERY]),
        lines=st.lists(lines, min_size=1, max_size=3).map(tuple),
        discount_minor=st.integers(0, 300),
        delivery_minor=st.integers(0, 300),
        stated=st.sampled_from([None, None, None, StatedTotals(total_minor=1_000)]),
    ),
)
record_facts: st.SearchStrategy[Command] = st.lists(
    facts_with(st.integers(1, 40).map(fact_id)), min_size=1, max_size=4
).map(lambda facts: records(*facts))
item_facts: st.SearchStrategy[c.RecordFacts] = st.lists(
    st.builds(
        c.ItemFact,
        fact_id=st.integers(1, 9).map(fact_id),
        occurred_at=st.sampled_from([NOW - timedelta(hours=1), NOW + timedelta(minutes=5)]),
        line=lines.filter(lambda line: line.unit_price_minor <= 500),
        currency=st.sampled_from([None, "EUR", "USD"]),
    ),
    min_size=1,
    max_size=3,
).map(lambda facts: records(*facts))
imported: st.SearchStrategy[Command] = st.builds(
    lambda placed, items: records(placed, *items.facts),
    st.builds(
        c.PlacedFact,
        fact_id=st.just(fact_id(0)),
        occurred_at=st.just(NOW),
        status=st.just("new"),
        currency=st.just("EUR"),
    ),
    item_facts,
)

status_commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        c.ChangeStatus,
        **_envelope(to_status=statuses, reason_code=reason_codes, initiator=initiators),
    ),
    st.builds(
        c.CancelOrder,
        **_envelope(
            to_status=st.one_of(st.none(), statuses),
            reason_code=reason_codes,
            initiator=initiators,
        ),
    ),
)
item_commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(c.AddItem, **_envelope(line=lines)),
    st.builds(
        c.ChangeItem,
        **_envelope(
            item_id=item_ids,
            quantity=st.one_of(st.none(), st.integers(1, 6)),
            unit_price_minor=st.one_of(st.none(), st.integers(0, 500)),
            discount_minor=st.one_of(st.none(), st.integers(0, 300)),
        ),
    ),
    item_moves.flatmap(_move_items),
    st.builds(
        c.CancelItem,
        **_envelope(
            item_id=item_ids,
            quantity=st.one_of(st.none(), st.integers(1, 4)),
            reason_code=st.just("out_of_stock"),
        ),
    ),
)
payment_commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        c.SubmitPayment,
        **_envelope(
            payment_id=st.one_of(st.none(), payment_ids),
            method=st.just("card"),
            amount_minor=st.one_of(st.none(), amounts),
            currency=currencies,
        ),
    ),
    *(_payment(kind, method=methods) for kind in (c.AuthorisePayment, c.ChargePayment)),
    *(_payment(kind) for kind in (c.RefundPayment, c.ChargeBackPayment)),
    st.builds(
        c.GrantRefund, **_envelope(amount_minor=st.one_of(st.none(), amounts), currency=currencies)
    ),
)
corrections: st.SearchStrategy[Command] = st.builds(
    c.CorrectFact, **_envelope(version=st.integers(1, 8), reason=st.just("Wrong"))
)
shipment_ids = st.sampled_from(["s-1", "s-1", "s-2"])
shipment_commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        c.CreateShipment,
        **_envelope(
            shipment_id=st.one_of(st.none(), shipment_ids),
            carrier=st.just("DHL"),
            pieces=st.one_of(st.none(), st.dictionaries(item_ids, st.integers(1, 3), min_size=1)),
        ),
    ),
    st.builds(
        c.TrackShipment,
        **_envelope(shipment_id=shipment_ids, track_number=st.sampled_from(["RR1", "RR2"])),
    ),
    *[
        st.builds(
            c.MoveShipment,
            **_envelope(
                shipment_id=shipment_ids,
                to_status=st.sampled_from(get_args(Reached)),
                carrier_ref=st.sampled_from([None, None, "scan-1", "scan-2", "scan-3"]),
            ),
        )
    ]
    * 2,
)
document_ids = st.sampled_from(["d-1", "d-2"])
document_commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        c.IssueDocument,
        **_envelope(
            kind=st.sampled_from(["invoice", "act"]),
            series=st.sampled_from([None, "invoice"]),
            document_id=st.one_of(st.none(), document_ids),
        ),
    ),
    st.builds(
        c.MoveDocument,
        **_envelope(
            document_id=document_ids,
            to_status=st.sampled_from(get_args(Stage)),
            reason_code=reason_codes,
        ),
    ),
)
detail_commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        c.ChangeFields,
        **_envelope(
            customer_phone=st.sampled_from([None, "1", "2"]),
            delivery_method=st.sampled_from([None, "courier", "post"]),
            promised_at=st.one_of(st.none(), moments),
        ),
    ),
    st.builds(c.AssignOwner, **_envelope(user=st.sampled_from(["ann", "bob"]), group=st.none())),
    st.builds(c.AddNote, **_envelope(text=st.just("Hello"))),
    st.builds(
        c.LogCall,
        **_envelope(
            result=st.sampled_from(["reached", "busy"]),
            started_at=st.one_of(st.none(), moments),
            talk_seconds=st.integers(0, 90),
            operator=st.sampled_from([None, "ann", "bob"]),
        ),
    ),
    st.builds(c.MarkTest, **_envelope(test=st.booleans())),
    st.builds(c.CorrectFact, **_envelope(version=st.integers(1, 8))),
)
migrations: st.SearchStrategy[Command] = st.builds(
    MigrateOrder,
    **_envelope(
        path=st.sampled_from(["shop", "depot", "depot"]),
        path_version=st.sampled_from([None, 1, 1, 2]),
        mapping=st.sampled_from(
            [{}, {"new": "new"}, {"confirmed": "accepted"}, {"accepted": "confirmed"}]
        ),
    ),
)
snoozes: st.SearchStrategy[Command] = st.builds(
    c.SnoozeDeadline,
    **_envelope(
        until=st.integers(1, 5_000).map(lambda minutes: NOW + timedelta(days=1, minutes=minutes)),
        reason=st.just("Call tomorrow"),
    ),
)
any_command: st.SearchStrategy[Command] = st.one_of(
    place_orders,
    record_facts,
    status_commands,
    item_commands,
    payment_commands,
    shipment_commands,
    document_commands,
    detail_commands,
    migrations,
)


def sequences(
    *kinds: st.SearchStrategy[Command], first: st.SearchStrategy[Command] | None = None
) -> st.SearchStrategy[list[tuple[int, Command]]]:
    """Draw commands, each with the seconds since the one before."""
    rest = st.lists(st.tuples(SECONDS, st.one_of(*kinds)), max_size=25)
    if first is None:
        return rest
    return st.tuples(first, rest).map(lambda drawn: [(0, drawn[0]), *drawn[1]])
