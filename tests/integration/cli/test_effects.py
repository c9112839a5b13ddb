"""`orderpath effects …`, `template …` and `send`, as a person types them."""

from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from services.cli.errors import USAGE
from tests.support.command_line import CommandLine, Here
from tests.support.loads import open_pipeline
from tests.support.outgoing import request
from tests.support.programs import programs
from tests.support.receivers import mail_server
from tests.support.waiting import wait_for

ITEM: Final = ("--item", "TEA:1:9.90", "--currency", "EUR")
ANNA: Final = ("--name", "Anna Ivanova", "--email", "anna@example.org", "--external-id", "A-17")
TEMPLATE: Final = """\
template: hello
channel: mail
texts:
  en: {subject: "Order {{ order.number }}", text: "Hello {{ customer.name }}, {{ order.total }}"}
  ru: {subject: "Заказ {{ order.number }}", text: "Здравствуйте, {{ customer.name }}"}
"""
ERP: Final = {
    "ORDERPATH_WEBHOOKS": '{"erp": {"url": "http://127.0.0.1:9/", "secret": "whsec_'
    + "c2VzYW1l" * 5
    + '"}}'
}


@pytest.fixture
def line(environment: dict[str, str], tmp_path: Path) -> Here:
    """Commands in a shop that has an order of Anna's and a template."""
    here = Here(environment)
    (tmp_path / "hello.yaml").write_text(TEMPLATE)
    done(here, "template", "publish", tmp_path / "hello.yaml")
    done(here, "order", "place", *ITEM, *ANNA)
    return here


def done(line: CommandLine, *words: object) -> Any:
    said = line.run(*words, "--json")
    assert said.code == 0, said.err
    return said.json


def ask(line: Here, **other: Any) -> str:
    """Ask for a mail about Anna's order, as a rule does."""
    order_id = done(line, "order", "show", "A-17")["order_id"]
    effect_id = uuid4()
    said = {"effect_id": effect_id, "command_id": effect_id, "order_id": order_id}
    hello = {
        "template": "hello",
        "about_version": None,
        "to": {"kind": "customer"},
        "language": None,
    }
    with open_pipeline(line.environment["ORDERPATH_DATABASE_URL"]) as pipeline:
        outcome = pipeline.execute(request(**hello | said | other))
    assert outcome.kind == "accepted", outcome
    return str(effect_id)


class TestTemplates:
    def test_p17_a_template_is_published_listed_and_shown(self, line: Here, tmp_path: Path) -> None:
        again = line.run("template", "publish", tmp_path / "hello.yaml")

        assert "Nothing new" in again.out
        (row,) = done(line, "template", "list")
        assert (row["template"], row["version"], row["languages"]) == ("hello", 1, "en, ru")
        shown = done(line, "template", "show", "hello")
        assert shown["definition"]["texts"]["ru"]["subject"] == "Заказ {{ order.number }}"
        assert "Здравствуйте" in line.run("template", "show", "hello").out

    def test_a_ready_made_template_is_published_by_its_name(self, line: Here) -> None:
        names = [one["template"] for one in done(line, "template", "list", "--ready")]
        done(line, "template", "publish", "--ready", "track_number")

        assert {"track_number", "paid", "payment_link"} <= set(names)
        assert "track_number" in line.run("template", "list").out
        assert line.run("template", "publish").code == 2
        assert line.run("template", "publish", "--ready", "nope").code == 2

    def test_a_template_is_tried_on_an_order_and_nothing_is_sent(self, line: Here) -> None:
        said = done(line, "template", "preview", "hello", "A-17")
        russian = done(line, "template", "preview", "hello", "A-17", "--language", "ru")
        done(line, "template", "publish", "--ready", "payment_link")
        missing = line.run("template", "preview", "payment_link", "A-17")

        assert said == {"subject": "Order A-17", "text": "Hello Anna Ivanova, 9.90 EUR"}
        assert russian["text"] == "Здравствуйте, Anna Ivanova"
        assert (missing.code, "template_failed" in missing.err) == (1, True)
        assert done(line, "effects", "list")["effects"] == []
        assert line.run("template", "preview", "nope", "A-17").code == 2


class TestEffects:
    def test_a3_messages_are_listed_and_one_is_shown_with_its_text(self, line: Here) -> None:
        effect_id = ask(line)

        listed = line.run("effects", "list")
        shown = done(line, "effects", "show", effect_id)

        assert "No setting opens mail" in listed.err
        (one,) = done(line, "effects", "list", "--order", "A-17")["effects"]
        assert (one["effect_id"], one["state"], one["to_kind"]) == (
            effect_id,
            "pending",
            "customer",
        )
        assert shown["says"] == {
            "to": "anna@example.org",
            "subject": "Order A-17",
            "text": "Hello Anna Ivanova, 9.90 EUR",
        }
        assert [one["what"] for one in shown["history"]] == ["requested"]
        page = line.run("effects", "show", effect_id)
        assert "anna@example.org" in page.out
        assert line.run("effects", "show", uuid4()).code == 1

    def test_messages_are_dropped_and_sent_again_one_or_a_range(self, line: Here) -> None:
        first, second = ask(line), ask(line)
        dropped = done(line, "effects", "drop", first, "--reason-code", "told_by_phone")
        again = line.run("effects", "resend", first)
        everything = done(line, "effects", "drop", "--state", "pending", "--since", "2020-01-01")

        assert [one["outcome"] for one in dropped] == ["accepted"]
        assert (again.code, "effect_dropped" in again.out) == (1, True)
        assert [one["effect_id"] for one in everything] == [second]
        states = {one["state"] for one in done(line, "effects", "list")["effects"]}
        assert states == {"dropped"}
        assert line.run("effects", "resend").code == 2
        assert line.run("effects", "list", "--state", "lost").code == 2

    def test_messages_are_chosen_by_their_rule_and_by_their_template(
        self, line: Here, tmp_path: Path
    ) -> None:
        (tmp_path / "bye.yaml").write_text(TEMPLATE.replace("hello", "bye"))
        done(line, "template", "publish", tmp_path / "bye.yaml")
        of_rule = {"rule": "greet", "rule_version": 1}
        greeting, another = ask(line, **of_rule), ask(line, **of_rule, template="bye")
        bye, own = ask(line, template="bye", rule="part", rule_version=1), ask(line, rule=None)

        def chosen(*words: str) -> set[str]:
            return {one["effect_id"] for one in done(line, "effects", *words)["effects"]}

        assert chosen("list", "--rule", "greet") == {greeting, another}
        assert chosen("list", "--template", "bye") == {another, bye}
        dropped = done(line, "effects", "drop", "--rule", "greet", "--template", "bye")
        assert [(one["effect_id"], one["outcome"]) for one in dropped] == [(another, "accepted")]
        done(line, "effects", "drop", "--rule", "greet", "--state", "pending")
        assert chosen("list", "--state", "pending") == {bye, own}

    def test_turning_a_rule_off_tells_what_still_goes_out_and_how_to_drop_it(
        self, line: Here
    ) -> None:
        greet = "rule: greet\non: [{event: order.note_added}]\nthen: [{note: Hello}]\n"
        assert line.run("rule", "publish", "-", stdin=greet).code == 0
        for _ in range(2):
            ask(line, rule="greet", rule_version=1)

        off = line.run("rule", "mode", "greet", "off")

        assert "What it has asked for still goes out: 2 messages." in off.err
        command = next(one for one in off.err.splitlines() if "orderpath effects drop" in one)
        assert line.run(*command.split()[1:]).code == 0
        states = [one["state"] for one in done(line, "effects", "list")["effects"]]
        assert states == ["dropped"] * 2
        assert "still goes out" not in line.run("rule", "mode", "greet", "off").err
        assert "still goes out" not in line.run("rule", "mode", "greet", "live").err

    def test_what_is_refused_of_many_messages_keeps_none_of_the_others_back(
        self, line: Here
    ) -> None:
        impatient = Here(line.environment | {"ORDERPATH_REFUSALS_PER_MINUTE": "1"})
        good = ask(line)

        said = impatient.run("effects", "drop", *[uuid4() for _ in range(3)], good, "--json")

        assert [one["outcome"] for one in said.json] == [*["refused"] * 3, "accepted"]
        codes = {unmet["code"] for one in said.json for unmet in one["unmet"]}
        assert codes == {"effect_unknown"}

    def test_an_endpoint_is_paused_and_resumed(self, line: Here) -> None:
        ask(line)
        assert "mail is paused" in line.run("effects", "pause", "mail").out
        assert "Nothing to do" in line.run("effects", "pause", "mail").out
        (outlet,) = done(line, "effects", "list")["outlets"]
        assert (outlet["outlet"], outlet["pending"]) == ("mail", 1)
        assert outlet["paused_at"]

        assert "mail is told again" in line.run("effects", "resume", "mail").out
        (outlet,) = done(line, "effects", "list")["outlets"]
        assert outlet["paused_at"] is None

    @pytest.mark.parametrize("word", ["pause", "resume"])
    def test_an_endpoint_that_there_never_was_is_neither_paused_nor_resumed(
        self, line: Here, word: str
    ) -> None:
        open_ones = Here(line.environment | ERP)

        said = open_ones.run("effects", word, "erb")

        assert (said.code, said.out) == (USAGE, "")
        assert "no outlet is named 'erb': did you mean erp?" in said.err
        assert open_ones.run("effects", word, "erp").code == 0

    def test_an_endpoint_that_no_setting_has_any_more_is_paused_and_resumed(
        self, line: Here
    ) -> None:
        hook = {"channel": "webhook", "endpoint": "old_erp", "template": None, "to": None}
        ask(line, **hook)

        assert "old_erp is paused" in line.run("effects", "pause", "old_erp").out
        assert "old_erp is told again" in line.run("effects", "resume", "old_erp").out

    def test_an_endpoint_that_is_paused_is_resumed_though_no_setting_has_it_any_more(
        self, line: Here
    ) -> None:
        assert "erp is paused" in Here(line.environment | ERP).run("effects", "pause", "erp").out

        assert "erp is told again" in line.run("effects", "resume", "erp").out


@pytest.mark.parametrize("program", [("send",), ("up",)])
def test_a_program_sends_what_is_asked_for(
    line: Here, environment: dict[str, str], program: tuple[str, ...]
) -> None:
    with mail_server() as box:
        url = f"smtp+plain://127.0.0.1:{box.port}"
        outlets = {"ORDERPATH_SMTP_URL": url, "ORDERPATH_MAIL_FROM": "Shop <orders@shop.example>"}
        with programs(environment | outlets) as start:
            start(*program)
            effect_id = ask(line)
            wait_for(lambda: bool(done(line, "effects", "list")) and bool(box.mails))
            wait_for(lambda: _state(line, effect_id) == "sent")
            alive = line.run("alive", "send")

    assert box.ids == [f"<{effect_id}@shop.example>"]
    assert alive.code == 0


def _state(line: Here, effect_id: str) -> str:
    found = {one["effect_id"]: one["state"] for one in done(line, "effects", "list")["effects"]}
    return str(found[str(UUID(effect_id))])
