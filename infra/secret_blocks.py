"""Encrypts hashes of what is personal, so that whoever has a dump and no key tries nothing out.

A phone number is one of few: with its plain hash it is found by trying all of them. The secret is
this log's own and stands in log.keys, where no reader of events or tables sees it, wrapped.
"""

import os
from functools import cached_property
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from infra.vault import SecretName, Vault

_SECRET: Final = SecretName(
    uuid5(NAMESPACE_URL, "orderpath:command-secret"),  # It reaches the log: a contract for ever.
    "",  # nobody's: no person is called so, and erased
)


class SecretBlocks:
    """A permutation of blocks of 16 bytes: equal ones stay equal. Threads may share it.

    The secret is asked for, and made on a new log, when the first block comes.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def encrypted(self, blocks: bytes) -> bytes:
        """Give blocks as they are stored. Raises: InfraError"""
        return self._cipher.encryptor().update(blocks)

    def decrypted(self, blocks: bytes) -> bytes:
        """Give stored blocks as they were; those of another secret mean nothing.

        Raises: InfraError
        """
        return self._cipher.decryptor().update(blocks)

    @cached_property
    def _cipher(self) -> Cipher[ECB]:
        # Of a log that was restored without its keys, what was hashed before is never known again:
        # commands of those ids are refused, rows wait once more. Nothing is done twice.
        secret = self._vault.secret(_SECRET) or os.urandom(32)
        return Cipher(AES(secret), ECB())  # noqa: S305 - one block each, of what is random already
