"""Import of the real data set, to the last order and in whatever order."""

import csv
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.settings import Settings
from services.bootstrap import open_system
from services.imports.olist import import_olist
from services.imports.olist_rows import COLUMNS
from tests.integration.imports.sources import facts_in_log
from tests.support.postgres import cloned_database


@pytest.fixture
def other_url(migrated_server: str) -> Iterator[str]:
    """A second database, for the shuffled copy."""
    with cloned_database(migrated_server) as url:
        yield url


def test_the_real_orders_are_recorded_to_the_last_one(
    database_url: str, other_url: str, olist_folder: Path, tmp_path: Path
) -> None:
    expected = json.loads((olist_folder / "anomalies.json").read_text())
    with open_system(Settings(database_url=database_url)) as system:
        report = import_olist(system, olist_folder)

        assert report.facts_new == expected["events"] + 40  # 40 statuses without a time
        assert report.orders == expected["n_orders"]
        assert not report.quarantined
        with system.connect("orderpath_auditor") as session:
            assert session.execute(_BY_TYPE).fetchall() == [
                (name, expected["events_by_type"][name])
                for name in sorted(expected["events_by_type"])
            ]
            against = session.execute(_AGAINST).fetchall()
        assert against == [(report.nonconforming.total(),)]

        again = import_olist(system, olist_folder)
        assert (again.facts_new, again.facts_known) == (0, report.facts_new)
        straight = facts_in_log(system)

    shuffle(olist_folder, tmp_path)
    with open_system(Settings(database_url=other_url)) as system:
        import_olist(system, tmp_path)
        assert facts_in_log(system) == straight


def shuffle(source: Path, target: Path) -> None:
    """Write the tables with their rows in another order."""
    chance = random.Random(7)
    for name in COLUMNS:
        with gzip.open(source / f"{name}.csv.gz", "rt", newline="") as file:
            header, *rows = csv.reader(file)
        chance.shuffle(rows)
        with (target / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])


_BY_TYPE = """
    select name, count(*) from (
        select case type
            when 'order.item_added.v1' then 'item_added'
            when 'order.payment_submitted.v1' then 'payment_submitted'
            when 'order.payment_charged.v1' then 'payment_approved'
            when 'order.placed.v1' then 'order_placed'
            else case convert_from(payload, 'UTF8')::json ->> 'to_status'
                when 'shipped' then 'order_handed_to_carrier'
                else 'order_' || (convert_from(payload, 'UTF8')::json ->> 'to_status')
                end
            end as name
        from log.events
        where stream_id like 'order-%' and type <> 'order.source_status_noted.v1') e
    group by name order by name
"""
_AGAINST = """
    select count(*) from log.events where type = 'order.status_recorded.v1'
    and not (convert_from(payload, 'UTF8')::json ->> 'conforming')::boolean
"""
