"""Orders of other systems come in over HTTP: put, handed in, recorded once, and told of."""

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Event
from time import monotonic, time
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4

import httpx
import pytest

from domain.orders.identity import id_of, order_id_of
from domain.paths.commands import PublishPath
from domain.refusals import InfraError
from services.api.limits import Limits
from services.bootstrap import SYSTEM, System, read_path
from services.imports.handed_in import KEPT_SECONDS, ImportWanted, LogMeant
from services.imports.jobs import FOLDER, ImportJobs, Job, state_of
from tests.integration.imports.sources import ITEM, ORDER, write_csv, write_olist
from tests.integration.imports.test_log_file import HEADER, MAPPING, PATH, ROWS
from tests.support.command_line import Here
from tests.support.postgres import let_connect
from tests.support.served import Served, served
from tests.support.waiting import ROOM_SECONDS, wait_for


@pytest.fixture
def depot(server: Served) -> Served:
    """A server that knows the depot's path."""
    definition = read_path(PATH, where="parcels.yaml")
    command_id = id_of(NAMESPACE_URL, "parcels")
    publish = PublishPath(command_id=command_id, actor=SYSTEM, definition=definition)
    server.system.execute(publish)
    return server


def put(http: httpx.Client, path: Path, name: str | None = None, part: int = 1 << 22) -> None:
    """Put a file, in parts of so many bytes."""
    told = path.read_bytes()
    for offset in range(0, len(told), part):
        answer = http.put(
            f"/v1/imports/files/{name or path.name}",
            params={"offset": offset},
            content=told[offset : offset + part],
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["bytes"] == min(offset + part, len(told))


def started(http: httpx.Client, wanted: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    """Hand an import in."""
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = http.post("/v1/imports", json=wanted, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ended(http: httpx.Client, import_id: str) -> dict[str, Any]:
    """Wait until an import has come to its end."""
    told: dict[str, Any] = {}

    def is_over() -> bool:
        told.update(http.get(f"/v1/imports/{import_id}").json())
        return told["state"] not in ("waiting", "running")

    wait_for(is_over, "the import never ended")
    return told


def imported(http: httpx.Client, wanted: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    return ended(http, started(http, wanted, key)["import_id"])


def log(
    http: httpx.Client, folder: Path, rows: Iterable[Sequence[str]] = ROWS, mapping: str = MAPPING
) -> dict[str, Any]:
    """Put a log, and give what is to be handed in."""
    put(http, write_csv(folder / "log.csv", HEADER, rows))
    return {"log": {"file": "log.csv", "mapping": mapping}}


def events_of(system: System, source: str, number: str) -> int:
    stream = f"order-{order_id_of(source, number)}"
    return len(system.log.load({stream: 0})[stream])


def test_a_log_that_is_put_and_handed_in_is_recorded(
    depot: Served, http: httpx.Client, tmp_path: Path
) -> None:
    told = imported(http, log(http, tmp_path))

    assert (told["state"], told["problem"], told["by"]) == ("done", None, "api_key:back-office")
    assert told["report"]["facts"] == {"new": 3, "known": 0}
    assert told["done"] == told["total"] > 0
    assert events_of(depot.system, "depot", "7") == 3
    order = http.get("/v1/orders/7", params={"min_position": "head"}).json()
    assert order["status"] == "sent"


def test_the_three_tables_of_olist_are_recorded_packed_or_not(
    server: Served, http: httpx.Client, tmp_path: Path
) -> None:
    folder = write_olist(tmp_path / "olist")
    packed = write_csv(tmp_path / "items.csv.gz", list(ITEM), [ITEM.values()])
    for name in ("orders.csv", "order_payments.csv"):
        put(http, folder / name)
    put(http, packed)
    tables = {
        "orders": "orders.csv",
        "order_items": "items.csv.gz",
        "order_payments": "order_payments.csv",
    }

    told = imported(http, {"olist": tables})

    assert (told["state"], told["report"]["orders"]) == ("done", 1)
    assert told["report"]["files"] == ["orders.csv", "order_items.csv.gz", "order_payments.csv"]
    assert events_of(server.system, "olist", ORDER["order_id"]) > 5


def test_a_dry_run_records_nothing_and_leaves_the_files_for_the_import(
    depot: Served, http: httpx.Client, tmp_path: Path
) -> None:
    wanted = log(http, tmp_path)
    dry = imported(http, wanted | {"dry_run": True})
    before = depot.system.log.head().position
    nothing = events_of(depot.system, "depot", "7")

    real = imported(http, wanted)

    assert (dry["report"]["facts"]["new"], dry["report"]["dry_run"], nothing) == (3, True, 0)
    assert real["report"]["facts"]["new"] == 3
    assert depot.system.log.head().position == before + 3


def test_the_same_handed_in_twice_is_one_import_and_a_new_key_finds_all_known(
    depot: Served, http: httpx.Client, tmp_path: Path
) -> None:
    wanted = log(http, tmp_path)
    first = imported(http, wanted)
    log(http, tmp_path)
    again = started(http, wanted)
    keyed = imported(http, wanted, "once-more")
    log(http, tmp_path)
    keyed_again = started(http, wanted, "once-more")

    assert again == first
    assert keyed["import_id"] != first["import_id"]
    assert keyed["report"]["facts"] == {"new": 0, "known": 3}
    assert keyed["report"]["run_id"] == first["report"]["run_id"]
    assert keyed_again == keyed


def test_a_key_that_comes_with_something_else_is_told(
    depot: Served, http: httpx.Client, tmp_path: Path
) -> None:
    wanted = log(http, tmp_path)
    imported(http, wanted, "mine")
    log(http, tmp_path, ROWS[:1])

    answer = http.post("/v1/imports", json=wanted, headers={"Idempotency-Key": "mine"})

    assert (answer.status_code, answer.json()["code"]) == (422, "command_id_reused")


def test_refused_rows_are_told_page_by_page_without_what_they_say(
    depot: Served, http: httpx.Client, tmp_path: Path
) -> None:
    bad = [("8", "Ann Smith's birthday", "Created"), ("9", "never", "Created"), ("10", "x", "Sent")]
    told = imported(http, log(http, tmp_path, [*ROWS, *bad]))
    pages = [http.get("/v1/import-rows", params={"limit": 2, "source": "depot"})]
    pages.append(http.get("/v1/import-rows", params={"limit": 2, "after": pages[0].json()["next"]}))
    rows = [row for page in pages for row in page.json()["rows"]]

    assert told["report"]["quarantined"] == {"time_unreadable": 3}
    assert [len(page.json()["rows"]) for page in pages] == [2, 1]
    assert pages[1].json()["next"] is None
    assert {(row["file"], row["line"], row["reason"]) for row in rows} == {
        ("log.csv", line, "time_unreadable") for line in (5, 6, 7)
    }
    assert not any("birthday" in page.text for page in pages)
    assert http.get("/v1/import-rows", params={"state": "resolved"}).json()["rows"] == []


def test_imports_are_listed_the_latest_first_whoever_did_them(
    depot: Served, http: httpx.Client, tmp_path: Path
) -> None:
    for rows in (ROWS[:1], ROWS[:2], ROWS):
        imported(http, log(http, tmp_path, rows))
    first = http.get("/v1/imports", params={"limit": 2}).json()
    second = http.get("/v1/imports", params={"limit": 2, "cursor": first["next"]}).json()
    runs = [*first["imports"], *second["imports"]]

    assert [one["report"]["facts"]["new"] for one in runs] == [1, 1, 1]
    assert [one["report"]["rows_read"] for one in runs] == [3, 2, 1]
    assert second["next"] is None
    assert http.get("/v1/imports", params={"source": "other"}).json()["imports"] == []


def test_a_file_comes_in_parts_each_of_which_may_come_twice(
    depot: Served, http: httpx.Client, tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "log.csv", HEADER, ROWS)
    put(http, path, part=16)
    told = path.read_bytes()
    place = "/v1/imports/files/log.csv"
    again = http.put(place, params={"offset": 16}, content=told[16:32])
    beyond = http.put(place, params={"offset": len(told) + 1}, content=b"x")
    other = http.put(place, params={"offset": 16}, content=b"something else")

    wanted = {"log": {"file": "log.csv", "mapping": MAPPING}}
    assert (again.status_code, again.json()["bytes"]) == (200, len(told))
    for answer in (beyond, other):
        assert answer.status_code == 409
        assert answer.json()["unmet"][0]["code"] == "file_elsewhere"
    assert imported(http, wanted)["report"]["facts"]["new"] == 3


@pytest.mark.parametrize("name", ["mapping.yaml", "state.json", "lock", "files"])
def test_a_file_may_be_named_as_what_we_keep_beside_it(
    depot: Served, http: httpx.Client, tmp_path: Path, name: str
) -> None:
    put(http, write_csv(tmp_path / "log.csv", HEADER, ROWS), name)

    told = imported(http, {"log": {"file": name, "mapping": MAPPING}})

    assert (told["state"], told["report"]["facts"]["new"]) == ("done", 3)


def test_a_part_that_was_written_to_half_is_put_once_more(
    server: Served, http: httpx.Client, tmp_path: Path
) -> None:
    put(http, write_csv(tmp_path / "log.csv", HEADER, ROWS))
    (half,) = (server.system.settings.data_dir / FOLDER / "files").glob("*/log.csv")
    whole = half.read_bytes()
    half.write_bytes(whole[:40])  # As a power cut leaves it.

    answer = http.put("/v1/imports/files/log.csv", params={"offset": 16}, content=whole[16:])

    assert answer.json()["bytes"] == len(whole)
    assert half.read_bytes() == whole


def test_files_are_gone_once_they_are_recorded_and_no_other_caller_sees_them(
    depot: Served, http: httpx.Client, tmp_path: Path
) -> None:
    folder = depot.system.settings.data_dir / FOLDER
    wanted = log(http, tmp_path)
    with depot.http("bob") as bob:
        foreign = bob.post("/v1/imports", json=wanted)
    there = [*folder.rglob("log.csv")]
    modes = {one.stat().st_mode & 0o77 for one in there} | {folder.stat().st_mode & 0o77}
    imported(http, wanted)

    assert (foreign.status_code, foreign.json()["code"]) == (404, "absent")
    assert (len(there), modes) == (1, {0})
    assert [*folder.rglob("log.csv")] == []


def test_a_file_that_nobody_imports_goes_after_a_day_though_nobody_comes(
    database_url: str, tmp_path: Path
) -> None:
    limits = Limits(tidy_seconds=0.1)
    with served(database_url, tmp_path / "data", limits) as server, server.http() as http:
        for name in ("old.csv", "late.csv"):
            http.put(f"/v1/imports/files/{name}", params={"offset": 0}, content=b"order\n")
        (old,), (late,) = (list(tmp_path.rglob(name)) for name in ("old.csv", "late.csv"))
        os.utime(old, (0, time() - KEPT_SECONDS - 1))

        wait_for(lambda: not old.exists())

    assert late.exists()


def test_a_mistake_in_the_mapping_is_told_and_the_right_one_is_taken(
    depot: Served, http: httpx.Client, tmp_path: Path
) -> None:
    wrong = imported(
        http, log(http, tmp_path, mapping=MAPPING.replace("column: at", "column: when"))
    )
    right = imported(http, {"log": {"file": "log.csv", "mapping": MAPPING}})

    assert (wrong["state"], wrong["report"]) == ("failed", None)
    assert wrong["problem"].startswith("mapping.yaml:5:")
    assert str(depot.system.settings.data_dir) not in wrong["problem"]
    assert (right["state"], right["report"]["facts"]["new"]) == ("done", 3)


def test_what_cannot_be_put_or_handed_in_is_a_problem(server: Served, http: httpx.Client) -> None:
    at = "/v1/imports/files/"
    for name in ("..", "%2e%2e%2fx", ".hidden", "a b", "x" * 101, "é", "a%00b", "..%5c..%5cx"):
        answer = http.put(at + name, content=b"x")
        assert answer.status_code in (404, 405, 422), (name, answer.text)
    for wanted in ({}, {"log": {"file": "../x", "mapping": ""}}, {"log": None, "olist": None}):
        assert http.post("/v1/imports", json=wanted).status_code == 422
    missing = http.post("/v1/imports", json={"log": {"file": "x.csv", "mapping": ""}})
    large = http.put(f"{at}x.csv", params={"offset": server.desk.limits.import_bytes}, content=b"x")
    many = [http.put(f"{at}{number}.csv", content=b"x").status_code for number in range(21)]

    assert (missing.status_code, large.status_code) == (404, 413)
    assert (many[:20], many[20]) == ([200] * 20, 422)
    assert http.get(f"/v1/imports/{uuid4()}").status_code == 404


def test_an_import_needs_its_right(server: Served, http: httpx.Client) -> None:
    server.door.taken.add("import.start")

    assert http.put("/v1/imports/files/log.csv", content=b"x").status_code == 403
    assert http.post("/v1/imports", json={}).status_code == 403
    assert not (server.system.settings.data_dir / FOLDER / "files").exists()


DISCOVERS = MAPPING.replace(
    "map: {Created: new, Packed: packed, Sent: sent}", "discover: true"
).replace("path: parcels", "path: sneaked")


@pytest.mark.parametrize(
    "mapping",
    [
        DISCOVERS,
        "\ufeff" + DISCOVERS,
        DISCOVERS.replace("\n", "\r"),
        DISCOVERS.replace("discover: true", "discover: 'yes'"),
        DISCOVERS.replace("discover: true", '"\\u0064iscover": 1'),
    ],
    ids=["plain", "marked", "returns", "word", "escaped"],
)
def test_an_import_that_drafts_a_path_needs_the_right_to_publish_it(
    server: Served, http: httpx.Client, tmp_path: Path, mapping: str
) -> None:
    wanted = log(http, tmp_path, mapping=mapping)
    server.door.taken.add("path.publish")

    refused = http.post("/v1/imports", json=wanted)
    dry = imported(http, wanted | {"dry_run": True})

    assert refused.status_code == 403
    assert "path.publish" in refused.text
    assert dry["state"] == "done"
    assert "sneaked" not in server.system.log.names("path")

    server.door.taken.remove("path.publish")
    assert imported(http, wanted)["state"] == "done"
    assert "sneaked" in server.system.log.names("path")


def test_the_command_line_imports_on_a_server_as_beside_the_database(
    depot: Served, environment: dict[str, str], tmp_path: Path
) -> None:
    away = {"ORDERPATH_DATA_DIR": environment["ORDERPATH_DATA_DIR"] + "-away"}
    near = Here(environment)
    far = Here({**away, "ORDERPATH_URL": depot.url, "ORDERPATH_API_KEY": "ann"})
    mapping = tmp_path / "map.yaml"
    mapping.write_text(MAPPING)
    file = write_csv(tmp_path / "my log.csv", HEADER, [*ROWS, ("8", "never", "Created")])
    words = ("import", "log", file, "--mapping", mapping, "--json")
    olist = ("import", "olist", write_olist(tmp_path / "olist"), "--json")

    dry = far.run(*words, "--dry-run")
    first, again = far.run(*words), near.run(*words)
    tables = far.run(*olist)
    wrong = far.run("import", "log", file, "--mapping", mapping, "--as", "x")
    mapping.write_text(MAPPING.replace("column: at", "column: when"))
    mistaken = far.run(*words)

    assert (dry.code, first.code, again.code, tables.code) == (1, 1, 1, 0)
    assert [one.json["facts"] for one in (dry, first, again)] == [
        {"new": 3, "known": 0}, {"new": 3, "known": 0}, {"new": 0, "known": 3},
    ]  # fmt: skip
    assert first.json["quarantined"] == again.json["quarantined"] == {"time_unreadable": 1}
    assert (first.json["files"], again.json["files"]) == (["my_log.csv"], ["my log.csv"])
    assert set(first.json) == set(again.json)
    assert tables.json["orders"] == 1
    assert (wrong.code, mistaken.code) == (2, 2)
    assert "mapping.yaml:5:" in mistaken.err


@pytest.fixture
def job(depot: Served, tmp_path: Path) -> Job:
    """A log that was put, and is to be imported."""
    file = write_csv(tmp_path / "log.csv", HEADER, ROWS)
    wanted = ImportWanted(log=LogMeant(file="log.csv", mapping=MAPPING))
    return Job(UUID(int=7), wanted, "digest", "api_key:erp", {"log.csv": file})


def test_an_import_whose_server_was_killed_broke_off_and_is_done_when_handed_in_again(
    depot: Served, job: Job, tmp_path: Path
) -> None:
    system, is_at_it, goes_on = depot.system, Event(), Event()

    def slow() -> System:
        is_at_it.set()
        assert goes_on.wait(90)
        return system.another()

    dying = ImportJobs(tmp_path / "one", slow, system.clock)
    begun = dying.hand_in(job)
    assert is_at_it.wait(90)
    shutil.copytree(tmp_path / "one", tmp_path / "two")  # As it lies there after a power cut.
    broken = state_of(tmp_path / "two", job.import_id)
    goes_on.set()
    dying.close()

    living = ImportJobs(tmp_path / "two", system.another, system.clock)
    living.hand_in(job)
    wait_for(lambda: state_of(tmp_path / "two", job.import_id)["state"] == "done")
    living.close()

    assert begun["state"] in ("waiting", "running")
    assert broken["state"] == "broken_off"
    assert events_of(system, "depot", "7") == 3


def test_an_import_whose_database_went_away_broke_off_and_goes_on(
    depot: Served, job: Job, tmp_path: Path
) -> None:
    def away() -> System:
        raise InfraError("database_unavailable", "it does not answer")

    ways = iter([away, depot.system.another])

    def another() -> System:
        return next(ways)()

    jobs = ImportJobs(tmp_path / "jobs", another, depot.system.clock)
    states = []
    for _ in range(2):
        jobs.hand_in(job)
        wait_for(lambda: state_of(tmp_path / "jobs", job.import_id)["ended_at"] is not None)
        states.append(state_of(tmp_path / "jobs", job.import_id)["state"])
    jobs.close()

    assert states == ["broken_off", "done"]
    assert events_of(depot.system, "depot", "7") == 3


def test_a_server_that_ends_waits_for_no_database_of_an_import(
    depot: Served, job: Job, tmp_path: Path, database_url: str, migrated_server: str
) -> None:
    patient = depot.system.settings.model_copy(update={"patience_seconds": 600})

    def another() -> System:
        return System(patient, database_url, depot.system.clock)

    jobs = ImportJobs(tmp_path / "jobs", another, depot.system.clock)
    let_connect(migrated_server, database_url, allowed=False)
    jobs.hand_in(job)
    wait_for(lambda: state_of(tmp_path / "jobs", job.import_id)["state"] == "running")
    began = monotonic()
    jobs.close()
    seconds = monotonic() - began
    let_connect(migrated_server, database_url, allowed=True)

    assert state_of(tmp_path / "jobs", job.import_id)["state"] == "broken_off"
    assert seconds < ROOM_SECONDS


def test_a_server_that_ends_waits_for_no_import(depot: Served, job: Job, tmp_path: Path) -> None:
    system, goes_on = depot.system, Event()

    def slow() -> System:
        assert goes_on.wait(90)
        return system.another()

    jobs = ImportJobs(tmp_path / "jobs", slow, system.clock)
    second = Job(UUID(int=8), job.wanted, "digest", "api_key:erp", job.files)
    jobs.hand_in(job)
    jobs.hand_in(second)
    jobs.end()
    goes_on.set()
    jobs.close()

    states = {state_of(tmp_path / "jobs", one.import_id)["state"] for one in (job, second)}
    assert states == {"broken_off"}
    assert events_of(system, "depot", "7") == 0
