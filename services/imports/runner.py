"""Facts of many orders on their way into the log: in batches, some hundred commands in flight.

Every id follows from the facts, so a run that died is simply started again: what was recorded
is recognised in bulk and left out.
"""

from collections import deque
from collections.abc import Mapping, Sequence, Set
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from time import monotonic
from typing import Final
from uuid import UUID

from domain.batch import StoredOutcome
from domain.imports import BadRow
from domain.messages import Actor, Outcome
from domain.orders.commands import MAX_FACTS, Fact, RecordFacts
from domain.orders.fingerprint import fingerprint
from domain.orders.identity import id_of
from domain.refusals import InfraError, Refusal, Unmet, UnreadableError
from services.bootstrap import System
from services.imports.identity import COMMANDS
from services.imports.problem import ImportProblem
from services.imports.rehearsal import Rehearsal
from services.imports.report import ImportReport
from services.imports.rows import SourceRow, bad_row, id_of_row
from services.reading import PublishedPath

IN_FLIGHT: Final = 512  # commands
CHECKED_AT_ONCE: Final = 256  # commands whose ids are looked up together
MAX_QUARANTINED: Final = 50_000  # rows of one run: beyond it is the file or the mapping
QUARANTINED_AT_ONCE: Final = 200  # rows
NOTED_EVERY_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What a source tells about one order: facts, each with the row that it comes from."""

    order_id: UUID
    facts: Sequence[tuple[Fact, SourceRow]]


class Recorder:
    """Sends the orders of one run. `order` and `bad` take what was read, `finish` waits."""

    def __init__(
        self, system: System, report: ImportReport, *, most_bad: int = MAX_QUARANTINED
    ) -> None:
        self._system = system
        self._most_bad = most_bad
        self._store = system.import_desk.store
        self._patiently = system.patience
        self._report = report
        self._actor = Actor(kind="import", id=report.source)
        self._path: PublishedPath | None = None
        self._salt = ""
        self._waiting: list[tuple[RecordFacts, Sequence[SourceRow]]] = []
        self._flying: deque[tuple[Future[Outcome], RecordFacts, Sequence[SourceRow]]] = deque()
        self._rehearsal = Rehearsal(system)
        self._uncounted: list[Outcome] = []  # recorded, but not yet looked at again
        self._bad: list[BadRow] = []
        self._bad_ids: set[UUID] = set()  # of this run, at most so many
        self.bad_again: set[UUID] = set()  # rows that came from quarantine and go back
        self._freed: set[UUID] = set()  # rows that waited in quarantine and are recorded now
        self._noted_at = monotonic()

    def follow(self, path: PublishedPath, salt: str) -> None:
        """Send orders along this path; salt: how the rows are read, part of the commands' ids."""
        self._path = path
        self._salt = f"{salt}:{path.definition.path}:{path.version}"

    @property
    def path(self) -> PublishedPath:
        assert self._path is not None, "call follow first"
        return self._path

    def order(self, order: OrderFacts) -> None:
        """Record what is known of an order, in timeline order, at most 500 facts a command."""
        if not order.facts:
            return
        self._report.orders += 1
        facts = sorted(order.facts, key=lambda told: told[0].timeline_key)
        for start in range(0, len(facts), MAX_FACTS):
            part = facts[start : start + MAX_FACTS]
            self._waiting.append((self._command(order, part), [row for _, row in part]))
        if len(self._waiting) >= CHECKED_AT_ONCE:
            self._send()

    def bad(self, row: SourceRow, error: UnreadableError, order_id: UUID | None = None) -> None:
        """Put a row into quarantine; the rest goes on."""
        self._report.quarantined[error.reason] += 1
        if row.quarantined_as is not None:
            self.bad_again.add(row.quarantined_as)
        row_id = row.quarantined_as or self._row_id(row)
        self._bad.append(bad_row(row_id, row, error, order_id))
        self._bad_ids.add(row_id)
        if self._report.quarantined.total() > self._most_bad:
            self._quarantine()
            raise ImportProblem(self._too_many())
        if len(self._bad) >= QUARANTINED_AT_ONCE:
            self._quarantine()

    def finish(self) -> None:
        """Wait until everything is recorded."""
        self._send()
        while self._flying:
            self._settle_next()
        self._patiently(self._count_against_path)
        self._quarantine()
        self._free()

    def _command(self, order: OrderFacts, facts: Sequence[tuple[Fact, SourceRow]]) -> RecordFacts:
        """Build a command whose id follows from its content and the way it was read.

        What is personal is left out, as in what tells a fact that is known: an id says nothing.
        """
        command = RecordFacts(
            command_id=order.order_id,
            actor=self._actor,
            correlation_id=self._report.run_id,
            source=self._report.source,
            order_id=order.order_id,
            path=self.path.definition.path,
            facts=tuple(fact for fact, _ in facts),
        )
        told = (f"{one.fact_id}:{fingerprint(one, one.occurred_at)}" for one in command.facts)
        command_id = id_of(COMMANDS, self._salt, str(order.order_id), *told)
        return command.model_copy(update={"command_id": command_id})

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        if self._report.dry_run:
            self._rehearse(waiting)
            return
        known = self._known([command for command, _ in waiting])
        for command, rows in waiting:
            stored = known.get(command.command_id)
            if stored is not None:
                self._settle(stored.outcome, command, rows)
                continue
            while len(self._flying) >= IN_FLIGHT:
                self._settle_next()
            future = self._system.pipeline.submit(command)
            self._flying.append((future, command, rows))
        self._note_progress()

    def _known(self, commands: Sequence[RecordFacts]) -> Mapping[UUID, StoredOutcome]:
        """Look up which commands were answered before: faster than asking the pipeline."""
        with suppress(InfraError):  # The pipeline has more patience, and knows them as well.
            return self._system.log.load_outcomes([one.command_id for one in commands])
        return {}

    def _rehearse(self, waiting: Sequence[tuple[RecordFacts, Sequence[SourceRow]]]) -> None:
        path = self.path.definition
        while True:
            commands = [command for command, _ in waiting]
            try:
                paths = {(path.path, self.path.version): path}
                self._patiently(partial(self._rehearsal.fetch, commands, paths))
            except InfraError as error:
                if error.stream_id not in {command.stream_id for command in commands}:
                    raise
                stays = [one for one in waiting if one[0].stream_id != error.stream_id]
                for command, rows in waiting:
                    if command.stream_id == error.stream_id:
                        self._damaged(error, command, rows)
                waiting = stays
            else:
                break
        for command, rows in waiting:
            self._rehearse_one(command, rows)

    def _rehearse_one(self, command: RecordFacts, rows: Sequence[SourceRow]) -> None:
        try:
            events = self._rehearsal.decide(command)
        except Refusal as refusal:
            self._report.attempts_refused += command.command_id not in self._known([command])
            self._without_refused(refusal.unmet, command, rows)
            return
        self._report.count_facts(len(command.facts), new=len(events))
        self._note_freed(rows)
        self._report.count_against_path(events)

    def _settle_next(self) -> None:
        self._settle_as_it_came(*self._flying.popleft())

    def _settle_as_it_came(
        self, future: Future[Outcome], command: RecordFacts, rows: Sequence[SourceRow]
    ) -> None:
        try:
            outcome = future.result()
        except InfraError as error:
            if error.stream_id is None:
                raise
            self._damaged(error, command, rows)
        else:
            self._settle(outcome, command, rows)

    def _damaged(self, error: InfraError, command: RecordFacts, rows: Sequence[SourceRow]) -> None:
        """Quarantine the rows of an order that cannot be read; all others go on."""
        for row in {id(row): row for row in rows}.values():  # One may have brought several facts.
            self.bad(row, UnreadableError(error.code, None, str(error)), command.order_id)

    def _settle(self, outcome: Outcome, command: RecordFacts, rows: Sequence[SourceRow]) -> None:
        if outcome.kind == "refused":
            self._report.attempts_refused += not outcome.repeated
            self._without_refused(outcome.unmet, command, rows)
            return
        new = 0 if outcome.repeated else outcome.events
        self._report.count_facts(len(command.facts), new=new)
        self._note_freed(rows)
        if new:
            self._uncounted.append(outcome)
        if len(self._uncounted) >= CHECKED_AT_ONCE:
            with suppress(InfraError):  # They are looked at with the next ones, or at the end.
                self._count_against_path()

    def _count_against_path(self) -> None:
        """Ask the log: whether a status conforms depends on all that was known by then."""
        self._report.nonconforming.update(self._store.against_path(self._uncounted))
        self._uncounted.clear()

    def _without_refused(
        self, unmet: Sequence[Unmet], command: RecordFacts, rows: Sequence[SourceRow]
    ) -> None:
        """Quarantine the rows whose facts were refused, and send the others alone.

        A fact that is known with another content is counted only: its first telling counts.
        """
        refused = {number: one for one in unmet if (number := _fact_number(one)) is not None}
        if len(refused) < len(unmet):  # It is the order as a whole that is refused.
            refused = dict.fromkeys(range(len(rows)), unmet[0])
        other = {n for n, one in refused.items() if one.code == "fact_told_differently"}
        self._report.count_facts(len(other), new=0)
        self._report.told_differently += len(other)
        bad = {id(rows[number]): one for number, one in refused.items() if number not in other}
        reported: set[int] = set()
        rest: list[tuple[Fact, SourceRow]] = []
        for number, (fact, row) in enumerate(zip(command.facts, rows, strict=True)):
            one = bad.get(id(row))
            if one is None and number in other:
                continue
            if one is None:
                rest.append((fact, row))
            elif id(row) not in reported:
                reported.add(id(row))
                words = f"the order refuses it: {one.code}"
                self.bad(row, UnreadableError(one.code, None, words), command.order_id)
        if rest:
            again = self._command(OrderFacts(command.order_id, rest), rest)
            rows = [row for _, row in rest]
            if self._report.dry_run:
                self._rehearse_one(again, rows)
            else:
                self._settle_as_it_came(self._system.pipeline.submit(again), again, rows)

    def _too_many(self) -> str:
        reason, times = self._report.quarantined.most_common(1)[0]
        return (
            f"more than {self._most_bad} rows cannot be read, {times} of them because of {reason}:"
            " look at some in quarantine, correct the file or the mapping, and start again"
        )

    def _quarantine(self) -> None:
        rows, self._bad = self._bad, []
        if rows and not self._report.dry_run:
            run_id = self._report.run_id
            assert run_id is not None
            put = partial(self._store.put, run_id, self._report.source, rows)
            self._report.already_resolved += len(self._patiently(put))

    @cached_property
    def _waiting_ids(self) -> Set[UUID]:
        """What waits in quarantine since earlier; a resubmit looks after its rows itself."""
        if self._report.kind == "quarantine":
            return frozenset()
        return self._patiently(lambda: self._store.unfixed_ids(self._report.source))

    def _note_freed(self, rows: Sequence[SourceRow]) -> None:
        if self._waiting_ids:
            self._freed |= set(map(self._row_id, rows)) & self._waiting_ids

    def _row_id(self, row: SourceRow) -> UUID:
        said = id_of_row(self._report.source, row)
        if self._report.dry_run and not self._waiting_ids:  # Nothing is written, and nothing there.
            return said
        return self._patiently(lambda: self._store.row_id(said))

    def _free(self) -> None:
        freed = self._freed - self._bad_ids
        self._report.freed = len(freed)
        if freed and not self._report.dry_run:
            self._patiently(lambda: self._store.resolve(freed))

    def _note_progress(self) -> None:
        if self._report.run_id is not None and monotonic() - self._noted_at > NOTED_EVERY_SECONDS:
            with suppress(InfraError):  # It is only shown, and the next note says more.
                self._store.progress(self._report.run_id, self._report.orders)
            self._noted_at = monotonic()


def _fact_number(unmet: Unmet) -> int | None:
    parts = (unmet.field or "").split(".")
    return int(parts[1]) if len(parts) > 1 and parts[0] == "facts" else None
