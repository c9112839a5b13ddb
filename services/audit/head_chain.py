"""Checks the heads themselves: each follows the one before, and is signed with a key that may."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from domain.audit.findings import Finding
from domain.audit.heads import (
    NO_TIME,
    KeyStatement,
    SealKey,
    SignedHead,
    SignedRestore,
    TreeHead,
    key_id_of,
)

IsSigned = Callable[[str, bytes, bytes], bool]  # (text, signature, public key)


@dataclass
class HeadChain:
    """The heads of a log, looked at one after the other.

    trusted: ids of keys that the auditor holds for ours, whoever vouches for them
    """

    log_id: UUID
    keys: Sequence[SealKey]
    is_signed: IsSigned
    trusted: Sequence[str] = ()
    findings: list[Finding] = field(default_factory=list)
    _known: dict[str, SealKey] = field(default_factory=dict)
    _last: SignedHead | None = None

    def __post_init__(self) -> None:
        self.findings += self._check_keys()
        self._known = {key.key_id: key for key in self.keys}

    def add(self, signed: SignedHead, *, is_first: bool) -> None:
        """Check a head. is_first: what came before it is not looked at"""
        head, last = signed.head, None if self._last is None else self._last.head
        if (why := self._why_forged(signed)) is not None:
            message = f"Head {head.number} is not ours: {why}."
            self.findings.append(Finding("head_forged", message, head=head.number))
        if last is None and not is_first and head.number > 1:
            self._miss(1, head.number - 1)
        elif last is not None and head.number != last.number + 1:
            self._miss(last.number + 1, head.number - 1)
        elif (last is not None and head.previous != last.digest) or (
            head.number == 1 and any(head.previous)
        ):
            message = f"Head {head.number} does not follow the head before it that is there."
            self.findings.append(Finding("head_forged", message, head=head.number))
        self._last = signed

    def miss_all(self) -> None:
        """Say that there is no head at all, unless there never was one: the first makes a key."""
        if self.keys:
            message = "There is no head, but a key, which is made with the first one: all are gone."
            self.findings.append(Finding("head_missing", message))

    def is_ours(self, restore: SignedRestore) -> bool:
        """Say whether a restore was signed for this log, with a key that it knows."""
        told = restore.statement
        key = self._known.get(told.key_id)
        return (
            key is not None
            and told.log_id == self.log_id
            and self.is_signed(told.text, restore.signature, key.public_key)
        )

    def is_announced(self, head: TreeHead, restores: Sequence[SignedRestore]) -> bool:
        """Say whether a head that is gone went with a restore that was announced.

        A key that was replaced before the head was sealed announces nothing about it.
        """
        key = self._known.get(head.key_id)
        return any(
            one.statement.explains(head)
            and self.is_ours(one)
            and (key is None or self._known[one.statement.key_id].number >= key.number)
            for one in restores
        )

    def _miss(self, first: int, last: int) -> None:
        told = f"Head {first} is" if first == last else f"Heads {first} to {last} are"
        self.findings.append(Finding("head_missing", f"{told} missing.", head=first))

    def _why_forged(self, signed: SignedHead) -> str | None:
        head, last = signed.head, None if self._last is None else self._last.head
        key = self._known.get(head.key_id)
        if head.log_id != self.log_id:
            return f"it is of log {head.log_id}"
        if key is None:
            return f"nobody knows its key {head.key_id}"
        if not self.is_signed(head.text, signed.signature, key.public_key):
            return f"it is not signed with key {head.key_id}"
        if last is not None:
            before = self._known.get(last.key_id)
            if before is not None and key.number < before.number:
                return f"key {head.key_id} was replaced before"
            if not _follows(head, last):
                return "it holds less than the one before it"
        return None

    def _check_keys(self) -> Iterator[Finding]:
        """See that each key but the first is announced by the one before it."""
        if self.trusted and not self.keys:
            yield Finding("key_unknown", "There is no key at all, hence none that you trust.")
        before: SealKey | None = None
        for expected, key in enumerate(self.keys, 1):
            told = f"Key {key.key_id}"
            is_odd = key.number != expected or key.added_at == NO_TIME
            if is_odd or key_id_of(key.public_key) != key.key_id:
                yield Finding("key_unknown", f"{told} is not as keys are named and numbered.")
            elif self.trusted and expected == 1 and key.key_id not in self.trusted:
                yield Finding("key_unknown", f"{told}, the first, is none that you trust.")
            elif (
                before is not None
                and key.key_id not in self.trusted
                and not self._announces(before, key)
            ):
                message = f"{told} is not announced by the key before it, {before.key_id}."
                yield Finding("key_unannounced", message)
            before = key

    def _announces(self, before: SealKey, key: SealKey) -> bool:
        statement = KeyStatement.of(self.log_id, before, key)
        return key.signature is not None and self.is_signed(
            statement.text, key.signature, before.public_key
        )


def _follows(one: TreeHead, other: TreeHead) -> bool:
    return (
        one.events.size >= other.events.size
        and one.commands.size >= other.commands.size
        and one.last_command >= other.last_command
        and one.epoch >= other.epoch
        and one.sealed_at >= other.sealed_at
    )
