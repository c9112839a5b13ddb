"""Laws of batches: what a rehearsal says is what then happens (D14, D1)."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.bulk import Batch
from domain.messages import Command
from domain.orders.commands import ChangeStatus
from domain.orders.migration import MigrateOrder
from infra.settings import Settings
from services.bootstrap import System, open_system
from services.demo.clock import VirtualClock
from tests.integration.bulk.asking import Shop, batch, somebody
from tests.support.examples import NEXT_PATH, NOW, PATH
from tests.support.loads import place, publish
from tests.support.strategies import (
    detail_commands,
    item_commands,
    migrations,
    payment_commands,
    sequences,
    status_commands,
    statuses,
)

EXAMPLES = settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)

moving = st.builds(
    lambda to_status, **why: {"command": ChangeStatus.NAME, "body": {"to_status": to_status} | why},
    statuses,
    reason_code=st.sampled_from(["changed_mind", "bored"]),
    initiator=st.just("shop"),
)
migrating = st.builds(
    lambda version, mapping: {
        "command": MigrateOrder.NAME,
        "body": {"path": "shop", "path_version": version, "mapping": mapping},
    },
    st.sampled_from([1, 2, 3]),
    st.sampled_from([{}, {"confirmed": "accepted"}, {"new": "lost"}, {"packed": "nowhere"}]),
)
roles = st.sampled_from([(), ("warehouse",), ("lead", "warehouse")])


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    """A shop with three versions of its path; orders are placed on the last one."""
    with open_system(Settings(database_url=database_url), VirtualClock(NOW)) as system:
        system.pipeline.flood.limit = None  # All examples are of one minute.
        for definition in (PATH, NEXT_PATH, PATH):
            system.execute(publish(**definition.model_dump(mode="json")))
        yield Shop(system)


def happen(system: System, script: list[tuple[int, Command]]) -> UUID:
    """Let something happen to an order of this example alone."""
    order_id = uuid4()
    for _, command in [(0, place(order_id)), *script]:
        own = {"order_id": order_id, "command_id": uuid4()}
        system.execute(command.model_copy(update=own))
    return order_id


@EXAMPLES
@given(
    scripts=st.lists(
        sequences(
            status_commands,
            status_commands,
            item_commands,
            payment_commands,
            detail_commands,
            migrations,
        ),
        min_size=1,
        max_size=3,
    ),
    wish=st.one_of(moving, migrating),
    held=roles,
)
def test_d14_a_rehearsal_says_what_then_happens(
    shop: Shop, scripts: list[Any], wish: dict[str, Any], held: tuple[str, ...]
) -> None:
    ids = [happen(shop.system, script) for script in scripts]
    asked: Batch = batch(**wish, actor=somebody(*held))

    assert shop.rehearse(asked, ids) == shop.ask(asked, ids)
