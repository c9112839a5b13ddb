"""Who somebody is, as a key or a token shows it; and the port through which tokens are read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.messages import ActorKind


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a key or a token shows, and which roles it says that this one holds."""

    kind: ActorKind
    id: str
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    on_behalf: bool = False  # it may act for people, where a role allows that
    until: datetime | None = None  # when it ends by itself


class Tokens(Protocol):
    """Reads tokens of an identity provider. On a thread that may wait."""

    def identity(self, token: str) -> Identity:
        """Raises: UnknownCaller for a token that is not good, InfraError without its provider"""
