"""How far the relay has published, for those who only look. The relay itself: infra.relay_store."""

from typing import Any

from psycopg import Connection

from domain.reading import Head


def published(connection: Connection[Any], lane: str) -> Head | None:
    """Say up to where a lane is on the broker, and of which log; None: it never began."""
    row = connection.execute(
        "select log_id, epoch, position from ops.relay where lane = %s", [lane]
    ).fetchone()
    return None if row is None else Head(*row)
