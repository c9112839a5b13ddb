"""What actions take: what does not fit together is told where it is written."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.rules.actions import Assign
from domain.rules.rule import Rule


def rule(**action: Any) -> Rule:
    on = [{"event": "order.placed"}]
    return Rule.model_validate({"rule": "share", "on": on, "then": [action]})


@pytest.mark.parametrize("by", ["round_robin", "least_load", "sticky"])
def test_p28_an_order_is_assigned_to_a_group_by_a_way_of_choosing(by: str) -> None:
    share = {"assign": {"group": "managers"}, "by": by, "skill": "tea"}

    assert rule(**share).then == (Assign.model_validate(share),)


@pytest.mark.parametrize(
    "action",
    [
        {"assign": {"user": "ann"}, "by": "sticky"},
        {"assign": {"user": "ann", "group": "managers"}, "by": "sticky"},
        {"assign": {"group": "managers"}, "by": "dice"},
        {"assign": {"group": "managers"}, "skill": "tea"},
    ],
)
def test_p28_somebody_is_chosen_from_a_group_only(action: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        rule(**action)

    assert refused.value.errors()[0]["loc"][:2] == ("then", 0)
