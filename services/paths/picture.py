"""A path as a picture: Mermaid for a page, DOT for Graphviz. Texts only, they draw nothing.

Every status stands in the box of its stage, in its colour, with the open orders that are in it.
What orders do by themselves is drawn dashed, and so is a status that is not active.
"""

import re
from collections.abc import Iterator, Mapping
from textwrap import shorten
from typing import Final

from domain.paths.path import OrderPath
from domain.paths.statuses import Status
from domain.paths.transitions import Transition

Counts = Mapping[str, int]  # status -> open orders
Arrow = tuple[str, str, str, bool]  # from, to, on what terms, whether the order moves by itself

LONGEST: Final = 60  # characters of a title
_DARK: Final = 140  # of 255: on less light colours words are white


def mermaid(path: OrderPath, counts: Counts) -> str:
    """Give the picture as a Mermaid flow chart."""
    return "\n".join(_mermaid(path, counts)) + "\n"


def dot(path: OrderPath, counts: Counts) -> str:
    """Give the picture as a DOT graph."""
    return "\n".join(_dot(path, counts)) + "\n"


def rule_words(rule: Transition) -> str:
    """Say shortly on what terms a move is made: manager; if reserved; lead agrees; override."""
    terms = [
        ", ".join(rule.roles),
        ", ".join(f"if {guard.code}" for guard in rule.guards),
        f"{' or '.join(rule.approval.by)} agrees" if rule.approval else "",
        "override" * rule.override,
    ]
    return "; ".join(filter(None, terms))


def _mermaid(path: OrderPath, counts: Counts) -> Iterator[str]:
    yield "flowchart LR"
    yield "    start(( ))"
    for number, (stage, codes) in enumerate(_by_stage(path).items()):
        yield f'    subgraph stage_{number}["{stage}"]'
        for code in codes:
            status = path.statuses[code]
            label = "<br/>".join(map(in_mermaid, _label(code, status, counts)))
            yield (
                f'        s_{code}(["{label}"])' if status.final else f'        s_{code}["{label}"]'
            )
        yield "    end"
    for source, target, words, by_itself in _arrows(path):
        label = f'|"{in_mermaid(words)}"|' if words else ""
        yield f"    {source} {'-.->' if by_itself else '-->'}{label} {target}"
    for code, status in path.statuses.items():
        if status.color:
            yield f"    style s_{code} fill:{status.color},color:{_ink(status.color)}"
        if not status.active:
            yield f"    style s_{code} stroke-dasharray:4"


def in_mermaid(text: str) -> str:
    """Write every sign that could mean something there by its number."""
    return re.sub(r"[^\w .,:()/'+-]", lambda sign: f"#{ord(sign[0])};", text)


def _dot(path: OrderPath, counts: Counts) -> Iterator[str]:
    yield f'digraph "{path.path}" {{'
    yield "    rankdir=LR;"
    yield '    node [shape=box, style="filled", fillcolor="#ffffff"];'
    yield '    start [shape=circle, label=""];'
    for number, (stage, codes) in enumerate(_by_stage(path).items()):
        yield f"    subgraph cluster_{number} {{"
        yield f'        label="{stage}";'
        for code in codes:
            yield f"        s_{code} [{', '.join(_dot_style(code, path.statuses[code], counts))}];"
        yield "    }"
    for source, target, words, by_itself in _arrows(path):
        looks = [*[f'label="{_in_dot(words)}"'] * bool(words), *["style=dashed"] * by_itself]
        yield f"    {source} -> {target}" + (f" [{', '.join(looks)}];" if looks else ";")
    yield "}"


def _dot_style(code: str, status: Status, counts: Counts) -> Iterator[str]:
    label = "\\n".join(map(_in_dot, _label(code, status, counts)))
    yield f'label="{label}"'
    if status.color:
        yield f'fillcolor="{status.color}"'
        yield f'fontcolor="{_ink(status.color)}"'
    looks = ["filled", *["rounded"] * bool(status.final), *["dashed"] * (not status.active)]
    if len(looks) > 1:
        yield f'style="{",".join(looks)}"'


def _in_dot(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _by_stage(path: OrderPath) -> dict[str, list[str]]:
    """Give the stages that have statuses, in the order of the funnel."""
    stages: dict[str, list[str]] = {stage: [] for stage in path.stages}
    for code, status in path.statuses.items():
        stages[status.stage].append(code)
    return {stage: codes for stage, codes in stages.items() if codes}


def _arrows(path: OrderPath) -> Iterator[Arrow]:
    for status in dict.fromkeys(start.status for start in path.initial):
        yield "start", f"s_{status}", "", False
    for (source, target), rule in path.matrix.items():
        yield f"s_{source}", f"s_{target}", rule_words(rule), False
    for follow in path.follow:
        for source in follow.from_:
            yield f"s_{source}", f"s_{follow.to}", f"all {follow.items}", True


def _label(code: str, status: Status, counts: Counts) -> list[str]:
    title = shorten(status.title.get("en") or next(iter(status.title.values()), code), LONGEST)
    return [title or code, *([f"{counts[code]:,} open"] if code in counts else [])]


def _ink(color: str) -> str:
    """Choose what can be read on a colour."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < _DARK else "#000000"
