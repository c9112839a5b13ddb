"""As whom the embedded PostgreSQL runs: it refuses root, so root lends it a user of its own.

Called by infra.embedded only.
"""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

import structlog

from domain.refusals import InfraError
from infra.folder_faults import wrong_choice

NAME: Final = "pgserver"  # The name that the wheel's own start-up code would choose, too.

log_ = structlog.get_logger()


class ProcessArguments(TypedDict, total=False):
    """What subprocess.run has to know to run as somebody else."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class ServerUser:
    """The user of the server; `lent` when root has to switch to it."""

    uid: int
    gid: int
    lent: bool

    def own(self, path: Path) -> None:
        if self.lent:
            os.chown(path, self.uid, self.gid)

    def process_arguments(self) -> ProcessArguments:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.lent else {}


def choose_server_user(cluster: Path) -> ServerUser:
    """Ourselves; or, for root, the owner of the cluster, else a system user made for it."""
    if os.geteuid() != 0:
        return ServerUser(os.geteuid(), os.getegid(), lent=False)
    if cluster.exists():
        owner = cluster.stat()
        return ServerUser(owner.st_uid, owner.st_gid, lent=True)
    entry = _find_user() or _add_user()
    return ServerUser(entry.pw_uid, entry.pw_gid, lent=True)


def let_server_user_reach(user: ServerUser, data_dir: Path, binary: Path) -> None:
    """Let a lent user pass through the folders above the data and the binaries, not list them.

    Each folder that is opened is named in the log, once: it is open then.
    Raises: InfraError data_folder_unusable for data below a folder that is private to somebody
    """
    if not user.lent:
        return
    for folder in data_dir.parents:
        owner = folder.stat().st_uid
        if owner not in (os.geteuid(), user.uid) and not _lets_through(folder):
            why = f"{folder} is private to user {owner}, and PostgreSQL runs as user {user.uid}"
            raise wrong_choice(data_dir, f"{why}: run as its owner, or choose another folder")
    _allow(data_dir, stat.S_IXOTH)
    for folder in (*data_dir.parents, *binary.resolve().parents):
        if not _lets_through(folder):
            _allow(folder, stat.S_IXOTH)
            mode = stat.filemode(folder.stat().st_mode)
            log_.warning("folder_opened_for_server", folder=str(folder), mode=mode, user=user.uid)
    if not binary.stat().st_mode & stat.S_IXOTH:  # Installed under a strict umask.
        for path in binary.parent.parent.rglob("*"):
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            _allow(path, stat.S_IROTH | (stat.S_IXOTH if executable else 0))


def _lets_through(folder: Path) -> bool:
    return bool(folder.stat().st_mode & stat.S_IXOTH)


def _allow(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(stat.S_IMODE(mode) | bits)


def _find_user() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        return None


def _add_user() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if useradd:
        nologin = ["--system", "--user-group", "--no-create-home", "--shell", "/bin/false"]
        subprocess.run([useradd, *nologin, NAME], capture_output=True, check=False)
    entry = _find_user()  # Whoever added it: another process may have been faster.
    if entry is None:
        message = (
            f"PostgreSQL does not run as root and no user {NAME} could be added: run as a user."
        )
        raise InfraError("database_unavailable", message)
    return entry
