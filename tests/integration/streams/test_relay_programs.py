"""`orderpath relay`, its replay, and what `orderpath status` says of it, as processes."""

import signal
from pathlib import Path
from subprocess import TimeoutExpired
from time import time
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient

from domain.streaming import LOG, ORDER_EVENTS, RESULTS, TOPICS, named
from infra.postgres import connect
from tests.e2e.test_cli_programs import ended, state_lines
from tests.support.command_line import Here, Processes
from tests.support.postgres import hanging_log
from tests.support.programs import programs
from tests.support.relays import (
    log_parts,
    open_shop_of_its_own,
    records_of,
    state_of,
    wait_until_published,
    without_repeats,
)
from tests.support.waiting import wait_for


@pytest.fixture
def environment(environment: dict[str, str], database_url: str, broker: str) -> dict[str, str]:
    """The same, for a shop that has a broker and orders to publish."""
    open_shop_of_its_own(database_url, orders=20)
    return environment | {"ORDERPATH_KAFKA": broker}


def test_the_relay_says_what_it_does_and_ends_at_a_signal(
    environment: dict[str, str], database_url: str, broker: str
) -> None:
    line, here = Processes(environment), Here(environment)
    program = line.start("relay")
    state_lines(program, "leading")
    other = line.start("relay")
    state_lines(other, "standing by")
    order_id = here.run("order", "place", "--currency", "EUR", "--item", "A:1:5", "--json")
    assert order_id.code == 0
    end = here.run("status", "--json").json["log"]["position"]
    wait_until_published(database_url, "log", "public")

    status = here.run("status", "--json").json["relay"]
    sheet = here.run("status").out
    program.send_signal(signal.SIGTERM)

    assert status["leads"] is True
    assert [(one["lane"], one["position"], one["lag"]) for one in status["lanes"]] == [
        ("audit", 0, end),  # Nobody seals here.
        ("log", end, 0),
        ("public", end, 0),
    ]
    assert "Relay: one leads" in sheet
    code, out = ended(program)
    assert (code, out.splitlines()[-1]) == (0, "orderpath: ended")
    state_lines(other, "leading")
    other.send_signal(signal.SIGINT)
    assert ended(other)[0] == 0
    assert not state_of(database_url).leads
    assert {row.position for _, rows in log_parts(database_url, broker) for row in rows} == set(
        range(1, end + 1)
    )


def test_a_leader_that_is_frozen_is_replaced_and_the_health_check_tells_so(
    environment: dict[str, str], database_url: str
) -> None:
    here = Here(environment)
    health = ("alive", "relay", "--within", "3")
    with programs(environment) as start:
        leader, other = start("relay"), start("relay")
        wait_for(lambda: leader.count_lines("leading") + other.count_lines("leading") == 1)
        if other.count_lines("leading"):
            leader, other = other, leader
        other.await_line("standing by")
        wait_for(lambda: here.run(*health).code == 0)

        leader.freeze()
        wait_for(lambda: here.run(*health).code == 1, seconds=10)  # Though the other one lives.
        other.await_line("leading")
        wait_for(lambda: here.run(*health).code == 0)
        assert here.run("status", "--json").json["relay"]["leads"] is True
        order = here.run("order", "place", "--currency", "EUR", "--item", "A:1:5")
        assert order.code == 0
        wait_until_published(database_url, "log", "public")
        leader.wake()
        leader.await_line("standing by")

        assert leader.end() < 10
        assert other.end() < 10


def test_the_sign_of_a_killed_leader_says_nothing_of_the_relay_that_stands_by_after_it(
    environment: dict[str, str], tmp_path: Path
) -> None:
    here, sign = Here(environment), tmp_path / "data" / "alive" / "relay"
    with (
        programs(environment) as start,
        programs(
            environment | {"ORDERPATH_DATA_DIR": str(tmp_path / "elsewhere")}
        ) as start_elsewhere,
    ):
        leader = start("relay")
        leader.await_line("leading")
        beside, elsewhere = start("relay"), start_elsewhere("relay")
        for one in (beside, elsewhere):
            one.await_line("standing by")
        wait_for(sign.exists)

        beside.freeze()
        leader.kill()
        elsewhere.await_line("leading")
        beside.wake()
        wait_for(lambda: time() - sign.stat().st_mtime > 4)

        wait_for(lambda: here.run("alive", "relay", "--within", "3").code == 0, seconds=10)


def test_relays_end_within_10_s_while_the_database_hangs(
    environment: dict[str, str], database_url: str
) -> None:
    with programs(environment) as start:
        leader = start("relay")
        leader.await_line("leading")
        other = start("relay")
        other.await_line("standing by")
        with hanging_log(database_url) as is_waited_for:
            wait_for(is_waited_for)

            assert leader.end() < 10
            assert other.end() < 10


def test_a_relay_whose_state_lines_nobody_reads_any_more_goes_on(
    environment: dict[str, str], database_url: str
) -> None:
    # A prefix of its own: under a common one, relays of other tests fence it, and it tells so.
    own = environment | {"ORDERPATH_KAFKA_PREFIX": f"unread-{uuid4().hex}"}
    program = Processes(own).start("relay")
    state_lines(program, "leading")
    wait_until_published(database_url, "log", "public")
    assert program.stdout
    program.stdout.close()

    for _ in range(3):  # Each is told of in a line.
        order = Here(own).run("order", "place", "--currency", "EUR", "--item", "A:1:5")
        assert order.code == 0
        wait_until_published(database_url, "log", "public")
        with pytest.raises(TimeoutExpired):
            program.wait(1.5)

    program.send_signal(signal.SIGTERM)
    assert program.wait(10) == 0
    assert "Error" not in program.log.read_text()
    program.log.unlink()


def test_a_shop_with_a_prefix_publishes_to_topics_of_its_own_and_replays_from_these(
    environment: dict[str, str], database_url: str, broker: str
) -> None:
    prefix = f"tea-{uuid4().hex}"
    own = environment | {"ORDERPATH_KAFKA_PREFIX": prefix}
    log, results, again = named(LOG.name, prefix), named(RESULTS.name, prefix), f"again-{prefix}"
    program = Processes(own).start("relay")
    state_lines(program, "leading")
    wait_until_published(database_url, "log", "public")
    program.send_signal(signal.SIGTERM)
    assert ended(program)[0] == 0

    with KafkaAdminClient(bootstrap_servers=[broker]) as admin:
        made = {name for name in admin.list_topics() if name.startswith(prefix)}
    assert made == {named(topic.name, prefix) for topic in TOPICS}
    published = without_repeats(log_parts(database_url, broker, log))
    assert published
    assert records_of(broker, named(ORDER_EVENTS.name, prefix))

    words = ("relay", "replay", "--from", "1", "--topic")
    assert Here(own).run(*words, log, "--to-topic", again).code == 0
    assert without_repeats(log_parts(database_url, broker, again)) == published
    assert "has readers already" in Here(own).run(*words, log, "--to-topic", results).err
    assert f"those are {log}, " in Here(own).run(*words, LOG.name, "--to-topic", again).err


def test_replay_says_what_it_sent_from_a_position_or_from_a_time(
    environment: dict[str, str], database_url: str, broker: str
) -> None:
    here = Here(environment)
    with connect(database_url) as session:
        row = session.execute(
            "select min(position), min(recorded_at), (select max(position) from log.events)"
            " from log.events where recorded_at = (select max(recorded_at) from log.events)"
        ).fetchone()
    assert row
    for begin, first, last in (("4", 4, 9), (row[1].isoformat(), row[0], row[2])):
        topic = f"again-{uuid4().hex}"
        words = ("--topic", LOG.name, "--from", begin, "--to", last, "--to-topic", topic, "--json")
        said = here.run("relay", "replay", *words).json
        rows = [row for _, rows in log_parts(database_url, broker, topic) for row in rows]
        assert (said["from"], said["to"], said["to_topic"]) == (first, last, topic)
        assert sorted(row.position for row in rows) == list(range(first, last + 1))
    assert here.run("status", "--json").json["relay"] == {"leads": False, "lanes": []}


def test_replay_of_one_order_has_that_order_only(environment: dict[str, str], broker: str) -> None:
    here, topic = Here(environment), f"again-{uuid4().hex}"
    place = ("order", "place", "--currency", "EUR", "--item", "A:1:5", "--json")
    order_id = here.run(*place).json["order_id"]
    words = ("--topic", ORDER_EVENTS.name, "--from", "1", "--order", order_id, "--to-topic", topic)

    said = here.run("relay", "replay", *words, "--json").json

    assert [record.key.decode() for record in records_of(broker, topic)] == [order_id]
    assert said["records"] == 1
    assert here.run("status", "--json").json["relay"]["lanes"] == []


def test_replay_refuses_a_topic_of_others_and_what_is_no_place_in_the_log(
    environment: dict[str, str],
) -> None:
    here = Here(environment)
    words = ("relay", "replay", "--topic", LOG.name, "--to-topic")

    taken = here.run(*words, LOG.name, "--from", "1")
    nowhere = here.run(*words, "again", "--from", "soon")
    nameless = here.run(*words, "bad name!", "--from", "1")
    beyond = here.run(*words, "again", "--from", "9" * 24)
    backwards = here.run(*words, "again", "--from", "5", "--to", "2")

    assert (nameless.code, "is no name of a topic" in nameless.err) == (2, True)
    assert (beyond.code, "The log ends at position" in beyond.err) == (2, True)
    assert (backwards.code, "there is nothing" in backwards.err) == (2, True)
    assert (taken.code, "has readers already" in taken.err) == (2, True)
    assert (nowhere.code, "is no time" in nowhere.err) == (2, True)


def test_without_kafka_the_relay_says_how_to_get_one(database_url: str, tmp_path: Path) -> None:
    here = Here({"ORDERPATH_DATABASE_URL": database_url, "ORDERPATH_DATA_DIR": str(tmp_path)})

    said = here.run("relay")

    assert (said.code, "orderpath kafka up" in said.err) == (3, True)
    assert list(tmp_path.iterdir()) == []


def test_after_a_restore_the_relay_ends_until_the_log_is_accepted(
    environment: dict[str, str], database_url: str
) -> None:
    line, here = Processes(environment), Here(environment)
    program = line.start("relay")
    wait_until_published(database_url, "log", "public")
    assert here.run("log", "restored").code == 0
    _, errors = program.communicate(timeout=60)
    again = line.run("relay")

    assert (program.returncode, again.code) == (3, 3)
    assert "log_replaced" in errors
    assert "orderpath relay accept-log" in again.err
    accepted = here.run("relay", "accept-log", "--json").json["lanes"]
    anew = here.run("relay", "begin-anew", "public", "--json").json["lanes"]
    assert [one["lag"] for one in accepted if one["lane"] != "audit"] == [0, 0]
    assert [one["position"] for one in anew] == [0, accepted[1]["position"], 0]
    program = line.start("relay")
    state_lines(program, "leading")
    wait_until_published(database_url, "log", "public")
    refused = here.run("relay", "begin-anew", "public")
    program.terminate()
    assert ended(program)[0] == 0
    assert (refused.code, "relay_leads" in refused.err) == (3, True)
    assert here.run("relay", "begin-anew", "nobody").code == 2
