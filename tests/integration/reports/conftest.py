"""One import of the real data set a session, and the reports asked of it."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.settings import Settings
from projections.reports.scope import Reader
from services.bootstrap import System, open_system
from services.demo.clock import VirtualClock
from services.imports.olist import import_olist
from tests.support.postgres import cloned_database

Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def oracle(olist_folder: Path) -> dict[str, Any]:
    """What other tools calculated from the same data."""
    found: dict[str, Any] = json.loads((olist_folder / "oracle.json").read_text())
    return found


@pytest.fixture(scope="session")
def olist(migrated_server: str, olist_folder: Path) -> Iterator[System]:
    """A system with the real orders in log and projections. For reading only."""
    with ExitStack() as stack:
        url = stack.enter_context(cloned_database(migrated_server))
        system = stack.enter_context(open_system(Settings(database_url=url)))
        import_olist(system, olist_folder)
        system.catch_up()
        yield system


@pytest.fixture
def ask_olist(olist: System) -> Ask:
    """Ask a report of the real orders."""
    return asker(olist)


@pytest.fixture
def clock() -> VirtualClock:
    """The time of one test: noon of 1 March 2026, until the test moves it."""
    return VirtualClock(datetime(2026, 3, 1, 12, tzinfo=UTC))


@pytest.fixture
def shop(database_url: str, clock: VirtualClock) -> Iterator[System]:
    """An empty system of one test."""
    with open_system(Settings(database_url=database_url), clock) as system:
        yield system


@pytest.fixture
def ask(shop: System) -> Ask:
    """Ask a report of the test's own orders, the projections being brought up to date."""
    return asker(shop)


def asker(system: System) -> Ask:
    """Give what asks a report, the projections being brought up to date."""

    def ask(question: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        system.catch_up()
        with system.snapshot() as reader:
            return question(reader, *arguments, **named)

    return ask


def rows(reader: Reader, query: str) -> list[dict[str, Any]]:
    """A question of one's own, with an analyst's rights."""
    return reader.execute(query.encode()).fetchall()
