"""A shop whose log is sealed, and somebody with all rights who changes it behind its back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from domain.audit.findings import Finding
from domain.audit.heads import SignedHead
from infra.postgres import connect
from infra.settings import Settings
from services.audit.sealer import Pace
from services.audit.verify import Report, Wish, verify
from services.bootstrap import System, open_system
from tests.support.loads import move, note, open_shop

NO_TRIGGER: tuple[str, ...] = (
    "log.events",
    "log.commands",
    "log.definitions",
    "log.path_statuses",
    "audit.heads",
    "audit.leaves",
    "audit.nodes",
    "audit.keys",
    "audit.restores",
)
AT_ONCE = Pace(every_events=1, every=timedelta(0))


@dataclass
class SealedShop:
    """A system, its orders, and how to change what must not be changed."""

    system: System
    orders: list[UUID]
    witness: Path

    def act(self, many: int) -> None:
        """Append so many events, one command each, and as many refusals now and then."""
        for turn in range(many):
            order_id = self.orders[turn % len(self.orders)]
            outcome = self.system.execute(note(order_id, f"Note {turn}"))
            assert outcome.kind == "accepted"

    def refuse(self) -> None:
        """Have a command refused, and one that changes nothing."""
        assert self.system.execute(move(self.orders[0], "done")).kind == "refused"

    def seal(self, pace: Pace = AT_ONCE) -> int:
        """Seal all that the log has; give how many heads that took."""
        return self.system.sealer(pace).catch_up()

    def verify(self, **wish: Any) -> Report:
        return verify(self.system.audit, Wish(**wish))

    def found(self, **wish: Any) -> list[tuple[str, int | None, int | None]]:
        """Give what a check finds, by kind and place."""
        return places(self.verify(**wish).findings)

    @contextmanager
    def meddling(self) -> Iterator[psycopg.Connection[Any]]:
        """Lend a superuser's session to whom no trigger says no."""
        with connect(self.system.url, autocommit=False) as owner:
            owner.execute("set session_replication_role = replica")
            for table in NO_TRIGGER:
                owner.execute(f"alter table {table} disable trigger all".encode())
            yield owner
            owner.commit()

    def meddle(self, *statements: str) -> None:
        """Run statements as one who may do everything."""
        with self.meddling() as owner:
            for statement in statements:
                owner.execute(statement.encode())

    @contextmanager
    def undone(self, *tables: str) -> Iterator[None]:
        """Bring tables back to what they were, after the block."""
        copies = {table: table.replace(".", "_") for table in tables}
        with connect(self.system.url) as owner:
            for table, copy in copies.items():
                owner.execute(f"create table public.{copy} as select * from {table}".encode())  # noqa: S608 - our own words
        yield
        self.meddle(
            *(f"delete from {table}" for table in tables),  # noqa: S608 - our own words
            *(f"insert into {table} select * from public.{copy}" for table, copy in copies.items()),  # noqa: S608 - our own words
            *(f"drop table public.{copy}" for copy in copies.values()),
        )

    @contextmanager
    def reopened(self) -> Iterator["SealedShop"]:
        """Open the same shop anew, as a process that is started later."""
        with open_system(self.system.settings) as system:
            yield SealedShop(system, self.orders, self.witness)

    def next_of(self, last: SignedHead) -> SignedHead:
        """Give a head that follows, signed with whatever: only its form is right."""
        head = replace(last.head, number=last.head.number + 1, previous=last.head.digest)
        return SignedHead(head, last.signature)

    def end(self) -> int:
        return self.system.log.head().position


def places(findings: Sequence[Finding]) -> list[tuple[str, int | None, int | None]]:
    return [(one.kind, one.first, one.last) for one in findings]


@contextmanager
def open_sealed_shop(url: str, folder: Path, orders: int = 4) -> Iterator[SealedShop]:
    """Open a shop with some orders and a witness."""
    witness = folder / "elsewhere" / "witness.jsonl"
    settings = Settings(
        database_url=url, data_dir=folder / "data", witness_file=witness, log_level="error"
    )
    with open_system(settings) as system:
        yield SealedShop(system, open_shop(url, orders), witness)
