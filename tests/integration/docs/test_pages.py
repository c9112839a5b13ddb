"""Every block of every page does what it says, or says in its first line why it is only read."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from csv import DictReader
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
import yaml

from domain.paths.conditions import compile_condition
from domain.rules.conditions import RULE_ENVIRONMENT
from infra.calendar_files import read_calendar
from infra.path_files import read_path
from infra.role_files import read_role
from infra.rule_files import read_rule
from infra.settings import Settings
from infra.template_files import read_template
from infra.wave_files import read_wave
from services.bootstrap import open_system
from services.demo.clock import VirtualClock
from services.demo.run import run_demo
from services.demo.shop import START
from tests.integration.docs.blocks import ELSEWHERE, PAGES, Block, blocks, commands
from tests.integration.docs.desk import Desk, run_page
from tests.integration.docs.shops import MEANWHILE, prepare
from tests.support.command_line import MASTER_KEY, Here
from tests.support.postgres import PREPARED, cloned_database

LANGUAGES: Final = ("sh", "sql", "yaml", "cel", "json", "csv", "http", "text")
WHY: Final = "names a block's language and, where it is not run, why"
LOADERS: Final[dict[str, Callable[..., Any]]] = {
    "path": read_path,
    "calendar": read_calendar,
    "rule": read_rule,
    "template": read_template,
    "wave": read_wave,
    "role": read_role,
}
OWN_TESTS: Final = {"README.md", "database.md", "http.md", "kafka.md"}  # each has its own


def ids(found: Iterator[Block]) -> list[Any]:
    return [pytest.param(block, id=str(block)) for block in found]


def run_pages() -> list[str]:
    """Give the pages whose commands are run beside a database."""
    found = {block.page for block in blocks("sh") if block.is_run and commands(block)}
    return sorted(found - OWN_TESTS)


@pytest.mark.parametrize("block", ids(blocks()))
def test_every_block_names_its_language_and_why_it_is_not_run(block: Block) -> None:
    assert block.language in LANGUAGES, f"{block} {WHY}"
    if block.language == "text":
        assert block.why, f"{block} {WHY}: nothing runs it"
    if block.why and block.language == "sh":
        assert block.why.startswith(ELSEWHERE), f"{block} {WHY}: `sh {ELSEWHERE} …`"


def test_no_fence_is_missed() -> None:
    fences = sum(path.read_text().count("```") for path in PAGES)

    assert fences == 2 * len(list(blocks()))


def test_no_page_hides_a_command_in_text() -> None:
    """What can be read as commands is a block of the shell, but for what tells a syntax."""
    hidden = [block for block in blocks("text") if re.search(r"(?m)^orderpath ", block.text)]

    assert [str(block) for block in hidden if block.why != "syntax"] == []


@pytest.mark.parametrize("page", run_pages())
def test_the_commands_of_the_page_do_what_it_says(
    page: str, migrated_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(MASTER_KEY, "")  # that of the folder, which can be rotated
    with cloned_database(migrated_server, PREPARED) as url:
        desk = Desk(
            Here({"ORDERPATH_DATABASE_URL": url, "ORDERPATH_DATA_DIR": str(tmp_path / "data")}),
            tmp_path,
        )
        prepare(desk, page)
        run_page(desk, page, MEANWHILE.get(page, {}))


@pytest.fixture(scope="module")
def analyst(migrated_server: str) -> Iterator[psycopg.Connection]:
    """An analyst's session over a simulated shop."""
    with (
        cloned_database(migrated_server, PREPARED) as url,
        open_system(Settings(database_url=url), VirtualClock(START)) as system,
    ):
        run_demo(system, days=14, orders=150)
        system.catch_up()
        with closing(system.connect("orderpath_analyst")) as session:
            yield session


@pytest.mark.parametrize("block", ids(blocks("sql")))
def test_the_question_is_answered_to_an_analyst(block: Block, analyst: psycopg.Connection) -> None:
    with analyst.transaction(force_rollback=True):
        for question in filter(str.strip, block.text.split(";\n")):
            rows = analyst.execute(question.encode()).fetchall()
            assert rows or block.why.startswith("empty:"), f"{block}: no rows: {question}"


@pytest.mark.parametrize("block", ids(blocks("yaml")))
def test_the_loader_takes_the_file(block: Block) -> None:
    said = yaml.safe_load(block.text)
    if block.is_run:
        LOADERS[next(iter(said))](block.text, where=str(block))
    else:
        assert said is None or isinstance(said, dict)


@pytest.mark.parametrize("block", ids(blocks("cel")))
def test_each_line_is_a_condition(block: Block) -> None:
    for line in block.text.splitlines():
        compile_condition(line, RULE_ENVIRONMENT)


@pytest.mark.parametrize("block", ids(blocks("json")))
def test_it_is_json(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("block", ids(blocks("csv")))
def test_each_row_has_the_columns_of_the_first_line(block: Block) -> None:
    rows = list(DictReader(block.text.splitlines(), strict=True))

    assert rows
    assert all(None not in row and None not in row.values() for row in rows)
