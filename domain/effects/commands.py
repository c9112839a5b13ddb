"""What rules, people and senders may ask of a message that leaves the house."""

from functools import cached_property
from typing import ClassVar
from uuid import UUID

from domain.documents.papers import Paper
from domain.effects.events import Message, effect_stream
from domain.messages import Code, Command, Moment, Name
from domain.orders.events import stream_of as order_stream
from domain.paths.asked import CommandAboutOrder
from domain.templates.line import template_stream
from domain.told_numbers import ToldNumber


class EffectCommand(Command):
    """A command to one effect."""

    effect_id: UUID

    @cached_property
    def stream_id(self) -> str:
        return effect_stream(self.effect_id)


class RequestEffect(EffectCommand, Message, CommandAboutOrder):
    """Have a message sent, once. Its template, as it is now, makes the text."""

    NAME: ClassVar[str] = "effect.request"
    OF_PROGRAMS: ClassVar[tuple[str, ...]] = (
        *CommandAboutOrder.OF_PROGRAMS,
        "rule",
        "rule_version",
    )

    about_version: ToldNumber | None = None
    rule_version: ToldNumber | None = None
    attach: Paper | None = None  # to a mail, of its order

    @cached_property
    def template_stream_id(self) -> str | None:
        """The stream that is read beside; None: it has no template."""
        return None if self.template is None else template_stream(self.template)

    @cached_property
    def order_stream_id(self) -> str | None:
        """The stream of the order whose paper is attached; None: there is none."""
        has_paper = self.attach is not None and self.order_id is not None
        return order_stream(self.order_id) if has_paper and self.order_id else None


class MarkSent(EffectCommand):
    """Say that the channel has taken it. Sent by senders, as the next one."""

    NAME: ClassVar[str] = "effect.mark_sent"

    attempt: ToldNumber
    provider_id: Name | None = None


class MarkFailed(EffectCommand):
    """Say that an attempt has failed, and when the next one is. Sent by senders."""

    NAME: ClassVar[str] = "effect.mark_failed"

    attempt: ToldNumber
    reason_code: Code
    error: Name
    next_at: Moment | None = None  # None: there is none


class ResendEffect(EffectCommand):
    """Send it now, though it failed, is dead, or was sent."""

    NAME: ClassVar[str] = "effect.resend"


class DropEffect(EffectCommand):
    """Do not send it any more."""

    NAME: ClassVar[str] = "effect.drop"

    reason_code: Code


EffectWish = MarkSent | MarkFailed | ResendEffect | DropEffect  # of an effect that is there

COMMANDS: tuple[type[EffectCommand], ...] = (MarkSent, MarkFailed, ResendEffect, DropEffect)
