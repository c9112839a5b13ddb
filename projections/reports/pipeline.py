"""Question: what are the open orders worth, and how much work do they still ask for?"""

from typing import Final, LiteralString, TypedDict, cast

from projections.reports.scope import Reader, rounded


class StageValue(TypedDict):
    """The open orders of one stage, in one currency."""

    path: str
    stage: str | None
    currency: str | None
    orders: int
    total_minor: int
    conversion: float | None  # of past orders that were in the stage, 0 to 1; null: none has ended
    expected_minor: int | None


class Workload(TypedDict):
    """What is to come for whoever is in charge, in one stage."""

    path: str
    role: str | None  # a group, or else a person; null: nobody
    stage: str | None
    expected_stays: float
    expected_seconds: float  # in hand


class Pipeline(TypedDict):
    """Both, in the order of the paths."""

    stages: list[StageValue]
    workload: list[Workload]


def value_pipeline(reader: Reader, path: str | None = None) -> Pipeline:
    """Value the open orders of all paths, or of one, by what became of earlier ones."""
    stages = reader.execute(_VALUE, {"path": path}).fetchall()
    workload = reader.execute(_WORKLOAD, {"path": path}).fetchall()
    for row in workload:
        row["expected_stays"] = rounded(row["expected_stays"])
        row["expected_seconds"] = rounded(row["expected_seconds"])
    return {
        "stages": [cast(StageValue, row) for row in stages],
        "workload": [cast(Workload, row) for row in workload],
    }


_VALUE: Final[LiteralString] = """
    select path, stage, currency, orders, total_minor, conversion, expected_minor
    from pipeline_value where %(path)s::text is null or path = %(path)s
    order by path, stage_no, stage, currency
"""

_WORKLOAD: Final[LiteralString] = """
    select w.path, w.role, w.stage, w.expected_stays, w.expected_seconds
    from pipeline_workload w
    left join (
        select path, stage, min(stage_no) as stage_no from path_statuses group by 1, 2
    ) p on p.path = w.path and p.stage = w.stage
    where %(path)s::text is null or w.path = %(path)s
    order by w.path, p.stage_no, w.role
"""
