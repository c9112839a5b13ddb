"""P5: one mailing to a segment; nobody gets it twice, whoever dies in between."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from domain.customers.commands import RemoveTag, SetMark
from domain.orders import commands as c
from domain.refusals import Unusable
from projections.reports.segment_members import list_groups, list_members
from services.bootstrap import System, open_system
from services.mailings import customers_of, mail_to, read_segment
from tests.integration.sending.test_accidents import SHORT
from tests.support.examples import CUSTOMER, TEA, actor
from tests.support.faults import Fault
from tests.support.mailings import (
    mail_until_killed,
    mailing_of,
    send_until_killed,
    settings_of,
    settle,
)
from tests.support.processes import Writer, leaving, listen
from tests.support.receivers import Mailbox
from tests.support.waiting import wait_for

SEGMENT: Final = read_segment("tag:waits_for_sale")
WHO: Final[dict[str, Any]] = {"command_id": UUID(int=1), "actor": actor()}


@pytest.fixture
def shop(database_url: str, tmp_path: Path, box: Mailbox) -> Iterator[System]:
    with open_system(settings_of(database_url, tmp_path, box.port)) as system:
        yield system


def said(system: System, *commands: Any) -> None:
    for command in commands:
        outcome = system.execute(command.model_copy(update={"command_id": uuid4()}))
        assert outcome.kind == "accepted", outcome
    system.catch_up()


def mailed(system: System, **more: Any) -> list[tuple[str, bool]]:
    """Carry the mailing out; give each customer with whether it was asked for before."""
    asked = mail_to(system, mailing_of(system, **more), customers_of(system, SEGMENT))
    return [(customer_id, outcome.repeated) for customer_id, outcome in asked]


def sent(system: System) -> int:
    system.catch_up()
    tried = system.sender().send_due()
    system.catch_up()
    return tried


def members(system: System, text: str) -> list[str]:
    with system.snapshot() as reader:
        members, _ = list_members(reader, read_segment(text), 100)
    return [one["customer_id"] for one in members]


def failed_order(system: System, customer_id: str, *, test: bool = False) -> None:
    """Place an order of a customer that changes their mind."""
    order_id = uuid4()
    whose = CUSTOMER.model_copy(update={"customer_id": customer_id})
    body: dict[str, Any] = {"path": "universal", "currency": "EUR", "lines": [TEA], "test": test}
    said(system, c.PlaceOrder(**WHO, order_id=order_id, customer=whose, **body))
    why = {"reason_code": "changed_mind", "initiator": "client"}
    boss = WHO | {"actor": actor("user", "manager", "lead")}
    said(system, c.CancelOrder(**boss, order_id=order_id, **why))


def test_p5_customers_are_grouped_by_tag_mark_and_cancel_reason(shop: System) -> None:
    settle(shop, 3)
    said(shop, SetMark(**WHO, customer_id="c-0001", mark="bad", reason_code="did_not_buy_out"))
    failed_order(shop, "c-0001")
    failed_order(shop, "c-0002")

    with shop.snapshot() as reader:
        found = [tuple(row.values()) for row in list_groups(reader)]
    assert found == [("tag:waits_for_sale", 3), ("reason:changed_mind", 2), ("mark:bad", 1)]
    assert members(shop, "reason:changed_mind") == ["c-0001", "c-0002"]
    assert members(shop, "tag:waits_for_sale, reason:changed_mind, mark:bad") == ["c-0001"]
    assert members(shop, "tag:none") == []


def test_whoever_has_test_orders_only_is_in_no_segment(shop: System) -> None:
    settle(shop, 3)
    failed_order(shop, "c-0001", test=True)
    failed_order(shop, "c-0002", test=True)
    failed_order(shop, "c-0002")

    assert members(shop, "tag:waits_for_sale") == ["c-0000", "c-0002"]
    assert members(shop, "reason:changed_mind") == ["c-0002"]


def test_p5_each_customer_of_a_segment_gets_one_mail_under_one_batch_id(
    shop: System, box: Mailbox
) -> None:
    settle(shop, 5)

    first, again = mailed(shop), mailed(shop)
    assert sent(shop) == 5
    late = mailed(shop)
    assert sent(shop) == 0

    assert first == [(f"c-{n:04}", False) for n in range(5)]
    assert again == late == [(f"c-{n:04}", True) for n in range(5)]
    assert sorted(box.to) == [f"c{n}@example.org" for n in range(5)]
    text = box.mails[0].get_body(["plain"])
    assert text is not None
    assert "it is cheaper now" in text.get_content()
    with shop.lend("orderpath_projector") as session:
        found = session.execute(
            "select distinct correlation_id from log.events where type = 'effect.requested.v1'"
        ).fetchall()
    assert found == [(mailing_of(shop).mailing_id,)]


def test_who_joins_an_interrupted_mailing_s_segment_is_asked_for_and_who_left_is_not_again(
    shop: System, box: Mailbox
) -> None:
    settle(shop, 3)
    list(zip(range(1), mail_to(shop, mailing_of(shop), ["c-0000"]), strict=True))
    said(shop, RemoveTag(**WHO, customer_id="c-0000", tag="waits_for_sale"))

    assert mailed(shop) == [("c-0001", False), ("c-0002", False)]
    assert sent(shop) == 3
    assert len(set(box.to)) == 3


def test_the_id_of_a_mailing_that_said_something_else_is_refused(shop: System) -> None:
    settle(shop, 2)
    mailed(shop)

    with pytest.raises(Unusable, match="another template, language or reason"):
        mailed(shop, language="ru")


@pytest.mark.parametrize("text", ["", "tag", "tag:", "vip:tag", "tag:a,"])
def test_what_is_no_segment_says_how_one_is_written(text: str) -> None:
    with pytest.raises(Unusable, match="tag:CODE, mark:CODE, reason:CODE"):
        read_segment(text)


def test_a_mailing_that_is_killed_goes_on_and_nobody_gets_two_mails(
    shop: System, box: Mailbox, database_url: str, tmp_path: Path, fault: Fault
) -> None:
    settle(shop, 400)
    with leaving([Writer(mail_until_killed, database_url, tmp_path, 100)]) as (writer,):
        listen([writer], lambda: bool(writer.said))
        writer.kill()
        fault("mailing killed in the middle")
    shop.catch_up()
    sender = Writer(send_until_killed, database_url, tmp_path, box.port, SHORT)
    with leaving([sender]) as (writer,):
        listen([writer], lambda: bool(writer.said))
        writer.kill()
        fault("sender killed between sending and saying so")
    (repeated,) = box.ids

    known = [again for _, again in mailed(shop)]
    assert 100 <= sum(known) < 400
    wait_for(lambda: leases_are_over(shop))
    sent(shop)

    assert len(set(box.ids)) == 400
    assert sorted(box.ids) == sorted([*set(box.ids), repeated])
    assert sorted(set(box.to)) == sorted(f"c{n}@example.org" for n in range(400))


def leases_are_over(system: System) -> bool:
    with system.lend("orderpath_projector") as session:
        row = session.execute(
            "select count(*) from ops.sending"
            " where until > clock_timestamp() and until < 'infinity'"
        )
        return row.fetchone() == (0,)
