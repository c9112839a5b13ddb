"""The table of everything that has a stored name, and one example of each."""

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.catalog import (
    AGGREGATES,
    COMMANDS,
    EVENTS,
    decide_on,
    empty_state,
    streams_of,
    with_more,
)
from domain.facts import Facts
from domain.messages import Command, Event
from domain.orders.events import ORDER_EVENTS
from domain.products.delivery_methods import STREAM as METHODS
from domain.products.delivery_methods import DeliveryMethod, DeliveryMethods
from domain.products.pricing import Offer
from domain.products.product import Product
from tests.golden.stored_names import DOMAIN, ROOT, codes_in, refusal_codes
from tests.support import examples
from tests.support.spec import Scenario, given

HERE = Path(__file__).parent
WIRE = DOMAIN / "wire.py"
RIGHTS = DOMAIN / "roles/rights.py"
REACH = DOMAIN / "roles/reach.py"


def test_every_command_has_an_example() -> None:
    assert set(examples.COMMANDS) == set(COMMANDS), "Add what is missing to support/examples.py."


def test_every_event_has_an_example() -> None:
    assert set(examples.EVENTS) == set(EVENTS), "Add what is missing to support/examples.py."
    assert {event.NAME for event in ORDER_EVENTS} < set(EVENTS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_survives_json_and_back(name: str) -> None:
    command = examples.COMMANDS[name]

    assert COMMANDS[name].model_validate_json(command.model_dump_json()) == command


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_reads_the_stream_that_it_writes_first(name: str) -> None:
    command: Any = examples.COMMANDS[name]

    assert streams_of(command)[0] == command.stream_id


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_survives_json_and_back(name: str) -> None:
    event = examples.EVENTS[name]

    assert EVENTS[name].model_validate_json(event.model_dump_json()) == event


def somewhere(name: str) -> Scenario:
    """Give a history in which the example of a command does something."""
    after = {
        "product.change": "product.published",
        "product.withdraw": "product.published",
        "discount.end": "discount.set",
        "delivery_method.end": "delivery_method.set",
        "enquiry.close": "enquiry.recorded",
        "rule.set_mode": "rule.published",
        "wave.begin": "wave.published",
        "alert.acknowledge": "alert.raised",
        "task.assign": "task.created",
        "task.finish": "task.created",
        "task.drop": "task.created",
        "apikey.rotate": "apikey.created",
        "apikey.revoke": "apikey.created",
    }
    if name in after:
        return given(*happened(after[name]))
    if name in ("team.remove_member", "team.come", "team.go"):
        there = ["team.member_came"] if name == "team.go" else []
        return given(*happened("team.member_set", *there))
    if name == "wave.publish":
        return given(*happened("calendar.published"))
    if name == "wave.finish":
        return given(*happened("wave.published", "wave.begun"))
    match name.partition(".")[0]:
        case "customer" if name != "customer.create":
            return given(*happened("customer.created", "customer.tag_added", "customer.mark_set"))
        case "stock":
            kept = given(*happened("stock.received", "stock.reserved"))
            return kept.at(examples.NOW + timedelta(hours=2))
        case "effect":
            return after_request(name)
        case "endpoint" if name == "endpoint.resume":
            return given(examples.COMMANDS["endpoint.pause"])
        case "order" if name not in ("order.place", "order.record_facts"):
            return some_order(name)
        case _:
            return given(paths=[] if name == "path.publish" else [examples.PATH])


def happened(*names: str) -> list[Event]:
    return [examples.EVENTS[f"{name}.v1"] for name in names]


def after_request(name: str) -> Scenario:
    """Give a message to which the example of a command does something."""
    publish, request, fail = (
        examples.COMMANDS[what]
        for what in ("template.publish", "effect.request", "effect.mark_failed")
    )
    match name:
        case "effect.request":
            return given(publish)
        case "effect.resend":
            return given(publish, request, fail)
        case _:
            return given(publish, request)


def some_order(name: str) -> Scenario:
    """Give an order to which the example of a command does something."""
    place, submit, charge = (
        examples.COMMANDS[f"order.{what}"] for what in ("place", "submit_payment", "charge_payment")
    )
    told = submit.model_copy(update={"actor": examples.actor("api_key")})  # can be corrected
    paid = charge.model_copy(update={"gateway_ref": "g-0"})
    match name:
        case "order.submit_payment":
            return given(place)
        case "order.approve_move":
            return given(place, paths=[examples.FOUR_EYES])
        case "order.migrate":
            return given(place, paths=[examples.PATH, examples.NEXT_PATH])
        case "order.reserve_items" | "order.expire_reservations":
            received = examples.EVENTS["stock.received.v1"]
            if name == "order.reserve_items":
                return given(received, place, paths=[examples.KEEPING])
            reserve = examples.COMMANDS["order.reserve_items"]
            kept = given(received, place, reserve, paths=[examples.KEEPING])
            return kept.at(examples.NOW + timedelta(days=2))
        case "order.pass_deadline":
            return given(place).at(examples.NOW + timedelta(hours=1))
        case "order.move_document":
            return given(place, examples.COMMANDS["order.issue_document"])
        case "order.share_out":
            return given(place, *happened("team.member_set", "team.member_came"))
        case "order.create_shipment" | "order.track_shipment" | "order.move_shipment":
            return given(place, *shipped_until(name))
        case _:
            return given(place, told, paid)


def shipped_until(name: str) -> list[Command]:
    """Give what comes before a command about a shipment."""
    pack, create, move = (
        examples.COMMANDS[f"order.{what}"]
        for what in ("move_item", "create_shipment", "move_shipment")
    )
    packed = pack.model_copy(update={"to_status": "assembled"})
    sent = move.model_copy(update={"to_status": "handed_over", "carrier_ref": None})
    return [packed] if name == "order.create_shipment" else [packed, create, sent]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_accepted_somewhere(name: str) -> None:
    answer = somewhere(name).when(examples.COMMANDS[name])

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

    # Those are of reading and of rights, not of deciding.
    codes = refusal_codes(["domain"]) - set(codes_in(WIRE))
    codes -= {*codes_in(RIGHTS), *codes_in(REACH)}
    assert codes - tested == set()
    assert tested <= codes, "A test names a code that nothing refuses with."


def test_every_code_of_what_cannot_be_read_has_a_test() -> None:
    laws = ast.walk(ast.parse((ROOT / "tests/properties/test_wire_laws.py").read_text()))
    tested = {node.value for node in laws if isinstance(node, ast.Constant)}

    assert set(codes_in(WIRE)) - tested == set()


def test_all_products_and_methods_that_a_command_reads_are_one_offer() -> None:
    tea, pot = Product(title="Tea"), Product(title="Pot")
    post = DeliveryMethod(code="post", price_minor=300, currency="EUR")
    states = {
        "product-TEA-100": tea,
        METHODS: DeliveryMethods(given={"post": post}),
        "product-POT": pot,
    }

    offer = with_more(Facts(), states, states).offer

    assert offer == Offer({"TEA-100": tea, "POT": pot}, methods={"post": post})


def test_every_refusal_for_want_of_a_right_has_a_test() -> None:
    told = (HERE / "roles/test_rights.py").read_text()

    assert [code for code in codes_in(RIGHTS) if f'"{code}"' not in told] == []
