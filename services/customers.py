"""Finds customers and reads them from the log, names and contacts in clear: for the CLI, later for
the API.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from domain.customers import events as e
from domain.customers.customer import Customer
from domain.customers.events import FIELDS, customer_stream
from domain.messages import Recorded
from domain.reading import check_versions, evolved, folded
from domain.refusals import Refusal, Unmet, Unusable
from domain.sights import SIGHT, seen_by
from projections.reports.customers import has_orders, is_customer, list_customer_ids
from services.history import Change
from services.streams import events_of

if TYPE_CHECKING:
    from services.bootstrap import System

CHUNK: Final = 500  # customers that are read with one query
MOST_READ: Final = 100_000  # customers of one search


def find_customer(system: "System", ref: str) -> str:
    """Give the id of the customer that is meant: by the id, or by the phone or e-mail of the first
    order, under which nobody is found who was erased.

    Raises: Refusal customer_unknown; Unusable for an empty one
    """
    if not ref.strip():
        raise Unusable("no customer is named: give an id, a phone number or an e-mail address")
    by_contact = id_by_contact(system, ref, ref)
    known = _load(system, [ref, *filter(None, [by_contact])])
    if known[ref].exists and is_seen(system, ref):
        return ref
    if by_contact is not None and _has_contact(known[by_contact]) and is_seen(system, by_contact):
        return by_contact
    raise Refusal(
        Unmet(
            code="customer_unknown",
            field="customer_id",
            message="There is no such customer, neither with this id nor with this contact",
            needed="an id that `orderpath customer find` shows, or `customer create`",
        )
    )


def find_erasable(system: "System", ref: str) -> str:
    """Give the id of the customer that is meant, also of one of whom only orders tell."""
    try:
        return find_customer(system, ref)
    except Refusal:
        by_contact = system.customer_ids(ref, ref)  # of one who is erased already
        if by_contact is not None and _load(system, [by_contact])[by_contact].exists:
            return by_contact
        return ref  # Whether there is anything of such a one, the command says.


def id_by_contact(system: "System", phone: str | None, email: str | None) -> str | None:
    """Give whom a contact means, known or not, to whoever may see such contacts: of anybody else
    he would learn whose a number is.
    """
    sight = SIGHT.get()
    if sight is not None:
        phone = phone if "phone" in sight.personal else None
        email = email if "email" in sight.personal else None
    return system.customer_ids(phone, email)


def search_customers(
    system: "System", text: str, limit: int, after: str = ""
) -> list[dict[str, Any]]:
    """Give those whom a phone number, an e-mail address or the beginnings of a name may mean.

    A contact under which somebody became a customer is found at once. For anything else every
    customer of the read model is read, because names and contacts stand sealed in the log only.
    after:  only those whose ids come behind this one: they are read in the order of their ids
    Raises: Unusable if there are more than MOST_READ
    """
    if not text.strip():
        raise Unusable("say whom to look for: a surname, a phone number or an e-mail address")
    own = id_by_contact(system, text, text)
    if own is not None and _has_contact(customer := _load(system, [own])[own]):
        return [view_of(own, customer)] if not after and is_seen(system, own) else []
    found = []
    for customer_id, customer in _everybody(system, after):
        if _is_meant(system, customer, text, own):
            found.append(view_of(customer_id, customer))
            if len(found) == limit:
                break
    return found


def is_seen(system: "System", customer_id: str) -> bool:
    """Whether whoever is answered sees a customer: one of an order that is seen, or of none yet."""
    sight = SIGHT.get()
    if sight is None or sight.sees_all_orders:
        return True
    with system.snapshot() as reader:
        return is_customer(reader, customer_id)


def is_stranger(system: "System", customer_id: str) -> bool:
    """Whether a customer has orders, and whoever is answered sees none of them."""
    sight = SIGHT.get()
    if sight is None or sight.sees_all_orders:
        return False
    with system.snapshot() as reader:
        if has_orders(reader, customer_id):
            return False
    with seen_by(None), system.snapshot() as reader:
        return has_orders(reader, customer_id)


def load_customer(system: "System", customer_id: str) -> list[Recorded]:
    """Give the customer's events. Raises: InfraError log_gap if one is missing"""
    return events_of(system.log, customer_stream(customer_id))


def customer_now(system: "System", customer_id: str) -> Customer:
    """Give the customer's state as of the last event."""
    return _load(system, [customer_id])[customer_id]


def view_of(customer_id: str, customer: Customer) -> dict[str, Any]:
    """Give a customer with stable keys (docs/customers.md)."""
    return {
        "customer_id": customer_id,
        "version": customer.version,
        **{name: customer.contact.get(name) for name in FIELDS},
        "tags": list(customer.tags),
        "marks": list(customer.marks),
        "erased": customer.erased,
        "last_occurred_at": customer.last_occurred_at,
    }


def changes_of(events: Sequence[Recorded]) -> list[Change]:
    """List what every event of a customer changed, one row per field."""
    customer = Customer()
    changes: list[Change] = []
    for recorded in events:
        changes += (Change(recorded, *row, False) for row in _rows(recorded, customer))
        customer = evolved(recorded.stream_id, customer, recorded)
    return changes


def _rows(recorded: Recorded, before: Customer) -> Iterator[tuple[str, Any, Any]]:
    match recorded.event:
        case e.CustomerCreated() as event:
            yield from ((n, None, value) for n in FIELDS if (value := getattr(event, n)))
        case e.ContactChanged() as event:
            yield from ((n, before.contact.get(n), getattr(event, n)) for n in event.changed)
        case e.TagAdded(tag=tag):
            yield "tag", None, tag
        case e.TagRemoved(tag=tag):
            yield "tag", tag, None
        case e.MarkSet(mark=mark):
            yield "mark", None, mark
        case e.MarkRemoved(mark=mark):
            yield "mark", mark, None
        case e.CustomerNoted(text=text):
            yield "note", None, text
        case e.CustomerErased(reason_code=why):
            yield "erased", None, why
        case _:
            pass


def _everybody(system: "System", last: str) -> Iterator[tuple[str, Customer]]:
    for _ in range(MOST_READ // CHUNK):
        with system.snapshot() as reader:
            ids = list_customer_ids(reader, last, CHUNK)
        if not ids:
            return
        yield from _load(system, ids).items()
        last = ids[-1]
    raise Unusable(
        f"more than {MOST_READ:,} customers would have to be read: look by the phone number or "
        "e-mail address of the first order"
    )


def _load(system: "System", ids: Sequence[str]) -> dict[str, Customer]:
    streams = {customer_stream(customer_id): customer_id for customer_id in ids}
    found = {}
    for stream, events in system.log.load(dict.fromkeys(streams, 0)).items():
        check_versions(stream, events)
        found[streams[stream]] = folded(Customer(), events)
    return found


def _has_contact(customer: Customer) -> bool:
    """Whether there is anybody to be found; of whom was erased only the id is left."""
    return customer.exists and not customer.erased


def _is_meant(system: "System", customer: Customer, text: str, own: str | None) -> bool:
    """Every word begins one of the name, or a contact is the one that is looked for."""
    contact = customer.contact
    if own is not None:
        phone, email = contact.get("phone"), contact.get("email")
        return own in (system.customer_ids(phone, None), system.customer_ids(None, email))
    names = contact.get("name", "").casefold().split()
    return all(any(n.startswith(word) for n in names) for word in text.casefold().split())
