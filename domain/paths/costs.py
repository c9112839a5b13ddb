"""What a condition costs at most, by the lengths of the lists that it goes through.

The library has no limit of its own, and copies what `map` and `filter` have found with each element
that they find. One operation is at most some 0.05 µs. Called by domain.paths.conditions.
"""

from collections import Counter
from collections.abc import Mapping, Set
from math import prod
from typing import Final

from domain.paths.cel_syntax import Node
from domain.paths.environment import MACROS, TEXT_TESTS, Environment, ListOf, Record, Type

Lists = tuple[str, ...]  # whose lengths are multiplied: `items`, `customer.tags`
Cost = Counter[Lists]  # operations for each product of lengths; of no list: once

MAX_ELEMENTS: Final = 1_000  # of any list that a condition names
_AN_ELEMENT: Final = 5  # a macro gives each of them its name
_A_TEXT_TEST: Final = 6
_A_VALUE_TOLD: Final = 20  # from our values to those of the library


def cost_of(node: Node, reads: Environment, fields: Mapping[str, Set[str]]) -> Cost:
    """Sum the operations of a checked condition.

    reads, fields: the variables that it names, and the fields of each record
    """
    width = max(map(len, fields.values()), default=1)
    cost = _cost(node, frozenset(), width)
    for name, type_ in reads.items():
        cost += _telling(name, type_, fields)
    return cost


def operations(cost: Cost, lengths: Mapping[str, int]) -> int:
    """Work out a cost for lists of these lengths."""
    return sum(factor * prod(lengths[name] for name in lists) for lists, factor in cost.items())


def _cost(node: Node, elements: frozenset[str], width: int) -> Cost:
    """elements: what the macros around it name"""
    if node.kind == "method" and node.text in MACROS:
        return _macro(node, elements, width)
    own = _A_TEXT_TEST if node.kind == "method" and node.text in TEXT_TESTS else 1
    cost: Cost = Counter({(): own})
    if node.kind == "in":
        cost += _length(node.parts[1], elements)
    for part in node.parts:
        cost += _cost(part, elements, width)
    return cost


def _macro(node: Node, elements: frozenset[str], width: int) -> Cost:
    target, name, said = node.parts
    length = _length(target, elements)
    each = _cost(said, elements | {name.text}, width) + Counter({(): _AN_ELEMENT})
    copied = {"map": 1, "filter": 1 + 2 * width}.get(node.text, 0)
    copying = _times(_times(length, length), Counter({(): copied}))
    return _cost(target, elements, width) + _times(length, each) + copying


def _length(node: Node, elements: frozenset[str]) -> Cost:
    """Say how long a list is; of a choice between two, both."""
    match node.kind:
        case "name" if node.text not in elements:
            return Counter({(node.text,): 1})
        case "select" if node.parts[0].kind == "name" and node.parts[0].text not in elements:
            return Counter({(f"{node.parts[0].text}.{node.text}",): 1})
        case "list":
            return Counter({(): len(node.parts)})
        case "method" if node.text in MACROS:
            return _length(node.parts[0], elements)
        case "?:":
            return _length(node.parts[1], elements) + _length(node.parts[2], elements)
        case _:
            return Counter({(): MAX_ELEMENTS})


def _times(one: Cost, other: Cost) -> Cost:
    product: Cost = Counter()
    for lists, factor in one.items():
        for others, times in other.items():
            product[tuple(sorted((*lists, *others)))] += factor * times
    return product


def _telling(name: str, type_: Type, fields: Mapping[str, Set[str]]) -> Cost:
    if isinstance(type_, Record):
        lists = {one for one in fields[type_.name] if isinstance(type_.fields[one], ListOf)}
        return Counter({(f"{name}.{one}",): _A_VALUE_TOLD for one in lists})
    if not isinstance(type_, ListOf):
        return Counter()
    of_each = len(fields[type_.element.name]) if isinstance(type_.element, Record) else 1
    return Counter({(name,): _A_VALUE_TOLD * (of_each + 1)})
