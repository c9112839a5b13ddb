"""A person is erased over HTTP: neither the database nor what goes to Kafka holds what was told of
them, and papers, letters and answers that were full of it say `[erased]`.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from domain.documents.papers import Paper
from domain.streaming import Lane
from infra.event_log import open_log
from infra.log_source import LogSource
from services.bootstrap import System
from services.effects import published_template
from services.log_lane import LogLane
from services.public_lane import PublicLane
from tests.integration.http.conftest import Shop
from tests.support.leftovers import MARK, PHONE, VALUES, assert_nothing_left
from tests.support.mailings import SALE
from tests.support.printed import text_of
from tests.support.served import Served

CUSTOMER: Final = {
    "name": f"Anna {MARK}", "phone": PHONE, "email": f"{MARK}@example.org",
}  # fmt: skip


@pytest.fixture
def order_id(shop: Shop) -> str:
    """An order of hers, with all that may be told of it over HTTP."""
    placed = shop.place(customer=CUSTOMER, delivery={"address": f"{MARK} Street 1"})
    for command, body in (
        ("order.add_note", {"order_id": placed, "text": f"Rings {MARK}"}),
        ("order.issue_document", {"order_id": placed, "kind": "invoice",
                                  "reason": f"For {MARK}"}),
        ("template.publish", {"definition": SALE.model_dump(mode="json", exclude_unset=True)}),
        ("task.create", {"task_id": (task := str(uuid4())), "title": "Call", "user": "ann",
                         "order_id": placed}),
        ("task.finish", {"task_id": task, "note": f"Called {MARK}"}),
        ("effect.request", {"effect_id": str(uuid4()), "channel": "mail", "template": "sale",
                            "order_id": placed, "to": {"kind": "address",
                                                       "address": f"{MARK}@other.org"}}),
    ):  # fmt: skip
        answer = shop.send(command, **body)
        assert (answer.status_code, answer.json()["outcome"]) == (200, "accepted"), answer.text
    return placed


def written(system: System, order_id: str) -> list[str]:
    """Write out what is made when it is asked for: each kind of paper, and a letter."""
    papers = (Paper(kind="order"), Paper(kind="invoice"), Paper(kind="packing_list"))
    template = published_template(system, "sale").template
    assert template is not None
    letter = system.letters.preview(template, UUID(order_id), "en")
    drawn = [text_of(system.papers.draw(UUID(order_id), one).content) for one in papers]
    return [*drawn, letter.text]


def asked(shop: Shop, order_id: str, customer_id: str) -> dict[str, str]:
    """Ask over HTTP whatever tells of her."""
    places = (
        f"/v1/orders/{order_id}", f"/v1/orders/{order_id}/history", f"/v1/orders/{order_id}/why",
        f"/v1/customers/{customer_id}", f"/v1/customers/{customer_id}/history", "/v1/orders",
        "/v1/customers", "/v1/tasks", "/v1/audit/day", "/v1/audit/who", "/v1/events",
    )  # fmt: skip
    queries = {"/v1/customers": {"text": customer_id}, "/v1/audit/who": {"actor": "ann"}}
    answers = {where: shop.http.get(where, params=queries.get(where)) for where in places}
    assert {one.status_code for one in answers.values()} == {200}, answers
    return {where: one.text for where, one in answers.items()}


def sent_to_kafka(url: str, system: System) -> Iterator[bytes]:
    """Give all that a relay that begins anew publishes of the log; personal data is to be told."""
    with (
        closing(LogSource(url)) as source,
        closing(open_log(url, role="orderpath_projector")) as reader,
    ):
        lanes: tuple[Lane, ...] = (LogLane(source), PublicLane(reader, opener=system.log))
        for lane in lanes:
            lane.begin(reader.head(), 0)
            while (outgoing := lane.next()) is not None:
                for one in outgoing.messages:
                    yield b"\n".join((one.topic.encode(), one.key or b"", one.value or b""))


def held(parts: Any) -> set[str]:
    """Name the values of hers in texts."""
    return {value for value in VALUES for part in parts if value in part}


def test_d4_erased_over_http_she_is_in_no_table_no_topic_no_paper_and_no_answer(
    server: Served, shop: Shop, order_id: str, database_url: str, tmp_path: Path
) -> None:
    customer_id = server.system.customer_ids(PHONE, None)
    assert customer_id is not None
    before = asked(shop, order_id, customer_id)
    assert held(before.values())
    assert all(held([text]) for text in written(server.system, order_id)[:2])
    assert MARK in written(server.system, order_id)[-1]
    published = b"".join(sent_to_kafka(database_url, server.system))
    assert MARK.encode() in published  # The search would find it.

    answer = shop.send("customer.erase", customer_id=customer_id, reason_code="customer_asked")

    assert (answer.status_code, answer.json()["outcome"]) == (200, "accepted")
    assert_nothing_left(database_url, tmp_path / "data")
    assert held(asked(shop, order_id, customer_id).values()) == set()
    papers = written(server.system, order_id)
    assert held(papers) == set()
    assert ["[erased]" in one for one in papers] == [True, True, True, True]
    published = b"".join(sent_to_kafka(database_url, server.system))
    assert held([published.decode("latin-1")]) == set()
    assert b"[erased]" in published
