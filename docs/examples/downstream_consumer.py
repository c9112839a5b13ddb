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
TOTALS = """
select status, count(*), sum(total_minor) from orders where not test group by status order by status
"""


def main(servers: str, topic: str, file: str, *options: str) -> None:
    table = sqlite3.connect(file)
    table.executescript(TABLES)
    ClusterMetadata.DEFAULT_CONFIG["allow_auto_create_topics"] = False  # the shop makes its topics
    at = {"bootstrap_servers": servers.split(",")}
    consumer = KafkaConsumer(**at, auto_offset_reset="earliest", enable_auto_commit=False)
    partitions = [TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic) or ()]
    consumer.assign(partitions)
    topic_id = str(KafkaAdminClient(**at).describe_topics([topic])[0]["topic_id"])
    read = dict(table.execute("select part, upto from read where topic_id = ?", [topic_id]))
    ends = consumer.end_offsets(partitions)
    for one in partitions:
        consumer.seek(one, read.get(one.partition, 0))
    while not options or any(consumer.position(one) < ends[one] for one in partitions):
        for one, records in consumer.poll(timeout_ms=500).items():
            with table:  # one transaction
                table.executemany(TAKE, (row(json.loads(record.value)) for record in records))
                reached = (topic_id, one.partition, records[-1].offset + 1)
                table.execute("replace into read values (?, ?, ?)", reached)
    print(json.dumps({status: [orders, minor] for status, orders, minor in table.execute(TOTALS)}))


def row(state: dict[str, Any]) -> tuple[Any, ...]:
    cost = state["totals"]["total_minor"], state.get("currency")
    return (state["order_id"], state["version"], state.get("status"), *cost, state["test"])


if __name__ == "__main__":
    main(*sys.argv[1:])
