"""What the orders of the log show of a path: asked of the read models, drafted as a path."""

from collections import Counter

from projections.reports.scope import Reader, Scope
from projections.reports.times import measure_time_in_status
from projections.reports.transitions import count_starts, count_transitions
from services.paths.draft import Observed
from services.reading import PublishedPath


def observe_orders(reader: Reader, name: str, published: PublishedPath) -> Observed:
    """Tell what the orders on a path did; the published version names and sorts the statuses.

    Test orders do not count. Statuses are empty if no order follows the path.
    """
    scope = Scope(path=name)
    stays = {row["status"]: row for row in measure_time_in_status(reader, scope)}
    statuses = published.definition.statuses
    known = [code for code in statuses if code in stays]
    return Observed(
        titles={
            code: statuses[code].title if code in statuses else {}
            for code in (*known, *sorted(stays.keys() - statuses.keys()))
        },
        starts=Counter(count_starts(reader, scope)),
        moves=Counter(
            {
                (row["from"], row["to"]): row["count"]
                for row in count_transitions(reader, scope)
                if row["from"] != row["to"]
            }
        ),
        p90_seconds={
            code: p90 for code, row in stays.items() if (p90 := row["seconds"]["p90"]) is not None
        },
        stages={code: statuses[code].stage for code in known},
        finals={code: statuses[code].final for code in known},
    )
