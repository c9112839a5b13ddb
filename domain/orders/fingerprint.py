"""What a fact says, as one number: its id tells that it is known, this whether it says the same.

Called by evolve, which keeps it, by decide_facts, which compares, and for the ids of imports.
"""

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

from pydantic import BaseModel

# What follows from the path on arrival, and what is personal: it may be erased meanwhile.
_LEFT_OUT: Final = frozenset(
    {"path", "path_version", "conforming", "nonconforming", "deadlines", "totals"}
    | {"name", "phone", "email", "address", "personal"}
)


def fingerprint(told: BaseModel, occurred_at: datetime) -> int:
    """Give 64 bits, the same for the same content told again, in whatever process."""
    said = repr((_plain(occurred_at), _plain(told))).encode()
    return int.from_bytes(blake2b(said, digest_size=8).digest())


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return [
            (name, _plain(inner))
            for name, inner in value.__dict__.items()
            if inner is not None and name not in _LEFT_OUT
        ]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return sorted(value.items()) if isinstance(value, dict) else value
