"""Personal data is sealed from the first event on: the tables hold none of it in clear."""

from contextlib import closing, suppress
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from domain.alerts import commands as a
from domain.batch import Answer, NewEvent
from domain.catalog import EVENTS
from domain.customers import commands as k
from domain.customers.events import FIELDS
from domain.effects.events import Recipient
from domain.enquiries.commands import RecordEnquiry
from domain.messages import Command, Decided, Recorded
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.payment_events import PAYMENT_EVENTS
from domain.personal import personal_fields
from domain.refusals import InfraError
from domain.tasks import commands as t
from domain.templates.line import PublishTemplate
from infra.event_log import EventLog, open_log
from infra.mapper import EventUnreadable
from infra.master_keys import GivenMasterKeys
from infra.sealing import SubjectKey
from infra.vault import Vault
from services.command_queue import hash_of
from services.pipeline import Pipeline, body_of
from tests.support.examples import NOW, actor, fact_id
from tests.support.loads import body_hash, move, note, now, open_pipeline, place, publish
from tests.support.outgoing import TEMPLATE, request

MARK: Final = "Marker-7391"
CUSTOMER: Final = e.Customer(
    customer_id="c-7", name=f"Name {MARK}", phone=f"Phone {MARK}", email=f"{MARK}@example.org"
)
DELIVERY: Final = e.Delivery(method="courier", address=f"{MARK} Street 1")


def fill(url: str, order_id: UUID) -> None:
    """Say the marker in every personal field there is."""
    told = {"actor": actor("user", "warehouse"), "order_id": order_id}
    fact = c.PlacedFact(
        fact_id=fact_id(1),
        occurred_at=NOW,
        status="new",
        currency="EUR",
        customer=CUSTOMER,
        personal=f'{{"a": "{MARK}"}}',
    )
    step = c.StatusFact(
        fact_id=fact_id(2),
        occurred_at=NOW,
        status="confirmed",
        rank=1,
        personal=f'{{"a": "{MARK}"}}',
    )
    paid = [
        c.PaymentFact(
            fact_id=fact_id(3 + number),
            occurred_at=NOW,
            movement=movement,
            payment_id="p-1",
            amount_minor=100,
            currency="EUR",
            method="card" if movement == "submitted" else None,
            personal=f'{{"a": "{MARK}"}}',
        )
        for number, movement in enumerate(PAYMENT_EVENTS)
    ]
    imported = {"actor": actor("import"), "order_id": uuid4(), "path": "shop"}
    with open_pipeline(url) as pipeline:
        for command in (
            publish().model_copy(update={"reason": f"Path {MARK}"}),
            place(order_id, customer=CUSTOMER, delivery=DELIVERY, reason=f"Placed {MARK}"),
            move(order_id, "confirmed", reason=f"Free text {MARK}"),
            c.ChangeFields(
                **told,
                command_id=uuid4(),
                customer_name=f"New {MARK}",
                customer_phone=f"New {MARK}",
                customer_email=f"New {MARK}",
                delivery_address=f"New {MARK}",
            ),
            note(order_id, f"Note {MARK}"),
            *about_customer(),
            *about_inbox(),
            *about_messages(),
            c.RecordFacts(**imported, command_id=uuid4(), facts=(fact, step, *paid), reason=MARK),
            c.CorrectFact(
                **told | {"order_id": imported["order_id"]},
                command_id=uuid4(),
                version=2,
                reason=f"Wrong {MARK}",
            ),
        ):
            outcome = pipeline.execute(command)
            assert outcome.kind == "accepted", (command.NAME, outcome.unmet)
        refused = pipeline.execute(move(order_id, "nowhere", reason=f"Refused {MARK}"))
        assert refused.kind == "refused"


def about_customer() -> list[Command]:
    """Ask, order and be written about, with the marker in all of it."""
    who = {"command_id": uuid4(), "actor": actor(), "customer_id": "c-8"}
    contact = {name: f"{name} {MARK}" for name in FIELDS}
    asked = {"enquiry_id": uuid4(), "text": f"Enquiry {MARK}", "customer": CUSTOMER}
    return [
        k.CreateCustomer(**who, **contact),
        k.ChangeContact(**{**who, "command_id": uuid4()}, **dict.fromkeys(FIELDS, f"New {MARK}")),
        k.NoteCustomer(**{**who, "command_id": uuid4()}, text=f"Note {MARK}"),
        RecordEnquiry(command_id=uuid4(), actor=actor(), **asked),
    ]


def about_inbox() -> list[Command]:
    """Acknowledge and finish what waits, with the marker in the notes."""
    seen = {"actor": actor(), "alert_id": uuid4()}
    done = {"actor": actor(), "task_id": uuid4()}
    return [
        a.RaiseAlert(command_id=uuid4(), **seen, kind="rule", title="Look", user="ann"),
        a.AcknowledgeAlert(command_id=uuid4(), **seen, note=f"Seen {MARK}"),
        t.CreateTask(command_id=uuid4(), **done, title="Call", user="ann"),
        t.FinishTask(command_id=uuid4(), **done, note=f"Done {MARK}"),
    ]


def about_messages() -> list[Command]:
    """Have somebody told who is no customer."""
    publish = PublishTemplate(command_id=uuid4(), actor=actor(), definition=TEMPLATE)
    somebody = Recipient(kind="address", address=f"{MARK}@example.org")
    return [publish, request(to=somebody)]


def in_clear(owner: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """Give every column of schema log in which the marker stands, in any encoding of text."""
    columns = owner.execute(
        "select table_name, column_name, data_type from information_schema.columns"
        " where table_schema = 'log'"
    ).fetchall()
    assert len(columns) > 30
    found = []
    for table, column, kind in columns:
        names = sql.Identifier(table), sql.Identifier(column)
        text = "convert_from({1}, 'SQL_ASCII')" if kind == "bytea" else "{1}::text"
        if (table, column) in (("keys", "key"), ("commands", "body_hash")):
            text = "encode({1}, 'hex')"  # random bytes, no text
        query = sql.SQL(f"select count(*) from log.{{0}} where {text} ilike %s")  # noqa: S608 - names of our own columns
        (hits,) = owner.execute(query.format(*names), [f"%{MARK}%"]).fetchone() or (0,)
        if hits:
            found.append((table, column))
    return found


@pytest.mark.parametrize("own", [True, False], ids=["of a caller", "of a program"])
def test_what_a_command_said_cannot_be_tried_out_by_whoever_reads_the_log(
    database_url: str, owner: psycopg.Connection[Any], own: bool
) -> None:
    """There are few enough phone numbers to hash them all."""
    said = k.CreateCustomer(
        command_id=uuid4(), actor=actor(), customer_id="c-7", phone="+79161234567"
    )
    with open_pipeline(database_url) as pipeline:
        pipeline.execute(said, own=own)
    with open_pipeline(database_url) as another:
        assert another.execute(said, own=own).repeated

    stored = owner.execute("select body_hash from log.commands").fetchone()
    assert stored is not None
    tried = hash_of(body_of(said), said, own=own)
    assert (len(stored[0]), len(tried)) == (33, 32)
    assert {stored[0][1:17], stored[0][17:]}.isdisjoint({tried[:16], tried[16:]})


def test_a_command_that_says_nothing_personal_needs_no_key(
    database_url: str, owner: psycopg.Connection[Any]
) -> None:
    """Who acts or fires deadlines without contacts works without the master key."""
    said, named = place(), place(customer=CUSTOMER)
    with (
        closing(open_log(database_url, vault=Vault(database_url, GivenMasterKeys("")))) as log,
        Pipeline(log, now) as pipeline,
    ):
        assert [pipeline.execute(one).kind for one in (publish(), said)] == ["accepted"] * 2
        with pytest.raises(InfraError, match="A master key is wanted"):
            pipeline.execute(named)
    with open_pipeline(database_url) as another:
        assert another.execute(said).repeated

    assert owner.execute("select count(*) from log.keys").fetchone() == (0,)


def test_no_column_of_the_log_holds_personal_data_in_clear(
    database_url: str, owner: psycopg.Connection[Any]
) -> None:
    fill(database_url, uuid4())

    assert in_clear(owner) == []


def test_the_search_would_find_it(database_url: str, owner: psycopg.Connection[Any]) -> None:
    with open_pipeline(database_url) as pipeline:
        pipeline.execute(publish())
        pipeline.execute(place(external_id=MARK))

    assert in_clear(owner) == [("events", "payload")]


def test_writers_read_it_in_clear_and_readers_without_keys_read_sealed(
    database_url: str, log: EventLog
) -> None:
    order_id = uuid4()
    fill(database_url, order_id)

    events = log.load({f"order-{order_id}": 0})[f"order-{order_id}"]
    sealed = [one for one in log.read(0, 100) if one.stream_id == f"order-{order_id}"]

    placed, moved = events[0], events[1]
    assert isinstance(placed.event, e.OrderPlaced)
    assert placed.event.customer == CUSTOMER
    assert placed.event.delivery == DELIVERY
    assert (placed.reason, moved.reason) == (f"Placed {MARK}", f"Free text {MARK}")
    assert isinstance(sealed[0].event, e.OrderPlaced)
    assert sealed[0].event.customer == e.Customer(
        customer_id="c-7", name="[sealed]", phone="[sealed]", email="[sealed]"
    )
    assert [one.reason for one in sealed if one.reason] == ["[sealed]"] * 2


def test_another_process_adds_a_key_of_its_own_and_reads_both(
    database_url: str, owner: psycopg.Connection[Any], log: EventLog
) -> None:
    order_id, other = uuid4(), uuid4()
    fill(database_url, order_id)
    with open_pipeline(database_url) as pipeline:  # It knows no key of this customer yet.
        pipeline.execute(place(other, delivery=DELIVERY))
        pipeline.execute(note(order_id, "The second process"))

    keys = owner.execute("select count(*) from log.keys where subject_id = 'c-7'").fetchone()
    streams = log.load({f"order-{order_id}": 0, f"order-{other}": 0})

    assert keys == (2,)
    assert note_of(streams[f"order-{order_id}"][-1]) == "The second process"
    placed = streams[f"order-{other}"][0].event
    assert isinstance(placed, e.OrderPlaced)
    assert placed.delivery == DELIVERY


def test_what_a_destroyed_key_sealed_reads_erased_and_the_order_goes_on(
    database_url: str, owner: psycopg.Connection[Any], log: EventLog
) -> None:
    order_id = uuid4()
    fill(database_url, order_id)
    owner.execute("update log.keys set key = null where subject_id = 'c-7'")

    events = log.load({f"order-{order_id}": 0})[f"order-{order_id}"]
    with open_pipeline(database_url) as pipeline:
        outcome = pipeline.execute(note(order_id, "Afterwards"))

    assert isinstance(events[0].event, e.OrderPlaced)
    assert events[0].event.customer == e.Customer(
        customer_id="c-7", name="[erased]", phone="[erased]", email="[erased]"
    )
    assert events[1].reason == "[erased]"
    assert outcome.kind == "accepted"
    last = log.load({f"order-{order_id}": 0})[f"order-{order_id}"][-1]
    assert note_of(last) == "Afterwards"


def test_a_key_that_is_not_in_the_database_reads_sealed_and_not_erased(
    database_url: str, owner: psycopg.Connection[Any], log: EventLog
) -> None:
    order_id = uuid4()
    fill(database_url, order_id)
    owner.execute("delete from log.keys")

    events = log.load({f"order-{order_id}": 0})[f"order-{order_id}"]

    assert events[1].reason == "[sealed]"


def test_a_sealed_value_that_was_moved_to_another_row_does_not_open(
    database_url: str, owner: psycopg.Connection[Any], log: EventLog
) -> None:
    order_id = uuid4()
    fill(database_url, order_id)
    owner.execute("alter table log.events disable trigger immutable")
    owner.execute(
        "update log.events e set reason = placed.reason from log.events placed"
        " where placed.stream_id = e.stream_id and placed.version = 1 and e.version = 2"
        " and e.stream_id = %s",
        (f"order-{order_id}",),
    )

    with pytest.raises(EventUnreadable, match=r"order\.status_changed\.v1 of"):
        log.load({f"order-{order_id}": 0})


def test_the_wrong_key_does_not_open(
    database_url: str, owner: psycopg.Connection[Any], log: EventLog
) -> None:
    order_id = uuid4()
    fill(database_url, order_id)
    found = owner.execute("select key_id from log.keys where subject_id = 'c-7'").fetchone()
    assert found is not None
    other = log.vault.wrap(SubjectKey(found[0], "c-7", bytes(32)))
    owner.execute("update log.keys set key = %s where key_id = %s", (other, found[0]))

    with pytest.raises(EventUnreadable, match=r"order\.placed\.v1 of"):
        log.load({f"order-{order_id}": 0})


def test_a_key_of_an_append_that_was_rolled_back_is_sent_again(
    database_url: str, log: EventLog
) -> None:
    """The key counts as stored only once it is: what it seals could never be read otherwise."""
    stream = f"order-{uuid4()}"

    def answer(version: int) -> Answer:
        event = NewEvent(stream, version, Decided(e.NoteAdded(text=MARK), NOW), "c-9")
        command = note(uuid4())
        reads, versions = [stream], {stream: version}
        return Answer(command, body_hash(command), "accepted", reads, [event], versions=versions)

    with suppress(ZeroDivisionError), log.locked() as held:
        held.append([answer(1)], {stream: 0}).result()
        1 / 0  # noqa: B018 - the power fails before the commit
    log.append([answer(1)], {stream: 0}).result()

    reader = open_log(database_url)
    (read,) = reader.load({stream: 0})[stream]
    reader.close()
    assert note_of(read) == MARK


def note_of(recorded: Recorded) -> str:
    assert isinstance(recorded.event, e.NoteAdded)
    return recorded.event.text


def test_the_examples_know_every_personal_field() -> None:
    """Whoever adds one adds it to `fill`; this is what it covers."""
    personal = {
        *("OrderPlaced.customer.name", "OrderPlaced.customer.phone", "OrderPlaced.customer.email"),
        *("OrderPlaced.delivery.address", "OrderPlaced.personal"),
        *("FieldsChanged.customer_name", "FieldsChanged.customer_phone"),
        *("FieldsChanged.customer_email", "FieldsChanged.delivery_address"),
        *("NoteAdded.text", "FactAnnulled.reason", "StatusRecorded.personal"),
        *(f"{event.__name__}.personal" for event in PAYMENT_EVENTS.values()),
        *(f"CustomerCreated.{name}" for name in FIELDS),
        *(f"ContactChanged.{name}" for name in FIELDS),
        "CustomerNoted.text",
        *(f"EnquiryRecorded.customer.{name}" for name in ("name", "phone", "email")),
        "EnquiryRecorded.text",
        *("AlertAcknowledged.note", "TaskFinished.note", "EffectRequested.to.address"),
    }
    assert set(_personal_fields()) == personal


def _personal_fields() -> list[str]:
    def names(spec: Any, place: str) -> list[str]:
        if spec is True:
            return [place]
        return [n for name, inner in spec.items() for n in names(inner, f"{place}.{name}")]

    return [n for cls in EVENTS.values() for n in names(personal_fields(cls), cls.__name__)]
