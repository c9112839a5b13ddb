"""Imports that are killed, run beside each other, lose their database or fill its disk: nothing
is lost or there twice, and starting again completes them.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

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
from tests.support.postgres import cloned_database
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
    name = urlsplit(database_url).path.lstrip("/")

    def allow(connections: str) -> None:
        with connect(migrated_server) as session:
            session.execute(f"alter database {name} allow_connections {connections}")
            if connections == "false":
                session.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s",
                    (name,),
                )

    gone: list[bool] = []

    def lose(done: int, total: int) -> None:
        if done > total * 0.6 and not gone:
            gone.append(True)
            allow("false")

    with open_impatient(database_url) as system:
        with pytest.raises(InfraError, match="start the same import again"):
            import_olist(system, folder, progress=lose)
        allow("true")

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


def test_a_long_file_is_not_held_in_memory(system: System, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="measures memory as POSIX does")
    mapping = tmp_path / "map.yaml"
    mapping.write_text(
        "source: big\npath: olist\norder_id: case\ntime: {column: at, zone: UTC}\n"
        "activity: {column: what, map: {A: placed, B: approved, C: shipped, D: delivered}}\n"
    )
    file, note = tmp_path / "big.csv", "x" * 1_800
    with file.open("w") as opened:
        opened.write("case,at,what,note\n")
        for n in range(60_000):
            order, hour = n * 7_919 % 20_011, n % 24
            opened.write(f"case {order},2024-01-01 {hour:02}:00:00,{'ABCD'[n % 4]},{n} {note}\n")
    assert file.stat().st_size > 100_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    report = import_log(system, file, mapping, dry_run=True)

    assert (report.rows_read, report.facts_new) == (60_000, 60_000)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # kilobytes
    assert grown < 200_000
