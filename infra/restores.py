"""What the owner of the database says after the log was restored. Called by services.bootstrap.

Keys of who was erased since the backup may have come back with it: they are destroyed again.
"""

import psycopg

from domain.refusals import InfraError
from infra.postgres import connect


def raise_epoch(url: str) -> int:
    """Say that positions are given a second time from now on; give the new epoch.

    Raises: InfraError not_the_owner
    """
    with connect(url) as session:
        try:
            with session.transaction():
                row = session.execute("select log.restored()").fetchone()
                session.execute("select log.erase_again()")
        except psycopg.errors.InsufficientPrivilege as error:
            raise InfraError(
                "not_the_owner",
                f"{session.info.user} may only use the database: say this with "
                "ORDERPATH_DATABASE_URL of its owner.",
            ) from error
    assert row is not None
    return int(row[0])
