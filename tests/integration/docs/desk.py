"""A shop as a page speaks of it: runs the page's lines, whose names in capitals stand for yours.

What stands in capitals is what the commands before have answered, or what is in the tables.
"""

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

from infra.embedded import postgres_binary
from infra.settings import Settings
from services.audit.sealer import Pace
from services.bootstrap import open_system
from services.rights import prepare_rights
from tests.integration.docs.blocks import PROGRAM, Block, Shown, blocks, lines_of, shown
from tests.support.command_line import LONGEST_SECONDS, Here, Said
from tests.support.programs import programs
from tests.support.waiting import wait_for

ITEM: Final = "--item 'TEA-100:2:4.50:Green tea' --currency EUR"
ANNA: Final = "--name 'Anna Ivanova' --phone '8 900 000-00-00' --email anna@example.org"
PLACE: Final = f"order place {ITEM} {ANNA} --external-id A-17"
AT_ONCE: Final = Pace(every_events=1, every=timedelta(0))
READY: Final = {  # what a program that stays says once it does its work
    "up": "serving on",
    "clock": "firing what is due",
    "waves": "carrying out waves",
    "relay": "leading",
    "worker": "worker ready",
}
TOMORROW: Final = datetime.now(UTC) + timedelta(days=1)
FIRST: Final[Mapping[str, tuple[str, str]]] = {  # name -> the list that has it first, and as what
    "BATCH": ("order bulk list", "batch_id"),
    "EFFECT": ("effects list", "effect_id"),
    "KEY": ("key list", "master_id"),
    "KEY_ID": ("audit key list", "key_id"),
    "ID": ("customer find ivanova", "customer_id"),
    "CUSTOMER": ("customer find ivanova", "customer_id"),
    "ALERT": ("alert list", "id"),
}
NEWEST: Final[Mapping[str, tuple[str, str, str]]] = {  # … the one that came last
    "ENQUIRY": ("enquiry list", "enquiry_id", "asked_at"),
    "TASK": ("task list", "task_id", "created_at"),
}
STANDS_FOR: Final[Mapping[str, str]] = {
    "ORDER": "A-17",
    "ORDER_ID": "A-17",
    "TIME": f"{TOMORROW:%Y-%m-%dT12:00:00Z}",
    "DAY": f"{TOMORROW:%Y-%m-%d}",
    "DATABASE": "orderpath_2",
}
PRINTED: Final = "printed.log"  # what a program of the page that stays has printed
ADDRESS: Final = re.compile(r"(localhost|127\.0\.0\.1):(\d+)")
_KNOWN: Final = "|".join((*FIRST, *NEWEST, *STANDS_FOR, "VERSION", "HOST", "FOLDER"))
NAMES: Final = re.compile(rf"(?<![\w$-])({_KNOWN})(?![\w-])")
Happening: TypeAlias = "str | Callable[[Desk], object]"


Happenings: TypeAlias = Mapping[str, Sequence[Happening]]


@dataclass
class Desk:
    """A shop, and the folder in which a reader types what a page shows."""

    here: Here
    folder: Path
    addresses: Mapping[str, str] = field(default_factory=dict)  # what is ours for the page's

    @property
    def settings(self) -> Settings:
        url = self.here.environment.get("ORDERPATH_DATABASE_URL", Settings().database_url)
        return Settings(database_url=url, data_dir=self.data)

    @property
    def data(self) -> Path:
        return Path(self.here.environment["ORDERPATH_DATA_DIR"])

    def run(self, *words: str) -> Said:
        return self.here.run(*words)

    def done(self, line: str) -> Any:
        """Do what a page takes for granted, and give the answer."""
        said = self.run(*shlex.split(line), "--json")
        assert said.code == 0, f"{line}: {said.err or said.out}"
        return said.json

    def happen(self, happenings: Sequence[Happening]) -> None:
        for one in happenings:
            if isinstance(one, str):
                self.done(one)
            else:
                one(self)

    def seal(self) -> None:
        with open_system(self.settings) as system:
            prepare_rights(system)
            system.sealer(AT_ONCE).catch_up()

    def meant(self, line: str) -> str:
        """Give a line as a reader of this shop types it."""
        for shown_there, ours in self.addresses.items():
            line = line.replace(shown_there, ours)
        return NAMES.sub(lambda found: self.stands_for(found[0]), line)

    def stands_for(self, name: str) -> str:
        """Give what a name in capitals is in this shop."""
        if name in STANDS_FOR:
            return STANDS_FOR[name]
        if name == "VERSION":
            return str(max(one["version"] for one in self.done("order history A-17")["changes"]))
        if name == "FOLDER":
            return str(self.data)
        if name == "HOST":
            found = re.search(r"host=([^&]+)", self.run("psql", "--print-url").out)
            assert found is not None
            return found[1]
        words, key, when = NEWEST[name] if name in NEWEST else (*FIRST[name], None)
        rows = rows_with(key, self.done(words))
        assert rows, f"{name}: nothing is in {words}"
        return str((rows[0] if when is None else max(rows, key=lambda row: row[when]))[key])


def rows_with(key: str, answer: Any) -> list[dict[str, Any]]:
    """Give the rows of a list that have this key, whatever the list is called."""
    lists = [answer] if isinstance(answer, list) else [*answer.values()]
    rows = [row for one in lists if isinstance(one, list) for row in one]
    return [row for row in rows if key in row]


@contextmanager
def staying(desk: Desk) -> Iterator[Callable[[str], None]]:
    """Give what starts programs that stay until the block ends; each then ends at a signal."""
    with programs(desk.here.environment) as start, ExitStack() as running:

        def stay(line: str) -> None:
            words = shown(line).words
            program = start(*words)
            program.await_line(READY[words[0]])
            running.callback(program.end)

        yield stay


def run_page(desk: Desk, page: str, meanwhile: Happenings) -> None:
    """Run the blocks of a page in their order, and see that all of `meanwhile` was met."""
    met: set[str] = set()
    for block in blocks("sh"):
        if block.page == page and block.is_run:
            met |= run_block(desk, block, meanwhile)
    assert met == set(meanwhile), "no line of the page begins so"


def run_block(desk: Desk, block: Block, meanwhile: Happenings) -> set[str]:
    """Run the lines of a block in their order, each behind what happens just before it.

    Gives the beginnings of lines of which `meanwhile` knew something.
    """
    met: set[str] = set()
    with staying(desk) as stay, background(desk) as behind:
        for line in lines_of(block):
            for beginning in (one for one in meanwhile if line.startswith(one)):
                if beginning not in met:
                    desk.happen(meanwhile[beginning])
                met.add(beginning)
            meant = desk.meant(line)
            told = f"{block}: {meant}"
            if not PROGRAM.match(line):
                behind(meant, told)
            elif shown(line).words[0] in READY and len(shown(line).words) == 1:
                stay(line)
            else:
                run_ours(desk, shown(meant), told)
    return met


def run_ours(desk: Desk, command: Shown, told: str) -> None:
    said = desk.run(*command.words)
    assert said.code == int(command.refused), f"{told}: {said.err or said.out}"
    if command.into:
        (desk.folder / command.into).write_text(said.out, encoding="utf-8")


@contextmanager
def background(desk: Desk) -> Iterator[Callable[[str, str], None]]:
    """Give what runs lines of a shell that are not ours; what they leave running ends behind."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("ORDERPATH_")}
    path = f"{postgres_binary('psql').parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    left: list[subprocess.Popen[bytes]] = []

    def run(line: str, told: str) -> None:
        words = shlex.split(line, comments=True)
        environment = {**ours, "PATH": path, **desk.here.environment}
        environment.setdefault("URL", environment.get("ORDERPATH_DATABASE_URL", ""))
        if words[0] == "export":
            for word in words[1:]:
                key, _, value = word.partition("=")
                desk.here.environment[key] = value
        elif words[-1] == "&":
            with (desk.folder / PRINTED).open("wb") as printed:
                left.append(
                    subprocess.Popen(
                        words[:-1], cwd=desk.folder, env=environment, stdout=printed, stderr=printed
                    )
                )
            wait_for(lambda: is_heard(line), told)
        else:
            done = subprocess.run(
                ["/bin/bash", "-euo", "pipefail", "-c", line],
                cwd=desk.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=LONGEST_SECONDS,
                check=False,
            )
            assert done.returncode == 0, f"{told}: {done.stderr}"

    try:
        yield run
    finally:
        for program in left:
            program.terminate()
            program.wait(LONGEST_SECONDS)
    if left:
        assert (desk.folder / PRINTED).read_text(), "it got nothing"


def is_heard(line: str) -> bool:
    """Say whether somebody takes lines where this one says."""
    found = ADDRESS.search(line)
    assert found is not None
    with socket.socket() as ear:
        return ear.connect_ex((found[1], int(found[2]))) == 0
