"""Papers of orders: what stands on them, and that a mailed invoice is a sent one."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from domain.customers.commands import CreateCustomer
from domain.documents.papers import DrawnPaper, Paper
from domain.orders import commands as c
from domain.orders.events import Customer
from domain.refusals import InfraError, Refusal
from tests.integration.projections.world import World
from tests.integration.sending.test_accidents import (
    SHORT,
    leases,
    message_ids,
    text_of_all_tables,
)
from tests.integration.sending.test_sending import mailer, sent
from tests.support.damaged import How, damaged
from tests.support.examples import CUP, CUSTOMER, DELIVERY, TEA, actor
from tests.support.faults import Fault
from tests.support.printed import papers_of, text_of
from tests.support.processes import Writer, leaving, listen
from tests.support.receivers import Mailbox
from tests.support.senders import MAIL, ask, mail_gate, send_until_killed, sender_of, states
from tests.support.waiting import wait_for

WHO: Final[dict[str, Any]] = {"command_id": UUID(int=1), "actor": actor("user", "manager")}
INVOICE: Final = Paper(kind="invoice")


def ordered(world: World, **more: Any) -> UUID:
    """Three teas and a cup of Anna's, 26.50."""
    said = {"customer": CUSTOMER, "delivery": DELIVERY, "lines": [TEA, CUP], "external_id": "A-17"}
    return world.place(**said | more)


def invoiced(world: World, order_id: UUID | None = None) -> UUID:
    order_id = order_id or ordered(world)
    tracked = c.ChangeFields(**WHO, order_id=order_id, track_number="RR123")  # for the template
    outcomes = world.send(tracked, c.IssueDocument(**WHO, order_id=order_id, kind="invoice"))
    assert {one.kind for one in outcomes} == {"accepted"}, outcomes
    return order_id


def moved(world: World, order_id: UUID, status: str) -> None:
    told = {"order_id": order_id, "document_id": "invoice-1", "to_status": status}
    world.send(c.MoveDocument(**WHO, **told, reason_code="wrong"))


def printed(world: World, order_id: UUID, paper: Paper, language: str = "en") -> str:
    return text_of(papers_of(world, language).draw(order_id, paper).content)


def documents(world: World) -> list[Any]:
    return world.query("select document_id, status from analytics.documents order by 1")


class TestPages:
    def test_v10_an_order_as_pdf_has_its_lines_its_sums_and_whom_it_is_for(
        self, world: World
    ) -> None:
        page = printed(world, ordered(world), Paper(kind="order"))

        for words in (
            "Order A-17", "Date: 2026-03-02", "Status: New", "Tea Ltd", "VAT DE123",
            "Anna Ivanova", "+7 900 000-00-00", "anna@example.org", "1 Main Street",
            "1 TEA-100 Green tea 3 5.00 EUR 1.00 EUR 14.00 EUR",
            "2 CUP-1 Cup 1 12.50 EUR 0.00 EUR 12.50 EUR",
            "Total 26.50 EUR", "Paid 0.00 EUR", "To pay 26.50 EUR",
        ):  # fmt: skip
            assert words in page

    def test_v9_an_invoice_has_its_number_its_date_and_its_state(self, world: World) -> None:
        order_id = invoiced(world)
        page = printed(world, order_id, INVOICE)
        moved(world, order_id, "paid")

        for words in ("Invoice 1", "Date: 2026-03-02", "Status: issued", "Order: A-17"):
            assert words in page
        assert "Total 26.50 EUR" in page
        assert "Status: paid" in printed(world, order_id, INVOICE)

    def test_v9_an_invoice_shows_the_order_as_it_was_invoiced(self, world: World) -> None:
        order_id = invoiced(world)
        before = printed(world, order_id, INVOICE)
        world.send(c.CancelItem(**WHO, order_id=order_id, item_id="2", reason_code="changed_mind"))

        assert printed(world, order_id, INVOICE) == before
        assert "CUP-1" not in printed(world, order_id, Paper(kind="order"))

    def test_a_packing_list_has_pieces_and_no_price(self, world: World) -> None:
        page = printed(world, ordered(world), Paper(kind="packing_list"))

        for words in ("Packing list A-17", "1 TEA-100 Green tea 3", "Pieces 4", "1 Main Street"):
            assert words in page
        assert "EUR" not in page

    def test_papers_are_russian_too_and_names_keep_their_letters(self, world: World) -> None:
        anna = CUSTOMER.model_copy(update={"name": "Анна Ёлкина"})
        tea = TEA.model_copy(update={"title": "Чай #1 *зелёный* $x$ \\ [привет]"})
        order_id = invoiced(world, ordered(world, customer=anna, lines=[tea]))
        page = printed(world, order_id, INVOICE, "ru")

        for words in (
            "Счёт 1", "Статус: выставлен", "Покупатель", "Анна Ёлкина", "Итого 14.00 EUR",
            "Чай #1 *зелёный* $x$ \\ [привет]",
        ):  # fmt: skip
            assert words in page

    def test_the_same_order_gives_the_same_bytes_however_late(self, world: World) -> None:
        order_id = invoiced(world)
        first = papers_of(world).draw(order_id, INVOICE)
        world.now += timedelta(days=400)

        assert papers_of(world).draw(order_id, INVOICE) == first
        assert first.name == "invoice-1.pdf"

    def test_a_page_can_be_made_again_as_of_a_version(self, world: World) -> None:
        order_id = ordered(world)
        first = papers_of(world).draw(order_id, Paper(kind="order"))
        world.move(order_id, "confirmed")

        then = DrawnPaper(kind="order", order_version=1)
        assert papers_of(world).draw(order_id, then) == first
        assert papers_of(world).draw(order_id, Paper(kind="order")) != first

    def test_a_long_order_goes_on_behind_the_first_page(self, world: World) -> None:
        many = [TEA.model_copy(update={"item_id": f"{n}", "sku": f"T-{n}"}) for n in range(120)]
        page = printed(world, ordered(world, lines=many), Paper(kind="packing_list"))

        assert "T-119" in page
        assert "4 / 4" in page

    def test_a_test_order_says_so_on_paper(self, world: World) -> None:
        assert "TEST" in printed(world, ordered(world, test=True), Paper(kind="order"))

    @pytest.mark.parametrize("document_id", [None, "invoice-9"])
    def test_an_invoice_that_was_not_issued_is_refused(
        self, world: World, document_id: str | None
    ) -> None:
        order_id = ordered(world) if document_id is None else invoiced(world)
        with pytest.raises(Refusal, match="paper_without_document"):
            papers_of(world).draw(order_id, Paper(kind="invoice", document_id=document_id))
        with pytest.raises(Refusal, match="order_unknown"):
            papers_of(world).draw(UUID(int=404), INVOICE)

    @pytest.mark.parametrize("how", ["spoilt", "impossible"])
    def test_a_paper_of_a_customer_who_cannot_be_read_names_what_is_damaged(
        self, world: World, how: How
    ) -> None:
        who: dict[str, Any] = {"command_id": uuid4(), "actor": actor()}
        world.send(CreateCustomer(**who, customer_id="ann", name="Ann"))
        order_id = ordered(world, customer=Customer(customer_id="ann"))

        with damaged(world.url, "customer-ann", how=how), pytest.raises(InfraError) as raised:
            papers_of(world).draw(order_id, Paper(kind="order"))

        assert raised.value.code == "event_unreadable"
        assert raised.value.stream_id == "customer-ann"


class TestMail:
    def test_v11_a_mailed_invoice_arrives_as_pdf_and_is_sent_then(
        self, world: World, box: Mailbox
    ) -> None:
        order_id = invoiced(world)
        ask(world, order_id, attach=INVOICE)
        world.catch_up()
        assert documents(world) == [("invoice-1", "issued")]

        assert sent(world, mailer(world, box)) == 1

        (attached,) = box.mails[0].iter_attachments()
        assert attached.get_content_type() == "application/pdf"
        assert attached.get_filename() == "invoice-1.pdf"
        page = text_of(attached.get_content())
        for words in ("Invoice 1", "TEA-100 Green tea 3", "CUP-1 Cup 1", "Total 26.50 EUR"):
            assert words in page
        assert documents(world) == [("invoice-1", "sent")]

    def test_what_is_personal_on_a_paper_and_the_paper_itself_stand_in_no_table(
        self, world: World, box: Mailbox
    ) -> None:
        ask(world, invoiced(world), attach=INVOICE)
        with capture_logs() as logs:
            assert sent(world, mailer(world, box)) == 1

        everything = repr(logs) + text_of_all_tables(world.url)
        assert "invoice-1" in everything
        for secret in ("Anna Ivanova", "anna@example.org", "1 Main Street", "%PDF", "255044462d"):
            assert secret not in everything

    def test_a_mail_that_failed_leaves_the_invoice_as_it_was(
        self, world: World, box: Mailbox
    ) -> None:
        order_id = invoiced(world)
        ask(world, order_id, attach=INVOICE)
        box.answers.append("451 later")
        sender = mailer(world, box)

        assert sent(world, sender) == 1
        assert documents(world) == [("invoice-1", "issued")]
        world.now += timedelta(minutes=1)
        assert sent(world, sender) == 1
        assert documents(world) == [("invoice-1", "sent")]

    def test_an_invoice_that_is_paid_by_then_stays_paid(self, world: World, box: Mailbox) -> None:
        order_id = invoiced(world)
        ask(world, order_id, attach=INVOICE)
        moved(world, order_id, "paid")

        assert sent(world, mailer(world, box)) == 1
        assert documents(world) == [("invoice-1", "paid")]
        page = text_of(next(box.mails[0].iter_attachments()).get_content())
        assert "Status: issued" in page  # as it was when the mail was asked for

    def test_a_kill_behind_the_mail_repeats_it_once_and_the_invoice_is_sent_once(
        self, world: World, box: Mailbox, fault: Fault
    ) -> None:
        order_id = invoiced(world)
        effect_id = ask(world, order_id, attach=INVOICE)
        world.catch_up()
        with leaving([Writer(send_until_killed, world.url, box.port, SHORT)]) as (writer,):
            listen([writer], lambda: bool(writer.said))
            writer.kill()
            fault("sender killed between sending and saying so")
        wait_for(lambda: leases(world) == 0)
        assert documents(world) == [("invoice-1", "issued")]

        assert sender_of(world, {MAIL: mail_gate(box.port)}).step(MAIL)
        world.catch_up()

        assert box.ids == message_ids([effect_id] * 2)
        first, again = (next(mail.iter_attachments()).get_content() for mail in box.mails)
        assert first == again
        assert states(world) == {effect_id: ("sent", 1)}
        assert documents(world) == [("invoice-1", "sent")]
        moves = world.query("select 1 from log.events where type = 'order.document_moved.v1'")
        assert len(moves) == 1
