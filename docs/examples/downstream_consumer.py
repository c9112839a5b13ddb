"""Keeps a table of its own: where every order is and what it costs. Needs kafka-python only.

    python downstream_consumer.py HOST:PORT orderpath.orders.state orders.sqlite [--once]

Records may come twice or late: what has a lower epoch or version is dropped. Rows and offsets are
one transaction: it may end any time. A topic made again is read anew. --once: up to today's end.
"""

import json
import sqlite3
import sys

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.cluster import ClusterMetadata

TABLES = """
create table if not exists orders (order_id text primary key, epoch int not null, version integer
    not null, status text, total_minor integer not null, currency text, test integer not null);
create table if not exists read (topic_id text, part int, upto int, primary key (topic_id, part));
"""
TAKE = """
replace into orders select :order_id, :epoch, :version, :status, :total_minor, :currency, :test
where not exists (select 1 from orders where order_id = :order_id and
    (epoch, version) > (:epoch, :version))"""
TOTALS = "select status, count(*), sum(total_minor) from orders where not test group by status"
GONE, MAY_LACK = "delete from orders where order_id = :order_id", {"status": None, "currency": None}


def main(servers: str, topic: str, file: str, *options: str) -> None:
    (table := sqlite3.connect(file)).executescript(TABLES)
    ClusterMetadata.DEFAULT_CONFIG["allow_auto_create_topics"] = False  # the shop makes its topics
    at = {"bootstrap_servers": servers.split(",")}
    admin, known, ends = KafkaAdminClient(**at), ("", 0), dict[TopicPartition, int]()
    consumer = KafkaConsumer(**at, auto_offset_reset="earliest", enable_auto_commit=False)
    while not (options and ends) or any(consumer.position(one) < ends[one] for one in ends):
        found = consumer.poll(timeout_ms=500)
        (said,) = admin.describe_topics([topic])  # what was found may be of a topic made meanwhile
        parts = [TopicPartition(topic, number) for number in range(len(said["partitions"]))]
        if not parts and (options or not known[1]):  # later on it may be made again
            sys.exit(f"There is no topic {topic}.")
        if parts and known != (known := (str(said["topic_id"]), len(parts))):
            consumer.assign(parts)
            read = dict(table.execute("select part, upto from read where topic_id = ?", known[:1]))
            for one in parts:
                consumer.seek(one, read.get(one.partition, 0))
            ends = consumer.end_offsets(parts) if options else {}
            continue
        for one, records in found.items():
            with table:  # one transaction
                for told in records:
                    it = json.loads(told.value or b'{"order_id": "%b", "totals": {}}' % told.key)
                    table.execute(TAKE if told.value else GONE, MAY_LACK | it | it["totals"])
                table.execute("delete from orders where epoch < (select max(epoch) from orders)")
                upto = (known[0], one.partition, records[-1].offset + 1)
                table.execute("replace into read values (?, ?, ?)", upto)
    print(json.dumps({status: [orders, minor] for status, orders, minor in table.execute(TOTALS)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
