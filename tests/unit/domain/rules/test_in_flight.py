"""What a rule has sent is nothing once a later version of it is off, or only judges."""

from uuid import UUID

import pytest

from domain.messages import Actor, Foreseen
from domain.orders.commands import AddNote
from domain.rules.in_flight import is_turned_off, rule_read
from domain.rules.line import RuleLine, RulePublished
from tests.support.examples import NOW, RULE, actor

STREAM = f"rule-{RULE.rule}"


def line(*modes: str) -> RuleLine:
    """Give the rule after as many versions."""
    found = RuleLine()
    for version, mode in enumerate(modes, 1):
        event = RulePublished(
            rule=RULE.rule,
            rule_version=version,
            content_hash="",
            definition={**RULE.content, "mode": mode},
        )
        found = found.evolve(Foreseen(event, version, NOW, UUID(int=version)))
    return found


def sent(version: int) -> AddNote:
    by = {"actor": Actor(kind="trigger", id=RULE.rule), "source": f"rule:{RULE.rule}:{version}"}
    return AddNote(command_id=UUID(int=1), order_id=UUID(int=2), text="Called", **by)


@pytest.mark.parametrize("mode", ["off", "shadow"])
def test_what_a_version_sent_is_nothing_once_a_later_one_is_not_live(mode: str) -> None:
    assert rule_read(sent(1)) == (STREAM,)
    assert not is_turned_off(sent(1), {STREAM: line("live", "live")})
    assert is_turned_off(sent(1), {STREAM: line("live", mode)})
    assert is_turned_off(sent(1), {STREAM: line("live", mode, "live")})
    assert not is_turned_off(sent(3), {STREAM: line("live", mode, "live")})


def test_what_nobody_s_rule_sent_reads_no_rule() -> None:
    by_hand = AddNote(command_id=UUID(int=1), actor=actor(), order_id=UUID(int=2), text="Called")

    assert rule_read(by_hand) == ()
    assert not is_turned_off(by_hand, {})
