"""Imports that a server does for somebody: one after the other, each in a folder of its own.

`state.json` there says how far it is. Who does it holds a lock on the folder, which goes with the
process: what says that it runs and has no lock broke off. Handed in once more, it is done again,
and leaves out what is recorded, as every import.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event as Signal
from threading import Lock
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

import structlog

from domain.refusals import Absent, CommandIdReused, InfraError, OrderpathError
from services.imports.handed_in import (
    KEPT_SECONDS,
    ImportWanted,
    PutFiles,
    disk_named,
    make_private,
)
from services.plain_json import plain, to_json

if TYPE_CHECKING:
    from services.bootstrap import System
    from services.imports.report import ImportReport

FOLDER: Final = "imports"
MOST_WAITING: Final = 8
MOST_KEPT: Final = 1_000  # imports that are told of
NOTE_SECONDS: Final = 1.0  # between two notes of how far it is
_STATE: Final = "state.json"
_LOCK: Final = "lock"
_MAPPING: Final = "mapping.yaml"
_FILES: Final = "files"  # apart from ours, because others name them
GOING_ON: Final = frozenset({"waiting", "running"})

log_ = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """An import that was handed in."""

    import_id: UUID
    wanted: ImportWanted
    digest: str  # of what was handed in: the same id means the same
    by: str
    files: Mapping[str, Path]  # name under which the import reads it, and where it was put


def state_of(folder: Path, import_id: UUID) -> dict[str, Any]:
    """Tell how far an import is. Raises: Absent"""
    found = _read(folder / str(import_id))
    if found is None:
        raise Absent(f"there is no import {import_id}: only those over HTTP have such an id")
    del found["digest"]
    return found


class ImportJobs:
    """Does imports. One for each server; threads may share it."""

    def __init__(
        self, folder: Path, another: "Callable[[], System]", clock: Callable[[], datetime]
    ) -> None:
        self._folder = folder
        self._another = another
        self._clock = clock
        self._worker = ThreadPoolExecutor(1, "orderpath import")
        self._turn = Lock()
        self._ending = Signal()
        self._waiting = 0

    def hand_in(self, job: Job) -> dict[str, Any]:
        """Take an import in, and tell how far it is. Twice is once.

        Raises: CommandIdReused, InfraError overloaded, data_folder_unusable
        """
        own = self._folder / str(job.import_id)
        with self._turn:
            self._forget_old()
            known = _read(own)
            if known is not None and known["digest"] != job.digest:
                raise CommandIdReused(job.import_id)
            if known is None or not _stays(known):
                if self._waiting >= MOST_WAITING:
                    raise InfraError("overloaded", f"{self._waiting} imports wait already")
                self._take(own, job)
        return state_of(self._folder, job.import_id)

    def forget_old(self) -> None:
        """Remove what is left of the oldest imports, and files of those that broke off long ago.

        Raises: InfraError data_folder_unusable
        """
        with self._turn, disk_named():  # Nobody hands one in again meanwhile.
            self._forget_old()

    def _forget_old(self) -> None:
        folders = sorted(self._folder.glob("*-*/"), key=lambda one: one.stat().st_mtime)
        ended = [one for one in folders if (_read(one) or {}).get("state") not in GOING_ON]
        for own in ended[: max(len(folders) - MOST_KEPT, 0)]:
            shutil.rmtree(own, ignore_errors=True)
        for own in ended:
            if own.exists() and time() - own.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(own / _FILES, ignore_errors=True)

    def end(self) -> None:
        """Let what runs break off where it is, and begin nothing more."""
        self._ending.set()

    def close(self) -> None:
        """End, and wait for what runs."""
        self.end()
        self._worker.shutdown()

    def _take(self, own: Path, job: Job) -> None:
        """Link the files, so that they stay whatever is put anew, and write the state last."""
        state = _State(own, job, self._clock)
        with disk_named(), ExitStack() as undone:
            make_private(own / _FILES)
            for name, put in job.files.items():
                if not (own / _FILES / name).exists():
                    os.link(put, own / _FILES / name)
            if job.wanted.log is not None:
                (own / _MAPPING).write_text(job.wanted.log.mapping, encoding="utf-8")
            lock = os.open(own / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            undone.callback(os.close, lock)
            fcntl.flock(lock, fcntl.LOCK_EX)  # Waits for those who look just now.
            state.note("waiting")
            undone.pop_all()
        self._waiting += 1
        log_.info("import_handed_in", import_id=str(job.import_id), by=job.by)
        self._worker.submit(self._do, state, lock)

    def _do(self, state: "_State", lock: int) -> None:
        try:
            self._import(state)
        except BaseException as error:
            state.note("broken_off", problem="A fault of Orderpath: its log says more.")
            log_.error(
                "import_failed", import_id=str(state.job.import_id), error=type(error).__name__
            )
            raise
        finally:
            os.close(lock)
            with self._turn:
                self._waiting -= 1

    def _import(self, state: "_State") -> None:
        def move(done: int, total: int) -> None:
            if self._ending.is_set():
                raise InfraError("server_ended", "the server ends")
            state.move(done, total)

        if self._ending.is_set():
            return
        state.note("running")
        try:
            with closing(self._another()) as system:
                system.patience.stop = self._ending
                report = _imported(system, state, move)
        except InfraError as error:
            state.note("broken_off", problem=state.worded(error))
        except OrderpathError as error:
            state.note("failed", problem=state.worded(error))
            state.tidy()
        else:
            state.note("done", report=_told(report))
            state.tidy(recorded=not report.dry_run)


def _imported(
    system: "System", state: "_State", move: Callable[[int, int], None]
) -> "ImportReport":
    from services.imports.log_file import import_log
    from services.imports.olist import import_olist

    wanted, files = state.job.wanted, state.own / _FILES
    if wanted.log is None:
        return import_olist(system, files, dry_run=wanted.dry_run, progress=move)
    file, mapping = files / wanted.log.file, state.own / _MAPPING
    return import_log(system, file, mapping, dry_run=wanted.dry_run, progress=move)


def _told(report: "ImportReport") -> dict[str, Any]:
    path = report.path_file
    return report.as_dict() | {"path_file": None if path is None else path.name}


class _State:
    """How far an import is, on the disk. For one thread at a time."""

    def __init__(self, own: Path, job: Job, clock: Callable[[], datetime]) -> None:
        self.own = own
        self.job = job
        self._clock = clock
        self._noted_at = monotonic()
        self._told: dict[str, Any] = {
            "import_id": str(job.import_id),
            "kind": job.wanted.kind,
            "dry_run": job.wanted.dry_run,
            "by": job.by,
            "state": "waiting",
            "handed_in_at": plain(clock()),
            "ended_at": None,
            "done": 0,
            "total": 0,
            "report": None,
            "problem": None,
            "digest": job.digest,
        }

    def note(self, state: str, **more: Any) -> None:
        """Write a state; where it ends, also when."""
        ended = None if state in GOING_ON else plain(self._clock())
        self._told |= {"state": state, "ended_at": ended, **more}
        whole = self.own / f".{uuid4()}"
        whole.write_text(to_json(self._told), encoding="utf-8")
        whole.replace(self.own / _STATE)  # Whoever reads it reads one or the other.

    def move(self, done: int, total: int) -> None:
        """Say how many rows are done, of how many; read and recorded both count."""
        self._told |= {"done": done, "total": total}
        if monotonic() - self._noted_at > NOTE_SECONDS:
            self._noted_at = monotonic()
            self.note("running")

    def worded(self, error: OrderpathError) -> str:
        """Give an error's words without where our folders are."""
        words = str(error)
        for folder in (self.own / _FILES, self.own):
            words = words.replace(f"{folder}/", "")
        return words.replace(str(self.own), "the import")

    def tidy(self, *, recorded: bool = False) -> None:
        """Remove the files that were read; once they are recorded, also where they were put."""
        for name, put in self.job.files.items():
            mine = self.own / _FILES / name
            with suppress(FileNotFoundError):
                if recorded and put.samefile(mine):
                    put.unlink()
            mine.unlink(missing_ok=True)


def _stays(known: Mapping[str, Any]) -> bool:
    """Whether an import is not done anew: it is being done, or is recorded."""
    return known["state"] in GOING_ON or (known["state"] == "done" and not known["dry_run"])


def _read(own: Path) -> dict[str, Any] | None:
    found = _written(own)
    if found is None or found["state"] not in GOING_ON or _is_held(own / _LOCK):
        return found
    found = _written(own)  # It may have come to its end between the two looks.
    if found is not None and found["state"] in GOING_ON:
        found["state"] = "broken_off"
    return found


def _written(own: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((own / _STATE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def _is_held(path: Path) -> bool:
    """Whether somebody is at it. Hinders nobody for longer than a look."""
    with _opened(path) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def put_files(data_dir: Path, most_bytes: int) -> PutFiles:
    """Give what callers put below a data folder."""
    return PutFiles(data_dir / FOLDER / "files", most_bytes)
