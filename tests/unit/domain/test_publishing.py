"""What all kinds of definitions have in common that are published in versions."""

import pytest

from domain.catalog import AGGREGATES
from domain.publishing import Line, Publish
from tests.support.examples import COMMANDS, EVENTS, NOW
from tests.support.spec import Scenario, Stored, given

KINDS = sorted(name for name, state in AGGREGATES.items() if isinstance(state(), Line))


def after(kind: str, *published: Publish) -> Scenario:
    """Start where nothing else of the kind is published, and the calendar that it may need is."""
    needed = () if kind == "calendar" else (EVENTS["calendar.published.v1"],)
    return given(*needed, *published, paths=())


def publish(kind: str) -> Publish:
    command = COMMANDS[f"{kind}.publish"]
    assert isinstance(command, Publish)
    return command


def other(kind: str) -> Publish:
    """Publish the same under another title."""
    command = publish(kind)
    said = {**command.definition.content, "title": {"en": "Another one"}}
    definition = type(command.definition).model_validate(said)
    return command.model_copy(update={"definition": definition})


def test_these_are_published_in_versions() -> None:
    assert KINDS == ["calendar", "path", "role", "rule", "template", "wave"]


@pytest.mark.parametrize("kind", KINDS)
class TestEachKind:
    def test_what_is_published_first_is_version_1(self, kind: str) -> None:
        command = publish(kind)
        answer = after(kind).when(command)

        name = getattr(command.definition, kind)
        assert answer.world.state(f"{kind}-{name}").latest == 1
        assert answer.events[0].model_dump() == {
            kind: name,
            f"{kind}_version": 1,
            "content_hash": command.definition.content_hash,
            "definition": command.definition.content,
        }

    def test_what_says_something_else_is_the_next_version(self, kind: str) -> None:
        answer = after(kind, publish(kind)).when(other(kind))

        assert answer.events[0].model_dump()[f"{kind}_version"] == 2

    def test_the_same_again_is_nothing(self, kind: str) -> None:
        after(kind, publish(kind)).when(publish(kind)).then_nothing()

    def test_what_was_said_before_may_be_said_again(self, kind: str) -> None:
        answer = after(kind, publish(kind), other(kind)).when(publish(kind))

        assert answer.events[0].model_dump()[f"{kind}_version"] == 3

    def test_it_has_no_status_to_expect(self, kind: str) -> None:
        expecting = publish(kind).model_copy(update={"expected_status": "new"})

        answer = after(kind).when(expecting).then_refused("status_differs")
        assert answer.unmet[0].message == f"A {kind} has no status"

    def test_it_takes_no_event_of_an_order(self, kind: str) -> None:
        with pytest.raises(TypeError, match=f"OrderPlaced is no event of a {kind}"):
            AGGREGATES[kind]().evolve(Stored(EVENTS["order.placed.v1"], 1, NOW))
