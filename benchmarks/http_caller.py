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
            writer.write(_head(asked, len(body)) + body)
            _check(await _answer(reader), asked["size"])
            began, now = now, perf_counter()
            latencies.append(now - began)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(caller() for _ in range(asked["callers"])))
    return latencies


def _head(asked: dict[str, Any], length: int) -> bytes:
    place = "/v1/commands" if asked["size"] == 1 else "/v1/commands/batch"
    return (
        f"POST {place} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {asked['key']}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:-2])
    body = await reader.readexactly(int(lines[b"content-length"]))
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"{head!r} {body!r}")
    return body


def _check(body: bytes, size: int) -> None:
    accepted = body.count(b'"outcome":"accepted"')
    if accepted != size:
        raise RuntimeError(f"{accepted} of {size} are accepted: {body[:500]!r}")


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
