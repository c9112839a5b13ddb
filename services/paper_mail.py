"""Papers to be mailed: one message for each addressee, asked for once however often it is said.

The message names the paper; whoever sends it makes the page, services.papers. Used by the CLI.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from domain.documents.papers import Paper, document_of
from domain.effects.commands import RequestEffect
from domain.effects.events import Recipient
from domain.messages import Outcome
from domain.orders.order import Order
from domain.templates.line import PublishTemplate
from services.bootstrap import SYSTEM, template_files
from services.customers import find_customer
from services.reading import order_now

if TYPE_CHECKING:
    from services.bootstrap import System

_TEMPLATES: Final = uuid5(NAMESPACE_URL, "orderpath:templates")
TEMPLATE: Final = "document"  # comes along, and is published when it is first needed


@dataclass(frozen=True, slots=True)
class PaperMail:
    """What is mailed, to whom, and what the mail around it says."""

    paper: Paper
    to: Sequence[str]  # customer, owner, user:NAME, group:NAME, or how find_customer finds one
    template: str = TEMPLATE
    language: str | None = None  # of mail and paper; None: as the settings say


@dataclass(frozen=True, slots=True)
class Asked:
    """One addressee, and the answer to the wish that the paper goes there."""

    effect_id: UUID
    to: str  # as it was said
    outcome: Outcome

    @property
    def is_known(self) -> bool:
        """Whether the same paper was to go there already."""
        return any(unmet.code == "effect_exists" for unmet in self.outcome.unmet)


def mail_paper(
    system: "System", order_id: UUID, mail: PaperMail, envelope: Mapping[str, Any]
) -> Iterator[Asked]:
    """Ask for a mail to each addressee. envelope: who asks, without a command id

    An invoice goes to an addressee once, another paper once for each version of the order.
    Raises: Refusal customer_unknown, before anything is asked for
    """
    order, paper = order_now(system, order_id), mail.paper
    recipients = {to: _recipient(system, order, to) for to in dict.fromkeys(mail.to)}
    _publish_first(system, mail.template)
    shown = document_of(order, paper)
    if shown is not None:
        paper = Paper(kind=paper.kind, document_id=shown.document_id)
    which = f"{paper.kind}:{shown.document_id if shown else order.version}"
    for to, recipient in recipients.items():
        whom = recipient.model_dump_json(exclude_none=True)
        effect_id = uuid5(order_id, f"{which}:{mail.template}:{mail.language}:{whom}")
        wish = RequestEffect(
            **envelope,
            command_id=uuid4(),
            effect_id=effect_id,
            channel="mail",
            to=recipient,
            template=mail.template,
            order_id=order_id,
            language=mail.language,
            attach=paper,
        )
        yield Asked(effect_id, to, system.execute(wish))


def _recipient(system: "System", order: Order, said: str) -> Recipient:
    kind, _, name = said.partition(":")
    match kind:
        case "customer" if not name:
            return Recipient(kind="customer", customer_id=order.customer_id)
        case "owner" if not name:
            return Recipient(kind="owner")
        case "user" | "group" if name:
            return Recipient(kind=kind, who=name)
        case _:
            return Recipient(kind="customer", customer_id=find_customer(system, said))


def _publish_first(system: "System", template: str) -> None:
    """Publish the template that comes along, unless the shop has published its own."""
    if template == TEMPLATE and template not in system.log.names("template"):
        definition = template_files.load_preset(template)
        named = uuid5(_TEMPLATES, f"{template}:{definition.content_hash}")
        system.execute(PublishTemplate(command_id=named, actor=SYSTEM, definition=definition))
