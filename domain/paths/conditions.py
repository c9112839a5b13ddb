"""Conditions in CEL: compiled once per path version, evaluated on one context per command.

What a condition can name stands in domain.paths.environment, the language in docs/paths.md.
The library is imported where it is used: it brings a command line along that takes a quarter of a
second to load.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from domain.paths.cel_syntax import CelSyntaxError, Node, parse_cel
from domain.paths.certainties import decided, is_constant
from domain.paths.condition_checks import check
from domain.paths.costs import MAX_ELEMENTS, Cost, cost_of, operations
from domain.paths.environment import Environment, Record, Scalar, Type
from domain.paths.faults import Fault
from domain.refusals import Unusable

if TYPE_CHECKING:
    import cel

MAX_SOURCE = 500  # characters
MAX_OPERATIONS = 2_000_000  # of all that is asked together, some 0.1 s
_PLAIN = 2 * MAX_SOURCE  # operations that nobody counts

_LIBRARY_ERRORS = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)
_REASONS: Mapping[type[Exception], str] = {
    OverflowError: "a number became too large",
    ZeroDivisionError: "something was divided by zero",
}
_LIBRARY_PLACE = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")


class ConditionError(Unusable):
    """A condition is wrong. Carries every fault, in the order of the text."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(f"{f.line}:{f.column}: {f.message}: {f.needed}" for f in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Condition:
    """A checked condition. Conditions are equal that are written alike."""

    source: str
    program: "cel.Program" = field(compare=False, repr=False)
    reads: Environment = field(compare=False, repr=False)  # the variables that it names
    fields: Mapping[str, Set[str]] = field(compare=False, repr=False)  # record -> its fields
    cost: Cost = field(compare=False, repr=False)
    lists: tuple[str, ...] = field(compare=False, repr=False)  # whose lengths its cost depends on
    plain: bool = field(compare=False, repr=False)  # it costs next to nothing, whatever the order
    copies: bool = field(compare=False, repr=False)  # it copies what it is told, so tell it little


@dataclass(frozen=True, slots=True)
class ConditionFailed:
    """A condition has no answer; whoever asked must not take it for a yes."""

    code: Literal["condition_failed", "condition_too_costly", "list_too_long"]
    reason: str  # English, without values of the order

    def __bool__(self) -> bool:
        return False


Answer = bool | ConditionFailed


def compile_condition(source: str, environment: Environment) -> Condition:
    """Check a condition and make it ready to be evaluated any number of times.

    Raises: ConditionError with all faults.
    """
    if len(source) > MAX_SOURCE:
        message = f"{len(source)} characters are too long"
        raise _error(source, MAX_SOURCE, "too_long", message, f"write at most {MAX_SOURCE}")
    try:
        node = parse_cel(source)
    except CelSyntaxError as error:
        needed = "see the examples in docs/paths.md"
        raise _error(source, error.at, "does_not_parse", error.message, needed) from None
    findings = check(node, source, environment)
    if findings.faults:
        raise ConditionError(*sorted(findings.faults))
    program = _program(source)
    _refuse_constant(node, source)
    reads = {name: environment[name] for name in sorted(findings.variables)}
    cost = cost_of(node, reads, findings.fields)
    lists = tuple(sorted({name for lists in cost for name in lists}))
    return Condition(
        source=source,
        program=program,
        reads=reads,
        fields=dict(findings.fields),
        cost=cost,
        lists=lists,
        plain=not lists and cost[()] <= _PLAIN,
        copies=any(part.kind == "method" and part.text == "filter" for part in node.walk()),
    )


def evaluate(
    conditions: Sequence[Condition], context: Mapping[str, Any], budget: int = MAX_OPERATIONS
) -> list[Answer]:
    """Answer every condition, in their order; no answer depends on what else is asked, except that
    together they cost no more than the budget: whichever would exceed it has no answer. Those that
    cost next to nothing always have one.

    Shape: context holds each variable that they name, as ENVIRONMENT describes it: records as
    mappings, lists as sequences, times aware and in UTC. None stands for what the order does not
    have, and is told as the `absent` of its type.
    Units: budget in operations, see domain.paths.costs
    """
    read = _ReadOnce(context)
    together: list[Condition] = []
    alone: list[Condition] = []
    for condition in conditions:
        cost = 0 if condition.plain else cost_for(condition, read)
        if condition.plain or cost <= budget:
            budget -= cost
            (alone if condition.copies else together).append(condition)
    sources = [condition.source for condition in together]
    answers = dict(zip(sources, _answers(together, read), strict=True))
    for condition in alone:
        answers[condition.source] = _answers([condition], read)[0]
    return [answers.get(condition.source, _TOO_COSTLY) for condition in conditions]


_TOO_COSTLY = ConditionFailed(
    "condition_too_costly",
    f"what is asked together would take more than {MAX_OPERATIONS} operations",
)


class _ReadOnce(dict[str, Any]):
    """A context that gives each variable once: some are made when they are asked for."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self._context = context

    def __missing__(self, name: str) -> Any:
        value = self[name] = self._context[name]
        return value


def cost_for(condition: Condition, context: Mapping[str, Any]) -> int:
    """Say how many operations a condition takes at most in a context."""
    lengths = {name: _length(name, context) for name in condition.lists}
    return operations(condition.cost, lengths)


def _length(name: str, context: Mapping[str, Any]) -> int:
    """What cannot be read has no length, and no answer either."""
    variable, _, of_record = name.partition(".")
    try:
        value = context[variable]
        return len(value[of_record] if of_record and value is not None else value or ())
    except (*_LIBRARY_ERRORS, AttributeError):
        return 0


def _answers(conditions: Sequence[Condition], context: Mapping[str, Any]) -> list[Answer]:
    if not conditions:
        return []
    import cel

    try:
        told = _told_together(tuple(conditions), context)
        prepared = cel.Context(told)
    except _ListTooLong:
        reason = f"a list that it names has more than {MAX_ELEMENTS} elements"
        failed = ConditionFailed("list_too_long", reason)
    except (*_LIBRARY_ERRORS, AttributeError):
        failed = ConditionFailed("condition_failed", "what it names could not be read")
    else:
        return [_answer(condition, prepared) for condition in conditions]
    if len(conditions) == 1:
        return [failed]
    return [answer for condition in conditions for answer in _answers([condition], context)]


class _ListTooLong(Exception):
    pass


Teller = Callable[[Any], Any]  # from a value of the context to what a condition sees of it


def _told_together(conditions: tuple[Condition, ...], context: Mapping[str, Any]) -> dict[str, Any]:
    """Give what any of the conditions names, and nothing else: telling costs more than asking."""
    return {name: tell(context[name]) for name, tell in _tellers(conditions)}


@lru_cache(maxsize=10_000)
def _tellers(conditions: tuple[Condition, ...]) -> tuple[tuple[str, Teller], ...]:
    reads: dict[str, Type] = {}
    fields: dict[str, set[str]] = defaultdict(set)
    for condition in conditions:
        reads |= condition.reads
        for record, names in condition.fields.items():
            fields[record] |= names
    return tuple((name, _teller(type_, fields)) for name, type_ in reads.items())


def _teller(type_: Type, fields: Mapping[str, Set[str]]) -> Teller:
    if isinstance(type_, Scalar):
        absent = type_.absent
        return lambda value: absent if value is None else value
    if isinstance(type_, Record):
        return _record_teller(type_, fields)
    element = _teller(type_.element, fields)
    return lambda elements: [element(one) for one in _bounded(elements)]


def _record_teller(record: Record, fields: Mapping[str, Set[str]]) -> Teller:
    """The fields that are scalars are most, and told without a call for each."""
    named = [(name, record.fields[name]) for name in sorted(fields[record.name])]
    scalars = tuple((name, of.absent) for name, of in named if isinstance(of, Scalar))
    others = tuple((name, _teller(of, fields)) for name, of in named if not isinstance(of, Scalar))
    nobody = dict(scalars)

    def tell(subject: Mapping[str, Any] | None) -> dict[str, Any]:
        if subject is None:
            return nobody | {name: tell(None) for name, tell in others}
        told = {
            name: absent if (value := subject[name]) is None else value for name, absent in scalars
        }
        for name, tell in others:
            told[name] = tell(subject[name])
        return told

    return tell


def _bounded(elements: Sequence[Any] | None) -> Sequence[Any]:
    if elements is not None and len(elements) > MAX_ELEMENTS:
        raise _ListTooLong
    return elements or ()


def _answer(condition: Condition, prepared: "cel.Context") -> Answer:
    try:
        answer = condition.program.execute(prepared)
    except _LIBRARY_ERRORS as error:
        reason = _REASONS.get(type(error), "it could not be computed")
        return ConditionFailed("condition_failed", reason)
    if isinstance(answer, bool):
        return answer
    return ConditionFailed("condition_failed", "it is neither true nor false")


def _error(source: str, at: int, code: str, message: str, needed: str) -> ConditionError:
    return ConditionError(Fault.at(source, at, code, message, needed))


def _program(source: str) -> "cel.Program":
    """Compile. What only the library refuses: numbers over 64 bits, halves of surrogate pairs."""
    import cel

    try:
        return cel.compile(source)
    except ValueError as error:
        place = _LIBRARY_PLACE.search(str(error))
        line, column, message = place.groups() if place else ("1", "1", "it cannot be compiled")
        above = source.split("\n")[: int(line) - 1]
        at = sum(len(text) + 1 for text in above) + int(column) - 1
        message = message.partition(":")[0]
        needed = "write another number or text"
        raise _error(source, at, "does_not_parse", message, needed) from None


def _refuse_constant(node: Node, source: str) -> None:
    def value_of(part: Node) -> object:
        start, end = part.span
        try:
            return _program(source[start:end]).execute()
        except _LIBRARY_ERRORS:
            return None

    always = decided(node, value_of)
    if always is not None:
        code = f"always_{str(always).lower()}"
        message = f"it is {str(always).lower()} for every order"
        raise _error(source, node.at, code, message, "leave it out or ask for something")
    if is_constant(node):
        message = "it fails for every order"
        raise _error(source, node.at, "always_fails", message, "ask for something of the order")
