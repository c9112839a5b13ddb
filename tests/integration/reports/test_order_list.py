"""The list of orders: page by page each order comes once, whatever happens in between."""

from base64 import urlsafe_b64encode
from uuid import UUID, uuid4

import pytest

from domain.orders import commands as c
from domain.refusals import Unusable
from projections.reports.order_list import Filter, OrderPage, list_orders
from projections.reports.scope import Reader
from services.bootstrap import System
from tests.integration.reports.conftest import Ask
from tests.integration.reports.small_shop import IMPORT, after, order_id, tell

EVERY = Filter()
AT_NOON = [f"noon-{number}" for number in range(4)]
SOME_ID = UUID(int=7)


def place_all(shop: System) -> list[UUID]:
    """Tell of orders of different days, of one moment, and of no time; give them as listed."""
    early = tell(shop, "early", ("placed", after(days=0)))
    noon = [tell(shop, name, ("placed", after(days=1, microseconds=1))) for name in AT_NOON]
    late = tell(shop, "late", ("placed", after(days=2)))
    without = [_tell_of_no_placement(shop, name) for name in ("lost-1", "lost-2")]
    return [late, *sorted(noon, reverse=True), early, *sorted(without, reverse=True)]


def _tell_of_no_placement(shop: System, name: str) -> UUID:
    fact = c.StatusFact(fact_id=uuid4(), occurred_at=after(days=1), status="approved", rank=1)
    told = {"command_id": uuid4(), "actor": IMPORT, "order_id": order_id(name), "path": "olist"}
    outcome = shop.execute(c.RecordFacts.model_validate({**told, "facts": (fact,)}))
    assert outcome.kind == "accepted", outcome
    return order_id(name)


@pytest.mark.parametrize("limit", [1, 2, 3, 8])
def test_pages_give_every_order_once_the_latest_first(shop: System, ask: Ask, limit: int) -> None:
    expected = place_all(shop)

    found, cursor = list[UUID](), None
    while True:
        page: OrderPage = ask(list_orders, EVERY, cursor=cursor, limit=limit)
        found += [one["order_id"] for one in page["orders"]]
        cursor = page["next"]
        if cursor is None:
            break
        assert len(page["orders"]) == limit

    assert found == expected


def test_an_order_that_comes_between_two_pages_moves_nothing(shop: System, ask: Ask) -> None:
    expected = place_all(shop)

    first = ask(list_orders, EVERY, limit=3)
    tell(shop, "in between", ("placed", after(days=3)))
    second = ask(list_orders, EVERY, cursor=first["next"], limit=10)

    both = [one["order_id"] for page in (first, second) for one in page["orders"]]
    assert both == expected


@pytest.mark.parametrize(
    "text",
    ["nonsense", f"0 {SOME_ID} 1", f"x {SOME_ID}", f"{10**30} {SOME_ID}", "0 x", "\N{BULLET}"],
)
def test_a_cursor_that_is_none_is_told(shop: System, ask: Ask, text: str) -> None:
    for cursor in (text, urlsafe_b64encode(text.encode()).decode()):
        with pytest.raises(Unusable):
            ask(list_orders, EVERY, cursor=cursor)


def test_a_page_costs_what_is_on_it_however_many_orders_there_are(shop: System, ask: Ask) -> None:
    expected = place_all(shop)
    cursor = ask(list_orders, EVERY, limit=3)["next"]

    assert ask(read_for_two, None) == (expected[:2], 3)  # the third: whether there are more
    assert ask(read_for_two, cursor) == (expected[3:5], 3)


def read_for_two(reader: Reader, cursor: str | None) -> tuple[list[UUID], int]:
    """Give a page of two, and how many rows of orders it took, planned as for a large table."""
    for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin"):
        reader.execute(f"set local enable_{way} = off".encode())
    before = _rows_read(reader)
    page = list_orders(reader, EVERY, cursor=cursor, limit=2)
    return [one["order_id"] for one in page["orders"]], _rows_read(reader) - before


def _rows_read(reader: Reader) -> int:
    reader.execute(
        "select sum(seq_tup_read + idx_tup_fetch)::bigint as rows from pg_stat_xact_user_tables"
        " where relname = 'orders'"
    )
    (row,) = reader.fetchall()
    return int(row["rows"])
