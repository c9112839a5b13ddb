"""Lint of rules: P33, D9. What is allowed and yet not well is found, with its place."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from domain.paths.lint_owners import KnownOwners
from domain.paths.path import OrderPath
from domain.rules.findings import Known
from domain.rules.lint import lint
from domain.rules.lint_circles import list_circles
from domain.rules.rule import Rule
from infra.path_files import load_preset as load_path
from infra.rule_files import load_preset, preset_names, shop_names, shop_rules
from tests.golden.stored_names import finding_codes
from tests.support.examples import PATH
from tests.support.rules import rule_of

ROOT = Path(__file__).parents[4]
UNIVERSAL = load_path("universal")


def found(*rules: Rule, paths: Sequence[Any] = (PATH,), **known: Any) -> list[tuple[str, ...]]:
    """Give rule, code and dotted place of each finding."""
    return [
        (rule.rule, finding.code, ".".join(map(str, finding.place)))
        for rule, finding in lint(rules, Known(paths, **known))
    ]


def message(*rules: Rule, paths: Sequence[Any] = (PATH,), **known: Any) -> str:
    ((_, finding),) = lint(rules, Known(paths, **known))
    return finding.message


def circles(*rules: Rule, path: OrderPath = PATH) -> list[str]:
    return [finding.message for _, finding in list_circles(rules, [path])]


def on_status(to: str) -> list[dict[str, str]]:
    return [{"change": "status", "to": to}]


IS_NEW = {"is_new": "order.status == 'new'"}
MOVE: dict[str, Any] = {"on": [{"event": "order.note_added"}], "then": [{"move": "confirmed"}]}


def test_the_ready_made_rules_are_well() -> None:
    rules = [load_preset(name) for name in preset_names()]

    assert found(*rules, paths=[UNIVERSAL], calendars={"shop"}) == []


@pytest.mark.parametrize("shop", shop_names())
def test_the_rules_of_a_shop_are_well_on_its_path(shop: str) -> None:
    assert found(*shop_rules(shop), paths=[load_path(shop)], calendars={"shop"}) == []


def test_a_rule_that_is_asked_why_it_has_not_acted_is_there() -> None:
    asks, asked = rule_of("asks", why_not="robot"), rule_of("robot")

    assert found(asks) == [("asks", "rule_unknown", "why_not")]
    assert found(asks, asked) == found(asks, others=[asked]) == []


class TestCircles:
    """Rules that lead to each other."""

    def test_two_that_undo_each_other(self) -> None:
        rules = [
            rule_of("away", on=[{"change": "owner_group", "to": "a"}],
                    then=[{"assign": {"group": "b"}}]),
            rule_of("back", on=[{"change": "owner_group", "to": "b"}],
                    then=[{"assign": {"group": "a"}}]),
        ]  # fmt: skip

        assert found(*rules) == [("away", "rules_in_circle", "then")]
        assert message(*rules) == "in a circle: away > back > away"

    def test_by_statuses_and_over_a_third_one(self) -> None:
        rules = [
            rule_of("one", on=on_status("lost"), then=[{"note": "x"}]),
            rule_of(
                "two", on=[{"event": "order.note_added"}], then=[{"set": {"track_number": "T"}}]
            ),
            rule_of("three", on=[{"change": "track_number"}], then=[{"move": "lost"}]),
        ]

        codes = found(*rules, paths=[])
        assert codes == [("one", "rules_in_circle", "then")]
        assert message(*rules, paths=[]) == "in a circle: one > two > three > one"

    def test_a_rule_that_leads_to_itself(self) -> None:
        rule = rule_of(on=[{"event": "order.note_added"}])

        assert message(rule) == "watch can lead to itself"

    def test_a_rule_that_breaks_the_silence_that_it_waits_for(self) -> None:
        silent: dict[str, Any] = {"on": [{"silence": "1h"}]}
        in_new: dict[str, Any] = {"on": [{"silence": "1h", "in": "new"}]}
        away = rule_of(**in_new, then=[{"move": "lost"}])
        back = rule_of("back", on=on_status("lost"), then=[{"move": "new"}])

        assert found(rule_of(**silent)) == [("watch", "rules_in_circle", "then")]
        assert message(rule_of(**silent)) == "watch can lead to itself"
        assert found(rule_of(**in_new)) == [("watch", "rules_in_circle", "then")]
        assert found(away, paths=[]) == []
        assert message(away, back, paths=[]) == "in a circle: watch > back > watch"
        assert found(rule_of(**silent, then=[{"alert": "Look", "to": {"user": "ann"}}])) == []
        assert found(rule_of(**silent, then=[{"set": {"track_number": "T"}}])) == []

    def test_by_pieces_that_a_move_cancels_as_they_change_what_the_order_costs(self) -> None:
        statuses = PATH.content["statuses"]
        cancels = {**statuses["packed"], "on_enter": {"items": {"to": "cancelled"}}}
        path = OrderPath.model_validate(PATH.content | {"statuses": statuses | {"packed": cancels}})
        move = rule_of("move", on=[{"event": "order.note_added"}],
                       then=[{"move": "packed", "reason": "x"}], roles=["warehouse"])  # fmt: skip
        note = rule_of("note", on=[{"change": "total_minor"}],
                       conditions={"there": "order.status == 'packed'"})  # fmt: skip

        assert circles(move, note, path=path) == ["in a circle: move > note > move"]
        assert circles(move, note) == []

    def test_by_a_document_that_is_sent_with_a_mail(self) -> None:
        mail = {"notify": "mail", "to": {"user": "ann"}, "template": "paper", "attach": "invoice"}
        on_moved: dict[str, Any] = {"on": [{"event": "order.document_moved"}]}
        both = rule_of(**on_moved, then=[{"issue": "invoice"}, mail])
        issue = rule_of("issue", **on_moved, then=[{"issue": "invoice"}])
        send = rule_of("send", on=[{"event": "order.document_issued"}], then=[mail])
        known: dict[str, Any] = {"templates": {"paper": "mail"}}

        assert message(both, **known) == "watch can lead to itself"
        assert message(issue, send, **known) == "in a circle: issue > send > issue"
        assert found(rule_of(**on_moved, then=[mail]), **known) == []  # It is sent once.
        assert found(rule_of(**on_moved, then=[{"issue": "invoice"}])) == []

    def test_by_a_time_limit_that_begins_anew(self) -> None:
        on_limit: dict[str, Any] = {"on": [{"event": "order.deadline_passed"}]}
        due = "event.level == 'due'"
        away = rule_of(
            "away", **on_limit, then=[{"move": "packed"}], conditions=IS_NEW | {"due": due}
        )
        is_packed = {"is_packed": "order.status == 'packed'"}
        back = rule_of(
            "back", **on_limit, then=[{"move": "new"}], conditions=is_packed | {"due": due}
        )
        warned = {"warned": "event.level == 'warn'"}  # Of packed nobody is warned.
        never = rule_of("back", **on_limit, then=[{"move": "new"}], conditions=is_packed | warned)
        ((_, finding),) = list_circles([away, back], [PATH])

        assert finding.message == "in a circle: away > back > away"
        assert finding.why == "a time limit begins anew each time, until a rule is stopped"
        assert circles(away, never) == []
        assert circles(rule_of(**on_limit, then=[{"move": "packed"}])) == []  # It is there by then.

    def test_the_second_time_the_same_is_nothing_new(self) -> None:
        rule = rule_of(on=[{"change": "track_number"}], then=[{"set": {"track_number": "T1"}}])

        assert found(rule) == []

    def test_a_condition_that_does_not_hold_the_second_time_ends_it(self) -> None:
        rule = rule_of(
            on=[{"event": "order.status_changed"}], then=[{"move": "confirmed"}], conditions=IS_NEW
        )

        assert found(rule) == []

    def test_a_rule_that_is_off_leads_nowhere(self) -> None:
        assert found(rule_of(on=[{"event": "order.note_added"}], mode="off")) == []

    def test_with_a_published_rule_it_is_told_at_the_one_that_is_given(self) -> None:
        given = rule_of("given", on=on_status("lost"), then=[{"note": "x"}])
        noted: dict[str, Any] = {"on": [{"event": "order.note_added"}]}
        back = rule_of("back", **noted, then=[{"move": "lost"}])
        alone = rule_of("alone", **noted, then=[{"note": "y"}])

        assert found(given, paths=[], others=[back]) == [("given", "rules_in_circle", "then")]
        assert found(given, paths=[], others=[alone]) == []

    def test_what_a_rule_asks_for_still_holds_behind_what_it_does(self) -> None:
        note = rule_of("note", on=on_status("lost"), then=[{"note": "x"}],
                       conditions={"is_lost": "order.status == 'lost'"})  # fmt: skip
        move = rule_of("move", on=[{"event": "order.note_added"}], then=[{"move": "lost"}],
                       conditions=IS_NEW)  # fmt: skip

        assert found(note, move, paths=[]) == []

    def test_each_circle_is_told_once(self) -> None:
        rules = [
            rule_of(name, on=[{"event": "order.note_added"}], then=[{"note": name}])
            for name in ("a", "b", "c")
        ]

        told = [one.message for _, one in lint(rules, Known([PATH]))]

        assert len(told) == len({*told})
        assert {"a can lead to itself", "b can lead to itself", "c can lead to itself"} <= {*told}


class TestConflicts:
    """Two rules that want different things on the same event."""

    def test_two_that_move_the_order_elsewhere(self) -> None:
        rules = [
            rule_of("one", then=[{"move": "confirmed"}], conditions=IS_NEW),
            rule_of("two", then=[{"move": "cancelled", "reason_code": "changed_mind",
                                  "initiator": "shop"}], conditions=IS_NEW),
        ]  # fmt: skip

        assert found(*rules) == [("one", "rules_conflict", "then")]
        assert "one and two can set the status on the same event" in message(*rules)

    @pytest.mark.parametrize(
        ("one", "two", "clash"),
        [
            ({"set": {"track_number": "A"}}, {"set": {"track_number": "B"}}, "track_number"),
            ({"assign": {"group": "a"}}, {"assign": {"group": "b"}}, "the owner"),
        ],
    )
    def test_two_that_set_the_same_field(
        self, one: dict[str, Any], two: dict[str, Any], clash: str
    ) -> None:
        assert clash in message(rule_of("one", then=[one]), rule_of("two", then=[two]))
        assert found(rule_of("one", then=[one]), rule_of("two", then=[one])) == []

    @pytest.mark.parametrize(
        ("one", "two", "meet"),
        [
            ({"event": "order.placed"}, {"event": "order.placed"}, True),
            ({"event": "order.placed"}, {"event": "order.note_added"}, False),
            ({"event": "order.placed"}, {"change": "status"}, True),
            ({"event": "order.payment_charged"}, {"change": "status"}, False),
            ({"change": "paid_minor"}, {"event": "order.payment_charged"}, True),
            ({"change": "status", "to": "new"}, {"change": "status", "to": "packed"}, False),
            ({"change": "status", "to": "new"}, {"change": "stage", "to": "intake"}, True),
            ({"change": "owner_user"}, {"change": "status"}, False),
            ({"silence": "1h"}, {"silence": "1h"}, False),
        ],
    )
    def test_only_on_the_same_event(
        self, one: dict[str, Any], two: dict[str, Any], meet: bool
    ) -> None:
        rules = [
            rule_of("one", on=[one], then=[{"set": {"delivery_method": "a"}}]),
            rule_of("two", on=[two], then=[{"set": {"delivery_method": "b"}}]),
        ]

        assert (("one", "rules_conflict", "then") in found(*rules)) is meet

    def test_conditions_that_exclude_each_other_keep_them_apart(self) -> None:
        web, phone = ({"channel": f"order.channel == '{name}'"} for name in ("web", "phone"))
        rules = [
            rule_of("one", then=[{"assign": {"group": "a"}}], conditions=web),
            rule_of("two", then=[{"assign": {"group": "b"}}], conditions=phone),
        ]

        assert found(*rules) == []

    def test_what_acts_later_does_not_act_on_the_same_event(self) -> None:
        rules = [
            rule_of("one", then=[{"assign": {"group": "a"}}]),
            rule_of("two", then=[{"assign": {"group": "b"}}], delay="1h"),
        ]

        assert found(*rules) == []


# What is written, and what is found: code and place.
ALONE: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "an unknown status in a condition": (
        {"conditions": {"a": "order.status == 'nwe'"}}, [("value_unknown", "if.a")],
    ),
    "an unknown path in a condition": (
        {"conditions": {"a": "order.path == 'shp'"}}, [("value_unknown", "if.a")],
    ),
    "an unknown field of a change": (
        {"on": [{"change": "status"}], "conditions": {"a": "change.field == 'stage'"}},
        [("value_unknown", "if.a")],
    ),
    "an event that it does not look at": (
        {"conditions": {"a": "event.type == 'order.note_added'"}}, [("value_unknown", "if.a")],
    ),
    "a condition that never holds": (
        {"conditions": {"a": "order.channel == 'web' && order.channel == 'phone'"}},
        [("condition_never", "if.a")],
    ),
    "conditions that never hold together": (
        {"conditions": {"a": "order.total_minor > 100", "b": "order.total_minor < 50"}},
        [("conditions_contradict", "if")],
    ),
    "a status in which orders are not placed": (
        {"conditions": {"a": "order.status == 'packed'"}}, [("conditions_contradict", "if")],
    ),
    "later it may be": ({"conditions": {"a": "order.status == 'packed'"}, "delay": "1d"}, []),
    "behind a delay it is still what made the rule look": (
        {"conditions": {"a": "event.type == 'order.placed'"}, "delay": "1d"}, [],
    ),
    "behind a delay it is not the clock": (
        {"conditions": {"a": "event.type == 'timer.fired'"}, "delay": "1d"},
        [("value_unknown", "if.a")],
    ),
    "a change to what there is not": (
        {"on": [{"change": "status", "from": ["new", "nwe"], "to": "pckd"}]},
        [("value_unknown", "on.0.from.1"), ("value_unknown", "on.0.to.0")],
    ),
    "a payment status that there is not": (
        {"on": [{"change": "payment_status", "to": ["paid", "payed"]}]},
        [("value_unknown", "on.0.to.1")],
    ),
    "what nobody knows all values of": ({"on": [{"change": "delivery_method", "to": "x"}]}, []),
    "silence where no order is": (
        {"on": [{"silence": "1h", "in": ["new", "x"]}]},
        [("value_unknown", "on.0.in.1"), ("rules_in_circle", "then")],
    ),
    "a schedule where no order is": (
        {"on": [{"schedule": {"at": ["09:00"]}, "in": "x"}]},
        [("value_unknown", "on.0.in.0")],
    ),
    "a move to nowhere": ({**MOVE, "then": [{"move": "cnfirmed"}]},
                          [("move_unknown", "then.0.move")]),
    "a move from somewhere else": (MOVE, [("move_forbidden_from", "then.0.move")]),
    "a move from where it is allowed": ({**MOVE, "conditions": IS_NEW}, []),
    "a move that is never allowed": (
        {**MOVE, "then": [{"move": "done"}], "conditions": IS_NEW},
        [("move_forbidden", "then.0.move")],
    ),
    "a move from the end only": (
        {"on": on_status("done"), "then": [{"move": "new"}]},
        [("move_forbidden", "then.0.move")],
    ),
    "a move of a rule that fires nowhere": (
        {"on": on_status("new"), "conditions": {"a": "order.status == 'confirmed'"},
         "then": [{"move": "confirmed"}]},
        [("conditions_contradict", "if")],
    ),
    "a move without its role": (
        {"on": on_status("confirmed"), "then": [{"move": "packed", "reason": "x"}]},
        [("move_forbidden", "then.0.move")],
    ),
    "a move with its role": (
        {"on": on_status("confirmed"), "then": [{"move": "packed", "reason": "x"}],
         "roles": ["warehouse"]},
        [],
    ),
    "a move without a reason": (
        {"on": on_status("confirmed"), "then": [{"move": "packed"}], "roles": ["warehouse"]},
        [("move_forbidden", "then.0.move")],
    ),
    "a failure without its reason code": (
        {"on": on_status("new"), "then": [{"move": "cancelled"}]},
        [("move_forbidden", "then.0.move")],
    ),
    "a failure for a reason that does not count": (
        {"on": on_status("new"),
         "then": [{"move": "cancelled", "reason_code": "bored", "initiator": "shop"}]},
        [("move_forbidden", "then.0.move")],
    ),
    "a failure for a reason": (
        {"on": on_status("new"),
         "then": [{"move": "cancelled", "reason_code": "changed_mind", "initiator": "shop"}]},
        [],
    ),
    "something for the order of a stock": (
        {"on": [{"event": "stock.below_threshold"}],
         "then": [{"move": "done"}, {"task": "Buy"}, {"task": "Buy", "to": {"group": "buyers"}}]},
        [("order_missing", "then.0"), ("order_missing", "then.1")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), ALONE.values(), ids=ALONE)
def test_what_is_found_in_a_rule_alone(
    written: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert [(code, place) for _, code, place in found(rule_of(**written))] == expected


def test_why_the_path_refuses_a_move_is_told() -> None:
    move: dict[str, Any] = {"on": on_status("confirmed"), "then": [{"move": "packed"}]}

    without, role = rule_of(**move), rule_of(**move, roles=["warehouse"])

    assert message(without).endswith("from confirmed: it takes one of the roles warehouse")
    assert message(role).endswith("from confirmed: it asks for reason")


def test_a_path_that_the_rule_is_not_about_says_nothing_against_it() -> None:
    rule = rule_of(**MOVE, conditions={"own": "order.path == 'shop'", **IS_NEW})

    assert found(rule, paths=[PATH, UNIVERSAL]) == []


def test_a29_owners_templates_endpoints_and_calendars_are_asked_of_lists() -> None:
    rule = rule_of(
        on=[
            {"schedule": {"at": ["09:00"], "calendar": "depot"}, "in": "new"},
            {"event": "order.placed"},
        ],
        then=[
            {"assign": {"user": "ann", "group": "leads"}},
            {"task": "Call", "to": {"group": "gone"}},
            {"notify": "mail", "to": {"user": "bob"}, "template": "payd"},
            {"notify": "mail", "to": "customer", "template": "paid"},
            {"webhook": "erp"},
        ],
        hours="night",
    )
    owners = KnownOwners(users=("ann",), groups=("leads",))

    told = found(rule, owners=owners, templates={"paid"}, endpoints=set(), calendars={"shop"})

    assert told == [
        ("watch", "calendar_unknown", "on.0.schedule.calendar"),
        ("watch", "owner_inactive", "then.1.to.group"),
        ("watch", "owner_inactive", "then.2.to.user"),
        ("watch", "template_unknown", "then.2.template"),
        ("watch", "endpoint_unknown", "then.4.webhook"),
        ("watch", "calendar_unknown", "hours"),
    ]
    assert found(rule) == []


def test_a29_a_group_of_which_a_rule_chooses_a_member_has_a_team() -> None:
    rule = rule_of(
        on=[{"event": "order.placed"}],
        then=[
            {"assign": {"group": "sales"}, "by": "round_robin"},
            {"assign": {"group": "leads"}, "by": "least_load"},
            {"assign": {"group": "archive"}},
        ],
    )

    assert found(rule, teams={"leads"}) == [("watch", "team_unknown", "then.0.assign.group")]
    assert found(rule) == []


def test_findings_stand_in_the_order_of_the_rules_and_of_their_keys() -> None:
    rules = [
        rule_of("b", **{**MOVE, "then": [{"move": "x"}]}),
        rule_of("a", on=[{"silence": "1h", "in": "y"}], conditions={"z": "order.status == 'z'"}),
    ]

    assert [(name, code) for name, code, _ in found(*rules)] == [
        ("b", "move_unknown"), ("a", "value_unknown"), ("a", "value_unknown"),
    ]  # fmt: skip


def test_p33_fifty_rules_are_looked_through_in_a_second_or_two() -> None:
    rules = [
        rule_of(f"rule_{n}", on=[{"event": "order.placed"}, {"change": "status"}],
                then=[{"assign": {"group": f"g{n}"}}, {"note": "x"}],
                conditions={"a": f"order.total_minor == {n}", **IS_NEW})
        for n in range(60)
    ]  # fmt: skip

    assert found(*rules) == []


def test_every_code_is_documented_and_every_documented_code_is_found() -> None:
    page = (ROOT / "docs/rules.md").read_text()
    table = page.partition("| finding |")[2].partition("\n\n")[0]

    listed = re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
    assert listed == sorted({*finding_codes(["domain/rules"]), "value_unknown"})
