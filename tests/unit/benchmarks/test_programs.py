"""Nothing is measured before all the programs work."""

import pytest

from benchmarks.programs import all_shared

ALONE = "orderpath: worker ready, 16 of 16 shards"
HALF = "orderpath: worker ready, 8 of 16 shards"


@pytest.mark.parametrize("lines", [[ALONE], [HALF, HALF]])
def test_workers_that_have_all_shards_among_them_are_ready(lines: list[str]) -> None:
    assert all_shared(lines)


@pytest.mark.parametrize(
    "lines",
    [
        [""],
        [HALF],
        [ALONE, ""],
        [ALONE, HALF],
        [ALONE, "orderpath: worker ready, 0 of 16 shards"],
        [HALF, "orderpath: worker waits: the database is away"],
    ],
)
def test_workers_that_still_divide_the_shards_are_waited_for(lines: list[str]) -> None:
    assert not all_shared(lines)
