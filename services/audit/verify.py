"""`audit verify`: whether the log is what was sealed, and where it is not. Changes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from time import monotonic
from typing import Final
from uuid import UUID

from domain.audit.findings import Finding
from domain.audit.heads import SignedHead
from domain.audit.merkle import Frontier, frontier_at
from domain.audit.records import TREES, TreeName
from domain.refusals import InfraError, Unusable
from services.audit.head_chain import HeadChain
from services.audit.ports import SealedLog
from services.audit.proofs import find_head
from services.audit.stored_tree import StoredTree
from services.audit.tree_check import PAGE, TreeCheck
from services.audit.witness_check import check_witness

HEADS: Final = 1_000  # that are read at once
MOST_FINDINGS: Final = 1_000  # that are told; more are only counted

Progress = Callable[[int, int], None]  # positions done, positions in all


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall be verified, and against what."""

    first: int = 1  # position
    last: int | None = None  # None: to the end
    witness: Path | None = None
    trusted: tuple[str, ...] = ()  # ids of keys
    behind: int = 0  # number of the head up to which it was verified before: it goes on there
    seconds: float | None = None  # when they are over, no head is begun any more

    @property
    def is_whole(self) -> bool:
        """Whether all of the log shall be looked at, perhaps in several goes."""
        return self.first <= 1 and self.last is None


@dataclass(frozen=True, slots=True)
class Report:
    """What was verified, and what was found."""

    log_id: UUID
    epoch: int
    first: int  # position; what was checked
    last: int
    events: int
    commands: int
    heads: int
    witnessed: int | None  # heads that were held outside; None: no witness was asked
    head: SignedHead | None  # the last one that was checked
    unsealed: int  # events behind it
    seconds: float
    findings: tuple[Finding, ...]
    restores: tuple[Finding, ...]  # what is gone by restores that were announced
    more_findings: int  # that are not told
    next: int | None  # head behind which it goes on, as time was over; None: there is no more

    @property
    def is_intact(self) -> bool:
        """Whether everything is as it was sealed."""
        return not self.findings


def verify(
    log: SealedLog, wish: Wish | None = None, progress: Progress = lambda done, total: None
) -> Report:
    """Hash the rows of the log again and compare them with what was sealed of them.

    What only the whole log shows is looked at by the go that comes to its end.
    Raises: Unusable for a part that was not sealed, or a witness that cannot be read
    """
    wanted = wish or Wish()
    began = monotonic()
    log_id, epoch = log.identity()
    begin, end = _part(log, wanted)
    chain = HeadChain(log_id, log.known_keys(), log.is_signed, wanted.trusted)
    walk = _Walk(log, begin, inf if wanted.seconds is None else began + wanted.seconds)
    walk.run(chain, end, progress)
    if walk.begin is None and walk.last is None:
        chain.miss_all()
    findings = [*chain.findings, *walk.findings()]
    unsealed = 0
    if wanted.is_whole:
        findings += [*_nodes(log, walk)]
    if wanted.is_whole and not walk.is_cut:
        findings += [*_rest(log)]
        unsealed, broken = _tail(log, walk.size)
        findings += broken
    witnessed, restores = None, list[Finding]()
    if wanted.witness is not None:
        compared = check_witness(log, wanted.witness, chain, _Roots(log, walk.size))
        witnessed, restores = compared.heads, compared.restores
        findings += compared.findings
    return Report(
        log_id=log_id,
        epoch=epoch,
        first=walk.began + 1,
        last=walk.size,
        events=walk.checks["events"].rows_checked,
        commands=walk.checks["commands"].rows_checked,
        heads=walk.heads,
        witnessed=witnessed,
        head=walk.last,
        unsealed=unsealed,
        seconds=monotonic() - began,
        findings=tuple(findings[:MOST_FINDINGS]),
        restores=tuple(restores),
        more_findings=max(len(findings) - MOST_FINDINGS, 0),
        next=walk.next,
    )


def _part(log: SealedLog, wish: Wish) -> tuple[SignedHead | None, SignedHead | None]:
    """Give the heads between which the part lies: the one before it, and the one that holds it."""
    last = log.last_head()
    sealed = 0 if last is None else last.head.events.size
    if wish.behind:
        begin = find_head(log, wish.behind)
        until = sealed if wish.last is None else wish.last
        if not begin.head.events.size <= until <= sealed:
            raise Unusable(f"Behind head {wish.behind} nothing up to {until} is sealed.")
        return begin, last if wish.last is None else log.head_over(until)
    if wish.is_whole:
        return None, last
    until = sealed if wish.last is None else wish.last
    if not 1 <= wish.first <= until or until > sealed:
        raise Unusable(f"From {wish.first} to {until} nothing is sealed: 1 to {sealed} is.")
    over = log.head_over(wish.first)
    assert over is not None
    before = log.heads(over.head.number - 2, 1) if over.head.number > 1 else []
    return (before[0] if before else None), log.head_over(until)


@dataclass
class _Walk:
    """Goes from head to head, and checks what each of them added."""

    log: SealedLog
    begin: SignedHead | None
    until: float = inf  # by the monotonic clock
    heads: int = 0
    is_cut: bool = False  # time was over before all heads were checked
    last: SignedHead | None = None
    size: int = 0
    checks: dict[TreeName, TreeCheck] = field(default_factory=dict)
    _findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.began = self.size = 0 if self.begin is None else self.begin.head.events.size
        after = 0 if self.begin is None else self.begin.head.last_command
        for name, place in zip(TREES, (self.size, after), strict=True):
            self.checks[name] = TreeCheck(self.log, name, self._frontier(name), place)

    def run(self, chain: HeadChain, end: SignedHead | None, progress: Progress) -> None:
        """Check every head up to the end."""
        if self.begin is not None:
            chain.add(self.begin, is_first=True)
        total = 0 if end is None else end.head.events.size - self.began
        for signed in self._heads(end):
            if self.last is not None and monotonic() >= self.until:
                self.is_cut = True
                return
            chain.add(signed, is_first=False)
            head = signed.head
            self.checks["events"].grow(head.number, head.events, head.events.size)
            self.checks["commands"].grow(head.number, head.commands, head.last_command)
            self.heads, self.last, self.size = self.heads + 1, signed, head.events.size
            progress(self.size - self.began, total)

    @property
    def next(self) -> int | None:
        """The head behind which it may go on; None also where nothing leads there any more."""
        lost = any(check.is_lost for check in self.checks.values())
        return self.last.head.number if self.is_cut and self.last and not lost else None

    def findings(self) -> Iterator[Finding]:
        """Give what was found in both trees."""
        yield from self._findings
        for check in self.checks.values():
            yield from check.findings()

    def _heads(self, end: SignedHead | None) -> Iterator[SignedHead]:
        after = 0 if self.begin is None else self.begin.head.number
        until = 0 if end is None else end.head.number
        while after < until:
            page = [one for one in self.log.heads(after, HEADS) if one.head.number <= until]
            if not page:
                return
            yield from page
            after = page[-1].head.number

    def _frontier(self, name: TreeName) -> Frontier:
        """Give the tree of the head before: from what is stored, if that gives its signed root."""
        if self.begin is None:
            return Frontier()
        head = self.begin.head
        tree = head.events if name == "events" else head.commands
        try:
            found = frontier_at(tree.size, StoredTree(self.log, name).perfect)
        except InfraError as error:
            raise Unusable(f"{error} A part alone cannot be checked.") from error
        if found.root != tree.root:
            raise Unusable(
                f"What is stored does not give the root of head {head.number}: a part alone cannot "
                "be checked. Verify the whole log."
            )
        return found


class _Roots:
    """Roots of the log as it is now, at any size."""

    def __init__(self, log: SealedLog, sealed: int) -> None:
        self._log = log
        self._tree = StoredTree(log, "events")
        self._sealed = sealed

    def at(self, size: int) -> bytes | None:
        """Give the root over so many events; None: there are fewer."""
        if size <= self._sealed:
            return frontier_at(size, self._tree.perfect).root
        grown, after = frontier_at(self._sealed, self._tree.perfect), self._sealed
        while after < size:
            until = min(after + PAGE, size)
            found = self._log.rows("events", after, until)
            if found.numbers != list(range(after + 1, until + 1)):
                return None
            grown, after = grown.extended(found.hashes), until
        return grown.root


def _nodes(log: SealedLog, walk: _Walk) -> Iterator[Finding]:
    """Check the stored nodes that the walk came by."""
    for name, check in walk.checks.items():
        expected = {(one.level, one.index): one.hash for one in check.nodes}
        stored = {(one.level, one.index): one.hash for one in log.nodes(name)}
        wrong = [place for place, told in expected.items() if stored.get(place) != told]
        if wrong and not check.is_lost:
            message = f"{len(wrong)} stored nodes of the tree of {name} are not as they were."
            yield Finding("seal_altered", message)


def _rest(log: SealedLog) -> Iterator[Finding]:
    """Check what only the whole log shows."""
    for stream, first, last, count in log.broken_streams(100):
        message = f"Stream {stream} has {count} events with versions {first} to {last}."
        yield Finding("version_missing", message)
    yield from log.unnumbered(100)
    yield from log.definitions()


def _tail(log: SealedLog, sealed: int) -> tuple[int, list[Finding]]:
    """Count what is not sealed yet, and see that nothing is missing there."""
    gone = [
        Finding(
            "event_missing",
            f"Positions {first} to {last} are missing; they were not sealed yet.",
            first,
            last,
        )
        for first, last in log.gaps_behind(sealed, MOST_FINDINGS)
    ]
    return log.events_behind(sealed), [*gone, *log.unanswered(sealed, 100)]
