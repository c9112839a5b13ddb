"""The server sees all the while how far the log is, whatever is asked, and ends in order."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import httpx
from structlog.testing import capture_logs

from domain.wire import decode_for
from services.api.app import create_app
from services.api.desk import FrontDesk
from services.bootstrap import Settings, open_system
from tests.integration.http.conftest import Shop
from tests.support.doorkeeper import Doorkeeper
from tests.support.served import Served
from tests.support.waiting import ROOM_SECONDS, wait_for

if TYPE_CHECKING:
    from services.bootstrap import System

LINES = 40  # on which somebody asks at once
TIMES = 10  # on each of them


async def ask_often(server: Served, place: str) -> Counter[int]:
    """Ask on many lines at once, again and again; give how often each status was told."""
    many = httpx.Limits(max_connections=LINES)
    statuses = Counter[int]()
    async with httpx.AsyncClient(
        base_url=server.url, limits=many, timeout=ROOM_SECONDS,
        headers={"Authorization": "Bearer ann"},
    ) as http:  # fmt: skip

        async def ask() -> None:
            for _ in range(TIMES):
                statuses[(await http.get(place)).status_code] += 1

        await asyncio.gather(*(ask() for _ in range(LINES)))
    return statuses


def written_elsewhere(server: Served, order_id: str) -> int:
    """Add a note from another process, as far as this server sees; give where the log ends."""
    note = {"command": "order.add_note", "order_id": order_id, "text": "Call"}
    known = {"actor": {"kind": "user", "id": "eve"}, "source": "cli", "command_id": str(uuid4())}
    with closing(server.system.another()) as other:
        other.execute(decode_for(note, known))
        return other.log.head().position


def test_who_asks_often_whether_it_is_ready_takes_no_sight_of_the_log_from_others(
    server: Served, http: httpx.Client, shop: Shop
) -> None:
    order_id = shop.place()
    places = ("/health/ready", "/metrics")

    asked = [asyncio.run(ask_often(server, place)) for place in places]
    end = http.get("/v1/log/head").json()["position"]
    with ThreadPoolExecutor(1) as somebody:
        waiting = somebody.submit(http.get, f"/v1/events?after={end}&wait=30")
        wait_for(lambda: server.desk.polls.taken == 1, "it does not wait")
        position = written_elsewhere(server, order_id)
        news = waiting.result()

    assert asked == [{200: LINES * TIMES}] * len(places)
    assert [one["subject"] for one in news.json()["events"]] == [order_id]
    wait_for(lambda: int(http.get("/health/live").headers["x-position"]) >= position)


class Blind:
    """A log whose end is seen a few times only."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._looks = 5

    def head(self) -> Any:
        self._looks -= 1
        if self._looks < 0:
            raise ZeroDivisionError("Anna Smith")
        return self._log.head()


class HalfBlind:
    """A System with such a log."""

    def __init__(self, system: "System") -> None:
        self._system = system
        self.log = Blind(system.log)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._system, name)


class Forgetful(Doorkeeper):
    """Fails at what it is to write."""

    def __init__(self) -> None:
        super().__init__()
        self.failed = Event()

    def write_notes(self) -> None:
        self.failed.set()
        raise ZeroDivisionError("Anna Smith")


async def lived(system: "System", door: Forgetful) -> FrontDesk:
    """Serve until what the server does by itself has failed, and a chore fails once more then."""
    app = create_app(system, door, another=lambda: cast("System", HalfBlind(system.another())))
    async with asyncio.timeout(ROOM_SECONDS), app.router.lifespan_context(app):
        desk: FrontDesk = app.state.desk
        names = {one: getattr(one.get_coro(), "__name__", "") for one in asyncio.all_tasks()}
        await asyncio.wait([one for one, name in names.items() if name == "watch"])
    return desk


def test_a_server_ends_in_order_whatever_became_of_what_it_does_by_itself(
    database_url: str, tmp_path: Path
) -> None:
    door = Forgetful()
    with (
        open_system(Settings(database_url=database_url, data_dir=tmp_path)) as system,
        capture_logs() as told,
    ):
        desk = asyncio.run(lived(system, door))

    assert door.failed.is_set()
    assert desk.heartbeat.age_seconds() is None, "the desk was not closed"
    failed = {(one["event"], one["error"]) for one in told if one.get("error")}
    assert failed == {(what, "ZeroDivisionError") for what in ("task_failed", "notes_not_written")}
    assert "Anna" not in str(told)
