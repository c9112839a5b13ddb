"""What is certain of a condition once one knows which values a field can have.

Beside domain.paths.certainties, which knows nothing of values. On the safe side: what is not
proved is possible. Called by domain.paths.lint_conditions.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from domain.paths.cel_syntax import Node

MAX_CASES = 1_000  # that are gone through before nothing is proved

Values = Set[str | int]
Domains = Mapping[str, Values]  # field, as order.status -> every value that it can have
Claim = tuple[Node, bool]  # a part, and whether it shall be true

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_PLAIN = re.compile(r"""(['"])((?!\1)[^\\]*?)\1""")  # no escapes, not raw, quoted once
_TURNED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def can_be(claims: Iterable[Claim], domains: Domains) -> bool:
    """Whether all claims may hold for one order; False is a proof that they never do."""
    return any(_fits(literals, domains) for literals in _cases(list(claims)))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A part that compares a field, or whatever else is computed, with written values."""

    subject: Node
    sign: str  # of _OPPOSITE, or in
    values: tuple[str | int, ...]


def comparison_of(node: Node) -> Comparison | None:
    """Read `order.status == 'new'`, `'new' == order.status` and `order.status in ['new']`."""
    if node.kind == "in" and node.parts[1].kind == "list":
        values = [_written(part) for part in node.parts[1].parts]
        known = tuple(value for value in values if value is not None)
        subject = node.parts[0]
        return Comparison(subject, "in", known) if len(known) == len(values) else None
    if node.kind not in _OPPOSITE:
        return None
    left, right = node.parts
    if (value := _written(right)) is not None:
        return Comparison(left, node.kind, (value,))
    if (value := _written(left)) is not None:
        return Comparison(right, _TURNED[node.kind], (value,))
    return None


def name_of(node: Node) -> str:
    """Name a field as it is written: order.status; other parts have no name."""
    if node.kind == "select" and node.parts[0].kind == "name":
        return f"{node.parts[0].text}.{node.text}"
    return ""


def _written(node: Node) -> str | int | None:
    """Give a written text without escapes, or a whole number."""
    if node.kind == "string":
        plain = _PLAIN.fullmatch(node.text)
        return plain[2] if plain else None
    if node.kind == "int":
        return int(node.text, 16 if node.text.startswith("0x") else 10)
    if node.kind == "negate" and node.parts[0].kind == "int":
        value = _written(node.parts[0])
        return -value if isinstance(value, int) else None
    return None


def _cases(claims: list[Claim]) -> Iterator[list[Claim]]:
    """Give each way in which the claims can hold, as claims that cannot be taken apart."""
    waiting: list[tuple[list[Claim], list[Claim]]] = [(claims, [])]
    for _ in range(MAX_CASES):
        if not waiting:
            return
        open_claims, literals = waiting.pop()
        if not open_claims:
            yield literals
            continue
        (node, truth), *rest = open_claims
        ways = _ways(node, truth)
        if ways is None:
            waiting.append((rest, [*literals, (node, truth)]))
        else:
            waiting += [([*way, *rest], literals) for way in ways]
    yield []  # Too many to go through: anything may be.


def _ways(node: Node, truth: bool) -> Sequence[list[Claim]] | None:
    """Give the ways in which a part comes out so; None if it cannot be taken apart."""
    match node.kind:
        case "bool":
            return [[]] if (node.text == "true") == truth else []
        case "!":
            return [[(node.parts[0], not truth)]]
        case "&&" | "||" if truth == (node.kind == "&&"):
            return [[(part, truth) for part in node.parts]]
        case "&&" | "||":
            return [[(part, truth)] for part in node.parts]
        case "?:":
            asked, yes, no = node.parts
            return [[(asked, True), (yes, truth)], [(asked, False), (no, truth)]]
        case _:
            return None


@dataclass(slots=True)
class _Known:
    """What the claims of one case say of one subject."""

    among: set[str | int] | None = None  # None: anything
    without: set[str | int] = field(default_factory=set)
    least: int | None = None
    most: int | None = None

    def take(self, sign: str, values: tuple[str | int, ...]) -> None:
        match sign:
            case "==" | "in":
                self.among = {*values} if self.among is None else self.among & {*values}
            case "!=" | "not in":
                self.without |= {*values}
            case _:
                self._bound(sign, int(values[0]))

    def _bound(self, sign: str, bound: int) -> None:
        if sign in (">", ">="):
            bound += sign == ">"
            self.least = bound if self.least is None else max(self.least, bound)
        else:
            bound -= sign == "<"
            self.most = bound if self.most is None else min(self.most, bound)

    @property
    def is_possible(self) -> bool:
        if self.among is not None:
            return any(self._is_within(value) for value in self.among - self.without)
        return self.least is None or self.most is None or self.least <= self.most

    def _is_within(self, value: str | int) -> bool:
        if isinstance(value, str):
            return True
        above = self.least is None or value >= self.least
        return above and (self.most is None or value <= self.most)


def _fits(literals: Iterable[Claim], domains: Domains) -> bool:
    known: dict[Node, _Known] = {}
    said: dict[Node, bool] = {}
    for node, truth in literals:
        compared = comparison_of(node)
        if compared is None:
            if said.setdefault(node, truth) != truth:
                return False
            continue
        sign = compared.sign
        if not truth:
            sign = "not in" if sign == "in" else _OPPOSITE[sign]
        subject = compared.subject
        if subject not in known:
            domain = domains.get(name_of(subject))
            known[subject] = _Known(None if domain is None else {*domain})
        known[subject].take(sign, compared.values)
    return all(one.is_possible for one in known.values())
