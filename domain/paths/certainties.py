"""What is certain of a condition whatever the order is: constant parts, and what is not null.

Pure reasoning about the tree, on the safe side: `None` and an empty set mean "not proved".
"""

from collections.abc import Callable

from domain.paths.cel_syntax import Node
from domain.paths.environment import MACROS

_CERTAIN_OF_EQUALS = {"==": True, "<=": True, ">=": True, "!=": False, "<": False, ">": False}

Constant = Callable[[Node], object]


def decided(node: Node, value_of: Constant) -> bool | None:
    """Tell what a part of type bool always is; None if that is not proved.

    Proved: parts without variables (`value_of` computes them), `x || true`, `x && false`, `a == a`,
    `.all(x, true)`, `.exists(x, false)`, and what follows from these through !, &&, || and ?:.
    Not proved: anything about the values that a variable can have, as order.total_minor >= 0.
    """
    if is_constant(node):
        value = value_of(node)
        return value if isinstance(value, bool) else None
    match node.kind:
        case "!":
            inner = decided(node.parts[0], value_of)
            return None if inner is None else not inner
        case "&&" | "||":
            strong = node.kind == "||"  # what one part alone decides
            parts = {decided(part, value_of) for part in node.parts}
            return strong if strong in parts else not strong if parts == {not strong} else None
        case "?:":
            asked, yes, no = (decided(part, value_of) for part in node.parts)
            chosen = {yes, no} if asked is None else {yes if asked else no}
            return chosen.pop() if len(chosen) == 1 else None
        case "method" if node.text in ("all", "exists"):
            said = decided(node.parts[2], value_of)
            return said if said == (node.text == "all") else None
        case kind if kind in _CERTAIN_OF_EQUALS and node.parts[0] == node.parts[1]:
            return _CERTAIN_OF_EQUALS[kind]
        case _:
            return None


def is_constant(node: Node) -> bool:
    """Tell whether a part names nothing but the elements of its own macros."""
    macros = [part for part in node.walk() if part.kind == "method" and part.text in MACROS]
    own = {macro.parts[1].text for macro in macros}
    return all(part.text in own for part in node.walk() if part.kind == "name")


def not_null(node: Node, truth: bool) -> frozenset[Node]:
    """Give the parts that are certainly not null where this part has come out as `truth`."""
    match node.kind:
        case "!":
            return not_null(node.parts[0], not truth)
        case "&&" | "||" if truth == (node.kind == "&&"):
            return frozenset().union(*(not_null(part, truth) for part in node.parts))
        case "!=" | "==" if truth == (node.kind == "!="):
            compared = frozenset(part for part in node.parts if part.kind != "null")
            return compared if len(compared) == 1 else frozenset()
        case _:
            return frozenset()
