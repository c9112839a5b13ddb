"""API keys in PostgreSQL: hashes of their secrets, and when each was last shown."""

from collections.abc import Mapping
from datetime import datetime

from psycopg.types.json import Jsonb

from domain.access.store import KeptSecret
from domain.refusals import InfraError
from infra.postgres import Session


class PostgresKeyStore:
    """Implements domain.access.store.KeyStore."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, kept: KeptSecret) -> None:
        """Keep the hash of a secret."""
        with self._session.connection() as session:
            session.execute(
                "insert into ops.api_keys (prefix, name, hash) values (%s, %s, %s)",
                (kept.prefix, kept.name, kept.hash),
            )

    def find(self, prefix: str) -> KeptSecret | None:
        """Give what is kept of the secret with a prefix."""
        with self._session.connection() as session:
            row = session.execute(
                "select prefix, name, hash from ops.api_keys where prefix = %s", (prefix,)
            ).fetchone()
        return None if row is None else KeptSecret(row[0], row[1], bytes(row[2]))

    def names(self) -> list[str]:
        """Name every key for which a secret was made, in alphabetical order."""
        with self._session.connection() as session:
            rows = session.execute("select distinct name from ops.api_keys order by name")
            return [row[0] for row in rows.fetchall()]

    def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """Note when keys were shown; an earlier moment changes nothing."""
        rows = [{"name": name, "at": at.isoformat()} for name, at in uses.items()]
        with self._session.connection() as session:
            session.execute(_NOTE_USES, [Jsonb(rows)])

    def uses(self) -> dict[str, datetime]:
        """Say when each key was last shown; those that never were are missing."""
        with self._session.connection() as session:
            rows = session.execute("select name, last_used_at from ops.api_key_uses").fetchall()
        return {row[0]: row[1] for row in rows}

    def command_secret(self) -> bytes:
        """Give the secret by which Idempotency-Keys become ids. Raises: InfraError if it is gone"""
        with self._session.connection() as session:
            row = session.execute("select secret from ops.command_keys").fetchone()
        if row is None:
            raise InfraError(
                "command_secret_missing",
                "The secret of Idempotency-Keys is gone: bring ops.command_keys back from a dump.",
            )
        return bytes(row[0])


# In the order of their names: two processes that note at once wait for each other, and go on.
_NOTE_USES = """
    insert into ops.api_key_uses (name, last_used_at)
    select u.name, u.at from jsonb_to_recordset(%s) as u (name text, at timestamptz) order by 1
    on conflict (name) do update
    set last_used_at = greatest(api_key_uses.last_used_at, excluded.last_used_at)
"""
