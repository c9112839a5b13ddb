"""What a rule sends: one command for each action, always the same one under the same id."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest

from domain.messages import Actor, Command
from domain.orders.order_command import OrderCommand
from domain.paths.path import OrderPath
from domain.refusals import Refusal
from domain.rules.acts import act_id, acts_of
from domain.rules.rule import Rule
from tests.support.examples import COMMANDS, EVENTS, ORDER_ID, PATH
from tests.support.rules import Watch, rule_of, told, watched_by

PLACE = COMMANDS["order.place"]
CONFIRM = COMMANDS["order.change_status"]
NOTE = COMMANDS["order.add_note"]
SAID = {
    "move": (
        {"move": "cancelled", "reason_code": "vanished", "initiator": "shop", "reason": "No call"},
        ("order.change_status", {"to_status": "cancelled", "reason_code": "vanished",
                                 "initiator": "shop", "reason": "No call"}),
    ),
    "set": (
        {"set": {"delivery_method": "courier"}},
        ("order.change_fields", {"delivery_method": "courier"}),
    ),
    "assign": (
        {"assign": {"user": "ann", "group": "managers"}, "reason": "As always"},
        ("order.assign_owner", {"user": "ann", "group": "managers", "reason": "As always"}),
    ),
    "share out": (
        {"assign": {"group": "managers"}, "by": "sticky", "skill": "tea", "reason": "In turn"},
        ("order.share_out", {"group": "managers", "by": "sticky", "skill": "tea",
                             "reason": "In turn"}),
    ),
    "tag": ({"tag": "vip"}, ("customer.add_tag", {"tag": "vip"})),
    "untag": ({"untag": "vip"}, ("customer.remove_tag", {"tag": "vip"})),
    "mark": (
        {"mark": "bad", "reason_code": "did_not_buy_out"},
        ("customer.set_mark", {"mark": "bad", "reason_code": "did_not_buy_out"}),
    ),
    "issue": (
        {"issue": "invoice", "series": "bills"},
        ("order.issue_document", {"kind": "invoice", "series": "bills"}),
    ),
    "note": ({"note": "Hello"}, ("order.add_note", {"text": "Hello"})),
}  # fmt: skip


BESIDE: Mapping[str, dict[str, Any]] = {
    "task": {"task": "Call them", "to": {"group": "managers"}},
    "alert": {"alert": "Look", "to": {"group": "managers"}},
    "webhook": {"webhook": "erp"},
    "tag": {"tag": "vip"},
    "mark": {"mark": "bad", "reason_code": "did_not_buy_out"},
}


def acts(*actions: dict[str, Any], **written: Any) -> list[Command]:
    watch = watched_by(rule_of(then=[*actions], **written)).when(PLACE)
    return [command for run in watch.runs for command in run.acts]


@pytest.mark.parametrize(("action", "said"), SAID.values(), ids=SAID)
def test_each_action_is_one_command(
    action: dict[str, Any], said: tuple[str, dict[str, Any]]
) -> None:
    (command,) = acts(action)

    assert told(command) == said


TEXTS: list[tuple[dict[str, Any], str]] = [
    ({"move": "confirmed", "reason": "Because"}, "reason"),
    ({"assign": {"user": "ann"}, "reason": "Because"}, "reason"),
    ({"note": "Because"}, "text"),
    ({"task": "Because", "to": {"user": "ann"}}, "title"),
    ({"alert": "Because", "to": {"user": "ann"}}, "title"),
]
ROBOT = rule_of("robot", {"is_web": "order.channel == 'shop'", "is_paid": "order.due_minor <= 0",
                          "by_mail": "event.source == 'mail'"})  # fmt: skip


@pytest.mark.parametrize(("action", "key"), TEXTS)
@pytest.mark.parametrize(
    ("asked", "causes"),
    [
        (ROBOT, "not is_web, not is_paid"),
        (ROBOT.model_copy(update={"mode": "shadow"}), "robot is shadow"),
        (rule_of("robot"), "all holds that robot asks for"),
        (rule_of("other"), "there is no rule robot"),
    ],
)
def test_what_is_said_ends_with_why_the_other_rule_has_not_acted(
    asked: Rule, causes: str, action: dict[str, Any], key: str
) -> None:
    runs = watched_by(rule_of(then=[action], why_not="robot"), asked).when(PLACE).runs

    (command,) = next(run.acts for run in runs if run.case.of.name == "watch")

    assert command.model_dump()[key] == f"Because: {causes}"


def test_what_there_is_no_room_for_is_cut() -> None:
    names = {f"is_{'a' * 30}_{number}": "order.channel == ''" for number in range(9)}
    task = {"task": "Because", "to": {"user": "ann"}}
    runs = watched_by(rule_of(then=[task], why_not="robot"), rule_of("robot", names)).when(PLACE)

    (command,) = next(run.acts for run in runs.runs if run.case.of.name == "watch")

    title = command.model_dump()["title"]
    assert (len(title), title[-1]) == (200, "…")


def test_a_reason_that_is_not_given_says_nothing() -> None:
    (command,) = acts({"move": "confirmed"}, why_not="robot")

    assert command.model_dump()["reason"] is None


def test_an_act_says_which_rule_wants_it_and_what_led_to_it() -> None:
    watch = watched_by(rule_of("greet", roles=["manager"])).when(PLACE)
    (command,) = watch.runs[0].acts
    happened = watch.log[0].happened

    assert command.actor == Actor(kind="trigger", id="greet", roles=("manager",))
    assert command.source == "rule:greet:1"
    assert command.causation_id == happened.command_id
    assert command.correlation_id == happened.correlation_id


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ({"move": "packed", "reason": "By rule"}, "role_missing"),
        ({"set": {"track_number": "T1"}}, "field_not_editable"),
    ],
)
def test_a27_a_rule_does_what_the_roles_that_it_names_may_and_no_more(
    action: dict[str, Any], code: str
) -> None:
    path = OrderPath.model_validate(
        PATH.content | {"fields": {"track_number": {"edit": ["warehouse"]}}}
    )
    refused: dict[str, list[str]] = {}
    for role in ("manager", "warehouse"):
        rule = rule_of(on=[{"event": "order.note_added"}], then=[action], roles=[role])
        watch = watched_by(rule, paths=(path,), carrying_out=True).when(PLACE, CONFIRM, NOTE)
        watch.then_runs(watch="fired")
        refused[role] = watch.refused

    assert refused == {"manager": [code], "warehouse": []}


def test_a_command_to_the_order_carries_the_conditions_that_can_be_asked_again() -> None:
    lasting, past = "order.status == 'new'", "event.type == 'order.placed'"
    move, tag = acts({"move": "confirmed"}, {"tag": "vip"}, conditions={"a": lasting, "b": past})

    assert isinstance(move, OrderCommand)
    assert move.only_if == (lasting,)
    assert not isinstance(tag, OrderCommand)


@pytest.mark.parametrize("condition", ["actor.kind == 'user'", "actor.kind != 'trigger'"])
def test_a_condition_on_who_did_it_is_not_asked_of_the_rule_that_acts_because_of_it(
    condition: str,
) -> None:
    rule = rule_of(then=[{"note": "Hello"}], conditions={"a_person": condition})

    watch = watched_by(rule, carrying_out=True).when(PLACE).then_runs(watch="fired")

    assert watch.order.noted


class TestOneRunInItsOrder:
    """What a rule has done itself is no reason to leave out what it does next."""

    NEW = "order.status == 'new'"
    NOBODYS = "order.owner_group == ''"
    THEN = ({"move": "confirmed"}, {"note": "Hello"}, {"assign": {"group": "x"}})

    def test_actions_behind_a_move_are_carried_out_though_it_makes_the_condition_untrue(
        self,
    ) -> None:
        rule = rule_of(then=[*self.THEN], conditions={"is_new": self.NEW})

        watch = watched_by(rule, carrying_out=True).when(PLACE).then_runs(watch="fired")

        assert watch.order.status == "confirmed"
        assert (watch.order.noted, watch.order.owner_group) == (True, "x")

    def test_a_tag_does_not_take_the_condition_from_the_actions_behind_it(self) -> None:
        rule = rule_of(
            then=[{"tag": "vip"}, {"note": "Hello"}],
            conditions={"first": "!('vip' in customer.tags)"},
        )

        watch = watched_by(rule, carrying_out=True).when(PLACE).then_runs(watch="fired")

        assert watch.world.customer.tags == ("vip",)
        assert watch.order.noted

    def test_whoever_was_faster_makes_all_of_it_nothing(self) -> None:
        watch = self._seen({"is_new": self.NEW}, *self.THEN)
        moved, noted, owned = watch.runs[0].acts
        watch.when(COMMANDS["order.change_status"])

        assert [watch.world.run(one, watch.now) for one in (moved, noted, owned)] == [[], [], []]

    def test_whoever_is_faster_than_the_next_action_is_not_overruled(self) -> None:
        watch = self._seen({"nobodys": self.NOBODYS}, {"note": "Hello"}, {"assign": {"group": "x"}})
        noted, owned = watch.runs[0].acts
        assert watch.world.run(noted, watch.now)
        watch.when(COMMANDS["order.assign_owner"])

        assert watch.world.run(owned, watch.now) == []

    def test_one_that_was_refused_spends_nothing(self) -> None:
        then = ({"move": "nowhere"}, {"note": "Hello"})
        watch = self._seen({"is_new": self.NEW}, *then)
        moved, noted = watch.runs[0].acts
        with pytest.raises(Refusal):
            watch.world.run(moved, watch.now)
        watch.when(COMMANDS["order.change_status"])

        assert watch.world.run(noted, watch.now) == []

    @pytest.mark.parametrize("then", BESIDE.values(), ids=BESIDE)
    def test_what_goes_elsewhere_is_asked_of_the_order_likewise(self, then: dict[str, Any]) -> None:
        watch = self._seen({"is_new": self.NEW}, then)
        (act,) = watch.runs[0].acts
        watch.when(COMMANDS["order.change_status"])

        assert watch.world.run(act, watch.now) == []

    @pytest.mark.parametrize("then", BESIDE.values(), ids=BESIDE)
    def test_while_all_of_it_holds_it_is_done(self, then: dict[str, Any]) -> None:
        watch = self._seen({"is_new": self.NEW, "shy": "!('vip' in customer.tags)"}, then)
        (act,) = watch.runs[0].acts

        assert watch.world.run(act, watch.now)

    @pytest.mark.parametrize("then", [*BESIDE.values(), {"note": "Hello"}])
    @pytest.mark.parametrize("status", ["confirmed", "nowhere"])
    def test_what_stands_behind_a_move_is_done_only_if_the_order_was_moved(
        self, status: str, then: dict[str, Any]
    ) -> None:
        watch = self._seen({}, {"move": status}, then)
        moved, act = watch.runs[0].acts
        watch.when(COMMANDS["order.change_status"])
        with suppress(Refusal):
            assert watch.world.run(moved, watch.now) == []

        assert watch.world.run(act, watch.now) == []

    def _seen(self, conditions: dict[str, str], *then: dict[str, Any]) -> Watch:
        """Let a rule look, whose acts are not carried out yet."""
        return watched_by(rule_of(then=[*then], conditions=conditions)).when(PLACE)


def test_d9_the_same_rule_event_and_action_always_give_the_same_id() -> None:
    first, again = acts({"note": "a"}, {"note": "b"}), acts({"note": "a"}, {"note": "b"})

    assert [one.command_id for one in first] == [one.command_id for one in again]
    assert len({one.command_id for one in first}) == 2


def test_d9_an_id_does_not_depend_on_the_position_which_a_restored_log_gives_again() -> None:
    case = watched_by(rule_of()).when(PLACE).runs[0].case
    happened = case.sight.happened
    elsewhere = watched_by(rule_of()).when(PLACE).runs[0].case
    object.__setattr__(elsewhere.sight.happened, "position", happened.position + 77)

    assert act_id(elsewhere, 0) == act_id(case, 0)
    object.__setattr__(elsewhere.sight.happened, "version", happened.version + 1)
    assert act_id(elsewhere, 0) != act_id(case, 0)


def test_a_customer_who_is_not_known_is_not_acted_on() -> None:
    nobody = PLACE.model_copy(update={"customer": None})
    watch = watched_by(rule_of(then=[{"tag": "vip"}, {"note": "x"}])).when(nobody)

    watch.then_runs(watch="fired").then_acts(("order.add_note", {"text": "x"}))


def test_a_stock_has_no_order_that_could_be_acted_on() -> None:
    rule = rule_of(on=[{"event": "stock.below_threshold"}], then=[{"move": "done"}, {"tag": "x"}])
    watch = watched_by(rule).when(EVENTS["stock.below_threshold.v1"])

    assert list(acts_of(watch.runs[0].case)) == []
    assert UUID(int=0) != ORDER_ID
