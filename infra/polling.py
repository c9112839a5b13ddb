"""A subscription of the `eventsourcing` library that polls with an adaptive wait."""

from collections import deque
from collections.abc import Sequence
from threading import Event
from typing import Final

from eventsourcing.persistence import ApplicationRecorder, Notification, Subscription

_PAGE: Final = 500
_SHORTEST_SECONDS: Final = 0.005
_LONGEST_SECONDS: Final = 0.2


class PollingSubscription(Subscription[ApplicationRecorder]):
    """Yields notifications as they come; waits longer the longer nothing comes."""

    def __init__(
        self, recorder: ApplicationRecorder, gt: int | None = None, topics: Sequence[str] = ()
    ) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._stopped = Event()
        self._page: deque[Notification] = deque()

    def stop(self) -> None:
        """End the iteration, also one that waits."""
        super().stop()
        self._stopped.set()

    def __next__(self) -> Notification:
        wait = _SHORTEST_SECONDS
        while not self._stopped.is_set():
            if self._page:
                notification = self._page.popleft()
                self._last_notification_id = notification.id
                return notification
            self._page.extend(
                self._recorder.select_notifications(
                    start=self._last_notification_id or 0,
                    limit=_PAGE,
                    topics=self._topics,
                    inclusive_of_start=False,
                )
            )
            if not self._page:
                self._stopped.wait(wait)
                wait = min(wait * 2, _LONGEST_SECONDS)
        raise StopIteration
