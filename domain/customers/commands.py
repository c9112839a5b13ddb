"""What people and programs may ask of a customer.

Orders and enquiries make customers too, by their own decisions: see meeting.py.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self, get_args
from uuid import UUID

from pydantic import PrivateAttr, model_validator

from domain.customers.events import FIELDS, customer_stream
from domain.messages import Code, Command, Name, Written
from domain.paths.asked import CommandAboutOrder


class CustomerCommand(Command):
    """A command to one customer."""

    customer_id: Name

    @cached_property
    def stream_id(self) -> str:
        return customer_stream(self.customer_id)


class ContactCommand(CustomerCommand):
    """A command that says how a customer is called and reached."""

    name: Written | None = None
    phone: Written | None = None
    email: Written | None = None
    address: Written | None = None

    @property
    def told(self) -> tuple[str, ...]:
        """Names of the fields that the sender set, in a stable order."""
        return tuple(name for name in FIELDS if name in self.model_fields_set)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.told:
            raise ValueError("say one of " + ", ".join(FIELDS))
        return self


class CreateCustomer(ContactCommand):
    """Make somebody known to the shop."""

    NAME: ClassVar[str] = "customer.create"


class ChangeContact(ContactCommand):
    """Change how a customer is called and reached. What is set is changed, None clears it."""

    NAME: ClassVar[str] = "customer.change_contact"


class AddTag(CustomerCommand, CommandAboutOrder):
    """Put a customer among those who bear this tag, such as waits_for_sale."""

    NAME: ClassVar[str] = "customer.add_tag"

    tag: Code


class RemoveTag(CustomerCommand, CommandAboutOrder):
    """Take a tag from a customer."""

    NAME: ClassVar[str] = "customer.remove_tag"

    tag: Code


class SetMark(CustomerCommand, CommandAboutOrder):
    """Warn of a customer. Says why, once and for whoever reads it later."""

    NAME: ClassVar[str] = "customer.set_mark"

    mark: Code
    reason_code: Code


class RemoveMark(CustomerCommand):
    """Take a warning back, and say why."""

    NAME: ClassVar[str] = "customer.remove_mark"

    mark: Code
    reason_code: Code


class NoteCustomer(CustomerCommand):
    """Write something about the customer."""

    NAME: ClassVar[str] = "customer.note"

    text: Written


@dataclass(frozen=True, slots=True)
class Belongings:
    """What belongs to a customer: found in the tables, never said by who sends a command."""

    orders: tuple[UUID, ...] = ()
    beside: tuple[str, ...] = ()  # subjects of keys that are not the customer's own: streams
    ends_at: str | None = None  # of all that belongs to the customer; None: nothing is behind


class EraseCustomer(CustomerCommand):
    """Destroy the keys of all that is personal of a customer. It cannot be undone."""

    NAME: ClassVar[str] = "customer.erase"
    ALONE: ClassVar[bool] = True

    reason_code: Code

    _belongings: Belongings = PrivateAttr(default_factory=Belongings)
    _holds_keys: bool = PrivateAttr(default=True)
    _before: Belongings | None = PrivateAttr(default=None)

    @property
    def belongings(self) -> Belongings:
        return self._belongings

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whose keys are destroyed."""
        beside = self._belongings.beside
        if self._before is None:
            return (self.customer_id, *beside)
        before = frozenset(self._before.beside)
        return tuple(stream for stream in beside if stream not in before)

    @property
    def orders(self) -> tuple[UUID, ...]:
        """The customer's orders that no erasing before it has named."""
        before = frozenset(self._before.orders) if self._before is not None else frozenset()
        return tuple(order_id for order_id in self._belongings.orders if order_id not in before)

    @property
    def names_more(self) -> bool:
        """Whether it has something to say though no key is left: of orders that came meanwhile."""
        return self.is_rest and bool(self.orders)

    @property
    def is_rest(self) -> bool:
        """Whether it erases what another one left: then it knows already what that is."""
        return self._before is not None

    @property
    def holds_keys(self) -> bool:
        """Whether anything of these subjects can be opened still: a fact, looked up for us."""
        return self._holds_keys

    def knowing(self, *, holds_keys: bool) -> Self:
        """Give the command with what was looked up; its body is what it was."""
        told = self.model_copy()
        told._holds_keys = holds_keys
        return told

    def of(self, belongings: Belongings) -> Self:
        """Give the command with what was found of the customer; its body is what it was."""
        found = self.model_copy()
        found._belongings = belongings
        return found

    def beyond(self, command_id: UUID, cause: UUID, done: Belongings) -> Self:
        """Give the command that erases what is found beside, and was not found before: nothing that
        the customer has told since. It names the orders that were not found before, too.

        cause: the command whose rest it is
        """
        rest = self.model_copy(update={"command_id": command_id, "causation_id": cause})
        rest._before = done
        return rest


CustomerWish = (
    CreateCustomer
    | ChangeContact
    | AddTag
    | RemoveTag
    | SetMark
    | RemoveMark
    | NoteCustomer
    | EraseCustomer
)

COMMANDS: tuple[type[CustomerCommand], ...] = get_args(CustomerWish)
