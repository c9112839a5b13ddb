"""Rules judge what happens, on a real log: fired, skipped, delayed, cancelled, stopped, shadow."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.rows import dict_row

from domain.messages import Event, Recorded
from domain.orders import commands as c
from domain.orders import events as e
from infra.postgres import connect
from projections.reports.rule_runs import count_fired
from tests.integration.projections.world import World
from tests.integration.rules.ruling import PAID, acting, fire, publish, runs, settle, status_of
from tests.support.examples import COMMANDS, NOW, TEA, actor

HI = {"then": [{"set": {"track_number": "T"}}]}


def pay(world: World, order_id: UUID) -> None:
    due = world.query("select total_minor from analytics.orders where order_id = %s", order_id)[0][
        0
    ]
    payment = {"payment_id": "p-1", "amount_minor": due, "currency": "EUR"}
    said = {"command_id": uuid4(), "actor": actor(), "order_id": order_id} | payment
    submitted, charged = world.send(c.SubmitPayment(**said, method="card"), c.ChargePayment(**said))
    assert submitted.kind == charged.kind == "accepted", charged


def of_type(world: World, event: type[Event]) -> list[Recorded]:
    found = (one for one in world.events() if isinstance(one, Recorded))
    return [one for one in found if isinstance(one.event, event)]


def test_a1_a19_a_paid_order_is_moved_by_a_rule_that_says_who_and_why(world: World) -> None:
    publish(world, {"rule": "paid", "on": [PAID], "then": [{"move": "confirmed"}]})
    order_id = world.place()
    settle(world)
    assert status_of(world, order_id) == "new"

    pay(world, order_id)
    settle(world)

    assert status_of(world, order_id) == "confirmed"
    assert runs(world) == [("paid", "order.payment_charged", "fired")]
    (moved,) = of_type(world, e.StatusChanged)
    (paid,) = of_type(world, e.PaymentCharged)
    assert (moved.actor_kind, moved.actor_id, moved.source) == ("trigger", "paid", "rule:paid:1")
    assert moved.causation_id == paid.command_id


DEAR = "order.total_minor >= 1400"
TEAS = "items.exists(i, i.sku.startsWith('TEA'))"
PHONED = "order.channel == 'phone'"


@pytest.mark.parametrize(
    ("said", "fails"),
    [
        ({"channel": "phone"}, set()),
        ({"channel": "web"}, {"phoned"}),
        ({"channel": "phone", "lines": [TEA.model_copy(update={"sku": "CUP-1"})]}, {"teas"}),
        ({"channel": "phone", "lines": [TEA.model_copy(update={"quantity": 1})]}, {"dear"}),
        (
            {"channel": "web", "lines": [TEA.model_copy(update={"sku": "CUP", "quantity": 1})]},
            {"dear", "teas", "phoned"},
        ),
    ],
)
def test_a23_a_rule_acts_only_if_all_of_its_conditions_hold_and_says_which_did_not(
    world: World, said: dict[str, Any], fails: set[str]
) -> None:
    conditions = {"dear": DEAR, "teas": TEAS, "phoned": PHONED}
    then = [{"assign": {"group": "experts"}}, {"note": "A dear tea"}]
    publish(world, {"rule": "experts", "if": conditions, "then": then})
    order_id = world.place(**said)
    settle(world)

    ((result, answers),) = world.query("select result, conditions from analytics.trigger_runs")
    assert {name for name, held in answers.items() if held is not True} == fails
    assert result == ("skipped" if fails else "fired")
    owner = world.query("select owner_group from analytics.orders where order_id = %s", order_id)
    assert owner == [(None if fails else "experts",)]
    assert len(of_type(world, e.NoteAdded)) == (0 if fails else 1)


def test_a25_a_skipped_run_keeps_the_answer_to_each_condition(world: World) -> None:
    conditions = {"dear": "order.total_minor > 1000000", "private": "order.order_type == 'private'"}
    publish(world, {"rule": "dear", "if": conditions, "then": [{"move": "confirmed"}]})
    order_id = world.place()
    settle(world)

    found = world.query("select result, conditions from live.trigger_runs")
    assert found == [("skipped", {"dear": False, "private": True})]
    assert status_of(world, order_id) == "new"


def test_a25_only_what_fired_counts_and_only_what_fired_since_counts_as_new(world: World) -> None:
    greet = {"rule": "greet", "then": [{"note": "Hello"}]}
    publish(world, greet, greet | {"rule": "shadow", "mode": "shadow"})
    publish(world, greet | {"rule": "dear", "if": {"dear": "order.total_minor > 1000000"}})
    world.place()
    publish(world, greet | {"then": [{"note": "Hello again"}]})
    world.now += timedelta(days=31)
    last = world.now
    world.place()
    world.now += timedelta(days=1)
    world.catch_up()

    with (
        connect(world.url, role="orderpath_analyst") as connection,
        connection.cursor(row_factory=dict_row) as reader,
    ):
        since = world.now - timedelta(days=30)
        fired = count_fired(reader, ["greet", "shadow", "dear"], since)
        all_time = count_fired(reader, ["greet"], since - timedelta(days=30))

    assert fired["greet"] == {"last_fired_at": last, "fired_since": 1}
    assert fired["shadow"] == fired["dear"] == {"last_fired_at": None, "fired_since": 0}
    assert all_time["greet"]["fired_since"] == 2, "Whatever the version of the rule."


def test_d9_a_delayed_rule_acts_only_if_all_still_holds_when_it_is_due(world: World) -> None:
    rule = {
        "rule": "later",
        "delay": "30m",
        "if": {"is_new": "order.status == 'new'"},
        "then": [{"move": "cancelled", "reason_code": "changed_mind", "initiator": "client"}],
    }
    publish(world, rule)
    idle, taken = world.place(), world.place()
    settle(world)
    assert fire(world) == 0
    world.move(taken, "confirmed")
    world.now += timedelta(minutes=31)
    settle(world)
    assert fire(world) == 2
    settle(world)

    assert status_of(world, idle) == "cancelled"
    assert status_of(world, taken) == "confirmed"
    assert [result for _, _, result in runs(world, idle)] == ["delayed", "fired"]
    assert [result for _, _, result in runs(world, taken)] == ["delayed", "skipped"]
    assert world.query("select count(*) from live.rule_waits") == [(0,)]


def test_d9_an_event_cancels_what_is_delayed(world: World) -> None:
    rule = {
        "rule": "later",
        "delay": "30m",
        "cancel_on": "order.note_added",
        "then": [{"move": "confirmed"}],
    }
    publish(world, rule)
    order_id = world.place()
    settle(world)
    world.send(c.AddNote(command_id=uuid4(), actor=actor(), order_id=order_id, text="Wait"))
    world.now += timedelta(minutes=31)
    settle(world)

    assert fire(world) == 0
    assert [result for _, _, result in runs(world, order_id)] == ["delayed", "cancelled"]


NOTED = {"on": [{"event": "order.note_added"}]}


def note(world: World, order_id: UUID) -> None:
    (outcome,) = world.send(
        c.AddNote(command_id=uuid4(), actor=actor(), order_id=order_id, text="Called")
    )
    assert outcome.kind == "accepted", outcome


def test_d9_an_event_that_ends_a_delay_and_begins_it_anew_is_two_runs(world: World) -> None:
    publish(world, {"rule": "later", "delay": "30m", "cancel_on": "order.note_added"} | NOTED | HI)
    order_id = world.place()
    for _ in range(2):
        note(world, order_id)
    settle(world)

    assert [result for _, _, result in runs(world, order_id)] == ["delayed", "cancelled", "delayed"]
    world.models.rebuild("trigger_runs")
    assert world.models.verify("trigger_runs").differing == ()


def test_d9_every_delay_that_an_event_ends_is_a_run_of_its_own(world: World) -> None:
    publish(world, {"rule": "later", "delay": "30m", "cancel_on": "order.call_logged"} | NOTED | HI)
    order_id = world.place()
    for _ in range(2):
        note(world, order_id)
    called = COMMANDS["order.log_call"].model_copy(update={"order_id": order_id})
    assert [one.kind for one in world.send(called)] == ["accepted"]
    settle(world)

    results = [result for _, _, result in runs(world, order_id)]
    assert results == ["delayed"] * 2 + ["cancelled"] * 2


def test_d9_what_fires_on_the_event_that_ends_its_delay_counts_for_its_limit(world: World) -> None:
    world.send(COMMANDS["calendar.publish"])
    rule = {"rule": "by_day", "hours": "shop", "cancel_on": "order.note_added"}
    publish(world, rule | NOTED | HI | {"limits": {"per_order": 1}})
    order_id = world.place()
    for hour in (-3, 1, 2):
        world.now = NOW + timedelta(days=7, hours=hour)
        note(world, order_id)
        world.catch_up()

    results = [result for _, _, result in runs(world, order_id)]
    assert results == ["delayed", "cancelled", "fired", "stopped"]


def test_p34_silence_begins_anew_with_whatever_happens(world: World) -> None:
    rule = {
        "rule": "vanished",
        "on": [{"silence": "7d", "in": "new"}],
        "then": [{"note": "Nothing for a week"}],
    }
    publish(world, rule)
    order_id = world.place()
    world.now += timedelta(days=6)
    world.send(c.AddNote(command_id=uuid4(), actor=actor(), order_id=order_id, text="Called"))
    settle(world)
    world.now += timedelta(days=6)
    assert fire(world) == 0
    world.now += timedelta(days=2)
    assert fire(world) == 1
    settle(world)

    assert runs(world, order_id) == [("vanished", "timer.fired", "fired")]


def test_d9_two_rules_that_lead_to_each_other_are_stopped_and_the_younger_only_judges(
    world: World,
) -> None:
    flip = {"on": [{"change": "track_number", "to": "A"}], "then": [{"set": {"track_number": "B"}}]}
    flop = {"on": [{"change": "track_number", "to": "B"}], "then": [{"set": {"track_number": "A"}}]}
    publish(world, {"rule": "flip"} | flip, {"rule": "flop"} | flop)
    order_id, other = world.place(), world.place()
    world.send(
        c.ChangeFields(command_id=uuid4(), actor=actor(), order_id=order_id, track_number="A")
    )
    settle(world)

    assert [result for _, _, result in runs(world, order_id)] == [*["fired"] * 8, "stopped"]
    ((chain,),) = world.query("select chain from live.trigger_runs where result = 'stopped'")
    assert chain == ["flip", "flop"] * 4 + ["flip"]
    modes = world.query(
        "select distinct on (name) name, body #>> '{definition,mode}' from log.definitions"
        " where kind = 'rule' order by name, version desc"
    )
    assert modes == [("flip", None), ("flop", "shadow")]
    assert status_of(world, other) == "new"


def test_d9_a_rule_fires_no_more_often_for_an_order_than_its_limit(world: World) -> None:
    rule = {"on": [{"event": "order.note_added"}], "then": [{"set": {"track_number": "X"}}]}
    publish(world, {"rule": "often", "limits": {"per_order": 3}} | rule)
    order_id = world.place()
    for number in range(5):
        note = c.AddNote(
            command_id=uuid4(), actor=actor(), order_id=order_id, text=f"Note {number}"
        )
        world.send(note)
        world.catch_up()

    results = [result for _, _, result in runs(world, order_id)]
    assert results == ["fired"] * 3 + ["stopped"] * 2


def test_d9_a_rule_that_one_order_has_stopped_goes_on_for_all_others(world: World) -> None:
    publish(world, {"rule": "often", "limits": {"per_order": 2}} | NOTED | {"then": [{"tag": "x"}]})
    often, other = world.place(), world.place()
    for _ in range(4):
        note(world, often)
        settle(world)
    note(world, other)
    settle(world)

    assert [result for _, _, result in runs(world, often)] == ["fired"] * 2 + ["stopped"] * 2
    assert [result for _, _, result in runs(world, other)] == ["fired"]
    versions = "select count(*) from log.definitions where kind = 'rule'"
    assert world.query(versions) == [(1,)]
    alerts = world.query("select kind, rule, order_id from analytics.alerts")
    assert alerts == [("rule_stopped", "often", often)]


def test_d10_a_shadow_records_what_it_would_have_sent_and_sends_nothing(world: World) -> None:
    publish(world, {"rule": "quiet", "mode": "shadow", "then": [{"move": "confirmed"}]})
    order_id = world.place()
    settle(world)

    assert runs(world) == [("quiet", "order.placed", "shadow")]
    found = world.query("select command, body ->> 'to_status', sent from live.rule_acts")
    assert found == [("order.change_status", "confirmed", False)]
    assert status_of(world, order_id) == "new"


def test_a_rule_judges_only_what_lies_between_its_publication_and_the_next(world: World) -> None:
    before = world.place()
    publish(world, {"rule": "new", "then": [{"move": "confirmed"}]})
    between = world.place()
    elsewhere = [{"event": "order.note_added"}]
    publish(world, {"rule": "new", "on": elsewhere, "then": [{"move": "confirmed"}]})
    behind = world.place()
    settle(world)

    assert [status_of(world, one) for one in (before, between, behind)] == [
        "new",
        "confirmed",
        "new",
    ]


def test_whoever_was_faster_makes_the_act_nothing(world: World) -> None:
    rule = {"if": {"is_new": "order.status == 'new'"}, "then": [{"move": "cancelled"}]}
    publish(world, {"rule": "slow"} | rule)
    order_id = world.place()
    world.catch_up()
    world.move(order_id, "confirmed")
    settle(world)

    assert status_of(world, order_id) == "confirmed"
    outcomes = world.query(
        "select c.outcome from live.rule_acts a join log.commands c using (command_id)"
    )
    assert outcomes == [("nothing",)]


def test_what_a_person_did_is_acted_on_though_it_is_a_rule_that_acts(world: World) -> None:
    by_a_person = {"if": {"a_person": "actor.kind == 'user'"}, "then": [{"move": "confirmed"}]}
    publish(world, {"rule": "taken_up"} | by_a_person)
    order_id = world.place()
    settle(world)

    assert status_of(world, order_id) == "confirmed"
    outcomes = world.query(
        "select c.outcome from live.rule_acts a join log.commands c using (command_id)"
    )
    assert outcomes == [("accepted",)]


def test_d12_a_rebuild_gives_the_same_rows_and_sends_nothing(world: World) -> None:
    publish(
        world,
        {"rule": "paid", "on": [PAID], "then": [{"move": "confirmed"}, {"note": "Paid"}]},
        {"rule": "later", "delay": "1h", "then": [{"note": "An hour"}]},
    )
    orders = [world.place() for _ in range(6)]
    world.catch_up()
    for order_id in orders[::2]:
        pay(world, order_id)
    settle(world)
    world.now += timedelta(hours=2)
    fire(world)
    settle(world)
    assert {result for _, _, result in runs(world)} == {"fired", "delayed"}
    before, head = world.tables(), world.log.head()

    world.models.rebuild("trigger_runs")

    assert world.tables() == before
    assert acting(world).catch_up() == 0
    assert world.log.head() == head
    assert world.models.verify("trigger_runs").differing == ()
