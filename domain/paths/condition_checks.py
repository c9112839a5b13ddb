"""What can be told of a condition before any order: names, types, nesting, all faults at once.

Called by domain.paths.conditions. The CEL library itself has no types: it would let
`true || order.nope == 1` pass.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from domain.hints import advice
from domain.paths.cel_syntax import Node
from domain.paths.certainties import not_null
from domain.paths.environment import (
    BOOL,
    DURATION,
    FUNCTIONS,
    INT,
    LITERALS,
    MACROS,
    MAYBE_TIMESTAMP,
    NULL,
    SIGNATURES,
    STRING,
    TEXT_TESTS,
    TIMESTAMP,
    Environment,
    ListOf,
    Record,
    Scalar,
    Type,
)
from domain.paths.faults import Fault

MAX_NESTED = 2  # a macro may stand within another one, no deeper

_DURATION = re.compile(r"""(['"])(?=\d)(\d{1,6}h)?(\d{1,6}m)?(\d{1,6}s)?\1""")
_TIMESTAMP = re.compile(
    r"""(['"])\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d(Z|[+-]([01]\d|2[0-3]):\d\d)\1"""
)
_WRITTEN = {"bool": BOOL, "int": INT, "string": STRING, "null": NULL}
_SHOWN = {1: "{sign}{0}", 2: "{0} {sign} {1}", 3: "{0} ? {1} : {2}"}  # by the number of parts
_UNSUPPORTED = {
    "double": "numbers are whole: write 2 * order.paid_minor >= order.total_minor",
    "uint": "write the number without u",
    "bytes": "write a text in quotes, without b",
    "map": "compare one by one, with && and ||",
    "message": "compare one by one, with && and ||",
    "index": "write .exists(x, …) or .all(x, …)",
}


@dataclass(slots=True)
class Findings:
    """What a walk through one condition found."""

    faults: list[Fault] = field(default_factory=list)
    variables: set[str] = field(default_factory=set)
    fields: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # by record


def check(node: Node, source: str, environment: Environment) -> Findings:
    """Walk through a condition once. A wrong part is told once, not again by what is around it."""
    walk = _Walk(source, environment)
    found = walk.value(node, _Scope({}, frozenset()))
    if found not in (None, BOOL):
        message = f"the whole is {found}, neither true nor false"
        walk.fault(node.at, "not_boolean", message, "compare it with something")
    return walk.findings


class _Scope(NamedTuple):
    """What holds at one place of the expression."""

    elements: Mapping[str, Type | None]  # that the macros around it name, the outermost first
    not_null: frozenset[Node]


class _Walk:
    """Gives every part its type; None where a fault has been told already."""

    def __init__(self, source: str, environment: Environment) -> None:
        self.findings = Findings()
        self._source = source
        self._environment = environment

    def fault(self, at: int, code: str, message: str, needed: str) -> None:
        self.findings.faults.append(Fault.at(self._source, at, code, message, needed))

    def value(self, node: Node, scope: _Scope) -> Type | None:
        """Give the type of a part that has to have a value."""
        found = self._type(node, scope)
        if found is not MAYBE_TIMESTAMP:
            return found
        text = self._text(node)
        needed = f"write {text} != null && … before it"
        self.fault(node.at, "may_be_null", f"{text} may be null here", needed)
        return None

    def _type(self, node: Node, scope: _Scope) -> Type | None:
        match node.kind:
            case "bool" | "int" | "string" | "null":
                return _WRITTEN[node.kind]
            case "name":
                return self._variable(node, scope)
            case "select":
                return self._field(node, scope)
            case "list":
                return self._list(node, [self.value(part, scope) for part in node.parts])
            case "call" | "method":
                return self._function(node, scope)
            case "&&" | "||":
                return self._logic(node, scope)
            case "?:":
                return self._choice(node, scope)
            case "==" | "!=" if any(part.kind == "null" for part in node.parts):
                return self._null(node, scope)
            case kind if kind in SIGNATURES:
                return self._fit(node, kind, [self.value(part, scope) for part in node.parts])
            case kind:
                message = f"a condition has no {kind}"
                self.fault(node.at, "unsupported", message, _UNSUPPORTED[kind])
                return None

    def _fit(self, node: Node, name: str, types: list[Type | None]) -> Type | None:
        """Give the type of an operator's or function's outcome."""
        fitting = SIGNATURES[name]
        found = next((fitting[parts] for parts in fitting if list(parts) == types), None)
        if found is None and None not in types:
            shown = _SHOWN[len(types)].format
            message = f"there is no {shown(*types, sign=node.text)}"
            fits = ", ".join(shown(*parts, sign=node.text) for parts in fitting)
            self.fault(node.at, "wrong_types", message, f"there is {fits}")
        outcomes = set(fitting.values())
        return outcomes.pop() if len(outcomes) == 1 else found

    def _variable(self, node: Node, scope: _Scope) -> Type | None:
        if node.text in scope.elements:
            return scope.elements[node.text]
        if node.text in self._environment:
            self.findings.variables.add(node.text)
            return self._environment[node.text]
        needed = advice(node.text, [*scope.elements, *self._environment])
        self.fault(node.at, "unknown_variable", f"there is no variable {node.text}", needed)
        return None

    def _field(self, node: Node, scope: _Scope) -> Type | None:
        owner = self.value(node.parts[0], scope)
        if owner is None:
            return None
        if not isinstance(owner, Record):
            message = f"{self._text(node.parts[0])} is {owner} and has no fields"
            needed = "write .exists(x, …)" if isinstance(owner, ListOf) else "take the field away"
            self.fault(node.at, "no_fields", message, needed)
            return None
        if node.text not in owner.fields:
            message = f"{owner} has no field {node.text}"
            self.fault(node.at, "unknown_field", message, advice(node.text, owner.fields))
            return None
        self.findings.fields[owner.name].add(node.text)
        found = owner.fields[node.text]
        return TIMESTAMP if found is MAYBE_TIMESTAMP and node in scope.not_null else found

    def _list(self, node: Node, types: list[Type | None]) -> Type | None:
        if types and types[0] in (INT, STRING) and types.count(types[0]) == len(types):
            return ListOf(types[0])
        if None not in types:
            message = "a list holds texts only or numbers only, at least one"
            self.fault(node.at, "wrong_types", message, "write ['a', 'b'] or [1, 2]")
        return None

    def _function(self, node: Node, scope: _Scope) -> Type | None:
        is_method = node.kind == "method"
        if is_method and node.text in MACROS:
            return self._macro(node, scope)
        if is_method and node.text in TEXT_TESTS and len(node.parts) == 2:
            return self._fit(node, node.text, [self.value(part, scope) for part in node.parts])
        if node.text == "size" and len(node.parts) == 1:
            self._element(node, self.value(node.parts[0], scope))
            return INT
        if not is_method and node.text in LITERALS:
            return self._literal(node)
        self._unknown_function(node, scope)
        return None

    def _unknown_function(self, node: Node, scope: _Scope) -> None:
        if node.text in FUNCTIONS:
            message = f"{node.text} is not written like that"
            needed = "write items.size(), order.shop.startsWith('…') or items.all(x, …)"
            self.fault(node.at, "wrong_arguments", message, needed)
        else:
            message = f"there is no function {node.text}"
            self.fault(node.at, "unknown_function", message, advice(node.text, FUNCTIONS))
        names = [part.text for part in node.parts if part.kind == "name"]
        elements = {name: None for name in names if name not in self._environment}
        for part in node.parts:
            self.value(part, scope._replace(elements={**elements, **scope.elements}))

    def _literal(self, node: Node) -> Type | None:
        """Refuse what the library would take for something else, as '24h2d' for 24 hours."""
        text = node.parts[0].text if len(node.parts) == 1 else ""
        if node.text == "duration" and _DURATION.fullmatch(text):
            return DURATION
        if node.text == "timestamp" and _is_moment(text):
            return TIMESTAMP
        message = f"{node.text} takes one text of a certain form"
        self.fault(node.at, "wrong_arguments", message, f"write as {LITERALS[node.text]}")
        return None

    def _element(self, node: Node, found: Type | None) -> Scalar | Record | None:
        if isinstance(found, ListOf):
            return found.element
        if found is not None:
            message = f"{node.text} needs a list, not {found}"
            self.fault(node.at, "wrong_types", message, "compare a text with == ''")
        return None

    def _macro(self, node: Node, scope: _Scope) -> Type | None:
        target, *arguments = node.parts
        listed = self.value(target, scope)
        element = self._element(node, listed)
        if len(arguments) != 2 or arguments[0].kind != "name":
            message = f"{node.text} takes a name for each element and what is said of it"
            self.fault(node.at, "wrong_arguments", message, f"write .{node.text}(x, …)")
            return None
        name, said = arguments
        if len(scope.elements) >= MAX_NESTED:
            message = f"{node.text} stands within {len(scope.elements)} others"
            self.fault(node.at, "nested_too_deeply", message, "nest at most once")
        if name.text in self._environment or name.text in scope.elements:
            message = f"{name.text} is something else already"
            self.fault(name.at, "name_taken", message, "choose another name, as x")
        inner = scope._replace(elements={**scope.elements, name.text: element})
        if node.text == "map":
            return self._list(said, [self.value(said, inner)])
        self._wanted_bool(said, inner)
        return listed if node.text == "filter" else BOOL

    def _logic(self, node: Node, scope: _Scope) -> Type:
        for part in node.parts:
            self._wanted_bool(part, scope)
            scope = _knowing(scope, part, node.kind == "&&")
        return BOOL

    def _choice(self, node: Node, scope: _Scope) -> Type | None:
        asked = node.parts[0]
        scopes = (scope, _knowing(scope, asked, True), _knowing(scope, asked, False))
        types = [self.value(part, known) for part, known in zip(node.parts, scopes, strict=True)]
        return self._fit(node, "?:", types)

    def _null(self, node: Node, scope: _Scope) -> Type:
        scope = scope._replace(not_null=frozenset())  # asked twice is no fault
        for part in node.parts:
            if self._type(part, scope) not in (None, NULL, MAYBE_TIMESTAMP):
                needed = "compare a text with '', a number with 0"
                self.fault(part.at, "never_null", f"{self._text(part)} is never null", needed)
        return BOOL

    def _wanted_bool(self, node: Node, scope: _Scope) -> None:
        found = self.value(node, scope)
        if found not in (None, BOOL):
            message = f"{self._text(node)} is {found}, neither true nor false"
            self.fault(node.at, "wrong_types", message, "compare it with something")

    def _text(self, node: Node) -> str:
        start, end = node.span
        text = self._source[start:end]
        return text if len(text) <= 40 else f"{text[:40]}…"


def _is_moment(text: str) -> bool:
    try:
        return bool(_TIMESTAMP.fullmatch(text) and datetime.fromisoformat(text[1:-1]))
    except ValueError:
        return False


def _knowing(scope: _Scope, node: Node, truth: bool) -> _Scope:
    """Add what is certainly not null where this part has come out so."""
    return scope._replace(not_null=scope.not_null | not_null(node, truth))
