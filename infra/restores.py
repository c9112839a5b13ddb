"""What the owner of the database says after the log was restored. Called by services.bootstrap.

Keys of who was erased since the backup may have come back with it: they are destroyed again.
"""

from collections.abc import Callable
from typing import Any

import psycopg

from domain.audit.heads import RestoreStatement, SignedRestore
from domain.refusals import InfraError
from infra.postgres import connect

Sign = Callable[[RestoreStatement], SignedRestore | None]  # None: there is nothing to sign with

# Of the newest key, and the last head before the first epoch that nobody has signed yet.
_LOOK = """
    select l.log_id, clock_timestamp(), k.key_id, coalesce((
        select max(h.number) from audit.heads h
        where h.epoch <= coalesce((select max(r.epoch) from audit.restores r), 1)
    ), 0)
    from log.head l, (select k.key_id from audit.keys k order by k.number desc limit 1) k
"""


def raise_epoch(url: str, sign: Sign = lambda statement: None, *, above: int = 0) -> int:
    """Say that positions are given a second time from now on; give the new epoch.

    sign:   signs that this was a restore; in the transaction of the epoch, so it stands or neither
    above:  an epoch that was seen elsewhere, and that a backup may not know of any more
    Raises: InfraError not_the_owner
    """
    with connect(url) as session:
        try:
            with session.transaction():
                epoch = _raise(session)
                while epoch <= above:
                    epoch = _raise(session)
                _announce(session, epoch, sign)
                session.execute("select log.erase_again()")
        except psycopg.errors.InsufficientPrivilege as error:
            raise InfraError(
                "not_the_owner",
                f"{session.info.user} may only use the database: say this with "
                "ORDERPATH_DATABASE_URL of its owner.",
            ) from error
    return epoch


def _raise(session: psycopg.Connection[Any]) -> int:
    row = session.execute("select log.restored()").fetchone()
    assert row is not None
    return int(row[0])


def _announce(session: psycopg.Connection[Any], epoch: int, sign: Sign) -> None:
    """Keep the signed statement; where nothing was ever sealed there is nobody to tell."""
    row = session.execute(_LOOK).fetchone()
    if row is None:
        return
    log_id, said_at, key_id, after = row
    signed = sign(RestoreStatement(log_id, epoch, after, said_at, key_id))
    if signed is not None:
        session.execute(
            "insert into audit.restores (epoch, log_id, after, said_at, key_id, signature)"
            " values (%s, %s, %s, %s, %s, %s)",
            (epoch, log_id, after, said_at, key_id, signed.signature),
        )
