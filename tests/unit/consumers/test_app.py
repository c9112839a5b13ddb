"""What the Faust app holds on the way to the projector thread, and what that has in hand, is
bounded in bytes."""

from consumers.app import SETTINGS
from consumers.hand_over import MOST_BYTES
from domain.reading import PAGE_BYTES
from domain.streaming import LOG
from infra.log_records import MAX_BYTES

MOST_WAITING = 16 * 1024 * 1024  # of the 300 MB that a worker may take


def test_what_waits_in_a_worker_is_little_however_much_the_topic_holds() -> None:
    fetched = LOG.partitions * SETTINGS["consumer_max_fetch_size"]
    streamed = SETTINGS["stream_buffer_maxsize"] * MAX_BYTES

    assert 2 * fetched + streamed + MOST_BYTES + PAGE_BYTES <= MOST_WAITING
