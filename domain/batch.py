"""What the command pipeline hands to the log in one append, and what it gets back."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from domain.facts import PathKey
from domain.messages import Command, Decided, Happened, Outcome
from domain.paths.path import OrderPath
from domain.refusals import Unmet


@dataclass(slots=True)  # One for every event and command: frozen ones take thrice the time.
class NewEvent:
    """An event on its way into the log."""

    stream_id: str
    version: int | None  # None: whatever comes next in its stream when it is written
    decided: Decided
    subject_id: str  # whose personal data it may hold; the stream itself if nobody is known


@dataclass(slots=True)
class Answer:
    """One decided command: what it read, what it wants written, what it will be told.

    `conflict` is compared like the others and never stored.
    """

    command: Command
    body_hash: bytes
    kind: Literal["accepted", "refused", "nothing", "conflict"]
    reads: Sequence[str]  # stream ids
    events: Sequence[NewEvent] = ()  # of a refusal: that it was tried
    unmet: Sequence[Unmet] = ()
    versions: Mapping[str, int] = field(default_factory=dict)  # of written streams, after
    erases: Sequence[str] = ()  # subjects whose keys are destroyed with it

    @property
    def writes(self) -> frozenset[str]:
        return frozenset(self.versions)


@dataclass(frozen=True, slots=True)
class Appended:
    """What the append did. Numbers count the answers of the batch from 0."""

    after: int  # position before the first written event
    at: datetime  # recorded_at of everything that was written
    moved: frozenset[str]  # streams that were no longer at the version that was read
    known: frozenset[int]  # answers whose command id was answered before
    set_back: frozenset[int]  # answers that were not written, `known` among them
    erased: frozenset[str] = frozenset()  # subjects that were, since we last heard of any

    @property
    def overtaken(self) -> frozenset[int]:
        """Answers that have to be decided again."""
        return self.set_back - self.known


@dataclass(frozen=True, slots=True)
class StoredOutcome:
    """The first answer to a command id, with the hash of the body it was given for."""

    outcome: Outcome
    body_hash: bytes


class Append(Protocol):
    """A batch on its way into the log. One at a time: its sender lands it before the next."""

    def fileno(self) -> int:
        """Give the descriptor that becomes readable when a part of the answer has come."""

    def done(self) -> bool:
        """Take in what has come without waiting; say whether the answer is complete."""

    def result(self) -> Appended:
        """Wait for the answer. Raises: FactIdReused, InfraError"""


class Log(Protocol):
    """The port through which the pipeline sees the log. infra.event_log is the one behind it."""

    def locked(self) -> AbstractContextManager["Log"]:
        """Hold the head: what is loaded inside of the block stays true until its end."""

    def load(self, versions: Mapping[str, int]) -> Mapping[str, Sequence[Happened]]:
        """Give the events of each stream above the version that is known already."""

    def load_states(self, streams: Collection[str]) -> Mapping[str, Any]:
        """Give kept states that are still true; what is missing is read event by event."""

    def load_paths(self, keys: Sequence[PathKey]) -> Mapping[PathKey, OrderPath]:
        """Give published paths; what was never published is missing."""

    def load_outcomes(self, ids: Sequence[UUID]) -> Mapping[UUID, StoredOutcome]:
        """Give the stored answers; what was never answered is missing."""

    def holds_keys(self, subjects: Sequence[str]) -> bool:
        """Say whether anything of these subjects can be opened still."""

    def newly_erased(self) -> Collection[str]:
        """Name the subjects that were erased since we last heard of any, and forget their keys."""

    @property
    def erasures(self) -> int:
        """How many erasures are known here: what was read before is true as of them."""

    def append(self, answers: Sequence[Answer], versions: Mapping[str, int]) -> Append:
        """Send a batch, one transaction; versions: of every stream as it was read."""

    def keep_states(self, states: Mapping[str, Any], erasures: int) -> None:
        """Keep states that stand in the log, so that they need not be read event by event; unless
        somebody was erased since so many erasures were known.
        """

    def close(self) -> None:
        """Give back every connection."""
