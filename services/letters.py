"""Letters: what a message says and where it goes, written out from the log when it is sent.

An order speaks as it was at the version that the message is about, so that every attempt says the
same; whoever gets it is reached as they are reached now.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol
from uuid import UUID

from pydantic_core import to_json

from domain.customers.customer import Customer
from domain.customers.events import customer_stream
from domain.documents.papers import Paper
from domain.effects.channels import Attachment, Outgoing, Undelivered
from domain.effects.effect import Effect
from domain.effects.events import EffectRequested, EffectResent, Recipient, effect_stream
from domain.facts import PathKey
from domain.messages import Recorded
from domain.orders.contact import is_of_another, lost_its_customer
from domain.orders.events import stream_of
from domain.orders.order import Order
from domain.paths.path import OrderPath
from domain.public.order_state import state_of as public_state_of
from domain.reading import Head, folded
from domain.refusals import Refusal
from domain.stock.events import stream_of as stock_stream
from domain.stock.stock import Stock
from domain.templates.language import Unrenderable
from domain.templates.line import TemplatePublished, template_stream
from domain.templates.offered import Setting, of_order, of_stock
from domain.templates.template import Rendered, Template
from services import streams
from services.history import state_of
from services.streams import events_of, until

_ADDRESS: Final = {  # what it is called, and how it looks
    "mail": ("e-mail address", re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+")),
    "sms": ("phone number", re.compile(r"[^@]*[0-9][^@]*")),
}
_DIALLED: Final = re.compile(r"\+?[0-9][0-9 ()./-]{4,}")  # a name that is a phone number
_FIELD: Final = {"mail": "email", "sms": "phone"}  # of a customer


class Log(streams.Log, Protocol):
    """The log as letters and papers read it."""

    def load_paths(self, keys: Sequence[PathKey]) -> Mapping[PathKey, OrderPath]: ...
    def head(self) -> Head: ...


@dataclass(frozen=True, slots=True)
class About:
    """What a message is about."""

    then: Order  # as it speaks of it
    now: Order
    customer: Customer
    is_the_orders: bool  # whoever is told is whoever the order tells of
    stock: Stock


# From an order, what of it is wanted, a language, and whether it is for the customer of the order,
# to a PDF. Raises: Refusal
Draw = Callable[[UUID, Paper, str | None, bool], Attachment]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message, and who wants it sent."""

    effect: Effect
    by: Recorded | None  # its request, or the latest that wants it sent again; None: there is none


class Letters:
    """Writes messages. Threads may share it."""

    def __init__(
        self,
        log: Log,
        setting: Setting,
        contacts: Mapping[str, Sequence[str]] | None = None,
        draw: Draw | None = None,
    ) -> None:
        """contacts: of the shop's people, `user:ann` or `group:leads` -> addresses and numbers

        draw: makes the papers that go with mails
        """
        self._log = log
        self._setting = setting
        self._contacts = contacts or {}
        self._draw = draw

    def wanted(self, effect_id: UUID) -> Wanted:
        """Give a message as of its last event: the log knows more than any table."""
        events = events_of(self._log, effect_stream(effect_id))
        asked = [one for one in events if isinstance(one.event, EffectRequested | EffectResent)]
        return Wanted(folded(Effect(), events), asked[-1] if asked else None)

    def write(self, effect_id: UUID, effect: Effect) -> Outgoing:
        """Write a message out. Raises: Undelivered, then it cannot be sent as it is"""
        message = effect.message
        assert message is not None, "an effect begins with its request"
        about = self._about(message)
        if message.channel == "webhook":
            return Outgoing(message_id=str(effect_id), text=self._body(message, about))
        if self._was_the_customer(effect_id, message, about):
            words = "who was to be told is no longer the customer of the order"
            raise Undelivered("no_contact", words, final=True)
        to, made = self._address(message, about), self.rendered(message, about)
        again = f".{effect.resends}" if effect.resends else ""  # It shall not look like the first.
        return Outgoing(
            message_id=f"{effect_id}{again}",
            text=made.text,
            to=to,
            subject=made.subject,
            html=made.html,
            attachment=self._attached(message, about.now),
        )

    def _was_the_customer(self, effect_id: UUID, message: EffectRequested, about: About) -> bool:
        """Say whether somebody is to be told as the customer of an order and is so no more; who
        was none when the message was asked for is told on purpose.
        """
        to = message.to
        if to is None or to.kind != "customer" or message.order_id is None:
            return False
        if to.customer_id is not None and to.customer_id == about.now.customer_id:
            return False
        then = about.then
        if message.about_version is None:
            asked = events_of(self._log, effect_stream(effect_id))[0].position
            events = events_of(self._log, stream_of(message.order_id))
            then = state_of([one for one in events if one.position < asked])
        return to.customer_id in (None, then.customer_id) and is_of_another(then, about.now)

    def _attached(self, message: EffectRequested, now: Order) -> Attachment | None:
        if message.attach is None or message.order_id is None:
            return None
        assert self._draw is not None, "whoever sends can make papers"
        theirs = _is_to_customer(message.to, now)
        try:
            return self._draw(message.order_id, message.attach, message.language, theirs)
        except Refusal as refusal:
            words = "the paper cannot be made: " + refusal.unmet[0].code
            raise Undelivered("paper_missing", words, final=True) from refusal

    def preview(self, template: Template, order_id: UUID, language: str | None) -> Rendered:
        """Show what a template would say of an order as it is now. Raises: Undelivered"""
        message = EffectRequested(channel=template.channel, order_id=order_id, language=language)
        return self.sample(template, message)

    def sample(self, template: Template, message: EffectRequested) -> Rendered:
        """Show what a template would say in a message that nobody asked for. Raises: Undelivered"""
        return self._render(template, message, self._about(message))

    def rendered(self, message: EffectRequested, about: About) -> Rendered:
        """Make the text of a message. Raises: Undelivered"""
        return self._render(self._template(message), message, about)

    def _render(self, template: Template, message: EffectRequested, about: About) -> Rendered:
        language = template.language_for(message.language, self._setting.language)
        setting = replace(self._setting, language=language)
        try:
            return template.render(language, self._variables(message, about, setting))
        except Unrenderable as error:
            words = f"the template {template.template}: {error}"
            raise Undelivered("template_failed", words[:200], final=True) from error

    def _variables(
        self, message: EffectRequested, about: About, setting: Setting
    ) -> Mapping[str, Any]:
        path = self._path(about.then)
        told = about.now.field_value("customer_name") if about.is_the_orders else None
        name = told or about.customer.contact.get("name")
        variables: dict[str, Any] = {"customer": {"name": name}}
        if message.order_id is not None:
            variables["order"] = of_order(message.order_id, about.then, path, setting)
        if message.sku is not None:
            variables["stock"] = of_stock(message.sku, message.location or "", about.stock)
        return variables

    def _about(self, message: EffectRequested) -> About:
        then, now, customer, stock = Order(), Order(), Customer(), Stock()
        if message.order_id is not None:
            events = events_of(self._log, stream_of(message.order_id))
            now = state_of(events)
            then = state_of(until(events, message.about_version))
        if message.sku is not None:
            stream = stock_stream(message.sku, location=message.location or "")
            events = events_of(self._log, stream)
            stock = folded(stock, until(events, message.about_version))
        whose = (message.to and message.to.customer_id) or now.customer_id
        if whose is not None:
            customer = folded(customer, events_of(self._log, customer_stream(whose)))
        return About(then, now, customer, _ordered(whose, now), stock)

    def _template(self, message: EffectRequested) -> Template:
        for recorded in events_of(self._log, template_stream(message.template or "")):
            event = recorded.event
            if (
                isinstance(event, TemplatePublished)
                and event.template_version == message.template_version
            ):
                return Template.as_published(event.definition)
        raise Undelivered("template_gone", f"no template {message.template}", final=True)

    def _address(self, message: EffectRequested, about: About) -> str:
        to, (kind, form) = message.to, _ADDRESS[message.channel]
        for text in self._reached(to, message, about) if to else ():
            if form.fullmatch(text):
                return text
        words = f"no {kind} of the {to.kind if to else 'recipient'} is known"
        raise Undelivered("no_contact", words, final=True)

    def _reached(self, to: Recipient, message: EffectRequested, about: About) -> Iterator[str]:
        """Give the ways to whoever is told, the best one first."""
        match to.kind:
            case "address":
                yield to.address or ""
            case "customer":
                field = _FIELD[message.channel]
                if about.is_the_orders:
                    yield str(about.now.field_value(f"customer_{field}") or "")
                yield about.customer.contact.get(field, "")
            case "owner":
                yield from self._people(message.channel, "user", about.then.owner_user)
                yield from self._people(message.channel, "group", about.then.owner_group)
            case "user" | "group":
                yield from self._people(message.channel, to.kind, to.who)

    def _people(self, channel: str, kind: str, name: str | None) -> Iterator[str]:
        if name is not None:
            yield from self._contacts.get(f"{kind}:{name}", ())
            if channel != "sms" or _DIALLED.fullmatch(name):
                yield name  # Where people log in by their address, it is their name.

    def _body(self, message: EffectRequested, about: About) -> str:
        """Make the body of a webhook: the public state of what it is about."""
        if message.order_id is not None and about.then.exists:
            epoch, path = self._log.head().epoch, self._path(about.then)
            state = public_state_of(about.then, message.order_id, epoch, path)
            at, kind, said = (
                about.then.last_occurred_at,
                state.TYPE,
                state.model_dump(mode="json", exclude_none=True),
            )
        elif message.sku is not None:
            at, kind = about.stock.last_occurred_at, "stock.state.v1"
            said = {**of_stock(message.sku, message.location or "", about.stock)}
        else:
            raise Undelivered("nothing_to_tell", "there is no such order", final=True)
        rule = {"rule": message.rule} if message.rule else {}
        return to_json({"type": kind, "timestamp": at, **rule, "data": said}).decode()

    def _path(self, order: Order) -> OrderPath | None:
        return self._log.load_paths([order.pinned]).get(order.pinned) if order.path else None


def _is_to_customer(to: Recipient | None, now: Order) -> bool:
    """Whether it goes to the customer of the order."""
    return to is not None and to.kind == "customer" and to.customer_id in (None, now.customer_id)


def _ordered(whose: str | None, now: Order) -> bool:
    """Whether what the order tells of its customer is of the one who is told; of nobody known,
    where it has not lost one: it may still have the contact of whoever was taken off.
    """
    return not lost_its_customer(now) if whose is None else whose == now.customer_id
