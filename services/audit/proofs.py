"""Proofs for whoever holds a head: that an event is in the log, that a later log begins with it."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.audit.heads import SignedHead
from domain.audit.merkle import (
    consistency_path,
    inclusion_path,
    leaf_hash,
    proves_consistency,
    proves_inclusion,
)
from domain.refusals import Unusable
from services.audit.ports import SealedLog
from services.audit.stored_tree import StoredTree, damaged


@dataclass(frozen=True, slots=True)
class Inclusion:
    """An event is in the tree of a head."""

    position: int
    leaf: bytes  # hash of the row as it is now
    path: tuple[bytes, ...]
    head: SignedHead
    holds: bool  # False: the row is not what was sealed


@dataclass(frozen=True, slots=True)
class Consistency:
    """The tree of a head begins with that of an earlier one."""

    first: SignedHead
    second: SignedHead
    path: tuple[bytes, ...]
    holds: bool  # False: the stored tree does not lead from one to the other


def prove_inclusion(
    log: SealedLog, positions: Sequence[int], head: int | None = None
) -> list[Inclusion]:
    """Prove that the events at some positions are in the log, by its last head or by a given one.

    Raises: Unusable for a position that is not sealed; InfraError seal_damaged
    """
    signed = find_head(log, head)
    size = signed.head.events.size
    for position in positions:
        if not 1 <= position <= size:
            told = f"Head {signed.head.number} holds positions 1 to {size}, not {position}."
            raise Unusable(told)
    tree = StoredTree(log, "events")
    leaves = {
        int.from_bytes(leaf[4:12], signed=True): leaf_hash(leaf)
        for leaf in log.row_leaves("events", positions)
    }
    return [_included(tree, signed, position, leaves.get(position, b"")) for position in positions]


def held_of(log: SealedLog, stream_id: str, size: int, most: int) -> tuple[list[int], int]:
    """Give the positions of a stream's events that a head of a size holds; how many came after.

    most: events that are looked at
    Raises: InfraError seal_damaged if one is not between the others, where its version says
    """
    found = log.places_of(stream_id, most)
    held = [place for place in found if place[0] <= size]
    if [version for _, version in held] != list(range(1, len(held) + 1)):
        raise damaged(f"the events of {stream_id} are not where they were")
    return [position for position, _ in held], len(found) - len(held)


def _included(tree: StoredTree, signed: SignedHead, position: int, leaf: bytes) -> Inclusion:
    size, root = signed.head.events.size, signed.head.events.root
    path = inclusion_path(position - 1, size, tree.perfect)
    holds = proves_inclusion(leaf, position - 1, size, path=path, root=root)
    return Inclusion(position, leaf, tuple(path), signed, holds)


def prove_consistency(log: SealedLog, first: int, second: int) -> Consistency:
    """Prove that the tree of a head begins with that of an earlier one; both by their number.

    Raises: Unusable for heads that are not there, or not in this order; InfraError seal_damaged
    """
    if first > second:
        raise Unusable(f"Head {first} came after head {second}: name the earlier one first.")
    one, other = find_head(log, first), find_head(log, second)
    size, end = one.head.events.size, other.head.events.size
    path = (
        [] if size in {0, end} else consistency_path(size, end, StoredTree(log, "events").perfect)
    )
    ends = (size, one.head.events.root), (end, other.head.events.root)
    holds = size == 0 or proves_consistency(*ends, path)
    return Consistency(one, other, tuple(path), holds)


def find_head(log: SealedLog, number: int | None = None) -> SignedHead:
    """Give a head by its number, or the last one. Raises: Unusable if there is none"""
    if number is None:
        last = log.last_head()
        if last is None:
            raise Unusable("Nothing is sealed yet: `orderpath seal` or `orderpath up` does that.")
        return last
    found = log.heads(number - 1, 1)
    if not found or found[0].head.number != number:
        raise Unusable(f"There is no head {number}.")
    return found[0]


def list_heads(log: SealedLog, limit: int, after: int | None = None) -> list[SignedHead]:
    """List heads behind a number, or the last ones; the oldest first."""
    if after is None:
        last = log.last_head()
        after = max(last.head.number - limit, 0) if last is not None else 0
    return list(log.heads(after, limit))


def head_dict(signed: SignedHead, public_key: bytes) -> dict[str, Any]:
    """Give a head with stable keys; roots as in notes, in base64."""
    head = signed.head
    return {
        "number": head.number,
        "log_id": str(head.log_id),
        "epoch": head.epoch,
        "size": head.events.size,
        "root": base64_of(head.events.root),
        "commands": head.commands.size,
        "commands_root": base64_of(head.commands.root),
        "last_command": head.last_command,
        "sealed_at": head.sealed_at,
        "key_id": head.key_id,
        "public_key": base64_of(public_key),
        "note": signed.note(public_key),
    }


def inclusion_dict(proof: Inclusion, public_key: bytes) -> dict[str, Any]:
    """Give a proof of inclusion with stable keys."""
    return {
        "position": proof.position,
        "leaf": base64_of(proof.leaf),
        "path": [base64_of(step) for step in proof.path],
        "holds": proof.holds,
        "head": head_dict(proof.head, public_key),
    }


def consistency_dict(proof: Consistency, public_keys: dict[str, bytes]) -> dict[str, Any]:
    """Give a proof of consistency with stable keys."""
    return {
        "first": head_dict(proof.first, public_keys[proof.first.head.key_id]),
        "second": head_dict(proof.second, public_keys[proof.second.head.key_id]),
        "path": [base64_of(step) for step in proof.path],
        "holds": proof.holds,
    }


def public_keys(log: SealedLog) -> dict[str, bytes]:
    """Give every public key by its id."""
    return {key.key_id: key.public_key for key in log.known_keys()}


def base64_of(told: bytes) -> str:
    """Write bytes as notes do."""
    return b64encode(told).decode()
