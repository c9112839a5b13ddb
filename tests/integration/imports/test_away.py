"""Imports whose database is away for a while: nobody waits for an answer, so they wait for it."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from domain.imports import BegunRun
from infra.postgres import connect
from infra.settings import Settings
from services.bootstrap import System, open_system
from services.imports.olist import import_olist
from services.imports.quarantine import list_rows, resubmit
from services.imports.runner import IN_FLIGHT
from services.pipeline import PATIENCE_SECONDS
from tests.integration.imports.sources import ITEM, ORDER, PAYMENT, facts_in_log, write_olist
from tests.support.postgres import cloned_database, hanging, hanging_log, let_connect
from tests.support.programs import RunningProgram, programs
from tests.support.waiting import ROOM_SECONDS, wait_for

HOLD: Final = """
    create function public.hold() returns trigger language plpgsql security definer as $$
    begin
        perform pg_advisory_xact_lock(1);
        return new;
    end $$;
    create trigger hold before {} for each row execute function public.hold();
"""
HOLDING: Final = "select pg_advisory_xact_lock(1)"
QUARANTINE: Final = "lock table ops.quarantine in access exclusive mode"
ENDS: Final = "update of finished_at on ops.import_runs"

Left = tuple[list[tuple[object, ...]], int, list[object]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shop where every fourth order is asked for in the log, as its own row cannot be read; the
    others are few enough to be all on their way at once: they are not waited for before the end.
    """
    numbers = [{"order_id": f"o{n}"} for n in range(IN_FLIGHT)]
    bad = [{"order_status": "?"} if n % 4 == 0 else {} for n in range(IN_FLIGHT)]
    return write_olist(
        tmp_path / "shop",
        [ORDER | number | wrong for number, wrong in zip(numbers, bad, strict=True)],
        [ITEM | number for number in numbers],
        [PAYMENT | number for number in numbers],
    )


@pytest.fixture
def undisturbed(migrated_server: str, folder: Path) -> Iterator[Left]:
    """What an import leaves behind whose database stays."""
    with (
        cloned_database(migrated_server) as url,
        open_system(Settings(database_url=url)) as system,
    ):
        import_olist(system, folder)
        yield left_in(system)


def left_in(system: System) -> Left:
    runs = system.import_desk.store.runs(None, 10)
    return (
        facts_in_log(system),
        len(list_rows(system, limit=1_000)),
        [(run["attempts"], run["orders_done"], run["finished_at"] is not None) for run in runs],
    )


def test_an_import_outlasts_a_database_that_is_away_for_longer_than_a_command_waits(
    database_url: str, migrated_server: str, folder: Path, undisturbed: Left
) -> None:
    with ExitStack() as held, programs({"ORDERPATH_DATABASE_URL": database_url}) as start:
        with hanging(database_url, QUARANTINE) as records:
            importing = start("import", "olist", str(folder), "--json")
            wait_for(records)
            asks_the_log = held.enter_context(hanging_log(database_url))
        wait_for(asks_the_log)
        be_away(migrated_server, database_url, importing)

        assert importing.process.wait(ROOM_SECONDS) == 1, importing.said()  # Some rows are bad.
    with open_system(Settings(database_url=database_url)) as system:
        assert left_in(system) == undisturbed


def test_an_import_outlasts_a_database_that_goes_away_at_its_end(
    database_url: str, migrated_server: str, folder: Path, undisturbed: Left
) -> None:
    with connect(database_url) as session:
        session.execute(HOLD.format(ENDS))
    with programs({"ORDERPATH_DATABASE_URL": database_url}) as start:
        with hanging(database_url, HOLDING) as ends:
            importing = start("import", "olist", str(folder), "--json")
            wait_for(ends)
            be_away(migrated_server, database_url, importing)

        assert importing.process.wait(ROOM_SECONDS) == 1, importing.said()  # Some rows are bad.
    with open_system(Settings(database_url=database_url)) as system:
        assert left_in(system) == undisturbed


def be_away(server_url: str, database_url: str, importing: RunningProgram) -> None:
    """Let the database be away for longer than a command waits for it."""
    let_connect(server_url, database_url, allowed=False)
    wait_for(
        lambda: importing.process.poll() is not None or waited_seconds(importing) > PATIENCE_SECONDS
    )
    let_connect(server_url, database_url, allowed=True)


def waited_seconds(importing: RunningProgram) -> float:
    """Give for how long something other than a command waits by now."""
    return max(map(float, re.findall(r'"waited_seconds": ([0-9.]+)', importing.said())), default=0)


@pytest.mark.parametrize(
    "meets",
    [
        pytest.param("insert on ops.import_runs", id="as it begins"),
        pytest.param("insert on ops.quarantine", id="in quarantine"),
        pytest.param(ENDS, id="as it ends"),
    ],
)
def test_an_import_does_again_what_a_database_that_went_away_did_not(
    meets: str, database_url: str, migrated_server: str, folder: Path, undisturbed: Left
) -> None:
    with open_system(Settings(database_url=database_url)) as system:
        lose_meanwhile(migrated_server, database_url, meets, lambda: import_olist(system, folder))

        assert left_in(system) == undisturbed


def test_rows_that_are_recorded_after_all_are_resolved_though_the_database_went_away(
    database_url: str, migrated_server: str, tmp_path: Path
) -> None:
    bad = write_olist(tmp_path / "bad", [ORDER | {"order_status": "?"}], [], [])
    with open_system(Settings(database_url=database_url)) as system:
        import_olist(system, bad)
        (row,) = list_rows(system)
        system.import_desk.store.fix(row.row_id, dict(ORDER))
        meets = "update of state on ops.quarantine"
        lose_meanwhile(migrated_server, database_url, meets, lambda: resubmit(system))

        assert list_rows(system) == []


def test_a_run_whose_beginning_is_noted_twice_as_its_answer_was_lost_began_once(
    database_url: str,
) -> None:
    with open_system(Settings(database_url=database_url)) as system:
        store = system.import_desk.store
        for times in (2, 1):
            run = BegunRun(UUID(int=7), store.now(), "olist", "olist", ["orders.csv"], {})
            for _ in range(times):
                store.begin(run)

        (told,) = store.runs(None, 10)
    assert told["attempts"] == 2


def lose_meanwhile(
    server_url: str, database_url: str, meets: str, work: Callable[[], object]
) -> None:
    """Let the database go away for a moment where a statement of the work is held up."""
    with connect(database_url) as session:
        session.execute(HOLD.format(meets))
    with ThreadPoolExecutor(1) as apart, hanging(database_url, HOLDING) as is_held:
        working = apart.submit(work)
        wait_for(lambda: working.done() or is_held())
        let_connect(server_url, database_url, allowed=False)
        let_connect(server_url, database_url, allowed=True)
        working.result(ROOM_SECONDS)
