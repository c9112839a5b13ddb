"""A path drafted from what orders really did: their statuses, the moves that occurred, limits.

Written as YAML for people to correct, then published. Called with the orders of the log by
services.paths.discovery, and with a file by services.imports.discover.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from math import ceil
from typing import Any, Final, Literal

from domain.messages import is_code
from domain.paths.durations import format_duration
from domain.paths.limits import MAX_LIMIT

Ending = Literal["success", "failure"]

_FAILURE: Final = re.compile(
    r"\b(cancel|declin|reject|refus|abort|unavailable|отмен|отказ|отклон|не ?выкуп|аннулир)"
    r"|^(returned|возврат)$"  # No more: what is due, missed or comes back may go on.
)
_YAML_WORDS: Final = frozenset(["null", "true", "false", "yes", "no", "on", "off", "y", "n"])
_FAILED_STAGE: Final = "failed"
_STEPS: Final = ((60, 1), (3_600, 60), (86_400, 900))  # below so many seconds, rounded to so many
_LONG_STEP: Final = 3_600  # what longer ones are rounded to


@dataclass(frozen=True)
class Observed:
    """What orders did. Statuses stand in the order in which orders pass them."""

    titles: Mapping[str, Mapping[str, str]]  # status -> language -> title
    starts: Counter[str]  # orders that began there
    moves: Counter[tuple[str, str]]  # from and to
    p90_seconds: Mapping[str, float]  # of the stays that have ended
    stages: Mapping[str, str] = field(default_factory=dict)  # as far as they are known
    # As far as they are known, None: as one that ends no order.
    finals: Mapping[str, Ending | None] = field(default_factory=dict)

    @cached_property
    def leaving(self) -> Counter[str]:
        """How many moves lead out of each status."""
        leaving: Counter[str] = Counter()
        for (source, _), count in self.moves.items():
            leaving[source] += count
        return leaving

    @property
    def ways(self) -> list[tuple[str, str, int]]:
        """List the moves by the order of the statuses, the frequent ones of each first."""
        ranks = {status: rank for rank, status in enumerate(self.titles)}
        moves = [(source, target, count) for (source, target), count in self.moves.items()]
        return sorted(moves, key=lambda move: (ranks[move[0]], -move[2], ranks[move[1]]))

    def share(self, source: str, target: str) -> float:
        """Give the share of a move in all that leave the status, 0 to 1."""
        return self.moves[source, target] / self.leaving[source]

    def final(self, status: str) -> Ending | None:
        """Say how a status ends orders: as is known, else as its name sounds. Success is no guess:
        where it is wrong, orders would be over of which nobody knows how they end.
        """
        if status in self.finals:
            return self.finals[status]
        return "failure" if self.is_unsure(status) and self._sounds_failed(status) else None

    def is_unsure(self, status: str) -> bool:
        """Whether only its name says how it ends orders: no order left it, and it is not known."""
        return status not in self.finals and not self.leaving[status]

    def _sounds_failed(self, status: str) -> bool:
        names = (status, *self.titles[status].values())
        return any(_FAILURE.search(name.casefold().replace("_", " ")) for name in names)

    def stage(self, status: str) -> str:
        """Give the stage that is known; else all failures have one, all others their own."""
        failed = self.final(status) == "failure"
        return self.stages.get(status) or (_FAILED_STAGE if failed else status)

    def limit(self, status: str) -> timedelta | None:
        """Suggest a limit that nine of ten stays kept; none for what is final, or may be."""
        seconds = self.p90_seconds.get(status)
        if seconds is None or self.final(status) or self.is_unsure(status):
            return None
        return _rounded_up(seconds)


def figures_of(observed: Observed) -> dict[str, Any]:
    """Give what was observed with its stable keys: docs/paths.md."""
    return {
        "statuses": [
            {
                "status": status,
                "starts": observed.starts[status],
                "p90_seconds": observed.p90_seconds.get(status),
                "final": observed.final(status),
            }
            for status in observed.titles
        ],
        "moves": [
            {"from": source, "to": target, "count": count, "share": observed.share(source, target)}
            for source, target, count in observed.ways
        ],
    }


def draft(path: str, origin: str, observed: Observed) -> str:
    """Write a path as YAML that can be published; origin says from what it was drafted."""
    return "\n".join([*_head(path, origin, observed), *_body(observed)]) + "\n"


def _head(path: str, origin: str, observed: Observed) -> Iterator[str]:
    stages = dict.fromkeys(map(observed.stage, observed.titles))
    ordered = sorted(stages, key=_FAILED_STAGE.__eq__)  # Failures come last.
    yield f"# Drafted from {origin}: correct titles, stages, final statuses and"
    yield "# limits (nine of ten stays were shorter), add owners, roles and applies_to, look at"
    yield "# `orderpath path lint FILE`, then publish it: orderpath path publish FILE"
    yield f"path: {_code(path)}"
    yield f"stages: [{', '.join(map(_code, ordered))}]"


def _body(observed: Observed) -> Iterator[str]:
    yield from ("", "statuses:")
    for status, titles in observed.titles.items():
        yield f"  {_code(status)}:"
        yield f"    stage: {_code(observed.stage(status))}"
        if titles:
            named = (f"{_key(language)}: {_quoted(words)}" for language, words in titles.items())
            yield f"    title: {{{', '.join(named)}}}"
        if limit := observed.limit(status):
            yield f"    limit: {{wall: {format_duration(limit)}}}"
        ending, is_unsure = observed.final(status), observed.is_unsure(status)
        if ending:
            why = " # guessed from its name" if is_unsure else ""
            yield f"    final: {ending}{why}"
        elif is_unsure:
            yield "    # No order left it. If orders end well here: final: success"
    yield from ("", "initial:")
    for status, count in observed.starts.most_common():
        begun = f"{count:,} of {observed.starts.total():,} orders begin here"
        yield f"  - {{status: {_code(status)}}} # {begun}"
    if observed.moves:
        yield from ("", "transitions:")
        yield from _transitions(observed)


def _transitions(observed: Observed) -> Iterator[str]:
    for source, target, count in observed.ways:
        among = f"{count:,} of {observed.leaving[source]:,} moves out of {source}"
        share = f"{observed.share(source, target):.1%}"
        yield f"  - {{from: {_code(source)}, to: {_code(target)}}} # {share}: {among}"


def _code(code: str) -> str:
    """Write a code so that no reader of YAML takes it for something else, as null or 1."""
    return code if is_code(code) and code not in _YAML_WORDS else _quoted(code)


def _key(language: str) -> str:
    return language if language.isascii() and language.isalpha() else _quoted(language)


def _quoted(text: str) -> str:
    """Write a text of any signs as YAML."""
    return '"' + "".join(map(_sign, text)) + '"'


def _sign(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    return sign if sign.isprintable() else f"\\U{ord(sign):08X}"


def _rounded_up(seconds: float) -> timedelta:
    step = next((step for below, step in _STEPS if seconds < below), _LONG_STEP)
    return min(timedelta(seconds=max(ceil(seconds / step), 1) * step), MAX_LIMIT)
