"""What rules see of an order that comes to another path: how it is there, and how it was before."""

from typing import Final
from uuid import uuid4

import pytest

from domain.orders.migration import MigrateOrder
from domain.paths.commands import PublishPath
from domain.paths.path import OrderPath
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish
from tests.support.examples import NEXT_PATH, actor

OTHER: Final = OrderPath.model_validate(NEXT_PATH.model_dump(mode="json") | {"path": "other"})
MOVED: Final = "order.path_migrated"


@pytest.mark.parametrize(
    ("statuses", "mapping", "stage"),
    [
        (("confirmed",), {"confirmed": "accepted"}, None),  # work on both paths
        (("confirmed", "packed"), {}, ("work", "end")),  # the same status, of another stage
        (("confirmed",), {"confirmed": "packed"}, ("work", "end")),
    ],
)
def test_d9_an_order_that_comes_to_another_path_changes_what_is_another_there_and_nothing_else(
    world: World, statuses: tuple[str, ...], mapping: dict[str, str], stage: tuple[str, str] | None
) -> None:
    who = {"command_id": uuid4(), "actor": actor("user", "lead")}
    for name in ("path", "stage"):
        then = [{"note": "It is another one"}]
        publish(world, {"rule": name, "on": [{"change": name}], "then": then})
    order_id = world.place()
    world.move(order_id, *statuses)
    world.send(
        *(PublishPath(**who, definition=one) for one in (NEXT_PATH, OTHER)),
        MigrateOrder(**who, order_id=order_id, path="other", mapping=mapping, reason="Better"),
    )
    world.catch_up()

    seen = world.query(
        "select rule, event, changed ->> 'old', changed ->> 'new' from live.trigger_runs"
        " where event in ('order.placed', %s) order by position, run_no",
        MOVED,
    )
    assert seen == [
        ("path", "order.placed", "", "shop"),
        ("stage", "order.placed", "", "intake"),
        ("path", MOVED, "shop", "other"),
        *([("stage", MOVED, *stage)] if stage else []),
    ]
