"""CEL as a tree: what binds to what, where each part stands, and what is no CEL."""

import pytest

from domain.paths.cel_syntax import CelSyntaxError, Node, parse_cel


def outline(node: Node) -> str:
    """Write a tree with every part in brackets."""
    parts = " ".join(outline(part) for part in node.parts)
    head = f"{node.kind} {node.text}" if node.kind in ("select", "call", "method") else node.text
    return f"({head or node.kind} {parts})" if node.parts else head or node.kind


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("a + b * c", "(+ a (* b c))"),
        ("a - b - c", "(- (- a b) c)"),
        ("a || b && c == d", "(|| a (&& b (== c d)))"),
        ("a && b && c", "(&& a b c)"),
        ("!a == b", "(== (! a) b)"),
        ("-a * -1", "(* (- a) -1)"),
        ("a ? b : c ? d : e", "(? a b (? c d e))"),
        ("x in [1, 2,]", "(in x (list 1 2))"),
        ("a.b.c(1).d[2]", "([ (select d (method c (select b a) 1)) 2)"),
        (".f(a, {1: 2})", "(call .f a (map (: 1 2)))"),
        ("a.b{c: 1}", "(message (select b a) (: c 1))"),
        ("(a || b) && c // both", "(&& (|| a b) c)"),
    ],
)
def test_operators_bind_as_in_the_specification(source: str, tree: str) -> None:
    assert outline(parse_cel(source)) == tree


@pytest.mark.parametrize("number", ["1", "-1", "0x1F", "1u", "1.5", "-2.5", "1e3", ".5"])
@pytest.mark.parametrize("text", ["true", "null", "'a'", '"a"', "r'\\d'", "b'a'", "'''a\n'b'''"])
def test_a_literal_is_kept_as_it_is_written(number: str, text: str) -> None:
    nodes = parse_cel(f"[{number}, {text}]").parts

    assert [(node.text, node.parts) for node in nodes] == [(number, ()), (text, ())]


def test_a_part_knows_where_it_stands() -> None:
    source = "a ||\n (order.shop == 'x')"
    equals = parse_cel(source).parts[1]
    select = equals.parts[0]

    assert source[slice(*equals.span)] == "(order.shop == 'x')"
    assert source[equals.at :].startswith("==")
    assert source[slice(*select.span)] == "order.shop"
    assert source[select.at :] == "shop == 'x')"


def test_parts_that_are_written_alike_are_equal() -> None:
    both = parse_cel("a.b == (a . b)")

    assert both.parts[0] == both.parts[1]


@pytest.mark.parametrize(
    ("source", "at", "message"),
    [
        ("", 0, "the end stands where a value should be"),
        ("a &&", 4, "the end stands where a value should be"),
        ("a = b", 2, "write =="),
        ("a & b", 2, "write &&"),
        ("a | b", 2, "write ||"),
        ("a == 'b", 5, "not closed"),
        ("a == '\\d'", 5, "begins no escape"),
        ("a # b", 2, "'#' has no meaning"),
        ("(a", 2, "the end stands where ')' should be"),
        ("f(a,)", 4, ") stands where a value should be"),
        ("a b", 2, "b stands where an operator or the end should be"),
        ("a ? b", 5, "':' and what holds otherwise"),
        ("a.in", 2, "in stands where a name should be"),
        ("while", 0, "while stands where a value should be"),
        ("[1,,]", 3, ", stands where a value should be"),
    ],
)
def test_what_is_no_cel_is_told_with_its_place(source: str, at: int, message: str) -> None:
    with pytest.raises(CelSyntaxError) as told:
        parse_cel(source)

    assert told.value.at == at
    assert message in told.value.message


@pytest.mark.parametrize(
    "source", ["(" * 250, "[" * 250, "!" * 400 + "a", "a" + ".b" * 200, "1" + "+1" * 200]
)
def test_depth_is_limited_before_python_gives_up(source: str) -> None:
    with pytest.raises(CelSyntaxError, match="more than 50 parts within one another"):
        parse_cel(source)
