"""Programs that stay: `orderpath up` and `orderpath follow`, until a signal ends them.

Locks on two files in the data folder say that `up` runs: the kernel drops them with the process.
"""

import atexit
import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Signal
from threading import Thread, Timer
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from services.cli.errors import DATA_FOLDER, DONE, INFRASTRUCTURE, CommandFailed, turn_away
from services.cli.options import AsJson
from services.cli.output import put, say
from services.cli.session import near_only, opened

if TYPE_CHECKING:
    from services.bootstrap import System

LOOK_SECONDS: Final = 1.0  # between two looks at how far the projections are
PATIENCE_SECONDS: Final = 60.0  # of `down`, for `up` to end on its own
LOCK_FILE: Final = "up.lock"  # keeps a second `up` away; only `up` opens it
SIGN_FILE: Final = "up.pid"  # shows those who look that `up` runs, and which process it is
PID_CHARACTERS: Final = 20
LAST_WORD_SECONDS: Final = 0.5  # for whoever reads what is said of an end that was forced

_stays: Final = Signal()  # set once this process is a program that stays


def up(
    cluster: Annotated[
        bool, typer.Option("--cluster", help="With Kafka, relay and workers: docs/kafka.md.")
    ] = False,
) -> None:
    """Start the database, keep the projections up to date, act and fire what is due."""
    from services.cli.cluster import run_cluster

    with only_one(near_only().data_dir):
        run_cluster() if cluster else _stay("up", keep_database=True)


def follow() -> None:
    """Only keep the projections up to date, until Ctrl-C; for a database that others run."""
    _stay("follow", keep_database=False)


def down(json: AsJson = False) -> None:
    """End `up`, what a killed one left behind, and the embedded database, whoever uses it."""
    from services.cli.supervisor import end_leftovers
    from services.servers import return_broker, stop_database

    settings = near_only()
    pid = running_pid(settings.data_dir)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        _await_end(settings.data_dir, pid)
    left_behind = end_leftovers(settings.data_dir, say)
    kafka_stopped = return_broker(settings)
    stopped = stop_database(settings)
    answer = {
        "up_ended": pid is not None,
        "database_stopped": stopped,
        "kafka_stopped": kafka_stopped,
        "left_behind_ended": left_behind,
    }
    sentence = {
        (True, True): "Ended `orderpath up` and stopped the database.",
        (True, False): "Ended `orderpath up`, and with it the database that only it used."
        if not settings.database_url
        else "Ended `orderpath up`. The database is not ours to stop.",
        (False, True): "Stopped the database.",
        (False, False): "Nothing was running."
        if not settings.database_url
        else "Nothing was running here. The database is not ours to stop.",
    }[pid is not None, stopped]
    if (left_behind or kafka_stopped) and pid is None and not stopped:
        sentence = "Ended what an `up --cluster` that was killed had left behind."
    kafka = ["Stopped Kafka, which a killed `up --cluster` left behind."] if kafka_stopped else []
    put(answer, as_json=json, people=lambda: [sentence, *kafka])


def running_pid(data_dir: Path) -> int | None:
    """Give the process that is `up` on this folder, None if there is none. Hinders nobody."""
    try:
        descriptor = os.open(data_dir / SIGN_FILE, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(os.read(descriptor, PID_CHARACTERS))
    finally:
        os.close(descriptor)
    return None


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Be the one process that is `up` on this folder.

    Raises: CommandFailed if another one is, InfraError for a folder that cannot be used
    """
    with _opened(data_dir, SIGN_FILE) as sign, _opened(data_dir, LOCK_FILE) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"`orderpath up` runs already on {data_dir}: end it with `orderpath down`"
            raise CommandFailed(message) from None
        os.pwrite(sign, f"{os.getpid():{PID_CHARACTERS}}".encode(), 0)
        fcntl.flock(sign, fcntl.LOCK_EX)  # Waits for those who look just now, and for nobody else.
        yield


@contextmanager
def _opened(data_dir: Path, name: str) -> Iterator[int]:
    from domain.refusals import InfraError

    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(data_dir / name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        message = (
            f"The data folder {data_dir}, chosen by ORDERPATH_DATA_DIR, cannot be used: {error}"
        )
        raise InfraError(DATA_FOLDER, message) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _await_end(data_dir: Path, pid: int) -> None:
    give_up_at = monotonic() + PATIENCE_SECONDS
    while running_pid(data_dir) == pid:
        if monotonic() > give_up_at:
            message = f"process {pid} did not end in {PATIENCE_SECONDS:.0f} s: look at what it does"
            raise CommandFailed(message, INFRASTRUCTURE)
        Signal().wait(0.05)


def signalled(grace_seconds: float | None = None) -> Signal:
    """Give what is set once this process is asked to end.

    grace_seconds: from then on, as give_up_after has them; None: as long as it takes
    """
    stop = Signal()
    _stays.set()

    def begin_end(*_: Any) -> None:
        stop.set()
        if grace_seconds is not None:
            give_up_after(grace_seconds, "ended")

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, begin_end)
    return stop


def give_up_after(seconds: float, line: str, code: int = DONE) -> None:
    """End this process in so many seconds, whatever blocks it then: as safe as a kill.

    line: what it says of its end
    code: with which it ends
    """
    guard = Timer(seconds, _give_up, [line, code])
    guard.daemon = True
    guard.start()


def _give_up(line: str, code: int) -> None:
    told = f"{line}; what it was at is done again by the next one"
    # In a thread of its own: whoever reads it may hang too.
    teller = Thread(target=state, args=(told,), daemon=True)
    teller.start()
    teller.join(LAST_WORD_SECONDS)
    os._exit(code)


def leave(code: int) -> NoReturn:
    """End this process with that exit code: at once if it is a program that stays."""
    if _stays.is_set():
        leave_at_once(code)
    sys.exit(code)


def leave_at_once(code: int) -> NoReturn:
    """End this process with that exit code, without taking the interpreter down piece by piece.

    No thread runs any more while that goes on, also none that give_up_after has begun; clients of
    a broker that hangs would wait there for theirs. What is said is said, and the embedded database
    stops with the last who used it.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            turn_away(stream)
    os._exit(code)


def state(line: str) -> None:
    """Write a state line where `up | tee` and a service's journal find it at once.

    Whoever reads them may be gone, as `up --cluster` that was killed: the work goes on.
    """
    try:
        typer.echo(f"orderpath: {line}")
    except BrokenPipeError:
        turn_away(sys.stdout)


class ToldOnce:
    """State lines of something that is looked at again and again: told when they change."""

    def __init__(self) -> None:
        self.last = ""

    def tell(self, line: str) -> None:
        """Write a line, unless it was the last one; an empty one is only remembered."""
        if line and line != self.last:
            state(line)
        self.last = line


def tell_database(system: "System") -> None:
    """Say which database it is."""
    embedded = f"embedded, in {system.settings.data_dir}"
    given = "given by ORDERPATH_DATABASE_URL"
    state(f"database ready ({given if system.settings.database_url else embedded})")


def _stay(name: str, *, keep_database: bool) -> None:
    from services.cli.hands import all_hands
    from services.cli.serve import served_beside

    stop = signalled()
    with opened() as system:
        tell_database(system)
        watch = Watch(system, stop, restart=keep_database)
        watcher = Thread(target=watch.run, name=f"orderpath {name} watch", daemon=True)
        system.prepare_projections()
        follower = system.follower()
        watcher.start()
        with ExitStack() as beside:
            if keep_database:
                beside.enter_context(all_hands(system, stop))
                beside.enter_context(served_beside(system, stop))
            state("following the log; Ctrl-C ends it" + " or `orderpath down`" * keep_database)
            follower.run(stop)
        stop.set()
        watcher.join(LOOK_SECONDS * 2)
    state("ended")


@dataclass(slots=True)
class Watch:
    """Tells how far the projections are, when that changes; restarts a database that died.

    Runs in a thread of its own until `stop` is set.
    """

    system: "System"
    stop: Signal
    restart: bool
    _lines: ToldOnce = field(default_factory=ToldOnce, init=False)

    def run(self) -> None:
        from domain.refusals import InfraError

        while not self.stop.wait(0 if not self._lines.last else LOOK_SECONDS):
            try:
                self._lines.tell(self._line())
            except InfraError as error:
                self._lines.tell(f"waiting for the database: {error}")
                self._try(self._bring_back)

    def _line(self) -> str:
        live = [one for one in self.system.read_models.list_projections() if one.state == "live"]
        lag = max((one.lag for one in live), default=0)
        parked = sum(one.parked for one in live)
        position = min((one.position for one in live), default=0)
        lines = [f"projections at position {position}" + (f", {lag} behind" if lag else "")]
        if any(one.driver == "workers" for one in live):
            lines.append("workers drive them: nothing is done here")
        lines += [f"{parked} streams parked: see `orderpath projection parked`"] if parked else []
        lines += [
            f"{one.name} is of another version: run `orderpath projection rebuild {one.name}`"
            for one in live
            if one.newest_version not in (None, one.version)
        ]
        lines += [
            f"{one.name} is of another log: run `orderpath projection rebuild {one.name}`"
            for one in live
            if one.replaced
        ]
        return "; ".join(lines)

    def _bring_back(self) -> None:
        from services.servers import database_runs, start_database

        if self.restart and not self.stop.is_set() and not database_runs(self.system.settings):
            start_database(self.system.settings)
            self._lines.tell("the database was gone and is started again")

    def _try(self, work: Callable[[], Any]) -> None:
        from domain.refusals import InfraError

        try:
            work()
        except InfraError as error:
            say(f"orderpath: {error}")
