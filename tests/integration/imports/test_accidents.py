"""Imports that are killed, run beside each other, lose their database or fill its disk: nothing
is lost or there twice, and starting again completes them.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from benchmarks.measure import peak_memory_mb
from domain.refusals import InfraError
from infra.postgres import connect
from infra.settings import Settings
from services.bootstrap import System, open_system
from services.imports.log_file import import_log
from services.imports.olist import import_olist
from services.imports.quarantine import list_rows
from tests.integration.imports.sources import (
    ITEM,
    ORDER,
    PAYMENT,
    facts_in_log,
    write_olist,
)
from tests.support.postgres import cloned_database, let_connect
from tests.support.processes import Writer, leaving, listen

ORDERS = 2_500
FACTS = ORDERS * 7


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shop of some thousand orders, and one row that nobody can read."""
    numbers = [{"order_id": f"o{n}"} for n in range(ORDERS)]
    return write_olist(
        tmp_path / "shop",
        [*(ORDER | number for number in numbers), ORDER | {"order_id": "x", "order_status": "?"}],
        [ITEM | number for number in numbers],
        [PAYMENT | number for number in numbers],
    )


@pytest.fixture
def other_url(migrated_server: str) -> Iterator[str]:
    """A second database, for an import without accidents."""
    with cloned_database(migrated_server) as url:
        yield url


def import_and_tell(pipe: Connection, url: str, folder: Path) -> None:
    """Import in a process of its own: say how far it is, and at the end what is new."""
    with open_system(Settings(database_url=url)) as system:
        report = import_olist(system, folder, progress=lambda *far: pipe.send(far))
        pipe.send(report.facts_new)


def facts_of_an_undisturbed_import(url: str, folder: Path) -> list[tuple[object, ...]]:
    with open_system(Settings(database_url=url)) as system:
        import_olist(system, folder)
        return facts_in_log(system)


def test_an_import_that_was_killed_is_completed_by_the_next(
    database_url: str, other_url: str, folder: Path
) -> None:
    with leaving([Writer(import_and_tell, database_url, folder)]) as (writer,):
        listen([writer], lambda: bool(writer.said) and far_enough(writer.said[-1]))
        writer.kill()

    with open_system(Settings(database_url=database_url)) as system:
        with system.log.locked():  # What the killed one had sent may still be on its way in.
            before = len(facts_in_log(system))
        report = import_olist(system, folder)

        assert 0 < before < FACTS
        assert (report.facts_known, report.facts_new) == (before, FACTS - before)
        assert facts_in_log(system) == facts_of_an_undisturbed_import(other_url, folder)
        assert len(list_rows(system)) == 1


def far_enough(said: object) -> bool:
    """Whether rows are read and some orders recorded."""
    return isinstance(said, tuple) and said[0] > said[1] * 0.6


def test_two_imports_at_once_record_everything_once(
    database_url: str, other_url: str, folder: Path, tmp_path: Path
) -> None:
    half = write_olist(
        tmp_path / "half",
        [ORDER | {"order_id": f"o{n}"} for n in range(ORDERS // 2)],
        [ITEM | {"order_id": f"o{n}"} for n in range(ORDERS // 2)],
        [],
    )
    writers = [Writer(import_and_tell, database_url, each) for each in (folder, folder, half)]
    with leaving(writers):
        listen(writers, lambda: all(isinstance(w.said[-1:], list) and w.ended for w in writers))

    assert sum(writer.said[-1] for writer in writers) == FACTS
    with open_system(Settings(database_url=database_url)) as system:
        assert facts_in_log(system) == facts_of_an_undisturbed_import(other_url, folder)
        assert len(list_rows(system)) == 1


def open_impatient(url: str) -> AbstractContextManager[System]:
    """Open a system whose commands hardly wait for a database that went away."""
    return open_system(Settings(database_url=url, patience_seconds=0.2))


def test_an_import_whose_database_goes_away_says_how_to_go_on(
    database_url: str, migrated_server: str, folder: Path
) -> None:
    gone: list[bool] = []

    def lose(done: int, total: int) -> None:
        if done > total * 0.6 and not gone:
            gone.append(True)
            let_connect(migrated_server, database_url, allowed=False)

    with (
        open_impatient(database_url) as system,
        pytest.raises(InfraError, match="start the same import again"),
    ):
        import_olist(system, folder, progress=lose)
    let_connect(migrated_server, database_url, allowed=True)

    with open_impatient(database_url) as system:  # As people do: that one may not know it is back.
        report = import_olist(system, folder)

        assert report.facts == FACTS
        assert 0 < report.facts_known < FACTS
        assert len(facts_in_log(system)) == FACTS


def fill_disk(url: str, table: str, rows: int) -> None:
    """Let the database find its disk full once the table has so many rows more."""
    with connect(url) as session:
        session.execute(
            f"""
            create sequence public.room;
            grant usage on sequence public.room to public;
            create function public.no_room() returns trigger language plpgsql as $$
            begin
                if nextval('public.room') > {rows} then
                    raise exception 'no space left on device' using errcode = '53100';
                end if;
                return new;
            end $$;
            create trigger no_room before insert on {table}
                for each row execute function public.no_room();
            """
        )


def make_room(url: str, table: str) -> None:
    with connect(url) as session:
        session.execute(f"drop trigger no_room on {table}")


def test_an_import_that_fills_the_disk_says_so_and_is_completed_by_the_next(
    database_url: str, other_url: str, folder: Path
) -> None:
    with open_impatient(database_url) as system:
        fill_disk(database_url, "log.events", FACTS // 2)
        with pytest.raises(InfraError, match="start the same import again") as caught:
            import_olist(system, folder)
        before = len(facts_in_log(system))
        make_room(database_url, "log.events")

        report = import_olist(system, folder)

        assert caught.value.code == "database_full"
        assert f"{before} facts were recorded until then" in str(caught.value)
        # What was still in flight at the error is recorded as soon as there is room again.
        assert 0 < before <= report.facts_known < FACTS
        assert report.facts == FACTS
        assert facts_in_log(system) == facts_of_an_undisturbed_import(other_url, folder)
        assert len(list_rows(system)) == 1


def test_a_disk_that_is_full_for_quarantine_loses_no_row(database_url: str, folder: Path) -> None:
    with open_impatient(database_url) as system:
        fill_disk(database_url, "ops.quarantine", 0)
        with pytest.raises(InfraError, match="start the same import again") as caught:
            import_olist(system, folder)
        make_room(database_url, "ops.quarantine")

        report = import_olist(system, folder)

        assert caught.value.code == "database_full"
        assert report.quarantined == {"status_unknown": 1}
        assert len(list_rows(system)) == 1
        assert len(facts_in_log(system)) == FACTS


WIDE_ORDERS = 5_000
ROWS_OF_EACH = 4
SHORT_BYTES, LONG_BYTES = 20_000_000, 200_000_000


@pytest.mark.parametrize("dry_run", [False, True], ids=["recorded", "dry run"])
def test_a_long_file_is_not_held_in_memory(
    database_url: str, other_url: str, tmp_path: Path, dry_run: bool
) -> None:
    mapping = tmp_path / "map.yaml"
    mapping.write_text(
        "source: big\npath: olist\norder_id: case\ntime: {column: at, zone: UTC}\n"
        "activity: {column: what, map: {A: placed, B: approved, C: shipped, D: delivered}}\n"
        "attributes: none\n"
    )
    short = write_wide(tmp_path / "short.csv", SHORT_BYTES)
    long = write_wide(tmp_path / "long.csv", LONG_BYTES)

    low = peak_bytes_of_an_import(database_url, short, mapping, dry_run=dry_run)
    high = peak_bytes_of_an_import(other_url, long, mapping, dry_run=dry_run)

    # The orders are the same, so all that differs is what is held of the rows. The sorter takes
    # 50 MB of them, at most 30 more than the short file has; those of 768 orders, as many commands
    # are on their way at most, are 28 MB more. Together that is less than half of the 180 MB that
    # the long file has more, and whoever holds the file as a whole holds all of these.
    more = long.stat().st_size - short.stat().st_size
    assert more >= LONG_BYTES - SHORT_BYTES
    assert high - low < more / 2


def write_wide(file: Path, size: int) -> Path:
    """Write the same events of the same orders, the rows as wide as makes at least this size."""
    note = "x" * (size // (WIDE_ORDERS * ROWS_OF_EACH))
    with file.open("w") as opened:
        opened.write("case,at,what,note\n")
        for n in range(WIDE_ORDERS * ROWS_OF_EACH):
            order, step = n * 7_919 % WIDE_ORDERS, n // WIDE_ORDERS
            opened.write(f"case {order},2024-01-01 {step:02}:00:00,{'ABCD'[step]},{n} {note}\n")
    assert file.stat().st_size >= size
    return file


def peak_bytes_of_an_import(url: str, file: Path, mapping: Path, *, dry_run: bool) -> float:
    """Import in a process of its own, as ours has had the peak of all tests before."""
    with leaving([Writer(import_and_tell_memory, url, file, mapping, dry_run)]) as (writer,):
        listen([writer], lambda: writer.ended)
        ((rows, orders, facts, peak),) = writer.said
    assert (rows, orders, facts) == (
        WIDE_ORDERS * ROWS_OF_EACH,
        WIDE_ORDERS,
        WIDE_ORDERS * ROWS_OF_EACH,
    )
    return float(peak)


def import_and_tell_memory(
    pipe: Connection, url: str, file: Path, mapping: Path, dry_run: bool
) -> None:
    with open_system(Settings(database_url=url)) as system:
        report = import_log(system, file, mapping, dry_run=dry_run)
        peak = peak_memory_mb() * 1e6
        pipe.send((report.rows_read, report.orders, report.facts_new, peak))
