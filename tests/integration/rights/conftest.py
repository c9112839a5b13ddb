"""A system with the ready-made roles, and a clock that tests move on."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from domain.messages import Actor
from infra.settings import Settings
from services.access import FRESH_SECONDS, KnownCallers
from services.bootstrap import System, open_system
from services.keys import KeyFor, Wanted, create_key
from services.rights import publish_ready_roles
from tests.support.examples import NOW

ROOT = Wanted(actor=Actor(kind="user", id="root"))


class Hours:
    """A clock, and the ticks by which what was looked up grows old."""

    def __init__(self) -> None:
        self.now = NOW
        self.ticks = 0.0

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, length: timedelta = timedelta(seconds=FRESH_SECONDS)) -> None:
        self.now += length
        self.ticks += length.total_seconds()


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def system(database_url: str, tmp_path: Path, hours: Hours) -> Iterator[System]:
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    with open_system(settings, hours) as opened:
        publish_ready_roles(opened)
        yield opened


@pytest.fixture
def access(system: System, hours: Hours) -> KnownCallers:
    return KnownCallers(system, ticks=lambda: hours.ticks)


@pytest.fixture
def make(system: System) -> Callable[..., str]:
    """Makes a key with a role and gives it as its holder shows it."""

    def made(name: str, *roles: str, **more: object) -> str:
        key = create_key(system, ROOT, KeyFor(name=name, roles=roles, **more)).key  # type: ignore[arg-type]
        assert key is not None
        return key

    return made
