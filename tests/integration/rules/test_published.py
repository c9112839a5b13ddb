"""Published rules as people ask for them."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from domain.refusals import Unusable
from services.bootstrap import System
from services.rules.published import known_rule, latest_rules
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish
from tests.integration.rules.test_acting import GREET


class Counting:
    """The log, counting how often all that was ever published is read."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self.readings = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def published(self, kinds: Any) -> Any:
        self.readings += 1
        return self._log.published(kinds)


def test_a_rule_that_is_named_is_read_alone(world: World) -> None:
    publish(world, GREET)
    publish(world, GREET | {"mode": "shadow"})
    publish(world, GREET | {"rule": "another"})
    log = Counting(world.pipeline_log)
    system = cast(System, SimpleNamespace(log=log))

    first, latest = known_rule(system, "greet", 1), known_rule(system, "greet")

    assert (first.version, first.definition.mode) == (1, "live")
    assert (latest.version, latest.definition.mode) == (2, "shadow")
    assert log.readings == 0
    assert latest in latest_rules(system)
    with pytest.raises(Unusable, match="has no version 3: the latest is 2"):
        known_rule(system, "greet", 3)
    with pytest.raises(Unusable, match="choose one of another, greet"):
        known_rule(system, "nobody")
