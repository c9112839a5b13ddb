"""The envelope of a public event: CloudEvents 1.0, structured JSON.

Extensions are those that CloudEvents documents (sequence, recordedtime, correlationid), and ours.
"""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field, SerializeAsAny, WithJsonSchema

from domain.messages import Recorded, entity_of
from domain.public.events import told_of
from domain.public.order_events import EventWithheld
from domain.public.shapes import Public, PublicEvent
from domain.reading import Head, Undecodable

CONTENT_TYPE: Final = "application/cloudevents+json; charset=UTF-8"
SCHEMAS: Final = "urn:orderpath:schema:"
SEQUENCE_DIGITS: Final = 10  # CloudEvents compares sequences as texts


class CloudEvent(Public):
    """One event of one order. Key of the record: the order's id."""

    specversion: Literal["1.0"]
    id: Annotated[str, Field(description="log and position: LOG_ID/POSITION")]
    source: Annotated[str, Field(description="the log that it stands in: urn:uuid:LOG_ID")]
    type: Annotated[str, Field(description="what happened, with the version of its data")]
    subject: Annotated[str, Field(description="the order's id")]
    time: Annotated[datetime | None, Field(description="when it happened")] = None
    datacontenttype: Literal["application/json"]
    dataschema: Annotated[str, Field(description="names the JSON Schema of data")]
    sequence: Annotated[
        str,
        Field(
            pattern=rf"^\d{{{SEQUENCE_DIGITS}}}$",
            description="1, 2, 3, … within the order, without gaps; ten digits",
        ),
    ]
    recordedtime: Annotated[datetime | None, Field(description="when the log took it")] = None
    correlationid: Annotated[
        str | None, Field(description="the same for all that one request led to")
    ] = None
    actorkind: Annotated[
        str | None, Field(description="user, api_key, trigger, clock, import, system")
    ] = None
    epoch: Annotated[int, Field(description="of the log, raised when a backup is restored")]
    testorder: Annotated[bool | None, Field(description="true: a test order; else missing")] = None
    data: Annotated[
        SerializeAsAny[PublicEvent],
        WithJsonSchema({"type": "object", "description": "as the schema of that name says"}),
    ]


def cloud_event(
    log: Head, stored: Recorded | Undecodable, *, test: bool = False, personal: bool = False
) -> CloudEvent:
    """Give the message of one event of an order; of what cannot be read, that it stands there.

    test:     the order is a test order, as of this event
    personal: with the contact that it tells; the event has to be opened for that
    """
    if isinstance(stored, Undecodable):
        return withheld(log, stored, test=test)
    return _enveloped(log, stored, told_of(stored.event, personal=personal), test)


def withheld(log: Head, stored: Recorded | Undecodable, *, test: bool = False) -> CloudEvent:
    """Give the message that says of an event only that it happened."""
    return _enveloped(log, stored, EventWithheld(), test)


def schema_id(name: str) -> str:
    """Give the URI of the JSON Schema of a type of events, or of another public message."""
    return SCHEMAS + name


def _enveloped(
    log: Head, stored: Recorded | Undecodable, told: PublicEvent, test: bool
) -> CloudEvent:
    known = {}
    if isinstance(stored, Recorded):
        known = {
            "time": stored.occurred_at,
            "recordedtime": stored.recorded_at,
            "correlationid": str(stored.correlation_id),
            "actorkind": stored.actor_kind,
        }
    return CloudEvent(
        specversion="1.0",
        id=f"{log.log_id}/{stored.position}",
        source=f"urn:uuid:{log.log_id}",
        type=told.TYPE,
        subject=entity_of(stored.stream_id),
        datacontenttype="application/json",
        dataschema=schema_id(told.TYPE),
        sequence=f"{stored.version:0{SEQUENCE_DIGITS}}",
        epoch=log.epoch,
        testorder=test or None,
        data=told,
        **known,
    )
