"""What a text may say, what is refused when it is published, and that rendering ends."""

from time import monotonic
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.templates.language import Unrenderable, faults_of, render
from domain.templates.offered import SAMPLE
from domain.templates.template import Template
from tests.support.outgoing import TEMPLATE


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ order.nubmer }}", "did you mean number?"),
        ("{{ ordr.number }}", "did you mean order?"),
        ("{% if order.paid %}{{ nope }}{% endif %}", "there is no nope"),
        ("{% if not order.id %}{{ order.nope }}{% endif %}", "there is no nope"),
        ("{% for item in order.items %}{{ item.nope }}{% endfor %}", "there is no nope"),
        ("{% for item in order.number %}{% endfor %}", "a loop runs over a list"),
        ("{{ order.items }}", "no value"),
        ("{{ order.number", "line 1"),
        ("{{ order.number|nope }}", "there is no filter nope"),
        ("{% if not order.id %}{{ order.number|uper }}{% endif %}", "did you mean upper?"),
        ("{% if order.id %}{{ customer.name|safe }}{% endif %}", "there is no filter safe"),
        ("{{ order.number ~ 'x' }}", "concat is not for templates"),
        ("{% if order.id %}" * 110 + "{% endif %}" * 110, "more than 40 deep"),
        ("{{ " + "+".join(["'a'"] * 2_000) + " }}", "more than 40 deep"),
        ("{{ order.number" + "|trim" * 2_000 + " }}", "more than 40 deep"),
        ("{{ " + "(" * 2_000 + "1" + ")" * 2_000 + " }}", "more than 40 deep"),
        ("{{ order.number|join('x') }}", "join"),
        ("{{ order.number.upper() }}", "call is not for templates"),
        ("{{ order['number'] }}", "getitem is not for templates"),
        ("{{ 'x' * 999 }}", "mul is not for templates"),
        ("{{ 2 ** 999 }}", "pow is not for templates"),
        ("{% set a = 'x' %}", "assign is not for templates"),
        ("{% macro m() %}{% endmacro %}", "macro is not for templates"),
        ("{% include 'other' %}", "include is not for templates"),
        ("Order \x00 of yours", "NUL"),
        ("{{ 1e999 }}", "none that can be written"),
        ("{% if not order.id %}{{ 1e999 }}{% endif %}", "none that can be written"),
        ("{% if not order.id %}{{ '\\ud800' }}{% endif %}", "none that can be written"),
        ("{{ " + "9" * 5_000 + " }}", "too many digits"),
        ("{{ " + "9" * 4_300 + " + 1 }}", "too many digits"),
        ("{{ ''.__class__ }}", "write a name"),
        ("{{ order.__class__ }}", "there is no __class__"),
        (
            "{% for a in order.items %}{% for b in order.items %}x{% endfor %}{% endfor %}",
            "a loop stands within another one",
        ),
    ],
)
def test_a_text_that_misses_a_variable_or_could_run_away_is_refused(
    source: str, words: str
) -> None:
    assert words in "; ".join(faults_of(source))


def test_a_template_that_misses_a_variable_fails_when_it_is_published() -> None:
    wrong: dict[str, Any] = TEMPLATE.content | {
        "texts": {"en": {"subject": "{{ order.nope }}", "text": "{{ order.id }}"}}
    }

    with pytest.raises(ValidationError, match="there is no nope here"):
        Template.model_validate(wrong)


def test_a_mail_has_a_subject_and_an_sms_has_none() -> None:
    without = {"template": "x", "channel": "mail", "texts": {"en": {"text": "Hello"}}}
    with pytest.raises(ValidationError, match="a mail has a subject"):
        Template.model_validate(without)
    with_one = {
        "template": "x",
        "channel": "sms",
        "texts": {"en": {"subject": "Hi", "text": "Hello"}},
    }
    with pytest.raises(ValidationError, match="no subject and no html"):
        Template.model_validate(with_one)


def test_what_is_not_known_is_never_written_as_none() -> None:
    order = {**SAMPLE["order"], "track_number": None}

    with pytest.raises(Unrenderable, match="no value"):
        render("{{ order.track_number }}", {"order": order})
    for source in ("{{ order.track_number|upper }}", "{{ order.track_number + '' }}"):
        with pytest.raises(Unrenderable):
            render(source, {"order": order})
    kindly = "{% if order.track_number %}{{ order.track_number }}{% else %}soon{% endif %}"
    assert render(kindly, {"order": order}) == "soon"


@pytest.mark.parametrize("what", ["order", "order.items", "order.items|first"])
@pytest.mark.parametrize("how", ["", "|upper", "|trim", "|title", " + 'x'"])
def test_no_record_and_no_list_reaches_people(what: str, how: str) -> None:
    with pytest.raises(Unrenderable):
        render(f"{{{{ {what}{how} }}}}", SAMPLE)
    assert [*faults_of(f"{{{{ {what}{how} }}}}")]


def test_a_filter_that_is_there_no_more_makes_no_message() -> None:
    """A text that was published is not checked again."""
    for source in ("{{ order.number|nope }}", "{% if order.id %}{{ 1|nope }}{% endif %}"):
        with pytest.raises(Unrenderable, match="nope"):
            render(source, SAMPLE)


def test_what_comes_from_outside_is_escaped_in_html_only() -> None:
    customer = {"customer": {"name": "<b>&"}}

    assert render("{{ customer.name }}", customer) == "<b>&"
    assert render("{{ customer.name }}", customer, html=True) == "&lt;b&gt;&amp;"


def test_a_subject_is_one_line_whatever_a_name_holds() -> None:
    order = {**SAMPLE["order"], "number": "A-17\r\nBcc: x@example.org"}
    variables = {**SAMPLE, "order": order}

    assert TEMPLATE.render("en", variables).subject == (
        "Order A-17 Bcc: x@example.org is on its way"
    )


def test_the_wanted_language_else_the_house_s_else_the_first() -> None:
    assert TEMPLATE.language_for("ru", "en") == "ru"
    assert TEMPLATE.language_for(None, "ru") == "ru"
    assert TEMPLATE.language_for("de", "fr") == "en"


def test_a_message_becomes_no_longer_than_the_limit() -> None:
    long = {**SAMPLE["order"], "items": [SAMPLE["order"]["items"][0]] * 1_000}
    source = "{% for item in order.items %}" + "x" * 10_000 + "{% endfor %}"

    with pytest.raises(Unrenderable, match="longer than"):
        render(source, {**SAMPLE, "order": long})


def test_the_dearest_text_that_is_taken_ends_within_seconds() -> None:
    long = {**SAMPLE["order"], "items": [SAMPLE["order"]["items"][0]] * 1_000}
    loop = (
        "{% for item in order.items %}{% if item.sku|upper|lower == '' %}x{% endif %}{% endfor %}"
    )
    source = (loop * (20_000 // len(loop)))[:20_000]
    assert not [*faults_of(source)]

    begin = monotonic()
    render(source, {**SAMPLE, "order": long})

    assert monotonic() - begin < 10


PIECES = st.sampled_from(
    ["{{ order.number }}", "{% if customer.name %}", "{% endif %}", "{% for item in order.items %}",
     "{% endfor %}", "{{ item.title|upper }}", "text ", "{{ nope }}", "{{ order.total + 'x' }}"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join))
@settings(max_examples=200)
def test_what_is_taken_when_published_renders_for_an_order_that_has_everything(
    source: str,
) -> None:
    if not [*faults_of(source)]:
        assert isinstance(render(source, SAMPLE), str)


@pytest.mark.parametrize(
    "odd",
    [
        {"texts": {"en": {"subject": "Hello", "text": "{{ order.aura }}"}}},
        {"channel": "sms", "texts": {"en": {"subject": "Hello", "text": "Hello"}}},
    ],
)
def test_a_template_that_checks_of_today_refuse_is_read_as_it_was_published(
    odd: dict[str, Any],
) -> None:
    definition = {**TEMPLATE.content, **odd}
    with pytest.raises(ValidationError):
        Template.model_validate(definition)

    assert Template.as_published(definition).texts["en"].subject == "Hello"
