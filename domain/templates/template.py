"""A template as a value: what a message says, in several languages. Data, never code.

Source: the YAML language of docs/messages.md; infra reads the file, `Template` checks it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationInfo, model_validator

from domain.messages import Code, Shape, Text
from domain.paths.definition import Definition, Title, is_published
from domain.templates.language import Source, render, speaks_of

MAX_LANGUAGES = 50

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]  # ISO 639-1


class Wording(Shape):
    """A message in one language."""

    subject: Annotated[Source, Field(max_length=500)] | None = None  # of a mail
    text: Source
    html: Source | None = None  # of a mail, beside the text


@dataclass(frozen=True, slots=True)
class Rendered:
    """What somebody reads."""

    subject: str | None
    text: str
    html: str | None


class Template(Definition):
    """One template, checked: it speaks of nothing that no order has."""

    template: Code
    title: Title = Field(default_factory=dict)
    description: Text | None = None
    channel: Literal["mail", "sms"]
    texts: Annotated[dict[Language, Wording], Field(min_length=1, max_length=MAX_LANGUAGES)]

    @model_validator(mode="after")
    def _fits_its_channel(self, info: ValidationInfo) -> Self:
        if is_published(info):
            return self
        for language, wording in self.texts.items():
            if self.channel == "mail" and wording.subject is None:
                raise ValueError(f"a mail has a subject: write one in {language}")
            if self.channel == "sms" and (wording.subject or wording.html):
                raise ValueError(f"an SMS has no subject and no html: take it out of {language}")
        return self

    @cached_property
    def speaks_of(self) -> frozenset[str]:
        """Name what it needs: order, customer, stock."""
        sources = (
            source
            for wording in self.texts.values()
            for source in (wording.subject, wording.text, wording.html)
            if source is not None
        )
        return frozenset().union(*map(speaks_of, sources))

    def language_for(self, *wanted: str | None) -> str:
        """Give the first language of these that it has, else its own first."""
        return next((one for one in wanted if one in self.texts), next(iter(self.texts)))

    def render(self, language: str, variables: Mapping[str, Any]) -> Rendered:
        """Make the message. Raises: Unrenderable"""
        wording = self.texts[language]
        subject = wording.subject and render(wording.subject, variables)
        return Rendered(
            subject=subject and " ".join(subject.split()),  # One line: it becomes a header.
            text=render(wording.text, variables),
            html=wording.html and render(wording.html, variables, html=True),
        )
