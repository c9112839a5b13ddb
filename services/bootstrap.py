"""The wiring: settings, database, log, pipeline and projections put together.

Programs open a System, use it and close it; nothing else in services imports infra.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any, Final

import psycopg
from psycopg import Cursor
from psycopg.rows import DictRow, dict_row

from domain.access.reads import ReadStore
from domain.access.store import KeyStore
from domain.bulk import BatchStore
from domain.messages import Actor, Command, Outcome
from domain.paths.path import OrderPath
from domain.sights import SIGHT, seen_by
from infra import calendar_files, role_files, rule_files, template_files, wave_files
from infra.acts import Acts
from infra.analyst_shell import analyst_shell
from infra.audit_reader import AuditReader
from infra.batch_store import PostgresBatchStore
from infra.broker import faust_arguments, kafka_arguments, with_one_that_answers
from infra.contact_ids import ContactIds
from infra.embedded import full_disk_named, start_embedded
from infra.event_log import EventLog, open_log
from infra.import_desk import ImportDesk
from infra.key_rotation import KeyRotation, is_wrapped, wrap_plain_keys
from infra.key_store import PostgresKeyStore
from infra.local_broker import find_brokers
from infra.log import configure_logging
from infra.logins import analyst_url, shared_login
from infra.master_keys import draw_master_key, master_key_source
from infra.migrate import is_current, migrate
from infra.order_tokens import OrderTokens
from infra.outlets import open_gates
from infra.owner_files import read_owners
from infra.path_files import load_preset, place_path, preset_names, read_path
from infra.pdf import typeset
from infra.postgres import Session, connect
from infra.providers import read_tokens
from infra.read_store import PostgresReadStore
from infra.restores import raise_epoch
from infra.seal_keys import FOLDER as SEAL_KEYS
from infra.seal_keys import SealKeys
from infra.seal_store import SealStore
from infra.settings import Settings, load_settings
from infra.topics import count_partitions
from infra.vault import Vault
from projections.catalog import BY_NAME
from projections.sighted import look_through
from services.access import KnownCallers
from services.acting import Acting
from services.audit.sealer import Pace as SealPace
from services.audit.sealer import Sealer
from services.audit.witness_file import witness_of
from services.erasing import FoundBelongings
from services.follower import Follower, Progress
from services.heartbeat import Heartbeat
from services.letters import Letters
from services.pace import Pace
from services.papers import Papers
from services.paths.changes import count_standing
from services.patience import Patience
from services.pipeline import Pipeline
from services.presets import first_versions
from services.projector import Projector
from services.read_models import ReadModels
from services.reads import ReadNotes
from services.reception import Reception
from services.sending import Sender
from services.strangers import Acquaintances
from services.streaming import Streaming
from services.tuning import tune_process
from services.waiting import await_workers

# What programs take from here; some of it comes from infra, which they may not see.
__all__ = [
    "SYSTEM",
    "Settings",
    "System",
    "analyst_shell",
    "analyst_url",
    "calendar_files",
    "count_partitions",
    "draw_master_key",
    "faust_arguments",
    "find_brokers",
    "kafka_arguments",
    "load_preset",
    "load_settings",
    "open_system",
    "place_path",
    "preset_names",
    "raise_epoch",
    "read_owners",
    "read_path",
    "role_files",
    "rule_files",
    "shared_login",
    "template_files",
    "utc_now",
    "wave_files",
    "with_one_that_answers",
]

SYSTEM: Final = Actor(kind="system", id="orderpath")


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


@dataclass
class System:
    """A running Orderpath in this process."""

    settings: Settings
    url: str  # of the database: its owner's, for migrations; sessions are of the roles
    clock: Callable[[], datetime]
    log: EventLog = field(init=False)
    vault: Vault = field(init=False)  # opens the keys of personal data
    patience: Patience = field(init=False)  # for a database that is away
    _sessions: dict[str, Session] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        chosen = self.settings
        self.patience = Patience(chosen.patience_seconds)
        text = chosen.master_key.get_secret_value()
        source = master_key_source(text, chosen.master_key_file, chosen.data_dir)
        self.vault = Vault(self.url, source)
        self.log = open_log(self.url, vault=self.vault)

    @cached_property
    def pipeline(self) -> Pipeline:
        """The way in for commands; its thread starts with the first use."""
        pipeline = Reception(
            self.log,
            self.clock,
            self.customer_ids,
            self.belongings,
            self.standing,
            batch_commands=self.settings.batch_commands,
            cache_streams=self.settings.cache_streams,
            patience_seconds=self.settings.patience_seconds,
        )
        pipeline.acquaintances = Acquaintances(self)
        pipeline.flood.limit = self.settings.refusals_per_minute
        return pipeline

    @cached_property
    def customer_ids(self) -> ContactIds:
        """Whom a phone number or an e-mail address means."""
        return ContactIds(self.vault, self.settings.phone_region)

    @cached_property
    def belongings(self) -> FoundBelongings:
        """What belongs to a customer, as far as the tables know."""
        return FoundBelongings(partial(self.lend, "orderpath_projector"), self.batches)

    def standing(self, path: OrderPath) -> Mapping[str, int]:
        """Count the orders that a new version of a path meets, by status: all of them, whoever
        publishes it, and on connections that nobody else uses meanwhile.
        """
        if path.path not in self.log.names("path"):
            return {}  # A first version meets none.
        with closing(self.another()) as own, seen_by(None):
            return count_standing(own, path)

    @cached_property
    def order_tokens(self) -> OrderTokens:
        """By which token a customer follows an order."""
        return OrderTokens(self._session("orderpath_writer"), self.vault)

    @cached_property
    def acts(self) -> Acts:
        """The log as auditors ask it."""
        return Acts(self.log)

    @cached_property
    def import_desk(self) -> ImportDesk:
        """Files, runs and quarantine of services.imports."""
        return ImportDesk(self._session("orderpath_writer"), self.vault)

    @cached_property
    def batches(self) -> BatchStore:
        """What is asked of many orders, as services.bulk keeps it."""
        return PostgresBatchStore(self._session("orderpath_writer"), self.vault)

    def key_rotation(self) -> KeyRotation:
        """Give what lists master keys and lets another one wrap."""
        return KeyRotation(self._session("orderpath_writer", "keys"), self.vault)

    @cached_property
    def access(self) -> KnownCallers:
        """Who calls over HTTP, and what they may."""
        notes = ReadNotes(self.read_store, self.clock)
        return KnownCallers(self, read_tokens(self.settings), reads=notes)

    @cached_property
    def read_store(self) -> ReadStore:
        """Who read whose personal data."""
        return PostgresReadStore(self._session("orderpath_writer"))

    @cached_property
    def key_store(self) -> KeyStore:
        """Hashes of API keys."""
        return PostgresKeyStore(self._session("orderpath_writer"))

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

    def lend(self, role: str, purpose: str = "") -> AbstractContextManager[psycopg.Connection[Any]]:
        """Lend a session with a role's rights, to one thread at a time; for a purpose its own."""
        return self._session(role, purpose).connection()

    def _session(self, role: str, purpose: str = "") -> Session:
        name = f"orderpath {purpose or role.removeprefix('orderpath_')}"
        if name not in self._sessions:
            self._sessions[name] = Session(self.url, role=role, name=name)
        return self._sessions[name]

    @contextmanager
    def snapshot(self) -> Iterator[Cursor[DictRow]]:
        """Lend an analyst's cursor for reports: all of the block sees the tables of one moment."""
        with (
            self.lend("orderpath_analyst") as connection,
            connection.transaction(),
            connection.cursor(row_factory=dict_row) as reader,
        ):
            reader.execute("set transaction isolation level repeatable read, read only")
            reader.execute("set local jit = off")
            sight = SIGHT.get()
            if sight is not None and not sight.sees_all_orders:
                look_through(reader, sight.regions)
            yield reader

    @cached_property
    def projection_log(self) -> EventLog:
        """The log as projections see it: with a projector's rights, hence without keys."""
        return open_log(self.url, role="orderpath_projector", vault=self.vault)

    @cached_property
    def read_models(self) -> ReadModels:
        """The builds of the read models: made, rebuilt, verified, repaired, listed."""
        lend = partial(self.lend, "orderpath_projector")
        return ReadModels(lend, self.projection_log, batch_events=self.settings.batch_events)

    def prepare_projections(self) -> None:
        """Make the tables and views that are missing; rebuild tables of an earlier version,
        while readers still see those."""
        for outdated in self.read_models.prepare():
            self.read_models.rebuild(outdated)

    def follower(self, *names: str) -> Follower:
        """Give a driver of the projections, or of those alone, once they are prepared."""
        fed = {name: BY_NAME[name] for name in names or BY_NAME}
        projector = Projector(self.read_models.lend, self.projection_log, projections=fed)
        return Follower(projector, self.projection_log, batch_events=self.settings.batch_events)

    def acting(self, pace: Pace | None = None) -> Acting:
        """Give what sends the commands of rules."""
        lend = partial(self.lend, "orderpath_projector", "acting")
        return Acting(lend, self.pipeline.submit, self.clock, pace)

    @cached_property
    def streaming(self) -> Streaming:
        """What it has to do with Kafka."""
        return Streaming(self)

    def catch_up(self, progress: Progress | None = None) -> int:
        """Bring the projections to the end of the log as it is now; give the events read.

        Where workers drive them, they get a while for that, and nothing is read here.
        Raises: InfraError workers_behind if that was not enough
        """
        self.prepare_projections()
        if self.read_models.driver() == "follower":
            return self.follower().catch_up(progress=progress)
        await_workers(self.streaming.worker_projector(), self.projection_log)
        return 0

    @cached_property
    def audit(self) -> AuditReader:
        """The sealed log, with an auditor's rights; services.audit checks and proves with it."""
        return AuditReader(self.url)

    @cached_property
    def seal_keys(self) -> SealKeys:
        """The private keys that sign heads."""
        return SealKeys(self.settings.seal_keys or self.settings.data_dir / SEAL_KEYS)

    @cached_property
    def seal_store(self) -> SealStore:
        """Where heads are added."""
        return SealStore(self.url)

    def sealer(self, pace: SealPace | None = None) -> Sealer:
        """Give what signs heads of the log, compares with the witness first, and hands it each."""
        chosen = self.settings
        witness = witness_of(chosen.witness_file, chosen.data_dir, self.seal_store)
        return Sealer(self.seal_store, self.seal_keys, witness=witness, pace=pace)

    @cached_property
    def letters(self) -> Letters:
        """What messages say, and to whom."""
        chosen = self.settings
        return Letters(self.log, chosen.setting, chosen.contacts, self.papers.draw)

    @cached_property
    def papers(self) -> Papers:
        """What of orders is printed, or goes with a mail."""
        return Papers(self.log, self.settings.setting, self.settings.seller, typeset)

    def sender(self) -> Sender:
        """Give what sends messages, through the outlets that the settings open."""
        lend = partial(self.lend, "orderpath_projector", "sending")
        gates, pace = open_gates(self.settings), self.settings.per_minute
        return Sender(lend, self.letters, gates, self.execute, self.clock, per_minute=pace)

    def another(self) -> "System":
        """Give one more on the same database, with connections of its own: for another thread."""
        return System(self.settings, self.url, self.clock)

    def heartbeat(self, kind: str) -> Heartbeat:
        """Give the signs of life of a kind of program on this data folder."""
        return Heartbeat(self.settings.data_dir, kind)

    def close(self) -> None:
        """Work off what waits and give everything back."""
        if "access" in self.__dict__:
            self.access.close()
        if "pipeline" in self.__dict__:
            self.pipeline.close()
        if "projection_log" in self.__dict__:
            self.projection_log.close()
        if "streaming" in self.__dict__:
            self.streaming.close()
        if "audit" in self.__dict__:
            self.audit.close()
        if "seal_store" in self.__dict__:
            self.seal_store.close()
        for session in self._sessions.values():
            session.close()
        self.log.close()


@contextmanager
def open_system(
    settings: Settings | None = None, clock: Callable[[], datetime] = utc_now
) -> Iterator[System]:
    """Start or find the database, bring it up to date, publish what is ready-made.

    Raises: SettingsError, InfraError
    """
    chosen = settings or load_settings()
    configure_logging(chosen.log_level, chosen.log_format)
    tune_process()
    with nullcontext() if chosen.database_url else full_disk_named(chosen.data_dir):
        url = chosen.database_url or start_embedded(chosen.data_dir)
        if not is_current(url):
            migrate(url)
        system = System(chosen, url, clock)
        try:
            if not is_wrapped(url):
                wrap_plain_keys(url, system.vault)
            _publish_presets(system)
            yield system
        finally:
            system.close()


_READY: Final = ("olist", "universal")  # the other ready-made paths are for those who ask


def _publish_presets(system: System) -> None:
    """Publish each ready-made path and calendar that has no version yet. Twice is nothing."""
    paths = sorted(set(_READY) - system.log.names("path"))
    calendars = sorted(set(calendar_files.preset_names()) - system.log.names("calendar"))
    ready_made = first_versions(
        map(load_preset, paths), map(calendar_files.load_preset, calendars), SYSTEM
    )
    for command in ready_made:
        system.execute(command)
