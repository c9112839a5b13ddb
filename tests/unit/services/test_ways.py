"""By which way an order came to a status: as the path of that time allowed it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from domain.facts import PathKey
from domain.messages import Event, Recorded
from domain.orders import events as e
from domain.paths.path import OrderPath
from services.ways import ways_of
from tests.support.examples import FOUR_EYES, NOW, PATH

ORDER = "order-00000000-0000-0000-0000-000000000011"
FOLLOWING = OrderPath.model_validate(
    PATH.content | {"follow": [{"items": "shipped", "from": "new", "to": "confirmed"}]}
)
PLACED = e.OrderPlaced(
    path="shop", path_version=1, status="new", order_type="private", channel="web", shop="main",
    currency="EUR",
)  # fmt: skip


class Paths:
    """Published paths, by name and version."""

    def __init__(self, *versions: OrderPath) -> None:
        self._known = {("shop", number): path for number, path in enumerate(versions, 1)}

    def load_paths(self, keys: Sequence[PathKey]) -> Mapping[PathKey, OrderPath]:
        return {key: self._known[key] for key in keys if key in self._known}


def stream(*events: tuple[int, Event], fact: bool = False) -> list[Recorded]:
    """Give the stream of an order: each event with the number of its command."""
    return [
        Recorded(
            position=number, stream_id=ORDER, version=number, shard=0, event=event,
            command_id=UUID(int=command), correlation_id=UUID(int=command), causation_id=None,
            actor_kind="user", actor_id="ann", on_behalf_of=None, reason=None, source="test",
            occurred_at=NOW, recorded_at=NOW, fact_id=UUID(int=number) if fact else None,
        )
        for number, (command, event) in enumerate(events, 1)
    ]  # fmt: skip


def way(paths: Paths, events: Sequence[Recorded], position: int) -> dict[str, Any]:
    return ways_of(paths, events)[position].as_dict()


def moved(source: str, target: str) -> e.StatusChanged:
    return e.StatusChanged(from_status=source, to_status=target)


def test_a_move_tells_roles_what_has_to_be_said_and_whose_agreement_was_asked_for() -> None:
    events = stream((1, PLACED), (2, moved("new", "lost")))

    asked = way(Paths(FOUR_EYES), events, 2)["transition"]

    assert asked["roles"] == ["lead"]
    assert asked["require"] == ["reason_code", "initiator"]
    assert asked["approval"] == {"by": ["lead"], "not_self": True}


def test_an_order_that_follows_its_pieces_was_asked_for_no_role_and_no_reason() -> None:
    went = e.ItemStatusChanged(item_id="1", quantity=1, from_status="ordered", to_status="shipped")
    events = stream((1, PLACED), (2, went), (2, moved("new", "confirmed")))

    found = way(Paths(FOLLOWING), events, 3)

    assert (found["how"], found["from"], found["to"]) == ("followed", "new", "confirmed")
    assert (found["transition"]["roles"], found["transition"]["require"]) == ([], [])
    assert found["follow"] == {"items": "shipped", "from": ["new"], "to": "confirmed"}


def test_what_another_system_tells_was_allowed_by_nobody_and_says_why_the_path_would_not() -> None:
    told = e.StatusRecorded(
        path="shop", path_version=1, to_status="done", rank=1, conforming=False,
        nonconforming=("transition_not_allowed",),
    )  # fmt: skip

    found = way(Paths(PATH), stream((1, PLACED), (2, told), fact=True), 2)

    assert (found["how"], found["transition"]) == ("recorded", None)
    assert found["nonconforming"] == ["transition_not_allowed"]


def test_behind_a_migration_moves_are_those_of_the_new_version() -> None:
    migrated = e.PathMigrated(
        from_path="shop", from_version=1, path="shop", path_version=2, from_status="new",
        to_status="new", entered=False,
    )  # fmt: skip
    events = stream((1, PLACED), (2, migrated), (3, moved("new", "lost")))

    ways = ways_of(Paths(PATH, FOUR_EYES), events)

    assert sorted(ways) == [1, 3]
    assert ways[3].as_dict()["path_version"] == 2
    assert ways[3].as_dict()["transition"]["roles"] == ["lead"]


def test_a_path_that_is_not_in_the_log_hides_no_move() -> None:
    found = way(Paths(), stream((1, PLACED), (2, moved("new", "lost"))), 2)

    assert (found["how"], found["to"], found["transition"]) == ("moved", "lost", None)
