"""Fixtures of all tests: a database each, and an environment that is nobody's own."""

import os
import shutil
import signal
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest
import structlog
from hypothesis import settings

from infra.embedded import stop_embedded
from infra.event_log import EventLog, open_log
from infra.local_broker import stop_local_broker
from tests.support.broker import start_test_broker
from tests.support.command_line import MASTER_KEY, Program
from tests.support.faults import Fault, count_faults, faults_of
from tests.support.olist import find_real_orders
from tests.support.postgres import (
    PREPARED,
    TEMPLATE,
    cloned_database,
    ensure_templates,
    start_test_server,
)

# A database or a busy machine may be slow for a moment; that is no finding.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "local")

READERS = {"line", "world"}  # fixtures of tests that read projections
# What the tests of a folder share takes minutes: a cluster, the real orders.
COSTLY = ("tests/chaos/", "tests/integration/reports/test_olist")
BROKER_FOLDER = pytest.StashKey[Path]()
DATABASE_FOLDER = pytest.StashKey[Path]()
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
MEMORY_BYTES = 4 << 30  # several times what the session's PostgreSQL takes
TEST_MASTER_KEY = b64encode(bytes(range(32))).decode()  # of every shop of the tests
SHORT_ROUNDS = 3
CHAOS_ROUNDS = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rounds",
        type=int,
        default=SHORT_ROUNDS,
        metavar="N",
        help=f"how often tests of faults do a fault; `make chaos` takes {CHAOS_ROUNDS}",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the folders of the session's servers; xdist workers are told which.

    The folders of the tests are in one of our own too: in the one that pytest shares between
    sessions, the next session locks out the user that PostgreSQL runs as.
    """
    _hear_interrupts()
    os.environ[MASTER_KEY] = TEST_MASTER_KEY  # also for processes that are forked
    os.environ["ORDERPATH_HTTP_PORT"] = "0"
    worker_input: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker_input:
        folders = worker_input["server_folders"]
    else:
        folders = [tempfile.mkdtemp(prefix="orderpath-", dir=place) for place in (None, _memory())]
    config.stash[BROKER_FOLDER], config.stash[DATABASE_FOLDER] = map(Path, folders)
    if not worker_input and not config.option.basetemp:
        config.option.basetemp = tempfile.mkdtemp(prefix="orderpath-tests-")
        config.add_cleanup(lambda: shutil.rmtree(config.option.basetemp, ignore_errors=True))
    Program.logs_in = folders[0]


def _memory() -> Path | None:
    """Give where files cost nothing, if there is plenty: each database of a test is 700 files."""
    if not os.access(MEMORY, os.W_OK):
        return None
    free = min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available)
    return MEMORY if free >= MEMORY_BYTES else None


def _hear_interrupts() -> None:
    """A shell lets its background jobs ignore Ctrl-C, and they whatever they start: programs that
    tests interrupt would not hear it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # xdist ships no types.
    stash = node.config.stash
    node.workerinput["server_folders"] = [str(stash[BROKER_FOLDER]), str(stash[DATABASE_FOLDER])]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let one process have all tests of a file, or of what is costly: what they share is made once.

    The order stays: what takes longest comes early.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types.
        def _split_scope(self, nodeid: str) -> str:
            return next(filter(nodeid.startswith, COSTLY), nodeid.partition("::")[0])

    config.option.loadscopereorder = False
    return Scheduling(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers once every worker is done."""
    if not hasattr(config, "workerinput"):
        stop_local_broker(config.stash[BROKER_FOLDER])
        stop_embedded(config.stash[DATABASE_FOLDER])
        for folder in (BROKER_FOLDER, DATABASE_FOLDER):
            shutil.rmtree(config.stash[folder], ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to `make chaos` what only it is for, and to it nothing that does no fault."""
    if config.option.rounds < CHAOS_ROUNDS:
        left = [item for item in items if item.get_closest_marker("only_chaos")]
    else:
        left = [item for item in items if not _does_faults(item)]
    config.hook.pytest_deselected(items=left)
    kept = set(items) - set(left)
    items[:] = [item for item in items if item in kept]


def _does_faults(item: pytest.Item) -> bool:
    used: list[str] = getattr(item, "fixturenames", [])
    return not {"fault", "rounds"}.isdisjoint(used)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many faults of which kind were done."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.getreports(kind)]
    faults = count_faults(reports)
    if faults:
        terminalreporter.section(f"{faults.total()} faults")
        for kind, count in faults.most_common():
            terminalreporter.line(f"{count:5} {kind}")


@pytest.fixture
def rounds(pytestconfig: pytest.Config) -> int:
    """How often a test of faults does its fault: few times in a run of all, often in chaos."""
    found: int = pytestconfig.option.rounds
    return found


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Fault:
    """Notes a fault that the test does, for the report at the end."""
    return faults_of(request)


@pytest.fixture(autouse=True)
def nobodys_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Hide the ORDERPATH_ variables and the data folder of whoever runs the tests."""
    for name in os.environ:
        if name.upper().startswith("ORDERPATH_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv(MASTER_KEY, TEST_MASTER_KEY)
    monkeypatch.setenv("ORDERPATH_HTTP_PORT", "0")  # any that is free: several are up at once
    monkeypatch.setenv("ORDERPATH_DATA_DIR", str(tmp_path_factory.getbasetemp() / "nobodys"))


@pytest.fixture(autouse=True)
def log_of_its_own() -> Iterator[None]:
    """Forget how a test had the log: a level that one sets would hide what the next waits for."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> str:
    """URL of the session's PostgreSQL. Missing: skipped by name, a failure with CI=true."""
    return start_test_server(pytestconfig.stash[DATABASE_FOLDER])


@pytest.fixture(scope="session")
def migrated_server(postgres_server: str) -> str:
    """The same, with the templates made that every database of a test is a clone of."""
    ensure_templates(postgres_server)
    return postgres_server


@pytest.fixture
def database_url(migrated_server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a migrated, empty database of this test alone; with the tables of the projections if
    it reads them: to make these takes ten times as long as the clone.
    """
    reads = not READERS.isdisjoint(request.fixturenames)
    with cloned_database(migrated_server, PREPARED if reads else TEMPLATE) as url:
        yield url


@pytest.fixture
def log(database_url: str) -> Iterator[EventLog]:
    """The log as a writer has it."""
    with closing(open_log(database_url)) as opened:
        yield opened


@pytest.fixture(scope="session")
def broker(pytestconfig: pytest.Config) -> str:
    """host:port of the session's Kafka. Missing: skipped by name, a failure with CI=true."""
    return start_test_broker(pytestconfig.stash[BROKER_FOLDER])


@pytest.fixture(scope="session")
def broker_folder(pytestconfig: pytest.Config, broker: str) -> Path:
    """The data folder of the session's Kafka, as that of any local one."""
    assert broker
    return pytestconfig.stash[BROKER_FOLDER]


@pytest.fixture(scope="session")
def olist_folder() -> Path:
    """The real orders of Olist. Missing: skipped by name, a failure with CI=true."""
    return find_real_orders()
