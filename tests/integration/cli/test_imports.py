"""`orderpath import …`: keys, exit codes, and what people are told."""

import json
from pathlib import Path

from tests.support.command_line import CommandLine

MAPPING = """
source: test
path: olist
order_id: order
time: {column: when, zone: UTC}
activity: {column: what, map: {placed: placed, approved: approved}}
"""


def write_log(folder: Path, *rows: str) -> tuple[Path, Path]:
    """Write a log and its mapping."""
    log, mapping = folder / "log.csv", folder / "map.yaml"
    log.write_text("\n".join(["order,what,when", *rows, ""]))
    mapping.write_text(MAPPING)
    return log, mapping


def test_an_import_is_reported_and_twice_is_once(line: CommandLine, tmp_path: Path) -> None:
    log, mapping = write_log(tmp_path, "1,placed,2026-01-01 00:00", "1,approved,2026-01-01 01:00")

    first = line.run("import", "log", log, "--mapping", mapping, "--json")
    assert first.code == 0, first.err
    again = line.run("import", "log", log, "--mapping", mapping, "--json").json
    missing = line.run("import", "olist", tmp_path / "nowhere")

    assert first.json["facts"]["known"] == 0
    assert again["facts"] == {"new": 0, "known": first.json["facts"]["new"]}
    assert missing.code == 2
    assert line.run("import", "quarantine", "list", "--json").json == []
    assert json.dumps(again)


def test_an_order_that_was_never_placed_shows_the_number_that_its_facts_tell(
    line: CommandLine, tmp_path: Path
) -> None:
    log, mapping = write_log(tmp_path, "A-7,placed,2026-01-01 00:00")
    line.run("import", "log", log, "--mapping", mapping)

    assert line.run("order", "show", "A-7", "--json").json["external_id"] == "A-7"


def test_an_order_of_which_only_a_payment_is_known_is_found_by_its_number(
    line: CommandLine, tmp_path: Path
) -> None:
    log, mapping = write_log(tmp_path, "A-7,Paid,2026-01-01 00:00,9.00,till-2")
    log.write_text(log.read_text().replace("when", "when,amount,lane", 1))
    payment = "payment: {amount: amount, currency: EUR, movements: {Paid: charged}}\n"
    mapping.write_text(MAPPING + payment)
    line.run("import", "log", log, "--mapping", mapping)

    shown = line.run("order", "show", "A-7", "--json")

    assert shown.code == 0, shown.err
    assert (shown.json["external_id"], shown.json["paid_minor"]) == ("A-7", 900)
    assert line.run("order", "show", "A-7").code == 0
    assert line.run("order", "history", "A-7").code == 0


def test_an_order_numbered_by_several_columns_is_hinted_at(
    line: CommandLine, tmp_path: Path
) -> None:
    log, mapping = write_log(tmp_path, "1,placed,2026-01-01 00:00")
    mapping.write_text(MAPPING.replace("order_id: order", "order_id: [what, order]"))
    line.run("import", "log", log, "--mapping", mapping)

    alone = line.run("order", "show", "1")

    assert (alone.code, "of several columns all of them, as 's1|1'" in alone.err) == (1, True)
    assert line.run("order", "show", "placed|1", "--json").json["external_id"] == "placed|1"


def test_an_import_with_bad_rows_records_the_others_and_ends_as_found_wanting(
    line: CommandLine, tmp_path: Path
) -> None:
    good = [f"{n},placed,2026-01-01 00:00" for n in range(99)]
    log, mapping = write_log(tmp_path, *good, "100,placed,soon")

    would = line.run("import", "log", log, "--mapping", mapping, "--dry-run")
    first = line.run("import", "log", log, "--mapping", mapping, "--json")

    assert (would.code, first.code) == (1, 1)
    assert "1 row would be in quarantine; all others would be recorded" in would.err
    assert "1 row is in quarantine, all others are recorded: see" in first.err
    assert (first.json["facts"]["new"], first.json["quarantined"]) == (99, {"time_unreadable": 1})
    assert line.run("order", "show", "98", "--json").code == 0


def test_an_import_whose_bad_rows_were_fixed_and_recorded_is_wanting_nothing(
    line: CommandLine, tmp_path: Path
) -> None:
    log, mapping = write_log(tmp_path, "1,placed,2026-01-01 00:00", "2,placed,soon")
    line.run("import", "log", log, "--mapping", mapping)
    (row,) = line.run("import", "quarantine", "list", "--json").json
    line.run("import", "quarantine", "fix", row["row_id"], "--set", "when=2026-01-01 00:00")

    resubmitted = line.run("import", "quarantine", "resubmit")
    again = line.run("import", "log", log, "--mapping", mapping, "--json")

    assert (resubmitted.code, again.code) == (0, 0)
    assert (again.json["already_resolved"], "in quarantine" in again.err) == (1, False)
