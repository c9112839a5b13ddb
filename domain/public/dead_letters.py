"""What is public of a record that could not be worked on: where it stands and why, never what is in
it, but for words of a definition that is published. The two kinds share a topic; a reader tells
them apart by what they have.
"""

from typing import Annotated, Any, ClassVar

from pydantic import Field, WithJsonSchema

from domain.public.shapes import Public

_OFFSET = Annotated[int, Field(description="of the record, in the partition")]
_BYTES = Annotated[int, Field(description="of the record's value")]


class RecordPlace(Public):
    """Where a record stands in Kafka."""

    topic: str
    partition: int
    offset: _OFFSET


class CommandLetter(Public):
    """A command that came by Kafka and has no outcome: it is invalid, or deciding it failed."""

    TYPE: ClassVar[str] = "deadletter.command.v1"

    origin: RecordPlace
    sent_at_ms: Annotated[
        int | None,
        WithJsonSchema({"type": ["integer", "null"], "description": "Unix time; null: unknown"}),
    ]
    value_bytes: _BYTES
    answer: Annotated[
        dict[str, Any],
        WithJsonSchema({"type": "object", "description": "as commands/answer.schema.json says"}),
    ]


class RecordLetter(Public):
    """A record of the log's topic that a worker cannot read: its events are read from the log."""

    TYPE: ClassVar[str] = "deadletter.record.v1"

    topic: str
    partition: int
    offset: _OFFSET
    error: Annotated[str, Field(description="English, for people")]
    headers: Annotated[
        dict[str, str],
        Field(description="the record's first ones, cut; unreadable: why there are none"),
    ]
