"""Papers of an order: the order itself, an invoice that was issued, a packing list.

What stands on them is read from the log whenever one is made, and stored nowhere. An invoice shows
the order as it was invoiced, whatever became of the order since, and how far the invoice is.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.customers.customer import Customer
from domain.customers.events import customer_stream
from domain.documents.papers import DrawnPaper, Paper, against_paper, document_of
from domain.effects.channels import Attachment
from domain.messages import Recorded
from domain.orders.amounts import written_amount
from domain.orders.contact import is_of_another
from domain.orders.documents import Document
from domain.orders.events import DocumentIssued, stream_of
from domain.orders.guards import order_exists
from domain.orders.items import charged_lines
from domain.orders.money import Line
from domain.orders.order import Order
from domain.orders.totals import own_items
from domain.reading import folded
from domain.refusals import Refusal, Unmet
from domain.templates.offered import Setting, local, of_order
from services.history import state_of
from services.letters import Log
from services.streams import events_of, until

LANGUAGES: Final = ("en", "ru")  # that paper.typ knows; any other one gets the first

_UNUSUAL: Final = re.compile(r"[^\w.-]+")  # in the name of a file

Typeset = Callable[[Mapping[str, Any]], bytes]  # from what stands on a paper to a PDF


@dataclass(frozen=True, slots=True)
class Papers:
    """Makes papers. Threads may share it."""

    log: Log
    setting: Setting
    seller: Sequence[str]  # lines: who sells, as papers say it
    typeset: Typeset

    def draw(
        self,
        order_id: UUID,
        paper: Paper,
        language: str | None = None,
        to_customer: bool = False,
    ) -> Attachment:
        """Make a paper of an order as it is now, or as of the version that is named.

        to_customer: who gets it is the customer of the order now
        Raises: Refusal order_unknown, paper_without_document, paper_of_another_customer; InfraError
        """
        events = events_of(self.log, stream_of(order_id))
        if isinstance(paper, DrawnPaper):
            events = until(events, paper.order_version)
        order = state_of(events)
        if unmet := [*order_exists(order, order_id)] or against_paper(order, paper):
            raise Refusal(*unmet)
        document = document_of(order, paper)
        issued = _issue_of(events, document)
        then = state_of(until(events, issued.version)) if issued else order
        if to_customer and is_of_another(then, order):
            raise Refusal(_not_theirs(paper))
        chosen = language if language in LANGUAGES else self.setting.language
        setting = replace(self.setting, language=chosen if chosen in LANGUAGES else LANGUAGES[0])
        page = self._page(order_id, paper, then, setting)
        if document is not None and issued is not None:
            page |= _as_document(document, issued.occurred_at, page, setting)
        name = _UNUSUAL.sub("-", f"{paper.kind}-{page['number']}")
        return Attachment(f"{name}.pdf", self.typeset(page))

    def _page(self, order_id: UUID, paper: Paper, order: Order, setting: Setting) -> dict[str, Any]:
        """Say what stands on the paper: texts only, amounts and dates written out."""
        told = of_order(order_id, order, self._path(order), setting)
        packs = paper.kind == "packing_list"
        lines = charged_lines(order.items.values() if packs else own_items(order, order.items))
        facts = {"date": told["placed_date"], "status": None if packs else told["status"]}
        promised = (told["promised_date"], told["promised_time"])
        return {
            "kind": paper.kind,
            "language": setting.language,
            "test": order.test,
            "number": told["number"],
            "facts": _named(facts, "value"),
            "seller": list(self.seller),
            "customer": _there(*self._customer(order)),
            "delivery": _there(
                told["delivery_method"], told["delivery_address"], " ".join(_there(*promised)),
                told["track_number"],
            ),
            "columns": list(_PACKED if packs else _PRICED),
            "lines": [*_lines(lines, None if packs else order.currency, packs=packs)],
            "sums": _packed(lines) if packs else _sums(order, told, paper),
        }  # fmt: skip

    def _customer(self, order: Order) -> Iterator[Any]:
        """Give name and contacts as the order has them, else as the customer has them."""
        customer = Customer()
        if order.customer_id is not None:
            events = events_of(self.log, customer_stream(order.customer_id))
            customer = folded(customer, events)
        for name in ("name", "phone", "email"):
            yield order.field_value(f"customer_{name}") or customer.contact.get(name)

    def _path(self, order: Order) -> Any:
        return self.log.load_paths([order.pinned]).get(order.pinned) if order.path else None


_PRICED: Final = ("no", "sku", "title", "quantity", "price", "discount", "amount")
_PACKED: Final = ("no", "sku", "title", "quantity")


def _not_theirs(paper: Paper) -> Unmet:
    """What was issued for one customer names them, and is for no other one."""
    what = paper.kind.replace("_", " ")
    return Unmet(
        code="paper_of_another_customer",
        field="attach.document_id",
        message=f"The {what} was issued while the order had another customer",
        needed="cancel it with `orderpath document move`, and issue it again",
    )


def _issue_of(events: Iterable[Recorded], document: Document | None) -> Recorded | None:
    """Find the event that issued a document."""
    wanted = document and document.document_id
    for one in events:
        if isinstance(one.event, DocumentIssued) and one.event.document_id == wanted:
            return one
    return None


def _as_document(
    document: Document, at: datetime, page: Mapping[str, Any], setting: Setting
) -> Mapping[str, Any]:
    """Let the page bear the document's number, date and state, and the order's number below."""
    issued = local(at, setting).date().isoformat()
    facts = {"date": issued, "state": document.status, "of_order": page["number"]}
    return {"number": document.number, "facts": _named(facts, "value")}


def _lines(lines: Iterable[Line], currency: str | None, *, packs: bool) -> Iterator[Sequence[str]]:
    for number, line in enumerate(lines, 1):
        cells = (str(number), line.sku, line.title or line.sku, str(line.quantity))
        amounts = (line.unit_price_minor, line.discount_minor, line.net_minor)
        priced = () if packs else tuple(_written(minor, currency) for minor in amounts)
        yield (*cells, *priced)


def _sums(order: Order, told: Mapping[str, Any], paper: Paper) -> list[Mapping[str, str]]:
    money, currency = order.money, order.currency
    amounts = {
        "goods": money.goods_minor,
        "whole_discount": -money.discount_minor,
        "delivery_price": money.delivery_minor,
        "vat": money.vat_minor,
        "total": money.total_minor,
    }
    shown = {n: _written(a, currency) for n, a in amounts.items() if a or n in ("goods", "total")}
    if paper.kind == "order":  # An invoice says by its state whether it is paid.
        back = order.balance.refunded_minor
        shown["paid"] = told["paid"] or ""
        shown |= {"refunded": _written(back, currency)} if back else {}
        shown["to_pay"] = told["to_pay"] or ""
    return _named(shown, "amount")


def _packed(lines: Iterable[Line]) -> list[Mapping[str, str]]:
    return _named({"pieces": str(sum(line.quantity for line in lines))}, "amount")


def _named(values: Mapping[str, Any], key: str) -> list[Mapping[str, str]]:
    return [{"name": name, key: value} for name, value in values.items() if value is not None]


def _written(minor: int, currency: str | None) -> str:
    return written_amount(minor, currency) if currency else ""


def _there(*texts: Any) -> list[str]:
    return [str(text) for text in texts if text]
