"""What the benchmarks send is accepted: commands that are refused would look fast."""

from itertools import islice
from uuid import uuid4

from benchmarks.orders import moves, place
from infra.settings import Settings
from services.bootstrap import open_system

MOVES = 6


def test_an_order_of_the_benchmarks_is_placed_and_moved(database_url: str) -> None:
    order = place(uuid4())
    commands = [order, *islice(moves([order.order_id], seed=1), MOVES)]

    with open_system(Settings(database_url=database_url)) as system:
        outcomes = [system.execute(command) for command in commands]

    assert [outcome.kind for outcome in outcomes] == ["accepted"] * (MOVES + 1)
