"""Examples of messages that leave the house, and of the template that makes their text."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.effects import commands as c
from domain.effects import endpoints as p
from domain.effects import events as e
from domain.messages import Actor, Command, Event
from domain.templates.line import PublishTemplate, TemplatePublished
from domain.templates.template import Template

EFFECT_ID = UUID(int=19)
TEMPLATE = Template.model_validate(
    {
        "template": "on_its_way",
        "title": {"en": "The order is on its way"},
        "channel": "mail",
        "texts": {
            "en": {
                "subject": "Order {{ order.number }} is on its way",
                "text": "Hello {{ customer.name }}, track {{ order.track_number }}.",
                "html": "<p>Track <b>{{ order.track_number }}</b>.</p>",
            },
            "ru": {"subject": "Заказ {{ order.number }}", "text": "{{ order.track_number }}"},
        },
    }
)
CUSTOMER = e.Recipient(kind="customer", customer_id="c-7")
_WHO: dict[str, Any] = {"command_id": UUID(int=1), "actor": Actor(kind="system", id="sender")}
_WHICH: dict[str, Any] = {**_WHO, "effect_id": EFFECT_ID}
_MESSAGE: dict[str, Any] = {
    "channel": "mail",
    "to": CUSTOMER,
    "template": "on_its_way",
    "order_id": UUID(int=17),
    "about_version": 3,
    "language": "en",
    "rule": "track_mail",
    "rule_version": 2,
}
_FAILED: dict[str, Any] = {
    "attempt": 1,
    "reason_code": "refused",
    "error": "the server answered 451",
    "next_at": datetime(2026, 3, 2, 9, 5, tzinfo=UTC),
}


def request(**other: Any) -> c.RequestEffect:
    """Ask for the mail of the example, or for one that differs."""
    return c.RequestEffect.model_validate({**_WHICH, **_MESSAGE, **other})


COMMANDS: tuple[Command, ...] = (
    request(),
    c.MarkSent(**_WHICH, attempt=1, provider_id="m-17"),
    c.MarkFailed(**_WHICH, **_FAILED),
    c.ResendEffect(**_WHICH),
    c.DropEffect(**_WHICH, reason_code="told_by_phone"),
    p.PauseEndpoint(**_WHO, endpoint="erp", failures=10),
    p.ResumeEndpoint(**_WHO, endpoint="erp"),
    PublishTemplate(**_WHO, definition=TEMPLATE),
)
EVENTS: tuple[Event, ...] = (
    e.EffectRequested(**_MESSAGE, template_version=1),
    e.EffectSent(attempt=1, provider_id="m-17"),
    e.EffectFailed(**_FAILED),
    e.EffectResent(),
    e.EffectDropped(reason_code="told_by_phone"),
    p.EndpointPaused(endpoint="erp", failures=10),
    p.EndpointResumed(endpoint="erp"),
    TemplatePublished(
        template="on_its_way",
        template_version=1,
        content_hash=TEMPLATE.content_hash,
        definition=TEMPLATE.content,
    ),
)
PUBLISHED = COMMANDS[-1]
