"""`orderpath kafka …`: up, status, down, and what they answer where nothing is to be had."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local_broker import stop_local_broker
from tests.support.broker import fresh_topic
from tests.support.command_line import Here


@pytest.fixture
def data_dir(tmp_path: Path, broker: str) -> Iterator[Path]:
    """A data folder of its own; asks for the session's broker to be skipped where none starts."""
    assert broker
    yield tmp_path / "data"
    stop_local_broker(tmp_path / "data")


def test_a_local_kafka_is_started_looked_at_and_stopped(data_dir: Path) -> None:
    line = Here({"ORDERPATH_DATA_DIR": str(data_dir)})
    before = line.run("kafka", "status", "--json")
    assert (before.code, before.json["running"], before.json["topics"]) == (1, False, None)
    assert not data_dir.exists()  # A look starts nothing and leaves nothing.

    up = line.run("kafka", "up", "--json")
    address = up.json["address"]
    fresh_topic(address)

    assert (up.code, up.json["data_dir"]) == (0, str(data_dir))
    running = line.run("kafka", "status", "--json")
    assert running.code == 0
    assert running.json == {
        "kind": "local",
        "running": True,
        "address": address,
        "data_dir": str(data_dir),
        "version": "4.1",
        "nodes": 1,
        "topics": 1,
    }
    assert f"Kafka runs at {address}" in line.run("kafka", "up").out  # Twice is once.
    assert address in line.run("kafka", "status").out

    assert line.run("kafka", "down").out == "Stopped Kafka.\n"
    again = line.run("kafka", "down", "--json")
    assert (again.code, again.json) == (0, {"stopped": False})
    assert "`orderpath kafka up` starts it" in line.run("kafka", "status").out


def test_the_status_of_a_given_kafka_is_asked_of_it(broker: str, tmp_path: Path) -> None:
    line = Here({"ORDERPATH_DATA_DIR": str(tmp_path), "ORDERPATH_KAFKA": broker})

    said = line.run("kafka", "status", "--json")

    assert said.code == 0
    assert (said.json["kind"], said.json["address"]) == ("given", broker)
    assert said.json["data_dir"] is None


def test_a_given_kafka_that_does_not_answer_is_infrastructure(tmp_path: Path) -> None:
    line = Here({"ORDERPATH_DATA_DIR": str(tmp_path), "ORDERPATH_KAFKA": "127.0.0.1:1"})

    said = line.run("kafka", "status")

    assert said.code == 3
    assert "broker_unavailable: Kafka at 127.0.0.1:1 does not answer" in said.err


def test_a_local_kafka_beside_a_given_one_comes_with_a_warning(
    broker: str, broker_folder: Path
) -> None:
    given = {"ORDERPATH_DATA_DIR": str(broker_folder), "ORDERPATH_KAFKA": "kafka.example:9092"}

    said = Here(given).run("kafka", "up")

    assert said.code == 0
    assert f"Kafka runs at {broker}" in said.out
    assert "ORDERPATH_KAFKA names another Kafka, kafka.example:9092" in said.err


def test_the_status_of_everything_says_where_kafka_is_and_whether_it_runs(
    line: Here, broker: str, broker_folder: Path, tmp_path: Path
) -> None:
    def said(**environment: str) -> Any:
        return Here(line.environment | environment).run("status", "--json").json.get("kafka")

    running = {"address": broker, "running": True}
    assert said() is None
    assert said(ORDERPATH_DATA_DIR=str(broker_folder)) == {"kind": "local", **running}
    assert said(ORDERPATH_KAFKA=broker) == {"kind": "given", **running}
    (tmp_path / "data" / "kafka").mkdir(parents=True)
    (tmp_path / "data" / "kafka" / "ports").write_text("20100 20101\n")
    assert said() == {"kind": "local", "address": "127.0.0.1:20100", "running": False}


def test_a_kafka_that_is_away_leaves_the_status_well(line: Here) -> None:
    away = Here(line.environment | {"ORDERPATH_KAFKA": "127.0.0.1:1"})
    assert line.run("report", "funnel").code == 0

    said = away.run("status")

    assert "127.0.0.1:1, given, does not answer" in said.out
    assert (said.code, away.run("status", "--json").json["healthy"]) == (0, True)
    assert "kafka" not in line.run("status").out
