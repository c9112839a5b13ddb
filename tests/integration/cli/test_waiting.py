"""A read beside a follower that works long waits for it, and says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event as Signal
from threading import Thread
from time import monotonic
from typing import Final

from infra.postgres import Session, connect
from projections.checkpoints import lock_checkpoints
from projections.sessions import transaction
from tests.support.command_line import CommandLine

LONG_SECONDS: Final = 6.0  # that a step of the follower takes
ROOM_SECONDS: Final = 60.0
WAITED: Final = """
    select extract(epoch from clock_timestamp() - query_start) from pg_stat_activity
    where wait_event_type = 'Lock' and datname = current_database()
      and query like '%for update of c'
"""


@contextmanager
def long_step(url: str) -> Iterator[None]:
    """Hold all checkpoints, at work, until somebody has waited for them for so long."""
    begun, over = Signal(), Signal()
    session = Session(url, role="orderpath_projector")
    with connect(url) as owner:
        owner.execute(
            "create table public.gate (); grant select on public.gate to orderpath_projector"
        )

    def work() -> None:
        with transaction(session.connection, lock="1min") as tx:
            lock_checkpoints(tx, range(16))
            begun.set()
            tx.execute("select from public.gate")  # Not before it is let go.

    def let_go_in_the_end() -> None:
        with connect(url) as owner, connect(url) as witness, owner.transaction():
            owner.execute("lock table public.gate in access exclusive mode")
            worker.start()
            give_up_at = monotonic() + ROOM_SECONDS
            while monotonic() < give_up_at and not over.wait(0.05):
                waited = witness.execute(WAITED).fetchone()
                if waited is not None and waited[0] > LONG_SECONDS:
                    return

    worker, keeper = Thread(target=work), Thread(target=let_go_in_the_end)
    keeper.start()
    assert begun.wait(ROOM_SECONDS)
    yield
    over.set()
    keeper.join(ROOM_SECONDS)
    worker.join(ROOM_SECONDS)
    session.close()


def test_a_read_waits_for_a_follower_that_works_long_and_says_so(
    line: CommandLine, database_url: str
) -> None:
    line.run("report", "funnel")
    line.run("order", "place", "--currency", "EUR", "--item", "MUG:1:5")

    with long_step(database_url):
        said = line.run("report", "funnel", "--json")

    assert (said.code, said.json["open"]) == (0, 1), said.err
    assert "Bringing the projections up to date ..." in said.err
