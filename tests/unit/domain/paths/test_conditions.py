"""Conditions when a path is read: what may be written, and every fault with its place."""

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.paths.conditional import When
from domain.paths.conditions import Condition, ConditionError, compile_condition
from domain.paths.environment import ENVIRONMENT


def compiled(source: str) -> Condition:
    return compile_condition(source, ENVIRONMENT)


def faults(source: str) -> list[tuple[int, str, str]]:
    """Give offset, code and both texts of every fault."""
    with pytest.raises(ConditionError) as told:
        compiled(source)
    return [(f.offset, f.code, f"{f.message}: {f.needed}") for f in told.value.faults]


@pytest.mark.parametrize(
    "source",
    [
        "order.paid_minor >= order.total_minor && order.channel == 'web'",
        "items.all(i, i.reserved == i.quantity)",
        "items.size() > 0 && size(payments) == 0",
        "items.filter(i, i.upsell).map(i, i.sku).exists(s, s.startsWith('GIFT'))",
        "items.all(i, items.exists_one(j, j.sku == i.sku))",
        "items.exists(i, !i.upsell) || items.exists(i, i.upsell)",
        "'lead' in actor.roles || !('vip' in customer.tags)",
        "order.shop in ['north', 'south']",
        "now - order.entered_at > duration('24h30m')",
        "order.placed_at + duration('1h') < timestamp('2026-01-31T00:00:00+03:00')",
        "order.promised_at != null && order.promised_at < now",
        "!(order.promised_at == null || order.test) && order.promised_at < now",
        "order.promised_at == null ? order.has_phone : order.promised_at > now",
        "order.promised_at != null && (order.promised_at == null || order.promised_at < now)",
        "(order.test ? order.paid_minor : -order.due_minor) % 100 == 0",
        "order.track_number != '' // what is missing is empty, not null",
    ],
)
def test_what_a_shop_asks_for_can_be_written(source: str) -> None:
    assert compiled(source).source == source


def test_a_condition_says_which_variables_it_reads() -> None:
    condition = compiled("items.all(i, i.reserved == i.quantity) && now > order.placed_at")

    assert list(condition.reads) == ["items", "now", "order"]
    assert condition.fields == {"item": {"reserved", "quantity"}, "order": {"placed_at"}}


def test_conditions_that_are_written_alike_are_equal() -> None:
    assert compiled("order.test") == compiled("order.test") != compiled("!order.test")


@pytest.mark.parametrize(
    ("source", "offset", "code", "words"),
    [
        ("order.test &&", 13, "does_not_parse", "the end stands where a value should be"),
        ("order.total_minor > 9999999999999999999", 20, "does_not_parse", "invalid int literal"),
        ("order.test ||\n order.shop == '\\ud800'", 29, "does_not_parse", "invalid string literal"),
        ("ordr.test", 0, "unknown_variable", "did you mean order?"),
        ("items.all(i, j.upsell)", 13, "unknown_variable", "write one of i, order, items"),
        ("order.totl_minor > 0", 6, "unknown_field", "did you mean total_minor?"),
        ("items.all(i, i.reservd > 0)", 15, "unknown_field", "did you mean reserved?"),
        ("actor.name == 'x'", 6, "unknown_field", "write one of kind, id, roles"),
        ("order.status.code == 'a'", 13, "no_fields", "order.status is string"),
        ("items.sku == 'a'", 6, "no_fields", "write .exists(x, …)"),
        ("order.status == 5", 13, "wrong_types", "there is no string == int"),
        ("order.status < 'b'", 13, "wrong_types", "there is int < int, timestamp < timestamp"),
        ("order.total_minor + '1' == ''", 18, "wrong_types", "there is no int + string"),
        ("!order.shop", 0, "wrong_types", "there is no !string: there is !bool"),
        ("order.test ? 1 : 'a'", 11, "wrong_types", "there is no bool ? int : string"),
        ("order.shop.contains(1)", 11, "wrong_types", "there is no string contains int"),
        ("order.shop && order.test", 6, "wrong_types", "order.shop is string, neither true"),
        ("items.all(i, i.sku)", 15, "wrong_types", "i.sku is string, neither true nor false"),
        ("order.shop in 'north'", 11, "wrong_types", "there is no string in string"),
        ("order.shop in [1]", 11, "wrong_types", "there is no string in list(int)"),
        ("order.shop in []", 14, "wrong_types", "at least one"),
        ("1 in [1, 'a']", 5, "wrong_types", "texts only or numbers only"),
        ("items.map(i, items).size() > 0", 13, "wrong_types", "texts only or numbers only"),
        ("items == items", 6, "wrong_types", "there is no list(item) == list(item)"),
        ("order.shop.size() > 0", 11, "wrong_types", "size needs a list, not string"),
        ("order.all(x, order.test)", 6, "wrong_types", "all needs a list, not order"),
        ("order.promised_at < now", 6, "may_be_null", "write order.promised_at != null && …"),
        ("order.track_number != null", 6, "never_null", "compare a text with ''"),
        ("order.total_minor", 6, "not_boolean", "the whole is int"),
        ("items.any(i, i.upsell)", 6, "unknown_function", "there is no function any"),
        ("items.exist(i, i.upsell)", 6, "unknown_function", "did you mean exists?"),
        ("has(order.shop)", 0, "unknown_function", "there is no function has"),
        ("items.all(i.sku, true)", 6, "wrong_arguments", "write .all(x, …)"),
        ("items.map(i, i.upsell, i.sku).size() > 0", 6, "wrong_arguments", "write .map(x, …)"),
        ("startsWith(order.shop, 'n')", 0, "wrong_arguments", "order.shop.startsWith('…')"),
        ("now - order.placed_at > duration('24h2d')", 24, "wrong_arguments", "duration('24h30m')"),
        ("now > timestamp('2026-02-30T00:00:00Z')", 6, "wrong_arguments", "timestamp('2026-01-31"),
        ("now > timestamp('2026-01-01')", 6, "wrong_arguments", "timestamp('2026-01-31"),
        ("now > timestamp(order.shop)", 6, "wrong_arguments", "timestamp('2026-01-31"),
        ("items.all(i, items.all(j, items.all(k, k.upsell)))", 32, "nested_too_deeply", "2 others"),
        ("items.all(order, order.upsell)", 10, "name_taken", "choose another name"),
        ("items.all(i, items.all(i, i.upsell))", 23, "name_taken", "choose another name"),
        ("order.paid_minor * 0.5 > 1", 19, "unsupported", "numbers are whole"),
        ("order.paid_minor > 1u", 19, "unsupported", "without u"),
        ("items[0].upsell", 5, "unsupported", "write .exists(x, …)"),
        ("{'a': order.test}.a", 0, "unsupported", "compare one by one"),
    ],
)
def test_a_fault_is_told_with_place_and_remedy(
    source: str, offset: int, code: str, words: str
) -> None:
    [(told_offset, told_code, text)] = faults(source)

    assert (told_offset, told_code) == (offset, code)
    assert words in text


def test_every_fault_of_a_condition_is_told_at_once_in_the_order_of_the_text() -> None:
    source = "order.total_minor > 'a' && order.nope || foo(1) && items.sku == 'x' && ordr.test"

    assert [code for _, code, _ in faults(source)] == [
        "wrong_types",
        "unknown_field",
        "unknown_function",
        "no_fields",
        "unknown_variable",
    ]


def test_what_stands_in_an_unknown_function_is_checked_too() -> None:
    told = faults("items.any(i, i.upsell && order.nope) || foo(order.nope)")

    assert [code for _, code, _ in told] == ["unknown_function", "unknown_field"] * 2


def test_a_misspelt_field_is_found_where_evaluation_would_never_get_to_it() -> None:
    assert faults("true || order.nope == 1")[0][:2] == (14, "unknown_field")


def test_a_place_is_told_by_line_and_column() -> None:
    with pytest.raises(ConditionError) as told:
        compiled("order.test ||\n  order.nope")

    assert str(told.value).startswith("2:9: order has no field nope: write one of external_id, ")
    assert (told.value.faults[0].line, told.value.faults[0].column) == (2, 9)


def test_a_source_is_at_most_500_characters_long() -> None:
    longest = "order.test" + " " * 490

    assert compiled(longest).source == longest
    assert [fault[:2] for fault in faults(longest + " ")] == [(500, "too_long")]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("true", "always_true"),
        ("1 + 1 == 3", "always_false"),
        ("[1, 2].exists(x, x == 2)", "always_true"),
        ("order.test || true", "always_true"),
        ("1 > 2 && order.test", "always_false"),
        ("order.shop == (order . shop)", "always_true"),
        ("order.paid_minor < order.paid_minor", "always_false"),
        ("!(order.test || 'a' == 'a')", "always_false"),
        ("(order.test || true) && now == now", "always_true"),
        ("false ? order.test : 1 < 2", "always_true"),
        ("order.test ? true : now == now", "always_true"),
        ("items.all(i, i.sku == i.sku)", "always_true"),
        ("items.exists(i, false)", "always_false"),
        ("1 / 0 == 1", "always_fails"),
    ],
)
def test_a_condition_that_asks_nothing_is_a_fault(source: str, code: str) -> None:
    assert [told for _, told, _ in faults(source)] == [code]


@pytest.mark.parametrize(
    "source",
    [
        "order.total_minor >= 0",
        "items.all(i, false)",
        "order.shop == 'a' && order.shop == 'b'",
        "order.test || !order.test",
        "order.test && order.total_minor / 0 == 1",
    ],
)
def test_what_is_not_proved_is_let_through(source: str) -> None:
    assert compiled(source).source == source


def test_a_nul_is_refused_where_a_condition_is_written() -> None:
    with pytest.raises(ValidationError, match="NUL"):
        TypeAdapter(When).validate_python("order.channel == 'a\0b'")
