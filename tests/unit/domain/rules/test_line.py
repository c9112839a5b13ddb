"""Rules are published in versions; the mode is a part of what is published."""

from typing import Any
from uuid import UUID

import pytest

from domain.rules.line import PublishRule, RuleLine, RulePublished, SetRuleMode
from domain.rules.rule import Rule
from tests.support.examples import EVENTS, NOW, RULE, actor
from tests.support.spec import Stored, given

WHO = {"command_id": UUID(int=1), "actor": actor()}
QUIET = Rule.model_validate({**RULE.content, "mode": "shadow"})


def published(rule: Rule, version: int) -> RulePublished:
    return RulePublished(
        rule=rule.rule,
        rule_version=version,
        content_hash=rule.content_hash,
        definition=rule.content,
    )


def test_a_mode_is_set_by_the_next_version() -> None:
    set_mode = SetRuleMode(**WHO, rule=RULE.rule, mode="shadow")
    given(published(RULE, 1)).when(set_mode).then(published(QUIET, 2))
    given(published(QUIET, 1)).when(set_mode).then_nothing()


def test_a_mode_meant_for_one_version_leaves_a_later_one_alone() -> None:
    late = SetRuleMode(**WHO, rule=RULE.rule, mode="off", of_version=1)
    given(published(RULE, 1), published(QUIET, 2)).when(late).then_nothing()


def test_a_rule_that_nobody_published_has_no_mode() -> None:
    given().when(SetRuleMode(**WHO, rule="none", mode="off")).then_refused("rule_unknown")


BY_NIGHT = {"hours": "nights"}
AT_TEN = {"on": [{"schedule": {"at": ["10:00"], "calendar": "nights"}, "in": "new"}]}
NIGHTS = EVENTS["calendar.published.v1"].model_copy(update={"calendar": "nights"})


@pytest.mark.parametrize("hours", [BY_NIGHT, AT_TEN])
def test_a_rule_is_published_once_the_calendar_of_its_hours_is(hours: dict[str, Any]) -> None:
    rule = Rule.model_validate({**RULE.content, **hours})
    publish = PublishRule(**WHO, definition=rule)

    given().when(publish).then_refused("calendar_unknown")
    given(NIGHTS).when(publish).then(published(rule, 1))


def test_a_rule_whose_calendar_nobody_published_may_still_be_switched_off() -> None:
    rule = Rule.model_validate({**RULE.content, **BY_NIGHT})
    off = Rule.model_validate({**rule.content, "mode": "off"})

    set_mode = SetRuleMode(**WHO, rule=rule.rule, mode="off")
    given(published(rule, 1)).when(set_mode).then(published(off, 2))


def test_a_rule_that_checks_of_today_refuse_may_still_be_switched_off() -> None:
    odd = published(RULE, 1).model_copy(
        update={"definition": {**RULE.content, "cancel_on": ["order.teleported"]}}
    )

    answer = given(odd).when(SetRuleMode(**WHO, rule=RULE.rule, mode="off"))

    (off,) = answer.events
    assert isinstance(off, RulePublished)
    assert off.definition == {**odd.definition, "mode": "off"}


def test_evolve_takes_whatever_was_published_and_looks_at_none_of_it() -> None:
    odd = RulePublished(rule="odd", rule_version=7, content_hash="x", definition={"no": "rule"})

    line = RuleLine().evolve(Stored(odd, 1, NOW))

    assert (line.latest, line.definition, line.last_occurred_at) == (7, odd.definition, NOW)
