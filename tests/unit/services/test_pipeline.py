"""What the pipeline promises without a database."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar, Final, cast
from uuid import UUID, uuid4

import pytest
import structlog

from domain.batch import Log
from domain.messages import Actor, Command
from domain.orders import commands as c
from domain.refusals import InfraError
from services.pipeline import Pipeline
from tests.support.examples import NOW
from tests.support.loads import EVERYBODY, body_hash, move, note

COMMAND_ID: Final = UUID(int=1)
ORDER_ID: Final = UUID(int=2)


class NoLog:
    """A log that cannot be read at all."""

    def load(self, _versions: object) -> None:
        raise OSError("this log is no log")

    load_states = load


@pytest.fixture
def broken_output() -> Iterator[None]:
    """Whatever is logged raises, as after `orderpath … | head`."""

    def refuse(*_: Any) -> Any:
        raise BrokenPipeError

    before = structlog.get_config()
    structlog.configure(processors=[refuse])
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("commands", [1, 5])
def test_nobody_is_left_waiting_even_if_nothing_works_not_even_the_output(
    broken_output: None, commands: int
) -> None:
    order_id = uuid4()
    with Pipeline(cast(Log, NoLog()), lambda: NOW) as pipeline:
        for _ in range(2):  # The pipeline lives on.
            futures = [pipeline.submit(note(order_id)) for _ in range(commands)]
            errors = [future.exception(timeout=10) for future in futures]
            assert all(isinstance(error, OSError) for error in errors)


class Unlisted(Command):
    """A command that is not in the catalog."""

    NAME: ClassVar[str] = "unlisted"


def test_a_command_that_nobody_knows_fails_where_it_is_sent() -> None:
    with (
        Pipeline(cast(Log, NoLog()), lambda: NOW) as pipeline,
        pytest.raises(TypeError, match="catalog"),
    ):
        pipeline.submit(Unlisted(command_id=uuid4(), actor=Actor(kind="user", id="ann")))


def test_a_closed_pipeline_says_so() -> None:
    pipeline = Pipeline(cast(Log, NoLog()), lambda: NOW)
    pipeline.close()
    pipeline.close()  # Twice is once.

    with pytest.raises(InfraError) as caught:
        pipeline.execute(note(uuid4()))

    assert caught.value.code == "pipeline_closed"


def test_the_body_hash_covers_name_target_expectations_and_what_was_set() -> None:
    command = move(uuid4(), "confirmed")
    told: dict[str, Any] = {name: getattr(command, name) for name in command.model_fields_set}

    def changed(**changes: Any) -> bytes:
        return body_hash(type(command)(**told | changes))

    same = [
        changed(),
        changed(command_id=uuid4(), correlation_id=uuid4(), causation_id=uuid4(), source="kafka"),
        changed(actor=Actor(kind="clock", id="clock")),
    ]
    different = [
        changed(to_status="packed"),
        changed(order_id=uuid4()),
        changed(reason="another"),
        changed(expected_version=1),
        changed(expected_status="new"),
        changed(occurred_at=NOW),
        body_hash(note(command.order_id)),
    ]

    assert set(same) == {body_hash(command)}
    assert len({body_hash(command), *different}) == len(different) + 1


def test_the_same_wish_in_other_words_has_the_same_body_hash() -> None:
    """A moment in another zone, or the columns of a source in another order, are no other wish."""
    east = timezone(timedelta(hours=3))

    def changes(moment: datetime) -> Command:
        told = {"command_id": COMMAND_ID, "actor": EVERYBODY, "order_id": ORDER_ID}
        return c.ChangeFields(**told, promised_at=moment, occurred_at=moment)

    def facts(moment: datetime, attributes: dict[str, str]) -> Command:
        told = {"fact_id": COMMAND_ID, "occurred_at": moment, "status": "new", "currency": "EUR"}
        placed = {"delivery": {"promised_at": moment.isoformat()}, "attributes": attributes}
        fact = c.PlacedFact.model_validate(told | placed)
        told = {"command_id": COMMAND_ID, "actor": EVERYBODY, "order_id": ORDER_ID}
        return c.RecordFacts(**told, path="shop", facts=(fact,))

    assert body_hash(changes(NOW.astimezone(east))) == body_hash(changes(NOW))
    assert body_hash(facts(NOW.astimezone(east), {"b": "2", "a": "1"})) == body_hash(
        facts(NOW, {"a": "1", "b": "2"})
    )
    assert body_hash(facts(NOW, {"a": "2", "b": "1"})) != body_hash(
        facts(NOW, {"a": "1", "b": "2"})
    )
