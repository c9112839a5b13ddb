"""The table of everything that has a stored name, and one example of each."""

import ast
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.catalog import AGGREGATES, COMMANDS, EVENTS, decide_on, empty_state, streams_of
from domain.facts import Facts
from domain.messages import Command
from domain.orders.events import ORDER_EVENTS
from tests.golden.stored_names import refusal_codes
from tests.support import examples
from tests.support.spec import given

HERE = Path(__file__).parent


def test_every_command_has_an_example() -> None:
    assert set(examples.COMMANDS) == set(COMMANDS), "Add what is missing to support/examples.py."


def test_every_event_has_an_example() -> None:
    assert set(examples.EVENTS) == set(EVENTS), "Add what is missing to support/examples.py."
    assert {event.NAME for event in ORDER_EVENTS} < set(EVENTS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_survives_json_and_back(name: str) -> None:
    command = examples.COMMANDS[name]

    assert COMMANDS[name].model_validate_json(command.model_dump_json()) == command


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_survives_json_and_back(name: str) -> None:
    event = examples.EVENTS[name]

    assert EVENTS[name].model_validate_json(event.model_dump_json()) == event


_PATHS = {
    "order.approve_move": examples.FOUR_EYES,
    "order.reserve_items": examples.KEEPING,
    "order.expire_reservations": examples.KEEPING,
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_accepted_somewhere(name: str) -> None:
    history = [
        examples.COMMANDS["order.place"],
        examples.COMMANDS["order.submit_payment"].model_copy(
            update={"actor": examples.actor("api_key")}  # a fact, so that it can be corrected
        ),
        examples.COMMANDS["order.charge_payment"].model_copy(update={"gateway_ref": "g-0"}),
    ]
    first = name in ("order.place", "path.publish", "order.record_facts")
    path = _PATHS.get(name, examples.PATH)
    paths = [] if name == "path.publish" else [path]
    if name == "order.submit_payment":
        history = history[:1]

    scenario = given(*([] if first else history), paths=paths)
    if name.startswith("stock."):
        kept = [examples.EVENTS[f"stock.{what}.v1"] for what in ("received", "reserved")]
        scenario = given(*kept).at(examples.NOW + timedelta(hours=2))
    known = {"product": "published", "discount": "set", "delivery_method": "set"}
    if name in ("product.change", "product.withdraw", "discount.end", "delivery_method.end"):
        category = name.partition(".")[0]
        scenario = given(examples.EVENTS[f"{category}.{known[category]}.v1"])

    if path is examples.KEEPING:
        scenario = given(examples.EVENTS["stock.received.v1"], history[0], paths=paths)
        if name == "order.expire_reservations":
            scenario.when(examples.COMMANDS["order.reserve_items"])
            scenario = scenario.at(examples.NOW + timedelta(days=2))

    answer = scenario.when(examples.COMMANDS[name])

    assert answer.unmet == ()
    assert answer.events


@pytest.mark.parametrize("name", COMMANDS)
def test_the_first_stream_is_the_one_that_is_written(name: str) -> None:
    streams = streams_of(examples.COMMANDS[name])

    assert streams[0].partition("-")[0] == name.partition(".")[0]
    assert all(empty_state(stream).version == 0 for stream in streams)
    assert {stream.partition("-")[0] for stream in streams} <= set(AGGREGATES)

    stranger = Command(command_id=UUID(int=1), actor=examples.actor())

    with pytest.raises(TypeError, match="not in the catalog"):
        streams_of(stranger)
    with pytest.raises(TypeError, match="not in the catalog"):
        decide_on(stranger, {}, Facts(), examples.NOW)


def test_every_refusal_code_of_the_domain_has_a_test() -> None:
    tested = {
        code.value
        for path in HERE.rglob("test_*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "then_refused"
        for code in call.args
        if isinstance(code, ast.Constant)
    }

    codes = refusal_codes(["domain"])
    assert codes - tested == set()
    assert tested <= codes, "A test names a code that nothing refuses with."
