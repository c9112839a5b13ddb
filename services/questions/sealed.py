"""What auditors ask of the seal: whether the log is as it was sealed, heads, proofs, keys."""

from typing import TYPE_CHECKING, Annotated, Any, Final, Self

from pydantic import Field, model_validator

from domain.refusals import Unusable
from services.acts import LAST
from services.audit.bundle import MOST_EVENTS, stream_of
from services.audit.key_rotation import list_keys
from services.audit.proofs import (
    consistency_dict,
    find_head,
    head_dict,
    held_of,
    inclusion_dict,
    list_heads,
    prove_consistency,
    prove_inclusion,
    public_keys,
)
from services.audit.reports import report_dict
from services.audit.verify import Wish, verify
from services.questions.question import Asked, Names, OrderRef, question

if TYPE_CHECKING:
    from services.bootstrap import System

MOST_LISTED: Final = 1_000  # heads, and proofs, of a page
MOST_SECONDS: Final = 20  # of one go; a question has 30

Position = Annotated[int, Field(ge=1, le=LAST, examples=[4711])]
Number = Annotated[int, Field(ge=1, le=2**31 - 1, examples=[17])]
Page = Annotated[int, Field(ge=1, le=MOST_LISTED, description="at most so many", examples=[50])]


class AuditVerify(Asked):
    """What shall be checked, and for how long."""

    first: Annotated[Position | None, Field(description="by default the first event")] = None
    last: Annotated[Position | None, Field(description="by default the end of the log")] = None
    behind: Annotated[
        Number | None, Field(description="go on behind this head: `next` of the go before")
    ] = None
    key: Annotated[Names, Field(description="ids of keys that you hold for ours")] = ()
    seconds: Annotated[
        int, Field(ge=1, le=MOST_SECONDS, description="then it ends, and says how far it came")
    ] = 10

    @model_validator(mode="after")
    def _begins_once(self) -> Self:
        if self.first is not None and self.behind is not None:
            raise ValueError("behind goes on where a go before ended: leave out first")
        return self


class AuditHeads(Asked):
    """Which heads."""

    after: Annotated[
        int | None,
        Field(ge=0, le=2**31 - 1, description="behind this one: `next`; by default the last ones"),
    ] = None
    limit: Page = 100


class AuditProofs(Asked):
    """Which events, and under which head."""

    order: OrderRef | None = None
    position: Annotated[Position | None, Field(description="or one event, by its position")] = None
    head: Annotated[Number | None, Field(description="by default the last head")] = None
    after: Annotated[
        Position | None, Field(description="only an order's events behind there: `next`")
    ] = None
    limit: Page = 100

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.order is None) == (self.position is None):
            raise ValueError("name one of order and position")
        return self


class AuditConsistency(Asked):
    """Which two heads."""

    first: Annotated[Number, Field(description="number of the earlier head")]
    second: Annotated[Number, Field(description="number of the later head", examples=[42])]


class AuditKeys(Asked):
    """The keys of the seal."""


@question("audit.verify", "/audit/verify", reads="whole_log")
def check(system: "System", asked: AuditVerify) -> dict[str, Any]:
    """Check the log against what was sealed of it, as far as the time reaches."""
    wish = Wish(
        asked.first or 1,
        asked.last,
        trusted=asked.key,
        behind=asked.behind or 0,
        seconds=asked.seconds,
    )
    return report_dict(system.audit, verify(system.audit, wish))


@question("audit.heads", "/audit/heads", reads="whole_log")
def heads(system: "System", asked: AuditHeads) -> dict[str, Any]:
    """List the signed heads, the newest last."""
    log = system.audit
    found = list_heads(log, asked.limit, asked.after)
    known, last = public_keys(log), log.last_head()
    more = bool(found and last and found[-1].head.number < last.head.number)
    return {
        "heads": [head_dict(one, known.get(one.head.key_id, b"")) for one in found],
        "next": found[-1].head.number if more else None,
    }


@question("audit.proofs", "/audit/proofs", reads="whole_log")
def proofs(system: "System", asked: AuditProofs) -> dict[str, Any]:
    """Prove that events are in the log of a head: one, or those of an order that the head holds."""
    log = system.audit
    head = find_head(log, asked.head).head  # One for all, whatever is sealed meanwhile.
    positions, unsealed = [asked.position or 0], 0
    if asked.order is not None:
        stream = stream_of(system, asked.order)
        held, unsealed = held_of(log, stream, head.events.size, MOST_EVENTS)
        if not held:
            raise Unusable(f"Head {head.number} holds no event of this order: all came after it.")
        positions = [one for one in held if one > (asked.after or 0)]
    page = positions[: asked.limit]
    known = public_keys(log)
    return {
        "proofs": [
            inclusion_dict(one, known.get(one.head.head.key_id, b""))
            for one in prove_inclusion(log, page, head.number)
        ],
        "next": page[-1] if len(positions) > len(page) else None,
        "unsealed": unsealed,  # events of the order behind the head
    }


@question("audit.consistency", "/audit/consistency", reads="whole_log")
def consistency(system: "System", asked: AuditConsistency) -> dict[str, Any]:
    """Prove that the log of a head begins with that of an earlier one."""
    found = prove_consistency(system.audit, asked.first, asked.second)
    return consistency_dict(found, public_keys(system.audit))


@question("audit.keys", "/audit/keys", reads="whole_log")
def keys(system: "System", asked: AuditKeys) -> list[dict[str, Any]]:
    """List the keys of the seal, the oldest first."""
    return list_keys(system)
