"""The state of an effect and how events change it. evolve never refuses and looks nothing up."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, assert_never, cast
from uuid import UUID

from domain.effects import events as e
from domain.messages import Happened

State = Literal["pending", "sent", "failed", "dead", "dropped"]  # failed: it is tried again


@dataclass(frozen=True, slots=True)
class Effect:
    """One message as of its last event. Immutable: evolve gives a new one."""

    version: int = 0
    last_occurred_at: datetime | None = None
    subject_id: str | None = None  # the customer's id, where one was named
    message: e.EffectRequested | None = None
    state: State = "pending"
    attempts: int = 0
    tries: int = 0  # attempts since it was requested, or sent again
    resends: int = 0
    due_since: datetime | None = None  # when it was requested, or sent again

    @property
    def exists(self) -> bool:
        return self.version > 0

    @property
    def order_id(self) -> UUID | None:
        """The order that it is about."""
        return self.message.order_id if self.message else None

    @property
    def is_waiting(self) -> bool:
        """Whether a sender may send it."""
        return self.exists and self.state in ("pending", "failed")

    def evolve(self, happened: Happened) -> "Effect":
        """Give the effect after one more event."""
        at = happened.occurred_at
        effect = replace(self, version=happened.version, last_occurred_at=at)
        event = cast(e.EffectEvent, happened.event)
        match event:
            case e.EffectRequested(to=to):
                whose = to.customer_id if to else None
                return replace(effect, message=event, subject_id=whose, due_since=at)
            case e.EffectSent(attempt=attempt):
                return replace(effect, state="sent", attempts=attempt, tries=self.tries + 1)
            case e.EffectFailed(attempt=attempt, next_at=next_at):
                state: State = "dead" if next_at is None else "failed"
                return replace(effect, state=state, attempts=attempt, tries=self.tries + 1)
            case e.EffectResent():
                resends = self.resends + 1
                return replace(effect, state="pending", tries=0, resends=resends, due_since=at)
            case e.EffectDropped():
                return replace(effect, state="dropped")
            case _:
                assert_never(event)
