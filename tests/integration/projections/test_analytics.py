"""Schema analytics: documented to the last column, readable by analysts, and nothing else is."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from pydantic import TypeAdapter

from domain.orders import commands as c
from infra.postgres import connect
from projections import analytics
from tests.integration.projections.world import World, a_day
from tests.support.examples import NOW, TEA, actor

ANALYST = "orderpath_analyst"
HOUR = timedelta(hours=1)
REFUSED = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.ObjectNotInPrerequisiteState,
)


def test_every_view_function_and_column_has_a_comment(world: World) -> None:
    silent = world.query(
        """
        select c.relname, a.attname
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        where c.relnamespace = 'analytics'::regnamespace
          and col_description(c.oid, a.attnum) is null
        union all
        select relname, 'the view' from pg_class
        where relnamespace = 'analytics'::regnamespace and obj_description(oid, 'pg_class') is null
        union all
        select proname, 'the function' from pg_proc
        where pronamespace = 'analytics'::regnamespace
          and obj_description(oid, 'pg_proc') is null
        """
    )

    assert silent == []


def test_what_depends_on_arrival_says_so_and_nothing_else_does(world: World) -> None:
    at_once, one_by_one = UUID(int=2**64), UUID(int=2**65)
    record(world, at_once, facts_of(at_once))
    for fact in reversed(facts_of(one_by_one)):
        record(world, one_by_one, [fact], causation_id=uuid4())
    for order_id, version in ((at_once, 4), (at_once, 6), (one_by_one, 3), (one_by_one, 1)):
        correction = {"order_id": order_id, "version": version, "reason": "Not lost, nor sent"}
        world.send(c.CorrectFact.model_validate({**correction, **RECORDER}))
    world.catch_up()

    for view in ("orders", "items", "payments", "status_entries", "status_visits"):
        says_so = world.query(
            "select attname from pg_attribute where attrelid = %s::regclass"
            " and col_description(attrelid, attnum) like '%%depends on arrival%%'",
            f"analytics.{view}",
        )
        hidden = {name for (name,) in says_so}
        one, other = (told_of(world, view, order_id, hidden) for order_id in (at_once, one_by_one))
        assert [row for row, _ in one] == [row for row, _ in other], view
        differing = {
            name
            for (_, row), (_, its) in zip(one, other, strict=True)
            for name in hidden
            if row[name] != its[name]
        }
        assert differing == hidden, view


RECORDER: dict[str, Any] = {"command_id": UUID(int=1), "actor": actor("api_key")}
YESTERDAY = NOW - timedelta(days=1)


def facts_of(order_id: UUID) -> list[c.Fact]:
    """Give the same facts for each order, under ids of its own."""
    said: tuple[dict[str, Any], ...] = (
        {"kind": "placed", "status": "new", "currency": "EUR"},
        {"kind": "item", "line": TEA},
        {"kind": "status", "status": "confirmed", "rank": 1},
        {"kind": "status", "status": "lost", "rank": 2},
        {"kind": "payment", "movement": "charged", "payment_id": "p", "amount_minor": 5,
         "currency": "EUR"},
        {"kind": "source_status", "source_status": "Sent"},
    )  # fmt: skip
    return TypeAdapter(list[c.Fact]).validate_python(
        [
            {"fact_id": UUID(int=order_id.int + n), "occurred_at": YESTERDAY + n * HOUR, **one}
            for n, one in enumerate(said)
        ]
    )


def record(world: World, order_id: UUID, facts: list[c.Fact], **more: Any) -> None:
    body = {"order_id": order_id, "path": "shop", "facts": facts, **RECORDER, **more}
    (outcome,) = world.send(c.RecordFacts.model_validate(body))
    assert outcome.kind == "accepted", outcome


def told_of(
    world: World, view: str, order_id: UUID, hidden: set[str]
) -> list[tuple[str, dict[str, Any]]]:
    """Give an order's rows, and before each what of it should not depend on arrival."""
    rows = world.query(f"select to_jsonb(x) from analytics.{view} x where order_id = %s", order_id)  # noqa: S608 - names of our own views
    ids = {"order_id", "fact_id"}
    return sorted(
        (repr({k: v for k, v in row.items() if k not in hidden | ids}), row) for (row,) in rows
    )


def test_every_part_is_there(world: World) -> None:
    found = world.query(
        "select relname from pg_class where relnamespace = 'analytics'::regnamespace"
        " union all select proname from pg_proc where pronamespace = 'analytics'::regnamespace"
    )

    assert {name for (name,) in found} == set(analytics.PARTS)


def test_an_analyst_can_read_every_part(world: World) -> None:
    a_day(world, 4)
    world.catch_up()

    for part in analytics.PARTS:
        source = f"{part}(now())" if part.endswith("_at") else part
        world.query(f"select * from analytics.{source}", role=ANALYST)  # noqa: S608 - names of our own views


def test_an_analyst_can_do_nothing_else(world: World) -> None:
    for forbidden in (
        "select * from log.events",
        "select * from log.keys",
        "select * from live.orders",
        "select * from projection.checkpoints",
        "select * from projection.parked",
        "update analytics.orders set status = 'done'",
        "delete from analytics.payments",
        "create table analytics.mine (one integer)",
        "select projection.create_schema('p_mine_1')",
    ):
        with (
            connect(world.url, role=ANALYST, default_transaction_read_only="off") as analyst,
            pytest.raises(REFUSED),
        ):
            analyst.execute(forbidden.encode())


def test_an_analyst_sees_no_tables_of_a_build(world: World) -> None:
    tables = world.query("select schemaname, tablename from pg_tables where schemaname ~ '^p_'")
    assert tables
    with connect(world.url, role=ANALYST) as analyst:
        for schema, table in tables:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                analyst.execute(sql.SQL("table {}").format(sql.Identifier(schema, table)))


def test_test_orders_are_flagged_and_counted_nowhere(world: World) -> None:
    world.place()
    testing = world.place(test=True)
    world.send(
        c.SubmitPayment(
            command_id=uuid4(), actor=actor(), order_id=testing, payment_id="p", method="card",
            amount_minor=5, currency="EUR",
        ),
        c.IssueDocument(command_id=uuid4(), actor=actor(), order_id=testing, kind="invoice"),
        c.ChangeStatus(command_id=uuid4(), actor=actor(), order_id=testing, to_status="nowhere"),
        c.MarkTest(command_id=uuid4(), actor=actor(), order_id=world.place(), test=True),
    )  # fmt: skip
    world.catch_up()

    assert world.query("select test, count(*) from analytics.orders group by 1 order by 1") == [
        (False, 1),
        (True, 2),
    ]
    flagged = {"orders", "documents", "refusals"}
    for part in flagged:
        rows = world.query(
            f"select test from analytics.{part} where order_id = %s",  # noqa: S608 - names of our own views
            testing,
        )
        assert rows == [(True,)], part
    for part in set(analytics.PARTS) - flagged - {"freshness"}:
        source = f"{part}()" if part == "status_visits_at" else part
        source = f"{part}(now())" if part == "stale_orders_at" else source
        columns = world.query(f"select to_jsonb(x) from analytics.{source} x")  # noqa: S608 - names of our own views
        for (row,) in columns:
            assert row.get("order_id") != str(testing), part
            assert row.get("orders", 1) <= 1, part


def test_the_funnel_now_counts_and_values_what_is_in_each_status(world: World) -> None:
    a_day(world)
    world.catch_up()

    rows = world.query(
        "select stage_no, stage, status_no, status, final, currency, orders, total_minor"
        " from analytics.funnel_now order by status_no"
    )

    assert rows == [
        (0, "intake", 0, "new", None, "EUR", 2, 2 * 1_400),
        (1, "work", 1, "confirmed", None, "EUR", 2, 2 * 1_400),
        (1, "work", 2, "packed", None, "EUR", 2, 2 * 1_400),
        (2, "end", 3, "done", "success", "EUR", 2, 2 * 1_400),
    ]


def test_the_cohort_says_how_far_the_orders_of_a_month_came(world: World) -> None:
    a_day(world)
    world.now += timedelta(days=31)
    a_day(world, 3)
    world.catch_up()

    rows = world.query(
        "select month::text, status, orders, reached from analytics.funnel_cohort"
        " where status in ('new', 'packed') order by month, status"
    )

    assert rows == [
        ("2026-03-01", "new", 8, 8),
        ("2026-03-01", "packed", 8, 4),
        ("2026-04-01", "new", 3, 3),
        ("2026-04-01", "packed", 3, 1),
    ]


def test_conversion_is_from_first_entry_to_first_entry(world: World) -> None:
    first, second = world.place(), world.place()
    world.move(first, "confirmed", "cancelled", "new", "confirmed")
    world.move(second, "confirmed")
    world.catch_up()

    rows = world.query(
        "select orders, mean_seconds, median_seconds, p90_seconds, min_seconds, max_seconds"
        " from analytics.conversion_times where from_status = 'new' and to_status = 'confirmed'"
    )

    assert rows == [(2, 180.0, 180.0, 276.0, 60.0, 300.0)]


def test_transitions_count_every_pair_of_consecutive_entries(world: World) -> None:
    order_id = world.place()
    world.move(order_id, "confirmed", "cancelled", "new", "confirmed")
    world.catch_up()

    rows = world.query(
        "select from_status, to_status, moves, median_seconds"
        " from analytics.transitions_actual order by 1, 2"
    )

    assert rows == [
        ("cancelled", "new", 1, 60.0),
        ("confirmed", "cancelled", 1, 60.0),
        ("new", "confirmed", 2, 60.0),
    ]
    assert world.query("select route, orders from analytics.routes") == [
        (["new", "confirmed", "cancelled", "new", "confirmed"], 1)
    ]


def test_drop_off_and_reasons_say_where_and_why_orders_fail(world: World) -> None:
    lost, kept = world.place(), world.place()
    world.move(lost, "confirmed", "cancelled")
    world.move(kept, "confirmed", "packed")
    world.catch_up()

    assert world.query(
        "select previous_status, status, reached, dropped, share, median_seconds"
        " from analytics.drop_off"
    ) == [("confirmed", "cancelled", 2, 1, 0.5, 60.0)]
    assert world.query(
        "select status, reason_code, initiator, previous_status, cancellations, orders,"
        " total_minor from analytics.cancel_reasons"
    ) == [("cancelled", "changed_mind", "client", "confirmed", 1, 1, 1_400)]


def test_an_order_that_failed_twice_for_the_same_reason_is_worth_its_total_once(
    world: World,
) -> None:
    twice, once = world.place(), world.place()
    world.move(twice, "cancelled", "new", "cancelled")
    world.move(once, "cancelled")
    world.catch_up()

    assert world.query(
        "select cancellations, orders, total_minor, last_at - first_at"
        " from analytics.cancel_reasons"
    ) == [(3, 2, 2 * 1_400, timedelta(minutes=3))]


def test_stale_orders_have_no_age_limit_and_end_with_a_final_status(world: World) -> None:
    world.now = NOW - timedelta(days=3_000)
    old, done = world.place(), world.place()
    world.move(done, "confirmed", "packed", "done")
    world.catch_up()

    rows = world.query("select order_id, silent_seconds > 86400 * 3000 from analytics.stale_orders")

    assert rows == [(old, True)]


def test_activity_is_counted_by_day_actor_and_event(world: World) -> None:
    order_id = world.place()
    world.move(order_id, "confirmed", "packed")
    world.catch_up()

    assert world.query(
        "select day::text, actor_kind, actor_id, event, events, orders"
        " from analytics.actor_activity order by event"
    ) == [
        ("2026-03-02", "user", "ann", "order.placed.v1", 1, 1),
        ("2026-03-02", "user", "ann", "order.status_changed.v1", 2, 1),
    ]


def test_d6_a_promised_refund_stands_with_the_order_and_is_no_payment(world: World) -> None:
    order_id = world.place()
    who: dict[str, Any] = {"command_id": uuid4(), "actor": actor(), "order_id": order_id}
    paid: dict[str, Any] = {"payment_id": "p", "currency": "EUR"}
    status = "select granted_minor, to_refund_minor, refund_status, payments from analytics.orders"
    world.send(
        c.ChargePayment(**who, **paid, method="card", amount_minor=1_400),
        c.GrantRefund(**who, amount_minor=800, currency="EUR"),
        c.GrantRefund(**who, amount_minor=500, currency="EUR"),
    )
    world.catch_up()
    promised = world.query(status)
    world.send(c.RefundPayment(**who, **paid, amount_minor=200))
    world.catch_up()

    assert promised == [(500, 500, "granted", 1)]
    assert world.query(status) == [(500, 300, "partly_refunded", 1)]
    assert world.query("select payment_id, movements from analytics.payments") == [("p", 3)]


def test_p2_status_usage_says_who_uses_which_status_in_which_month(world: World) -> None:
    one, two = world.place(), world.place()
    world.move(one, "confirmed", "packed")
    world.now += timedelta(days=31)
    world.move(two, "confirmed")
    world.catch_up()

    assert world.query(
        "select status, period::text, actor_id, entries, orders, first_at = last_at"
        " from analytics.status_usage order by period, status"
    ) == [
        ("confirmed", "2026-03-01", "ann", 1, 1, True),
        ("new", "2026-03-01", "ann", 2, 2, True),
        ("packed", "2026-03-01", "ann", 1, 1, True),
        ("confirmed", "2026-04-01", "ann", 1, 1, True),
    ]


def test_a_movement_that_was_wrong_is_in_no_sum(world: World) -> None:
    order_id = world.place()
    paid: dict[str, Any] = {"payment_id": "p", "amount_minor": 1_400, "currency": "EUR"}
    who: dict[str, Any] = {"command_id": uuid4(), "order_id": order_id, "actor": actor("api_key")}
    world.send(
        c.SubmitPayment(**who, **paid, method="card"),
        c.ChargePayment(**who, **paid, gateway_ref="g-1"),
        c.ChargePayment(**who, **paid, gateway_ref="the same again"),
        c.CorrectFact(**who, version=4, reason="Reported twice"),
    )
    world.catch_up()

    assert world.query(
        "select submitted_minor, charged_minor, paid_minor, movements from analytics.payments"
    ) == [(1_400, 1_400, 1_400, 2)]
    assert world.query("select paid_minor, payment_status from analytics.orders") == [
        (1_400, "paid")
    ]


def test_what_was_wrong_is_nobodys_activity(world: World) -> None:
    order_id = world.place()
    paid: dict[str, Any] = {"payment_id": "p", "amount_minor": 1_400, "currency": "EUR"}
    who: dict[str, Any] = {"command_id": uuid4(), "order_id": order_id, "actor": actor("api_key")}
    world.send(
        c.ChargePayment(**who, **paid, gateway_ref="g-1"),
        c.ChargePayment(**who, **paid, gateway_ref="g-2"),
        c.CorrectFact(**who, version=3, reason="Meant for another order"),
    )
    world.catch_up()

    assert world.query(
        "select events from analytics.actor_activity where event = 'order.payment_charged.v1'"
    ) == [(1,)]


def test_an_analyst_neither_asks_nor_sits_in_a_transaction_for_ever(world: World) -> None:
    ((settings,),) = world.query("select rolconfig from pg_roles where rolname = %s", ANALYST)

    limits = {"statement_timeout=5min", "idle_in_transaction_session_timeout=5min"}
    assert limits <= set(settings)


def test_freshness_shows_what_waits(world: World) -> None:
    world.catch_up()
    world.place()

    rows = world.query(
        "select distinct lag, waiting_since is null, parked from analytics.freshness"
    )
    assert rows == [(1, False, 0)]
    world.catch_up()
    rows = world.query(
        "select distinct lag, waiting_since is null, parked from analytics.freshness"
    )
    assert rows == [(0, True, 0)]
