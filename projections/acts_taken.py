"""Acts as they are taken to be sent: see projections.acting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Given:
    """A command that a rule gave, or that stops it."""

    command_id: UUID
    rule: str
    body: bytes  # the command, as domain.wire writes it


@dataclass(frozen=True, slots=True)
class Act(Given):
    """The same as it stands in rule_acts."""

    shard: int
    stream_id: str  # of the order that the event is about, or of the stock
    position: int  # of the event that led to it
    act_no: int  # among all that the event led to
    latest_version: int  # of the rule
    per_minute: int  # commands that the rule may send, as its latest version says
    passed: bool  # others of its shard were sent before it
    aside: bool  # it was passed as an act of its order reads what is damaged
    urgent: bool  # stops a rule, or tells of that: no act of the rule's own
    left_out: bool  # since it was given its rule was turned off or to shadow: it is not sent


@dataclass(frozen=True, slots=True)
class Taken:
    """What comes next."""

    acts: Sequence[Act]  # in the order of the log
    reached: Mapping[int, int]  # of each shard a position: up to it these are all, but what passed

    def before(self, ends: Mapping[int, int]) -> "Taken":
        """Give what of it lies before a position in its shard."""
        acts = [act for act in self.acts if act.position < ends.get(act.shard, act.position + 1)]
        reached = {
            shard: min(position, ends.get(shard, position + 1) - 1)
            for shard, position in self.reached.items()
        }
        return Taken(acts, reached)

    def before_these(self, stuck: Mapping[str, Act]) -> "Taken":
        """Give what of it is none of these acts, by the stream of its order, nor behind it."""
        return replace(self, acts=[act for act in self.acts if not _is_behind(act, stuck)])


def _is_behind(act: Act, stuck: Mapping[str, Act]) -> bool:
    first = stuck.get(act.stream_id)
    return first is not None and (act.position, act.act_no) >= (first.position, first.act_no)
