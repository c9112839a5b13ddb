"""Tokens of an identity provider (OpenID Connect): whose they are, if they are good.

Implements domain.access.identity.Tokens. What is allowed is fixed here and never read from a token.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import Any, Final

import httpx
import jwt
import structlog
from cryptography.exceptions import UnsupportedAlgorithm

from domain.access.identity import Identity
from domain.refusals import InfraError, UnknownCaller
from infra.deadline import Deadline

ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip
KEY_KINDS: Final = frozenset({"RSA", "EC", "OKP"})  # no shared secrets: whoever checks could sign
LEEWAY_SECONDS: Final = 30  # that clocks may differ
FRESH_SECONDS: Final = 300.0  # the provider's keys are read anew after so long
PATIENT_SECONDS: Final = 3_600.0  # and taken for so long while it does not answer
PAUSE_SECONDS: Final = 10.0  # between two requests to it, whatever tokens come
TIMEOUT_SECONDS: Final = 5.0  # that it may say nothing
READ_SECONDS: Final = 8.0  # for all that it is asked for its keys, however slowly it answers
LARGEST_ANSWER: Final = 1_000_000  # bytes
MOST_KEYS: Final = 100
MOST_NAMES: Final = 200  # roles or groups of one token
LONGEST_NAME: Final = 200
DISCOVERY: Final = "/.well-known/openid-configuration"
_BROKEN: Final = (
    jwt.PyJWTError, ValueError, LookupError, TypeError, ArithmeticError, UnsupportedAlgorithm,
)  # fmt: skip

log_ = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Provider:
    """Who issues tokens, and what their claims mean."""

    issuer: str
    audience: str
    keys_at: str = ""  # empty: the provider says where
    subject: str = "sub"  # claims, those inside of others with dots between
    roles: str = "roles"
    groups: str = "groups"
    role_names: Mapping[str, str] = field(default_factory=dict)  # the provider's -> ours


class ProvidedTokens:
    """Reads the tokens of one provider. Threads may share it."""

    def __init__(
        self,
        provider: Provider,
        *,
        ticks: Callable[[], float] = monotonic,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._provider = provider
        self._keys = _Keys(provider, ticks, read_seconds)

    def identity(self, token: str) -> Identity:
        """Tell whose token it is. Raises: UnknownCaller, InfraError provider_unavailable"""
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            key = self._keys.find(key_id if isinstance(key_id, str) else None)
            claims = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self._provider.audience,
                issuer=self._provider.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            # Its words may repeat the token; its kind says enough.
            raise UnknownCaller(f"the token is not good: {type(error).__name__}") from None
        return self._told(claims)

    def close(self) -> None:
        """Give the connections back."""
        self._keys.close()

    def _told(self, claims: Mapping[str, Any]) -> Identity:
        who = _claim(claims, self._provider.subject)
        if not isinstance(who, str) or not _is_name(who):
            raise UnknownCaller(f"the token names nobody under {self._provider.subject}")
        known = self._provider.role_names
        roles = [known[one] for one in _names(claims, self._provider.roles) if one in known]
        return Identity(
            "user",
            who,
            tuple(dict.fromkeys(roles)),
            _names(claims, self._provider.groups),
            until=_end(claims["exp"]),
        )


class _Keys:
    """The provider's public keys, read again when one is unknown or they are old."""

    def __init__(self, provider: Provider, ticks: Callable[[], float], read_seconds: float) -> None:
        self._provider = provider
        self._ticks = ticks
        self._read_seconds = read_seconds
        # Each request has a line of its own: the deadline watches lines as they are opened.
        alone = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(timeout=TIMEOUT_SECONDS, limits=alone)
        self._known: dict[str | None, jwt.PyJWK] = {}
        self._read_at = float("-inf")
        self._asked_at = float("-inf")
        self._turn = Lock()

    def find(self, key_id: str | None) -> jwt.PyJWK:
        """Give a key by its id. Raises: UnknownCaller, InfraError provider_unavailable"""
        if key_id not in self._known or self._ticks() - self._read_at > FRESH_SECONDS:
            self._read_in_turn(key_id)
        if self._ticks() - self._read_at > PATIENT_SECONDS:
            raise InfraError(
                "provider_unavailable",
                f"{self._provider.issuer} does not answer, or gives no key that can be used: "
                "tokens cannot be checked now. API keys work.",
            )
        found = self._known.get(key_id)
        if found is None:
            raise UnknownCaller("the token is signed with a key that its provider does not have")
        return found

    def _read_in_turn(self, key_id: str | None) -> None:
        """Let one read for all: nobody waits for him who has a key, or could do with what is known.

        Raises: InfraError provider_unavailable, where only the answer can tell of that key
        """
        if self._turn.acquire(blocking=not self._known):
            try:
                self._read_soon()
            finally:
                self._turn.release()
        elif key_id not in self._known:
            raise InfraError(
                "provider_unavailable",
                f"{self._provider.issuer} is being asked for its keys: come again in a moment",
            )

    def _read_soon(self) -> None:
        """Read the keys, unless that was tried just before: no token makes us ask all the time."""
        if self._ticks() - self._asked_at < PAUSE_SECONDS:
            return
        self._asked_at = self._ticks()
        try:
            with Deadline(self._read_seconds) as deadline:
                found = self._read(deadline)
        except (httpx.HTTPError, ValueError, LookupError, TypeError, RecursionError) as error:
            log_.warning("provider_not_read", error=type(error).__name__)
            return
        # What it took back is not taken any more, also where it gives nothing in its stead.
        self._read_at = self._ticks() if found else float("-inf")
        self._known = found

    def _read(self, deadline: Deadline) -> dict[str | None, jwt.PyJWK]:
        """Read what can be used: RFC 7517, section 5, has all others ignored."""
        place = self._provider.keys_at or self._discovered(deadline)
        known, broken = {}, []
        for one in self._get(place, deadline)["keys"][:MOST_KEYS]:
            try:
                if _is_usable(one):
                    known[one.get("kid")] = jwt.PyJWK(one, one.get("alg") or _algorithm_of(one))
            except _BROKEN:
                broken.append(_told_id(one))
        if broken:
            log_.warning("provider_keys_ignored", key_ids=broken)
        return known

    def _discovered(self, deadline: Deadline) -> str:
        said = self._get(self._provider.issuer.rstrip("/") + DISCOVERY, deadline)
        if said["issuer"] != self._provider.issuer:
            raise ValueError("it says that it is another issuer")
        place: str = said["jwks_uri"]
        return place

    def _get(self, place: str, deadline: Deadline) -> Any:
        with self._client.stream("GET", place, extensions={"trace": deadline.hear}) as answer:
            answer.raise_for_status()
            body = b""
            for part in answer.iter_bytes():
                body += part
                if len(body) > LARGEST_ANSWER:
                    raise ValueError("the answer is too long")
        return httpx.Response(200, content=body).json()

    def close(self) -> None:
        self._client.close()


def _is_usable(key: Mapping[str, Any]) -> bool:
    """Tell whether a key could be ours. Raises: TypeError, for what is no key"""
    if not isinstance(key, Mapping):
        raise TypeError("a key is an object")
    return (
        key.get("kty") in KEY_KINDS
        and key.get("use") in (None, "sig")
        and key.get("alg") in (None, *ALGORITHMS)
        and isinstance(key.get("kid"), str | None)
    )


def _told_id(key: Any) -> str:
    """Say of which key the log shall tell."""
    return str(key.get("kid"))[:LONGEST_NAME] if isinstance(key, Mapping) else "no key"


def _algorithm_of(key: Mapping[str, Any]) -> str:
    """Choose for a key that says none: what its kind is mostly used with."""
    curves = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
    return {"RSA": "RS256", "OKP": "EdDSA"}.get(key["kty"]) or curves[key["crv"]]


def _end(told: Any) -> datetime:
    """Read when a token is over. Raises: UnknownCaller, for what is no moment"""
    try:
        return datetime.fromtimestamp(told + LEEWAY_SECONDS, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise UnknownCaller("the token is over at no moment that a clock shows") from None


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Give a claim, inside of others where its name has dots; a name that is a whole one first."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _names(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Give the names that a claim lists: as a list, or with spaces between."""
    told = _claim(claims, name)
    listed = told.split() if isinstance(told, str) else told if isinstance(told, list) else []
    fit = (one for one in listed if isinstance(one, str) and _is_name(one))
    return tuple(dict.fromkeys(fit))[:MOST_NAMES]


def _is_name(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NAME and text.isprintable()
