"""Joining a group to the end, also where it takes longer than a poll, and seeing that somebody else
has taken one's place in it. Used by consumers.commands.

kafka-python 3.0.12 joins anew when the partitions of a topic change. Whoever leads the group notes
the change as dealt with while it still waits for the broker's answer: where a poll ends just then,
the next one takes the group for joined. It would never read again, and not even leave.
"""

from kafka import KafkaConsumer
from kafka.errors import FencedInstanceIdError


def join_to_the_end(records: KafkaConsumer) -> None:
    """Let the next poll go on with joining, if one has begun. For the consumer's thread."""
    coordinator = records._coordinator
    if coordinator.rejoining:
        coordinator.request_rejoin()  # It waits for the attempt under way, if there is one.


def see_whether_fenced(records: KafkaConsumer) -> None:
    """See that this one still has its place. kafka-python is told otherwise by the answer to a sign
    of life, gives no more of them, and goes on as if nothing were. Who joins anew, as while it
    looks for its coordinator, gives none either. For the consumer's thread.

    Raises: FencedInstanceIdError
    """
    coordinator = records._coordinator
    with coordinator._lock:
        silent = coordinator.stable() and not coordinator._heartbeat_enabled
        if silent and not coordinator.rejoining:
            raise FencedInstanceIdError("its signs of life are refused")
