"""The connection is lost around a commit: the command is in the log once, and is answered."""

from collections.abc import Iterator

import pytest

from services.pipeline import Pipeline
from tests.integration.pipeline.conftest import Shop
from tests.integration.pipeline.meddling import LosingSession, MeddlingLog, losing_log
from tests.support.loads import move, note, now, open_pipeline


@pytest.fixture
def losing(shop: Shop) -> Iterator[tuple[Pipeline, LosingSession]]:
    log, session = losing_log(shop.url)
    with Pipeline(log, now) as pipeline:
        yield pipeline, session
    log.close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_that_is_lost_around_the_commit_still_comes(
    shop: Shop, losing: tuple[Pipeline, LosingSession], when: str
) -> None:
    pipeline, session = losing
    session.lose = (when, "append")

    outcome = pipeline.execute(move(shop.order_id, "confirmed"))
    second = pipeline.execute(move(shop.order_id, "packed"))

    assert outcome.kind == "accepted"
    assert outcome.repeated == (when == "after")  # Then it was found in the log.
    assert (outcome.versions, second.versions) == ({shop.stream_id: 2}, {shop.stream_id: 3})
    assert len(shop.history()) == 3
    assert shop.answered() == 4


@pytest.mark.parametrize("when", ["before", "after"])
def test_refusals_nothings_and_keys_survive_it_too(
    shop: Shop, losing: tuple[Pipeline, LosingSession], when: str
) -> None:
    pipeline, session = losing
    commands = [
        note(shop.order_id, "With a key"),
        move(shop.order_id, "new"),
        move(shop.order_id, "nowhere"),
    ]
    kinds = []
    for command in commands:
        session.lose = (when, "append")
        kinds.append(pipeline.execute(command).kind)

    assert kinds == ["accepted", "nothing", "refused"]
    assert shop.answered() == 5
    assert getattr(shop.history()[-1].event, "text", None) == "With a key"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("part", ["append", "log.hold", "commit"])
def test_it_is_so_also_while_the_head_is_held(shop: Shop, when: str, part: str) -> None:
    """Overtaken twice, so that the third attempt holds the head; there the connection breaks."""
    losing_one, session = losing_log(shop.url)
    log = MeddlingLog(losing_one)
    with open_pipeline(shop.url) as other, Pipeline(log, now) as pipeline:
        overtaking = [note(shop.order_id), note(shop.order_id)]

        def overtake(_: object) -> None:
            if overtaking:
                other.execute(overtaking.pop())

        def lose_once() -> None:
            session.lose = (when, part) if log.times_locked == 0 else session.lose

        log.meddle, log.before_lock = overtake, lose_once
        outcome = pipeline.execute(note(shop.order_id, "Here it is"))
        after = pipeline.execute(note(shop.order_id))
    losing_one.close()

    assert session.lose is None
    assert log.times_locked == 2
    assert (outcome.versions, after.versions) == ({shop.stream_id: 4}, {shop.stream_id: 5})
    assert outcome.repeated == ((when, part) == ("after", "commit"))
    assert getattr(shop.history()[3].event, "text", None) == "Here it is"
