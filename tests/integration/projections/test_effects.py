"""The ledger of messages: who is told what and when; the same rows however it is made."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.effects import commands as c
from domain.effects import endpoints as p
from domain.messages import Command
from tests.integration.projections.laws import assert_tables_follow_from_the_log, in_pieces
from tests.integration.projections.world import World
from tests.support.examples import CUSTOMER
from tests.support.outgoing import PUBLISHED, request


def to(world: World, kind: type[Command], effect_id: UUID | None = None, **body: Any) -> None:
    """Send a command, a minute after the one before; none is refused."""
    world.now += timedelta(minutes=1)
    target = {} if effect_id is None else {"effect_id": effect_id}
    who = PUBLISHED.actor
    (outcome,) = world.send(kind(command_id=uuid4(), actor=who, **target, **body))
    assert outcome.kind != "refused", outcome


def asked(world: World, **more: Any) -> UUID:
    """Ask for a mail about a new order."""
    world.send(PUBLISHED)
    order_id = more.pop("order_id", None) or world.place(customer=CUSTOMER)
    effect_id = uuid4()
    (outcome,) = world.send(request(effect_id=effect_id, order_id=order_id, **more))
    assert outcome.kind == "accepted", outcome
    return effect_id


def failed(world: World, effect_id: UUID, attempt: int, next_at: Any = None) -> None:
    body = {"attempt": attempt, "reason_code": "refused", "error": "the server answered 451"}
    to(world, c.MarkFailed, effect_id, **body, next_at=next_at)


def some_messages(world: World) -> list[UUID]:
    """Let messages have all fates that there are."""
    ids = [asked(world) for _ in range(5)]
    later = world.now + timedelta(hours=1)
    to(world, c.MarkSent, ids[1], attempt=1, provider_id="m-1")
    failed(world, ids[2], 1, later)
    failed(world, ids[3], 1, later)
    failed(world, ids[3], 2)
    to(world, c.ResendEffect, ids[3])
    failed(world, ids[3], 3)
    to(world, c.DropEffect, ids[4], reason_code="told_by_phone")
    hook = {"channel": "webhook", "to": None, "template": None, "endpoint": "erp"}
    ids.append(asked(world, **hook))
    to(world, p.PauseEndpoint, endpoint="erp", failures=10)
    to(world, p.ResumeEndpoint, endpoint="erp")
    to(world, p.PauseEndpoint, endpoint="mail")
    return ids


def test_a3_every_message_is_told_with_its_state_and_nobody_s_address(world: World) -> None:
    ids = some_messages(world)
    world.catch_up()

    rows = world.query(
        "select effect_id, state, attempts, to_kind, customer_id, reason_code, sent_at is not null,"
        " next_at is not null from analytics.notifications",
        role="orderpath_analyst",
    )
    told = {row[0]: row[1:] for row in rows}
    assert [told[one] for one in ids] == [
        ("pending", 0, "customer", "c-7", None, False, True),
        ("sent", 1, "customer", "c-7", None, True, False),
        ("failed", 1, "customer", "c-7", "refused", False, True),
        ("dead", 3, "customer", "c-7", "refused", False, False),
        ("dropped", 0, "customer", "c-7", "told_by_phone", False, False),
        ("pending", 0, None, None, None, False, True),
    ]


def test_every_attempt_and_every_pause_is_kept(world: World) -> None:
    ids = some_messages(world)
    world.catch_up()

    attempts = world.query(
        "select attempt, sent, error, provider_id from live.effect_attempts"
        " where effect_id = any(%s) order by effect_id = %s, attempt",
        ids,
        ids[3],
    )
    assert [row[0] for row in attempts] == [1, 1, 1, 2, 3]
    assert (1, True, None, "m-1") in attempts
    paused = world.query(
        "select endpoint, paused_at is not null, failures, resumed_at is not null"
        " from live.endpoints order by 1"
    )
    assert paused == [("erp", False, None, True), ("mail", True, None, False)]


def test_messages_about_test_orders_are_left_out(world: World) -> None:
    asked(world, order_id=world.place(customer=CUSTOMER, test=True))
    world.catch_up()

    assert world.query("select count(*) from analytics.notifications") == [(0,)]
    assert world.query("select count(*) from live.effects") == [(1,)]


@in_pieces
def test_d12_in_whatever_pieces_again_and_rebuilt_the_tables_are_the_same(
    world: World, batch_events: int
) -> None:
    for _ in range(2):
        some_messages(world)
        world.follower(batch_events).catch_up()

    assert_tables_follow_from_the_log(world, "effects")
