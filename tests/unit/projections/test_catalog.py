"""The catalog of read models: their names are schemas, views and checkpoints on the disk."""

import re

import pytest

from projections.catalog import BY_NAME, PROJECTIONS
from projections.interface import Projection

each_projection = pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda p: p.name)


def test_names_are_used_once() -> None:
    tables = [table for projection in PROJECTIONS for table in projection.tables]

    assert len(BY_NAME) == len(PROJECTIONS)
    assert len(set(tables)) == len(tables), "They share schema live."


@each_projection
def test_a_name_is_one_that_a_schema_can_bear(projection: Projection) -> None:
    assert re.fullmatch("[a-z_]{1,40}", projection.name)
    assert projection.version >= 1


@each_projection
def test_every_table_is_made_by_the_ddl_and_shown(projection: Projection) -> None:
    made = re.findall(r"create table (\w+)", projection.ddl)

    assert made == list(projection.tables)
