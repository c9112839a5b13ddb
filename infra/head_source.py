"""What the relay's lane of the audit reads: signed heads, with a projector's rights."""

from domain.audit.heads import SealKey, SignedHead, SignedRestore
from infra.audit_tables import read_heads, read_keys, read_restores
from infra.postgres import Session

ROLE = "orderpath_projector"


class HeadSource:
    """Implements services.audit.checkpoint_lane.Heads, with a session of its own."""

    def __init__(self, url: str) -> None:
        self._session = Session(url, role=ROLE, name="orderpath relay audit")

    def heads(self, after: int, limit: int) -> list[SignedHead]:
        """Give the next heads behind a number."""
        with self._session.connection() as connection:
            return read_heads(connection, after, limit)

    def last_below(self, position: int) -> int:
        """Give the number of the last head over less than a position, 0: there is none."""
        with self._session.connection() as connection:
            row = connection.execute(
                "select max(number) from audit.heads where size < %s", (position,)
            ).fetchone()
        return (row and row[0]) or 0

    def known_keys(self) -> list[SealKey]:
        """Give every public key, the oldest first."""
        with self._session.connection() as connection:
            return read_keys(connection)

    def restores(self) -> list[SignedRestore]:
        """Give every restore that was announced, the oldest first."""
        with self._session.connection() as connection:
            return read_restores(connection)

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()
