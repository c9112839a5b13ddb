"""The history of one template: its published versions. Stream `template-<name>`."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import Field

from domain.messages import Code, Event
from domain.publishing import Line, Publish
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


class PublishTemplate(Publish):
    """Let messages say from now on what stands here."""

    NAME: ClassVar[str] = "template.publish"

    definition: Template

    @property
    def stream_id(self) -> str:
        return template_stream(self.definition.template)


@dataclass(frozen=True)
class TemplateLine(Line):
    """State of the stream of a template."""

    KIND = "template"
    PUBLISHED = TemplatePublished

    @cached_property
    def template(self) -> Template | None:
        """The latest version; None if none is published. Read once, as it takes milliseconds."""
        return None if self.definition is None else Template.as_published(self.definition)
