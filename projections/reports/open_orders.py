"""Question: in which statuses of a path do open orders stand now?"""

from projections.reports.scope import Reader


def count_open(reader: Reader, path: str) -> dict[str, int]:
    """Count the open orders of every status, whatever version of the path they follow.

    Shape: status -> orders, without those that have none; by status.
    """
    rows = reader.execute(
        "select status, sum(orders)::bigint as orders from funnel_now"
        " where path = %s and final is null group by status order by status",
        [path],
    )
    return {row["status"]: row["orders"] for row in rows}
