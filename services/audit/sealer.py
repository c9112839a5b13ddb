"""The sealer: signs a head over all that the log has, again and again. `orderpath seal` runs it.

One seals at a time, by an advisory lock of the transaction that reads the log and adds the head: so
a head is there whole or not at all, whoever dies where. Any number may run.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event as Signal
from typing import Final, Protocol

import structlog

from domain.audit.heads import SealKey, SignedHead, Tree, TreeHead, key_id_of
from domain.audit.merkle import HASH_BYTES, Frontier, Node, frontier_at
from domain.audit.records import STORED_LEVEL, Growth, Hashed, SealState, TreeName
from domain.reading import LogGap
from domain.refusals import InfraError
from services.audit.known_heads import HeadSource, is_there
from services.audit.stored_tree import StoredTree, TreeSource, damaged
from services.turns import Rest, take_turns

REST: Final = Rest(shortest_seconds=0.25, longest_seconds=1.0)  # between two looks
EVERY_EVENTS: Final = 1_000  # that wait, or commands: then they are sealed at once
EVERY: Final = timedelta(seconds=10)  # since the last head, if anything waits at all
MOST: Final = 10_000  # events of one head, and commands: more wait for the next one
FINDINGS: Final = frozenset({"seal_damaged", "witness_ahead"})  # of which somebody has to hear
FIRST_PREVIOUS: Final = bytes(HASH_BYTES)

log_ = structlog.get_logger()


class Sealing(TreeSource, HeadSource, Protocol):
    """The log and its seal, for the one who seals. infra.seal_store is behind it."""

    def state(self) -> SealState:
        """Look at the ends of the log and of its seal."""

    def rows(self, tree: TreeName, after: int, until: int) -> Hashed:
        """Hash the rows behind a position, or number, up to another."""

    def command_after(self, number: int, many: int) -> int:
        """Give the number of the command that is so many behind another, or of the last one."""

    def add_key(self, key: SealKey) -> bool:
        """Add a public key; False: another one was added meanwhile."""

    def add_head(self, signed: SignedHead, growth: Sequence[Growth]) -> bool:
        """Add a head with what is new in its trees; False: somebody else was faster."""


class Store(Protocol):
    """Lets one at a time seal."""

    def sealing(self) -> AbstractContextManager[Sealing | None]:
        """Be the one who seals until the block ends; None: another one is at it."""


class Keys(Protocol):
    """The private keys. infra.seal_keys is behind it."""

    def any(self) -> bytes | None:
        """Give the public key of one that is here, None: there is none."""

    def make(self) -> bytes:
        """Make a key, keep it here and give its public half."""

    def sign(self, key_id: str, text: str) -> bytes:
        """Sign a text. Raises: InfraError seal_key_missing"""

    def is_signed(self, text: str, signature: bytes, public_key: bytes) -> bool:
        """Say whether a text was signed with the private half of a key."""


class Witness(Protocol):
    """What holds heads outside of the database. services.audit.witness_file is behind it."""

    def newest(self) -> SignedHead | None:
        """Give the newest head that it holds. Raises: InfraError witness_unusable"""

    def keep_up(self) -> None:
        """Take every head that it does not hold yet. Raises: InfraError"""


class NoWitness:
    """Where no witness is set up."""

    def newest(self) -> SignedHead | None:
        """Nothing is held."""
        return None

    def keep_up(self) -> None:
        """Nothing to take."""


@dataclass(frozen=True, slots=True)
class Pace:
    """When a head is due."""

    every_events: int = EVERY_EVENTS
    every: timedelta = EVERY
    most: int = MOST

    def is_due(self, state: SealState) -> bool:
        """Say whether enough waits, or anything for long enough."""
        last = state.last
        if last is None:
            return state.position > 0 or state.command > 0
        events = state.position - last.head.events.size
        commands = state.command - last.head.last_command
        if max(events, commands) >= self.every_events:
            return True
        return max(events, commands) > 0 and state.now - last.head.sealed_at >= self.every


@dataclass(slots=True)
class _Grown:
    """The trees as the last head left them, as far as this process knows."""

    head: bytes = b""  # its digest
    frontiers: dict[TreeName, Frontier] = field(default_factory=dict)


class Sealer:
    """For one thread."""

    def __init__(
        self, store: Store, keys: Keys, *, witness: Witness | None = None, pace: Pace | None = None
    ) -> None:
        self._store = store
        self._keys = keys
        self._witness = witness or NoWitness()
        self._pace = pace or Pace()
        self._grown = _Grown()
        self._known: SignedHead | None = None  # the newest that it made or saw

    def run(self, stop: Signal, beat: Callable[[], None] = lambda: None) -> None:
        """Seal until told to stop; wait out a database that is away."""

        def turn() -> bool:
            beat()
            return self.step()

        take_turns(turn, stop, REST, _waits)

    def catch_up(self) -> int:
        """Seal all that the log has now, due or not; give how many heads that were."""
        heads = 0
        while self.step(at_once=True):
            heads += 1
        return heads

    def step(self, *, at_once: bool = False) -> bool:
        """Add a head if one is due; say whether it was. at_once: if anything waits at all

        Raises: InfraError seal_key_missing, seal_damaged, log_gap, witness_ahead
        """
        with self._store.sealing() as sealing:
            if sealing is None:
                return False
            added = self._seal(sealing, at_once=at_once)
        self._known = added or self._known  # Now it stands.
        self._witness.keep_up()
        return added is not None

    def _seal(self, sealing: Sealing, *, at_once: bool) -> SignedHead | None:
        state = sealing.state()
        pace = Pace(1, self._pace.every, self._pace.most) if at_once else self._pace
        is_due = pace.is_due(state)
        self._compare(sealing, state, is_due=is_due)
        _check_end(state)
        return self._add(sealing, state, pace) if is_due else None

    def _compare(self, sealing: Sealing, state: SealState, *, is_due: bool) -> None:
        """See that the log has the heads that are known here, and outside. Nothing else is signed.

        Of a restore that was announced the old head stays known until another one stands: whoever
        takes the announcement away again has won nothing.
        """
        if (is_due or self._known is None) and (held := self._held()) is not None:
            is_there(sealing, state, held, self._keys.is_signed)
        if self._known is None or is_there(sealing, state, self._known, self._keys.is_signed):
            self._known = state.last

    def _held(self) -> SignedHead | None:
        try:
            return self._witness.newest()
        except InfraError as error:  # Its disk is away, which stops no head.
            _waits(error)
            return None

    def _add(self, sealing: Sealing, state: SealState, pace: Pace) -> SignedHead | None:
        frontiers = self._frontiers(sealing, state)
        until = min(state.position, frontiers["events"].size + pace.most)
        events, growth = _grow(sealing, "events", frontiers["events"], (_size(state), until))
        last_command = min(sealing.command_after(_last_command(state), pace.most), state.command)
        span = (_last_command(state), last_command)
        commands, more = _grow(sealing, "commands", frontiers["commands"], span)
        head = TreeHead(
            log_id=state.log_id,
            number=1 if state.last is None else state.last.head.number + 1,
            epoch=state.epoch,
            events=Tree(events.size, events.root),
            commands=Tree(commands.size, commands.root),
            last_command=last_command,
            sealed_at=max(state.now, state.last.head.sealed_at) if state.last else state.now,
            key_id=self._key(sealing, state),
            previous=FIRST_PREVIOUS if state.last is None else state.last.head.digest,
        )
        signed = SignedHead(head, self._keys.sign(head.key_id, head.text))
        added = sealing.add_head(signed, (growth, more))
        self._grown = (
            _Grown(head.digest, {"events": events, "commands": commands}) if added else _Grown()
        )
        return signed if added else None

    def _frontiers(self, sealing: Sealing, state: SealState) -> dict[TreeName, Frontier]:
        """Give the trees of the last head: as remembered, or from what is stored of them."""
        if state.last is None:
            return {"events": Frontier(), "commands": Frontier()}
        head = state.last.head
        if self._grown.head != head.digest:
            trees: dict[TreeName, Tree] = {"events": head.events, "commands": head.commands}
            self._grown = _Grown(
                head.digest,
                {
                    name: frontier_at(tree.size, StoredTree(sealing, name).perfect)
                    for name, tree in trees.items()
                },
            )
        grown = self._grown.frontiers
        if (grown["events"].root, grown["commands"].root) != (head.events.root, head.commands.root):
            self._grown = _Grown()
            raise damaged(f"what is stored does not give the root of head {head.number}")
        return grown

    def _key(self, sealing: Sealing, state: SealState) -> str:
        """Name the key that signs; the first one is made here."""
        if state.key is not None:
            return state.key.key_id
        public_key = self._keys.any() or self._keys.make()
        first = SealKey(1, key_id_of(public_key), public_key, state.now, None)
        if not sealing.add_key(first):
            raise InfraError("seal_key_missing", "Another process has just added the first key.")
        log_.info("seal_key_made", key_id=first.key_id)
        return first.key_id


def _grow(
    sealing: Sealing, tree: TreeName, frontier: Frontier, span: tuple[int, int]
) -> tuple[Frontier, Growth]:
    """Hash what lies in a span, and give the tree with it."""
    after, until = span
    found = sealing.rows(tree, after, until) if until > after else Hashed()
    if tree == "events" and found.numbers != list(range(after + 1, until + 1)):
        there = set(found.numbers)
        missing = next((one for one in range(after + 1, until + 1) if one not in there), until)
        raise LogGap(f"Position {missing}")
    nodes: list[Node] = []
    grown = frontier.extended(found.hashes, nodes.append, from_level=STORED_LEVEL)
    return grown, Growth(tree, frontier.size, found.hashes, nodes)


def _size(state: SealState) -> int:
    return 0 if state.last is None else state.last.head.events.size


def _last_command(state: SealState) -> int:
    return 0 if state.last is None else state.last.head.last_command


def _check_end(state: SealState) -> None:
    """Refuse to seal behind an end that is not there any more, or up to one that no answer has.

    The first key is made in the transaction of the first head: with no head, all are gone.
    """
    if state.last is None and state.key is not None:
        raise damaged("there is no head, but a key, which is made with the first one")
    if state.position < _size(state) or state.command < _last_command(state):
        raise damaged(
            f"the log ends at position {state.position} and command {state.command}, its last head "
            f"holds {_size(state)} and {_last_command(state)}"
        )
    if state.command > state.given:  # All that are answered from now on would lie before it.
        raise damaged(
            f"an answer has number {state.command}, the last one that was given is {state.given}"
        )


def _waits(error: InfraError) -> None:
    if error.code in FINDINGS:
        log_.error("sealing_refused", code=error.code, message=str(error))
        return
    log_.warning("sealing_waits", code=error.code, message=str(error))
