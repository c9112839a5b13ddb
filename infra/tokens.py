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

from domain.access.identity import Identity
from domain.refusals import InfraError, UnknownCaller

ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip
KEY_KINDS: Final = frozenset({"RSA", "EC", "OKP"})  # no shared secrets: whoever checks could sign
LEEWAY_SECONDS: Final = 30  # that clocks may differ
FRESH_SECONDS: Final = 300.0  # the provider's keys are read anew after so long
PATIENT_SECONDS: Final = 3_600.0  # and taken for so long while it does not answer
PAUSE_SECONDS: Final = 10.0  # between two requests to it, whatever tokens come
TIMEOUT_SECONDS: Final = 5.0
LARGEST_ANSWER: Final = 1_000_000  # bytes
MOST_KEYS: Final = 100
MOST_NAMES: Final = 200  # roles or groups of one token
LONGEST_NAME: Final = 200
DISCOVERY: Final = "/.well-known/openid-configuration"

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
        client: httpx.Client | None = None,
    ) -> None:
        self._provider = provider
        self._keys = _Keys(provider, ticks, client or httpx.Client(timeout=TIMEOUT_SECONDS))

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

    def __init__(
        self, provider: Provider, ticks: Callable[[], float], client: httpx.Client
    ) -> None:
        self._provider = provider
        self._ticks = ticks
        self._client = client
        self._known: dict[str | None, jwt.PyJWK] = {}
        self._read_at = float("-inf")
        self._asked_at = float("-inf")
        self._turn = Lock()

    def find(self, key_id: str | None) -> jwt.PyJWK:
        """Give a key by its id. Raises: UnknownCaller, InfraError provider_unavailable"""
        with self._turn:
            age = self._ticks() - self._read_at
            if key_id not in self._known or age > FRESH_SECONDS:
                self._read_soon()
            if self._ticks() - self._read_at > PATIENT_SECONDS:
                raise InfraError(
                    "provider_unavailable",
                    f"{self._provider.issuer} does not answer, and no key of it is known: "
                    "tokens cannot be checked now. API keys work.",
                )
            found = self._known.get(key_id)
        if found is None:
            raise UnknownCaller("the token is signed with a key that its provider does not have")
        return found

    def _read_soon(self) -> None:
        """Read the keys, unless that was tried just before: no token makes us ask all the time."""
        if self._ticks() - self._asked_at < PAUSE_SECONDS:
            return
        self._asked_at = self._ticks()
        try:
            self._known = self._read()
        except (httpx.HTTPError, ValueError, LookupError, TypeError, jwt.PyJWTError) as error:
            log_.warning("provider_not_read", error=type(error).__name__)
            return
        self._read_at = self._ticks()

    def _read(self) -> dict[str | None, jwt.PyJWK]:
        place = self._provider.keys_at or self._discovered()
        found = self._get(place)["keys"][:MOST_KEYS]
        usable = (one for one in found if _is_usable(one))
        return {
            one.get("kid"): jwt.PyJWK(one, one.get("alg") or _algorithm_of(one)) for one in usable
        }

    def _discovered(self) -> str:
        said = self._get(self._provider.issuer.rstrip("/") + DISCOVERY)
        if said["issuer"] != self._provider.issuer:
            raise ValueError("it says that it is another issuer")
        place: str = said["jwks_uri"]
        return place

    def _get(self, place: str) -> Any:
        with self._client.stream("GET", place) as answer:
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
    return (
        key.get("kty") in KEY_KINDS
        and key.get("use") in (None, "sig")
        and key.get("alg") in (None, *ALGORITHMS)
        and isinstance(key.get("kid"), str | None)
    )


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
