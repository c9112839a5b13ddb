"""`orderpath rule …`: A19 A22 P33. A shop publishes its rules, switches them, and can read them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from services.cli.output import console
from tests.support.command_line import CommandLine, Here

GREET = """\
rule: greet
title: {en: Greet}
order: 5
on: [{change: status, to: confirmed}]
if:
  is_dear: order.total_minor > 100000
then:
  - {note: Dear order}
  - {move: packed}
roles: [warehouse]
"""
PUBLISH = ("rule", "publish")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a rule."""
    path = tmp_path / "greet.yaml"
    path.write_text(GREET)
    return path


def test_a_published_rule_is_listed_with_when_it_looks_and_what_it_does(
    line: CommandLine, file: Path
) -> None:
    published = line.run(*PUBLISH, file, "--actor", "ann", "--json")

    assert (published.code, published.json["outcome"]) == (0, "accepted"), published.err
    assert (published.json["rule"], published.json["version"]) == ("greet", 1)
    assert line.run("rule", "list", "--json").json == [
        {
            "order": 5, "rule": "greet", "mode": "live", "version": 1,
            "when": "status > confirmed", "if": "is_dear", "what": "note; move packed",
            "last_fired_at": None, "fired_30d": 0,
        }
    ]  # fmt: skip


ALWAYS = "rule: greet\non: [{event: order.placed}]\nthen: [{note: Hello}]\n"


def test_a25_the_list_says_when_each_rule_fired_last_and_how_often_in_the_last_30_days(
    line: CommandLine,
) -> None:
    line.run(*PUBLISH, "-", stdin=ALWAYS)
    line.run(*PUBLISH, "-", stdin=ALWAYS.replace("greet", "never").replace("placed", "call_logged"))
    before = datetime.now(UTC)
    for _ in range(3):
        assert line.run(*PLACE).code == 0

    greet, never = line.run("rule", "list", "--json").json
    people = line.run("rule", "list").out

    assert greet["fired_30d"] == 3
    assert before <= datetime.fromisoformat(greet["last_fired_at"]) <= datetime.now(UTC)
    assert (never["rule"], never["last_fired_at"], never["fired_30d"]) == ("never", None, 0)
    (told,) = [one for one in people.splitlines() if "greet" in one]
    assert datetime.fromisoformat(greet["last_fired_at"]).strftime("%Y-%m-%d %H:%M:%S") in told
    assert told.rstrip(" │").endswith(" 3")


def test_p33_more_than_fifty_rules_stay_readable_in_the_order_in_which_they_act(
    line: CommandLine, file: Path
) -> None:
    for number in range(42):
        text = GREET.replace("rule: greet", f"rule: greet_{number}")
        line.run(*PUBLISH, "-", stdin=text.replace("order: 5", f"order: {80 - number}"))
    for shop in ("city_tuning", "koftenyshi"):
        line.run(*PUBLISH, "--shop", shop)
    line.run(*PUBLISH, "--ready", "paid_to_assembly")

    rows = line.run("rule", "list", "--json").json
    people = line.run("rule", "list").out.splitlines()

    assert [row["order"] for row in rows] == sorted(row["order"] for row in rows)
    assert len(rows) == 42 + 6 + 2 + 1
    assert len([one for one in people if "greet_" in one]) == 42
    assert max(map(len, people)) <= 200


@pytest.fixture
def narrow() -> Iterator[dict[str, str]]:
    """The environment of a terminal of so few columns; a process looks at it once."""
    console.cache_clear()
    yield {"COLUMNS": "110"}
    console.cache_clear()


def test_p33_the_name_of_a_rule_stays_whole_where_there_is_little_room(
    line: Here, narrow: dict[str, str]
) -> None:
    line = Here(line.environment | narrow)
    for shop in ("city_tuning", "koftenyshi"):
        line.run(*PUBLISH, "--shop", shop)

    for ready in ((), ("--ready",)):
        names = [row["rule"] for row in line.run("rule", "list", *ready, "--json").json]
        people = line.run("rule", "list", *ready).out
        assert [name for name in names if name not in people] == []


def test_the_ready_made_rules_are_told_with_their_shops(line: CommandLine) -> None:
    rows = line.run("rule", "list", "--ready", "--json").json
    by_name = {row["rule"]: row for row in rows}

    assert by_name["paid_to_assembly"]["shop"] is None
    assert by_name["paid_to_assembly"]["what"] == "move assembling"
    assert by_name["minoxidil_track_mail"]["shop"] == "minoxidil"
    assert by_name["minoxidil_track_mail"]["what"] == "mail customer: track_number"
    assert line.run("rule", "list", "--json").json == []


def test_a_rule_is_shown_in_whatever_version(line: CommandLine, file: Path) -> None:
    line.run(*PUBLISH, file, "--actor", "ann")
    line.run(*PUBLISH, "-", "--actor", "bob", stdin=GREET.replace("100000", "200000"))

    people = line.run("rule", "show", "greet").out
    first = line.run("rule", "show", "greet", "--version", 1, "--json").json

    for words in ("Rule greet, version 2: Greet", "order.total_minor > 200000", "move packed",
                  "warehouse", "20 times per order", "UTC by bob"):  # fmt: skip
        assert words in people
    assert (first["version"], first["published_by"]) == (1, "ann")
    assert first["definition"]["if"] == {"is_dear": "order.total_minor > 100000"}


def test_an_unknown_rule_or_version_is_answered_with_what_there_is(
    line: CommandLine, file: Path
) -> None:
    none = line.run("rule", "show", "greet")
    line.run(*PUBLISH, file)
    other, late = line.run("rule", "show", "gret"), line.run("rule", "show", "greet@2")
    version = line.run("rule", "diff", "greet", "greet@2")

    assert (none.code, "none is published, `orderpath rule list --ready`" in none.err) == (2, True)
    assert (other.code, other.err) == (2, "Error: no rule is named 'gret': choose one of greet\n")
    assert late.code == 2
    assert "the rule greet has no version 2: the latest is 1" in version.err


def test_the_same_rule_again_is_nothing_new(line: CommandLine, file: Path) -> None:
    first, again = line.run(*PUBLISH, file), line.run(*PUBLISH, file)

    assert "Version 1 of rule greet acts on what happens now" in first.out
    assert (again.code, "Nothing new: version 1 of rule greet" in again.out) == (0, True)


def test_publishing_under_the_same_command_id_happens_once(line: CommandLine, file: Path) -> None:
    command = (*PUBLISH, file, "--command-id", uuid4(), "--json")

    first, again = line.run(*command), line.run(*command)

    assert again.json == first.json | {"repeated": True}


def test_a24_a_rule_is_switched_to_shadow_and_off_and_on_again(
    line: CommandLine, file: Path
) -> None:
    line.run(*PUBLISH, file)

    shadow = line.run("rule", "mode", "greet", "shadow")
    same = line.run("rule", "mode", "greet", "shadow")
    off = line.run("rule", "mode", "greet", "off", "--json")

    assert "Version 2 of rule greet only judges what happens now" in shadow.out
    assert "Nothing new" in same.out
    assert (off.json["outcome"], off.json["version"]) == ("accepted", 3)
    assert line.run("rule", "list", "--json").json[0]["mode"] == "off"


def test_whoever_switches_a_rule_hears_what_becomes_of_what_it_waits_for(
    line: CommandLine, file: Path, tmp_path: Path
) -> None:
    silent = tmp_path / "silent.yaml"
    silent.write_text(WAITING)
    line.run(*PUBLISH, file)
    line.run(*PUBLISH, silent)

    told = {mode: line.run("rule", "mode", "silent", mode).err for mode in ("off", "shadow")}
    same = line.run("rule", "mode", "silent", "shadow").err
    live = line.run("rule", "mode", "silent", "live").err
    other = line.run("rule", "mode", "greet", "off").err

    assert "runs on: those that end while it is off come to nothing." in told["off"]
    assert "Silence that is broken meanwhile begins anew" in told["off"]
    assert "runs on: those that end in shadow are only judged." in told["shadow"]
    assert "those that end from now on act, and none has begun while it was off." in live
    assert "runs on" not in same + other


def test_a_mode_that_there_is_not_and_a_rule_that_is_not_there_are_named(
    line: CommandLine, file: Path
) -> None:
    line.run(*PUBLISH, file)

    odd = line.run("rule", "mode", "greet", "on")
    unknown = line.run("rule", "mode", "great", "off")

    assert (odd.code, "mode: Input should be 'live', 'shadow' or 'off'" in odd.err) == (2, True)
    assert (unknown.code, "No rule great is published" in unknown.err) == (1, True)


def test_the_rules_of_a_shop_are_published_together_and_twice_is_nothing(
    line: CommandLine,
) -> None:
    command = (*PUBLISH, "--shop", "city_tuning", "--command-id", uuid4(), "--json")

    first, again = line.run(*command), line.run(*command)
    people = line.run(*PUBLISH, "--shop", "city_tuning")

    assert [one["outcome"] for one in first.json["rules"]] == ["accepted"] * 6
    assert [one["repeated"] for one in again.json["rules"]] == [True] * 6
    assert people.out.count("Nothing new") == 6
    assert len(line.run("rule", "list", "--json").json) == 6


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name one: a FILE, --ready NAME or --shop NAME"),
        (("--ready", "paid_to_assembly", "--shop", "kupidon"), "name one: a FILE, --ready NAME"),
        (("--ready", "paid_to_asembly"), "did you mean paid_to_assembly?"),
        (("--shop", "cupidon"), "no ready-made shop 'cupidon' has rules: did you mean kupidon?"),
    ],
)
def test_what_cannot_be_published_is_a_matter_of_usage(
    line: CommandLine, words: tuple[str, ...], said: str
) -> None:
    answer = line.run(*PUBLISH, *words)

    assert (answer.code, said in answer.err) == (2, True)


def test_a_file_with_mistakes_publishes_nothing(line: CommandLine, file: Path) -> None:
    file.write_text(GREET.replace("status, to", "stauts, to").replace("move:", "moove:"))

    said = line.run(*PUBLISH, file)

    assert said.code == 2
    assert "greet.yaml:4:15: there is no field 'stauts': did you mean status?" in said.err
    assert "greet.yaml:9:5: unknown key 'moove': did you mean move?" in said.err
    assert line.run("rule", "list", "--json").json == []


def test_the_difference_of_two_versions_is_told_key_by_key(line: CommandLine, file: Path) -> None:
    line.run(*PUBLISH, file)
    file.write_text(GREET.replace("move: packed", "move: done").replace("100000", "200000"))

    said = line.run("rule", "diff", "greet", file, "--json").json
    people = line.run("rule", "diff", "greet", file).out

    assert (said["old"], said["new"]) == (
        {"rule": "greet", "version": 1}, {"rule": "greet", "version": None},
    )  # fmt: skip
    assert said["keys"] == {
        "if.is_dear": {"old": "order.total_minor > 100000", "new": "order.total_minor > 200000"},
        "then.2.move": {"old": "packed", "new": "done"},
    }
    assert "then.2.move" in people
    assert "No difference" in line.run("rule", "diff", "greet", "greet@1").out


class TestLint:
    """`orderpath rule lint`: P33 D9."""

    def test_a_finding_tells_its_line_why_it_matters_and_what_to_do(
        self, line: CommandLine, file: Path
    ) -> None:
        file.write_text(GREET.replace("confirmed}", "confirmd}"))

        said = line.run("rule", "lint", file)

        assert said.code == 1
        assert said.out.splitlines()[0].startswith(
            "greet.yaml:4:23: error value_unknown: order.status never is 'confirmd': did you mean"
        )
        assert "    why: the rule never looks for it" in said.out
        assert said.out.splitlines()[-1].startswith("1 rule: ")

    def test_a_rule_is_held_against_all_published_paths_or_the_one_that_is_named(
        self, line: CommandLine, file: Path
    ) -> None:
        file.write_text(GREET.replace("move: packed", "move: assembling"))

        packer = line.run("rule", "lint", file, "--json").json
        manager = line.run("rule", "lint", "-", stdin=file.read_text().replace(
            "roles: [warehouse]", "roles: [manager]"))  # fmt: skip
        elsewhere = line.run("rule", "lint", file, "--path", "olist", "--json").json

        assert packer["findings"] == []
        assert manager.code == 0
        assert {one["code"] for one in elsewhere["findings"]} == {"value_unknown", "move_unknown"}

    def test_all_published_rules_are_asked_where_none_is_named(self, line: CommandLine) -> None:
        line.run(*PUBLISH, "--ready", "paid_to_assembly")
        line.run(*PUBLISH, "--ready", "delivery_problem_task")

        said = line.run("rule", "lint", "--json")

        assert (said.code, said.json["findings"]) == (0, [])
        assert [one["rule"] for one in said.json["rules"]] == [
            "paid_to_assembly", "delivery_problem_task",
        ]  # fmt: skip
        assert "2 rules: nothing to say" in line.run("rule", "lint").out

    def test_a_file_is_held_against_the_published_rules(
        self, line: CommandLine, file: Path
    ) -> None:
        line.run(*PUBLISH, "-", stdin=NOTING.replace("noting", "other"))
        file.write_text(NOTING)

        said = line.run("rule", "lint", file)

        assert said.code == 1
        assert "warning rules_in_circle: noting can lead to itself" in said.out
        assert "in a circle: noting > other > noting" in said.out or (
            "in a circle: other > noting > other" in said.out
        )

    def test_templates_and_endpoints_are_those_that_are_published_and_set(
        self, line: CommandLine, file: Path
    ) -> None:
        line.run("template", "publish", "--ready", "paid")
        file.write_text(
            "rule: tell\non: [{event: order.placed}]\nthen:\n"
            "  - {notify: mail, to: customer, template: payd}\n"
            "  - {notify: mail, to: customer, template: paid}\n"
            "  - {webhook: erp}\n"
        )

        said = line.run("rule", "lint", file, "--json").json

        assert [(one["code"], one["line"]) for one in said["findings"]] == [
            ("template_unknown", 4), ("endpoint_unknown", 6),
        ]  # fmt: skip

    def test_teams_are_those_that_have_members(self, line: CommandLine, file: Path) -> None:
        file.write_text(
            "rule: share\non: [{event: order.placed}]\nthen:\n"
            "  - {assign: {group: sales}, by: round_robin}\n"
        )
        before = line.run("rule", "lint", file)
        assert line.run("team", "set", "maria", "--group", "sales").code == 0
        after = line.run("rule", "lint", file)

        assert ":4:15: warning team_unknown: the group sales never had a member" in before.out
        assert (after.code, after.out) == (0, "1 rule: nothing to say\n")

    def test_owners_are_asked_of_a_list(self, line: CommandLine, tmp_path: Path) -> None:
        owners = tmp_path / "owners.yaml"
        owners.write_text("groups: [leads]\n")
        line.run(*PUBLISH, "--ready", "delivery_problem_task")

        said = line.run("rule", "lint", "delivery_problem_task", "--owners", owners)

        place = "delivery_problem_task.then.0.to.group"
        assert f"{place}: warning owner_inactive: there is no group managers" in said.out


WAITING = """\
rule: silent
on: [{silence: 2d}]
then: [{note: Again}]
"""


NOTING = """\
rule: noting
on: [{event: order.note_added}]
then: [{note: Again}]
"""


def test_p33_the_graph_shows_which_rule_can_lead_to_which(line: CommandLine) -> None:
    nothing = line.run("rule", "graph")
    line.run(*PUBLISH, "--shop", "city_tuning")
    line.run("rule", "mode", "city_tuning_4_buyer_task", "shadow")
    line.run("rule", "mode", "city_tuning_6_paid", "off")

    edges = line.run("rule", "graph", "--json").json
    picture = line.run("rule", "graph", "--mermaid").out
    people = line.run("rule", "graph").out

    assert "No rule can lead to another one." in nothing.out
    pairs = {(edge["rule"], edge["leads_to"]) for edge in edges}
    assert ("city_tuning_1_share_out", "city_tuning_2_reserve") in pairs
    assert ("city_tuning_2_reserve", "city_tuning_3_to_buy") in pairs
    assert ("city_tuning_3_to_buy", "city_tuning_4_buyer_task") in pairs
    assert ("city_tuning_4_buyer_task", "city_tuning_5_payment") not in pairs
    assert picture.startswith("flowchart LR\n")
    assert (
        'r_city_tuning_1_share_out -->|"order.owner_assigned"| r_city_tuning_2_reserve' in picture
    )
    assert "style r_city_tuning_4_buyer_task stroke-dasharray:4" in picture
    assert "city_tuning_6_paid" not in picture
    assert "order.owner_assigned" in people
    assert line.run("rule", "graph", "--mermaid", "--json").code == 2


def test_editors_are_told_the_language(line: CommandLine) -> None:
    schema = line.run("rule", "schema").json

    assert schema["title"] == "Rule"
    assert "order.placed" in schema["$defs"]["OnEvent"]["properties"]["event"]["anyOf"][0]["enum"]


class TestWarnings:
    """A rule that cannot do what it says is published, and whoever publishes it is told."""

    def test_a_template_that_is_missing_is_told_with_what_to_do(self, line: CommandLine) -> None:
        said = line.run(*PUBLISH, "--ready", "courier_time", "--json")
        line.run("template", "publish", "--ready", "courier_time")
        again = line.run(*PUBLISH, "--ready", "courier_time")

        assert (said.code, said.json["outcome"]) == (0, "accepted")
        assert said.err == (
            "Warning: courier_time: template_unknown: there is no template courier_time: the "
            "message has nothing to say, and is not sent; "
            "`orderpath template publish --ready courier_time`\n"
        )
        assert (again.code, again.err) == (0, "")

    def test_each_rule_of_a_shop_is_looked_at(self, line: CommandLine) -> None:
        line.run("path", "publish", "--ready", "salesplatform")

        said = line.run(*PUBLISH, "--shop", "salesplatform")

        assert said.code == 0
        assert "salesplatform_low_stock: template_unknown" in said.err

    def test_what_is_only_a_matter_of_taste_is_left_to_lint(
        self, line: CommandLine, file: Path
    ) -> None:
        file.write_text(ALWAYS.replace("placed", "note_added"))

        assert line.run("rule", "lint", file).code == 1
        assert line.run(*PUBLISH, file).err == ""

    def test_one_that_is_off_does_nothing_that_one_is_warned_of(
        self, line: CommandLine, file: Path
    ) -> None:
        file.write_text(ALWAYS.replace("note: Hello", "move: nowhere"))
        loud = line.run(*PUBLISH, file)
        file.write_text(file.read_text() + "mode: off\n")

        assert "move_unknown" in loud.err
        assert line.run(*PUBLISH, file).err == ""


class TestTrials:
    """D10: a rule is tried on the log before it is armed, and says why it did not act."""

    def test_a_backtest_reads_a_file_and_changes_nothing(
        self, line: CommandLine, file: Path
    ) -> None:
        line.run(*PLACE)

        said = line.run("rule", "backtest", file, "--json")

        assert (said.code, said.json["rule"]) == (0, "greet"), said.err
        assert said.json["events"] > 0
        assert line.run("rule", "list", "--json").json == []
        assert line.run("rule", "backtest", file).code == 0

    def test_a_backtest_of_a_file_with_mistakes_names_them(
        self, line: CommandLine, file: Path
    ) -> None:
        file.write_text(GREET.replace("status, to", "stauts, to"))

        said = line.run("rule", "backtest", file)

        assert (said.code, "greet.yaml:4:15: there is no field 'stauts'" in said.err) == (2, True)

    def test_a_backtest_of_a_path_that_is_not_published_names_those_that_are(
        self, line: CommandLine, file: Path
    ) -> None:
        line.run(*PLACE)

        said = line.run("rule", "backtest", file, "--path", "nosuch")
        known = line.run("rule", "backtest", file, "--path", "universal", "--json")

        assert (said.code, "no path is named 'nosuch': choose one of" in said.err) == (2, True)
        assert "universal" in said.err
        assert (known.code, known.json["path"]) == (0, "universal"), known.err

    def test_a25_why_a_rule_did_not_act_is_asked_of_the_order(self, line: CommandLine) -> None:
        line.run(*PUBLISH, "-", stdin=GREET.replace("change: status, to: confirmed",
                                                    "event: order.placed"))  # fmt: skip
        placed = line.run(*PLACE, "--json").json

        said = line.run("order", "why-not", placed["order_id"], "greet", "--json")
        people = line.run("order", "why-not", placed["order_id"], "greet")

        (run,) = said.json["runs"]
        assert (run["result"], run["conditions"]) == ("skipped", {"is_dear": False})
        assert "is_dear" in people.out

    def test_what_a_shadow_would_have_done_stands_beside_what_people_did(
        self, line: CommandLine
    ) -> None:
        line.run(*PUBLISH, "-", stdin=GREET.replace("order: 5", "mode: shadow"))

        said = line.run("rule", "compare", "greet", "--json")

        assert (said.code, said.json["moves"]) == (0, []), said.err

    def test_a_rule_that_is_not_published_is_named_whoever_asks(self, line: CommandLine) -> None:
        placed = line.run(*PLACE, "--json").json
        line.run("report", "funnel")  # Whoever asks next has nothing to bring up to date.

        compared = line.run("rule", "compare", "nosuch")
        asked = line.run("order", "why-not", placed["order_id"], "nosuch")

        assert (compared.code, compared.out) == (asked.code, asked.out) == (1, "")
        assert compared.err == asked.err
        assert "no rule nosuch is published" in compared.err


PLACE = ("order", "place", "--currency", "EUR", "--item", "MUG:1:9.90:A mug")
