"""Places an order by Kafka and waits for what became of it: needs kafka-python, nothing of ours.

Run it with the address of Kafka: python send_command.py localhost:9092
"""

import json
import sys
from typing import Any
from uuid import uuid4

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.cluster import ClusterMetadata

ClusterMetadata.DEFAULT_CONFIG["allow_auto_create_topics"] = False  # the shop makes its topics


def send(broker: str, command: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Send a command, keyed by its order, and give its answer."""
    with KafkaConsumer(bootstrap_servers=broker, consumer_timeout_ms=60_000) as results:
        numbers = results.partitions_for_topic("orderpath.results")
        results.assign([TopicPartition("orderpath.results", number) for number in numbers])
        results.seek_to_end()  # whoever listens before sending misses no answer
        for partition in results.assignment():
            results.position(partition)
        with KafkaProducer(bootstrap_servers=broker, acks="all") as producer:
            value, key = json.dumps(command).encode(), order_id.encode()
            producer.send("orderpath.commands", value, key=key).get(timeout=60)
        for record in results:
            answer: dict[str, Any] = json.loads(record.value)
            if answer["command_id"] == command["command_id"]:
                return answer
    raise TimeoutError("No answer: does `orderpath commands` run? The command is kept until then.")


def place_order(broker: str) -> dict[str, Any]:
    """Place an order for two mugs. In doubt the same command may be sent again, with its id."""
    order_id = str(uuid4())
    command = {
        "command": "order.place",
        "command_id": str(uuid4()),
        "actor": {"kind": "api_key", "id": "web-shop"},
        "order_id": order_id,
        "path": "universal",
        "currency": "EUR",
        "lines": [{"item_id": "1", "sku": "MUG", "quantity": 2, "unit_price_minor": 990}],
    }
    return send(broker, command, order_id)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(place_order(sys.argv[1]), indent=2) + "\n")
