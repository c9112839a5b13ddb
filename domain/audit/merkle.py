"""The Merkle tree of RFC 6962: how it grows, its root, and proofs about it.

A tree of any size is a row of perfect subtrees, the largest first. The root of each is named by
its level (0: a leaf) and its index among those of its level; what gives them is called `Perfect`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()

Perfect = Callable[[int, int], bytes]  # (level, index): the root of that perfect subtree


def leaf_hash(leaf: bytes) -> bytes:
    """Hash the bytes of a leaf."""
    return sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbours into the node above them."""
    return sha256(b"\1" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Node:
    """The root of a perfect subtree."""

    level: int
    index: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that a tree needs to grow: the roots of its perfect subtrees, the largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    @property
    def root(self) -> bytes:
        """The root of the whole tree."""
        return _folded(self.peaks)

    def extended(
        self,
        leaves: Sequence[bytes],
        keep: Callable[[Node], object] = lambda node: None,
        *,
        from_level: int = 1,
    ) -> "Frontier":
        """Give the tree with more leaves, by their hashes; all of a level are hashed together.

        keep: is given every node that was completed from a level on, by level and index
        """
        peaks = dict(zip(_levels(self.size), self.peaks, strict=True))
        fresh, first, level = list(leaves), self.size, 0
        while fresh:
            if first & 1:
                fresh.insert(0, peaks.pop(level))
                first -= 1
            if len(fresh) & 1:
                peaks[level] = fresh.pop()
            pairs = zip(fresh[::2], fresh[1::2], strict=True)
            fresh = [sha256(b"\1" + left + right).digest() for left, right in pairs]
            first, level = first >> 1, level + 1
            if level >= from_level:
                for number, made in enumerate(fresh, first):
                    keep(Node(level, number, made))
        size = self.size + len(leaves)
        return Frontier(size, tuple(peaks[level] for level in _levels(size)))


def frontier_at(size: int, perfect: Perfect) -> Frontier:
    """Give what a tree of that size grows from."""
    return Frontier(size, tuple(_row(0, size, perfect)))


def inclusion_path(index: int, size: int, perfect: Perfect) -> list[bytes]:
    """Prove that a leaf is in a tree: its neighbours on the way up (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_root(middle, end, perfect))
            end = middle
        else:
            path.append(_range_root(start, middle, perfect))
            start = middle
    return path[::-1]


def consistency_path(first: int, second: int, perfect: Perfect) -> list[bytes]:
    """Prove that a tree begins with a smaller one (RFC 6962, 2.1.2)."""
    if not 0 < first <= second:
        raise ValueError(f"a tree of {second} does not begin with one of {first}")
    path: list[bytes] = []
    start, end, is_told = 0, second, True  # is_told: whoever checks knows the root of the first
    while end != first:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(_range_root(middle, end, perfect))
            end = middle
        else:
            path.append(_range_root(start, middle, perfect))
            start, is_told = middle, False
    if not is_told:
        path.append(_range_root(start, end, perfect))
    return path[::-1]


def proves_inclusion(
    leaf: bytes, index: int, size: int, *, path: Sequence[bytes], root: bytes
) -> bool:
    """Say whether a path leads from the hash of a leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    number, last, made = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if number & 1 or number == last:
            made = node_hash(step, made)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            made = node_hash(made, step)
        number, last = number >> 1, last >> 1
    return last == 0 and made == root


def proves_consistency(
    first: tuple[int, bytes], second: tuple[int, bytes], path: Sequence[bytes]
) -> bool:
    """Say whether a tree (size, root) begins with a smaller one (RFC 9162, 2.1.4.2)."""
    (size, root), (end, whole) = first, second
    if size == end:
        return not path and root == whole
    if not 0 < size < end:
        return False
    steps = list(path) if size & (size - 1) else [root, *path]
    if not steps:
        return False
    number, last = size - 1, end - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            new = node_hash(new, step)
        number, last = number >> 1, last >> 1
    return last == 0 and old == root and new == whole


def _range_root(start: int, end: int, perfect: Perfect) -> bytes:
    return _folded(tuple(_row(start, end, perfect)))


def _row(start: int, end: int, perfect: Perfect) -> Iterator[bytes]:
    """Give the perfect subtrees of a range that begins where a tree is split."""
    for level in _levels(end - start):
        yield perfect(level, start >> level)
        start += 1 << level


def _folded(peaks: Sequence[bytes]) -> bytes:
    if not peaks:
        return EMPTY_ROOT
    *rest, made = peaks
    for peak in reversed(rest):
        made = node_hash(peak, made)
    return made


def _levels(size: int) -> list[int]:
    """Name the levels of the perfect subtrees of a tree, the largest first."""
    return [level for level in reversed(range(size.bit_length())) if size >> level & 1]


def _split(size: int) -> int:
    """Give how many leaves the left half has: the largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1
