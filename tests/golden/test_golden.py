"""Every event ever released decodes for ever; no stored name changes its meaning or goes away."""

import json
from pathlib import Path

import pytest

from domain.catalog import EVENTS
from domain.upcasters import UPCASTERS, upcast
from tests.golden.stored_names import DOMAIN, HERE, codes_in, names_in_code, names_in_file
from tests.support import examples

GOLDEN = sorted((HERE / "events").glob("*.json"))

ADD = "New names are written down by: python -m tests.golden.add"
CHANGED = (
    "The stored shape of {name} is not what was released. Take the change back, or make the "
    "next version beside it (a new class with NAME ending in the next v…, a new example) and "
    "an upcaster from this one in domain/upcasters.py. The golden file stays as it is."
)
REMOVED = (
    "{name} was released and is used by nothing now. Logs and answers out there hold it: bring "
    "it back, or, for an event, add an upcaster to what came after it."
)

each_golden = pytest.mark.parametrize("path", GOLDEN, ids=lambda p: p.stem)


@each_golden
def test_every_event_ever_released_decodes(path: Path) -> None:
    name, body = upcast(path.stem, json.loads(path.read_bytes()), UPCASTERS)

    assert name in EVENTS, REMOVED.format(name=path.stem)
    EVENTS[name].model_validate_json(json.dumps(body))


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_of_today_is_stored_exactly_as_it_was_released(name: str) -> None:
    path = HERE / "events" / f"{name}.json"
    assert path.exists(), f"{name} has no golden file. {ADD}"

    event = examples.EVENTS[name]

    assert path.read_text() == event.model_dump_json(exclude_none=True), CHANGED.format(name=name)
    assert EVENTS[name].model_validate_json(path.read_bytes()) == event, CHANGED.format(name=name)


def test_every_stored_name_is_written_down() -> None:
    missing = names_in_code() - set(names_in_file())

    assert not missing, f"{sorted(missing)} {ADD}"


def test_no_stored_name_goes_away() -> None:
    upcasted = {f"event {name}" for name in UPCASTERS}
    gone = set(names_in_file()) - names_in_code() - upcasted

    assert not gone, "\n".join(REMOVED.format(name=line) for line in sorted(gone))


@pytest.mark.parametrize("aggregate", ["orders", "paths", "products"])
def test_a_refusal_code_has_one_home_in_its_aggregate(aggregate: str) -> None:
    homes: dict[str, set[str]] = {}
    for path in sorted((DOMAIN / aggregate).glob("*.py")):
        for code in codes_in(path):
            homes.setdefault(code, set()).add(path.name)

    assert {code: files for code, files in homes.items() if len(files) > 1} == {}


def test_the_list_is_sorted_and_names_everything_once() -> None:
    lines = names_in_file()

    assert lines == sorted(set(lines))


def test_every_written_event_has_its_golden_file() -> None:
    written = {line.removeprefix("event ") for line in names_in_file() if line.startswith("event ")}

    assert written == {path.stem for path in GOLDEN}, "Golden files are added, never removed."
