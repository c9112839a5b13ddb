"""Commands over HTTP: read, handed to the pipeline, answered with what they came to for ever.

No thread waits for an outcome, save that of erasing a person: the pipeline completes the futures of
an event loop at once.
"""

import asyncio
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from fastapi import Request, Response
from pydantic_core import to_json

from domain import wire
from domain.customers.commands import EraseCustomer
from domain.messages import Command, Outcome
from domain.orders.events import stream_of
from domain.refusals import CommandUnreadable, Conflict, Refusal, Unmet
from domain.sights import Sight, seen_by
from services.api.callers import Caller
from services.api.faults import noted_fault
from services.api.problems import (
    MEDIA_TYPE,
    TURNED_AWAY,
    Problem,
    Turned,
    conflict_facts,
    problem_of,
)
from services.erasing import erase_customer
from services.flood import seconds_left
from services.reading import is_there
from services.reception import is_looked_up

if TYPE_CHECKING:
    from services.api.desk import FrontDesk
    from services.bootstrap import System

LONGEST_KEY: Final = 255
TURN_SECONDS: Final = 0.05  # that reading a batch holds up others: faults take long to tell
LARGE_BYTES: Final = 64 * 1024  # of what is read by a thread: the loop goes on
JSON: Final = "application/json"
TAG: Final = re.compile(r"([0-9]{1,9})(?:-[0-9a-f]+)?")  # of an outcome; of an order as it was told
# What a key of a batch and a place in it are spelled like.
PLACED: Final = re.compile(r".*/(?:0|[1-9][0-9]{0,2})")
ANY: Final = "*"  # as If-Match: whatever the version is, where the order is there
SOURCE: Final = "api"  # of every command that came over HTTP


async def send(desk: "FrontDesk", request: Request) -> Response:
    """Hand one command in."""
    caller = await desk.admit(request)
    desk.access.check_commands(caller)
    sent = await request.body()
    large = len(sent) > LARGE_BYTES
    said = await _parsed(desk, sent, wire.MAX_BYTES) if large else wire.parsed(sent)
    known = known_of(said, caller, request.headers, desk.key_secret)
    async with desk.command_in_time():
        command = await _read(desk, caller, (said, known), len(sent))
        if request.headers.get("if-match") == ANY:
            await _check_there(desk, command)
        try:
            outcome = await _carried_out(desk, command)
        except Conflict as error:
            if "if-match" not in request.headers:
                raise
            raise Turned("version_differs", str(error), facts=conflict_facts(error)) from None
        except Refusal as refusal:
            raise _heard(desk, caller, command, refusal) from None
    desk.count_outcome(command.NAME, outcome.kind)
    status, body, headers = answer_to(desk, command, _told(desk, caller, command, outcome))
    media_type = JSON if status == 200 else MEDIA_TYPE
    return Response(to_json(body), status, headers=headers, media_type=media_type)


async def send_batch(desk: "FrontDesk", request: Request) -> Response:
    """Hand many commands in, each by itself: one that is refused stands in no other's way."""
    caller = await desk.admit(request)
    if "if-match" in request.headers:
        message = "If-Match is of one command: give those of a batch their expected_version"
        raise Turned("not_readable", message)
    desk.access.check_commands(caller)
    body = await request.body()
    most, may_be_large = desk.limits.body_bytes, len(body) > LARGE_BYTES
    said = await _parsed(desk, body, most) if may_be_large else wire.parsed(body, most)
    items = said.get("commands")
    if not isinstance(items, list) or len(said) != 1 or not items:
        fault = Unmet(code="field_invalid", field="commands", message="a list of commands, no more")
        raise CommandUnreadable(fault)
    if len(items) > desk.limits.batch:
        raise Turned("too_large", f"{len(items)} commands: {desk.limits.batch} are the most")
    desk.rates.take(caller.name, len(items) - 1, counted=1)
    key = request.headers.get("idempotency-key")
    if key is not None:
        check_key(key)
    begun: list[_Begun | Exception] = []
    judging_whole = desk.pipeline.flood.judging_whole(caller.actor, desk.system.clock())
    try:
        with judging_whole as let_pass:
            batch = _Batch(desk, caller, key, let_pass)
            async with desk.command_in_time():
                turn = monotonic()
                for number, item in enumerate(items):
                    if monotonic() - turn > TURN_SECONDS:
                        await asyncio.sleep(0)
                        turn = monotonic()
                    size = len(to_json(item)) if may_be_large else len(body)
                    one = await _begin(batch, number, item, size)
                    begun.append(one)
                    if isinstance(one, _Begun) and is_looked_up(one.command):
                        await asyncio.wait([one.coming])  # Those behind are not to overtake it.
                if coming := _coming(begun):
                    await asyncio.wait(coming)
    finally:
        _let_go(begun)
    settled = [_settled(desk, caller, one, request.state.request_id) for one in begun]
    return Response(to_json({"items": settled}), media_type=JSON)


async def _parsed(desk: "FrontDesk", body: bytes, most_bytes: int) -> Mapping[str, Any]:
    """Parse a large body beside the loop. Raises: CommandUnreadable, Turned busy or too_slow"""
    async with desk.command_in_time():
        return await desk.large_bodies.read(partial(wire.parsed, body, most_bytes))


@dataclass(frozen=True, slots=True)
class _Batch:
    """Whose commands come together, and by which key."""

    desk: "FrontDesk"
    caller: Caller
    key: str | None
    let_pass: Callable[[UUID], None]  # the guard against floods is told which commands they are


@dataclass(frozen=True, slots=True)
class _Begun:
    """A command of many, on its way. A future, and no task for each: those cost more than it."""

    command: Command
    coming: asyncio.Future[Outcome]


async def _begin(batch: _Batch, number: int, item: object, size: int) -> _Begun | Exception:
    """Hand one command of many in, or give what stands against it.

    number: its place among them
    size:   bytes of what was said, at most
    """
    desk, caller = batch.desk, batch.caller
    try:
        wire.check_size(size)
        if not isinstance(item, dict):
            fault = Unmet(code="command_not_json", message="it is JSON, but no object")
            raise CommandUnreadable(fault)
        said = item
        if batch.key is not None and "command_id" not in said:
            key = f"{batch.key}/{number}"
            said = {**said, "command_id": str(_made_id(key, caller, desk.key_secret))}
        known = known_of(said, caller, {}, desk.key_secret)
        command = await _read(desk, caller, (said, known), size)
        batch.let_pass(command.command_id)
        if isinstance(command, EraseCustomer):
            return _Begun(command, asyncio.ensure_future(_carried_out(desk, command)))
        return _Begun(command, desk.pipeline.submit_soon(command, own=True))
    except Exception as error:  # noqa: BLE001 - each is answered, as a request of its own would be
        return error


def _coming(begun: Sequence[_Begun | Exception]) -> list[asyncio.Future[Outcome]]:
    return [one.coming for one in begun if isinstance(one, _Begun)]


def _let_go(begun: Sequence[_Begun | Exception]) -> None:
    """Wait for none of them any more, also where time was over before all were handed in."""
    for one in _coming(begun):
        if not one.cancel() and not one.cancelled():
            one.exception()  # It was heard: nobody is told that it was not.


def _settled(
    desk: "FrontDesk", caller: Caller, begun: _Begun | Exception, request_id: str
) -> Mapping[str, Any]:
    """Give what one command of many came to, as it would have been answered alone."""
    if isinstance(begun, Exception):
        return _failed(begun, request_id)
    error = begun.coming.exception()
    if isinstance(error, Refusal):
        error = _heard(desk, caller, begun.command, error)
    if isinstance(error, Exception):
        return _failed(error, request_id)
    outcome = begun.coming.result()
    desk.count_outcome(begun.command.NAME, outcome.kind)
    told = _told(desk, caller, begun.command, outcome)
    status, body, _ = answer_to(desk, begun.command, told)
    return {"status": status, "answer": body}


def _failed(error: Exception, request_id: str) -> Mapping[str, Any]:
    problem = problem_of(error) or noted_fault(error, request_id)
    return {"status": problem.told_status, "answer": problem.body}


def _told(desk: "FrontDesk", caller: Caller, command: Command, outcome: Outcome) -> Outcome:
    if not outcome.unmet:
        return outcome
    return replace(outcome, unmet=desk.access.heard(caller, command, outcome.unmet))


def _heard(desk: "FrontDesk", caller: Caller, command: Command, refusal: Refusal) -> Refusal:
    return type(refusal)(*desk.access.heard(caller, command, refusal.unmet))


async def _carried_out(desk: "FrontDesk", command: Command) -> Outcome:
    """Execute a command. Erasing a person takes several, and looks at the tables in between: in a
    reader's thread, though all commands go into the one pipeline.
    """
    if isinstance(command, EraseCustomer):
        execute = partial(desk.pipeline.execute, own=True)
        return await desk.readers.run(lambda system: erase_customer(system, command, execute))
    return await desk.pipeline.submit_soon(command, own=True)


async def _read(
    desk: "FrontDesk",
    caller: Caller,
    body: tuple[Mapping[str, Any], Mapping[str, Any]],
    size: int,
) -> Command:
    """Read a command once its name alone says that the caller may hand it in. What takes long is
    read beside the loop.

    body:   what was said, and what is known
    size:   bytes of what was said, at most
    Raises: CommandUnreadable, Denied, Turned busy
    """
    kind = wire.kind_of(body[0])
    desk.access.check_name(caller, kind.NAME)
    if kind.NAME in wire.DEFINING or size > LARGE_BYTES:
        command = await desk.long_commands.read(partial(wire.decode_for, *body))
    else:
        command = wire.decode_for(*body)
    return desk.access.admit(caller, command)


async def _check_there(desk: "FrontDesk", command: Command) -> None:
    """See that the order is there: it does not go away. One that is beyond what the caller reaches
    is not.

    Raises: Turned version_differs, or not_readable for what is no order's
    """
    stream, order_id = _stream_written(command), getattr(command, "order_id", None)
    if order_id is None or stream != stream_of(order_id):
        raise Turned("not_readable", "If-Match: * is of orders: give the version instead")
    reach = command.actor.reach
    sight = None if reach is None else Sight(reach)

    def look(system: "System") -> bool:
        with seen_by(sight):
            return is_there(system, order_id)

    if not await desk.readers.run(look):
        facts = {"stream_id": stream, "expected_version": None, "version": 0}
        raise Turned("version_differs", f"{stream} is not there", facts=facts)


def known_of(
    said: Mapping[str, Any], caller: Caller, headers: Mapping[str, str], secret: bytes
) -> Mapping[str, Any]:
    """Give what is known of a command before it is read: who acts, and the headers may tell id and
    version.

    secret: by which keys become ids
    Raises: Turned key_missing or not_readable
    """
    known: dict[str, Any] = {"actor": caller.said, "source": SOURCE}
    key = headers.get("idempotency-key")
    if key is not None:
        known["command_id"] = str(command_id_of(key, caller, secret))
    elif "command_id" not in said:
        raise Turned(
            "key_missing",
            "give an Idempotency-Key, so that the command can be sent again and is done once",
        )
    version = headers.get("if-match")
    if version is not None and version != ANY:
        known["expected_version"] = version_of(version)
    return known


def command_id_of(key: str, caller: Caller, secret: bytes) -> UUID:
    """Give the id that a key means: itself if it is one, else one that only this caller's key has,
    no command of a batch, and that nobody can work out who does not know the secret.

    Raises: Turned key_missing for what is no key
    """
    check_key(key)
    try:
        own = UUID(key)
    except ValueError:
        own = None
    if own is not None and str(own) == key.lower():
        return own
    apart = "\n" if PLACED.fullmatch(key) else ""  # No key has that character.
    return _made_id(key + apart, caller, secret)


def check_key(key: str) -> None:
    """Raises: Turned key_missing for what is no key"""
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        message = f"an Idempotency-Key has 1 to {LONGEST_KEY} characters that can be printed"
        raise Turned("key_missing", message)


def _made_id(key: str, caller: Caller, secret: bytes) -> UUID:
    digest = hmac.digest(secret, f"{caller.name}\n{key}".encode(), "sha256")
    return UUID(bytes=digest[:16], version=5)


def version_of(tag: str) -> int:
    """Read the version that an If-Match names, as an ETag of ours writes it."""
    found = TAG.fullmatch(tag.strip().removeprefix("W/").strip('"'))
    if found is None:
        raise Turned("not_readable", 'If-Match is the ETag of the order, as "17"')
    return int(found[1])


def answer_to(
    desk: "FrontDesk", command: Command, outcome: Outcome
) -> tuple[int, Mapping[str, Any], dict[str, str]]:
    """Give status, body and headers that tell an outcome. A refusal is a problem with all of it."""
    told = outcome_body(desk, outcome)
    version = outcome.versions.get(_stream_written(command))
    headers = {} if version is None else {"ETag": f'"{version}"'}
    if outcome.last_position is not None:
        desk.positions.saw(outcome.last_position)
    if outcome.kind != "refused":
        return 200, told, headers
    problem = Problem("refused", _words(outcome.unmet), outcome.unmet, facts=told)
    if any(one.code == TURNED_AWAY for one in outcome.unmet):
        again = seconds_left(desk.system.clock())
        problem = Problem("too_many", _words(outcome.unmet), outcome.unmet, retry_seconds=again)
    return problem.told_status, problem.body, {**headers, **problem.headers}


def _stream_written(command: Any) -> str:
    """Name the first of the streams that a command reads: it costs much to name them all."""
    stream: str = command.stream_id
    return stream


def outcome_body(desk: "FrontDesk", outcome: Outcome) -> dict[str, Any]:
    """Give an outcome with its stable keys."""
    return {
        "outcome": outcome.kind,
        "command_id": str(outcome.command_id),
        "first_position": outcome.first_position,
        "last_position": outcome.last_position,
        "versions": outcome.versions,
        "event_ids": outcome.event_ids(desk.log_id),
        "unmet": [one.model_dump() for one in outcome.unmet],
        "repeated": outcome.repeated,
    }


def _words(unmet: Sequence[Unmet]) -> str:
    return "; ".join(one.message for one in unmet)
