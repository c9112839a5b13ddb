"""CEL as a tree, with the place of every part: the library parses too, but keeps its tree.

Source: the grammar of the CEL specification (doc/langdef.md), without its optional syntax. Tests
hold it to the library: both accept the same texts. Called by domain.paths.conditions.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

MAX_DEPTH = 50  # parts within parts; the library stops at 96 brackets

_HEX = "[0-9a-fA-F]"
_ESCAPE = rf"""\\(?:[abfnrtv"'\\?`]|[xX]{_HEX}{{2}}|u{_HEX}{{4}}|U{_HEX}{{8}}|[0-3][0-7]{{2}})"""
_STRING = rf"""
      [rR](?:\"\"\"(?s:.*?)\"\"\" | '''(?s:.*?)''' | "[^"\n\r]*" | '[^'\n\r]*')
    | \"\"\"(?:{_ESCAPE}|[^\\])*?\"\"\" | '''(?:{_ESCAPE}|[^\\])*?'''
    | "(?:{_ESCAPE}|[^\\"\n\r])*" | '(?:{_ESCAPE}|[^\\'\n\r])*'
"""
_TOKEN = re.compile(
    rf"""
      (?P<skipped> [\t\x20\r\n\f]+ | //[^\n]* )
    | (?P<double>  (?:[0-9]+\.[0-9]+|\.[0-9]+)(?:[eE][+-]?[0-9]+)? | [0-9]+[eE][+-]?[0-9]+ )
    | (?P<uint>    (?:0x{_HEX}+|[0-9]+)[uU] )
    | (?P<int>     0x{_HEX}+|[0-9]+ )
    | (?P<bytes>   [bB](?:{_STRING}) )
    | (?P<string>  {_STRING} )
    | (?P<name>    [A-Za-z_][A-Za-z0-9_]* )
    | (?P<mark>    ==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()\[\]{{}}] )
    """,
    re.VERBOSE,
)
_WORDS = {"true": "bool", "false": "bool", "null": "null", "in": "mark"}
_RESERVED = re.compile(
    "as|break|const|continue|else|for|function|if|import|let|loop|namespace|package|return|var|void"
    "|while"
)
_LITERALS = frozenset({"bool", "null", "int", "uint", "double", "string", "bytes"})
_LOGIC = frozenset({"&&", "||"})
_LEVELS = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 3),
    **dict.fromkeys("+-", 4),
    **dict.fromkeys("*/%", 5),
}
_SLIPS = {
    "=": "one = is no comparison: write ==",
    "&": "one & joins nothing: write &&",
    "|": "one | joins nothing: write ||",
    **dict.fromkeys("'\"", "this text is not closed, or a backslash in it begins no escape"),
}


class CelSyntaxError(ValueError):
    """A text is no CEL: where the first thing stands that cannot stand there, and what is wrong."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at
        self.message = message


@dataclass(frozen=True, slots=True)
class Node:
    """One part of an expression. Equal nodes are written alike, wherever they stand.

    kind is that of a literal, "name", "select", "index", "call", "method" (its first part is what
    it is called on), "list", "map", "message", "?:", "!", "negate" or a binary operator.
    """

    kind: str
    text: str  # the literal as written, the name, the field or the function
    parts: tuple["Node", ...]
    at: int = field(compare=False)  # offset of the word or sign that says what it is
    span: tuple[int, int] = field(compare=False)  # offsets of the whole, brackets included

    def walk(self) -> Iterator["Node"]:
        """Give this node and everything in it, from the outside in."""
        level = [self]
        while level:
            yield from level
            level = [part for node in level for part in node.parts]


@lru_cache(maxsize=4_000)  # Lint asks for the same ones with each pair of rules.
def parse_cel(source: str) -> Node:
    """Read one expression. What is read is remembered, as nodes never change.

    Raises: CelSyntaxError at the first thing that does not belong.
    """
    parser = _Parser(list(_tokens(source)))
    node = parser.expression()
    parser.expect("", "an operator or the end")
    _limit_depth(node)
    return node


class _Token(NamedTuple):
    kind: str
    text: str
    at: int

    @property
    def end(self) -> int:
        return self.at + len(self.text)


def _tokens(source: str) -> Iterator[_Token]:
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            sign = source[at]
            raise CelSyntaxError(at, _SLIPS.get(sign, f"{sign!r} has no meaning: take it out"))
        kind, text = str(match.lastgroup), match[0]
        if kind != "skipped":
            yield _Token(_WORDS.get(text, kind), text, at)
        at = match.end()
    yield _Token("mark", "", at)


def _limit_depth(node: Node) -> None:
    level = [node]
    for _ in range(MAX_DEPTH):
        level = [part for outer in level for part in outer.parts]
    if level:
        raise _too_deep(level[0].at)


def _too_deep(at: int) -> CelSyntaxError:
    return CelSyntaxError(at, f"more than {MAX_DEPTH} parts within one another: split it")


class _Parser:
    """Recursive descent; operators climb by their level. One method a rule of the grammar."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def expression(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _too_deep(self._token.at)
        node = self._binary(1)
        if question := self._take("?"):
            yes = self._binary(1)
            self.expect(":", "':' and what holds otherwise")
            node = self._over("?:", question, node, yes, self.expression())
        self._depth -= 1
        return node

    def expect(self, mark: str, words: str) -> _Token:
        token = self._token
        if token.text != mark:
            raise self._unexpected(words)
        self._next += 1
        return token

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, mark: str) -> _Token | None:
        return self.expect(mark, "") if self._token.text == mark else None

    def _take_name(self) -> _Token:
        token = self._token
        if token.kind != "name":
            raise self._unexpected("a name")
        self._next += 1
        return token

    def _unexpected(self, words: str) -> CelSyntaxError:
        token = self._token
        found = token.text[:20] or "the end"
        return CelSyntaxError(token.at, f"{found} stands where {words} should be")

    def _binary(self, lowest: int) -> Node:
        node = self._unary()
        while True:
            token = self._token
            level = _LEVELS.get(token.text, 0)
            if level < lowest:
                return node
            self._next += 1
            right = self._binary(level + 1)
            if token.text in _LOGIC and node.kind == token.text:
                span = (node.span[0], right.span[1])
                node = replace(node, parts=(*node.parts, right), span=span)
            else:
                node = self._over(token.text, token, node, right)

    def _unary(self) -> Node:
        first = self._token
        if first.text not in ("!", "-") or self._negative_number():
            return self._member()
        times = 0
        while self._take(first.text):
            times += 1
        node = self._member()
        kind = "negate" if first.text == "-" else "!"
        for _ in range(times):
            node = Node(kind, first.text, (node,), first.at, (first.at, node.span[1]))
        return node

    def _negative_number(self) -> bool:
        return self._token.text == "-" and self._tokens[self._next + 1].kind in ("int", "double")

    def _member(self) -> Node:
        dotted = self._token.kind == "name" or self._token.text == "."
        node = self._primary()
        while True:
            if self._take("."):
                name = self._take_name()
                dotted = dotted and node.kind in ("name", "select")
                node = self._named("method" if self._token.text == "(" else "select", name, node)
            elif bracket := self._take("["):
                node = self._over("index", bracket, node, self.expression())
                node = replace(node, span=(node.span[0], self.expect("]", "']'").end))
            elif dotted and node.kind in ("name", "select") and self._token.text == "{":
                node = self._closed("message", self._token, "}", self._message_field, (node,))
            else:
                return node

    def _primary(self) -> Node:
        token = self._token
        if token.kind in _LITERALS:
            self._next += 1
            return Node(token.kind, token.text, (), token.at, (token.at, token.end))
        if self._negative_number():
            self._next += 2
            number = self._tokens[self._next - 1]
            text = f"-{number.text}"
            return Node(number.kind, text, (), token.at, (token.at, number.end))
        if self._take("("):
            node = self.expression()
            return replace(node, span=(token.at, self.expect(")", "')'").end))
        if token.text == "[":
            return self._closed("list", token, "]", self.expression)
        if token.text == "{":
            return self._closed("map", token, "}", self._map_entry)
        dot = self._take(".")
        if self._token.kind != "name" or _RESERVED.fullmatch(self._token.text):
            raise self._unexpected("a value")
        name = self._take_name()
        if dot:
            name = _Token("name", f".{name.text}", dot.at)
        return self._named("call" if self._token.text == "(" else "name", name)

    def _named(self, kind: str, name: _Token, *operands: Node) -> Node:
        start = operands[0].span[0] if operands else name.at
        node = Node(kind, name.text, operands, name.at, (start, name.end))
        if kind not in ("call", "method"):
            return node
        self.expect("(", "'('")
        arguments = []
        if self._token.text != ")":
            arguments.append(self.expression())
            while self._take(","):
                arguments.append(self.expression())
        end = self.expect(")", "',' or ')'").end
        return replace(node, parts=(*operands, *arguments), span=(start, end))

    def _closed(
        self,
        kind: str,
        opening: _Token,
        closing: str,
        element: Callable[[], Node],
        before: tuple[Node, ...] = (),
    ) -> Node:
        """Read elements up to the closing bracket; a comma may stand before it."""
        self._next += 1
        parts = list(before)
        if not self._take(",") and self._token.text != closing:
            parts.append(element())
            while self._take(",") and self._token.text != closing:
                parts.append(element())
        start = before[0].span[0] if before else opening.at
        end = self.expect(closing, f"',' or '{closing}'").end
        return Node(kind, "", tuple(parts), opening.at, (start, end))

    def _map_entry(self) -> Node:
        key = self.expression()
        colon = self.expect(":", "':' and a value")
        return self._over(":", colon, key, self.expression())

    def _message_field(self) -> Node:
        name = self._named("name", self._take_name())
        colon = self.expect(":", "':' and a value")
        return self._over(":", colon, name, self.expression())

    @staticmethod
    def _over(kind: str, sign: _Token, *parts: Node) -> Node:
        return Node(kind, sign.text, parts, sign.at, (parts[0].span[0], parts[-1].span[1]))
