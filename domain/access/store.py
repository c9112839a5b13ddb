"""Where hashes of secrets are kept, and when each key was last shown; and how a secret looks.

Also the one secret by which Idempotency-Keys become ids of commands.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, Protocol

SECRET_BYTES: Final = 32  # drawn at random: 256 bits, so that hashing once is enough
MARK: Final = "op"  # by which scanners for leaked secrets know ours


@dataclass(frozen=True, slots=True)
class KeptSecret:
    """What is kept of a secret."""

    prefix: str
    name: str  # of the key
    hash: bytes

    def fits(self, secret: str) -> bool:
        """Whether this is the secret; takes as long for a near one as for any other."""
        return hmac.compare_digest(self.hash, hash_of(secret))


class KeyStore(Protocol):
    """Keeps hashes of what callers show, never that itself."""

    def add(self, kept: KeptSecret) -> None: ...
    def find(self, prefix: str) -> KeptSecret | None: ...
    def names(self) -> list[str]: ...
    def note_uses(self, uses: Mapping[str, datetime]) -> None: ...
    def uses(self) -> dict[str, datetime]: ...
    def command_secret(self) -> bytes: ...


def hash_of(secret: str) -> bytes:
    """Give what is kept of a secret."""
    return sha256(secret.encode()).digest()


def shown(prefix: str, secret: str) -> str:
    """Write a key as its holder shows it."""
    return f"{MARK}_{prefix}_{secret}"


def parts_of(key: str) -> tuple[str, str] | None:
    """Take a key as it is shown apart into prefix and secret; None: it is no key."""
    mark, _, rest = key.partition("_")
    prefix, _, secret = rest.partition("_")
    is_prefix = re.fullmatch(r"[a-z0-9]{12}", prefix) is not None
    return (prefix, secret) if mark == MARK and is_prefix and secret else None
