"""docs/security.md names files that are there, and the limits that the code has."""

import re
from typing import Final

from domain.paths.cel_syntax import MAX_DEPTH as CEL_DEPTH
from domain.paths.conditions import MAX_OPERATIONS
from domain.paths.conditions import MAX_SOURCE as CEL_SOURCE
from domain.paths.definition import LEAST_COUNTED, MAX_COMPILED_CHARACTERS
from domain.rules.judge import MAX_CHAIN
from domain.templates.language import MAX_RENDERED, MAX_SOURCE
from domain.wire import MAX_BYTES, MAX_DEPTH, MAX_PARSED, MAX_WITHIN
from infra.read_store import KEPT_DAYS, MOST_ROWS
from infra.settings import Settings
from infra.yaml_sheet import MAX_CHARACTERS, MAX_VALUES
from services.api.limits import Limits
from tests.support.command_line import ROOT

PAGE: Final = (ROOT / "docs/security.md").read_text(encoding="utf-8")


def test_every_file_that_holds_a_statement_is_there() -> None:
    named = set(re.findall(r"`((?:tests|infra|services|domain)/[\w/]+\.py)`", PAGE))

    assert len(named) > 20
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_the_limits_are_those_of_the_code() -> None:
    limits, settings = Limits(), Settings()
    said = (
        f"{limits.body_bytes >> 20} MB; {limits.batch}",
        f"{settings.http_per_second:,} requests a second",
        f"| {settings.http_at_once:,}, then 503",
        f"| {settings.http_lines:,}, then 503; {limits.head_bytes >> 10} KB and "
        f"{limits.headers} headers, then 431",
        f"{limits.head_seconds:.0f} s, then the line is cut; "
        f"{limits.body_seconds:.0f} s, then 408; "
        f"{limits.taken_seconds:.0f} s, then the line is cut",
        f"{limits.command_seconds:.0f} s; {limits.question_seconds:.0f} s; "
        f"{limits.position_seconds:.0f} s",
        f"{limits.streams}, {limits.streams_each} of a caller, each for an hour",
        f"{settings.refusals_per_minute} a minute",
        f"{KEPT_DAYS} days, {MOST_ROWS:,} rows",
        f"{CEL_SOURCE} characters, {CEL_DEPTH} parts within parts, {MAX_OPERATIONS:,} operations",
        f"{MAX_CHARACTERS:,} characters, {MAX_VALUES:,} values",
        f"{MAX_SOURCE:,} characters, {MAX_RENDERED:,} of what it becomes",
        f"{MAX_BYTES >> 10} KB, {MAX_DEPTH} levels",
        f"{MAX_COMPILED_CHARACTERS:,} characters in one definition, each counts as {LEAST_COUNTED}",
        f"{MAX_WITHIN:,} lists and objects in a request, {MAX_PARSED:,} values",
        f"{limits.long_commands} at once, {limits.long_waiting} with those that wait, then 503",
        f"{limits.large_bodies} at once, {limits.large_waiting} with those that wait, then 503",
        f"{MAX_CHAIN} in a row",
    )

    assert [one for one in said if one not in PAGE] == []
    assert limits.stream_seconds == 3_600
