"""The view of audited days counts what `audit day` tells."""

from collections import Counter
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

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
