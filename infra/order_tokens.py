"""Tokens by which a customer follows an order: its id, and a proof that only this database makes.

Nothing is stored of them but the one secret, which all programs on a database share.
"""

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from functools import cached_property
from typing import Final
from uuid import UUID

from domain.refusals import InfraError
from infra.postgres import Lender
from infra.sealing import SubjectKey
from infra.vault import Vault

_SECRET: Final = UUID("3f0f6cf1-5f5e-5c0e-8d9a-0a4be1a5a4c7")  # key_id of the secret in log.keys
_SUBJECT: Final = "orderpath-order-tokens"
_SECRET_BYTES: Final = 32
_PROOF_BYTES: Final = 16
_ID_BYTES: Final = 16
_FIND: Final = "select key from log.keys where key_id = %s"


class OrderTokens:
    """Makes and reads tokens. One per process; threads may share it."""

    def __init__(self, session: Lender, vault: Vault) -> None:
        self._session = session
        self._vault = vault

    def token_of(self, order_id: UUID) -> str:
        """Give the token of an order: the same each time, 43 letters, digits, - and _."""
        proved = order_id.bytes + self._proof(order_id.bytes)
        return urlsafe_b64encode(proved).decode().rstrip("=")

    def order_of(self, token: str) -> UUID | None:
        """Give the order that a token means; None: nobody was given that one."""
        try:
            said = urlsafe_b64decode(f"{token}=".encode("ascii"))
        except (NotBase64, ValueError):
            return None
        own, proof = said[:_ID_BYTES], said[_ID_BYTES:]
        if len(own) < _ID_BYTES or not hmac.compare_digest(proof, self._proof(own)):
            return None
        order_id = UUID(bytes=own)
        return order_id if self.token_of(order_id) == token else None

    def _proof(self, order: bytes) -> bytes:
        return hmac.digest(self._secret, order, "sha256")[:_PROOF_BYTES]

    @cached_property
    def _secret(self) -> bytes:
        """Read the secret; whoever asks first makes it, and all use that one."""
        secret = self._vault.open(_SECRET, _SUBJECT, self._vault.storing(self._stored))
        if secret is None:
            raise InfraError(
                "token_secret_missing",
                "The secret of the tokens for customers was destroyed: bring log.keys back from a "
                "backup.",
            )
        return secret

    def _stored(self) -> bytes | None:
        with self._session.connection() as session:
            found = session.execute(_FIND, (_SECRET,)).fetchone()
            if found is None:
                wrapped = self._vault.wrap(SubjectKey(_SECRET, _SUBJECT, os.urandom(_SECRET_BYTES)))
                session.execute("select ops.keep_key(%s, %s, %s)", (_SECRET, _SUBJECT, wrapped))
                found = session.execute(_FIND, (_SECRET,)).fetchone()
        return found[0] if found else None
