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

from domain.refusals import InfraError

NAME: Final = "pgserver"  # The name that the wheel's own start-up code would choose, too.


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
    """Let a lent user pass through the folders above the data and the binaries, not list them."""
    if not user.lent:
        return
    for folder in (data_dir, *data_dir.parents, *binary.parents):
        _allow(folder, stat.S_IXOTH)
    if not binary.stat().st_mode & stat.S_IXOTH:  # Installed under a strict umask.
        for path in binary.parent.parent.rglob("*"):
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            _allow(path, stat.S_IROTH | (stat.S_IXOTH if executable else 0))


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
