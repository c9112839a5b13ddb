"""Sweeping the topic of commands behind an erasure: it holds commands as they were sent, in clear.

What was decided by then is deleted; what is not yet, once it is. While Kafka is away nothing is
forgotten: the consumer of commands looks again and again, and so does the next erasure.
"""

from typing import TYPE_CHECKING, Final

from psycopg.types.json import Jsonb

from domain.streaming import Swept

if TYPE_CHECKING:
    from services.bootstrap import System

_PENDING: Final = """
    select e.erasure, s.ends from log.erasures e left join ops.sweeps s using (erasure)
    where s.done_at is null order by e.erasure
"""
_BEGIN: Final = """
    insert into ops.sweeps (erasure, ends) values (%s, %s) on conflict do nothing
"""
_DONE: Final = "update ops.sweeps set done_at = now() where erasure = any(%s)"


def sweep_topics(system: "System") -> int:
    """Delete from the topic of commands what may tell of who was erased; give how many erasures
    wait still: for commands that stood there then and were not taken yet.

    Raises: InfraError broker_unavailable, then all of them wait
    """
    with system.lend("orderpath_writer") as session:
        pending = session.execute(_PENDING).fetchall()
    if not pending:
        return 0
    swept = system.streaming.delete_taken_commands()
    ends = {erasure: known or _texts(swept) for erasure, known in pending}
    done = [erasure for erasure, upto in ends.items() if _is_deleted(upto, swept)]
    with system.lend("orderpath_writer") as session, session.transaction():
        for erasure, upto in ends.items():
            session.execute(_BEGIN, (erasure, Jsonb(upto)))
        session.execute(_DONE, (done,))
    return len(ends) - len(done)


def _texts(swept: Swept) -> dict[str, int]:
    return {str(part): end for part, end in swept.ends.items()}


def _is_deleted(upto: dict[str, int], swept: Swept) -> bool:
    """Whether nothing is left of what stood there; a topic made anew has nothing of it."""
    return all(
        swept.deleted.get(int(part), end) >= min(end, swept.ends.get(int(part), end))
        for part, end in upto.items()
    )
