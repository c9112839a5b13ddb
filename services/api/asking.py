"""Questions over HTTP: a GET for each of the registry, with what is asked as path and query."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, get_origin
from urllib.parse import unquote

from fastapi import Request, Response

from services.api.callers import Caller
from services.api.problems import Turned, reading_parameters
from services.api.tables import Least
from services.api.zipping import ZIPPED, ZIPPED_FROM, takes_gzip, zipped
from services.plain_json import to_json
from services.questions.question import PUBLIC, Asked, Question

if TYPE_CHECKING:
    from services.api.desk import FrontDesk
    from services.bootstrap import System

JSON: Final = "application/json"
MIN_POSITION: Final = "min_position"
HEAD: Final = "head"
MOST_VALUES: Final = 20_000  # of the body of a question; what stands in its texts is not counted
TAG_BYTES: Final = 8  # of the digest in an ETag
LARGEST_POSITION: Final = 2**63 - 1

Handler = Callable[[Request], Awaitable[Response]]


def handler_of(question: Question) -> Handler:
    """Give what answers a question."""

    async def ask(request: Request) -> Response:
        desk: FrontDesk = request.app.state.desk
        caller = None
        if question.right == PUBLIC:
            desk.admit_anybody(request)
        else:
            caller = await desk.admit(request, question.right)  # Before what is asked is read.
        given = query_of(question, request)
        least = least_of(given.pop(MIN_POSITION, None))
        if question.method == "POST":
            if given:
                raise Turned("not_readable", f"the query has {MIN_POSITION} and no more")
            read = partial(question.asked.model_validate_json, _counted(await request.body()))
        else:
            read = partial(question.asked.model_validate, given)
        with reading_parameters():
            asked = read()
        if caller is not None:
            desk.access.check_question(caller, question, asked)
        return await answer(desk, request, question, (caller, asked, least))

    ask.__name__ = question.name.replace(".", "_")
    return ask


async def answer(
    desk: "FrontDesk",
    request: Request,
    question: Question,
    wanted: tuple[Caller | None, Asked, Least],
) -> Response:
    """Answer what is asked, on tables that are as far as was said."""
    caller, asked, least = wanted
    may_zip = takes_gzip(request.headers)

    def work(system: "System") -> tuple[bytes, dict[str, str]]:
        found = question.function(system, asked)
        if caller is not None:
            found = desk.access.told(caller, question, asked, found)
        body, headers = to_json(found).encode(), {}
        if question.versioned:
            headers["ETag"] = _tag_of(found["version"], body, desk.key_secret)
        if may_zip and len(body) >= ZIPPED_FROM:
            body = zipped(body)
            headers |= ZIPPED
        return body, headers

    async with desk.question_in_time():  # Whoever waits for the tables keeps no thread meanwhile.
        position = await _position(desk, question, caller, least)
        body, headers = await desk.read(caller, question.right, work)
    request.state.position = position
    headers["Vary"] = "Accept-Encoding, Authorization"
    tag = headers.get("ETag")
    if tag is not None and not {tag, "*"}.isdisjoint(_tags(request)):
        return Response(status_code=304, headers={"ETag": tag, "Vary": headers["Vary"]})
    return Response(body, media_type=JSON, headers=headers)


async def _position(
    desk: "FrontDesk", question: Question, caller: Caller | None, least: Least
) -> int:
    """Give up to where the answer will know of everything. Raises: Turned behind, too_many, busy"""
    if question.reads != "tables":
        return await _in_log(desk, least)
    name = caller.name if caller is not None else PUBLIC
    return await desk.tables.wait(name, least, desk.limits.position_seconds)


async def _in_log(desk: "FrontDesk", least: Least) -> int:
    """Give a position that the log has reached. Raises: Turned behind if it is not as far"""
    if isinstance(least, int) and least > desk.positions.known:
        desk.positions.saw(await desk.head.wait())
        if least > desk.positions.known:
            message = f"the log is at position {desk.positions.known}, not yet at {least}"
            raise Turned("behind", message, retry_seconds=1)
    return desk.positions.known


def _counted(body: bytes) -> bytes:
    """Give a body that has not too many values: each may be a fault. Raises: Turned too_large"""
    if body.count(b",") > MOST_VALUES:
        unescaped = body.replace(b"\\\\", b"").replace(b'\\"', b"")
        if sum(part.count(b",") for part in unescaped.split(b'"')[::2]) > MOST_VALUES:
            raise Turned("too_large", f"a question has {MOST_VALUES} values at most")
    return body


def query_of(question: Question, request: Request) -> dict[str, Any]:
    """Give path and query by the names of fields; what comes twice and may not, stays a list."""
    said: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        said.setdefault(name, []).append(value)
    given: dict[str, Any] = {}
    for name, values in said.items():
        is_list = name in question.asked.model_fields and _is_list(question.asked, name)
        given[name] = values if is_list or len(values) > 1 else values[0]
    given.update({name: unquote(value) for name, value in request.path_params.items()})
    return given


def least_of(text: object) -> Least:
    """Read min_position. Raises: Turned not_readable"""
    if text is None or text == HEAD:
        return HEAD if text else None
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 20:
        return min(int(text), LARGEST_POSITION)
    raise Turned("not_readable", f"{MIN_POSITION} is a position of the log, or {HEAD}")


def _is_list(asked: type[Asked], name: str) -> bool:
    annotation = asked.model_fields[name].annotation
    return get_origin(annotation) in (tuple, list)


def _tag_of(version: int, body: bytes, secret: bytes) -> str:
    """Give the ETag: the version for If-Match, and what tells whether the same would be told again.
    Rights and erasures change an answer, and no version.

    secret: without it nobody can try out what stood in the body
    """
    digest = hmac.digest(secret, body, "sha256")[:TAG_BYTES]
    return f'"{version}-{digest.hex()}"'


def _tags(request: Request) -> Mapping[str, None]:
    given = request.headers.get("if-none-match", "")
    return dict.fromkeys(one.strip().removeprefix("W/") for one in given.split(","))
