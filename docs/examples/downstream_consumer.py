"""Keeps a table of its own: where every order is and what it costs. Needs kafka-python only.

    python downstream_consumer.py HOST:PORT orderpath.orders.state orders.sqlite [--once]

Records may come twice, late or again from far back: the version decides. What was read and how far
are one transaction, so it may be killed at any moment. --once: stop at today's end, say the totals.
"""

import json
import sqlite3
import sys
from typing import Any

from kafka import KafkaConsumer, TopicPartition

TABLES = """
create table if not exists orders (order_id text primary key, version integer not null, status text,
    total_minor integer not null, currency text, test integer not null);
create table if not exists read (partition integer primary key, upto integer not null);
"""
TAKE = """
insert into orders values (?, ?, ?, ?, ?, ?) on conflict (order_id) do update set
    version = excluded.version, status = excluded.status, total_minor = excluded.total_minor,
    currency = excluded.currency, test = excluded.test
where excluded.version > orders.version
"""
TOTALS = """
select status, count(*), sum(total_minor) from orders where not test group by status order by status
"""


def main(servers: str, topic: str, file: str, *options: str) -> None:
    table = sqlite3.connect(file)
    table.executescript(TABLES)
    consumer = KafkaConsumer(
        bootstrap_servers=servers.split(","), auto_offset_reset="earliest", enable_auto_commit=False
    )
    partitions = [TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic) or ()]
    consumer.assign(partitions)
    ends, read = consumer.end_offsets(partitions), dict(table.execute("select * from read"))
    for one in partitions:
        known = read.get(one.partition, 0)
        consumer.seek(one, known if known <= ends[one] else 0)  # else the topic was made again
    while not options or any(consumer.position(one) < ends[one] for one in partitions):
        for one, records in consumer.poll(timeout_ms=500).items():
            with table:  # one transaction
                table.executemany(TAKE, (row(json.loads(record.value)) for record in records))
                upto = records[-1].offset + 1
                table.execute("insert or replace into read values (?, ?)", (one.partition, upto))
    print(json.dumps({status: [orders, minor] for status, orders, minor in table.execute(TOTALS)}))


def row(state: dict[str, Any]) -> tuple[Any, ...]:
    cost = state["totals"]["total_minor"], state.get("currency")
    return (state["order_id"], state["version"], state.get("status"), *cost, state["test"])


if __name__ == "__main__":
    main(*sys.argv[1:])
