"""One process that sends commands over HTTP on lines that are kept. Started by http."""

import asyncio
from collections.abc import Iterator
from itertools import chain, islice
from time import perf_counter
from typing import Any, Final

import psutil
import uvloop

from benchmarks.children import answer, wait_for_start, wish
from benchmarks.orders import place
from domain import wire

WARM_UP_SECONDS: Final = 1.5


def bodies(size: int) -> Iterator[bytes]:
    """New orders without end, one alone for size 1, else so many in a batch."""
    while True:
        orders = (wire.encode_without(place(), "actor") for _ in range(size))
        if size == 1:
            yield next(orders)
        else:
            yield b'{"commands":[' + b",".join(orders) + b"]}"


async def send(asked: dict[str, Any], made: Iterator[bytes], seconds: float) -> list[float]:
    """Let callers send one request after the other; give how long each took, in seconds."""
    latencies: list[float] = []
    end = perf_counter() + seconds

    async def caller() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", asked["port"])
        now = perf_counter()
        while now < end:
            body = next(made)
            place = "/v1/commands" if asked["size"] == 1 else "/v1/commands/batch"
            writer.write(post(place, asked["key"], body))
            status, found = await take_answer(reader)
            _check(status, found, asked["size"])
            began, now = now, perf_counter()
            latencies.append(now - began)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(caller() for _ in range(asked["callers"])))
    return latencies


def post(place: str, key: str, body: bytes) -> bytes:
    """Give a request with a body of JSON as it goes over the line."""
    return (
        f"POST {place} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


async def take_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Give the status and the body of the next answer on the line."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:-2])
    body = await reader.readexactly(int(lines[b"content-length"]))
    return int(head.split(b" ", 2)[1]), body


def _check(status: int, body: bytes, size: int) -> None:
    accepted = body.count(b'"outcome":"accepted"')
    if (status, accepted) != (200, size):
        raise RuntimeError(f"{status}: {accepted} of {size} are accepted: {body[:500]!r}")


def main() -> None:
    """Measure what the wish says, with the CPU time of the server meanwhile."""
    asked = wish()
    made = bodies(asked["size"])
    server = psutil.Process(asked["pid"])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(send(asked, made, WARM_UP_SECONDS))
        # Made before: what it takes to make them is no part of what the server can do.
        ready = iter(list(islice(made, asked["ready"])))
        wait_for_start()
        began, before = perf_counter(), server.cpu_times()
        latencies = runner.run(send(asked, chain(ready, made), asked["seconds"]))
        seconds, after = perf_counter() - began, server.cpu_times()
    cpu = after.user + after.system - before.user - before.system
    answer({"latencies": latencies, "seconds": seconds, "cpu_s": cpu})


if __name__ == "__main__":
    main()
