"""Lint: conditions that never or always hold because of what the values mean.

Reading a path refuses what is constant as it is written; here the statuses of the path count.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import get_args

from domain.hints import hint
from domain.messages import ActorKind
from domain.orders.documents import DOCUMENT_MOVES
from domain.orders.items import PIECE_STATUSES
from domain.orders.ledger import PaymentStatus, RefundStatus
from domain.orders.shipments import SHIPMENT_MOVES
from domain.paths.cel_syntax import Node, parse_cel
from domain.paths.environment import MACROS
from domain.paths.findings import Finding
from domain.paths.names import Place
from domain.paths.path import OrderPath
from domain.paths.provable import Domains, can_be, comparison_of, name_of


def list_condition_findings(path: OrderPath) -> Iterator[Finding]:
    """Give what can be proved of the conditions of a path, one by one and together."""
    judge = _Judge(path)
    for number, start in enumerate(path.initial):
        if start.when is not None:
            yield from judge.alone(("initial", number, "when"), parse_cel(start.when), [""])
    sources_of: dict[int, list[str]] = defaultdict(list)
    for (source, _), rule in path.matrix.items():
        sources_of[id(rule)].append(source)
    for number, transition in enumerate(path.transitions):
        sources = list(dict.fromkeys(sources_of[id(transition)]))
        if transition.guards and sources:  # What no move follows is told as such.
            nodes = [parse_cel(guard.when) for guard in transition.guards]
            yield from judge.together(("transitions", number, "guards"), nodes, sources)


class _Judge:
    """Judges the conditions of one path, each for the statuses in which it is asked."""

    def __init__(self, path: OrderPath) -> None:
        self._path = path
        self._defined = domains_of(path, ["", *path.statuses])

    def alone(self, place: Place, node: Node, statuses: Collection[str]) -> Iterator[Finding]:
        domains = domains_of(self._path, statuses)
        if unknown := list(unknown_values(self._defined, place, node)):
            yield from unknown
        elif not can_be([(node, True)], domains):
            yield _never(place, statuses)
        elif not can_be([(node, False)], domains):
            yield _always(place, statuses)

    def together(
        self, place: Place, nodes: Sequence[Node], statuses: Collection[str]
    ) -> Iterator[Finding]:
        """Judge the guards of one transition; that they contradict is told if nothing else is."""
        told = [
            finding
            for index, node in enumerate(nodes)
            for finding in self.alone((*place, index, "when"), node, statuses)
        ]
        domains = domains_of(self._path, statuses)
        if not told and not can_be([(node, True) for node in nodes], domains):
            told = [_contradicting(place)]
        yield from told


def _never(place: Place, statuses: Collection[str]) -> Finding:
    return Finding(
        code="condition_never",
        severity="error",
        place=place,
        message=f"it holds for no order{_where(statuses)}",
        why="what it stands before never happens, and nobody sees why",
        needed="ask for something that can be, or take it out with what it stands before",
    )


def _always(place: Place, statuses: Collection[str]) -> Finding:
    return Finding(
        code="condition_always",
        severity="warning",
        place=place,
        message=f"it holds for every order{_where(statuses)}",
        why="it looks like a check, and keeps nobody from anything",
        needed="ask for what was meant, or take it out",
    )


def _contradicting(place: Place) -> Finding:
    return Finding(
        code="guards_contradict",
        severity="error",
        place=place,
        message="no order meets all of these guards",
        why="each can hold and all never do, so nobody can ever make this move",
        needed="take one of them out, or write two transitions",
    )


def unknown_values(defined: Domains, place: Place, node: Node) -> Iterator[Finding]:
    """Give each comparison with a value that the field never has."""
    for name, field, values in _compared(node, {}):
        for value in values:
            if value not in defined.get(field, {value}):
                known = sorted(str(one) for one in defined[field] if one)
                yield Finding(
                    code="value_unknown",
                    severity="error",
                    place=place,
                    message=f"{name} never is {value!r}{hint(value, known)}",
                    why="a comparison with what does not exist comes out the same for every order",
                    needed="write a value that there is",
                )


def _compared(
    node: Node, elements: Mapping[str, str]
) -> Iterator[tuple[str, str, Sequence[str | int]]]:
    """Give each comparison: the field as written, what it is a field of, the written values.

    elements: what the macros around it name -> of which list: `s.status` is shipments.status
    """
    if (compared := comparison_of(node)) is not None:
        name = name_of(compared.subject)
        owner, _, field = name.partition(".")
        yield name, f"{elements.get(owner, owner)}.{field}", compared.values
    if node.kind == "method" and node.text in MACROS:
        listed, element, said = node.parts
        yield from _compared(listed, elements)
        yield from _compared(said, {**elements, element.text: _list_of(listed)})
        return
    for part in node.parts:
        yield from _compared(part, elements)


def _list_of(node: Node) -> str:
    """Name the list whose elements these are, as far as they are records."""
    while node.kind == "method" and node.text == "filter":
        node = node.parts[0]
    return node.text if node.kind == "name" else ""


def domains_of(path: OrderPath, statuses: Collection[str]) -> Domains:
    """Give every value of the fields that have few, for an order in one of these statuses."""
    pieces = (*PIECE_STATUSES, *(f"partly_{status}" for status in PIECE_STATUSES))
    return {
        "order.status": frozenset(statuses),
        "order.stage": frozenset(path.statuses[code].stage if code else "" for code in statuses),
        "order.path": frozenset([path.path]),
        "order.items_status": frozenset(["none", *pieces]),
        "order.payment_status": frozenset(get_args(PaymentStatus)),
        "order.refund_status": frozenset(get_args(RefundStatus)),
        "actor.kind": frozenset(get_args(ActorKind)),
        "payments.status": frozenset(get_args(PaymentStatus)),
        "shipments.status": frozenset(chain.from_iterable(SHIPMENT_MOVES)),
        "documents.status": frozenset(chain.from_iterable(DOCUMENT_MOVES)),
    }


def _where(statuses: Collection[str]) -> str:
    named = [code for code in statuses if code]
    return f" in {', '.join(named[:5])}{', …' * (len(named) > 5)}" if named else " that is placed"
