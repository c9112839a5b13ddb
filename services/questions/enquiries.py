"""What is asked of enquiries, and of groups of customers: ids only, never a name."""

from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from projections.reports.enquiries import MOST_LISTED as MOST_ENQUIRIES
from projections.reports.enquiries import list_enquiries
from projections.reports.segment_members import (
    MOST_LISTED,
    Group,
    count_members,
    list_groups,
    list_members,
)
from services.enquiries import show_enquiry
from services.mailings import read_segment
from services.questions.question import Asked, Cursor, Ref, question

if TYPE_CHECKING:
    from services.bootstrap import System

SegmentName = Annotated[
    Ref,
    Field(
        description="tag:CODE, mark:CODE or reason:CODE; with commas: all of them",
        examples=["tag:vip"],
    ),
]


class Enquiries(Asked):
    """Enquiries, and how many became orders."""

    state: Literal["open", "ordered", "closed"] | None = None
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_ENQUIRIES, description="rows at most")] = (
        MOST_ENQUIRIES
    )


class ShowEnquiry(Asked):
    """One enquiry."""

    enquiry: Annotated[UUID, Field(examples=["7c9e6679-7425-40de-944b-e07fc1f90ae7"])]


class Groups(Asked):
    """The groups of customers."""


class ShowSegment(Asked):
    """Who is in a group."""

    segment: SegmentName
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED, description="rows at most")] = MOST_LISTED


@question("enquiry.list", "/enquiries", reads="tables")
def enquiries(system: "System", asked: Enquiries) -> dict[str, Any]:
    """List enquiries, and how many became orders."""
    with system.snapshot() as reader:
        found = list_enquiries(reader, state=asked.state, cursor=asked.cursor, limit=asked.limit)
    return dict(found)


@question("enquiry.show", "/enquiries/{enquiry}", reads="log")
def enquiry(system: "System", asked: ShowEnquiry) -> dict[str, Any]:
    """Show what was asked, by whom, and what became of it."""
    return show_enquiry(system, asked.enquiry)


@question("segment.list", "/segments", reads="tables")
def segments(system: "System", asked: Groups) -> list[Group]:
    """List the groups of customers, the largest first."""
    with system.snapshot() as reader:
        return list_groups(reader)


@question("segment.show", "/segments/{segment}", reads="tables")
def segment(system: "System", asked: ShowSegment) -> dict[str, Any]:
    """Show who is in a group; customers with test orders only are left out."""
    conditions = read_segment(asked.segment)
    with system.snapshot() as reader:
        members, last = list_members(reader, conditions, asked.limit, asked.cursor)
        customers = count_members(reader, conditions)
    return {"segment": asked.segment, "customers": customers, "members": members, "next": last}
