"""The private keys that sign heads: files for their owner's eyes only, one for each key.

They lie in the data folder or where the setting says, never in the database: who may change the log
there cannot sign what was made of it.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from domain.audit.heads import key_id_of
from domain.refusals import InfraError

FOLDER: Final = "seal-keys"  # of the data folder
_ENDING: Final = ".pem"


class SealKeys:
    """The private keys of a folder. Implements services.audit.sealer.Keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, Ed25519PrivateKey] = {}

    def has(self, key_id: str) -> bool:
        """Say whether the private key is here."""
        return self._file(key_id).is_file()

    def any(self) -> bytes | None:
        """Give the public key of one that is here, None: there is none."""
        return next(self._public_keys(), None)

    def make(self) -> bytes:
        """Make a key, keep it here and give its public half.

        Raises: InfraError seal_key_unusable
        """
        key = Ed25519PrivateKey.generate()
        public_key = key.public_key().public_bytes_raw()
        told = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(self._file(key_id_of(public_key)), told)
        except OSError as error:
            raise self._unusable(f"no key can be kept there: {error}") from error
        return public_key

    def sign(self, key_id: str, text: str) -> bytes:
        """Sign a text. Raises: InfraError seal_key_missing, seal_key_unusable"""
        if key_id not in self._read:
            self._read[key_id] = self._load(key_id)
        return self._read[key_id].sign(text.encode())

    def is_signed(self, text: str, signature: bytes, public_key: bytes) -> bool:
        """Say whether a text was signed with the private half of a key."""
        return is_signed(text, signature, public_key)

    def destroy(self, key_id: str) -> None:
        """Remove a key that signs nothing any more. Twice is nothing."""
        self._read.pop(key_id, None)
        try:
            self._file(key_id).unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(f"key {key_id} cannot be removed: {error}") from error

    def _load(self, key_id: str) -> Ed25519PrivateKey:
        file = self._file(key_id)
        try:
            key = load_pem_private_key(file.read_bytes(), password=None)
        except FileNotFoundError:
            raise InfraError(
                "seal_key_missing",
                f"The log is sealed with key {key_id}, which is not in {self.folder}: seal where "
                "it is, or copy its file there. If it is lost, say "
                "`orderpath audit key rotate --lost`.",
            ) from None
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise self._unusable(f"{file.name} is no key that can be read: {error}") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise self._unusable(f"{file.name} is no Ed25519 key")
        if key_id_of(key.public_key().public_bytes_raw()) != key_id:
            raise self._unusable(f"{file.name} holds another key than its name says")
        return key

    def _public_keys(self) -> Iterator[bytes]:
        if self.folder.is_dir():
            for file in sorted(self.folder.glob(f"*{_ENDING}")):
                yield self._load(file.stem).public_key().public_bytes_raw()

    def _file(self, key_id: str) -> Path:
        return self.folder / f"{key_id}{_ENDING}"

    def _unusable(self, why: str) -> InfraError:
        message = f"The folder of the seal's keys, {self.folder}, cannot be used: {why}"
        return InfraError("seal_key_unusable", message)


def is_signed(text: str, signature: bytes, public_key: bytes) -> bool:
    """Say whether a text was signed with the private half of a key."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _write(file: Path, told: bytes) -> None:
    """Write a file whole or not at all, for good: what is signed with it shall not outlive it."""
    beside = file.with_suffix(".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, told)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    beside.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
