"""The warning: a shop with 549 statuses and 18,000 orders that have been open since 2011. P2 R4."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

import pytest

from domain.bulk import MAX_ORDERS, Batch, BatchOrder
from domain.messages import Actor
from domain.orders.migration import MigrateOrder
from domain.paths.lint import lint
from infra.settings import Settings
from projections.reports.left_behind import list_left_behind
from services.bootstrap import System, open_system
from services.bulk import batches
from services.demo.clock import VirtualClock
from services.demo.pult import KINDS, MANAGERS, PULT, TODAY, pult_path, to_universal, ways_of
from services.demo.run import DemoSummary, run_demo
from services.demo.shop import START
from services.reading import known_path
from tests.support.postgres import cloned_database

OPEN: Final = 18_000
CLOSED: Final = OPEN // 40


@pytest.fixture(scope="module")
def pult(migrated_server: str) -> Iterator[tuple[System, DemoSummary]]:
    """The whole history of the shop, imported once."""
    with (
        cloned_database(migrated_server) as url,
        open_system(Settings(database_url=url), VirtualClock(START)) as system,
    ):
        summary = run_demo(system, shop=PULT, orders=OPEN)
        system.catch_up()
        yield system, summary


def asked(pult: tuple[System, DemoSummary], question: str, *values: object) -> list[dict[str, Any]]:
    with pult[0].snapshot() as reader:
        return reader.execute(question, values).fetchall()


def test_every_order_of_fifteen_years_is_recorded_and_none_is_refused(
    pult: tuple[System, DemoSummary],
) -> None:
    """A15: any number of own statuses, as data."""
    summary = pult[1]
    assert (summary.accepted, summary.refused) == (OPEN + CLOSED, 0)


def test_lint_names_the_faults_of_the_path_by_code() -> None:
    """R4: drawing the matrix forces a critical look at the process."""
    found = Counter(finding.code for finding in lint(pult_path()))

    assert found == {
        "too_many_statuses": 1,
        "single_stage": 1,
        "stage_empty": 1,
        "title_missing": 1,
        "owner_missing": 547,
        "limit_missing": 547,
        "titles_alike": 510,
        "color_misleads": 1,
        "status_unreachable": 1,
        "dead_end": 2,
        "loop_without_exit": 1,
        "transition_shadowed": 1,
        "transition_idle": 1,
    }


def test_stale_orders_lists_all_18000_however_old(pult: tuple[System, DemoSummary]) -> None:
    """P2: no age cut-off; each with what it is worth."""
    (row,) = asked(
        pult,
        "select count(*) as orders, min(last_at) as oldest, max(last_at) as newest,"
        " min(total_minor) as least_minor"
        " from analytics.stale_orders where path = %s",
        PULT,
    )
    assert row["orders"] == OPEN
    assert row["least_minor"] == 1_290_000
    assert (row["oldest"].year, row["newest"].year) == (2011, TODAY.year)


def test_routes_counts_the_five_to_ten_ways_of_the_same_order(
    pult: tuple[System, DemoSummary],
) -> None:
    rows = asked(
        pult,
        "select route[cardinality(route)] as rests, count(*) as ways, sum(orders) as orders"
        " from analytics.routes where path = %s and finished = 0 group by 1 order by 1",
        PULT,
    )
    assert {row["rests"]: row["ways"] for row in rows} == {
        ways_of(kind)[0][-1]: len(ways_of(kind)) for kind in range(KINDS)
    }
    assert {row["ways"] for row in rows} == {5, 6, 7, 8, 9, 10}
    assert sum(row["orders"] for row in rows) == OPEN


def test_status_usage_says_who_uses_what_and_since_when_nobody_does(
    pult: tuple[System, DemoSummary],
) -> None:
    """P2: status usage by actor and period."""
    used = asked(
        pult,
        "select status, count(distinct actor_id) as people, max(last_at) as last_at,"
        " sum(orders) as orders from analytics.status_usage where path = %s group by status",
        PULT,
    )
    by_status = {row["status"]: row for row in used}
    months = asked(
        pult,
        "select actor_id, min(period)::text as first, max(period)::text as last"
        " from analytics.status_usage where path = %s and actor_id <> 'site' group by actor_id",
        PULT,
    )

    assert by_status["new"]["orders"] == OPEN + CLOSED
    assert by_status["new"]["people"] == 1  # the site
    assert len(by_status) < 549 / 2 + 100  # the others were never used
    assert not [code for code in by_status if code.endswith("_victor")]
    # Each manager worked his year, with some of the orders of the turn of it.
    years = {row["actor_id"]: (row["first"][:4], row["last"][:4]) for row in months}
    assert set(years) == set(MANAGERS)
    assert years["anna"][0] == "2011"
    assert years["victor"] == ("2026", "2026")


def test_migration_brings_every_open_order_onto_universal(
    pult: tuple[System, DemoSummary],
) -> None:
    """D1: one batch with a result for each order; afterwards the old path has no open order.

    The last of this module: it changes what the others look at.
    """
    system = pult[0]
    version = known_path(system, "universal").version
    batch = Batch(
        batch_id=uuid4(),
        command=MigrateOrder.NAME,
        body={"path": "universal", "path_version": version, "mapping": to_universal()},
        selection={"path": PULT},
        actor=Actor(kind="user", id="director", roles=("lead",)),
        source="test",
        reason="One path for all",
    )

    def choose() -> list[BatchOrder]:
        with system.snapshot() as reader:
            to = ("universal", version)
            found = list_left_behind(reader, to, path=PULT, version=None, limit=MAX_ORDERS)
        return list(map(BatchOrder, found))

    begun = batches.begin(system, batch, choose)
    assert begun is not None
    kinds = Counter(result.kind for result in batches.run(system, begun))
    system.catch_up()
    standing = asked(
        pult,
        "select path, status, stage, orders from analytics.funnel_now where final is null",
    )
    meant = {to_universal()[ways_of(kind)[0][-1]] for kind in range(KINDS)}

    assert kinds == {"accepted": OPEN}
    assert {row["path"] for row in standing} == {"universal"}
    assert {row["status"] for row in standing} == meant
    assert {row["stage"] for row in standing} == {"agreement", "assembly", "delivery"}
    assert sum(row["orders"] for row in standing) == OPEN
