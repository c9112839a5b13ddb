"""Tokens of an identity provider: good ones show a person, and every known trick shows nobody."""

import asyncio
import base64
import hmac
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from structlog.testing import capture_logs

from domain.access.identity import Identity
from domain.refusals import InfraError, UnknownCaller
from infra.tokens import FRESH_SECONDS, PATIENT_SECONDS, PAUSE_SECONDS, ProvidedTokens, Provider
from services.access import MOST_TOKENS, KnownCallers
from services.api.callers import Caller
from services.api.problems import Turned
from services.bootstrap import System, utc_now
from tests.integration.rights.provider import AUDIENCE, FakeProvider, fake_provider
from tests.support.waiting import ROOM_SECONDS


class Clock:
    """Ticks that a test moves on."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(provider: FakeProvider, clock: Clock) -> Iterator[ProvidedTokens]:
    chosen = Provider(
        issuer=provider.url,
        audience=AUDIENCE,
        roles="realm_access.roles",
        role_names={"sales": "manager", "boss": "lead"},
    )
    reading = ProvidedTokens(chosen, ticks=clock)
    yield reading
    reading.close()


def claims(provider: FakeProvider, **changes: Any) -> dict[str, Any]:
    said = {
        "iss": provider.url,
        "aud": AUDIENCE,
        "sub": "ann",
        "exp": time() + 600,
        "realm_access": {"roles": ["sales", "unknown"]},
        "groups": ["north"],
    }
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


def is_refused(tokens: ProvidedTokens, token: str) -> bool:
    try:
        tokens.identity(token)
    except UnknownCaller as error:
        return token == "" or token not in str(error)
    return False


def test_a_good_token_shows_a_person_with_our_roles_and_groups(
    provider: FakeProvider, tokens: ProvidedTokens
) -> None:
    shown = tokens.identity(provider.token(claims(provider)))

    assert (shown.kind, shown.id) == ("user", "ann")
    assert (shown.roles, shown.groups) == (("manager",), ("north",))


def test_roles_may_be_words_in_a_text(provider: FakeProvider, tokens: ProvidedTokens) -> None:
    said = claims(provider, realm_access={"roles": "boss sales other"})

    assert tokens.identity(provider.token(said)).roles == ("lead", "manager")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another-service"},
        {"aud": None},
        {"aud": []},
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": 4_000_000_000},
        {"iat": 4_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": "a\nb"},
        {"sub": "x" * 201},
    ],
    ids=str,
)
def test_a_token_that_says_something_wrong_shows_nobody(
    provider: FakeProvider, tokens: ProvidedTokens, changes: dict[str, Any]
) -> None:
    said = {**claims(provider), **changes}
    kept = {name: value for name, value in said.items() if value is not None}

    assert is_refused(tokens, provider.token(kept))


def test_clocks_may_differ_a_little(provider: FakeProvider, tokens: ProvidedTokens) -> None:
    late = claims(provider, exp=time() - 10, nbf=time() + 10)

    assert tokens.identity(provider.token(late)).id == "ann"


def test_a_token_without_a_signature_shows_nobody(
    provider: FakeProvider, tokens: ProvidedTokens
) -> None:
    for algorithm in ("none", "None", "NONE", "nOnE"):
        head, body = (
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
            for part in ({"alg": algorithm, "kid": "k1", "typ": "JWT"}, claims(provider))
        )
        assert is_refused(tokens, f"{head}.{body}.")
    good = provider.token(claims(provider))
    assert is_refused(tokens, good.rpartition(".")[0] + ".")


def test_a_token_signed_with_the_public_key_as_a_secret_shows_nobody(
    provider: FakeProvider, tokens: ProvidedTokens
) -> None:
    pem = provider.public_pem("k1")
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "kid": "k1"}, claims(provider))
    ]
    signed = hmac.digest(pem, b".".join(parts), "sha256")
    token = b".".join([*parts, base64.urlsafe_b64encode(signed).rstrip(b"=")]).decode()

    assert is_refused(tokens, token)


def test_a_shared_secret_among_the_published_keys_signs_nothing(
    provider: FakeProvider, tokens: ProvidedTokens
) -> None:
    secret = b"0123456789abcdef0123456789abcdef"
    plain = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    provider.more.append({"kty": "oct", "kid": "s1", "k": plain, "alg": "HS256"})

    assert is_refused(tokens, jwt.encode(claims(provider), secret, "HS256", {"kid": "s1"}))


def test_another_key_under_a_known_id_signs_nothing(
    provider: FakeProvider, tokens: ProvidedTokens
) -> None:
    stranger = generate_private_key(65_537, 2_048)
    token = jwt.encode(claims(provider), stranger, "RS256", {"kid": "k1"})

    assert is_refused(tokens, token)


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../etc/passwd"},
        {"kid": "k1' or '1'='1"},
        {"kid": ""},
        {"kid": "x" * 5_000},
        {"kid": "no", "jku": "https://evil.example/keys"},
        {"kid": "no", "x5u": "file:///etc/passwd"},
        {"kid": "no", "jwk": {"kty": "RSA"}},
        {"crit": ["b64"], "b64": False},
    ],
    ids=str,
)
def test_what_the_head_of_a_token_says_of_keys_is_not_followed(
    provider: FakeProvider, tokens: ProvidedTokens, header: dict[str, Any]
) -> None:
    token = provider.token(claims(provider), headers=header)

    assert is_refused(tokens, token)
    assert set(provider.asked) <= {"/.well-known/openid-configuration", "/keys"}


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "a.b.c.d", "." * 10_000, "e30.e30.e30"])
def test_what_is_no_token_shows_nobody(tokens: ProvidedTokens, token: str) -> None:
    with pytest.raises(UnknownCaller):
        tokens.identity(token)


def test_a_new_key_of_the_provider_is_read_when_a_token_names_it(
    provider: FakeProvider, tokens: ProvidedTokens, clock: Clock
) -> None:
    tokens.identity(provider.token(claims(provider)))
    provider.new_key("k2")
    token = provider.token(claims(provider), "k2")

    assert is_refused(tokens, token)  # It was asked just now: no token makes us ask all the time.
    clock.now += PAUSE_SECONDS
    assert tokens.identity(token).id == "ann"


def test_tokens_with_made_up_keys_do_not_make_us_ask_again_and_again(
    provider: FakeProvider, tokens: ProvidedTokens
) -> None:
    for number in range(50):
        token = provider.token(claims(provider), headers={"kid": f"made-up-{number}"})
        assert is_refused(tokens, token)

    assert provider.asked.count("/keys") == 1


def test_a_key_that_the_provider_took_back_signs_nothing_after_a_while(
    provider: FakeProvider, tokens: ProvidedTokens, clock: Clock
) -> None:
    token = provider.token(claims(provider))
    tokens.identity(token)
    del provider.keys["k1"]
    provider.new_key("k2")

    clock.now += FRESH_SECONDS + 1

    assert is_refused(tokens, token)


def test_known_keys_are_taken_for_a_while_though_the_provider_is_away(
    provider: FakeProvider, tokens: ProvidedTokens, clock: Clock
) -> None:
    token = provider.token(claims(provider))
    tokens.identity(token)
    provider.away = True

    clock.now += FRESH_SECONDS + 1
    assert tokens.identity(token).id == "ann"
    clock.now += PATIENT_SECONDS
    with pytest.raises(InfraError, match="does not answer"):
        tokens.identity(token)


def test_without_the_provider_from_the_start_it_is_said_what_is_the_matter(
    provider: FakeProvider, tokens: ProvidedTokens
) -> None:
    provider.away = True

    with pytest.raises(InfraError, match="API keys work") as caught:
        tokens.identity(provider.token(claims(provider)))

    assert caught.value.code == "provider_unavailable"


def test_a_provider_that_says_it_is_another_one_is_not_believed(
    provider: FakeProvider, clock: Clock
) -> None:
    chosen = Provider(issuer=provider.url + "/", audience=AUDIENCE)

    with pytest.raises(InfraError):
        ProvidedTokens(chosen, ticks=clock).identity(provider.token(claims(provider)))


BROKEN = [
    {"kty": "RSA", "kid": "bad", "n": "!", "e": "AQAB"},
    {"kty": "RSA", "kid": "bad", "n": 5, "e": []},
    {"kty": "RSA", "kid": "bad"},
    {"kty": "RSA", "kid": "bad", "n": "AQAB", "e": "AA"},
    {"kty": "RSA", "kid": "bad", "alg": "ES256", "n": "AQAB", "e": "AQAB"},
    {"kty": "EC", "kid": "bad"},
    {"kty": "EC", "kid": "bad", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
    {"kty": "EC", "kid": "bad", "crv": ["P-256"]},
    {"kty": "OKP", "kid": "bad", "crv": "Ed25519", "x": "AAAA"},
    {"kty": ["RSA"], "kid": "bad"},
]


@pytest.mark.parametrize("key", BROKEN, ids=str)
def test_a_key_that_cannot_be_used_is_told_of_and_turns_no_other_one_away(
    provider: FakeProvider, tokens: ProvidedTokens, key: dict[str, Any]
) -> None:
    provider.more.append(key)

    with capture_logs() as logged:
        assert tokens.identity(provider.token(claims(provider))).id == "ann"

    assert [(one["event"], one["key_ids"]) for one in logged] == [
        ("provider_keys_ignored", ["bad"])
    ]


@pytest.mark.parametrize("key", ["a text", None, 5, []], ids=str)
def test_what_is_no_key_at_all_turns_no_key_away(
    provider: FakeProvider, tokens: ProvidedTokens, key: object
) -> None:
    provider.more.append(key)

    assert tokens.identity(provider.token(claims(provider))).id == "ann"


def test_where_no_key_can_be_used_it_is_the_provider_and_not_the_token(
    provider: FakeProvider, tokens: ProvidedTokens, clock: Clock
) -> None:
    token = provider.token(claims(provider))
    tokens.identity(token)
    provider.keys.clear()
    provider.more.append(BROKEN[0])

    clock.now += FRESH_SECONDS + 1

    with pytest.raises(InfraError, match="no key that can be used") as caught:
        tokens.identity(token)
    assert caught.value.code == "provider_unavailable"


def test_a_provider_that_says_a_byte_now_and_then_is_not_listened_to_for_ever(
    provider: FakeProvider, clock: Clock
) -> None:
    chosen = Provider(issuer=provider.url, audience=AUDIENCE)
    provider.drips = 200

    with pytest.raises(InfraError, match="does not answer"):
        ProvidedTokens(chosen, ticks=clock, read_seconds=0.5).identity(
            provider.token(claims(provider))
        )


def test_tokens_with_known_keys_are_checked_while_the_provider_is_asked_for_another(
    provider: FakeProvider, tokens: ProvidedTokens, clock: Clock
) -> None:
    token = provider.token(claims(provider))
    tokens.identity(token)
    clock.now += FRESH_SECONDS + 1
    provider.hears.clear()
    provider.answers.clear()
    made_up = provider.token(claims(provider), headers={"kid": "made up"})

    with ThreadPoolExecutor(1) as elsewhere:
        waiting = elsewhere.submit(tokens.identity, made_up)
        assert provider.hears.wait(ROOM_SECONDS)
        assert tokens.identity(token).id == "ann"
        with pytest.raises(InfraError, match="come again") as caught:
            tokens.identity(provider.token(claims(provider), headers={"kid": "another"}))
        assert not waiting.done()
        provider.answers.set()
        with pytest.raises(UnknownCaller):
            waiting.result(ROOM_SECONDS)

    assert caught.value.code == "provider_unavailable"


class Slow:
    """Reads no token before it may. Implements Tokens."""

    def __init__(self) -> None:
        self.goes_on = Event()

    def identity(self, token: str) -> Identity:
        assert self.goes_on.wait(ROOM_SECONDS)
        return Identity("user", token)


def test_keys_wait_for_no_provider_and_tokens_beyond_a_number_are_turned_away(
    system: System, make: Callable[..., str]
) -> None:
    slow = Slow()
    access = KnownCallers(system, slow)
    key = make("desk", "lead")

    async def called(shown: str) -> Caller:
        return await access.caller({"authorization": f"Bearer {shown}"})

    async def crowd() -> list[str]:
        waiting = [asyncio.create_task(called(f"t{one}")) for one in range(MOST_TOKENS)]
        try:
            await asyncio.sleep(0)  # All of them wait now.
            with pytest.raises(Turned, match="too many tokens") as caught:
                await asyncio.wait_for(called("one more"), ROOM_SECONDS / 6)
            assert caught.value.code == "busy"
            assert (await asyncio.wait_for(called(key), ROOM_SECONDS / 6)).id == "desk"
        finally:
            slow.goes_on.set()
        found = [one.id for one in await asyncio.gather(*waiting)]
        return [*found, (await called("one more")).id]

    assert asyncio.run(crowd()) == [*(f"t{one}" for one in range(MOST_TOKENS)), "one more"]
    access.close()


def test_a_person_with_a_token_calls_with_the_roles_that_settings_give(
    system: System, provider: FakeProvider, tokens: ProvidedTokens
) -> None:
    access = KnownCallers(system, tokens)
    system.clock = utc_now

    caller = access.caller_now({"authorization": f"Bearer {provider.token(claims(provider))}"})

    assert (caller.kind, caller.id, caller.roles) == ("user", "ann", ("manager",))


@pytest.mark.parametrize("exp", [10**18, 1e308, "9999999999", True, [1], {}, -1e308])
def test_a_token_that_is_over_at_no_moment_shows_nobody(
    provider: FakeProvider, tokens: ProvidedTokens, exp: Any
) -> None:
    body = claims(provider) | {"exp": exp}

    assert is_refused(tokens, signed_by(provider, json.dumps(body).encode()))


@pytest.mark.parametrize(
    "body",
    [b"[]", b"null", b'{"a":' * 3_000, b'{"exp": Infinity}', b'{"exp": NaN}', b"\xff", b"9" * 5_000,
    ],
    ids=["a list", "nothing", "deep", "for ever", "no number", "no text", "digits"],
)  # fmt: skip
def test_a_signed_token_of_anything_shows_nobody(
    provider: FakeProvider, tokens: ProvidedTokens, body: bytes
) -> None:
    assert is_refused(tokens, signed_by(provider, body))


def test_groups_that_are_no_names_are_left_out(
    provider: FakeProvider, tokens: ProvidedTokens
) -> None:
    body = claims(provider, groups=["north", "\ud800", "a\x00b", "", "x" * 201, 5])

    assert tokens.identity(signed_by(provider, json.dumps(body).encode())).groups == ("north",)


def signed_by(provider: FakeProvider, body: bytes) -> str:
    """Give a token of whatever bytes, signed as a good one is."""
    return jwt.PyJWS().encode(body, provider.keys["k1"], "RS256", {"kid": "k1"})
