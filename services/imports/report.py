"""What an import did, for people and for programs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from domain.messages import Event
from domain.orders.events import StatusRecorded


@dataclass(slots=True)
class ImportReport:
    """Figures of one run. `as_dict` has stable keys, described in docs/import.md."""

    kind: Literal["olist", "log", "quarantine"]
    source: str
    files: tuple[str, ...]
    dry_run: bool = False
    run_id: UUID | None = None
    rows_read: int = 0
    rows_ignored: int = 0  # the mapping says that these activities do not matter
    orders: int = 0  # with at least one fact that can be recorded
    facts_new: int = 0  # not in the log before; of a dry run: would be
    facts_known: int = 0
    told_differently: int = 0  # of the known: they say something else now, which is not recorded
    attempts_refused: int = 0  # commands, now: the log keeps each as attempt.refused.v1
    duplicates: int = 0  # rows equal to another one of the same file
    nonconforming: Counter[str] = field(default_factory=Counter)  # reason -> statuses, of the new
    quarantined: Counter[str] = field(default_factory=Counter)  # reason -> rows
    already_resolved: int = 0  # rows of the file that were quarantined before, and fixed since
    freed: int = 0  # rows in quarantine from earlier that are recorded now
    notes: Counter[str] = field(default_factory=Counter)  # what was decided for the source
    warnings: list[str] = field(default_factory=list)
    path_file: Path | None = None  # the path that `discover` drafted
    seconds: float = 0.0

    @property
    def facts(self) -> int:
        return self.facts_new + self.facts_known

    @property
    def events_per_second(self) -> float:
        return self.facts_new / self.seconds if self.seconds else 0.0

    @property
    def still_bad(self) -> int:
        """Rows that somebody has to look at; of a dry run also those that were fixed before."""
        return self.quarantined.total() - self.already_resolved

    def count_facts(self, told: int, *, new: int) -> None:
        """Count the facts of one command, so many of them new."""
        self.facts_new += new
        self.facts_known += told - new

    def count_against_path(self, events: Iterable[Event]) -> None:
        """Count what was recorded as not conforming."""
        for event in events:
            if isinstance(event, StatusRecorded):
                self.nonconforming.update(event.nonconforming)

    def as_dict(self) -> dict[str, Any]:
        """Give the report as JSON can hold it."""
        return {
            "kind": self.kind,
            "source": self.source,
            "files": list(self.files),
            "dry_run": self.dry_run,
            "run_id": str(self.run_id) if self.run_id else None,
            "rows_read": self.rows_read,
            "rows_ignored": self.rows_ignored,
            "orders": self.orders,
            "facts": {"new": self.facts_new, "known": self.facts_known},
            "told_differently": self.told_differently,
            "attempts_refused": self.attempts_refused,
            "duplicates": self.duplicates,
            "nonconforming": dict(sorted(self.nonconforming.items())),
            "quarantined": dict(sorted(self.quarantined.items())),
            "already_resolved": self.already_resolved,
            "freed": self.freed,
            "notes": dict(sorted(self.notes.items())),
            "warnings": list(self.warnings),
            "path_file": str(self.path_file) if self.path_file else None,
            "seconds": round(self.seconds, 3),
            "events_per_second": round(self.events_per_second, 1),
        }
