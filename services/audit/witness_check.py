"""Checks the log against heads that were held outside of the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from domain.audit.findings import Finding
from domain.audit.heads import SignedHead, TreeHead
from domain.refusals import InfraError
from services.audit.head_chain import HeadChain
from services.audit.ports import SealedLog
from services.audit.witness_file import Witnessed, read_witness


class Roots(Protocol):
    """Roots of the log as it is now."""

    def at(self, size: int) -> bytes | None:
        """Give the root over so many events; None: there are fewer."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of comparing a witness with the log."""

    heads: int  # that it holds
    findings: list[Finding]
    restores: list[Finding]  # what is gone by restores that were announced: nothing to worry about


def check_witness(log: SealedLog, path: Path, chain: HeadChain, roots: Roots) -> Compared:
    """Compare every head of a witness with the log. Raises: Unusable if it cannot be read"""
    check = _Check(log, chain, roots)
    for line, found in read_witness(path):
        check.take(line, found)
    return check.compared()


@dataclass(frozen=True, slots=True)
class _Unlike:
    """A head that the log does not have as it was witnessed."""

    head: TreeHead
    agreed: int  # size of the last head before it in the file that both have


class _Check:
    def __init__(self, log: SealedLog, chain: HeadChain, roots: Roots) -> None:
        self._log = log
        self._chain = chain
        self._roots = roots
        self._epoch = log.identity()[1]
        self._end = log.ends()[0]
        self._page: dict[int, SignedHead] = {}
        self._announced = {one: chain.is_ours(one) for one in log.restores()}
        self._unlike: list[_Unlike] = []
        self._agreed = 0  # size of the last head so far that both have
        self._found: list[Finding] = []
        self._others = 0  # heads of other logs
        self.heads = 0

    def take(self, line: int, found: Witnessed | None) -> None:
        """Compare the head of a line."""
        if found is None:
            message = f"Line {line} of the witness is no head."
            self._found.append(Finding("witness_unreadable", message))
            return
        head = found.signed.head
        if head.log_id != self._chain.log_id:
            self._others += 1  # One file may hold several logs.
            return
        self.heads += 1
        self._announced |= {one: self._chain.is_ours(one) for one in found.restores}
        if not self._chain.is_signed(head.text, found.signed.signature, found.public_key):
            message = f"Line {line} of the witness is not signed with the key that it names."
            self._found.append(Finding("witness_unreadable", message, head=head.number))
        elif self._same(head):
            self._agreed = max(self._agreed, head.events.size)
        else:
            self._unlike.append(_Unlike(head, self._agreed))

    def compared(self) -> Compared:
        """Give what came of all lines."""
        ours = [one for one, is_ours in self._announced.items() if is_ours]
        gone: dict[bool, list[_Unlike]] = {True: [], False: []}  # whether that was announced
        for one in self._unlike:
            gone[self._chain.is_announced(one.head, ours)].append(one)
        restores = [self._restored(gone[True])] if gone[True] else []
        return Compared(self.heads, [*self._found, *self._findings(gone[False])], restores)

    def _findings(self, unlike: list[_Unlike]) -> Iterator[Finding]:
        if self._others and not self.heads:
            message = (
                f"The witness holds heads of other logs and none of {self._chain.log_id}: it is "
                "another one's, or the log was given another id."
            )
            yield Finding("log_rewritten", message)
        for one in (one for one, is_ours in self._announced.items() if not is_ours):
            message = f"The restore to epoch {one.statement.epoch} is not signed by a key of ours."
            yield Finding("restore_forged", message)
        restored = [one for one in unlike if one.head.epoch < self._epoch]
        if restored:
            yield self._restored(restored)
        yield from self._rewritten([one for one in unlike if one.head.epoch >= self._epoch])

    def _restored(self, unlike: list[_Unlike]) -> Finding:
        """Say what a restore that was announced took away."""
        kept = unlike[0].agreed
        last = max((one.head for one in unlike), key=lambda head: head.events.size)
        message = (
            f"The log was restored to what it was up to position {kept} at most: the witness holds "
            f"head {last.number} of epoch {last.epoch} over {last.events.size} events, the log is "
            f"in epoch {self._epoch}."
        )
        return Finding("log_restored", message, kept + 1, last.events.size, last.number)

    def _rewritten(self, unlike: list[_Unlike]) -> Iterator[Finding]:
        cut = [one.head for one in unlike if one.head.events.size > self._end]
        if cut:
            last = max(cut, key=lambda head: head.events.size)
            message = (
                f"The events at positions {self._end + 1} to {last.events.size} are missing: the "
                f"witness holds head {last.number} over them."
            )
            yield Finding("event_missing", message, self._end + 1, last.events.size, last.number)
        for one in (one for one in unlike if one.head.events.size <= self._end):
            head = one.head
            if self._root_at(head.events.size) == head.events.root:
                message = f"Head {head.number}, which the witness holds, is missing or another one."
                yield Finding("head_missing", message, head=head.number)
                continue
            first, last_position = one.agreed + 1, head.events.size
            message = (
                f"Positions {first} to {last_position} are not what the witness holds head "
                f"{head.number} over: the log and its heads were rewritten."
            )
            yield Finding("log_rewritten", message, first, last_position, head.number)
            return  # All that follow say the same.

    def _root_at(self, size: int) -> bytes | None:
        try:
            return self._roots.at(size)
        except InfraError:  # What proofs are made of is damaged, which is found elsewhere.
            return None

    def _same(self, head: TreeHead) -> bool:
        """Say whether the log has this very head."""
        if head.number not in self._page:
            self._page = {one.head.number: one for one in self._log.heads(head.number - 1, 1_000)}
        found = self._page.get(head.number)
        return found is not None and found.head == head
