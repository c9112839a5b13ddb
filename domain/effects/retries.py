"""When a message that failed is tried again. The schedule is that of Standard Webhooks.

It waits in the log, not in a process that might be killed: so no library that sleeps helps here.
"""

from datetime import datetime, timedelta
from typing import Final

DELAYS: Final = (  # after the first failure, the second, …; behind the last one it is dead
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
JITTER: Final = 0.2  # of the delay, so that what failed together does not come back together
STALE: Final = timedelta(days=7)  # what nobody sent for so long is of no use to whoever gets it
PAUSE_AFTER: Final = 10  # failures of an outlet in a row
# So long they must go on where a person would have to resume what a minute later works by itself.
PAUSE_SPAN: Final = {
    "webhook": timedelta(),
    "mail": timedelta(minutes=3),
    "sms": timedelta(minutes=3),
}


def next_try(
    tries: int, now: datetime, chance: float, at_least: timedelta = timedelta()
) -> datetime | None:
    """Say when it is tried again; None: not any more.

    tries: that have failed, at least 1. chance: from 0 to 1, chosen by the caller.
    at_least: what the other side asks for, a day at most
    """
    if tries > len(DELAYS):
        return None
    delay = DELAYS[tries - 1] * (1 + JITTER * (2 * chance - 1))
    return now + max(delay, min(at_least, timedelta(days=1)))
