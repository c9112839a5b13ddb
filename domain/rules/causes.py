"""Why another rule has left an order alone: written behind what a rule says to people, where the
rule asks for it (`why_not`). Called by domain.rules.acts.
"""

from collections.abc import Mapping
from typing import Final

from domain.rules import actions as a
from domain.rules.judging import NONE, ask
from domain.rules.runs import Case

# What of an action people read, and how many characters it has at most.
_SAID: Final[Mapping[str, int]] = {"reason": 2_000, "note": 2_000, "task": 200, "alert": 200}


def with_causes(action: a.Action, case: Case) -> a.Action:
    """Give an action as it is done: what it says ends with the causes, cut to what there is room
    for.
    """
    if case.of.rule.why_not is None:
        return action
    said = {name: getattr(action, name, None) for name in _SAID}
    causes = _causes(case.of.rule.why_not, case)
    told = {name: f"{text}: {causes}" for name, text in said.items() if text is not None}
    return action.model_copy(update={name: _cut(text, _SAID[name]) for name, text in told.items()})


def _causes(name: str, case: Case) -> str:
    """Say what kept a rule from acting: with the order as it is, so nothing that is past counts."""
    named = case.rules.by_name.get(name)
    if named is None:
        return f"there is no rule {name}"
    if named.rule.mode != "live":
        return f"{name} is {named.rule.mode}"
    (answers,) = ask(case.sight, [(named.rule, NONE)])
    asked = [one for one, source in named.rule.if_.items() if source in named.rule.lasting]
    missed = [f"not {one}" for one in asked if not answers[one]]
    return ", ".join(missed) or f"all holds that {name} asks for"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
