"""`orderpath report …`, `projection …`, `import …`, `status`: keys, forms and exit codes."""

import csv
import io
import os
from pathlib import Path
from uuid import UUID

import pytest

from infra.postgres import connect
from projections.catalog import BY_NAME
from tests.support.command_line import CommandLine, Here

SECONDS = {"mean", "median", "p90", "min", "max"}
PERCENTILES = {"mean", "p50", "p90", "p99", "min", "max"}


@pytest.fixture
def shop(line: CommandLine) -> CommandLine:
    """A shop with one confirmed order and one new one."""
    for number in ("A-1", "A-2"):
        words = ("--currency", "EUR", "--item", "MUG:1:5", "--external-id", number)
        assert line.run("order", "place", *words).code == 0
    assert line.run("order", "note", "A-1", "Called", "--actor", "ann").code == 0
    assert line.run("order", "move", "A-1", "confirmed", "--role", "manager").code == 0
    return line


def test_reports_have_the_keys_that_are_promised(shop: CommandLine) -> None:
    funnel = shop.run("report", "funnel", "--json").json
    assert set(funnel) == {"as_of", "stages", "open", "reached"}
    assert funnel["stages"][0] == {
        "path": "universal", "stage": "new", "status": "new", "final": None, "orders": 1,
        "total_minor": 500, "currency": "EUR", "reached": 2,
    }  # fmt: skip
    assert (funnel["open"], funnel["reached"]) == (2, {"new": 2, "confirmed": 1})
    stale = shop.run("report", "stale", "--silent-for", "3d", "--json").json
    assert set(stale) == {"as_of", "open", "silent", "overdue", "orders"}
    assert stale["silent"] == {"3d": 0, "7d": 0, "30d": 0, "60d": 0, "90d": 0}
    conversion = shop.run("report", "conversion", "--from", "new", "--to", "confirmed", "--json")
    assert set(conversion.json) == {"from", "to", "orders", "seconds"}
    assert set(conversion.json["seconds"]) == SECONDS
    (move,) = shop.run("report", "transitions", "--json").json
    assert set(move) == {"from", "to", "count", "nonconforming", "seconds"}
    assert set(move["seconds"]) == SECONDS
    times = shop.run("report", "times", "--json").json
    assert [row["status"] for row in times] == ["new", "confirmed"]
    assert set(times[0]["seconds"]) == PERCENTILES
    (handled,) = shop.run("report", "handling", "--json").json
    assert set(handled) == {
        "path", "stage", "status", "holder_user", "holder_group", "visits", "seconds",
    }  # fmt: skip


def test_a_report_is_a_table_json_or_csv(shop: CommandLine) -> None:
    people = shop.run("report", "transitions").out
    rows = list(csv.DictReader(io.StringIO(shop.run("report", "transitions", "--csv").out)))

    assert "confirmed" in people
    assert (rows[0]["from"], rows[0]["to"], rows[0]["count"]) == ("new", "confirmed", "1")
    assert {"seconds_median", "seconds_p90"} < set(rows[0])


@pytest.mark.parametrize(
    "words",
    [
        ("funnel",),
        ("funnel", "--view", "flow"),
        ("funnel", "--view", "cohort"),
        ("stale", "--silent-for", "1s"),
        ("conversion", "--from", "new", "--to", "confirmed"),
        ("transitions",),
        ("times",),
        ("handling",),
        ("routes",),
    ],
    ids=" ".join,
)
def test_an_empty_report_as_csv_has_the_header_of_a_full_one(
    shop: CommandLine, words: tuple[str, ...]
) -> None:
    empty = shop.run("report", *words, "--as-of", "2001-01-01", "--csv").out
    full = shop.run("report", *words, "--as-of", "2101-01-01", "--csv").out
    rows = [] if words[0] != "conversion" else empty.splitlines()[1:]  # It always has its one row.

    assert empty.splitlines() == [full.splitlines()[0], *rows]
    assert len(full.splitlines()) > 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("stale", "--silent-for", "a while"), "is not a duration: write 10m, 2d or 1h30m"),
        (("funnel", "--as-of", "soon"), "is no time: write 2018-06-30T23:59:59Z"),
        (("funnel", "--path", "unversal"), "no path is named 'unversal'"),
        (("funnel", "--view", "sideways"), "write one of now, flow, cohort"),
        (("funnel", "--json", "--csv"), "choose one of --json and --csv"),
        (("conversion", "--from", "new", "--to", "finished"), "no status 'finished'"),
        (("conversion", "--from", "new", "--to", "new"), "name two"),
        (("conversion", "--from", "new"), "--to"),
        (("nonsense",), "nonsense"),
    ],
)
def test_wrong_words_are_a_matter_of_usage(
    line: CommandLine, words: tuple[str, ...], says: str
) -> None:
    said = line.run("report", *words)

    assert (said.code, says in " ".join(said.err.split())) == (2, True), said.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("path", "show", "nowhere"), "no path is named 'nowhere': choose one of olist"),
        (("projection", "rebuild", "orders", "nothing"), "no projection is named 'nothing'"),
        (("projection", "verify", "nothing"), "choose one of orders"),
        (("projection", "parked", "nothing"), "choose one of orders"),
        (("projection", "retry", "nothing"), "choose one of orders"),
        (("import", "quarantine", "fix", UUID(int=1), "--set", "a=b"), "is in quarantine: list"),
        (("import", "olist", "nowhere"), "nowhere is no folder"),
    ],
)
def test_a_name_of_nothing_is_a_matter_of_usage(
    line: CommandLine, words: tuple[str, ...], says: str
) -> None:
    said = line.run(*words)

    assert (said.code, said.out, says in said.err) == (2, "", True), said.err


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("ORDERPATH_BATCH_EVENTS", "many", "ORDERPATH_BATCH_EVENTS"),
        ("ORDERPATH_DATABASE_URL", "mysql://x", "ORDERPATH_DATABASE_URL"),
        ("ORDERPATH_DATA_DIRR", "x", "did you mean ORDERPATH_DATA_DIR?"),
    ],
)
def test_a_wrong_setting_is_named_and_ends_with_2(setting: str, value: str, says: str) -> None:
    said = Here({setting: value}).run("status")

    assert (said.code, says in said.err) == (2, True), said.err


@pytest.mark.parametrize("words", [("status",), ("up",), ("demo",), ("report", "funnel")])
@pytest.mark.parametrize("place", ["file", "file/below", "x" * 300, "/proc/nobody/makes/this"])
def test_an_unusable_data_folder_is_named_and_ends_with_2(
    tmp_path: Path, place: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("")

    said = Here({"ORDERPATH_DATA_DIR": str(tmp_path / place)}).run(*words)

    assert said.code == 2, said.err
    assert f"The data folder {tmp_path / place}" in said.err
    assert "Set ORDERPATH_DATA_DIR to a folder that you may write" in said.err


def test_a_data_folder_without_the_right_to_write_is_named_and_ends_with_2(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o500)
    if os.geteuid() == 0:
        folder = Path("/sys")  # Anywhere else root may write.

    said = Here({"ORDERPATH_DATA_DIR": str(folder)}).run("status")

    assert (said.code, f"{folder}, chosen by ORDERPATH_DATA_DIR" in said.err) == (2, True), said.err


def test_a_database_that_is_away_is_a_matter_of_infrastructure() -> None:
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    said = Here({"ORDERPATH_DATABASE_URL": url}).run("report", "funnel")

    assert (said.code, "database_unavailable" in said.err) == (3, True), said.err


def test_status_is_well_while_old_tables_are_still_seen(
    shop: CommandLine, database_url: str
) -> None:
    assert shop.run("report", "funnel").code == 0
    with connect(database_url, role="orderpath_analyst", autocommit=False) as analyst:
        analyst.execute("set transaction isolation level repeatable read")
        analyst.execute("select 1")
        assert shop.run("projection", "rebuild", "orders").code == 0
        with connect(database_url) as owner:
            owner.execute("update projection.builds set version = 0 where state = 'retired'")
        status = shop.run("status", "--json").json

    assert {one["state"] for one in status["projections"]} == {"live", "retired"}
    assert status["healthy"] is True


def test_status_tells_versions_and_how_far_everything_is(shop: CommandLine) -> None:
    before = shop.run("status", "--json").json
    shop.run("report", "funnel", "--json")
    after = shop.run("status", "--json").json

    assert before["log"]["position"] == 9
    assert after["oldest_unprocessed"] is None
    found = {p["name"]: (p["position"], p["lag"], p["parked"]) for p in after["projections"]}
    assert found == dict.fromkeys(BY_NAME, (9, 0, 0))
    assert after["paths"] == {"olist": 1, "universal": 1}
    assert (after["up"], after["healthy"]) == ({"running": False, "pid": None}, True)


def test_status_says_of_projections_that_were_never_made_what_makes_them(
    environment: dict[str, str],
) -> None:
    line = Here(environment)
    fresh = line.run("status", "--json").json
    people = [line.run("status").out, line.run("projection", "list").out]
    line.run("report", "funnel")
    made = line.run("status", "--json").json

    assert (fresh["projections"], fresh["not_made"]) == ([], list(BY_NAME))
    assert (fresh["log"]["position"], fresh["oldest_unprocessed"]["position"]) == (5, 1)
    for said in people:
        assert "have not been made yet: orders, " in said
        assert "`orderpath up` makes them" in said
    assert (made["not_made"], made["oldest_unprocessed"]) == ([], None)
    assert "have not been made" not in line.run("status").out


def test_projections_are_listed_rebuilt_and_proven(shop: CommandLine) -> None:
    shop.run("report", "funnel", "--json")

    rebuilt = shop.run("projection", "rebuild", "status_visits", "--json")
    verified = shop.run("projection", "verify", "--json")

    assert (rebuilt.code, rebuilt.json[0]["name"]) == (0, "status_visits")
    assert verified.code == 0
    assert all(row["equal"] for row in verified.json)
    assert shop.run("projection", "parked", "--json").json == []
    assert shop.run("projection", "retry", "--json").json == {"through": 0, "still_parked": 0}
    assert {row["state"] for row in shop.run("projection", "list", "--json").json} == {"live"}


def test_tables_that_are_not_what_the_log_says_are_found(
    shop: CommandLine, database_url: str
) -> None:
    import psycopg

    shop.run("report", "funnel", "--json")
    with psycopg.connect(database_url) as connection:
        connection.execute("update live.orders set shop = 'another' where external_id = 'A-1'")

    found = shop.run("projection", "verify", "orders", "--json")

    assert (found.code, found.json[0]["differing"]) == (1, ["orders"])
    assert "orderpath projection rebuild orders" in found.err
    assert shop.run("projection", "rebuild", "orders").code == 0
    assert shop.run("projection", "verify", "orders").code == 0


def test_after_a_restore_the_owner_says_so_and_rebuilds(shop: CommandLine) -> None:
    shop.run("report", "funnel", "--json")

    said = shop.run("log", "restored", "--json")
    status = shop.run("status", "--json")
    listed = shop.run("projection", "list")
    stopped = shop.run("report", "funnel")
    rebuilt = shop.run("projection", "rebuild")

    assert said.json == {"epoch": 2, "signed": False}  # Nothing was sealed yet.
    assert (status.code, status.json["healthy"], status.json["log"]["epoch"]) == (1, False, 2)
    assert {row["log_replaced"] for row in status.json["projections"]} == {True}
    assert "live, of another log" in listed.out
    assert (stopped.code, "orderpath projection rebuild" in stopped.err) == (3, True)
    assert (rebuilt.code, shop.run("report", "funnel").code) == (0, 0)
