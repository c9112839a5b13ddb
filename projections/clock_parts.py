"""Which clock works on which orders: it holds the row of their part in ops.clock meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from projections.interface import Tx
from projections.sessions import Lend, transaction

IDLE: Final = "5s"  # a clock that freezes loses its part, and another one goes on with it


@contextmanager
def take_part(lend: Lend, part: int) -> Iterator[Tx | None]:
    """Hold a part until the block ends, in the transaction that is given; None: another clock does.

    lend: a session for nothing else
    Raises: InfraError, also at the end of the block, if the part was lost
    """
    with transaction(lend, idle=IDLE) as tx:
        yield tx if tx.execute(_TAKE, [part]).fetchone() else None


def keep_part(tx: Tx) -> None:
    """Show that somebody works on the part. Raises: psycopg.Error if it was lost"""
    tx.execute("select 1")


_TAKE: Final = "select part from ops.clock where part = %s for update skip locked"
