"""How far the tables are is looked at once for all who read just then, and never overstated."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, cast
from uuid import UUID

import pytest

from domain.reading import Head
from services.api.problems import Turned
from services.api.readers import FRESH_SECONDS, Least, TablesSeen

if TYPE_CHECKING:
    from services.bootstrap import System


@dataclass
class Shop:
    """Stands for a System, its log and its read models: the tables hold all that was written."""

    position: int = 7
    looks: int = 0
    waiting: tuple[int, datetime] | None = None
    log: "Shop" = field(init=False)
    read_models: "Shop" = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.read_models = self

    def head(self) -> Head:
        return Head(log_id=UUID(int=1), epoch=1, position=self.position)

    def find_oldest_waiting(self) -> tuple[int, datetime] | None:
        self.looks += 1
        return self.waiting

    def driver(self) -> str:
        return "workers"


def wait(seen: TablesSeen, shop: Shop, least: Least = None) -> int:
    return seen.wait(cast("System", shop), least, 0.0)


def test_who_reads_just_behind_another_is_told_what_that_one_was() -> None:
    ticks = [0.0]
    seen, shop = TablesSeen(lambda: ticks[0]), Shop()

    assert wait(seen, shop) == 7
    shop.position = 8
    assert [wait(seen, shop), wait(seen, shop, 7)] == [7, 7]
    assert shop.looks == 1
    ticks[0] += 2 * FRESH_SECONDS
    assert wait(seen, shop) == 8


def test_who_wants_more_than_was_seen_has_it_looked_at_again() -> None:
    seen, shop = TablesSeen(lambda: 0.0), Shop()

    assert wait(seen, shop) == 7
    shop.position = 8
    assert [wait(seen, shop, 8), wait(seen, shop, "head")] == [8, 8]
    with pytest.raises(Turned):
        wait(seen, shop, 9)
    assert wait(seen, shop) == 8
