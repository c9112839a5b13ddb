"""Hashes of commands' bodies in log.commands: encrypted where what they say is personal."""

from collections.abc import Sequence
from typing import Final

from domain.batch import Answer
from domain.personal import says_personal
from infra.secret_blocks import SecretBlocks
from infra.vault import Vault

_FORM: Final = b"\x01"  # before one that is encrypted


class BodyHashes:
    """Stores and reads hashes. One per process; threads may share it.

    Equal ones stay equal, by the half: each half is one block, and is compared alone.
    """

    def __init__(self, vault: Vault) -> None:
        self._blocks = SecretBlocks(vault)

    def stored(self, answers: Sequence[Answer]) -> list[bytes]:
        """Give the hash of each command as it is stored. Raises: InfraError"""
        return [
            _FORM + self._blocks.encrypted(one.body_hash)
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
        return self._blocks.decrypted(stored[len(_FORM) :])
