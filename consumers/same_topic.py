"""A topic that was deleted and made anew is another one: where a reader stood in the first says
nothing of the second. Used by consumers.commands.

kafka-python goes on at the offset that it had, so it would never read what stands before that.
"""

from collections.abc import Mapping, Sequence, Set
from typing import Any, Final
from uuid import UUID

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, StaleMetadata
from kafka.structs import OffsetAndMetadata

ASK_MS: Final = 2_000  # what was committed, and what there still is
NOBODY: Final = -1  # the epoch of a leader, where none is told

log_ = structlog.get_logger()


class SameTopic:
    """Lets a consumer begin anew with such topics. For its thread.

    An offset is committed with the id of its topic: who comes after a crash sees by it, too.
    """

    def __init__(self, records: KafkaConsumer) -> None:
        self._records = records
        self._known: dict[str, UUID] = {}  # by the topic's name
        self._held: Set[Any] = frozenset()  # partitions

    def look(self, found: Mapping[Any, Sequence[Any]]) -> list[Any]:
        """Give what was found and may be worked on. Go back to the beginning of partitions whose
        topic was made anew, and to what was found of those of which Kafka does not say it now.

        found: records by partition, as `poll` gives them
        Raises: KafkaError; then all that was found comes again
        """
        try:
            if self._records.assignment() & found.keys():
                self._ask_ids()
            return self._of_same(found)
        except KafkaError:
            self.give_back([one for records in found.values() for one in records])
            raise

    def give_back(self, records: Sequence[Any]) -> None:
        """Let these come again, as far as their partitions stay here: kafka-python goes on with
        such where it has read to, also after the group has dealt anew.
        """
        firsts = {TopicPartition(one.topic, one.partition): one.offset for one in records[::-1]}
        for part in self._records.assignment() & firsts.keys():
            self._records.seek(part, firsts[part])

    def _ask_ids(self) -> None:
        """Hear from Kafka now, after records came, which topics bear the names.

        It gives records by the topic's name: those of one that was made anew would else be taken
        for the old one's until its metadata is old enough to be asked for.
        """
        cluster = self._records._client.cluster
        if cluster.metadata_refresh_in_progress:  # It may have been answered before they came.
            self._records._net.run(cluster.refresh_metadata)
        self._records._net.run(cluster.refresh_metadata)

    def _of_same(self, found: Mapping[Any, Sequence[Any]]) -> list[Any]:
        held = frozenset(self._records.assignment())
        gone = self._made_anew(held)
        unsure = set()
        for part in held - self._held - gone:
            try:
                committed = self._records.committed(part, metadata=True, timeout_ms=ASK_MS)
                if self._is_elsewhere(part, committed):
                    gone.add(part)
                else:
                    self._tell_deleted(part, committed)
            except KafkaError as error:
                if not error.retriable:
                    raise
                unsure.add(part)
        if gone:
            log_.warning("topic_begun_anew", topics=sorted({part.topic for part in gone}))
            self._records.seek_to_beginning(*gone)
        for part in unsure & found.keys():
            self._records.seek(part, found[part][0].offset)
        self._held = held - unsure
        passed = gone | unsure
        return [one for part, records in found.items() if part not in passed for one in records]

    def _made_anew(self, held: Set[Any]) -> set[Any]:
        gone = set()
        for topic in {part.topic for part in held}:
            found = self._id_now(topic)
            if found is not None and self._known.setdefault(topic, found) != found:
                self._known[topic] = found
                gone |= {part for part in held if part.topic == topic}
        return gone

    def committing(self, part: TopicPartition, offset: int) -> OffsetAndMetadata:
        """Give what is to be committed for what was read up to an offset."""
        known = self._known.get(part.topic)
        return OffsetAndMetadata(offset, "" if known is None else str(known), NOBODY)

    def _is_elsewhere(self, part: TopicPartition, committed: OffsetAndMetadata | None) -> bool:
        """Say whether it was committed for another topic of that name. Raises: StaleMetadata"""
        if committed is None or not committed.metadata:
            return False
        found = self._id_now(part.topic)
        if found is None:  # Of one that was made just now; whoever commits ids hears of them.
            raise StaleMetadata(f"the id of topic {part.topic} is not known yet")
        return str(committed.metadata) != str(found)

    def _tell_deleted(self, part: TopicPartition, committed: OffsetAndMetadata | None) -> None:
        """Say which records Kafka has deleted before anybody here took them. Raises: KafkaError"""
        behind = 0 if committed is None else committed.offset
        first = self._records.beginning_offsets([part], timeout_ms=ASK_MS)[part]
        if first > behind:
            where = {"topic": part.topic, "partition": part.partition}
            log_.error("records_deleted_unread", **where, first=behind, last=first - 1)

    def _id_now(self, topic: str) -> UUID | None:
        found: UUID | None = self._records._client.cluster.topic_id(topic)  # It tells nobody else.
        return found
