"""Names of the workers in their group: the same after a restart, never of two that live.

With the same name a restarted worker gets its shards back at once, instead of after a timeout.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from socket import gethostname
from typing import Final
from uuid import uuid4

from domain.refusals import Unusable

MOST_WORKERS: Final = 64  # on one data folder
DRAWN_CHARACTERS: Final = 32  # of a UUID
MARK_CHARACTERS: Final = 16


@contextmanager
def membership(folder: Path, name: str | None = None) -> Iterator[str]:
    """Be a member of the group until the block ends; the kernel ends it with the process.

    name:   a name of one's own; None: the first that no process on this folder has
    Raises: Unusable if a live process has that name, or all are taken
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    names = [name] if name else [f"worker-{number}" for number in range(1, MOST_WORKERS + 1)]
    for one in names:
        descriptor = _taken(folder / f"{one}.member")
        if descriptor is not None:
            break
    else:
        raise Unusable(
            f"a worker named {name} runs already" if name else f"{MOST_WORKERS} workers run already"
        )
    try:
        yield f"{one}-{_mark(descriptor)}"
    finally:
        os.close(descriptor)


def _taken(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _mark(descriptor: int) -> str:
    """Give what tells this folder's workers from those of other folders, also of a copy of it.

    Two that had one name would take the shards from each other for ever.
    """
    drawn = os.pread(descriptor, DRAWN_CHARACTERS, 0).decode()
    if len(drawn) < DRAWN_CHARACTERS:
        drawn = uuid4().hex
        os.pwrite(descriptor, drawn.encode(), 0)
    place = f"{drawn} {gethostname()} {os.fstat(descriptor).st_ino}"
    return sha256(place.encode()).hexdigest()[:MARK_CHARACTERS]
