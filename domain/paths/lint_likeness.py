"""Lint: titles that people take for each other, and paths that are one path."""

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from domain.paths.findings import Finding
from domain.paths.path import OrderPath

ALIKE = 0.9  # of all characters are the same, in the same order
_SHOWN = {"title", "description", "color", "icon", "public_label"}  # no part of how orders travel
_NAMED = {"path", "title", "applies_to"}


def list_alike_titles(path: OrderPath) -> Iterator[Finding]:
    """Give each status whose title is nearly that of one above it, in any language."""
    languages = dict.fromkeys(name for status in path.statuses.values() for name in status.title)
    told: set[str] = set()
    for language in languages:
        for code, other in _alike(path, language):
            if code not in told:
                told.add(code)
                yield _alike_titles(path, language, code, other)


def _alike(path: OrderPath, language: str) -> Iterator[tuple[str, str]]:
    above: list[tuple[str, str]] = []
    for code, status in path.statuses.items():
        if language not in status.title:
            continue
        plain = _plain(status.title[language])
        matcher = SequenceMatcher(autojunk=False)
        matcher.set_seq2(plain)
        for other, words in above:
            matcher.set_seq1(words)
            if _is_alike(matcher):
                yield code, other
                break
        above.append((code, plain))


def _is_alike(matcher: "SequenceMatcher[str]") -> bool:
    """Ask the quick bounds first, which nearly all pairs fail."""
    bounds = (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)
    return all(ratio() > ALIKE for ratio in bounds)


def _plain(title: str) -> str:
    return " ".join(re.findall(r"\w+", title.casefold()))


def _alike_titles(path: OrderPath, language: str, code: str, other: str) -> Finding:
    one, two = (path.statuses[status].title[language] for status in (code, other))
    return Finding(
        code="titles_alike",
        severity="warning",
        place=("statuses", code, "title", language),
        message=f"{one!r} is nearly the title of {other}, {two!r}",
        why="people take one for the other, and reports count one thing twice",
        needed="say in the title what differs, or make one status of both",
    )


def list_alike_paths(path: OrderPath, others: Mapping[str, OrderPath]) -> Iterator[Finding]:
    """Give each other path by which orders travel in the same way (R6)."""
    process = _process(path)
    for name, other in others.items():
        if name != path.path and _process(other) == process:
            yield Finding(
                code="paths_equal",
                severity="warning",
                place=("path",),
                message=f"orders travel by {path.path} as by {name}",
                why="a second path is worth its upkeep only where the process differs",
                needed="merge them: name the order types of both in applies_to of one",
            )


def _process(path: OrderPath) -> dict[str, Any]:
    return path.model_dump(exclude={**dict.fromkeys(_NAMED, True), "statuses": {"__all__": _SHOWN}})
