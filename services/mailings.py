"""Mailings: one message for each customer of a segment, never two, whoever dies in between.

The ids of messages and commands follow from mailing and customer: a mailing that was interrupted is
said again with its id, and whoever was asked for before is answered as before. Used by the CLI.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

from domain.effects.commands import RequestEffect
from domain.effects.events import EffectRequested, Recipient
from domain.effects.guards import template_fits
from domain.messages import Actor, Outcome
from domain.refusals import CommandIdReused, Refusal, Unusable
from domain.templates.template import Rendered, Template
from projections.reports.segment_members import MOST_LISTED, Condition, list_members
from services.effects import published_template

if TYPE_CHECKING:
    from services.bootstrap import System

KINDS: Final = ("tag", "mark", "reason")
AT_ONCE: Final = 256  # messages that are asked for together


@dataclass(frozen=True, slots=True)
class Mailing:
    """What is sent to a segment, by whom and why."""

    mailing_id: UUID
    template: Template
    actor: Actor
    source: str
    language: str | None = None
    reason: str | None = None


def read_segment(text: str) -> list[Condition]:
    """Read `tag:vip`, `mark:bad`, `reason:postponed`, or several with commas: all have to hold.

    Raises: Unusable
    """
    found = []
    for part in text.split(","):
        kind, _, code = part.strip().partition(":")
        if kind not in KINDS or not code:
            kinds = ", ".join(f"{one}:CODE" for one in KINDS)
            raise Unusable(f"{part!r} is no segment: write one of {kinds}, several with commas")
        found.append((kind, code))
    return found


def customers_of(system: "System", segment: Sequence[Condition]) -> list[str]:
    """Give the ids of a segment's customers. The projections must be up to date.

    Raises: Unusable if there are more than MOST_LISTED
    """
    with system.snapshot() as reader:
        found, more = list_members(reader, segment, MOST_LISTED)
    if more is not None:
        raise Unusable(f"more than {MOST_LISTED:,} customers are meant: narrow it")
    return [one["customer_id"] for one in found]


def check_mailing(system: "System", mailing: Mailing, customer_id: str) -> Rendered:
    """Give what a customer would read. Raises: Refusal, Undelivered"""
    wish = request_of(mailing, customer_id)
    if unmet := [*template_fits(wish, published_template(system, mailing.template.template))]:
        raise Refusal(*unmet)
    told = wish.model_dump(include={"channel", "to", "language"})
    return system.letters.sample(mailing.template, EffectRequested.model_validate(told))


def mail_to(
    system: "System", mailing: Mailing, customers: Sequence[str]
) -> Iterator[tuple[str, Outcome]]:
    """Ask for a message to each customer; give the answers in their order.

    Raises: Unusable if the id is that of another mailing; InfraError, then it may be said again
    """
    for start in range(0, len(customers), AT_ONCE):
        some = customers[start : start + AT_ONCE]
        asked = [system.pipeline.submit(request_of(mailing, one)) for one in some]
        for customer_id, future in zip(some, asked, strict=True):
            yield customer_id, _answer(future, mailing)


def request_of(mailing: Mailing, customer_id: str) -> RequestEffect:
    """Build the wish that a customer gets the message."""
    said: Mapping[str, Any] = {} if mailing.reason is None else {"reason": mailing.reason}
    return RequestEffect(
        **said,
        command_id=uuid5(mailing.mailing_id, f"ask:{customer_id}"),
        correlation_id=mailing.mailing_id,
        actor=mailing.actor,
        source=mailing.source,
        effect_id=uuid5(mailing.mailing_id, customer_id),
        channel=mailing.template.channel,
        to=Recipient(kind="customer", customer_id=customer_id),
        template=mailing.template.template,
        language=mailing.language,
    )


def _answer(future: Future[Outcome], mailing: Mailing) -> Outcome:
    try:
        return future.result()
    except CommandIdReused:
        raise Unusable(
            f"mailing {mailing.mailing_id} was begun with another template, language or reason: "
            "repeat it as it was, or leave its id out"
        ) from None
