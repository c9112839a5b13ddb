"""What is asked of reading itself: who read whose personal data."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from domain.access.reads import Sought
from domain.messages import Moment, Name
from services.questions.question import Asked, Cursor, question
from services.reads import list_reads

if TYPE_CHECKING:
    from services.bootstrap import System

MOST_LISTED = 10_000
When = Annotated[Moment | None, Field(examples=["2026-01-31T12:00:00Z"])]


class ReadsOf(Asked):
    """Whose data, read by whom, when."""

    subject: Annotated[
        Name | None, Field(description="customer id, or stream of an order without a customer")
    ] = None
    actor: Annotated[Name | None, Field(description="who read, also for whom")] = None
    since: When = None
    until: When = None
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED)] = 100


@question("audit.access", "/audit/accesses", reads="whole_log")
def accesses(system: "System", asked: ReadsOf) -> dict[str, Any]:
    """List who read whose personal data over the API, the latest first."""
    sought = Sought(asked.subject, asked.actor, asked.since, asked.until)
    return list_reads(system.read_store, sought, asked.limit, asked.cursor)
