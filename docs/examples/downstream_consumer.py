"""Keeps a table of its own: where every order is and what it costs. Needs kafka-python only.

    python downstream_consumer.py HOST:PORT orderpath.orders.state orders.sqlite [--once]

Records may come twice or late: the version decides. Rows and offsets are one transaction: kill it
at any moment. A topic made again has another id: it is read anew. --once: stop at today's end.
"""

import json
import sqlite3
import sys
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.cluster import ClusterMetadata
from kafka.errors import RetriableError

TABLES = """
create table if not exists orders (order_id text primary key, version integer not null, status text,
    total_minor integer not null, currency text, test integer not null);
create table if not exists read (topic_id text, part int, upto int, primary key (topic_id, part));
"""
TAKE = """
insert into orders values (?, ?, ?, ?, ?, ?) on conflict (order_id) do update set
    version = excluded.version, status = excluded.status, total_minor = excluded.total_minor,
    currency = excluded.currency, test = excluded.test where excluded.version > orders.version
"""
TOTALS = "select status, count(*), sum(total_minor) from orders where not test group by status"


def main(servers: str, topic: str, file: str, *options: str) -> None:
    table = sqlite3.connect(file)
    table.executescript(TABLES)
    ClusterMetadata.DEFAULT_CONFIG["allow_auto_create_topics"] = False  # the shop makes its topics
    at = {"bootstrap_servers": servers.split(","), "reconnect_backoff_max_ms": 1_000}
    admin, known, ends = KafkaAdminClient(**at), None, dict[Any, int]()
    consumer = KafkaConsumer(**at, auto_offset_reset="earliest", enable_auto_commit=False)
    while not (options and ends) or any(consumer.position(one) < ends[one] for one in ends):
        found = consumer.poll(timeout_ms=500)
        try:  # Asked after it: what was found may be of a topic that was made again meanwhile.
            (said,) = admin.describe_topics([topic])
        except RetriableError:  # Kafka is away: what was found comes again.
            known = None
            continue
        if known != (known := (str(said["topic_id"]), len(said["partitions"]))):
            parts = [TopicPartition(topic, number) for number in range(known[1])]
            consumer.assign(parts)
            read = dict(table.execute("select part, upto from read where topic_id = ?", known[:1]))
            for one in parts:
                consumer.seek(one, read.get(one.partition, 0))
            ends = consumer.end_offsets(parts) if options else {}
            if not parts:
                print(f"There is no topic {topic}.", file=sys.stderr)
                if options:
                    sys.exit(1)
            continue
        for one, records in found.items():
            with table:  # one transaction
                table.executemany(TAKE, (row(json.loads(record.value)) for record in records))
                upto = (known[0], one.partition, records[-1].offset + 1)
                table.execute("replace into read values (?, ?, ?)", upto)
    print(json.dumps({status: [orders, minor] for status, orders, minor in table.execute(TOTALS)}))


def row(state: dict[str, Any]) -> tuple[Any, ...]:
    cost = state["totals"]["total_minor"], state.get("currency")
    return (state["order_id"], state["version"], state.get("status"), *cost, state["test"])


if __name__ == "__main__":
    main(*sys.argv[1:])
