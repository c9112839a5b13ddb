"""The history of one template: its published versions. Stream `template-<name>`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import Field

from domain.guards import no_status_is_expected
from domain.messages import Code, Command, Decided, Event, Happened
from domain.refusals import Refusal
from domain.templates.template import Template


def template_stream(template: str) -> str:
    """Name the stream of a template."""
    return f"template-{template}"


class TemplatePublished(Event):
    """Fact: messages that are asked for from now on say what this version says."""

    NAME: ClassVar[str] = "template.published.v1"

    template: Code
    template_version: Annotated[int, Field(ge=1)]
    content_hash: str  # SHA-256, hexadecimal
    definition: dict[str, Any]  # as published; not checked again at replay


class PublishTemplate(Command):
    """Let messages say from now on what stands here."""

    NAME: ClassVar[str] = "template.publish"

    definition: Template

    @property
    def stream_id(self) -> str:
        return template_stream(self.definition.template)


@dataclass(frozen=True)
class TemplateLine:
    """State of the stream: the latest published version, 0 if there is none."""

    version: int = 0
    template_version: int = 0
    content_hash: str = ""
    definition: Mapping[str, Any] | None = None  # as published
    last_occurred_at: datetime | None = None
    subject_id: str | None = None  # a template belongs to no person

    @cached_property
    def template(self) -> Template | None:
        """The latest version; None if none is published. Read once, as it takes milliseconds."""
        return None if self.definition is None else Template.as_published(self.definition)

    def evolve(self, happened: Happened) -> "TemplateLine":
        event = happened.event
        if not isinstance(event, TemplatePublished):
            raise TypeError(f"{type(event).__name__} is no event of a template")
        return replace(
            self,
            version=happened.version,
            template_version=event.template_version,
            content_hash=event.content_hash,
            definition=event.definition,
            last_occurred_at=happened.occurred_at,
        )


def publish_template(line: TemplateLine, command: PublishTemplate, now: datetime) -> list[Decided]:
    """Publish the next version; the same content again is nothing. Raises: Refusal"""
    definition = command.definition
    if unmet := list(no_status_is_expected(command, "A template")):
        raise Refusal(*unmet)
    if definition.content_hash == line.content_hash:
        return []
    event = TemplatePublished(
        template=definition.template,
        template_version=line.template_version + 1,
        content_hash=definition.content_hash,
        definition=definition.content,
    )
    return [Decided(event, now)]
