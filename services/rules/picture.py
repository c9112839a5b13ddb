"""Which rule can lead to which, as a picture in Mermaid. A text only, it draws nothing.

A rule stands as a box with what it does, dashed if it only judges, and left out if it is off. An
arrow says what of the one the other looks at; conditions count as far as they can be proved.
"""

from collections.abc import Iterator, Sequence
from textwrap import shorten
from typing import Final

from domain.paths.durations import format_duration
from domain.paths.path import OrderPath
from domain.rules.leading import Traces, leads, traces_of
from domain.rules.rule import Rule
from domain.rules.triggers import OnChange, OnEvent, OnSilence
from services.paths.picture import in_mermaid
from services.rules.rule_words import what_words

LONGEST: Final = 60  # characters of what a rule does

Edge = tuple[str, str, str]  # rule, the one that it can lead to, by what


def edges(rules: Sequence[Rule], paths: Sequence[OrderPath]) -> list[Edge]:
    """Give each rule that can lead to another one, with what that one looks at."""
    acting = [rule for rule in rules if rule.mode != "off"]
    traces = {rule.rule: traces_of(rule, paths) for rule in acting}
    return [
        (one.rule, other.rule, _by_what(traces[one.rule], other))
        for one in acting
        for other in acting
        if leads(traces[one.rule], other)
    ]


def mermaid(rules: Sequence[Rule], paths: Sequence[OrderPath]) -> str:
    """Give the picture as a Mermaid flow chart."""
    return "\n".join(_mermaid(rules, paths)) + "\n"


def _mermaid(rules: Sequence[Rule], paths: Sequence[OrderPath]) -> Iterator[str]:
    yield "flowchart LR"
    for rule in rules:
        if rule.mode != "off":
            does = in_mermaid(shorten(what_words(rule), LONGEST, placeholder=" …"))
            yield f'    r_{rule.rule}["{rule.rule}<br/>{does}"]'
    for one, other, words in edges(rules, paths):
        yield f'    r_{one} -->|"{in_mermaid(words)}"| r_{other}'
    for rule in rules:
        if rule.mode == "shadow":
            yield f"    style r_{rule.rule} stroke-dasharray:4"


def _by_what(traces: Traces, other: Rule) -> str:
    """Name what is left and looked at: events, or fields with their values."""
    found: list[str] = []
    for step in traces.steps:
        for trigger in other.on:
            match trigger:
                case OnEvent(event=names):
                    found += [name for name in names if name in step.events]
                case OnChange(change=name, to=to) if name in step.values:
                    found.append(f"{name} > {'|'.join(to)}" if to else name)
                case OnSilence(silence=span):
                    found.append(f"{format_duration(span)} of silence")
                case _:
                    pass
    return ", ".join(dict.fromkeys(found))
