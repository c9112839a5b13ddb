"""Who calls over HTTP and what they may: keys and tokens, looked up once a second at most.

Implements services.api.callers.Access. A key that is revoked, and a role that is published anew,
are noticed within FRESH_SECONDS in every process.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from domain.access.identity import Identity, Tokens
from domain.access.store import parts_of
from domain.messages import Command
from domain.orders.commands import PlaceOrder
from domain.refusals import Denied, Refusal, UnknownCaller, Unmet
from domain.roles.definition import Role
from domain.roles.reach import placed_at
from domain.roles.rights import Allowed, Wish, may, missing_at, nothing_to_command, reach_of
from domain.roles.rights import Caller as Holder
from domain.sights import READ, SIGHT, Sight, hide, hide_in_unmet, seen_by
from services.api.callers import Caller
from services.api.problems import Turned
from services.keys import key_now
from services.questions.question import Asked, Question
from services.reads import ReadNotes
from services.rights import latest_roles
from services.threads import Threads
from services.together import Together

if TYPE_CHECKING:
    from services.bootstrap import System

FRESH_SECONDS: Final = 1.0  # so long a key and the roles are taken as they were looked up
KEY_THREADS: Final = 2  # that look keys up: they wait for the database only
TOKEN_THREADS: Final = 4  # that check tokens: they may wait for the provider
MOST_TOKENS: Final = 500  # that wait to be checked or are; far less than requests in hand
MOST_REMEMBERED: Final = 10_000  # keys and tokens
LONGEST_HEADER: Final = 16_384  # characters of a key or a token
LONGEST_NAME: Final = 200
_SCHEME: Final = "bearer "


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a look at key and roles has shown, and when by the monotonic clock."""

    at: float
    identity: Identity | None  # None: nobody
    caller: Caller | None


class KnownCallers:
    """Implements services.api.callers.Access."""

    def __init__(
        self,
        system: "System",
        tokens: Tokens | None = None,
        *,
        reads: ReadNotes | None = None,
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        self._system = system
        self._tokens = tokens
        self._reads = reads
        self._ticks = ticks
        self._known: OrderedDict[bytes, _Looked] = OrderedDict()
        self._roles: Mapping[str, Role] = {}
        self._roles_at = float("-inf")
        self._uses: dict[str, datetime] = {}
        self._turn = Lock()
        self._lookers = Threads(KEY_THREADS, "orderpath keys")
        self._checkers = Threads(TOKEN_THREADS, "orderpath tokens")
        self._in_check = 0  # tokens; counted on the event loop
        self._looks = Together(self._looked)

    async def caller(self, headers: Mapping[str, str]) -> Caller:
        """Tell who calls: one look serves all who show the same at a time.

        Raises: UnknownCaller, Denied, Turned busy, InfraError
        """
        shown = _shown(headers)
        digest = sha256(shown.encode()).digest()
        found = self._remembered(digest) or await self._looks.wait(digest, shown)
        return self._called(found, headers)

    def caller_now(self, headers: Mapping[str, str]) -> Caller:
        """Tell the same to a program without an event loop."""
        shown = _shown(headers)
        return self._called(self._look(sha256(shown.encode()).digest(), shown), headers)

    def check_question(self, caller: Caller, question: Question, asked: Asked) -> None:
        """Raises: Denied"""
        sight = self._allowed(caller, Wish("question", question.right))
        if question.reads == "whole_log":
            _check_reach(sight, question.name)

    def check_right(self, caller: Caller, right: str) -> None:
        """Raises: Denied"""
        self._allowed(caller, Wish("question", right))

    def check_command(self, caller: Caller, right: str) -> None:
        """Raises: Denied"""
        _check_reach(self._allowed(caller, Wish("command", right)), right)

    def check_commands(self, caller: Caller) -> None:
        """Raises: Denied"""
        if not caller.commands:
            raise Denied(nothing_to_command(_holder(caller), self._roles))

    def check_name(self, caller: Caller, name: str) -> None:
        """Raises: Denied"""
        self._allowed(caller, Wish("command", name))

    def admit(self, caller: Caller, command: Command) -> Command:
        """Give the command with its actor and what it reaches. Raises: Denied"""
        wish = Wish("command", command.NAME)
        sight = self._allowed(caller, wish)
        if isinstance(command, PlaceOrder) and not sight.sees(where := placed_at(command)):
            raise Denied(*missing_at(sight.regions, where))
        actor = caller.acting.get(wish)
        if actor is None:
            actor = caller.actor.model_copy(update={"reach": reach_of(sight)})
            caller.acting[wish] = actor
        return command.model_copy(update={"actor": actor})

    @contextmanager
    def reading(self, caller: Caller, right: str) -> Iterator[None]:
        """Let all that is read within the block be what the caller sees by that right."""
        sight = self._allowed(caller, Wish("question", right))
        with seen_by(sight):
            try:
                yield
            except Refusal as refusal:
                raise type(refusal)(*hide_in_unmet(refusal.unmet, sight.hidden)) from None

    def told(self, caller: Caller, question: Question, asked: Asked, answer: Any) -> Any:
        """Give the answer without the fields that are hidden from the caller."""
        sight = SIGHT.get() or self._allowed(caller, Wish("question", question.right))
        subjects = READ.get()
        if subjects and self._reads is not None:
            self._reads.note(caller, question.name, subjects)
        return hide(answer, sight.hidden)

    def heard(
        self, caller: Caller, command: Command, unmet: tuple[Unmet, ...]
    ) -> tuple[Unmet, ...]:
        """Give what stands against a command without what is hidden from the caller."""
        sight = self._allowed(caller, Wish("command", command.NAME))
        return hide_in_unmet(unmet, sight.hidden)

    def write_notes(self) -> None:
        """Write when keys were shown last, and what was read. What cannot be written waits."""
        try:
            self._note_uses()
        finally:
            if self._reads is not None:
                self._reads.write()

    def close(self) -> None:
        """Look up no more keys and tokens, and write what is noted."""
        self._lookers.shutdown(cancel_futures=True)
        self._checkers.shutdown(cancel_futures=True)
        self.write_notes()

    def _remembered(self, digest: bytes) -> _Looked | None:
        found = self._known.get(digest)
        return found if found is not None and self._is_fresh(found.at) else None

    async def _looked(self, digest: bytes, shown: str) -> _Looked:
        """Look once more, unless somebody did just now."""
        found = self._remembered(digest)
        if found is not None:
            return found
        is_key = self._tokens is None or parts_of(shown) is not None
        return await (self._looked_up if is_key else self._checked)(digest, shown)

    async def _looked_up(self, digest: bytes, key: str) -> _Looked:
        """Look a key up in threads that nothing else holds up. Requests in hand bound how many."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._lookers, self._look, digest, key)

    async def _checked(self, digest: bytes, token: str) -> _Looked:
        """Look a token up in threads of its own: a provider that hangs holds up no other caller."""
        if self._in_check >= MOST_TOKENS:
            raise Turned("busy", "too many tokens wait to be checked already", retry_seconds=1)
        self._in_check += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._checkers, self._look, digest, token)
        finally:
            self._in_check -= 1

    def _allowed(self, caller: Caller, wish: Wish) -> Sight:
        decision = caller.decided.get(wish)
        if decision is None:
            decision = may(_holder(caller), wish, known=self._roles)
            caller.decided[wish] = decision
        if isinstance(decision, Allowed):
            return decision.sight
        raise Denied(*decision.reasons)

    def _called(self, found: _Looked, headers: Mapping[str, str]) -> Caller:
        identity, caller = found.identity, found.caller
        if identity is None or caller is None:
            raise UnknownCaller("the key or token that was shown opens nothing, or no more")
        if identity.until is not None and identity.until <= self._system.clock():
            raise UnknownCaller("the key or token that was shown is over")
        person = headers.get("x-on-behalf-of")
        return caller if person is None else _on_behalf(caller, identity, person)

    def _caller(self, identity: Identity) -> Caller:
        held = tuple(self._roles[name] for name in identity.roles if name in self._roles)
        return Caller(
            kind=identity.kind,
            id=identity.id,
            roles=tuple(dict.fromkeys(name for role in held for name in role.held_as)),
            held=held,
            groups=identity.groups,
        )

    def _look(self, digest: bytes, shown: str) -> _Looked:
        """Look a key or token up. On a thread that may wait; a provider that is slow to answer
        holds up nobody with a key.
        """
        at = self._ticks()  # Before the look: what changes meanwhile is noticed in time.
        identity = self._identity(shown)
        with self._turn:
            if not self._is_fresh(self._roles_at):
                self._roles = {one.role.role: one.role for one in latest_roles(self._system)}
                self._roles_at = at
            caller = None if identity is None else self._caller(identity)
            found = _Looked(min(at, self._roles_at), identity, caller)  # As old as what is older.
            self._known[digest] = found
            self._known.move_to_end(digest)
            while len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
        return found

    def _identity(self, shown: str) -> Identity | None:
        parts = parts_of(shown)
        if parts is not None:
            return self._by_key(*parts)
        return None if self._tokens is None else self._tokens.identity(shown)

    def _by_key(self, prefix: str, secret: str) -> Identity | None:
        kept = self._system.key_store.find(prefix)
        if kept is None or not kept.fits(secret):
            return None
        key = key_now(self._system, kept.name)
        now = self._system.clock()
        if not key.opens(prefix, now):
            return None
        with self._turn:
            self._uses[kept.name] = now
        ends = [end for end in (key.prefixes[prefix], key.expires_at) if end is not None]
        return Identity(
            "api_key", kept.name, key.roles, key.groups, key.on_behalf, min(ends, default=None)
        )

    def _note_uses(self) -> None:
        with self._turn:
            uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            self._system.key_store.note_uses(uses)
        except BaseException:
            with self._turn:
                self._uses = uses | self._uses
            raise

    def _is_fresh(self, at: float) -> bool:
        return self._ticks() - at < FRESH_SECONDS


def _check_reach(sight: Sight, what: str) -> None:
    if not sight.sees_all_orders:
        raise Denied(
            Unmet(
                code="all_orders_not_permitted",
                message=f"{what} is of all orders, and your roles reach some of them",
                needed="a role that allows it and reaches all orders, test orders too",
            )
        )


def _shown(headers: Mapping[str, str]) -> str:
    given = headers.get("authorization", "")
    if given[: len(_SCHEME)].lower() != _SCHEME:
        raise UnknownCaller("show a key: Authorization: Bearer KEY")
    shown = given[len(_SCHEME) :].strip()
    if not shown or len(shown) > LONGEST_HEADER or not shown.isascii():
        raise UnknownCaller("what was shown is no key and no token")
    return shown


def _holder(caller: Caller) -> Holder:
    return Holder(caller.actor, caller.held, caller.groups)


def _unquoted(name: str) -> str:
    """Read a name as it comes in a header; what is no UTF-8 names nobody."""
    try:
        return unquote(name, errors="strict")
    except UnicodeDecodeError:
        return ""


def _on_behalf(caller: Caller, identity: Identity, person: str) -> Caller:
    if not identity.on_behalf or not any(role.on_behalf for role in caller.held):
        raise Denied(
            Unmet(
                code="on_behalf_not_permitted",
                message="This key may not act for somebody else",
                needed="a key made with --on-behalf, and a role that says on_behalf: yes",
            )
        )
    person = _unquoted(person)
    if not person or len(person) > LONGEST_NAME or not person.isprintable():
        raise Denied(
            Unmet(
                code="on_behalf_unreadable",
                message="X-On-Behalf-Of names nobody",
                needed=f"up to {LONGEST_NAME} printable characters, percent-encoded as UTF-8",
            )
        )
    return replace(caller, on_behalf_of=person)
