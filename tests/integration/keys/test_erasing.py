"""Erasing a customer: keys and event in one transaction, whoever writes at the same moment, however
often it is said, wherever it dies."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.customers import commands as k
from domain.customers import events as ce
from domain.messages import Command, Outcome
from domain.orders import commands as c
from domain.orders import events as e
from infra.event_log import EventLog, open_log
from infra.postgres import connect
from infra.sealing import SubjectKey
from services.pipeline import SNAPSHOT_EVENTS, Pipeline
from tests.support.examples import actor
from tests.support.loads import note, now, open_pipeline, place, publish

CONTACT_KEY: Final = UUID("0dbbbc3f-384c-5236-a977-c0431a59d04e")  # id of the one for contacts
ANNA: Final = "c-7"
CONTACT: Final = {"name": "Anna Ivanova", "phone": "+79000000000", "email": "anna@example.org"}


@pytest.fixture
def owner(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(database_url) as connection:
        yield connection


@pytest.fixture
def shop(database_url: str) -> Iterator[Pipeline]:
    with open_pipeline(database_url) as pipeline:
        assert pipeline.execute(publish()).kind == "accepted"
        yield pipeline


def order(shop: Pipeline, customer_id: str = ANNA, text: str | None = "Ring twice") -> UUID:
    """Let a customer order, and write something about it."""
    order_id = uuid4()
    customer = e.Customer(customer_id=customer_id, **CONTACT)
    assert shop.execute(place(order_id, customer=customer)).kind == "accepted"
    if text is not None:
        assert shop.execute(note(order_id, text)).kind == "accepted"
    return order_id


def erase(customer_id: str = ANNA, **body: Any) -> k.EraseCustomer:
    told = {"command_id": uuid4(), "actor": actor("user", "lead"), "customer_id": customer_id}
    return k.EraseCustomer(**told | {"reason_code": "customer_asked"} | body)


def read(url: str, stream: str) -> list[Any]:
    with closing(open_log(url)) as log:
        return [one.event for one in log.load({stream: 0})[stream]]


def kinds(outcomes: list[Outcome]) -> list[str]:
    return sorted(outcome.kind for outcome in outcomes)


def live_keys(owner: psycopg.Connection[Any], subject: str = ANNA) -> int:
    row = owner.execute(
        "select count(*) from log.keys where subject_id = %s and key is not null", (subject,)
    ).fetchone()
    return int(row[0]) if row else 0


def test_d4_what_was_told_of_an_erased_customer_reads_erased_and_says_who_erased_and_why(
    database_url: str, shop: Pipeline
) -> None:
    order_id = order(shop)

    outcome = shop.execute(erase(reason="Letter of 3 May"))

    assert outcome.kind == "accepted"
    placed, noted = read(database_url, f"order-{order_id}")
    assert placed.customer == e.Customer(customer_id=ANNA, **dict.fromkeys(CONTACT, "[erased]"))
    assert noted.text == "[erased]"
    with closing(open_log(database_url)) as log:
        created, erased = log.load({"customer-c-7": 0})["customer-c-7"]
    assert isinstance(created.event, ce.CustomerCreated)
    assert created.event.phone == "[erased]"
    assert isinstance(erased.event, ce.CustomerErased)
    assert (erased.event.reason_code, erased.actor_kind) == ("customer_asked", "user")
    assert erased.reason == "Letter of 3 May"


def test_keys_are_destroyed_in_the_transaction_of_the_event(
    database_url: str, shop: Pipeline, owner: psycopg.Connection[Any]
) -> None:
    """Whatever dies, there is the one with the other, or neither."""
    order(shop)
    owner.execute(
        "create function fail() returns trigger language plpgsql as"
        " $$ begin raise exception 'the power failed'; end $$;"
        "create trigger fail before insert on log.erasures for each row execute function fail()"
    )
    with pytest.raises(psycopg.Error, match="the power failed"):
        shop.execute(erase())
    assert live_keys(owner) == 1
    assert len(read(database_url, "customer-c-7")) == 1

    owner.execute("drop trigger fail on log.erasures")
    assert shop.execute(erase()).kind == "accepted"
    assert live_keys(owner) == 0


def test_erasing_again_is_nothing_until_something_is_told_again(
    shop: Pipeline, owner: psycopg.Connection[Any]
) -> None:
    order_id = order(shop)
    first = erase()

    assert shop.execute(first).kind == "accepted"
    assert shop.execute(erase()).kind == "nothing"
    assert shop.execute(first).repeated
    shop.execute(note(order_id, "She rang"))
    assert live_keys(owner) == 1
    assert shop.execute(erase()).kind == "accepted"
    assert live_keys(owner) == 0


def test_nobody_is_refused_and_a_customer_of_whom_only_orders_tell_is_not(
    database_url: str, shop: Pipeline
) -> None:
    order_id = uuid4()
    shop.execute(place(order_id, customer=e.Customer(customer_id="c-9"), reason="Because"))

    unknown = shop.execute(erase("c-8"))
    known = shop.execute(erase("c-9"))

    assert [unmet.code for unmet in unknown.unmet] == ["customer_unknown"]
    assert known.kind == "accepted"
    with closing(open_log(database_url)) as log:
        (placed, *_) = log.load({f"order-{order_id}": 0})[f"order-{order_id}"]
    assert placed.reason == "[erased]"


def test_others_keep_their_data(database_url: str, shop: Pipeline) -> None:
    order(shop)
    other = order(shop, "c-8")

    shop.execute(erase())

    placed, noted = read(database_url, f"order-{other}")
    assert (placed.customer.name, noted.text) == ("Anna Ivanova", "Ring twice")


def test_the_secret_by_which_customers_are_found_stays_whoever_is_called_like_it(
    shop: Pipeline, owner: psycopg.Connection[Any], log: EventLog
) -> None:
    key = SubjectKey(CONTACT_KEY, "contact-secret", bytes(32))
    kept = (key.key_id, key.subject_id, log.vault.wrap(key))
    owner.execute("select ops.keep_key(%s, %s, %s)", kept)
    order(shop, "contact-secret")

    assert shop.execute(erase("contact-secret")).kind == "accepted"
    assert shop.execute(erase("contact-secret")).kind == "nothing"

    assert live_keys(owner, "contact-secret") == 1


def test_who_comes_back_is_known_again_by_what_is_told_then(
    database_url: str, shop: Pipeline
) -> None:
    order(shop)
    shop.execute(erase())

    again = order(shop, text="Back again")

    placed, noted = read(database_url, f"order-{again}")
    assert (placed.customer.name, noted.text) == ("Anna Ivanova", "Back again")
    *_, changed = read(database_url, "customer-c-7")
    assert isinstance(changed, ce.ContactChanged)
    assert changed.phone == CONTACT["phone"]


@pytest.mark.parametrize("wish", ["note", "order", "change"])
def test_another_process_writes_nothing_with_a_destroyed_key(
    database_url: str, shop: Pipeline, owner: psycopg.Connection[Any], wish: str
) -> None:
    """It remembers customer, order and key, and hears of the erasure when it appends."""
    order_id = order(shop)
    with open_pipeline(database_url) as other:
        assert other.execute(note(order_id, "Before")).kind == "accepted"
        assert shop.execute(erase()).kind == "accepted"

        command = meanwhile(order_id, wish)
        outcome = other.execute(command)

    assert outcome.kind == "accepted"
    events = [event for stream in outcome.versions for event in read(database_url, stream)[-1:]]
    assert "[erased]" not in repr(events)
    assert "Meanwhile" in repr(events)


def meanwhile(order_id: UUID, wish: str) -> Command:
    told = {"command_id": uuid4(), "actor": actor("user", "lead")}
    if wish == "note":
        return note(order_id, "Meanwhile")
    if wish == "change":
        return c.ChangeFields(**told, order_id=order_id, customer_name="Meanwhile")
    return place(uuid4(), customer=e.Customer(customer_id=ANNA, name="Meanwhile"))


def test_a_running_process_forgets_what_it_remembers_of_an_erased_customer(
    database_url: str, shop: Pipeline
) -> None:
    """Saying what is known already would be nothing; now it is told anew."""
    order_id = order(shop)
    with open_pipeline(database_url) as other:
        say = {"actor": actor("user", "lead"), "order_id": order_id}
        same = {"customer_phone": CONTACT["phone"]}
        told = c.ChangeFields(**say, command_id=uuid4(), **same)
        assert other.execute(told).kind == "nothing"
        shop.execute(erase())

        again = other.execute(c.ChangeFields(**say, command_id=uuid4(), **same))

    assert again.kind == "accepted"


def test_a_process_that_nobody_asks_forgets_too(database_url: str, shop: Pipeline) -> None:
    order_id = order(shop)
    with open_pipeline(database_url) as other:
        other.execute(note(order_id, "Before"))
        cache = other._cache
        assert f"order-{order_id}" in cache
        shop.execute(erase())

        other._forget_erased()  # As it does every few seconds while it waits for commands.

        assert f"order-{order_id}" not in cache
        assert other.execute(note(order_id, "Behind")).kind == "accepted"
    assert read(database_url, f"order-{order_id}")[-1].text == "Behind"


def test_erasing_twice_at_once_erases_once(
    database_url: str, shop: Pipeline, owner: psycopg.Connection[Any]
) -> None:
    order(shop)
    with (
        open_pipeline(database_url) as one,
        open_pipeline(database_url) as other,
        ThreadPoolExecutor(8) as pool,
    ):
        asked = [pool.submit(each.execute, erase()) for _ in range(4) for each in (one, other)]
        outcomes = [future.result() for future in asked]

    assert kinds(outcomes) == ["accepted", *["nothing"] * 7]
    assert live_keys(owner) == 0


def test_while_orders_are_placed_and_noted_each_is_erased_whole_or_stands_in_clear(
    database_url: str, shop: Pipeline, owner: psycopg.Connection[Any]
) -> None:
    """What comes before the erasing in the log reads erased, what comes behind it reads clear."""
    first = order(shop)
    with open_pipeline(database_url) as one, open_pipeline(database_url) as other:

        def write(number: int) -> None:
            each = (one, other)[number % 2]
            for turn in range(10):
                assert each.execute(note(first, f"note {number}-{turn}")).kind == "accepted"
                order(each, text=None)

        with ThreadPoolExecutor(5) as pool:
            writing = [pool.submit(write, number) for number in range(4)]
            outcomes = [shop.execute(erase()) for _ in range(5)]
            for future in writing:
                future.result()

    with closing(open_log(database_url)) as log:
        positions = [one.last_position for one in outcomes if one.kind == "accepted"]
        latest = max(filter(None, positions))
        rows = [*log.read_streams({f"order-{first}": (0, 10_000)}, opened=True)]
        noted = [(one.position, one.event.text) for one in rows if one.version > 1]  # type: ignore[union-attr]
    assert len(noted) == 41
    assert {text == "[erased]" for position, text in noted if position < latest} == {True}
    assert {text == "[erased]" for position, text in noted if position > latest} <= {False}


def test_a_command_before_it_in_the_same_batch_is_erased_and_one_behind_it_is_not(
    database_url: str, shop: Pipeline
) -> None:
    order_id = order(shop)

    futures = [
        shop.submit(command)
        for command in (note(order_id, "Before"), erase(), note(order_id, "Behind"))
    ]
    assert {future.result().kind for future in futures} == {"accepted"}

    *_, before, behind = read(database_url, f"order-{order_id}")
    assert (before.text, behind.text) == ("[erased]", "Behind")


def test_no_snapshot_of_the_customer_is_left_or_comes_back(
    database_url: str, shop: Pipeline, owner: psycopg.Connection[Any]
) -> None:
    order_id = order(shop)
    stream = f"order-{order_id}"
    with closing(open_log(database_url)) as late:
        pipeline = Pipeline(late, now)
        state = pipeline._cache.fetch(late, [stream], fresh=True)[stream]
        late.keep_states({stream: state}, late.erasures)
        before = late.erasures
        assert owner.execute("select count(*) from log.snapshots").fetchone() == (1,)

        shop.execute(erase())

        assert owner.execute("select count(*) from log.snapshots").fetchone() == (0,)
        late.keep_states({stream: state}, before)  # Its thread was held up for so long.
        pipeline.close()
    assert owner.execute("select count(*) from log.snapshots").fetchone() == (0,)


def test_a_quarantined_row_comes_before_an_erasing_or_behind_it(
    database_url: str, shop: Pipeline, owner: psycopg.Connection[Any], log: EventLog
) -> None:
    """A key that is not committed yet would be missed: who erases waits for it."""
    order(shop)
    key = SubjectKey(uuid4(), ANNA, bytes(32))
    with connect(database_url, role="orderpath_writer") as session, ThreadPoolExecutor(1) as pool:
        with session.transaction():
            session.execute(
                "select ops.keep_key(%s, %s, %s)", (key.key_id, ANNA, log.vault.wrap(key))
            )
            erasing = pool.submit(shop.execute, erase())
            waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
            while owner.execute(waits).fetchone() == (0,):
                pass
        assert erasing.result().kind == "accepted"

    assert live_keys(owner) == 0


def test_keys_that_come_back_with_a_backup_are_destroyed_again(
    shop: Pipeline, owner: psycopg.Connection[Any]
) -> None:
    order(shop)
    order(shop, "c-8")
    owner.execute("create table backup as select * from log.keys")
    shop.execute(erase())
    order(shop)  # She has come back meanwhile.
    owner.execute("update log.keys k set key = b.key from backup b where b.key_id = k.key_id")
    assert live_keys(owner) == 2

    assert owner.execute("select log.erase_again()").fetchone() == (1,)

    assert (live_keys(owner), live_keys(owner, "c-8")) == (1, 1)


def wrongly_of(shop: Pipeline, wrong: str, right: str) -> UUID:
    """Let an import tell of an order with the wrong customer, and correct that."""
    order_id = uuid4()
    who = {"actor": actor("import"), "order_id": order_id, "path": "shop"}
    placed = {"kind": "placed", "status": "new", "currency": "EUR", "occurred_at": now()}

    def tell(customer_id: str, name: str) -> None:
        customer = {"customer_id": customer_id, "name": name}
        fact = placed | {"fact_id": uuid4(), "customer": customer}
        told = c.RecordFacts.model_validate(who | {"command_id": uuid4(), "facts": (fact,)})
        assert shop.execute(told).kind == "accepted"

    tell(wrong, "Wrong Person")
    lead = {"command_id": uuid4(), "actor": actor("user", "lead"), "order_id": order_id}
    assert shop.execute(c.CorrectFact(**lead, version=1, reason="Another one")).kind == "accepted"
    tell(right, "Ann Doe")
    assert shop.execute(note(order_id, "Ring twice")).kind == "accepted"
    return order_id


@pytest.mark.parametrize(
    ("erased", "names", "text"),
    [("c-1", ["[erased]", "Ann Doe"], "Ring twice"), ("c-2", ["Wrong Person", "[erased]"], None)],
)
def test_d4_what_is_told_behind_a_correction_goes_with_the_customer_that_it_names(
    database_url: str, shop: Pipeline, erased: str, names: list[str], text: str | None
) -> None:
    order_id = wrongly_of(shop, "c-1", "c-2")

    assert shop.execute(erase(erased)).kind == "accepted"

    events = read(database_url, f"order-{order_id}")
    told = [one.customer for one in events if isinstance(one, e.OrderPlaced)]
    assert [one and one.name for one in told] == names
    assert events[-1].text == (text or "[erased]")
    assert shop.execute(note(order_id, "Later")).kind == "accepted"
    with open_pipeline(database_url) as another:
        assert another.execute(note(order_id, "Later still")).kind == "accepted"


def test_a_state_that_holds_data_of_two_persons_is_not_kept(
    database_url: str, shop: Pipeline, owner: psycopg.Connection[Any]
) -> None:
    """One key would seal it, and the other one's erasure would not reach it."""
    two, one = wrongly_of(shop, "c-1", "c-2"), order(shop)
    for order_id in (two, one):
        for answer in [shop.submit(note(order_id)) for _ in range(2 * SNAPSHOT_EVENTS)]:
            assert answer.result().kind == "accepted"
    shop.close()  # Whatever is kept is kept by now.

    kept = owner.execute("select distinct stream_id from log.snapshots").fetchall()
    assert kept == [(f"order-{one}",)]


def test_what_a_process_remembers_of_two_persons_goes_with_either(
    database_url: str, shop: Pipeline
) -> None:
    order_id = wrongly_of(shop, "c-1", "c-2")
    assert shop.execute(erase("c-1")).kind == "accepted"

    remembered = shop._cache._states.get(f"order-{order_id}")

    assert remembered is None


@pytest.mark.parametrize(("first", "second"), [("c-1", "c-2"), ("c-2", "c-1")])
def test_d4_a_placement_that_does_not_count_goes_with_its_own_customer(
    database_url: str, shop: Pipeline, first: str, second: str
) -> None:
    """Whichever was told first: the earlier one counts."""
    order_id, names = uuid4(), {"c-1": "Ann Doe", "c-2": "Bob Roe"}
    at = {"c-1": now() - timedelta(hours=2), "c-2": now() - timedelta(hours=1)}
    for one in (first, second):
        fact = {
            "kind": "placed",
            "status": "new",
            "currency": "EUR",
            "fact_id": uuid4(),
            "occurred_at": at[one],
            "customer": {"customer_id": one, "name": names[one]},
        }
        said = {"command_id": uuid4(), "actor": actor("import"), "path": "shop", "facts": (fact,)}
        told = c.RecordFacts.model_validate(said | {"order_id": order_id})
        assert shop.execute(told).kind == "accepted"

    assert shop.execute(erase("c-2")).kind == "accepted"

    events = read(database_url, f"order-{order_id}")
    told_of = {one.customer.customer_id: one.customer.name for one in events if one.customer}
    assert told_of == {"c-1": "Ann Doe", "c-2": "[erased]"}
