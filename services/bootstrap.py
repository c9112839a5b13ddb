"""The only wiring: settings, database, log, pipeline and projections put together.

Programs open a System, use it and close it; nothing else in services imports infra.
"""

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import psycopg

from domain.messages import Actor, Command, Outcome
from domain.paths.line import PublishPath
from infra.embedded import start_embedded
from infra.event_log import EventLog, open_log
from infra.import_desk import ImportDesk
from infra.log import configure_logging
from infra.migrate import is_current, migrate
from infra.path_files import load_preset, preset_names
from infra.postgres import connect
from infra.settings import Settings, load_settings
from services.pipeline import Pipeline

SYSTEM: Final = Actor(kind="system", id="orderpath")
_NAMESPACE: Final = uuid5(NAMESPACE_URL, "orderpath")


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


@dataclass
class System:
    """A running Orderpath in this process."""

    settings: Settings
    url: str  # of the database, with the rights of its owner
    clock: Callable[[], datetime]
    log: EventLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = open_log(self.url)

    @cached_property
    def pipeline(self) -> Pipeline:
        """The way in for commands; its thread starts with the first use."""
        return Pipeline(
            self.log,
            self.clock,
            batch_commands=self.settings.batch_commands,
            cache_streams=self.settings.cache_streams,
        )

    @cached_property
    def import_desk(self) -> ImportDesk:
        """Files, runs and quarantine of services.imports."""
        return ImportDesk(self.url)

    def execute(self, command: Command) -> Outcome:
        """Send one command and wait for its answer."""
        return self.pipeline.execute(command)

    def connect(
        self, role: str, *, autocommit: bool = True, **settings: str
    ) -> psycopg.Connection[Any]:
        """Open a session with the rights of a role: orderpath_analyst, orderpath_projector, …"""
        name = f"orderpath {role.removeprefix('orderpath_')}"
        return connect(
            self.url, role=role, autocommit=autocommit, application_name=name, **settings
        )

    def close(self) -> None:
        """Work off what waits and give everything back."""
        if "pipeline" in self.__dict__:
            self.pipeline.close()
        self.log.close()


@contextmanager
def open_system(
    settings: Settings | None = None, clock: Callable[[], datetime] = utc_now
) -> Iterator[System]:
    """Start or find the database, bring it up to date, publish the ready-made paths.

    Raises: SettingsError, InfraError
    """
    chosen = settings or load_settings()
    configure_logging(chosen.log_level, chosen.log_format)
    tune_process()
    url = chosen.database_url or start_embedded(chosen.data_dir)
    if not is_current(url):
        migrate(url)
    system = System(chosen, url, clock)
    try:
        _publish_presets(system)
        yield system
    finally:
        system.close()


def _publish_presets(system: System) -> None:
    """Publish each ready-made path that has no version yet. Twice is nothing."""
    for name in sorted(set(preset_names()) - system.log.path_names()):
        definition = load_preset(name)
        command_id = uuid5(_NAMESPACE, f"preset:{name}:{definition.content_hash}")
        command = PublishPath(command_id=command_id, actor=SYSTEM, definition=definition)
        system.execute(command)


def tune_process() -> None:
    """Suit the interpreter to one busy thread beside its callers.

    Thousands of cached states are no garbage, so it is looked for less often; and a thread
    that comes back from the database waits 0.5 ms for its turn, not 5.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    sys.setswitchinterval(0.0005)
