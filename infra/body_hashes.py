"""Hashes of commands' bodies as log.commands has them: encrypted where what they say is personal.

Such a body may hold a phone number, and these are few enough to be tried out one by one. The secret
is this log's own and stands in log.keys, where no reader of events or tables sees it, wrapped.
"""

import os
from collections.abc import Sequence
from functools import cached_property
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from domain.batch import Answer
from domain.personal import says_personal
from infra.vault import SecretName, Vault

_SECRET: Final = SecretName(
    uuid5(NAMESPACE_URL, "orderpath:command-secret"),  # It reaches the log: a contract for ever.
    "",  # nobody's: no person is called so, and erased
)
_FORM: Final = b"\x01"  # before one that is encrypted


class BodyHashes:
    """Stores and reads hashes. One per process; threads may share it.

    Equal ones stay equal, by the half: each half is one block, and is compared alone.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def stored(self, answers: Sequence[Answer]) -> list[bytes]:
        """Give the hash of each command as it is stored. Raises: InfraError"""
        return [
            _FORM + self._cipher.encryptor().update(one.body_hash)
            if says_personal(one.command)
            else one.body_hash
            for one in answers
        ]

    def read(self, stored: bytes) -> bytes:
        """Give a hash that is stored; of another secret it is a hash of nothing.

        Raises: InfraError
        """
        if len(stored) % 2 == 0:
            return stored
        return self._cipher.decryptor().update(stored[len(_FORM) :])

    @cached_property
    def _cipher(self) -> Cipher[ECB]:
        # Of a log that was restored without its keys, commands of before are never repeated ones:
        # those of their ids are refused. Nothing is done twice.
        secret = self._vault.secret(_SECRET) or os.urandom(32)
        return Cipher(AES(secret), ECB())  # noqa: S305 - one block each, of what is random already
