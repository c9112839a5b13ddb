"""Read model `enquiries`: who asked when, and what became of it. The words stay in the log."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from domain.enquiries import events as e
from domain.messages import Recorded
from projections.interface import Tx, write


class Enquiries:
    """One row per enquiry."""

    name: Final = "enquiries"
    version: Final = 1
    tables: Final = ("enquiries",)
    ddl: Final[LiteralString] = """
        create table enquiries (
            enquiry_id  uuid primary key,
            channel     text not null,
            customer_id text,
            asked_at    timestamptz not null,
            state       text not null default 'open', -- open, ordered, closed
            ended_at    timestamptz,
            order_id    uuid,
            reason_code text,
            position    bigint not null, -- of the enquiry's first event
            recorded_at timestamptz not null
        );
        create index enquiries_open on enquiries (asked_at) where state = 'open';
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Write what was asked, then what became of it."""
        asked = [
            _asked(one, one.event) for one in batch if isinstance(one.event, e.EnquiryRecorded)
        ]
        ended = [row for one in batch if (row := _ended(one))]
        write(tx, _INSERT, asked)
        write(tx, _UPDATE, ended)


def _asked(recorded: Recorded, event: e.EnquiryRecorded) -> dict[str, Any]:
    return {
        "enquiry_id": recorded.entity_id,
        "channel": event.channel,
        "customer_id": event.customer.customer_id if event.customer else None,
        "asked_at": recorded.occurred_at,
        "position": recorded.position,
        "recorded_at": recorded.recorded_at,
    }


def _ended(recorded: Recorded) -> dict[str, Any] | None:
    row = {"enquiry_id": recorded.entity_id, "ended_at": recorded.occurred_at}
    match recorded.event:
        case e.EnquiryOrdered(order_id=order_id):
            return row | {"state": "ordered", "order_id": order_id}
        case e.EnquiryClosed(reason_code=why):
            return row | {"state": "closed", "reason_code": why}
        case _:
            return None


_INSERT: Final = """
    insert into enquiries (enquiry_id, channel, customer_id, asked_at, position, recorded_at)
    select * from json_to_recordset(%s::json) as x(
        enquiry_id uuid, channel text, customer_id text, asked_at timestamptz, position bigint,
        recorded_at timestamptz)
"""

_UPDATE: Final = """
    update enquiries e set
        state = x.state, ended_at = x.ended_at, order_id = x.order_id, reason_code = x.reason_code
    from json_to_recordset(%s::json) as x(
        enquiry_id uuid, state text, ended_at timestamptz, order_id uuid, reason_code text)
    where e.enquiry_id = x.enquiry_id
"""
