"""D14: many orders are asked at once, each gets its own answer, and nothing happens twice."""

from concurrent.futures import Future
from dataclasses import replace
from itertools import islice
from multiprocessing.connection import Connection
from typing import Final
from uuid import UUID, uuid4

import pytest

from domain.bulk import BatchOrder, command_id_of
from domain.messages import Outcome
from domain.orders.commands import CorrectFact, MarkTest, PlacedFact, RecordFacts
from domain.refusals import InfraError, Unusable
from infra.settings import Settings
from services.bootstrap import open_system
from services.bulk.batches import IN_FLIGHT, begin, known_batch, results, run
from services.command_queue import MAX_WAITING
from services.pipeline import Pipeline
from tests.integration.bulk.asking import Shop, batch, codes, kinds, somebody
from tests.support.examples import NOW, PATH
from tests.support.loads import EVERYBODY, note, publish
from tests.support.postgres import hanging_log
from tests.support.processes import Writer, leaving, listen

MANY: Final = 3 * IN_FLIGHT + 7


def test_d14_every_order_is_answered_for_itself(shop: Shop) -> None:
    new, done = shop.place(2), shop.place(1, "confirmed", "packed", "done")
    there, unknown = shop.place(1, "confirmed"), uuid4()
    wish = batch()

    answers = shop.ask(wish, [*new, *done, *there, unknown])

    assert [one.order_id for one in answers] == [*new, *done, *there, unknown]
    assert [one.kind for one in answers] == [
        "accepted", "accepted", "refused", "nothing", "refused",
    ]  # fmt: skip
    assert codes(answers[2]) == ["transition_not_allowed"]
    assert codes(answers[4]) == ["order_unknown"]
    assert shop.statuses([*new, *there]) == {"confirmed": 3}


def test_d14_every_command_of_a_batch_carries_its_id_and_the_batch_s_actor(shop: Shop) -> None:
    (order_id,) = shop.place(1)
    wish = batch(actor=somebody("lead"))

    shop.ask(wish, [order_id])

    moved = shop.events(order_id)[-1]
    assert moved.correlation_id == wish.batch_id
    assert moved.command_id == command_id_of(wish.batch_id, order_id)
    assert (moved.actor_id, moved.reason, moved.source) == ("ann", "because", "cli")


def test_d14_the_same_batch_again_repeats_its_answers_and_writes_nothing(shop: Shop) -> None:
    ids = [*shop.place(3), *shop.place(1, "confirmed", "packed")]
    wish = batch()
    first = shop.ask(wish, ids)
    head = shop.system.log.head().position

    again = shop.ask(wish, ())

    assert again == [replace(one, repeated=True) for one in first]
    assert shop.system.log.head().position == head


def test_d14_a_batch_keeps_the_orders_that_it_began_with(shop: Shop) -> None:
    ids = shop.place(3)
    wish = batch()
    shop.ask(wish, ids[:2])

    shop.ask(wish, ids)

    assert shop.statuses(ids) == {"confirmed": 2, "new": 1}
    assert known_batch(shop.system, wish.batch_id).orders == 2


@pytest.mark.parametrize(
    "other",
    [
        {"body": {"to_status": "cancelled"}},
        {"selection": {"status": ["new"]}},
        {"actor": somebody("lead")},
        {"reason": "another one"},
        {"undoes": UUID(int=7)},
    ],
)
def test_d14_the_id_of_a_batch_is_not_taken_for_another_one(
    shop: Shop, other: dict[str, object]
) -> None:
    wish = batch()
    shop.ask(wish, shop.place(1))

    with pytest.raises(Unusable, match="was begun with another wish, actor or reason"):
        shop.ask(replace(wish, **other), ())  # type: ignore[arg-type]


def test_d14_without_orders_nothing_begins(shop: Shop) -> None:
    wish = batch()

    assert shop.ask(wish, ()) == []
    with pytest.raises(Unusable, match=f"there is no batch {wish.batch_id}"):
        known_batch(shop.system, wish.batch_id)


def test_d14_a_batch_is_looked_up_with_what_became_of_each_order(shop: Shop) -> None:
    ids = [*shop.place(2), *shop.place(1, "cancelled")]
    wish = batch()
    begun = begin(shop.system, wish, lambda: list(map(BatchOrder, ids)))
    assert begun is not None
    one_of_three = list(islice(run(shop.system, begun), 1))

    unfinished = known_batch(shop.system, wish.batch_id)
    answers = shop.ask(wish, ())
    finished = known_batch(shop.system, wish.batch_id)

    assert (unfinished.orders, unfinished.finished_at) == (3, None)
    assert finished.finished_at is not None
    assert one_of_three[0] == replace(answers[0], repeated=False)
    assert list(results(shop.system, finished)) == [replace(x, repeated=False) for x in answers]
    assert [one.batch_id for one in shop.system.batches.latest(5)] == [wish.batch_id]


def test_d14_the_reason_of_a_batch_is_free_text_and_kept_sealed(shop: Shop) -> None:
    wish = batch(reason="Anna Ivanova called")
    shop.ask(wish, shop.place(1))

    with shop.system.connect("orderpath_writer") as session:
        (stored,) = session.execute("select reason from ops.batches").fetchone() or ("",)

    assert "Anna" not in stored
    assert known_batch(shop.system, wish.batch_id).reason == "Anna Ivanova called"


def test_d14_a_preview_says_what_then_happens_and_stores_nothing(shop: Shop) -> None:
    ids = [*shop.place(3), *shop.place(2, "confirmed"), *shop.place(1, "cancelled"), uuid4()]
    for to_status, roles in (("packed", ()), ("packed", ("warehouse",)), ("new", ("lead",))):
        wish = batch(to_status, actor=somebody(*roles))
        head = shop.system.log.head().position

        said = shop.rehearse(wish, ids)

        assert shop.system.log.head().position == head
        assert said == shop.ask(wish, ids)


def test_d14_more_orders_than_are_in_flight_at_once_are_all_asked(shop: Shop) -> None:
    ids = shop.place(MANY)

    answers = shop.ask(batch(), ids)

    assert [one.order_id for one in answers] == ids
    assert kinds(answers) == {"accepted": MANY}


def test_d14_a_pipeline_that_is_full_is_waited_for(shop: Shop) -> None:
    ids = shop.place(200)
    with hanging_log(shop.system.url):  # Else it may empty as fast as it is filled.
        waiting = fill(shop.system.pipeline, ids[0])

    answers = shop.ask(batch(), ids)

    assert kinds(answers) == {"accepted": 200}
    assert all(future.result().kind == "nothing" for future in waiting)


def fill(pipeline: Pipeline, order_id: UUID) -> list[Future[Outcome]]:
    """Queue commands until no more are taken; each finds nothing to do."""
    told = {"actor": EVERYBODY, "order_id": order_id, "test": False}
    waiting: list[Future[Outcome]] = []
    while True:
        try:
            waiting.append(pipeline.submit(MarkTest(command_id=uuid4(), **told)))
        except InfraError:
            assert len(waiting) >= MAX_WAITING
            return waiting


def test_d14_undo_brings_each_order_back_to_where_it_came_from(shop: Shop) -> None:
    packed, new = shop.place(2, "confirmed", "packed"), shop.place(1)
    wish = batch("cancelled", body={"to_status": "cancelled", **WHY})
    shop.ask(wish, [*packed, *new])

    answers = shop.undo(wish.batch_id, actor=somebody("lead"))

    # From cancelled the path leads to new only.
    assert [one.kind for one in answers] == ["refused", "refused", "accepted"]
    assert codes(answers[0]) == ["transition_not_allowed"]
    assert shop.statuses([*packed, *new]) == {"cancelled": 2, "new": 1}


def test_d14_undo_leaves_alone_what_the_batch_did_not_move_and_what_has_moved_since(
    shop: Shop,
) -> None:
    moved, noted, gone = shop.place(3)
    (refused,) = shop.place(1, "confirmed")
    wish = batch("cancelled", body={"to_status": "cancelled", **WHY})
    shop.ask(wish, [moved, noted, gone])
    shop.system.execute(note(noted))
    shop.ask(batch("new", actor=somebody("lead")), [gone])

    answers = shop.undo(wish.batch_id, actor=somebody("lead"))

    assert {one.order_id: one.kind for one in answers} == {
        moved: "accepted", noted: "accepted", gone: "refused",
    }  # fmt: skip
    assert [codes(one) for one in answers if one.order_id == gone] == [["status_differs"]]
    assert shop.statuses([refused]) == {"confirmed": 1}


def test_d14_undo_leaves_an_order_where_it_is_that_had_no_status_before(shop: Shop) -> None:
    told = UUID(int=17)
    who = {"actor": somebody("importer").model_copy(update={"kind": "import"}), "order_id": told}
    fact = PlacedFact(fact_id=UUID(int=9), occurred_at=NOW, status="new", currency="EUR")
    shop.system.execute(RecordFacts(**who, command_id=uuid4(), path="shop", facts=(fact,)))
    shop.system.execute(CorrectFact(**who, command_id=uuid4(), version=1, reason="Not ours"))
    assert shop.statuses([told]) == {None: 1}
    wish = batch("new")
    shop.ask(wish, [told, *shop.place(1, "confirmed")])

    assert shop.undo(wish.batch_id) == []
    assert shop.statuses([told]) == {"new": 1}


def test_d14_undo_brings_an_order_back_over_every_status_that_one_command_led_it_through(
    shop: Shop,
) -> None:
    content = PATH.content
    going = {"on_enter": {"items": {"to": "reserved"}}}
    ways = [{"from": "confirmed", "to": "packed"}, {"from": "packed", "to": "new"}]
    shop.system.execute(
        publish(
            statuses=content["statuses"] | {"confirmed": content["statuses"]["confirmed"] | going},
            follow=[{"from": "confirmed", "items": "reserved", "to": "packed"}],
            transitions=[*ways, *content["transitions"]],
        )
    )
    ids, wish = shop.place(2), batch()
    shop.ask(wish, ids)
    went_through = shop.statuses(ids)

    answers = shop.undo(wish.batch_id)

    assert went_through == {"packed": 2}
    assert kinds(answers) == {"accepted": 2}
    assert shop.statuses(ids) == {"new": 2}


WHY: Final = {"reason_code": "out_of_stock", "initiator": "shop"}


def run_in_process(pipe: Connection, url: str, batch_id: UUID) -> None:
    """Run a batch that has begun, telling of each order that was answered."""
    with open_system(Settings(database_url=url)) as system:
        for result in run(system, known_batch(system, batch_id)):
            pipe.send(result.order_id)


def test_d14_a_batch_that_was_killed_goes_on_and_asks_nobody_twice(
    shop: Shop, database_url: str
) -> None:
    ids = shop.place(MANY)
    wish = batch()
    assert begin(shop.system, wish, lambda: list(map(BatchOrder, ids))) is not None
    with leaving([Writer(run_in_process, database_url, wish.batch_id)]) as writers:
        listen(writers, lambda: len(writers[0].said) > 0)
        writers[0].kill()

    answers = shop.ask(wish, ())

    assert [one.order_id for one in answers] == ids
    assert kinds(answers) == {"accepted": MANY}
    told = set(writers[0].said)
    assert told <= {one.order_id for one in answers if one.repeated}
    assert all(len(shop.events(order_id)) == 2 for order_id in ids)
