"""An event that cannot be applied stops its own stream in one read model, and nothing else."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from structlog.testing import capture_logs

from domain.messages import Recorded
from domain.orders.commands import AddNote
from domain.reading import PAGE_BYTES, PAGE_EVENTS, Undecodable
from domain.refusals import InfraError
from infra.event_log import EventLog
from infra.postgres import connect
from projections.catalog import BY_NAME
from services.projector import Projector
from tests.integration.projections.world import Stubborn, World, a_day
from tests.support.examples import actor


def stubborn(world: World, name: str) -> tuple[Stubborn, Projector]:
    model = Stubborn(BY_NAME[name])
    return model, world.projector(projections={**BY_NAME, name: model})


def apply_all(world: World, projector: Projector) -> None:
    projector.apply(world.deliveries(0, world.log.head().position))


def of_order(rows: object, order_id: UUID) -> list[dict[str, object]]:
    assert isinstance(rows, list)
    return [row for row in rows if row["order_id"] == order_id]


def test_a_poisoned_stream_is_parked_with_its_later_events_and_the_rest_goes_on(
    world: World,
) -> None:
    placed = a_day(world)
    bad = placed[2]
    model, projector = stubborn(world, "status_visits")
    model.poisoned.add((f"order-{bad}", 2))

    apply_all(world, projector)
    world.move(bad, "cancelled", "new")
    apply_all(world, projector)

    (parked,) = world.models.list_parked()
    assert (parked.projection, parked.stream_id) == ("status_visits", f"order-{bad}")
    assert (parked.version, parked.type) == (2, "order.status_changed.v1")
    assert parked.error == f"ValueError: cannot take order-{bad} 2"
    tables = world.tables()
    assert len(of_order(tables["status_visits.visits"], bad)) == 1, "What was before it stays."
    assert len({row["order_id"] for row in tables["status_visits.visits"]}) == len(placed)
    whole = [event for event in world.events() if event.stream_id == f"order-{bad}"]
    assert len(of_order(tables["activity.activity"], bad)) == len(whole)
    assert parked.waiting == len(whole) - 1


def test_the_log_says_which_stream_was_parked_and_where(world: World) -> None:
    (order_id, *_) = a_day(world)
    model, projector = stubborn(world, "orders")
    model.poisoned.add((f"order-{order_id}", 1))

    with capture_logs() as told:
        apply_all(world, projector)

    (parked,) = world.models.list_parked()
    assert [one for one in told if one["event"] == "stream_parked"] == [
        {
            "event": "stream_parked",
            "log_level": "error",
            "projection": "orders",
            "stream_id": f"order-{order_id}",
            "position": parked.position,
            "error": "ValueError",
        }
    ]


def test_retry_applies_what_is_parked_in_its_order(world: World) -> None:
    placed = a_day(world)
    model, projector = stubborn(world, "status_visits")
    model.poisoned |= {(f"order-{placed[2]}", 1), (f"order-{placed[3]}", 2)}
    apply_all(world, projector)
    assert len(world.models.list_parked()) == 2

    assert world.models.retry() == (2, 0)

    assert world.models.list_parked() == []
    retried = world.tables()
    world.models.rebuild("status_visits")
    assert world.tables() == retried


def test_retry_applies_what_came_while_it_read_the_log(world: World) -> None:
    (bad, *_) = a_day(world)
    model, projector = stubborn(world, "status_visits")
    model.poisoned.add((f"order-{bad}", 1))
    apply_all(world, projector)
    (parked,) = world.models.list_parked()
    coming = ["confirmed", "cancelled"]

    @contextmanager
    def lend_after_more_has_come() -> Iterator[psycopg.Connection[Any]]:
        if coming:
            world.move(bad, coming.pop(0))
            apply_all(world, projector)
            world.move(bad, coming.pop(0))  # This one waits for the follower, as any other.
        with world.lend() as connection:
            yield connection

    retrying = Projector(lend_after_more_has_come, world.log, driver=None, build=parked.build)
    assert retrying.retry(parked) is True

    retried = of_order(world.tables()["status_visits.visits"], bad)
    assert [visit["status"] for visit in retried] == ["new", "confirmed"]
    world.catch_up()
    assert world.models.verify("status_visits").differing == ()


class Measured(EventLog):
    """A log that says how many events were read of streams at once, at most."""

    most = 0

    def read_streams(
        self, versions: Mapping[str, tuple[int, int]], *, opened: bool = False
    ) -> list[Recorded | Undecodable]:
        found = super().read_streams(versions, opened=opened)
        self.most = max(self.most, len(found))
        return found


def test_retry_reads_a_long_stream_in_parts_and_applies_all_of_it(world: World) -> None:
    order_id, who = world.place(), actor("user", "lead")
    text = "🛎" * 1_990  # So 500 of them are more than PAGE_BYTES.
    notes = [
        AddNote(command_id=uuid4(), actor=who, order_id=order_id, text=text)
        for _ in range(PAGE_EVENTS + 100)
    ]
    world.send(*notes)
    model, projector = stubborn(world, "orders")
    model.poisoned.add((f"order-{order_id}", 2))
    apply_all(world, projector)
    (parked,) = world.models.list_parked()
    log = Measured(world.log.recorder, world.log.vault)

    assert Projector(world.lend, log, driver=None, build=parked.build).retry(parked) is True

    assert log.most < PAGE_EVENTS
    assert log.most * len(text.encode()) < PAGE_BYTES
    assert world.models.list_parked() == []
    world.catch_up()
    assert world.models.verify("orders").differing == ()


def test_what_fails_again_stays_parked(world: World) -> None:
    (order_id, *_) = a_day(world)
    model, projector = stubborn(world, "orders")
    model.poisoned.add((f"order-{order_id}", 1))
    apply_all(world, projector)
    (parked,) = world.models.list_parked()

    again = world.projector(driver=None, build=parked.build, projections={"orders": model})
    assert again.retry(parked) is False

    assert [one.stream_id for one in world.models.list_parked()] == [f"order-{order_id}"]
    assert of_order(world.tables()["orders.orders"], order_id) == []


def test_an_event_that_cannot_be_decoded_is_parked_everywhere(world: World) -> None:
    placed = a_day(world, 4)
    spoil(world, placed[1], b'{"path": 7}')

    world.catch_up()

    parked = world.models.list_parked()
    assert {one.projection for one in parked} == set(BY_NAME)
    assert {one.stream_id for one in parked} == {f"order-{placed[1]}"}
    assert len(world.tables()["orders.orders"]) == 3
    assert world.catch_up() == 0


def test_a_newer_stored_name_waits_and_parks_nothing(world: World) -> None:
    a_day(world, 2)
    with connect(world.url) as owner:
        rename_type(owner, "order.placed.v1", "order.placed.v99")

    with pytest.raises(InfraError) as raised:
        world.catch_up()

    assert raised.value.code == "newer_version"
    assert world.models.list_parked() == []
    assert world.tables()["orders.orders"] == []
    with connect(world.url) as owner:
        rename_type(owner, "order.placed.v99", "order.placed.v1")
    world.catch_up()
    assert len(world.tables()["orders.orders"]) == 2


def test_an_infrastructure_error_parks_nothing(world: World) -> None:
    a_day(world, 2)

    class Away(Stubborn):
        def apply(self, *_: object) -> None:
            raise psycopg.errors.AdminShutdown("terminating connection")

    away = Away(BY_NAME["items"])
    with pytest.raises(InfraError):
        apply_all(world, world.projector(projections={**BY_NAME, "items": away}))

    assert world.models.list_parked() == []
    assert world.tables()["orders.orders"] == [], "All read models move in one transaction."


def spoil(world: World, order_id: UUID, payload: bytes) -> None:
    with connect(world.url) as owner:
        owner.execute("alter table log.events disable trigger user")
        owner.execute(
            "update log.events set payload = %s where stream_id = %s and version = 1",
            [payload, f"order-{order_id}"],
        )
        owner.execute("alter table log.events enable trigger user")


def rename_type(owner: psycopg.Connection[tuple[object, ...]], old: str, new: str) -> None:
    owner.execute("alter table log.events disable trigger user")
    owner.execute("update log.events set type = %s where type = %s", [new, old])
    owner.execute("alter table log.events enable trigger user")
