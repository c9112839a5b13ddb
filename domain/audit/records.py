"""What is read and written of the sealed log: hashed rows, leaves, nodes, how far a seal has come.

infra.audit_rows, infra.audit_reader and infra.seal_store give them; services.audit works on them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from domain.audit.heads import SealKey, SignedHead
from domain.audit.merkle import Node

TreeName = Literal["events", "commands"]
TREES: Final[tuple[TreeName, ...]] = ("events", "commands")
# Nodes of this level and above are stored: what proofs need below is hashed from 256 leaves.
STORED_LEVEL: Final = 8
BLOCK: Final = 1 << STORED_LEVEL  # leaves below one of them


@dataclass(slots=True)
class Hashed:
    """Rows in their order, each with the hash of its leaf."""

    numbers: list[int] = field(default_factory=list)  # positions, or numbers of commands
    hashes: list[bytes] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Leaves:
    """Hashes of consecutive leaves of a tree, as they were stored with a head."""

    head: int  # number of the head that added them
    first: int  # index in the tree
    hashes: bytes  # 32 bytes each


@dataclass(frozen=True, slots=True)
class SealState:
    """The ends of the log and of its seal, seen in one moment."""

    log_id: UUID
    epoch: int
    position: int  # of the last event, 0: none
    command: int  # number of the last command, 0: none
    given: int  # number that the log gave to an answer last: none can have a later one
    now: datetime  # by the database's clock
    last: SignedHead | None
    key: SealKey | None  # the newest


@dataclass(frozen=True, slots=True)
class Growth:
    """What a head adds to one of its trees."""

    tree: TreeName
    first: int  # index of its first new leaf
    leaves: Sequence[bytes]
    nodes: Sequence[Node]  # of STORED_LEVEL and above
