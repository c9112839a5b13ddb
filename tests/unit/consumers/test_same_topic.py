"""Where to go on in a topic: at what was committed for it, and never for another of its name."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from kafka import TopicPartition
from kafka.structs import OffsetAndMetadata

from consumers.same_topic import SameTopic

PART = TopicPartition("orderpath.commands", 0)


@dataclass
class Records:
    """A consumer with one partition, which hears the id of its topic when the test says so."""

    committed_for: str
    topic_id: UUID | None = None
    begun_anew: list[Any] = field(default_factory=list)

    def assignment(self) -> set[TopicPartition]:
        return {PART}

    def committed(self, part: TopicPartition, **_: Any) -> OffsetAndMetadata:
        return OffsetAndMetadata(7, self.committed_for, -1)

    def beginning_offsets(self, parts: list[Any], **_: Any) -> dict[Any, int]:
        return dict.fromkeys(parts, 0)

    def seek_to_beginning(self, *parts: TopicPartition) -> None:
        self.begun_anew += parts

    @property
    def _client(self) -> Any:
        return SimpleNamespace(cluster=SimpleNamespace(topic_id=lambda topic: self.topic_id))


def test_a_topic_whose_id_comes_late_is_compared_with_what_was_committed_then() -> None:
    records = Records(committed_for=str(uuid4()))
    topic = SameTopic(records)

    topic.look({})
    before = list(records.begun_anew)
    records.topic_id = uuid4()
    topic.look({})
    topic.look({})

    assert before == []
    assert records.begun_anew == [PART]


def test_what_was_committed_for_the_same_topic_stands() -> None:
    known = uuid4()
    records = Records(committed_for=str(known), topic_id=known)

    SameTopic(records).look({})

    assert records.begun_anew == []
