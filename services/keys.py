"""API keys: made, rotated, revoked and listed. Called by the CLI, by the API, and at first start.

The hash of a secret is kept before the command that names its prefix: whoever dies in between
leaves a row that opens nothing. The secret itself leaves this module once, and is kept nowhere.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from domain.access.commands import CreateApiKey, RevokeApiKey, RotateApiKey
from domain.access.events import ApiKeyCreated, key_stream
from domain.access.key import ApiKey
from domain.access.store import SECRET_BYTES, KeptSecret, hash_of, shown
from domain.messages import Actor, Command, Outcome, Recorded
from domain.reading import folded
from domain.refusals import Unusable
from services.streams import events_of

if TYPE_CHECKING:
    from services.bootstrap import System

PREFIX_LETTERS: Final = 12  # of hexadecimal
OVERLAP: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new secret, if there is one now, and the outcome of the command."""

    outcome: Outcome
    key: str | None  # as its holder shows it; None: refused, or made before and told then


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Who wants a key changed, and with which envelope."""

    actor: Actor
    command_id: UUID | None = None
    source: str = "cli"
    reason: str | None = None

    @property
    def envelope(self) -> dict[str, Any]:
        """The fields that every command has."""
        said = {"command_id": self.command_id or uuid4(), "actor": self.actor}
        reason = {} if self.reason is None else {"reason": self.reason}
        return {**said, "source": self.source, **reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFor:
    """What a new key is for."""

    name: str
    roles: tuple[str, ...]
    groups: tuple[str, ...] = ()
    on_behalf: bool = False
    expires_at: datetime | None = None


def create_key(system: "System", wanted: Wanted, key: KeyFor) -> MadeKey:
    """Make a key. Raises: Unusable for a role that is not published"""
    check_roles(system, key.roles)
    prefix, secret = _keep_secret(system, key.name)
    said: dict[str, Any] = {"roles": key.roles, "groups": key.groups, "on_behalf": key.on_behalf}
    if key.expires_at is not None:
        said["expires_at"] = key.expires_at
    command = CreateApiKey(**wanted.envelope, apikey=key.name, prefix=prefix, **said)
    return _made(system, command, prefix, secret)


def rotate_key(
    system: "System",
    wanted: Wanted,
    name: str,
    *,
    overlap: timedelta = OVERLAP,
    expires_at: datetime | None = None,
) -> MadeKey:
    """Give a key a new secret; the one before is taken for so long.

    expires_at: of the key from now on; None: as before
    """
    prefix, secret = _keep_secret(system, name)
    ends = expires_at or key_now(system, name).expires_at
    command = RotateApiKey(
        **wanted.envelope,
        apikey=name,
        prefix=prefix,
        former_until=system.clock() + overlap,
        **({} if ends is None else {"expires_at": ends}),
    )
    return _made(system, command, prefix, secret)


def revoke_key(system: "System", wanted: Wanted, name: str) -> Outcome:
    """Take a key from whoever has it."""
    return system.execute(RevokeApiKey(**wanted.envelope, apikey=name))


def key_now(system: "System", name: str) -> ApiKey:
    """Give the state of a key; one that was never made does not exist."""
    stream = key_stream(name)
    return folded(ApiKey(), events_of(system.log, stream))


def list_keys(system: "System") -> list[dict[str, Any]]:
    """Describe every key with stable keys (docs/rights.md), never with a secret."""
    names = system.key_store.names()
    events = system.log.load({key_stream(name): 0 for name in names})
    uses = system.key_store.uses()
    now = system.clock()
    told = ((name, events[key_stream(name)]) for name in names)
    return [_row(name, found, uses.get(name), now) for name, found in told if found]


def check_roles(system: "System", roles: Iterable[str]) -> None:
    """See that all these roles are published. Raises: Unusable that names those that are"""
    known = system.log.names("role")
    if unknown := sorted(set(roles) - known):
        names = ", ".join(sorted(known)) or "none is published: run `orderpath role publish`"
        raise Unusable(f"no role is named {unknown[0]!r}: choose one of {names}")


def _keep_secret(system: "System", name: str) -> tuple[str, str]:
    prefix = secrets.token_hex(PREFIX_LETTERS // 2)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    system.key_store.add(KeptSecret(prefix, name, hash_of(secret)))
    return prefix, secret


def _made(system: "System", command: Command, prefix: str, secret: str) -> MadeKey:
    outcome = system.execute(command)
    is_new = outcome.kind == "accepted" and not outcome.repeated
    return MadeKey(outcome, shown(prefix, secret) if is_new else None)


def _row(
    name: str, events: list[Recorded], last_used_at: datetime | None, now: datetime
) -> dict[str, Any]:
    key = folded(ApiKey(), events)
    made = next(one for one in events if isinstance(one.event, ApiKeyCreated))
    return {
        "name": name,
        "prefix": key.prefix,
        "state": _state(key, now),
        "roles": list(key.roles),
        "groups": list(key.groups),
        "on_behalf": key.on_behalf,
        "expires_at": key.expires_at,
        "last_used_at": last_used_at,
        "made_at": made.occurred_at,
        "made_by": made.actor_id,
        "version": key.version,
    }


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked:
        return "revoked"
    return "valid" if key.opens(key.prefix, now) else "expired"
