"""One process that asks over HTTP as a back office does: 70 % commands, 30 % questions.

Started by load. A caller who is turned away asks again after a moment, whatever the server says.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from random import Random
from time import perf_counter
from typing import Any, Final
from uuid import UUID, uuid4

import uvloop

from benchmarks.children import answer, wait_for_start, wish
from benchmarks.http_caller import post, take_answer
from benchmarks.orders import SELLER, place
from domain import wire
from domain.orders.commands import AddNote

WARM_UP_SECONDS: Final = 1.0
COMMANDS: Final = 0.7  # of all requests
PLACED: Final = 0.3  # of the commands; the others are notes
REMEMBERED: Final = 50  # orders of a caller that notes and questions are about
QUESTIONS: Final = ("/v1/orders/{}", "/v1/orders/{}/history", "/v1/orders?limit=20")
MOMENT_SECONDS: Final = 0.05  # of somebody who does not wait as he is told
TURNED: Final = 503


@dataclass
class Tally:
    """What came of the requests of all callers."""

    latencies: list[float] = field(default_factory=list)  # of what was done, in seconds
    turned: int = 0
    failed: int = 0
    example: str = ""  # of a failure


class Caller:
    """Asks one thing after the other on a line of its own."""

    def __init__(self, asked: dict[str, Any], tally: Tally, number: int) -> None:
        self._asked = asked
        self._tally = tally
        self._chance = Random(number)
        self._orders: deque[UUID] = deque(maxlen=REMEMBERED)

    async def call(self, end: float) -> None:
        """Ask until then; a line that is cut is a failure, and another one is taken."""
        while perf_counter() < end:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._asked["port"])
                await self._ask(reader, writer, end)
                writer.close()
                await writer.wait_closed()
            except (OSError, asyncio.IncompleteReadError) as error:
                self._fail(repr(error))
                await asyncio.sleep(MOMENT_SECONDS)

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, end: float
    ) -> None:
        while (began := perf_counter()) < end:
            order_id, request = self._next()
            writer.write(request)
            status, body = await take_answer(reader)
            if status == TURNED:
                self._tally.turned += 1
                await asyncio.sleep(MOMENT_SECONDS)
            elif status != 200 or b'"outcome":"refused"' in body:
                self._fail(f"{status} {body[:300]!r}")
            else:
                self._tally.latencies.append(perf_counter() - began)
                if order_id is not None:
                    self._orders.append(order_id)

    def _next(self) -> tuple[UUID | None, bytes]:
        """Give a request, and which order it places."""
        key, chance = self._asked["key"], self._chance
        if not self._orders or chance.random() < COMMANDS * PLACED:
            order = place()
            return order.order_id, post("/v1/commands", key, wire.encode_without(order, "actor"))
        order_id = chance.choice(self._orders)
        if chance.random() < COMMANDS * (1 - PLACED) / (1 - COMMANDS * PLACED):
            note = AddNote(command_id=uuid4(), actor=SELLER, order_id=order_id, text="Call back")
            return None, post("/v1/commands", key, wire.encode_without(note, "actor"))
        question = chance.choice(QUESTIONS).format(order_id)
        head = f"GET {question} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n"
        return None, head.encode()

    def _fail(self, what: str) -> None:
        self._tally.failed += 1
        self._tally.example = self._tally.example or what


async def call_together(asked: dict[str, Any], tally: Tally, seconds: float) -> None:
    """Let all callers ask for so long."""
    end = perf_counter() + seconds
    async with asyncio.TaskGroup() as together:
        for number in range(asked["callers"]):
            together.create_task(Caller(asked, tally, number).call(end))


def main() -> None:
    """Ask as the wish says."""
    asked = wish()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(call_together(asked, Tally(), WARM_UP_SECONDS))
        wait_for_start()
        tally, began = Tally(), perf_counter()
        runner.run(call_together(asked, tally, asked["seconds"]))
        seconds = perf_counter() - began
    found = {"latencies": tally.latencies, "turned": tally.turned, "failed": tally.failed}
    answer({**found, "seconds": seconds, "example": tally.example})


if __name__ == "__main__":
    main()
