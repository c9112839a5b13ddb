"""The language of templates: the part of Jinja that ends, in a sandbox.

What a text may say is checked when it is published: every variable is one that is offered, loops
run over what is offered and nest once. So rendering takes time and room in proportion to the text.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from math import isfinite
from typing import Annotated, Any, Final

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2 import Template as Compiled
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import AfterValidator, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

from domain.hints import hint
from domain.paths.definition import before_compiling, is_published, remembered
from domain.refusals import Unusable
from domain.templates.offered import LOOP, OFFERED, SAMPLE, Offered

MAX_SOURCE: Final = 20_000  # characters of one text
MAX_RENDERED: Final = 200_000  # characters of what it becomes
MAX_REMEMBERED: Final = 1_000  # texts
MAX_DEPTH: Final = 40  # of what stands within each other, sums and filters too
_OF_TEXT: Final = ("capitalize", "lower", "title", "trim", "upper")
_FILTERS: Final = (*_OF_TEXT, "count", "default", "first", "last", "length")
_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Name, nodes.Const,
    nodes.Getattr, nodes.Filter, nodes.Keyword, nodes.Compare, nodes.Operand, nodes.And, nodes.Or,
    nodes.Not, nodes.CondExpr, nodes.Add, nodes.Sub,
)  # fmt: skip

Scope = Mapping[str, Offered]


class Unrenderable(Unusable):
    """A template cannot say what it shall: something is missing that it speaks of."""


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox without functions, and with the few filters that cost what their text is long."""

    def __init__(self, *, autoescape: bool) -> None:
        super().__init__(
            autoescape=autoescape,
            undefined=StrictUndefined,
            finalize=_written,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in _FILTERS}
        self.filters |= {name: _of_text(self.filters[name]) for name in _OF_TEXT}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look into records by their names: `order.items` is no method of anything."""
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


def _written(value: Any) -> Any:
    """Let only what people can read through: no `None`, no list."""
    if not isinstance(value, str | int):
        raise UndefinedError("there is no value for something that it speaks of")
    return value


def _of_text(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """Let a filter have what people can read only: it would make a text of anything."""

    def of_text(value: Any, *arguments: Any) -> Any:
        return filter_(_written(value), *arguments)

    return of_text


_TEXT: Final = _Environment(autoescape=False)
_HTML: Final = _Environment(autoescape=True)


def render(source: str, variables: Mapping[str, Any], *, html: bool = False) -> str:
    """Make the text. Raises: Unrenderable, without a value in its words"""
    parts, length = [], 0
    try:
        for part in _compiled(source, html).generate(variables):
            length += len(part)
            if length > MAX_RENDERED:
                raise Unrenderable(f"it becomes longer than {MAX_RENDERED:,} characters")
            parts.append(part)
    except TemplateError as error:
        raise Unrenderable(f"{error.message}") from error
    except TypeError as error:
        raise Unrenderable("it adds or compares what does not fit together") from error
    except ValueError as error:
        raise Unrenderable("a number in it has too many digits") from error
    return "".join(parts)


@lru_cache(maxsize=MAX_REMEMBERED)
def _compiled(source: str, html: bool) -> Compiled:
    return (_HTML if html else _TEXT).from_string(source)


def speaks_of(source: str) -> frozenset[str]:
    """Name what a checked text needs: order, customer, stock."""
    tree = _TEXT.parse(source)
    return frozenset(
        node.name
        for node in tree.find_all(nodes.Name)
        if node.ctx == "load" and node.name in OFFERED
    )


def faults_of(source: str) -> Iterator[str]:
    """Say all that is wrong with a text, each with its line."""
    if "\x00" in source:
        yield "it must not contain the NUL character, which no database keeps"
        return
    try:
        tree = _TEXT.parse(source)
    except TemplateSyntaxError as error:
        yield f"line {error.lineno}: {error.message}"
        return
    except RecursionError:
        yield _TOO_DEEP
        return
    except ValueError:
        yield "a number in it has too many digits"
        return
    found = [_TOO_DEEP] if _is_deeper(tree, MAX_DEPTH) else [*_within(tree, OFFERED)]
    yield from found
    if not found:
        try:
            render(source, SAMPLE)
        except Unrenderable as error:
            yield f"of an order that has everything: {error}"


@lru_cache(maxsize=MAX_REMEMBERED)
def _known_faults(source: str) -> tuple[str, ...]:
    """Look for faults once: it may take half a second, and whoever gave up sends it again."""
    return tuple(faults_of(source))


_TOO_DEEP: Final = f"it stands more than {MAX_DEPTH} deep within each other: say it more simply"


def _is_deeper(node: nodes.Node, depth: int) -> bool:
    return depth == 0 or any(_is_deeper(child, depth - 1) for child in node.iter_child_nodes())


def _within(node: nodes.Node, scope: Scope) -> Iterator[str]:
    match node:
        case nodes.Filter(name=name) if name not in _FILTERS:
            yield f"line {node.lineno}: there is no filter {name}{hint(name, _FILTERS)}"
        case nodes.Const(value=value) if not _is_written(value):
            yield f"line {node.lineno}: a value in it is none that can be written"
        case nodes.For():
            yield from _loop(node, scope)
        case nodes.Getattr() | nodes.Name():
            yield from (f"line {node.lineno}: {words}" for words in _unknown(node, scope))
        case _ if isinstance(node, _ALLOWED):
            for child in node.iter_child_nodes():
                yield from _within(child, scope)
        case _:
            yield f"line {node.lineno}: {type(node).__name__.lower()} is not for templates"


def _is_written(value: object) -> bool:
    """Whether a constant is one that people can read: no infinity, no half of a character."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode() == value
    return not isinstance(value, float) or isfinite(value)


def _loop(node: nodes.For, scope: Scope) -> Iterator[str]:
    where = f"line {node.lineno}"
    over = _found(node.iter, scope)
    if not isinstance(over, list):
        yield f"{where}: a loop runs over a list, as order.items"
        return
    if "loop" in scope:
        yield f"{where}: a loop stands within another one: take it out"
        return
    if not isinstance(node.target, nodes.Name) or node.recursive:
        yield f"{where}: write `for item in order.items`"
        return
    inside = {**scope, node.target.name: over[0], "loop": LOOP}
    for child in (*node.body, *([node.test] if node.test else [])):
        yield from _within(child, inside)
    for child in node.else_:
        yield from _within(child, scope)


def _unknown(node: nodes.Node, scope: Scope) -> Iterator[str]:
    if isinstance(node, nodes.Name):
        if node.name not in scope:
            yield f"there is no {node.name}{hint(node.name, scope)}"
    elif isinstance(node, nodes.Getattr):
        above = _found(node.node, scope)
        if above is None:
            yield from _unknown(node.node, scope)
        elif not isinstance(above, dict) or node.attr not in above:
            known = above if isinstance(above, dict) else ()
            yield f"there is no {node.attr} here{hint(node.attr, known)}"
    else:
        yield "write a name, as order.number"


def _found(node: nodes.Node, scope: Scope) -> Offered | None:
    """Give what a name stands for, None: it is not offered."""
    if isinstance(node, nodes.Name):
        return scope.get(node.name)
    if isinstance(node, nodes.Getattr):
        above = _found(node.node, scope)
        return above.get(node.attr) if isinstance(above, dict) else None
    return None


def _checked(source: str, info: ValidationInfo) -> str:
    if is_published(info):
        return source
    before_compiling(source, info)
    faults = _known_faults(source)
    remembered(source, info)
    if faults:
        told = {"faults": "; ".join(faults[:10])}
        raise PydanticCustomError("template_text", "{faults}", told)
    return source


Source = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_SOURCE),
    AfterValidator(_checked),
]
