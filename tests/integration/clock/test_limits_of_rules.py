"""Rules that lead to each other by time limits: each limit begins a chain of its own, and names
what it began with.
"""

from collections import Counter
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from domain.orders.commands import SnoozeDeadline
from domain.paths.commands import PublishPath
from services.acting import Acting
from services.why import chains_of
from tests.integration.clock.shop import Shop, who
from tests.integration.clock.test_clock import by
from tests.integration.clock.test_waits import publish
from tests.support.examples import NOW
from tests.unit.domain.orders.test_decide_deadlines import path

MOST: Final = 9  # for an order: more than rules in a row may
LIMIT: Final = timedelta(hours=2)
STATUS: Final = {"stage": "all", "limit": {"wall": "2h"}}
ROUND: Final = path(
    path="round",
    statuses={"one": STATUS, "two": STATUS, "done": {"stage": "all", "final": "success"}},
    initial=[{"status": "one"}],
    transitions=[{"from": "*", "to": ["one", "two", "done"]}],
)


def flip(shop: Shop, rule: str, source: str, to: str) -> None:
    """Publish a rule that moves an order on when the limit of a status has passed."""
    asked = {"it": "event.level == 'due'", "there": f"order.status == '{source}'"}
    then = [{"move": to}]
    on = [{"event": "order.deadline_passed"}]
    publish(shop, rule=rule, on=on, then=then, limits={"per_order": MOST}, **{"if": asked})


def pass_limits(shop: Shop, times: int) -> None:
    """Let the limits of the orders pass, one after the other, and rules act on each."""
    acting = Acting(shop.session().connection, shop.system.pipeline.submit, shop.time)
    for _ in range(times):
        shop.at(LIMIT)
        shop.fire()
        shop.system.catch_up()
        acting.catch_up()
        shop.system.catch_up()


def query(shop: Shop, question: Any, *parameters: Any) -> list[Any]:
    with shop.system.lend("orderpath_projector") as connection:
        return connection.execute(question, parameters).fetchall()


def told(shop: Shop, order_id: UUID) -> list[list[tuple[str, str]]]:
    """Give what `order why` tells of an order."""
    events = [one for one in shop.events() if one.stream_id == f"order-{order_id}"]
    chains = chains_of(shop.system.log, events)
    return [[(link.first.event.NAME, link.first.actor_id) for link in chain] for chain in chains]


def test_d9_rules_that_go_round_by_time_limits_end_for_that_order_and_go_on_for_others(
    shop: Shop,
) -> None:
    shop.does(PublishPath(**by(), definition=ROUND))
    flip(shop, "there", "one", "two")
    flip(shop, "back", "two", "one")
    (first,) = shop.place(path="round")
    pass_limits(shop, 2 * MOST + 2)
    (other,) = shop.place(path="round")
    pass_limits(shop, 1)

    results = query(
        shop, "select rule, order_id, result, why, chain from live.trigger_runs"
        " where result <> 'skipped'"
    )  # fmt: skip
    assert Counter((rule, one, result, why) for rule, one, result, why, _ in results) == {
        ("there", first, "fired", None): MOST,
        ("back", first, "fired", None): MOST,
        ("there", first, "stopped", "per_order"): 1,
        ("there", other, "fired", None): 1,
    }
    assert all(len(chain) == 1 for *_, chain in results)
    alerts = "select rule, order_id from analytics.alerts where kind = 'rule_stopped'"
    assert query(shop, alerts) == [("there", first)]


def test_d5_a_limit_that_passed_is_told_back_to_what_brought_the_order_there(shop: Shop) -> None:
    shop.does(PublishPath(**by(), definition=ROUND))
    flip(shop, "there", "one", "two")
    (order_id,) = shop.place(path="round")
    pass_limits(shop, 2)

    assert told(shop, order_id)[-1] == [
        ("order.deadline_passed.v1", "orderpath"),
        ("order.status_changed.v1", "there"),
        ("order.deadline_passed.v1", "orderpath"),
        ("order.placed.v1", "ann"),
    ]


def test_d5_a_limit_that_was_put_off_is_told_back_to_who_put_it_off(shop: Shop) -> None:
    shop.does(PublishPath(**by(), definition=ROUND))
    (order_id,) = shop.place(path="round")
    later = NOW + 3 * LIMIT
    shop.does(SnoozeDeadline(**who(order_id), until=later, reason="Call after lunch"))
    pass_limits(shop, 3)

    assert told(shop, order_id)[-1] == [
        ("order.deadline_passed.v1", "orderpath"),
        ("order.deadline_snoozed.v1", "ann"),
    ]
