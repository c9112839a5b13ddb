"""The sealed log as those who check it see it. infra.audit_reader is behind it."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from domain.audit.findings import Finding
from domain.audit.heads import SealKey, SignedHead, SignedRestore
from domain.audit.merkle import Node
from domain.audit.records import Hashed, TreeName
from services.audit.stored_tree import TreeSource


class SealedLog(TreeSource, Protocol):
    """Rows of the log, and what was sealed of them."""

    def is_signed(self, text: str, signature: bytes, public_key: bytes) -> bool:
        """Say whether a text was signed with the private half of a key."""

    def columns_of(self, leaf: bytes, tree: TreeName) -> Mapping[str, bytes | None]:
        """Give the columns of a leaf by name, as the bytes that are hashed."""

    def identity(self) -> tuple[UUID, int]:
        """Give the log's id and epoch."""

    def ends(self) -> tuple[int, int]:
        """Give the position of the last event and the number of the last command, 0: none."""

    def known_keys(self) -> Sequence[SealKey]:
        """Give every public key, the oldest first."""

    def restores(self) -> Sequence[SignedRestore]:
        """Give every restore that was announced, the oldest first."""

    def heads(self, after: int, limit: int) -> Sequence[SignedHead]:
        """Give the next heads behind a number."""

    def last_head(self) -> SignedHead | None:
        """Give the newest head, None: nothing was sealed yet."""

    def head_over(self, position: int) -> SignedHead | None:
        """Give the first head that holds a position, None: none does."""

    def rows(self, tree: TreeName, after: int, until: int) -> Hashed:
        """Hash the rows behind a position, or number, up to another."""

    def page(self, tree: TreeName, after: int, many: int) -> Hashed:
        """Hash the next rows behind a position, or number, and all that share the last one's."""

    def events_behind(self, after: int) -> int:
        """Count the events behind a position."""

    def gaps_behind(self, after: int, limit: int) -> Sequence[tuple[int, int]]:
        """Name the spans behind a position, up to the last event, that hold none."""

    def row_leaves(self, tree: TreeName, numbers: Sequence[int]) -> Sequence[bytes]:
        """Give the bytes of the leaves of some rows, in order; what is missing is left out."""

    def nodes(self, tree: TreeName) -> Sequence[Node]:
        """Give every stored node of a tree."""

    def broken_streams(self, limit: int) -> Sequence[tuple[str, int, int, int]]:
        """Name streams whose versions are not 1, 2, 3, …: with first, last and how many."""

    def unnumbered(self, limit: int) -> Sequence[Finding]:
        """Name events without a position, and answers without a number that was given to one."""

    def unanswered(self, after: int, limit: int) -> Sequence[Finding]:
        """Name events behind a position whose command has no answer."""

    def places_of(self, stream_id: str, limit: int) -> Sequence[tuple[int, int]]:
        """Give the positions of a stream's events, in order, each with the event's version."""

    def definitions(self) -> Sequence[Finding]:
        """Name published definitions that are not as the events that published them say."""
