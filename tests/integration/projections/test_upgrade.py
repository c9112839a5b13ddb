"""Tables of an earlier version lack what the views show: they are rebuilt, then the views come."""

from collections.abc import Iterator, Sequence
from typing import LiteralString

import pytest

from domain.messages import Recorded
from infra.event_log import open_log
from infra.postgres import Session
from projections.activity import Activity
from projections.builds import create_build, lock_builds, show_live
from projections.interface import Projection, Tx
from projections.refusals import Refusals
from projections.sessions import transaction
from tests.integration.projections.world import World, open_world


class Earlier:
    """A read model as it may have been: of a lower version, with one column and no rows."""

    version = 0

    def __init__(self, today: Projection) -> None:
        self.name = today.name
        self.tables: Sequence[str] = today.tables
        self.ddl: LiteralString = "".join(
            f"create table {table} (order_id uuid);" for table in self.tables
        )

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        pass


@pytest.fixture
def upgraded(database_url: str) -> Iterator[World]:
    """A shop whose read models of refusals and acts were made by an earlier Orderpath."""
    earlier = [Earlier(one) for one in (Refusals(), Activity())]
    log, session = open_log(database_url), Session(database_url, role="orderpath_projector")
    with transaction(session.connection) as tx:
        lock_builds(tx)
        for projection in earlier:
            show_live(tx, projection, create_build(tx, projection, "live", log.head()))
    log.close()
    session.close()
    with open_world(database_url) as world:
        yield world


def test_what_is_outdated_is_named_and_rebuilt_one_after_the_other(upgraded: World) -> None:
    outdated = upgraded.models.prepare()
    assert sorted(outdated) == ["activity", "refusals"]

    upgraded.place()
    for name in outdated:
        upgraded.models.rebuild(name)
    upgraded.catch_up()

    assert upgraded.models.prepare() == []
    assert upgraded.query("select sum(events) from analytics.actor_activity") == [(1,)]
