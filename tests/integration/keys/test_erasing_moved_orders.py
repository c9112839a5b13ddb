"""A customer is erased whose orders came to be another one's: what was written while they were hers
goes with her, and what was written since stays.
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID, uuid4

import pytest

from domain.customers.commands import EraseCustomer
from domain.customers.events import CustomerErased
from domain.orders import commands as c
from services.bootstrap import Settings, System, open_system
from services.erasing import erase_customer
from tests.support.dying_erasers import write_about
from tests.support.examples import actor
from tests.support.leftovers import MARK, assert_nothing_left
from tests.support.loads import EVERYBODY, now

ANNA: Final = "c-7"
BERT: Final = "c-8"

How = Literal["an earlier placement", "a correction", "a correction and a placement"]
HOWS: Final[Sequence[How]] = (
    "an earlier placement", "a correction", "a correction and a placement",
)  # fmt: skip


def tell(system: System, order_id: UUID, customer_id: str, name: str, hours: int) -> None:
    """Tell of a placement so many hours ago."""
    fact = {
        "kind": "placed",
        "status": "new",
        "currency": "EUR",
        "fact_id": uuid4(),
        "occurred_at": now() - timedelta(hours=hours),
        "customer": {"customer_id": customer_id, "name": name},
    }
    said: dict[str, Any] = {"command_id": uuid4(), "actor": actor("import"), "path": "shop"}
    told = c.RecordFacts.model_validate(said | {"order_id": order_id, "facts": (fact,)})
    assert system.execute(told).kind == "accepted"


def hers_once(system: System, how: How) -> tuple[UUID, UUID]:
    """Let an order be hers, then not; give its id, and that of a task about it since."""
    order_id = uuid4()
    tell(system, order_id, ANNA, f"Anna {MARK}", hours=1)
    write_about(system.execute, order_id, f"Called {MARK}")
    if how != "an earlier placement":
        who = {"command_id": uuid4(), "actor": EVERYBODY, "order_id": order_id}
        corrected = c.CorrectFact(**who, version=1, reason="Not hers")
        assert system.execute(corrected).kind == "accepted"
    if how != "a correction":
        tell(system, order_id, BERT, "Bert", hours=2)
    return order_id, write_about(system.execute, order_id, "Called Bert")


def erase(system: System, customer_id: str = ANNA) -> str:
    command = EraseCustomer(
        command_id=uuid4(), actor=EVERYBODY, customer_id=customer_id, reason_code="customer_asked"
    )
    return erase_customer(system, command).kind


def named(system: System) -> set[UUID]:
    """Give the orders that erasings of her name."""
    stored = system.log.load({f"customer-{ANNA}": 0})[f"customer-{ANNA}"]
    erasings = [one.event for one in stored if isinstance(one.event, CustomerErased)]
    return {order_id for one in erasings for order_id in one.orders}


def noted(database_url: str, data_dir: Path, task_id: UUID) -> str | None:
    """Give what was noted on a task, as who remembers nothing reads it."""
    stream = f"task-{task_id}"
    with open_system(Settings(database_url=database_url, data_dir=data_dir)) as fresh:
        note: str | None = getattr(fresh.log.load({stream: 0})[stream][-1].event, "note", None)
    return note


@pytest.mark.parametrize("how", HOWS)
def test_d4_what_was_written_of_an_order_while_it_was_hers_goes_with_her(
    system: System, database_url: str, data_dir: Path, how: How
) -> None:
    order_id, _ = hers_once(system, how)

    assert erase(system) == "accepted"

    assert named(system) == {order_id}
    assert_nothing_left(database_url, data_dir)
    assert erase(system) == "nothing"


@pytest.mark.parametrize("how", ["an earlier placement", "a correction and a placement"])
def test_what_was_written_since_it_is_another_ones_stays_until_that_one_is_erased(
    system: System, database_url: str, data_dir: Path, how: How
) -> None:
    _, task_id = hers_once(system, how)
    erase(system)

    assert noted(database_url, data_dir, task_id) == "Called Bert"
    assert erase(system, BERT) == "accepted"
    assert noted(database_url, data_dir, task_id) == "[erased]"
