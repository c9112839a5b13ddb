"""A tree as it is stored: perfect subtrees for what grows from it, and for proofs."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Protocol

from domain.audit.merkle import HASH_BYTES
from domain.audit.records import BLOCK, STORED_LEVEL, Leaves, TreeName
from domain.refusals import InfraError


class TreeSource(Protocol):
    """What is stored of the trees. infra.seal_store and infra.audit_reader are behind it."""

    def leaves(self, tree: TreeName, first: int, end: int) -> Sequence[Leaves]:
        """Give what is stored of the leaves from one index to before another."""

    def node(self, tree: TreeName, level: int, index: int) -> bytes | None:
        """Give a stored node; None: it is not there."""


class StoredTree:
    """One of the trees, as far as it is stored. What was read is remembered."""

    def __init__(self, source: TreeSource, tree: TreeName) -> None:
        self._source = source
        self._tree = tree
        self._blocks: dict[int, list[bytes]] = {}
        self._nodes: dict[tuple[int, int], bytes] = {}

    def perfect(self, level: int, index: int) -> bytes:
        """Give the root of a perfect subtree. Raises: InfraError seal_damaged"""
        place = (level, index)
        if place not in self._nodes:
            self._nodes[place] = (
                self._stored(level, index) if level >= STORED_LEVEL else self._made(level, index)
            )
        return self._nodes[place]

    def leaf(self, index: int) -> bytes:
        """Give the hash of a leaf. Raises: InfraError seal_damaged"""
        return self.perfect(0, index)

    def _stored(self, level: int, index: int) -> bytes:
        found = self._source.node(self._tree, level, index)
        if found is None:
            raise damaged(f"node {index} of level {level} of its {self._tree} is missing")
        return found

    def _made(self, level: int, index: int) -> bytes:
        first = index << level
        block = self._block(first >> STORED_LEVEL)
        row = block[first % BLOCK : first % BLOCK + (1 << level)]
        if len(row) < 1 << level:
            raise damaged(f"leaves from {first} on of its {self._tree} are missing")
        while len(row) > 1:
            pairs = zip(row[::2], row[1::2], strict=True)
            row = [sha256(b"\1" + left + right).digest() for left, right in pairs]
        return row[0]

    def _block(self, number: int) -> list[bytes]:
        if number not in self._blocks:
            first, end = number * BLOCK, (number + 1) * BLOCK
            self._blocks[number] = joined(self._source.leaves(self._tree, first, end), first, end)
        return self._blocks[number]


def joined(parts: Sequence[Leaves], first: int, end: int) -> list[bytes]:
    """Give the hashes from one index to before another, as far as they follow each other."""
    found: list[bytes] = []
    at = first
    for part in parts:
        skipped = at - part.first
        if skipped < 0:
            break
        many = len(part.hashes) // HASH_BYTES
        fresh = part.hashes[skipped * HASH_BYTES : min(many, end - part.first) * HASH_BYTES]
        found += split_hashes(fresh)
        at = first + len(found)
    return found


def split_hashes(told: bytes) -> list[bytes]:
    """Give hashes one by one that were written behind each other."""
    return [told[at : at + HASH_BYTES] for at in range(0, len(told), HASH_BYTES)]


def damaged(why: str) -> InfraError:
    """Word that what the seal is made of is not as it was."""
    return InfraError(
        "seal_damaged",
        f"The seal was damaged outside of Orderpath: {why}. Run `orderpath audit verify`.",
    )
