"""Every read model is deleted and built anew while every program is at work: the tables are then
as they were, and nobody hears anything.

A clock that looks into half a table sees waits that have long ended: it says so once more in the
log, and no rule takes it for anything.
"""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from domain.effects.channels import Gate, Outlet
from domain.orders import commands as c
from domain.templates.line import PublishTemplate
from infra.postgres import Session
from infra.template_files import load_preset
from infra.webhooks import WebhookEndpoint
from projections.catalog import BY_NAME
from services.clock import Clockwork
from tests.integration.projections.world import World
from tests.integration.rules.ruling import acting, publish, runs, settle
from tests.integration.sending.test_accidents import forget_all_tables
from tests.integration.sending.test_sending import HOOK, KEY, shipped
from tests.support.examples import COMMANDS, CUSTOMER, actor
from tests.support.receivers import Mailbox, http_receiver
from tests.support.senders import MAIL, mail_gate, sender_of

MAIL_IT = {"notify": "mail", "to": "customer", "template": "track_number"}
RULES = (
    {"rule": "track", "on": [{"change": "track_number"}], "then": [MAIL_IT, {"webhook": "erp"}]},
    {"rule": "greet", "then": [{"note": "Hello"}, {"task": "Call", "to": {"group": "leads"}}]},
    {"rule": "later", "delay": "1h", "then": [{"note": "An hour"}, {"webhook": "erp"}]},
    {
        "rule": "unless",
        "delay": "1h",
        "cancel_on": "order.note_added",
        "then": [{"webhook": "erp"}],
    },
    {"rule": "silent", "on": [{"silence": "30m"}], "then": [{"webhook": "erp"}]},
    {"rule": "late", "on": [{"event": "order.deadline_passed"}], "then": [{"webhook": "erp"}]},
    {"rule": "shy", "mode": "shadow", "on": [{"change": "track_number"}], "then": [MAIL_IT]},
)


@pytest.fixture
def clock(world: World) -> Iterator[Clockwork]:
    session = Session(world.url, role="orderpath_projector")
    yield Clockwork(world.lend, session.connection, world.pipeline.submit, lambda: world.now)
    session.close()


def test_d12_all_read_models_deleted_and_built_anew_are_equal_and_send_nothing(
    world: World, box: Mailbox, clock: Clockwork
) -> None:
    world.send(
        PublishTemplate(command_id=uuid4(), actor=actor(), definition=load_preset("track_number"))
    )
    publish(world, *RULES)
    with http_receiver() as erp:
        gates: dict[Outlet, Gate] = {
            MAIL: mail_gate(box.port),
            HOOK: WebhookEndpoint(erp.url, KEY),
        }
        sender = sender_of(world, gates)
        a_busy_day(world)
        for _ in range(3):
            world.now += timedelta(hours=1)
            world.catch_up()
            clock.fire()
            settle(world)
            sender.send_due()
        world.catch_up()
        assert {result for _, _, result in runs(world)} == {
            "fired",
            "delayed",
            "cancelled",
            "shadow",
        }
        mails, hits = sorted(box.ids), len(erp.hits)
        assert mails
        assert hits
        before, head = world.tables(), world.log.head()

        forget_all_tables(world)
        world.query("update ops.acting set position = 0 returning shard")
        world.models.prepare()
        follower, forgetful = world.follower(batch_events=2), acting(world)
        while follower.waiting():
            follower.step()
            clock.fire()
            forgetful.step()
            sender.send_due()
        while forgetful.step():
            pass

        assert sorted(box.ids) == mails
        assert len(erp.hits) == hits
    again = world.log.read_lenient(head.position, 10_000)
    assert {one.stream_id.partition("-")[0] for one in again} <= {"timer"}
    world.catch_up()
    assert world.tables() == before
    assert not any(world.models.verify(name).differing for name in BY_NAME)


def a_busy_day(world: World) -> None:
    """Ship some orders, leave some that get overdue, and import one."""
    for _ in range(4):
        shipped(world)
    left: list[UUID] = [world.place(customer=CUSTOMER) for _ in range(4)]
    world.move(left[0], "confirmed", "packed")
    world.send(COMMANDS["order.record_facts"].model_copy(update={"actor": actor("import")}))
    world.send(c.AddNote(command_id=uuid4(), actor=actor(), order_id=left[1], text="Called"))
