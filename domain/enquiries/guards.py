"""Conditions on what may happen to an enquiry. Each gives what is unmet, nothing if all is well."""

from collections.abc import Iterator

from domain.enquiries.enquiry import Enquiry
from domain.refusals import Unmet


def enquiry_exists(enquiry: Enquiry) -> Iterator[Unmet]:
    if not enquiry.exists:
        yield Unmet(
            code="enquiry_unknown",
            field="enquiry_id",
            message="There is no such enquiry",
            needed="record it first, or check the id",
        )


def enquiry_is_new(enquiry: Enquiry) -> Iterator[Unmet]:
    if enquiry.exists:
        yield Unmet(
            code="enquiry_exists",
            field="enquiry_id",
            message="There is such an enquiry already",
            needed="another enquiry_id; to repeat a command, send its command_id again",
        )


def enquiry_is_not_ordered(enquiry: Enquiry) -> Iterator[Unmet]:
    if enquiry.order_id is not None:
        yield Unmet(
            code="enquiry_ordered",
            field="enquiry_id",
            message=f"The enquiry became the order {enquiry.order_id} already",
            needed="an enquiry that is open",
        )


def enquiry_is_not_closed(enquiry: Enquiry) -> Iterator[Unmet]:
    if enquiry.closed:
        yield Unmet(
            code="enquiry_closed",
            field="enquiry_id",
            message="The enquiry is closed",
            needed="an enquiry that is open, or an order without one",
        )
