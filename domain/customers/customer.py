"""The state of a customer and how events change it. evolve never refuses and looks nothing up."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never, cast

from domain.customers import events as e
from domain.messages import Happened


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer as of the last event. Immutable: evolve gives a new one."""

    version: int = 0
    last_occurred_at: datetime | None = None
    customer_id: str | None = None
    subject_id: str | None = None  # the customer's id: these are this person's data
    made: bool = False  # known to the shop; not so if only what others tell of it was erased
    erased: bool = False  # and nothing was told since
    contact: Mapping[str, str] = field(default_factory=dict)  # of FIELDS, those that are known
    tags: tuple[str, ...] = ()  # in alphabetical order
    marks: tuple[str, ...] = ()  # in alphabetical order

    @property
    def exists(self) -> bool:
        return self.made

    def evolve(self, happened: Happened) -> "Customer":
        """Give the customer after one more event."""
        at, latest = happened.occurred_at, self.last_occurred_at
        customer = replace(
            self,
            version=happened.version,
            last_occurred_at=at if latest is None else max(at, latest),
            subject_id=self.customer_id,
            erased=False,
        )
        return _after(customer, cast(e.CustomerEvent, happened.event))


# One branch per event of the catalog.
def _after(customer: Customer, event: e.CustomerEvent) -> Customer:
    match event:
        case e.CustomerCreated(customer_id=customer_id):
            made = replace(customer, customer_id=customer_id, subject_id=customer_id, made=True)
            return _with_contact(made, event, e.FIELDS)
        case e.ContactChanged(changed=changed):
            return _with_contact(customer, event, changed)
        case e.TagAdded(tag=tag):
            return replace(customer, tags=tuple(sorted({*customer.tags, tag})))
        case e.TagRemoved(tag=tag):
            return replace(customer, tags=tuple(one for one in customer.tags if one != tag))
        case e.MarkSet(mark=mark):
            return replace(customer, marks=tuple(sorted({*customer.marks, mark})))
        case e.MarkRemoved(mark=mark):
            return replace(customer, marks=tuple(one for one in customer.marks if one != mark))
        case e.CustomerNoted():
            return customer
        case e.CustomerErased(customer_id=whose):
            # Why is sealed as data of the stream: with the person's key it would be lost at once.
            return replace(customer, customer_id=whose, subject_id=None, contact={}, erased=True)
        case _:
            assert_never(event)


def _with_contact(
    customer: Customer, event: e.CustomerCreated | e.ContactChanged, changed: tuple[str, ...]
) -> Customer:
    told = {**customer.contact, **{name: getattr(event, name) for name in changed}}
    return replace(customer, contact={name: value for name, value in told.items() if value})
