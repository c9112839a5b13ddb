"""What can be wrong with a data folder: chosen wrongly, or its disk is full or broken.

Called by infra.embedded and infra.server_user. A server that died because its disk is full says
nothing to its clients any more, so its log is asked.
"""

import errno
import re
import shutil
from pathlib import Path
from typing import Final

from domain.refusals import InfraError

LEAST_FREE_BYTES: Final = 16 * 1024 * 1024  # The server needs room for one more file of its WAL.
READ_LOG_BYTES: Final = 64 * 1024  # of its end
DISK_IS_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_ROOM: Final = re.compile("No space left on device|Disk quota exceeded")
_DIED_OF_IT: Final = re.compile(rf"(LOG|FATAL|PANIC): .*({_NO_ROOM.pattern})")
_LIFE: Final = re.compile("starting PostgreSQL|ready to accept connections")  # how one begins
_FAULTS_OF_THE_CHOICE: Final = frozenset(
    {
        errno.EACCES,
        errno.EEXIST,  # a file in its place
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)


def unusable(folder: Path, error: OSError) -> InfraError:
    """Tell a folder that was chosen wrongly from a disk that is full or broken."""
    if error.errno in DISK_IS_FULL:
        return disk_full(folder, str(error))
    if error.errno not in _FAULTS_OF_THE_CHOICE:
        message = f"The data folder {folder} cannot be used: {error}"
        return InfraError("database_unavailable", message)
    return wrong_choice(folder, str(error))


def wrong_choice(folder: Path, why: str) -> InfraError:
    """Word what whoever chose the folder has to know."""
    shown = str(folder) if str(folder).isprintable() else repr(str(folder))
    message = f"The data folder {shown}, chosen by ORDERPATH_DATA_DIR, cannot be used: {why}"
    return InfraError("data_folder_unusable", message)


def disk_full(folder: Path, consequence: str) -> InfraError:
    """Word it, with what came of it."""
    message = f"The disk of the data folder {folder} is full: {consequence}"
    return InfraError("database_full", message)


def refuse_newer(folder: Path, made_by: Path, major: int) -> None:
    """Refuse a cluster of a later PostgreSQL, as the file in it says, than the one we bring."""
    version = made_by.read_text().strip() if made_by.exists() else ""
    if version.isdigit() and int(version) > major:
        message = (
            f"The database in {folder} was made by PostgreSQL {version}, and this Orderpath brings "
            f"{major}: start the later Orderpath that made it, or choose another folder with "
            "ORDERPATH_DATA_DIR. Nothing was changed."
        )
        raise InfraError("newer_version", message)


def tells_of_no_room(said: str) -> bool:
    """Whether a program of PostgreSQL complains of a full disk."""
    return bool(_NO_ROOM.search(said))


def has_no_room(folder: Path, log: Path) -> bool:
    """Whether the disk is full now, or was when the server whose log it is died."""
    if not folder.is_dir():
        return False
    if shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
        return True
    return bool(_DIED_OF_IT.search(_LIFE.split(end_of_log(log))[-1]))


def end_of_log(log: Path) -> str:
    """Give the last of what the server wrote; nothing if it never ran."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - READ_LOG_BYTES, 0))
        return file.read().decode(errors="replace")
