"""What is asked of messages that leave the house, and of the texts that they are made of."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from domain.effects.channels import Undelivered
from domain.messages import Moment, Name
from domain.refusals import Absent
from domain.templates.template import Template
from projections.reports.effects import MOST_LISTED, EffectsNow, Sought, list_effects
from services.effects import check_outlet, is_outlet, published_template, show_effect
from services.questions.question import Asked, Cursor, OrderRef, Ref, question
from services.reading import find_order

if TYPE_CHECKING:
    from services.bootstrap import System

TemplateName = Annotated[Ref, Field(description="as template.list names it", examples=["paid"])]


class Effects(Asked):
    """Messages, the newest first; what is not said is whatever it is."""

    state: Literal["pending", "sent", "failed", "dead", "dropped"] | None = None
    channel: Literal["mail", "sms", "webhook"] | None = None
    endpoint: Annotated[Name | None, Field(description="of webhooks")] = None
    template: Annotated[Name | None, Field(description="made from this one")] = None
    rule: Annotated[Name | None, Field(description="asked for by it")] = None
    since: Annotated[Moment | None, Field(description="asked for then or later")] = None
    until: Annotated[Moment | None, Field(description="asked for before")] = None
    order: Annotated[OrderRef | None, Field(description="about this order")] = None
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED, description="rows at most")] = MOST_LISTED


class ShowEffect(Asked):
    """One message."""

    effect: Annotated[UUID, Field(examples=["7c9e6679-7425-40de-944b-e07fc1f90ae7"])]


class Outlets(Asked):
    """Where messages may leave the house."""


class KnownOutlet(Asked):
    """An outlet by its name."""

    outlet: Annotated[Ref, Field(description="mail, sms, or an endpoint", examples=["mail"])]


class Templates(Asked):
    """The published templates."""


class ShowTemplate(Asked):
    """The latest version of a template."""

    template: TemplateName


class PreviewTemplate(Asked):
    """What a template would say of an order."""

    template: TemplateName
    order: OrderRef
    language: Annotated[Name | None, Field(description="by default the shop's")] = None


@question("effect.list", "/effects", reads="tables")
def effects(system: "System", asked: Effects) -> EffectsNow:
    """List messages, the newest first, and how many there are of each outlet."""
    order_id = None if asked.order is None else find_order(system, asked.order)
    wanted = asked.model_dump(exclude={"order", "cursor", "limit"})
    with system.snapshot() as reader:
        sought = Sought(**wanted, order_id=order_id)
        return list_effects(reader, sought, cursor=asked.cursor, limit=asked.limit)


@question("effect.show", "/effects/{effect}", reads="log")
def effect(system: "System", asked: ShowEffect) -> dict[str, Any]:
    """Show a message: what it says, to whom, and what happened to it."""
    return show_effect(system, asked.effect)


@question("outlet.list", "/outlets", reads="log")
def outlets(system: "System", asked: Outlets) -> list[dict[str, Any]]:
    """List the outlets that the settings open: mail, SMS, and endpoints of webhooks."""
    return [{"outlet": one.name, "channel": one.channel} for one in system.settings.outlets]


@question("outlet.show", "/outlets/{outlet}", reads="tables", right="outlet.list")
def outlet(system: "System", asked: KnownOutlet) -> dict[str, Any]:
    """Say whether the settings open an outlet that there is or was."""
    if not is_outlet(system, asked.outlet):
        check_outlet(system, asked.outlet)
    opened = any(one.name == asked.outlet for one in system.settings.outlets)
    return {"outlet": asked.outlet, "open": opened}


@question("template.list", "/templates", reads="log")
def templates(system: "System", asked: Templates) -> list[dict[str, Any]]:
    """List the published templates with their latest versions."""
    lines = [published_template(system, name) for name in sorted(system.log.names("template"))]
    return [template_row(one.latest, one.template) for one in lines if one.template]


@question("template.show", "/templates/{template}", reads="log")
def template(system: "System", asked: ShowTemplate) -> dict[str, Any]:
    """Show the latest version of a template."""
    line = published_template(system, asked.template)
    return {"template": asked.template, "version": line.latest, "definition": line.definition}


@question("template.preview", "/templates/{template}/preview", reads="log")
def preview(system: "System", asked: PreviewTemplate) -> dict[str, str]:
    """Show what a template would say of an order as it is now. Nothing is sent."""
    made = published_template(system, asked.template).template
    assert made is not None, "a published template has a definition"
    order_id = find_order(system, asked.order)
    try:
        said = system.letters.preview(made, order_id, asked.language)
    except Undelivered as failure:
        raise Absent(f"{failure.code}: {failure.error}") from failure
    return {name: text for name, text in asdict(said).items() if text is not None}


def template_row(version: int | None, template: Template) -> dict[str, Any]:
    """Describe a template, also one that comes along and is not published: version is None."""
    return {
        "template": template.template,
        "version": version,
        "channel": template.channel,
        "title": template.title.get("en", template.template),
        "languages": ", ".join(template.texts),
    }
