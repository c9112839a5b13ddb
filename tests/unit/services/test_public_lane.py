"""What the lane of public topics publishes, where, and under which key."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest
from pydantic_core import from_json
from structlog.testing import capture_logs

from domain.customers.events import CustomerErased
from domain.facts import PathKey
from domain.messages import Event, Recorded
from domain.orders import events as e
from domain.orders.held_bytes import ITEM_BYTES
from domain.paths.path import OrderPath
from domain.reading import Undecodable
from domain.refusals import InfraError
from domain.streaming import ORDER_EVENTS, ORDER_STATE, Message
from services import public_lane
from services.public_lane import ORDERS_BYTES, PublicEvents, PublicLane
from tests.support.examples import EVENTS, PATH, TEA
from tests.support.memory_log import MemoryLog, recorded, renumbered, unreadable

PLACED = EVENTS["order.placed.v1"]
PATHS = {("shop", 1): PATH}
NOTE = e.NoteAdded(text="Call after six")


def stream(*events: Event, stream_id: str = "order-1") -> list[Recorded]:
    return [recorded(event, stream_id=stream_id, version=n) for n, event in enumerate(events, 1)]


def lane_over(log: MemoryLog, **options: Any) -> PublicLane:
    lane = PublicLane(log, **options)
    lane.begin(log.head(), 0)
    return lane


def messages_of(lane: PublicLane, topic: str) -> list[Message]:
    outgoing = lane.next()
    assert outgoing is not None
    return [one for one in outgoing.messages if one.topic == topic]


def read(message: Message) -> Any:
    return from_json(message.value or b"")


def test_every_record_has_the_order_as_its_key_and_says_what_it_is() -> None:
    lane = lane_over(MemoryLog(stream(PLACED), PATHS))

    outgoing = lane.next()

    assert outgoing is not None
    assert [(one.topic, one.key, list(one.headers)) for one in outgoing.messages] == [
        (
            ORDER_EVENTS.name,
            b"1",
            [("content-type", b"application/cloudevents+json; charset=UTF-8")],
        ),
        (ORDER_STATE.name, b"1", [("content-type", b"application/json")]),
    ]
    assert {topic.name for topic in lane.topics} == {ORDER_EVENTS.name, ORDER_STATE.name}
    assert lane.next() is None


def test_what_is_no_order_is_passed_over() -> None:
    stock = stream(EVENTS["stock.received.v1"], stream_id="stock-main:TEA-100")
    lane = lane_over(MemoryLog(renumbered([*stock, *stream(PLACED), *stock])))

    outgoing = lane.next()

    assert outgoing is not None
    assert (outgoing.position, len(outgoing.messages)) == (3, 2)


@pytest.mark.parametrize("batch_events", [1, 3, 500])
def test_an_event_that_tells_what_cannot_be_stops_its_order_alone(batch_events: int) -> None:
    """It was changed behind the back of Orderpath: it is read, and no order is after it."""
    spoiled = e.FieldsChanged(changed=("nope",))
    log = MemoryLog(
        renumbered([*stream(PLACED, spoiled, NOTE), *stream(PLACED, NOTE, stream_id="order-2")])
    )
    lane, events, states = lane_over(log, batch_events=batch_events), list[Any](), list[Any]()
    with capture_logs() as said:
        while (outgoing := lane.next()) is not None:
            told = [(one.topic, read(one)) for one in outgoing.messages]
            events += [one for topic, one in told if topic == ORDER_EVENTS.name]
            states += [one for topic, one in told if topic == ORDER_STATE.name]

    assert [one["subject"] for one in events] == ["1", "1", "1", "2", "2"]
    assert {one["order_id"] for one in states if one["version"] > 1} == {"2"}
    assert {one["event"] for one in said} == {"event_not_understood", "order_state_withheld"}


@pytest.mark.parametrize("batch_events", [1, 2, 500])
def test_nothing_is_told_behind_the_last_position_that_is_wanted(batch_events: int) -> None:
    log = MemoryLog(renumbered(stream(PLACED, NOTE, NOTE, NOTE)))
    lane = lane_over(log, until=3, batch_events=batch_events)

    last = 0
    while (outgoing := lane.next()) is not None:
        last = outgoing.position

    assert last == 3


def test_a_state_says_how_the_order_stands_by_its_path() -> None:
    (told,) = messages_of(lane_over(MemoryLog(stream(PLACED), PATHS)), ORDER_STATE.name)

    state = read(told)
    assert (state["status"], state["stage"], state["version"]) == ("new", "intake", 1)
    assert state["items"][0]["pieces"] == {"ordered": 3}
    assert state["totals"]["total_minor"] == 1_650
    assert state["payment_status"] == "not_paid"
    assert state["customer_id"] == "c-7"
    assert state["delivery"] == {"method": "courier", "promised_at": "2026-03-04T09:00:00Z"}


def test_a_state_of_an_unknown_path_has_no_stage() -> None:
    (told,) = messages_of(lane_over(MemoryLog(stream(PLACED))), ORDER_STATE.name)

    assert "stage" not in read(told)


def test_events_of_test_orders_are_flagged_from_when_they_are_ones() -> None:
    flag = [e.TestFlagChanged(test=True), NOTE, e.TestFlagChanged(test=False), NOTE]
    log = MemoryLog(renumbered(stream(PLACED, *flag)))

    events = messages_of(lane_over(log), ORDER_EVENTS.name)

    assert [read(one).get("testorder") for one in events] == [None, True, True, None, None]


def test_a_batch_ends_where_its_orders_are_large_and_the_rest_comes_next() -> None:
    assert isinstance(PLACED, e.OrderPlaced)
    lines = tuple(PLACED.lines[0].model_copy(update={"item_id": f"i{n}"}) for n in range(500))
    placed = PLACED.model_copy(update={"lines": lines})
    names = [f"order-{number}" for number in range(100)]
    large = [one for name in names for one in stream(placed, stream_id=name)]
    notes = [recorded(NOTE, stream_id=name, version=2) for name in names]
    lane = lane_over(MemoryLog(renumbered([*large, *notes])), batch_events=100)

    read_at_once = []
    while (outgoing := lane.next()) is not None:
        told = [one for one in outgoing.messages if one.topic == ORDER_EVENTS.name]
        read_at_once.append([read(one)["subject"] for one in told])

    first, *others = read_at_once
    orders = [str(number) for number in range(100)]
    assert first == orders  # Before it nothing was known of them.
    assert [one for batch in others for one in batch] == orders
    assert all(len(batch) * ITEM_BYTES * 500 < 2 * ORDERS_BYTES for batch in others)


def test_one_state_an_order_is_published_for_each_batch() -> None:
    events = renumbered([*stream(PLACED, NOTE, NOTE), *stream(PLACED, stream_id="order-2")])
    log = MemoryLog(events)

    states = messages_of(lane_over(log, batch_events=4), ORDER_STATE.name)
    assert [(read(one)["order_id"], read(one)["version"]) for one in states] == [("1", 3), ("2", 1)]


class AwayForPaths(MemoryLog):
    """Loses its database once, when the events are read and the paths are not."""

    away = True

    def load_paths(self, keys: Sequence[PathKey]) -> dict[PathKey, OrderPath]:
        if self.away:
            self.away = False
            raise InfraError("database_unavailable", "away")
        return super().load_paths(keys)


def test_a_fault_in_the_middle_of_a_batch_changes_nothing_of_what_comes_next() -> None:
    events = renumbered(stream(PLACED, NOTE, e.TestFlagChanged(test=True)))
    lane = lane_over(AwayForPaths(events, PATHS))
    with pytest.raises(InfraError):
        lane.next()

    assert lane.next() == lane_over(MemoryLog(events, PATHS)).next()


def test_an_order_is_told_again_once_its_damaged_row_is_mended() -> None:
    good = renumbered(stream(PLACED, NOTE, e.TestFlagChanged(test=True), NOTE))
    log = MemoryLog([good[0], unreadable(good[1]), *good[2:]])
    lane = lane_over(log, batch_events=3)
    with capture_logs() as logged:
        assert messages_of(lane, ORDER_STATE.name) == []
    assert [(one["event"], one["version"]) for one in logged] == [("order_state_withheld", 3)]

    log.events = good

    (state,) = messages_of(lane, ORDER_STATE.name)
    assert (read(state)["version"], read(state)["test"]) == (4, True)


def test_an_event_too_large_for_a_record_is_withheld_and_the_state_shortened() -> None:
    lines = tuple(
        TEA.model_copy(update={"item_id": str(n), "title": "€" * 200, "sku": "€" * 200})
        for n in range(800)
    )
    large = PLACED.model_copy(update={"lines": lines})
    log = MemoryLog(stream(large), PATHS)

    event, state = [read(one) for one in lane_over(log).next().messages]  # type: ignore[union-attr]

    assert (event["type"], event["data"]) == ("order.event_withheld.v1", {})
    assert event["time"] == "2026-03-02T09:00:00Z"
    assert (state["status"], "items" in state) == ("new", False)
    assert len(str(event)) + len(str(state)) < public_lane.LARGEST_BYTES


class WithKeys(MemoryLog):
    """The same events for who may see keys."""

    def read_streams(
        self, versions: Mapping[str, tuple[int, int]], *, opened: bool = False
    ) -> list[Recorded | Undecodable]:
        assert opened
        return super().read_streams(versions)


def test_contacts_are_told_only_with_an_opener() -> None:
    sealed_customer = e.Customer(customer_id="c-7", name="[sealed]", phone="[sealed]")
    sealed = PLACED.model_copy(update={"customer": sealed_customer, "delivery": None})
    changed = e.FieldsChanged(changed=("customer_phone",), customer_phone="+7 900 111-11-11")
    log = MemoryLog(renumbered(stream(sealed, changed)))
    opener = WithKeys(renumbered(stream(PLACED, changed)))

    without = lane_over(log, batch_events=1).next()
    lane = lane_over(log, batch_events=1, opener=opener)
    first, second = lane.next(), lane.next()

    assert without is not None
    assert first is not None
    assert second is not None
    assert all(b"sealed" not in (one.value or b"") for one in without.messages)
    assert [read(one).get("contact") for one in without.messages] == [None, None]
    told = {"name": "Anna Ivanova", "email": "anna@example.org", "address": "1 Main Street"}
    assert read(first.messages[0])["data"]["contact"] == told | {"phone": "+7 900 000-00-00"}
    assert read(second.messages[0])["data"]["contact"] == {"phone": "+7 900 111-11-11"}
    assert read(second.messages[1])["contact"] == told | {"phone": "+7 900 111-11-11"}


class WithoutPaths(MemoryLog):
    """Is asked for no path: no state is made."""

    def load_paths(self, keys: Sequence[PathKey]) -> dict[PathKey, OrderPath]:
        raise AssertionError("a state was made")


def test_for_who_wants_events_only_no_state_is_made() -> None:
    """Also of those whose customer was erased: the events are the same."""
    events = [*erasing_of_many(), *stream(PLACED, NOTE)]
    log = WithoutPaths(renumbered(events))

    told = list[Message]()
    lane = PublicEvents(log)
    lane.begin(log.head(), 0)
    while (outgoing := lane.next()) is not None:
        told += outgoing.messages

    assert told == messages_of(lane_over(MemoryLog(log.events)), ORDER_EVENTS.name)
    assert len(told) == 252


def erasing_of_many() -> list[Recorded]:
    """Place 250 orders, and erase the customer of them all."""
    ids = [UUID(int=number) for number in range(1, 251)]
    placed = [one for id_ in ids for one in stream(PLACED, stream_id=f"order-{id_}")]
    erased = CustomerErased(customer_id="c-7", reason_code="customer_asked", orders=tuple(ids))
    return renumbered([*placed, *stream(erased, stream_id="customer-c-7")])


def test_the_orders_of_one_erasing_are_told_in_parts_and_the_position_moves_with_the_last() -> None:
    log = MemoryLog(erasing_of_many())
    lane = lane_over(log)
    lane.begin(log.head(), 250)
    given = []
    while (outgoing := lane.next()) is not None:
        given.append((outgoing.position, [one.key for one in outgoing.messages]))

    assert [position for position, _ in given] == [250, 250, 250, 251]
    assert [len(keys) for _, keys in given] == [0, 100, 100, 50]
    assert len({key for _, keys in given for key in keys}) == 250


def test_a_part_of_an_erasing_ends_where_its_orders_are_large_and_the_rest_comes_next() -> None:
    assert isinstance(PLACED, e.OrderPlaced)
    lines = tuple(PLACED.lines[0].model_copy(update={"item_id": f"i{n}"}) for n in range(500))
    placed = PLACED.model_copy(update={"lines": lines})
    ids = [UUID(int=number) for number in range(1, 101)]
    large = [one for id_ in ids for one in stream(placed, stream_id=f"order-{id_}")]
    erased = CustomerErased(customer_id="c-7", reason_code="customer_asked", orders=tuple(ids))
    log = MemoryLog(renumbered([*large, *stream(erased, stream_id="customer-c-7")]))
    lane = lane_over(log)
    lane.begin(log.head(), 100)
    given = []
    while (outgoing := lane.next()) is not None:
        given.append((outgoing.position, [one.key for one in outgoing.messages]))

    assert [key for _, keys in given for key in keys] == [str(id_).encode() for id_ in ids]
    assert all(len(keys) * ITEM_BYTES * 500 < 2 * ORDERS_BYTES for _, keys in given)
    assert [position for position, _ in given] == [100] * (len(given) - 1) + [101]


def test_who_dies_between_the_parts_of_an_erasing_tells_all_of_them_again() -> None:
    log = MemoryLog(erasing_of_many())
    lane = lane_over(log)
    lane.begin(log.head(), 250)
    saved = 250
    for _ in range(3):
        outgoing = lane.next()
        assert outgoing is not None
        saved = outgoing.position

    lane.begin(log.head(), saved)

    told: set[bytes | None] = set()
    while (outgoing := lane.next()) is not None:
        told |= {one.key for one in outgoing.messages}
    assert len(told) == 250
