"""Whatever dies, whatever is built anew: a message is sent once, or once more with the same id."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from structlog.testing import capture_logs

from domain.customers.commands import CreateCustomer
from domain.effects.channels import Outgoing
from domain.effects.commands import ResendEffect
from domain.effects.events import Recipient
from domain.messages import Command, Outcome
from domain.refusals import InfraError
from domain.stock.commands import ReceiveStock
from infra.postgres import connect
from projections.catalog import BY_NAME
from services.sending import AT_ONCE
from tests.integration.projections.world import World
from tests.integration.sending.test_sending import shipped
from tests.support.damaged import damaged
from tests.support.examples import CUSTOMER, actor
from tests.support.faults import Fault
from tests.support.loads import open_pipeline
from tests.support.postgres import let_connect
from tests.support.processes import Writer, leaving, listen, listen_for
from tests.support.receivers import Mailbox
from tests.support.senders import (
    MAIL,
    ask,
    mail_gate,
    send_all,
    send_forever,
    send_until_killed,
    sender_of,
    states,
)
from tests.support.waiting import wait_for

SHORT = 0.5  # seconds of a lease


def asked(world: World, count: int) -> list[UUID]:
    order_id = shipped(world)
    ids = [ask(world, order_id) for _ in range(count)]
    world.catch_up()
    return ids


def leases(world: World) -> int:
    """Count the messages that may be on their way."""
    with connect(world.url) as owner:
        row = owner.execute(
            "select count(*) from ops.sending"
            " where until > clock_timestamp() and until < 'infinity'"
        )
        return int((row.fetchone() or (0,))[0])


def pass_a_minute(world: World) -> None:
    """Let leases and pace be as they are a minute later."""
    with connect(world.url) as owner:
        owner.execute("update ops.sending set until = until - interval '1 minute'")
        owner.execute("update ops.pace set free_at = free_at - interval '1 minute'")


def message_ids(ids: list[UUID]) -> list[str]:
    return sorted(f"<{one}@shop.example>" for one in ids)


def test_a_message_about_an_order_that_cannot_be_read_waits_and_holds_up_no_other(
    world: World, box: Mailbox
) -> None:
    bad = shipped(world)
    first = ask(world, bad)
    others = asked(world, 3)
    sender = sender_of(world, {MAIL: mail_gate(box.port)}, lease_seconds=30)

    with damaged(world.url, f"order-{bad}"), capture_logs() as lines:
        sender.send_due()
    assert sorted(box.ids) == message_ids(others)
    told = [line for line in lines if line["event"] == "stream_damaged"]
    assert [(line["stream_id"], line["by"]) for line in told] == [(f"order-{bad}", "sender")]

    world.catch_up()
    pass_a_minute(world)
    sender.send_due()
    assert sorted(box.ids) == message_ids([first, *others])
    assert states(world) == dict.fromkeys([first, *others], ("sent", 1))


@pytest.mark.parametrize("bad", ["customer-bad", "stock-main:BAD"])
def test_a_message_about_what_cannot_have_happened_waits_and_holds_up_no_other(
    world: World, box: Mailbox, bad: str
) -> None:
    who: dict[str, Any] = {"command_id": uuid4(), "actor": actor()}
    world.send(CreateCustomer(**who, customer_id="bad", name="Ann", email="ann@doe.example"))
    world.send(ReceiveStock(**who, sku="BAD", location="main", quantity=2))
    about = {"sku": "BAD", "location": "main"} if bad.startswith("stock") else {}
    to = Recipient(kind="customer", customer_id="bad")
    waiting = ask(world, shipped(world), to=to, **about)
    others = asked(world, 3)
    sender = sender_of(world, {MAIL: mail_gate(box.port)}, lease_seconds=30)

    with damaged(world.url, bad, how="impossible"), capture_logs() as lines:
        sender.send_due()
    assert sorted(box.ids) == message_ids(others)
    told = [line for line in lines if line["event"] == "stream_damaged"]
    assert [(line["stream_id"], line["by"]) for line in told] == [(bad, "sender")]

    world.catch_up()
    pass_a_minute(world)
    sender.send_due()
    assert sorted(box.ids) == message_ids([waiting, *others])


def test_a_kill_between_sending_and_saying_so_repeats_a_mail_once_with_the_same_id(
    world: World, box: Mailbox, rounds: int, fault: Fault
) -> None:
    ids = asked(world, rounds)
    for _ in range(rounds):
        with leaving([Writer(send_until_killed, world.url, box.port, SHORT)]) as (writer,):
            listen([writer], partial(has_spoken, writer))
            writer.kill()
            fault("sender killed between sending and saying so")
        wait_for(lambda: leases(world) == 0)
        sender = sender_of(world, {MAIL: mail_gate(box.port)})
        assert sender.step(MAIL)
        world.catch_up()

    assert sorted(box.ids) == sorted(message_ids(ids) * 2)
    assert {*states(world).values()} == {("sent", 1)}


def test_senders_that_are_killed_at_random_leave_each_message_sent_once_in_the_ledger(
    world: World, box: Mailbox, rounds: int, fault: Fault
) -> None:
    random, ids = Random(7), asked(world, 1)
    order_id = shipped(world)
    with leaving([]) as writers:
        for _ in range(rounds):
            ids += [ask(world, order_id) for _ in range(30)]
            world.catch_up()
            writer = Writer(send_forever, world.url, box.port, SHORT)
            writers.append(writer)
            listen([writer], partial(has_spoken, writer))
            listen_for([writer], random.uniform(0, 0.3))
            writer.kill()
            fault("sender killed at random")
    wait_for(lambda: leases(world) == 0)
    world.catch_up()
    sender_of(world, {MAIL: mail_gate(box.port)}).send_due()

    assert {*states(world).items()} == {(one, ("sent", 1)) for one in ids}
    assert {*box.ids} == {*message_ids(ids)}
    assert len(box.ids) - len(ids) <= rounds * AT_ONCE["mail"]


def has_spoken(writer: Writer) -> bool:
    return bool(writer.said)


def test_what_cannot_be_told_while_the_database_is_away_is_told_later_and_not_sent_again(
    world: World, box: Mailbox, migrated_server: str
) -> None:
    (effect_id,) = asked(world, 1)
    told: list[UUID] = []
    real = mail_gate(box.port)

    class Last:
        def send(self, outgoing: Outgoing) -> str | None:
            provider_id = real.send(outgoing)
            let_connect(migrated_server, world.url, allowed=False)
            return provider_id

    def execute(command: Command) -> Outcome:
        told.append(command.command_id)
        if len(told) == 3:
            let_connect(migrated_server, world.url, allowed=True)
        return impatient.execute(command)

    with open_pipeline(world.url, patience_seconds=0.1) as impatient:
        sender = replace(sender_of(world, {MAIL: Last()}), execute=execute)
        with suppress(InfraError):  # The lease may be given back later.
            sender.step(MAIL)

    assert (len(told), len({*told})) == (3, 1)
    assert states(world) == {effect_id: ("sent", 1)}
    assert len(box.mails) == 1


def test_several_senders_at_once_send_each_message_once(world: World, box: Mailbox) -> None:
    ids = asked(world, 60)
    with leaving([Writer(send_all, world.url, box.port) for _ in range(3)]) as writers:
        listen(writers, lambda: all(writer.said for writer in writers))
        for writer in writers:
            writer.tell("go")
        listen(writers, lambda: all(len(writer.said) == 2 for writer in writers))

    assert sorted(box.ids) == message_ids(ids)
    assert sum(writer.said[1] for writer in writers) == len(ids)
    assert {*states(world).values()} == {("sent", 1)}


def test_what_the_read_model_does_not_know_yet_is_not_sent_again(
    world: World, box: Mailbox
) -> None:
    ids = asked(world, 3)
    sender = sender_of(world, {MAIL: mail_gate(box.port)})
    assert sender.send_due() == 3

    with connect(world.url) as owner:
        owner.execute("delete from ops.sending")
    assert sender.send_due() == 3

    assert sorted(box.ids) == message_ids(ids)
    assert {*states(world).values()} == {("sent", 1)}


SLOW = dict.fromkeys(("mail", "sms", "webhook"), 2)  # a minute: one at a time


def test_while_the_read_model_lags_the_pace_is_for_what_is_not_sent_yet(
    world: World, box: Mailbox
) -> None:
    ids = asked(world, 2)
    sender = sender_of(world, {MAIL: mail_gate(box.port)}, per_minute=SLOW)
    for _ in ids:
        assert sender.send_due() == 1
        pass_a_minute(world)

    assert sorted(box.ids) == message_ids(ids)
    assert sender.send_due() == 0
    world.catch_up()
    world.send(ResendEffect(command_id=ids[0], actor=actor(), effect_id=ids[0]))
    world.catch_up()
    assert sender.send_due() == 1


def test_what_turns_out_to_be_sent_already_takes_nothing_of_the_pace(
    world: World, box: Mailbox
) -> None:
    ids = asked(world, 2)
    sender = sender_of(world, {MAIL: mail_gate(box.port)}, per_minute=SLOW)
    assert sender.send_due() == 1
    with connect(world.url) as owner:
        owner.execute("delete from ops.sending")
    pass_a_minute(world)

    assert sender.send_due() == 2
    assert sorted(box.ids) == message_ids(ids)


def test_a_clock_that_is_set_back_holds_no_channel_up(world: World, box: Mailbox) -> None:
    asked(world, 3)
    sender = sender_of(world, {MAIL: mail_gate(box.port)}, per_minute=SLOW)
    assert sender.send_due() == 1
    with connect(world.url) as owner:
        owner.execute("update ops.pace set free_at = free_at + interval '2 hours'")

    assert sender.send_due() == 1
    assert sender.send_due() == 0


def test_no_lease_stays_behind_what_is_done(world: World, box: Mailbox) -> None:
    asked(world, 3)
    sender = sender_of(world, {MAIL: mail_gate(box.port)})
    assert sender.send_due() == 3
    asked(world, 1)

    assert sender.send_due() == 1
    assert world.query("select count(*) from ops.sending") == [(1,)]


def test_two_who_tell_of_one_attempt_are_one_attempt(world: World, box: Mailbox) -> None:
    """A sender that was frozen for longer than its lease tells of an attempt that is over."""
    (effect_id,) = asked(world, 1)
    other = sender_of(world, {MAIL: mail_gate(box.port)})

    class Frozen:
        def send(self, outgoing: object) -> str | None:
            with connect(world.url) as owner:
                owner.execute("update ops.sending set until = clock_timestamp()")
            wait_for(lambda: other.send_due() == 1)
            return None

    with capture_logs() as logs:
        assert sender_of(world, {MAIL: Frozen()}).step(MAIL)

    assert states(world) == {effect_id: ("sent", 1)}
    assert "effect_told_too_late" in [one["event"] for one in logs]


def test_rebuilt_deleted_and_replayed_tables_send_nothing(world: World, box: Mailbox) -> None:
    ids = asked(world, 5)
    sender = sender_of(world, {MAIL: mail_gate(box.port)})
    assert sender.send_due() == 5
    world.catch_up()
    before = world.tables()
    world.now += timedelta(days=365)

    world.models.rebuild("effects")
    assert sender.send_due() == 0
    forget_all_tables(world)
    world.models.prepare()
    follower = world.follower(batch_events=2)
    while follower.waiting():
        follower.step()
        sender.send_due()

    assert sorted(box.ids) == message_ids(ids)
    assert world.tables() == before
    assert world.models.verify("effects").differing == ()


def forget_all_tables(world: World) -> None:
    """Delete every read model, as somebody may who wants to see them come again."""
    with connect(world.url) as owner, owner.transaction():
        builds = owner.execute("select projection, build from projection.builds").fetchall()
        for name, build in builds:
            schema = sql.Identifier(f"p_{name}_{build}")
            owner.execute(sql.SQL("drop schema {} cascade").format(schema))
        owner.execute("delete from projection.builds")
        owner.execute("delete from ops.sending")
    assert {name for name, _ in builds} == set(BY_NAME)


def test_nobody_s_address_stands_in_a_table_or_in_the_log_of_a_program(
    world: World, box: Mailbox
) -> None:
    order_id = shipped(world)
    ids = [ask(world, order_id), ask(world, order_id, to={"kind": "address", "address": "x@y.z"})]
    box.answers += ["451 anna@example.org, x@y.z: later"] * 2
    sender = sender_of(world, {MAIL: mail_gate(box.port)})
    with capture_logs() as logs:
        for _ in range(2):
            world.catch_up()
            assert sender.send_due() == 2
            world.now += timedelta(minutes=1)
        world.send(ResendEffect(command_id=ids[0], actor=actor(), effect_id=ids[0]))
    world.catch_up()

    assert sorted(box.to) == sorted([str(CUSTOMER.email), "x@y.z"])
    everything = repr(logs) + text_of_all_tables(world.url)
    assert str(ids[0]) in everything
    for secret in ("anna@example.org", "x@y.z", "Anna Ivanova", "is on its way, RR123"):
        assert secret not in everything


def text_of_all_tables(url: str) -> str:
    with connect(url) as owner:
        tables = owner.execute(
            "select n.nspname, c.relname from pg_class c join pg_namespace n"
            " on n.oid = c.relnamespace where c.relkind in ('r', 'p')"
            " and n.nspname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        return "".join(_text(owner, *table) for table in tables)


def _text(owner: psycopg.Connection[tuple[object, ...]], schema: str, table: str) -> str:
    name = sql.Identifier(schema, table)
    rows = owner.execute(sql.SQL("select t::text from {} t").format(name)).fetchall()
    return "\n".join(str(row[0]) for row in rows)
