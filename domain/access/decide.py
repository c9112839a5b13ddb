"""decide: from a key's history and a command to events, or to a refusal. Empty: already so."""

from collections.abc import Iterator
from datetime import datetime

from domain.access.commands import LONGEST_OVERLAP, ApiKeyCommand, CreateApiKey, RotateApiKey
from domain.access.events import ApiKeyCreated, ApiKeyRevoked, ApiKeyRotated
from domain.access.key import ApiKey
from domain.guards import no_status_is_expected
from domain.messages import Decided, Event
from domain.refusals import Refusal, Unmet


def decide(key: ApiKey, command: ApiKeyCommand, now: datetime) -> list[Decided]:
    """Create, rotate or revoke. Raises: Refusal"""
    unmet = [*no_status_is_expected(command, "A key"), *_against(key, command, now)]
    if unmet:
        raise Refusal(*unmet)
    return [Decided(event, now) for event in _events(key, command)]


def _events(key: ApiKey, command: ApiKeyCommand) -> Iterator[Event]:
    match command:
        case CreateApiKey():
            said = command.model_dump(include=set(ApiKeyCreated.model_fields))
            yield ApiKeyCreated(**said)
        case RotateApiKey():
            said = command.model_dump(include=set(ApiKeyRotated.model_fields))
            yield ApiKeyRotated(**said)
        case _ if not key.revoked:
            yield ApiKeyRevoked(apikey=command.apikey)
        case _:
            pass


def _against(key: ApiKey, command: ApiKeyCommand, now: datetime) -> Iterator[Unmet]:
    match command:
        case CreateApiKey():
            yield from _name_is_free(key, command)
            yield from _ends_later(command.expires_at, now)
        case RotateApiKey():
            yield from _key_exists(key, command)
            yield from _is_in_force(key, command)
            yield from _ends_later(command.expires_at, now)
            yield from _overlap_is_short(command, now)
        case _:
            yield from _key_exists(key, command)


def _name_is_free(key: ApiKey, command: ApiKeyCommand) -> Iterator[Unmet]:
    """A name means one caller for ever: what was done under it stays told apart."""
    if key.exists:
        yield Unmet(
            code="apikey_exists",
            field="apikey",
            message=f"There is a key {command.apikey}" + (", revoked" if key.revoked else ""),
            needed="another name, or `apikey rotate` for a new secret",
        )


def _key_exists(key: ApiKey, command: ApiKeyCommand) -> Iterator[Unmet]:
    if not key.exists:
        yield Unmet(
            code="apikey_unknown",
            field="apikey",
            message=f"There is no key {command.apikey}",
            needed="a name that `apikey list` shows",
        )


def _is_in_force(key: ApiKey, command: ApiKeyCommand) -> Iterator[Unmet]:
    if key.revoked:
        yield Unmet(
            code="apikey_revoked",
            field="apikey",
            message=f"The key {command.apikey} was revoked",
            needed="a new key under another name",
        )


def _ends_later(expires_at: datetime | None, now: datetime) -> Iterator[Unmet]:
    if expires_at is not None and expires_at <= now:
        yield Unmet(
            code="apikey_expires_too_soon",
            field="expires_at",
            message="The key would have expired already",
            needed="a moment in the future, or none",
        )


def _overlap_is_short(command: RotateApiKey, now: datetime) -> Iterator[Unmet]:
    if command.former_until > now + LONGEST_OVERLAP:
        yield Unmet(
            code="apikey_overlap_too_long",
            field="former_until",
            message=f"A former secret is taken for at most {LONGEST_OVERLAP.days} days",
            needed="an earlier moment",
        )
