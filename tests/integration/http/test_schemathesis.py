"""The API by its own description, as schemathesis reads it: each place by itself, and an order's
story along the links. What is sent follows from the description, but for what the story's commands
say.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid5

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import ignored_auth, negative_data_rejection, positive_data_acceptance
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation, BaseSchema

from services.api.limits import Limits
from services.api.openapi_parts import IF_MATCH, JSON, MIN_POSITION
from services.questions.catalog import BY_NAME
from tests.support.doorkeeper import ANN
from tests.support.served import Served, served

ROUNDS: Final = 3  # of each place: of what is described (positive), and of what is not (negative)
STORIES: Final = 20
STEPS: Final = 8  # of a story
KEY: Final = {"Authorization": "Bearer ann"}
# Nobody waits here for what never comes, and a stream of events ends.
LIMITS: Final = Limits(position_seconds=0.01, poll_seconds=0.01, stream_seconds=0.1)
LINE: Final = {"item_id": "1", "sku": "TEA-100", "title": "Tea", "quantity": 2}
PLACED: Final = {"currency": "EUR", "lines": [{**LINE, "unit_price_minor": 450}]}
NEXT: Final = {
    "move": {"command": "order.change_status", "to_status": "confirmed"},
    "note": {"command": "order.add_note", "text": "rang twice"},
}
Place = APIOperation[Any, Any, Any, Any]
bounded = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# The business refuses much that its description allows: what is taken is no law. Who has no key is
# asked about in test_description.py.
NO_LAWS: Final = [positive_data_acceptance, ignored_auth]
# What is sent in a body is judged part by part: the answer 200 of a batch, a lint or a preview says
# what is wrong. A refusal is law where nothing has a body.
WITH_BODY: Final = [*NO_LAWS, negative_data_rejection]


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Served]:
    """A server with an empty shop behind it."""
    with served(database_url, tmp_path / "data", LIMITS) as running:
        yield running


def _read(document: dict[str, Any]) -> BaseSchema:
    schema = schemathesis.openapi.from_dict(document)
    # 503 is an answer too where it is described: what is behind, or busy.
    told = schema.config.checks.not_a_server_error
    told.expected_statuses = [*told.expected_statuses, "503"]
    return schema


@pytest.fixture
def document(server: Served) -> dict[str, Any]:
    """The description, as the server gives it to anybody."""
    found: dict[str, Any] = httpx.get(f"{server.url}/v1/openapi.json").json()
    return found


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
def test_every_place_answers_as_it_is_described(
    server: Served, document: dict[str, Any], mode: GenerationMode
) -> None:
    faults: list[str] = []
    places = [found.ok() for found in _read(document).get_all_operations() if isinstance(found, Ok)]
    for place in places:
        faults += _asked(server, place, mode)

    assert not faults, "\n".join(faults)
    assert len(places) == sum(len(verbs) for verbs in document["paths"].values())


def _asked(server: Served, place: Place, mode: GenerationMode) -> list[str]:
    """Ask in many ways, and give what was wrong."""
    unlawful = WITH_BODY if place.body else NO_LAWS

    @settings(bounded, max_examples=ROUNDS)
    @given(place.as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        case.call_and_validate(server.url, headers=KEY, excluded_checks=unlawful)

    try:
        ask()
    except Unsatisfiable:  # Nothing can be wrong where nothing is said.
        assert not [*place.body, *place.query, *place.path_parameters]
    except FailureGroup as group:
        return [f"{place.label}: {one}" for one in group.exceptions]
    return []


def test_an_order_is_placed_moved_noted_and_read_by_what_the_answers_tell(
    server: Served, document: dict[str, Any]
) -> None:
    told: Counter[str] = Counter()
    schema = _read(_of_orders(document))
    schema.config.generation.update(modes=[GenerationMode.POSITIVE])

    class Story(schema.as_state_machine()):  # type: ignore[misc]
        """A caller and orders of its own: it goes the same way whatever was told before."""

        def setup(self) -> None:
            told["stories"] += 1
            self.caller = f"teller-{told['stories']}"
            server.door.keys[self.caller] = replace(ANN, id=self.caller)
            self.orders: set[str] = set()

        def before_call(self, case: Case[Any]) -> None:
            if isinstance(case.body, dict):
                case.headers["Idempotency-Key"] = str(UUID(int=told.total()))
                said = str(case.body["order_id"])
                if said not in self.orders:
                    own = str(uuid5(UUID(int=told["stories"]), said))
                    case.body["order_id"] = own
                    self.orders.add(own)

        def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
            headers = {"Authorization": f"Bearer {self.caller}"}
            return {"base_url": server.url, "headers": headers}

        def after_call(self, response: Response, case: Case[Any]) -> None:
            super().after_call(response, case)
            what = case.body["command"] if isinstance(case.body, dict) else case.operation.path
            told[f"{what} {response.status_code}"] += 1

        def validate_response(self, response: Response, case: Case[Any], **_: Any) -> None:
            case.validate_response(response, excluded_checks=WITH_BODY)

    Story.run(settings=settings(bounded, max_examples=STORIES, stateful_step_count=STEPS))

    at = "/v1/orders/{order}"
    done = ("order.place", "order.change_status", "order.add_note")
    read = (at, f"{at}/allowed", f"{at}/history")
    assert {f"{what} 200" for what in (*done, *read)} <= set(told), told


def _of_orders(document: dict[str, Any]) -> dict[str, Any]:
    """Keep of the description what is asked of the log about an order, and how one is placed; what
    comes after it has the id that was sent and the version that came back.
    """
    place = document["components"]["schemas"]["PlaceOrder"]
    known = {part: {"const": value} for part, value in PLACED.items()}
    place["properties"] = {n: place["properties"][n] for n in place["required"]} | known
    paths = {
        at: said
        for at, said in document["paths"].items()
        if at.startswith(("/v1/order-ids/", "/v1/orders/"))
        and BY_NAME[said["get"]["operationId"]].reads != "tables"
    }
    for said in paths.values():  # Nothing is behind here: the log itself is read.
        said["get"]["parameters"].remove(MIN_POSITION)
    send = document["paths"]["/v1/commands"]["post"]
    send["requestBody"]["content"] = {JSON: {"schema": place}}
    send["parameters"] = [{**IF_MATCH, "schema": {"const": '"0"'}, "example": '"0"'}]
    send["responses"]["200"]["links"] |= {
        name: {
            "operationId": "commands.send",
            "parameters": {"If-Match": "$response.header.ETag"},
            "requestBody": {**body, "order_id": "$request.body#/order_id"},
            "x-schemathesis": {"merge_body": False},  # It is all of the body.
        }
        for name, body in NEXT.items()
    }
    return document | {"paths": paths | {"/v1/commands": {"post": send}}}
