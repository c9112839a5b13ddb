"""The view of audited days counts what `audit day` tells."""

from collections import Counter
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from domain.customers.commands import EraseCustomer
from domain.messages import Actor
from domain.orders import commands as c
from domain.paths.commands import PublishPath
from infra.acts import Acts
from services.audited_day import Day, report_day
from services.bootstrap import utc_now
from tests.integration.projections.test_overrides import UNUSUAL, move, placed
from tests.integration.projections.world import World
from tests.support.examples import actor

GATEWAY: Final = Actor(kind="api_key", id="gateway")
CHARGED: Final = "order.payment_charged."
COUNTED: Final = ("overrides", "refusals", "late_facts", "corrections", "test_flags")


def test_d4_the_view_counts_each_day_what_the_report_of_that_day_tells(world: World) -> None:
    who: dict[str, Any] = {"command_id": uuid4(), "actor": actor()}
    world.send(PublishPath(**who, definition=UNUSUAL))
    order_id = placed(world)
    move(world, order_id, "packed")
    told = {"order_id": order_id, "currency": "EUR", "method": "card", "gateway_ref": "cb-1"}
    past = world.now - timedelta(days=3)
    world.send(
        c.ChargePayment.model_validate(
            {"command_id": uuid4(), "actor": GATEWAY, "amount_minor": 5, "occurred_at": past} | told
        ),
        c.ChangeStatus(**who, order_id=order_id, to_status="nowhere"),
        c.MarkTest(**who, order_id=order_id, test=True),
    )
    (version,) = [
        one.version
        for one in world.log.read(0, 1_000)
        if one.event.NAME == "order.payment_charged.v1"
    ]
    world.send(c.CorrectFact(**who, order_id=order_id, version=version, reason="Twice"))
    world.catch_up()

    viewed = world.query(
        "select day, what, actor_kind, actor_id, on_behalf_of, times from analytics.audit_days",
        role="orderpath_analyst",
    )

    days = {row[0] for row in viewed}
    reported: Counter[tuple[Any, ...]] = Counter()
    for day in days:
        report = report_day(
            Acts(world.pipeline_log), Day(day, ZoneInfo("UTC")),
            now=utc_now(), late=timedelta(hours=1), limit=100,
        )  # fmt: skip
        for what, section in report["sections"].items():
            for by in section["by"]:
                key = (day, what, by["kind"], by["id"], by["on_behalf_of"])
                reported[key] += by["times"]
    assert {tuple(row[:-1]): row[-1] for row in viewed} == dict(reported)
    assert {row[1] for row in viewed} == set(COUNTED)


def by(name: str) -> dict[str, Any]:
    """Say who it is."""
    return {"command_id": uuid4(), "actor": Actor(kind="user", id=name, roles=("lead",))}


def test_d4_a_day_tells_of_each_kind_who_did_what_to_which_order_and_why(world: World) -> None:
    """One of each, by people of their own; a move on the usual way is none of them."""
    world.send(PublishPath(**by("root"), definition=UNUSUAL))
    usual, order_id = placed(world), placed(world, customer={"customer_id": "c-7", "name": "Anna"})
    move(world, usual, "confirmed")
    world.send(
        c.ChangeStatus(**by("over"), order_id=order_id, to_status="packed", reason="Begged"),
        c.ChangeStatus(**by("refu"), order_id=order_id, to_status="nowhere"),
    )
    told = {"order_id": order_id, "currency": "EUR", "method": "card", "gateway_ref": "cb-1"}
    past = world.now - timedelta(days=3)
    world.send(
        c.ChargePayment.model_validate(
            {"command_id": uuid4(), "actor": GATEWAY, "amount_minor": 5, "occurred_at": past} | told
        ),
        c.MarkTest(**by("test"), order_id=usual, test=True),
    )
    charged = [
        one.version for one in world.log.read(0, 1_000) if one.event.NAME.startswith(CHARGED)
    ]
    world.send(c.CorrectFact(**by("corr"), order_id=order_id, version=charged[0], reason="Twice"))

    def sections() -> dict[str, Any]:
        days = {Day(at.date(), ZoneInfo("UTC")) for at in (began, utc_now())}
        found = [
            report_day(
                Acts(world.pipeline_log), day, now=utc_now(), late=timedelta(hours=1), limit=100
            )
            for day in days
        ]
        return {
            name: [one for report in found for one in report["sections"][name]["listed"]]
            for name in found[0]["sections"]
        }

    began = world.log.read(0, 1)[0].recorded_at
    before = sections()
    erase = EraseCustomer(**by("eras"), customer_id="c-7", reason_code="asked", reason="Letter")
    assert world.send(erase)[0].kind == "accepted"
    after = sections()

    assert {name: {one["actor"]["id"] for one in told} for name, told in after.items()} == {
        "overrides": {"over"},
        "refusals": {"refu"},
        "turned_away": set(),
        "late_facts": {"gateway"},
        "corrections": {"corr"},
        "erasures": {"eras"},
        "test_flags": {"test"},
    }
    assert before == after | {"erasures": []} | {
        "overrides": before["overrides"], "corrections": before["corrections"],
    }  # fmt: skip
    assert [before[name][0]["reason"] for name in ("overrides", "corrections")] == [
        "Begged", "Twice",
    ]  # fmt: skip
    assert [after[name][0]["reason"] for name in ("overrides", "corrections", "erasures")] == [
        "[erased]", "[erased]", "Letter",
    ]  # fmt: skip
