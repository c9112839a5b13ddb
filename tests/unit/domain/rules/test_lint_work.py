"""How much lint does for one rule among many: whoever publishes one waits for it."""

import cProfile
import pstats
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from domain.paths.cel_syntax import parse_cel
from domain.rules.findings import Known
from domain.rules.lint import lint
from domain.rules.rule import Rule
from tests.support.examples import PATH
from tests.support.rules import rule_of

MANY: Final = 12


def crowd() -> list[Rule]:
    """Make rules of which any two are held against each other, with conditions of their own."""
    return [
        rule_of(
            f"rule_{number}",
            on=[{"event": "order.note_added"}, {"change": "status"}],
            conditions={
                "mine": f"order.shop == 'lint work {number}' || order.channel == 'web'",
                "owed": "order.due_minor <= 0",
            },
            then=[{"assign": {"group": f"group_{number}"}}, {"note": "Seen"}],
        )
        for number in range(MANY)
    ]


def calls_of(rules: Sequence[Rule], others: Sequence[Rule], *names: tuple[str, str]) -> list[int]:
    """Count how often functions, by file and name, are called while rules are linted."""
    profile = cProfile.Profile()
    profile.runcall(lint, rules, Known(paths=[PATH], others=others))
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    called = {(Path(file).name, name): count for (file, _, name), (count, *_) in stats.items()}
    return [called.get(name, 0) for name in names]


def test_a_condition_is_read_once_however_many_rules_it_is_held_against() -> None:
    rules = crowd()
    parse_cel.cache_clear()  # They were read when the rules were made.

    (read,) = calls_of(rules, (), ("cel_syntax.py", "_limit_depth"))

    texts = {source for rule in rules for source in rule.if_.values()}
    assert 0 < read <= len(texts)


def test_a_rule_is_held_against_the_others_and_they_are_not_held_against_each_other() -> None:
    one, *others = crowd()

    (alone,) = calls_of([one], others, ("clashes.py", "find_clash"))
    (together,) = calls_of([one, *others], (), ("clashes.py", "find_clash"))

    assert (alone, together) == (len(others), MANY * (MANY - 1) // 2)
