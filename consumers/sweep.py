"""The sweep: finds shards that stand still behind what the relay has published.

If the last record of a shard is lost, no later one tells of it: somebody has to look.
"""

from collections.abc import Sequence, Set

from domain.reading import Head
from projections.checkpoints import Pending
from services.deliveries import Delivery


class Sweep:
    """Compares two looks at the checkpoints. For one thread."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, int], int] = {}  # (build, shard) -> position

    def forget(self) -> None:
        """Let no look before this moment count: records wait, of whichever shards."""
        self._seen = {}

    def look(
        self, pending: Sequence[Pending], published: Head | None, shards: Set[int]
    ) -> list[Delivery]:
        """Give empty deliveries that make the projector read on from the log.

        pending:   how the builds stand that workers drive
        published: how far the relay is; nothing above it is read, or the relay would be overtaken
        shards:    whose records come to this worker
        """
        seen, self._seen = self._seen, {(p.build, p.shard): p.position for p in pending}
        if published is None:
            return []
        end = published.position
        still = {
            place.shard
            for place in pending
            if place.shard in shards
            and place.next_position is not None
            and place.next_position <= end
            and seen.get((place.build, place.shard)) == place.position
        }
        return [
            Delivery(published.log_id, published.epoch, shard, end, end, [])
            for shard in sorted(still)
        ]
