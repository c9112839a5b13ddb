"""An API key as its events tell: who shows it is whom, until when, by which secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.access.events import ApiKeyCreated, ApiKeyRevoked, ApiKeyRotated
from domain.messages import Happened


@dataclass(frozen=True, slots=True)
class ApiKey:
    """State of the stream of a key."""

    version: int = 0
    last_occurred_at: datetime | None = None
    subject_id: str | None = None  # a key belongs to a program, not to a person
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    on_behalf: bool = False
    expires_at: datetime | None = None
    revoked: bool = False
    prefix: str = ""  # of the secret that was given last
    prefixes: Mapping[str, datetime | None] = field(
        default_factory=dict
    )  # until when each is taken

    @property
    def exists(self) -> bool:
        return self.version > 0

    def opens(self, prefix: str, now: datetime) -> bool:
        """Whether the secret with that prefix is taken now."""
        if self.revoked or prefix not in self.prefixes:
            return False
        ends = (self.prefixes[prefix], self.expires_at)
        return all(end is None or now < end for end in ends)

    def evolve(self, happened: Happened) -> "ApiKey":
        """Give the key after one more event."""
        key = replace(self, version=happened.version, last_occurred_at=happened.occurred_at)
        match happened.event:
            case ApiKeyCreated() as event:
                return replace(
                    key,
                    roles=event.roles,
                    groups=event.groups,
                    on_behalf=event.on_behalf,
                    expires_at=event.expires_at,
                    prefix=event.prefix,
                    prefixes={event.prefix: None},
                )
            case ApiKeyRotated() as event:
                # An earlier one that ends sooner is not given more time.
                former = {
                    prefix: event.former_until if until is None else min(until, event.former_until)
                    for prefix, until in self.prefixes.items()
                }
                return replace(
                    key,
                    expires_at=event.expires_at,
                    prefix=event.prefix,
                    prefixes={**former, event.prefix: None},
                )
            case ApiKeyRevoked():
                return replace(key, revoked=True)
            case event:
                raise TypeError(f"{type(event).__name__} is no event of a key")
