"""Reads one message from the log, as far as it may be shown, and knows which outlets there are: for
the CLI, later for the API.
"""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.effects import events as e
from domain.effects.channels import Undelivered
from domain.effects.effect import Effect
from domain.effects.endpoints import endpoint_stream
from domain.effects.events import effect_stream
from domain.hints import hint
from domain.messages import Recorded
from domain.reading import folded
from domain.refusals import Refusal, Unmet, Unusable
from domain.templates.line import TemplateLine, template_stream
from projections.reports.effects import Sought, list_effects
from services.customers import is_stranger
from services.reading import seen_only
from services.streams import events_of

if TYPE_CHECKING:
    from services.bootstrap import System


def show_effect(system: "System", effect_id: UUID) -> dict[str, Any]:
    """Give a message with stable keys (docs/messages.md), what happened to it, and what it says.

    Raises: Refusal effect_unknown
    """
    events = seen_only(system, events_of(system.log, effect_stream(effect_id)))
    effect = folded(Effect(), events)
    message, whose = effect.message, effect.subject_id
    of_order = message is not None and message.order_id is not None
    if message is None or (whose and not of_order and is_stranger(system, whose)):
        raise Refusal(_unknown(effect_id))
    return {
        "effect_id": str(effect_id),
        **message.model_dump(mode="json"),
        "state": effect.state,
        "attempts": effect.attempts,
        "says": _says(system, effect_id, effect),
        "history": [_told(one) for one in events],
    }


def published_template(system: "System", name: str) -> TemplateLine:
    """Give a template's history. Raises: Unusable that names those that there are"""
    stream = template_stream(name)
    line = folded(TemplateLine(), events_of(system.log, stream))
    if line.template is None:
        names = ", ".join(sorted(system.log.names("template"))) or "none is published"
        raise Unusable(f"no template is named {name!r}: choose one of {names}")
    return line


def is_outlet(system: "System", name: str) -> bool:
    """Whether the settings open an outlet of this name, or it was paused before."""
    return name in _outlets(system) or bool(events_of(system.log, endpoint_stream(name)))


def check_outlet(system: "System", name: str) -> None:
    """See that messages were for an outlet that no setting opens any more. A slip of the pen would
    leave the real one as it is. The read models are up to date.

    Raises: Unusable that names those that there are
    """
    with system.snapshot() as reader:
        had = {one["outlet"] for one in list_effects(reader, Sought(), limit=1)["outlets"]}
    if name not in had:
        names = sorted(_outlets(system) | had)
        raise Unusable(f"no outlet is named {name[:64]!r}{hint(name, names)}")


def _outlets(system: "System") -> set[str]:
    """Name those of the settings, and mail and SMS, which may still be opened."""
    return {"mail", "sms"} | {outlet.name for outlet in system.settings.outlets}


def _says(system: "System", effect_id: UUID, effect: Effect) -> dict[str, Any]:
    """Write it out as it would go now, or say why it could not."""
    try:
        out = system.letters.write(effect_id, effect)
    except Undelivered as failure:
        return {"cannot": failure.code, "why": failure.error}
    said = {"to": out.to, "subject": out.subject, "text": out.text, "html": out.html}
    return {name: value for name, value in said.items() if value is not None}


def _told(recorded: Recorded) -> dict[str, Any]:
    event = recorded.event
    row = {"at": recorded.occurred_at, "what": event.NAME.split(".")[1], "by": recorded.actor_id}
    match event:
        case e.EffectSent() | e.EffectFailed() | e.EffectDropped():
            return row | event.model_dump(mode="json", exclude_none=True)
        case _:
            return row


def _unknown(effect_id: UUID) -> Unmet:
    return Unmet(
        code="effect_unknown",
        field="effect_id",
        message=f"There is no effect {effect_id}",
        needed="an id that `orderpath effects list` shows",
    )
