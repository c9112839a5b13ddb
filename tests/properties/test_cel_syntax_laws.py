"""Our CEL parser and the library's: both accept the same texts, and read them the same way."""

import cel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.paths.cel_syntax import CelSyntaxError, Node, parse_cel

NAMES = ("a", "b1", "_c", ".d", "size")
NUMBERS = ("0", "7", "08", "0x1F", "3u", "0xAu", "1.5", ".5", "2e-3", "1.5E-2")
TEXTS = ("'a'", '""', "'\\n\\x41\\u0436\\101'", "r'\\d'", "'''it's'''", '"""a\n"b"""', "bR'x'")
WORDS = ("true", "false", "null")
INFIX = ("+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "&&", "||")
SEPARATORS = (" ", "\n", "\t\f ", " // said so\n")
# No word of a macro is among them: what a macro takes is no question of grammar.
SOUP = (*NAMES, "while", *NUMBERS, *TEXTS, *WORDS, *INFIX, *"!?:.,()[]{}", "'", "&", "=", "#", "é")

Tokens = list[str]


def _joined(*parts: str | Tokens) -> Tokens:
    return [token for part in parts for token in ([part] if isinstance(part, str) else part)]


def _larger(inner: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    name = st.sampled_from(NAMES[:3])
    more = st.lists(inner, max_size=2).map(lambda parts: _joined(*_with_commas(parts)))
    primary = inner.map(lambda tokens: _joined("(", tokens, ")"))
    return st.one_of(
        primary,
        st.tuples(primary, st.sampled_from(INFIX), primary).map(lambda p: _joined(*p)),
        st.tuples(st.sampled_from(["!", "- ", "!!", "--"]), primary).map(lambda p: _joined(*p)),
        st.tuples(primary, primary, inner).map(lambda p: _joined(p[0], "?", p[1], ":", p[2])),
        st.tuples(primary, name).map(lambda p: _joined(p[0], ".", p[1])),
        st.tuples(primary, inner).map(lambda p: _joined(p[0], "[", p[1], "]")),
        st.tuples(name, more).map(lambda p: _joined(p[0], "(", p[1], ")")),
        st.tuples(primary, name, more).map(lambda p: _joined(p[0], ".", p[1], "(", p[2], ")")),
        st.tuples(more, st.sampled_from([[], [","]])).map(lambda p: _joined("[", p[0], p[1], "]")),
        st.tuples(inner, inner).map(lambda p: _joined("{", p[0], ":", p[1], "}")),
        st.tuples(name, name, inner).map(lambda p: _joined(p[0], "{", p[1], ":", p[2], ",", "}")),
        st.tuples(primary, st.sampled_from(["all", "map"]), name, inner).map(
            lambda p: _joined(p[0], ".", p[1], "(", p[2], ",", p[3], ")")
        ),
    )


def _with_commas(parts: list[Tokens]) -> list[Tokens]:
    return [tokens if number == 0 else [",", *tokens] for number, tokens in enumerate(parts)]


atoms = st.sampled_from((*NAMES, *NUMBERS, *TEXTS, *WORDS)).map(lambda token: [token])
expressions = st.tuples(
    st.recursive(atoms, _larger, max_leaves=12), st.sampled_from(SEPARATORS)
).map(lambda drawn: drawn[1].join(drawn[0]))
soups = st.tuples(
    st.lists(st.sampled_from(SOUP), min_size=1, max_size=9), st.sampled_from(("", *SEPARATORS))
).map(lambda drawn: drawn[1].join(drawn[0]))
operands = st.tuples(
    st.sampled_from(("", "", "!", "-")), st.sampled_from(("0", "1", "2", "true", "false", "[1, 2]"))
).map("".join)
operations = st.tuples(
    operands, st.lists(st.tuples(st.sampled_from((*INFIX, "? 1 :")), operands), max_size=6)
).map(lambda drawn: " ".join([drawn[0], *(word for pair in drawn[1] for word in pair)]))


def we_parse(source: str) -> bool:
    try:
        parse_cel(source)
    except CelSyntaxError:
        return False
    return True


def the_library_parses(source: str) -> bool:
    try:
        cel.compile(source)
    except ValueError:
        return False
    return True


def bracketed(node: Node) -> str:
    """Write a tree of operators with brackets around each, so that nothing is left to levels."""
    parts = [bracketed(part) for part in node.parts]
    match node.kind:
        case "!" | "negate":
            return f"({node.text}({parts[0]}))"
        case "?:":
            return f"({parts[0]} ? {parts[1]} : {parts[2]})"
        case "list":
            return f"[{', '.join(parts)}]"
        case _ if not parts:
            return node.text
        case sign:
            written = parts[0]
            for part in parts[1:]:
                written = f"({written} {sign} {part})"
            return written


def outcome(source: str) -> str:
    try:
        return repr(cel.evaluate(source))
    except (ArithmeticError, TypeError, ValueError) as error:
        return type(error).__name__


@given(expressions)
@settings(max_examples=300)
def test_what_the_grammar_makes_both_parse(source: str) -> None:
    assert we_parse(source)
    assert the_library_parses(source)


@given(soups)
@settings(max_examples=1_000)
def test_we_parse_what_the_library_parses_and_nothing_else(source: str) -> None:
    assert we_parse(source) is the_library_parses(source)


@given(operations)
@settings(max_examples=300)
def test_operators_bind_as_they_do_in_the_library(source: str) -> None:
    assert outcome(source) == outcome(bracketed(parse_cel(source)))


@pytest.mark.parametrize(
    "source", ["9223372036854775808", "1e999", "'\\ud800'", "has(1)", "a.all(1, b)"]
)
def test_what_only_the_library_refuses_is_known(source: str) -> None:
    assert we_parse(source)
    assert not the_library_parses(source)
