"""Lists are read page by page; what comes in between neither shifts nor repeats a row."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.access.reads import Read, Reading
from tests.integration.http.conftest import Shop
from tests.support.command_line import CommandLine, Here
from tests.support.served import Served

LISTS = {  # place: under which key its rows stand, and what names a row
    "tasks": ("tasks", "task_id"),
    "alerts": ("alerts", "id"),
    "inbox": ("entries", "entry"),
    "queue": ("orders", "order_id"),
    "documents": ("documents", "number"),
    "shipments": ("shipments", "order_id"),
    "enquiries": ("enquiries", "enquiry_id"),
    "effects": ("effects", "effect_id"),
    "segments/tag:vip": ("members", "customer_id"),
}
ROWS = {key for key, _ in LISTS.values()} | {"customers"}
NAMES = ("entry", "task_id", "number", "effect_id", "enquiry_id", "order_id", "customer_id")
LISTED = (
    ("inbox",),
    ("task", "list"),
    ("alert", "list"),
    ("queue",),
    ("customer", "find", "Ann Smith"),
    ("document", "list"),
    ("shipment", "list"),
    ("enquiry", "list"),
    ("effects", "list"),
    ("segment", "show", "tag:vip"),
)
SALE = {
    "template": "sale",
    "channel": "mail",
    "title": {"en": "Sale"},
    "texts": {"en": {"subject": "Sale", "text": "It is cheaper now"}},
}


def pages(
    http: httpx.Client, place: str, key: str, between: Callable[[], object] = lambda: None,
    **parameters: Any,
) -> Iterator[list[dict[str, Any]]]:  # fmt: skip
    """Read a list to its end, and let something happen after each page."""
    cursor: dict[str, str] = {}
    while True:
        asked = {"min_position": "head", "limit": 2, **parameters, **cursor}
        answer = http.get(f"/v1/{place}", params=asked)
        assert answer.status_code == 200, answer.text
        yield answer.json()[key]
        if answer.json()["next"] is None:
            return
        cursor = {"cursor": answer.json()["next"]}
        between()


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """A shop with tasks that are due and such that are not, alerts, and orders that wait."""
    assert shop.send("template.publish", definition=SALE).status_code == 200
    for number in range(5):
        due = {"due_at": f"2030-01-0{number + 1}T00:00:00Z"} if number % 2 else {}
        task = {"task_id": str(uuid4()), "title": f"Call {number}", "user": "ann", **due}
        assert shop.send("task.create", **task).status_code == 200
        alert = {"alert_id": str(uuid4()), "kind": "look", "title": "Look", "user": "ann"}
        assert shop.send("alert.raise", **alert).status_code == 200
        order(shop, f"A-{number}", name=f"Ann Smith {number}", phone=f"+4930{number}99999")
    return shop


def order(shop: Shop, number: str, **customer: str) -> None:
    """Place an order with all that lists tell of: papers, messages, a customer with a tag."""
    of_order = {"order_id": shop.place(number, customer=customer)}
    vip = {"customer_id": str(uuid4())}
    assembled = {"item_id": "1", "quantity": 1, "from_status": "ordered", "to_status": "assembled"}
    parcel = {"shipment_id": "s", "pieces": {"1": 1}, "carrier": "DHL"}
    mail = {"channel": "mail", "template": "sale"}
    to = {"kind": "address", "address": "ann@example.com"}
    for command, body in (
        ("order.issue_document", of_order | {"kind": "invoice"}),
        ("order.move_item", of_order | assembled),
        ("order.create_shipment", of_order | parcel),
        ("enquiry.record", {"enquiry_id": str(uuid4()), "text": "Have you tea?"}),
        ("effect.request", mail | {"effect_id": str(uuid4()), "to": to}),
        ("customer.create", vip | {"name": "Eve"}),
        ("customer.add_tag", vip | {"tag": "vip"}),
    ):
        answer = shop.send(command, **body)
        assert answer.status_code == 200, answer.text


def whole_list(http: httpx.Client, place: str) -> list[Any]:
    """Give the names of all that a list has, on one page."""
    key, named = LISTS[place]
    return [one[named] for page in pages(http, place, key, limit=1_000) for one in page]


@pytest.mark.parametrize("place", LISTS)
def test_pages_follow_each_other_without_gap_or_repeat(
    busy: Shop, http: httpx.Client, place: str
) -> None:
    key, named = LISTS[place]
    whole = whole_list(http, place)

    found = list(pages(http, place, key))

    assert len(whole) >= 5
    assert [one[named] for page in found for one in page] == whole
    assert {len(page) for page in found[:-1]} == {2}


@pytest.mark.parametrize("place", LISTS)
def test_what_comes_while_pages_are_read_shifts_none_of_them(
    busy: Shop, http: httpx.Client, place: str
) -> None:
    key, named = LISTS[place]
    before = whole_list(http, place)
    new = iter(range(3))  # Not for ever: some come at the end of the list.

    def comes() -> None:
        number = next(new, None)
        if number is None:
            return
        task = {"task_id": str(uuid4()), "title": "First of all", "due_at": "2029-01-01T00:00:00Z"}
        assert busy.send("task.create", user="ann", **task).status_code == 200
        alert = {"alert_id": str(uuid4()), "kind": "look", "title": "More", "user": "ann"}
        assert busy.send("alert.raise", **alert).status_code == 200
        order(busy, f"B-{number}", name="Bob")

    read = [one[named] for page in pages(http, place, key, comes) for one in page]

    assert len(read) == len(set(read))
    assert [one for one in read if one in before] == before


def test_customers_are_found_page_by_page(busy: Shop, http: httpx.Client) -> None:
    new = iter(range(100))

    def comes() -> None:
        busy.place(
            f"C-{next(new)}", customer={"name": "Bob Smith", "email": f"{uuid4()}@b.example"}
        )

    read = [
        one["customer_id"]
        for page in pages(http, "customers", "customers", comes, text="Ann Smith")
        for one in page
    ]
    by_contact = list(pages(http, "customers", "customers", text="+49 30 099999"))

    assert (len(read), read) == (5, sorted(set(read)))
    assert [len(page) for page in by_contact] == [1]


def test_who_read_personal_data_is_told_page_by_page(server: Served, http: httpx.Client) -> None:
    minute = datetime(2026, 1, 1, tzinfo=UTC)
    store = server.system.read_store

    def noted(number: int, later: int = 0) -> None:
        at = minute + timedelta(minutes=later)
        reading = Reading(at, "api_key", "erp", None, "order.show", f"c-{number}")
        store.note([Read(reading, 1, 1)])

    for number in range(5):  # Two of one minute, and no page ends there.
        noted(number, later=number // 2)
    new = iter(range(100, 200))
    read = [
        one["subject"]
        for page in pages(http, "audit/accesses", "reads", lambda: noted(next(new), later=9),
                          min_position=0)
        for one in page
    ]  # fmt: skip

    assert read == ["c-4", "c-3", "c-2", "c-1", "c-0"]


def test_what_is_no_cursor_of_a_list_is_a_problem(http: httpx.Client) -> None:
    places = [*LISTS, "customers?text=x", "audit/accesses", "orders"]
    for place in places:
        for cursor in ("nonsense", "WzFd", str(UUID(int=0)), "x" * 4_001):
            more = {"cursor": cursor}
            answer = http.get(
                f"/v1/{place}", params={**httpx.QueryParams(place.partition("?")[2]), **more}
            )
            assert answer.status_code == 422, (place, cursor, answer.text)


def test_the_command_line_says_how_a_list_goes_on(busy: Shop, environment: dict[str, str]) -> None:
    line: CommandLine = Here(environment)
    for words in LISTED:
        first = line.run(*words, "--limit", "2")
        cursor = first.out.rpartition("--cursor ")[2].strip()
        second = line.run(*words, "--limit", "100", "--cursor", cursor, "--json").json
        whole = line.run(*words, "--json", "--limit", "1000").json
        rows, all_rows = (
            next(value for name, value in one.items() if isinstance(value, list) and name in ROWS)
            for one in (second, whole)
        )

        assert second["next"] is None
        assert [_named(one) for one in rows] == [_named(one) for one in all_rows[2:]], words


def _named(row: dict[str, Any]) -> Any:
    return next(row[key] for key in NAMES if key in row)
