"""What docs/shipments.md and docs/documents.md say of statuses is what the tables say."""

import re
from collections.abc import Set
from pathlib import Path

import pytest

from domain.orders.documents import DOCUMENT_MOVES, ISSUED
from domain.orders.items import ITEM_MOVES
from domain.orders.shipments import PLANNED, SHIPMENT_MOVES

DOCS = Path(__file__).parents[4] / "docs"


def ways(page: str, heading: str) -> set[tuple[str, str]]:
    """Read `status -> next` from the first and last columns of a table."""
    text = (DOCS / page).read_text(encoding="utf-8")
    rows = text.partition(f"\n{heading}")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [row.split("|")[1:-1] for row in rows]
    return {
        (source, target)
        for first, *_, last in cells
        for source in re.findall(r"`(\w+)`", first)
        for target in re.findall(r"`(\w+)`", last)
    }


@pytest.mark.parametrize(
    ("page", "heading", "moves"),
    [
        ("shipments.md", "| status | meaning | next |", ITEM_MOVES),
        ("shipments.md", "| shipment | its pieces | next |", SHIPMENT_MOVES),
        ("documents.md", "| status | next |", DOCUMENT_MOVES),
    ],
)
def test_the_page_lists_every_way(page: str, heading: str, moves: Set[tuple[str, str]]) -> None:
    assert ways(page, heading) == moves


def test_the_pages_begin_where_things_begin() -> None:
    assert f"| `{PLANNED}` |" in (DOCS / "shipments.md").read_text(encoding="utf-8")
    assert f"| `{ISSUED}` |" in (DOCS / "documents.md").read_text(encoding="utf-8")
