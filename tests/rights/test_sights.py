"""What a caller may not see changes no answer, and what he may not read is sealed in it. A27"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.messages import Actor
from domain.orders.commands import PlaceOrder
from domain.roles.line import PublishRole
from domain.sights import Region, Sight, seen_by
from infra.postgres import connect
from projections.sighted import OF_ALL, OF_MANY, OF_SOME, tables_of
from services.bootstrap import System
from services.keys import revoke_key
from services.questions.catalog import BY_NAME
from services.questions.question import PUBLIC
from tests.rights.conftest import ROOT, Guarded
from tests.rights.test_table import place_of
from tests.support import examples
from tests.support.rights import role
from tests.support.waiting import ROOM_SECONDS, wait_for

PERSON, PHONE = "Zinaida Prokofyevna", "+79161234567"
# What tells how much there is in all, and which read models are how far.
OF_THE_LOG = frozenset({"log.head", "events", "audit.access"})


def place(system: System, number: int, shop: str, **changes: Any) -> UUID:
    """Place an order of a customer of its own."""
    order_id = UUID(int=1_000 + number)
    said = {
        **examples.COMMANDS["order.place"].model_dump(exclude_unset=True),
        "command_id": uuid4(),
        "order_id": order_id,
        "actor": Actor(kind="user", id="root", roles=("manager", "lead")),
        "external_id": f"s-{number}",
        "shop": shop,
        "path": "universal",
        "customer": {"customer_id": f"c-{number}", "name": PERSON, "phone": PHONE},
    }
    outcome = system.execute(PlaceOrder.model_validate({**said, **changes}))
    assert outcome.kind == "accepted", outcome.unmet
    return order_id


@pytest.fixture(scope="module")
def north(guarded: Guarded) -> UUID:
    """An order in the north, and callers who see the north."""
    mine = {"shops": ["north"]}
    guarded.key_for("north", questions=["*"], orders=mine, personal="all")
    guarded.key_for("north_sealed", questions=["*"], orders=mine)
    able = {"commands": ["order.*"], "acts_as": ["manager", "lead"]}
    guarded.key_for("north_masked", questions=["*"], orders=mine, hidden=["*_minor"], **able)
    guarded.key_for("north_clerk", questions=["*"], orders=mine, **able)
    return place(guarded.system, 1, "north")


def answers(guarded: Guarded, role: str, order_id: UUID) -> dict[str, str]:
    """Ask every question as a caller; positions and moments of arrival left out."""
    found = {}
    for name, question in BY_NAME.items():
        if name in OF_THE_LOG or question.right == PUBLIC:
            continue
        where, said = place_of(question)
        where = where.replace("7c9e6679-7425-40de-944b-e07fc1f90ae7", str(order_id))
        said = {k: str(order_id) if k == "order" else v for k, v in said.items()}
        query = {"min_position": "head"} if question.reads == "tables" else {}
        answer = guarded.ask(role, question.method, where, said, **query)
        told = json.dumps(_still(answer.json()), sort_keys=True)
        found[name] = f"{answer.status_code} {told}"
    return found


def _still(part: Any) -> Any:
    """Give an answer without what moves by itself: positions, and lengths of time up to now."""
    if isinstance(part, dict):
        return {k: _still(v) for k, v in part.items() if not _moves(k)}
    return [_still(one) for one in part] if isinstance(part, list) else part


def _moves(name: str) -> bool:
    moving = ("position", "request_id", "seconds_left", "as_of", "detail", "instance")
    return any(word in name for word in moving) or name.endswith("seconds")


def catch_up(system: System) -> None:
    system.catch_up()


def test_a27_orders_that_a_caller_does_not_see_change_no_answer_to_any_question(
    guarded: Guarded, north: UUID
) -> None:
    catch_up(guarded.system)
    before = answers(guarded, "north", north)

    for number in range(2, 6):
        place(guarded.system, number, "south")
    place(guarded.system, 6, "north", test=True)
    catch_up(guarded.system)

    after = answers(guarded, "north", north)
    everything = answers(guarded, "admin", north)
    assert {name for name in before if before[name] != after[name]} == set()
    assert everything["report.funnel"] != after["report.funnel"]
    assert sum(told.startswith("200") for told in after.values()) > 30


def test_a27_an_order_that_a_caller_does_not_see_is_answered_like_none(
    guarded: Guarded, north: UUID
) -> None:
    south = place(guarded.system, 7, "south")
    catch_up(guarded.system)

    for ref in (str(south), "s-7"):
        for what in ("", "/history", "/allowed", "/why", "/as-of/2030-01-01T00:00:00Z"):
            hidden = guarded.get(f"/v1/orders/{ref}{what}", "north")
            none = guarded.get(f"/v1/orders/{uuid4()}{what}", "north")
            assert (hidden.status_code, hidden.json()["code"]) == (
                none.status_code,
                none.json()["code"],
            )
    assert guarded.get(f"/v1/orders/{south}", "admin").status_code == 200
    assert guarded.get("/v1/customers/c-7", "north").status_code == 404
    assert guarded.get("/v1/customers/c-7", "admin").status_code == 200


def test_a27_the_feed_holds_the_orders_that_a_caller_sees(guarded: Guarded, north: UUID) -> None:
    place(guarded.system, 8, "south")

    def told(role: str) -> set[str]:
        page = guarded.get("/v1/events", role, params={"limit": 1_000}).json()
        return {one["subject"] for one in page["events"]}

    assert str(north) in told("north")
    assert str(UUID(int=1_008)) not in told("north")
    assert str(UUID(int=1_008)) in told("admin")


def make_reader(guarded: Guarded, name: str) -> None:
    """Make a key that reads the feed, and wait until its role is in force."""
    guarded.key_for(name, questions=["events.read", "order.show"])
    wait_for(lambda: guarded.get("/v1/events", name).is_success, "the role was never in force")


@contextmanager
def streamed(guarded: Guarded, role: str, after: int) -> Iterator[Callable[[float], set[str]]]:
    """Read a stream of the feed; what is given waits for its end, and tells whose events came."""
    found: set[str] = set()
    opened = Event()

    def read() -> None:
        headers = {**guarded.shown(role), "Accept": "text/event-stream"}
        with guarded.http.stream(
            "GET", "/v1/events", params={"after": after}, headers=headers
        ) as stream:
            opened.set()
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    found.add(json.loads(line.removeprefix("data: "))["subject"])

    reading = Thread(target=read, daemon=True)
    reading.start()
    assert opened.wait(ROOM_SECONDS)

    def told(seconds: float) -> set[str]:
        reading.join(seconds)
        assert not reading.is_alive(), "the stream goes on"
        return found

    yield told
    reading.join(ROOM_SECONDS)


def test_a_stream_of_events_ends_with_its_key(guarded: Guarded, north: UUID) -> None:
    make_reader(guarded, "streaming")

    with streamed(guarded, "streaming", after=0) as told:
        revoke_key(guarded.system, ROOT, "key-streaming")
        assert str(north) in told(ROOM_SECONDS)

    assert guarded.get("/v1/events", "streaming").status_code == 401


def test_a_stream_of_events_ends_with_its_right_and_tells_nothing_beyond_its_reach(
    guarded: Guarded, north: UUID
) -> None:
    make_reader(guarded, "narrowed")

    def publish(**rights: Any) -> None:
        definition = role(role="narrowed", **rights)
        guarded.system.execute(PublishRole(**ROOT.envelope, definition=definition))

    with streamed(guarded, "narrowed", guarded.system.log.head().position) as told:
        publish(questions=["events.read", "order.show"], orders={"shops": ["south"]})
        wait_for(
            lambda: guarded.get(f"/v1/orders/{north}", "narrowed").status_code == 404,
            "the narrower role was never in force",
        )
        beyond, within = place(guarded.system, 20, "north"), place(guarded.system, 21, "south")
        wait_for(
            lambda: guarded.get(f"/v1/orders/{within}", "narrowed").status_code == 200,
            "the order was never there",
        )
        publish(questions=["order.show"])
        subjects = told(ROOM_SECONDS)

    assert str(beyond) not in subjects
    assert guarded.get("/v1/events", "narrowed").status_code == 403


def test_whoever_waits_for_a_page_of_events_hears_that_the_key_was_revoked(
    guarded: Guarded,
) -> None:
    make_reader(guarded, "waiting")
    head = guarded.system.log.head().position

    with ThreadPoolExecutor(1) as pool:
        said = {"after": head + 1_000, "wait": 30}
        page = pool.submit(guarded.get, "/v1/events", "waiting", params=said)
        revoke_key(guarded.system, ROOT, "key-waiting")

    assert page.result().status_code == 401


def test_personal_data_is_in_no_answer_for_whoever_may_not_read_it(
    guarded: Guarded, north: UUID
) -> None:
    catch_up(guarded.system)
    shown = "".join(answers(guarded, "north", north).values())
    sealed = "".join(answers(guarded, "north_sealed", north).values())

    assert PERSON in shown
    assert PHONE in shown
    assert PERSON not in sealed
    assert PHONE not in sealed
    assert "[sealed]" in sealed


def test_what_is_of_the_whole_log_is_for_whoever_sees_all_of_it(
    guarded: Guarded, north: UUID
) -> None:
    for where in ("audit/who?actor=root", "audit/day", "audit/accesses"):
        answer = guarded.get(f"/v1/{where}", "north")
        assert (answer.status_code, answer.json()["unmet"][0]["code"]) == (
            403,
            "all_orders_not_permitted",
        )
        assert guarded.get(f"/v1/{where}", "auditor").status_code == 200


def test_what_stands_against_a_path_is_counted_over_all_orders_or_not_at_all(
    guarded: Guarded, north: UUID
) -> None:
    said = {"definition": examples.PATH.model_dump(mode="json")}

    denied = guarded.ask("north", "POST", "/v1/path-obstacles", said)

    assert denied.json()["unmet"][0]["code"] == "all_orders_not_permitted"
    assert guarded.ask("auditor", "POST", "/v1/path-obstacles", said).status_code == 200


PRICE, TOTAL = 7_771_234, 15_542_468  # amounts that stand nowhere else
TRIED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("order.refund_payment", {"amount_minor": 99_999_999}),
    ("order.grant_refund", {"amount_minor": 99_999_999}),
    ("order.charge_payment", {"amount_minor": 99_999_999}),
    ("order.charge_payment", {}),
    ("order.charge_back_payment", {"amount_minor": 99_999_999}),
)


def refusals(guarded: Guarded, role: str, order_id: UUID) -> dict[str, str]:
    """Try what is refused because of amounts, alone and in a batch."""
    found: dict[str, str] = {}
    for number, (name, body) in enumerate(TRIED):
        said = {"command": name, "order_id": str(order_id), "currency": "EUR", **body}
        alone = guarded.send(role, {**said, "command_id": str(uuid4())})
        batch = {"commands": [{**said, "command_id": str(uuid4())}]}
        shown = guarded.shown(role)
        many = guarded.http.post("/v1/commands/batch", headers=shown, json=batch).json()
        assert alone.status_code == many["items"][0]["status"] == 409
        assert many["items"][0]["answer"]["unmet"] == alone.json()["unmet"]
        found |= {f"{name} {number}": alone.text, f"{name} {number} of many": str(many)}
    return found


def feed(guarded: Guarded, role: str, order_id: UUID) -> dict[str, str]:
    """Read the events of an order, by page and as a stream that ends behind the last of them."""
    asked = {"order": str(order_id)}
    found = {"feed": guarded.get("/v1/events", role, params=asked).text}
    found["feed of all"] = guarded.get("/v1/events", role, params={"limit": 1_000}).text
    headers, told = {**guarded.shown(role), "Accept": "text/event-stream"}, ""
    with guarded.http.stream("GET", "/v1/events", params=asked, headers=headers) as stream:
        for line in stream.iter_lines():
            told += line
            if "order.payment_refunded.v1" in line:
                break
    return {**found, "stream": told}


def test_hidden_fields_are_in_no_answer(guarded: Guarded, north: UUID) -> None:
    line = {"item_id": "1", "sku": "TEA-1", "title": "Tea", "quantity": 2}
    order_id = place(
        guarded.system,
        30,
        "north",
        lines=[{**line, "unit_price_minor": PRICE}],
        stated=None,
        delivery_minor=0,
        discount_minor=0,
    )
    paid = {"order_id": str(order_id), "currency": "EUR", "payment_id": "p-1"}
    for name, more in (
        ("submit", {"method": "card", "amount_minor": TOTAL}),
        ("charge", {}),
        ("refund", {"amount_minor": 41_893}),
    ):
        said = {"command": f"order.{name}_payment", "command_id": str(uuid4()), **paid, **more}
        assert guarded.send("admin", said).status_code == 200
    catch_up(guarded.system)

    told = {}
    for who in ("north_clerk", "north_masked"):
        tried = refusals(guarded, who, order_id)
        catch_up(guarded.system)
        told[who] = {**tried, **answers(guarded, who, order_id), **feed(guarded, who, order_id)}

    amounts = [str(one) for one in (PRICE, TOTAL, TOTAL - 41_893, 41_893)]
    shown, hidden = (
        {name for name, text in told[who].items() if any(one in text for one in amounts)}
        for who in ("north_clerk", "north_masked")
    )
    assert shown >= {"order.show", "order.history", "feed", "feed of all", "stream"}
    assert any(name.startswith("order.refund_payment") for name in shown)
    assert hidden == set()
    masked = guarded.get(f"/v1/orders/{order_id}", "north_masked").json()
    assert masked["totals"]["total_minor"] == "[hidden]"
    assert masked["status"] is not None


def test_who_read_personal_data_of_whom_is_kept_and_told(guarded: Guarded, north: UUID) -> None:
    guarded.get(f"/v1/orders/{north}", "north")
    guarded.get(f"/v1/orders/{north}", "north_sealed")
    guarded.system.access.write_notes()

    found = guarded.get("/v1/audit/accesses", "auditor", params={"subject": "c-1"}).json()["reads"]

    assert "key-north" in {row["actor_id"] for row in found}
    assert "key-north_sealed" not in {row["actor_id"] for row in found}
    assert {row["subject"] for row in found} == {"c-1"}
    assert "order.show" in {row["question"] for row in found}


def test_a27_why_tells_of_a_cause_out_of_reach_only_that_there_is_one(
    guarded: Guarded, north: UUID
) -> None:
    south = place(guarded.system, 41, "south")
    theirs = [uuid4(), uuid4(), uuid4()]
    task = {"task_id": str(uuid4()), "title": "Call", "user": "ann", "order_id": str(south)}
    commands: tuple[dict[str, Any], ...] = (
        {"command": "order.add_note", "order_id": str(south), "text": "x", "reason": "in secret"},
        {"command": "task.create", **task, "reason": "in secret"},
        {"command": "customer.note", "customer_id": "c-21", "text": "x", "reason": "in secret"},
    )
    for id_, said in zip(theirs, commands, strict=True):
        assert guarded.send("admin", {**said, "command_id": str(id_)}).status_code == 200
    for cause in theirs:
        note(guarded, north, cause)

    answer = guarded.get(f"/v1/orders/{north}/why", "north", params={"min_position": "head"})
    chains = {chain[-1]["command_id"]: chain for chain in answer.json()["chains"]}

    for id_ in theirs:
        of_mine, hidden = chains[str(id_)]
        assert of_mine["actor"]["id"] == "key-admin"
        assert {k for k, value in hidden.items() if value} == {"command_id"}
    assert "in secret" not in answer.text
    assert str(south) not in answer.text
    assert "c-21" not in answer.text
    whole = guarded.get(f"/v1/orders/{north}/why", "admin").text
    assert whole.count("in secret") == len(theirs)


def note(guarded: Guarded, order_id: UUID, cause: UUID) -> None:
    said = {"order_id": str(order_id), "text": "x", "causation_id": str(cause)}
    sent = {"command": "order.add_note", "command_id": str(uuid4()), **said}
    assert guarded.send("admin", sent).status_code == 200


def test_whoever_is_told_of_in_a_chain_of_causes_was_read_of_and_nobody_who_is_hidden(
    guarded: Guarded, north: UUID
) -> None:
    for number, shop in ((22, "north"), (23, "south")):
        other, cause = place(guarded.system, number, shop), uuid4()
        said = {"order_id": str(other), "text": "x", "reason": "She asked"}
        sent = {"command": "order.add_note", "command_id": str(cause), **said}
        assert guarded.send("admin", sent).status_code == 200
        note(guarded, north, cause)
    guarded.get(f"/v1/orders/{north}/why", "north", params={"min_position": "head"})
    guarded.system.access.write_notes()

    def read(subject: str) -> set[str]:
        query = {"subject": subject}
        rows = guarded.get("/v1/audit/accesses", "auditor", params=query).json()["reads"]
        return {row["question"] for row in rows if row["actor_id"] == "key-north"}

    assert "order.why" in read("c-22")
    assert read("c-23") == set()


def test_a27_a_batch_is_taken_in_its_order_also_where_persons_are_looked_up_for_it(
    guarded: Guarded, north: UUID
) -> None:
    place(guarded.system, 24, "south")
    commands: list[dict[str, Any]] = []
    for who in ("c-1", "c-24"):
        placed = examples.COMMANDS["order.place"].model_dump(mode="json", exclude_unset=True)
        order_id, customer = str(uuid4()), {"customer_id": who, "name": PERSON}
        told = {"order_id": order_id, "external_id": order_id, "shop": "north"}
        commands.append({**placed, **told, "path": "universal", "customer": customer})
        commands[-1] |= {"command": "order.place"}
        commands.append({"command": "order.add_note", "order_id": order_id, "text": "x"})
    for one in commands:
        one.pop("actor", None)
        one["command_id"] = str(uuid4())

    answer = guarded.http.post(
        "/v1/commands/batch", headers=guarded.shown("north_clerk"), json={"commands": commands}
    )

    codes = [
        [unmet["code"] for unmet in item["answer"]["unmet"]] for item in answer.json()["items"]
    ]
    assert codes == [[], [], ["customer_unknown"], ["order_unknown"]]


def test_what_was_noted_of_a_person_goes_with_the_person(guarded: Guarded, north: UUID) -> None:
    guarded.get(f"/v1/orders/{north}", "north")
    guarded.system.access.write_notes()

    assert guarded.system.read_store.forget(["c-1"]) > 0

    found = guarded.get("/v1/audit/accesses", "admin", params={"subject": "c-1"}).json()["reads"]
    assert found == []


def test_every_live_table_is_seen_by_a_decision(guarded: Guarded) -> None:
    guarded.system.prepare_projections()
    with guarded.system.lend("orderpath_projector") as session, session.cursor() as cursor:
        tables = tables_of(cursor)

    told = OF_ALL | OF_MANY | {"customers", "effect_attempts", "effects", "orders"}
    without = {name for name, columns in tables.items() if "order_id" not in columns}
    assert without - told == set(), "decide in projections/sighted.py who sees it"
    assert set(tables) >= (OF_ALL | OF_MANY | OF_SOME)


def test_what_may_be_of_no_order_is_what_the_tables_say(guarded: Guarded) -> None:
    with connect(guarded.system.url) as session:
        nullable = {
            row[0]
            for row in session.execute(
                "select c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid"
                " join pg_namespace n on n.oid = c.relnamespace where n.nspname like 'p\\_%'"
                " and c.relkind = 'r' and a.attname = 'order_id' and not a.attnotnull"
            ).fetchall()
        }

    assert nullable - {"effects", "enquiries"} == OF_SOME


def test_every_view_has_a_twin_that_shows_nothing_to_whoever_sees_no_order(
    guarded: Guarded, north: UUID
) -> None:
    catch_up(guarded.system)
    nothing = Sight((Region(shops=("nowhere",)),))
    with connect(guarded.system.url) as session:
        views, twins = (
            {
                row[0]
                for row in session.execute(
                    "select relname from pg_class where relkind = 'v'"
                    " and relnamespace = %s::regnamespace",
                    [schema],
                ).fetchall()
            }
            for schema in ("analytics", "seen")
        )
    shown = {"delivery_methods", "discounts", "freshness", "path_statuses", "path_transitions"}

    assert views == twins
    with seen_by(nothing), guarded.system.snapshot() as reader:
        for view in sorted(views - shown):
            found = reader.execute(f"select count(*) as n from {view}").fetchone()  # noqa: S608 - our own words
            assert found == {"n": 0}, view
