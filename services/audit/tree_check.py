"""Checks one tree against its heads: rows are hashed again and compared leaf by leaf.

Rows and leaves are read in pages ahead, whatever heads hold: many hold one event each.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from hashlib import sha256
from typing import Final

from domain.audit.findings import (
    Differences,
    Finding,
    Kind,
    gaps,
    moved_leaf,
    name_differences,
    near_first,
)
from domain.audit.heads import Tree
from domain.audit.merkle import Frontier, Node
from domain.audit.records import STORED_LEVEL, Hashed, TreeName
from services.audit.ports import SealedLog
from services.audit.stored_tree import joined

PAGE: Final = 20_000  # rows that are read at once
LOWEST: Final = -(2**63) - 1  # behind it rows that ought not to be may begin
MOST_NAMED: Final = 2_000  # differences that are looked into; more are only counted
MOST_COMPARED: Final = 200  # differences that are compared each with each


class TreeCheck:
    """The tree of the log's events, or of its commands, from one head to the next."""

    def __init__(self, log: SealedLog, tree: TreeName, begin: Frontier, after: int) -> None:
        self._log = log
        self._tree = tree
        self._rows = _Rows(log, tree, after if begin.size else LOWEST)
        self._leaves = _Leaves(log, tree)
        self.frontier = begin
        self._size = begin.size  # of the tree as heads have it
        self._after = self._until = after  # rows that the head adds
        self.nodes: list[Node] = []  # that the tree got meanwhile
        self.rows_checked = 0
        self.differing = 0  # more than are named
        self._altered: dict[int, bytes] = {}
        self._missing: dict[int, bytes] = {}
        self.is_lost = False
        self._findings: list[Finding] = []

    def grow(self, head: int, tree: Tree, until: int) -> None:
        """Check what a head added: up to a size, which are rows up to a position or number."""
        self._until = until
        found = self._rows.take(until)
        self.rows_checked += len(found.numbers)
        kept = self._leaves.take(self._size, tree.size)
        if not self.is_lost:
            self._grow(head, tree, found, kept)
        elif kept is not None and found.hashes != kept:
            self._differ(head, found, kept)
        self._size, self._after = tree.size, until

    def _grow(self, head: int, tree: Tree, found: Hashed, kept: list[bytes] | None) -> None:
        nodes: list[Node] = []
        grown = self.frontier.extended(found.hashes, nodes.append, from_level=STORED_LEVEL)
        if (grown.size, grown.root) == (tree.size, tree.root):
            if found.hashes != kept:
                self._say("seal_altered", f"The stored leaves of head {head} were changed.", head)
        else:
            nodes.clear()
            if kept is not None and found.hashes != kept:
                self._differ(head, found, kept)
            grown = self.frontier.extended(kept or (), nodes.append, from_level=STORED_LEVEL)
            if kept is None or grown.root != tree.root:
                self._lose(head, found)
        self.frontier = grown
        self.nodes += nodes

    def findings(self) -> Iterator[Finding]:
        """Give all that was found."""
        yield from self._findings
        differences = Differences(self._altered, self._missing, self._origins())
        yield from name_differences(differences)
        if self.differing:
            yield Finding(
                "events_changed",
                f"{self.differing} more positions do not hold what was sealed there.",
            )

    def _say(
        self, kind: Kind, message: str, head: int, span: tuple[int, int] | None = None
    ) -> None:
        first, last = span or (None, None)
        self._findings.append(Finding(kind, message, first, last, head))

    def _lose(self, head: int, found: Hashed) -> None:
        """Nothing gives the signed root: rows and seal were changed together."""
        self.is_lost = True
        first, last = self._after + 1, self._until
        what = "positions" if self._tree == "events" else "numbers"
        kind: Kind = "events_changed" if self._tree == "events" else "commands_changed"
        self._say(
            kind,
            f"Something at {what} {first} to {last} was changed and the stored leaves with it: "
            f"head {head} signs another root. Roots of later heads cannot be checked.",
            head,
            (first, last),
        )
        if self._tree == "events":
            for begin, end in gaps(found.numbers, first, last):
                message = f"Positions {begin} to {end} are missing."
                self._say("event_missing", message, head, (begin, end))

    def _differ(self, head: int, found: Hashed, kept: list[bytes]) -> None:
        if self._tree == "events":
            self._differ_events(head, found, kept)
        else:
            self._differ_commands(head, found, kept)

    def _differ_events(self, head: int, found: Hashed, kept: list[bytes]) -> None:
        there = dict(zip(found.numbers, found.hashes, strict=True))
        expected = dict(enumerate(kept, self._size + 1))
        if len(there) < len(found.numbers):
            seen: set[int] = set()
            for position in found.numbers:
                if position in seen:
                    message = f"There are several events at position {position}."
                    self._say("event_inserted", message, head, (position, position))
                seen.add(position)
        for position in sorted(there.keys() - expected.keys()):
            message = f"The event at position {position} was inserted."
            self._say("event_inserted", message, head, (position, position))
        for position, told in expected.items():
            if there.get(position) != told:
                if len(self._altered) + len(self._missing) >= MOST_NAMED:
                    self.differing += 1
                    continue
                (self._altered if position in there else self._missing)[position] = told

    def _differ_commands(self, head: int, found: Hashed, kept: list[bytes]) -> None:
        matcher = SequenceMatcher(None, kept, found.hashes, autojunk=False)
        for _, first, last, begin, end in matcher.get_opcodes():
            gone, come = last - first, end - begin
            if kept[first:last] == found.hashes[begin:end]:
                continue
            for number in found.numbers[begin : begin + min(gone, come)]:
                self._say_command("command_altered", "was altered", head, number)
            for number in found.numbers[begin + gone : end]:
                self._say_command("command_inserted", "was inserted", head, number)
            if gone > come:
                before = found.numbers[end - 1] if end else self._after
                after = found.numbers[end] if end < len(found.numbers) else None
                place = f"behind number {before}" if before > LOWEST else "before all others"
                place += "" if after is None else f" and before {after}"
                message = f"{gone - come} answered commands are missing, {place}."
                span = (before + 1, (after or before + 2) - 1)
                self._say("command_missing", message, head, span)

    def _say_command(self, kind: Kind, what: str, head: int, number: int) -> None:
        leaves = self._log.row_leaves("commands", [number])
        names = {self._log.columns_of(leaf, "commands")["command_id"] for leaf in leaves}
        told = ", ".join(name.hex() for name in names if name)
        message = f"The answer of command {told} (number {number}) {what}."
        self._say(kind, message, head, (number, number))

    def _origins(self) -> dict[int, int]:
        """Find where the events of altered positions stood before."""
        sealed = {told: position for position, told in (self._altered | self._missing).items()}
        places = list(sealed.values()) if len(sealed) <= MOST_COMPARED else []
        origins: dict[int, int] = {}
        numbers = sorted(self._altered)
        for leaf in self._log.row_leaves(self._tree, numbers) if numbers else []:
            position = int.from_bytes(leaf[4:12], signed=True)
            for place in near_first(position, places):
                told = sha256(b"\0" + moved_leaf(leaf, place)).digest()
                if place != position and sealed.get(told) == place:
                    origins[position] = place
                    break
        return origins


@dataclass(slots=True)
class _Rows:
    """Rows in their order, read in pages ahead of what is asked."""

    log: SealedLog
    tree: TreeName
    after: int  # the last one that was read
    _held: Hashed = field(default_factory=Hashed)
    _at: int = 0  # how many of those held were given
    _is_at_end: bool = False

    def take(self, until: int) -> Hashed:
        """Give the rows behind what was given, up to a position or number."""
        while not self._is_at_end and self.after < until:
            self._read_on()
        numbers, hashes = self._held.numbers, self._held.hashes
        begin, self._at = self._at, bisect_right(numbers, until, lo=self._at)
        return Hashed(numbers[begin : self._at], hashes[begin : self._at])

    def _read_on(self) -> None:
        page = self.log.page(self.tree, self.after, PAGE)
        del self._held.numbers[: self._at], self._held.hashes[: self._at]
        self._held.numbers += page.numbers
        self._held.hashes += page.hashes
        self._at, self._is_at_end = 0, not page.numbers
        self.after = page.numbers[-1] if page.numbers else self.after


@dataclass(slots=True)
class _Leaves:
    """Stored leaves in their order, read in pages ahead of what is asked."""

    log: SealedLog
    tree: TreeName
    _first: int = 0
    _held: list[bytes] = field(default_factory=list)

    def take(self, first: int, end: int) -> list[bytes] | None:
        """Give the leaves from one index to before another; None: not all of them are there."""
        if not self._first <= first <= end <= self._first + len(self._held):
            until = max(end, first + PAGE)
            self._held = joined(self.log.leaves(self.tree, first, until), first, until)
            self._first = first
        begin = first - self._first
        found = self._held[begin : begin + end - first]
        return found if len(found) == end - first else None
