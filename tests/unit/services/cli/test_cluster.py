"""What the programs of a cluster are told of the Kafka that they speak to."""

from pathlib import Path

from infra.settings import Settings
from services.cli.cluster import environment_of

OTHERS = "kafka.example:9093"


def told(folder: Path, **settings: str) -> dict[str, str]:
    chosen = Settings.model_validate({"data_dir": folder, "kafka_protocol": "ssl", **settings})
    return environment_of(chosen, chosen.kafka or "127.0.0.1:24780")


def test_the_local_kafka_is_spoken_to_plainly_however_others_are(tmp_path: Path) -> None:
    assert told(tmp_path)["ORDERPATH_KAFKA_PROTOCOL"] == "plaintext"
    assert "ORDERPATH_KAFKA_PROTOCOL" not in told(tmp_path, kafka=OTHERS)
