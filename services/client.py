"""Orderpath over HTTP, for programs in Python: questions and commands with their own types.

What gets no answer is sent again with the same key, so it is done once. For one thread.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Signal
from typing import Any, Final, Literal, Self, get_args, get_type_hints
from urllib.parse import quote
from uuid import UUID

import httpx

from domain import wire
from domain.messages import Command, Outcome
from domain.refusals import (
    Absent,
    CommandIdReused,
    CommandUnreadable,
    Conflict,
    Denied,
    FactIdReused,
    InfraError,
    OrderpathError,
    Refusal,
    UnknownCaller,
    Unmet,
    Unusable,
)
from services.api.problems import TYPES
from services.imports.handed_in import ImportWanted
from services.plain_json import from_json
from services.questions.catalog import BY_ASKED
from services.questions.question import Asked

TRIES: Final = 5
TIMEOUT_SECONDS: Final = 60.0
FIRST_WAIT_SECONDS: Final = 0.2
LONGEST_WAIT_SECONDS: Final = 5.0
PASSING: Final = frozenset({429, 502, 503, 504})
MOST_AT_ONCE: Final = 500  # commands of one request
PART_BYTES: Final = 4 * 1024 * 1024  # of a file or of commands, in one request: half of what fits
KINDS: Final = get_args(get_type_hints(Outcome)["kind"])
MOST_WITHIN: Final = wire.MAX_WITHIN - 2  # lists and objects in those of one request
Settled = Outcome | OrderpathError


class Client:
    """Asks and sends. Use it as a context, or close it."""

    def __init__(
        self,
        url: str,
        api_key: str = "",
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        tries: int = TRIES,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_seconds)
        self._tries = tries
        self.position = 0  # the highest that an answer has told: min_position of what shall see it

    def ask(self, asked: Asked, *, min_position: int | Literal["head"] | None = "head") -> Any:
        """Ask a question.

        min_position: what the answer has to know of; head: all that the log holds by now
        Raises:       OrderpathError, as near
        """
        question = BY_ASKED[type(asked)]
        given = asked.model_dump(mode="json", exclude_defaults=True)
        place = question.at
        for name in type(asked).model_fields:
            if f"{{{name}}}" in place:
                place = place.replace(
                    f"{{{name}}}", quote(_in_path(name, given.pop(name)), safe="")
                )
        wanted = question.reads == "tables" and min_position is not None
        query = {"min_position": min_position} if wanted else {}
        if question.method == "POST":
            answer = self._request("POST", f"/v1{place}", params=query, json=given)
        else:
            answer = self._request("GET", f"/v1{place}", params=given | query)
        with _reading(answer):
            return from_json(answer.content)

    def send(self, command: Command) -> Outcome:
        """Hand a command in. Its id is its key: it may be sent again for ever.

        Raises: OrderpathError for whatever is no outcome
        """
        body = wire.encode_without(command, "actor", "source")
        headers = {"Idempotency-Key": str(command.command_id), **_of(command)}
        answer = self._answer("POST", "/v1/commands", content=body, headers=headers)
        with _reading(answer):
            settled = _settled(answer.status_code, _object(answer))
        if isinstance(settled, Outcome):
            return settled
        raise settled

    def send_all(self, commands: Sequence[Command]) -> list[Settled]:
        """Hand commands in, each by itself; give of each its outcome, or why it has none.

        What stands against a whole request stands against each of its commands. Once the server
        answers no more, nothing that follows is sent: that has the same error.
        """
        settled: list[Settled] = []
        lost: InfraError | None = None
        for headers, items in _parts(commands):
            try:
                settled += self._send_part(headers, items) if lost is None else [lost] * len(items)
            except OrderpathError as error:
                settled += [error] * len(items)
                lost = error if isinstance(error, InfraError) else None
        return settled

    def put_file(self, name: str, path: Path) -> None:
        """Put a file that shall be imported, part by part. Raises: OrderpathError, OSError"""
        place, offset = f"/v1/imports/files/{quote(name, safe='')}", 0
        with path.open("rb") as file:
            part = file.read(PART_BYTES)
            while part or not offset:  # Also one without a byte is put: it is told what it lacks.
                self._request("PUT", place, params={"offset": offset}, content=part)
                if not part:
                    return
                offset, part = offset + len(part), file.read(PART_BYTES)

    def start_import(self, wanted: ImportWanted, key: str | None = None) -> dict[str, Any]:
        """Hand an import of put files in, and give how far it is; ShowImport asks on.

        key:    makes it one of its own; without, the same files and words are the same import
        Raises: OrderpathError
        """
        headers = {} if key is None else {"Idempotency-Key": key}
        body = wanted.model_dump(mode="json", exclude_defaults=True)
        answer = self._request("POST", "/v1/imports", json=body, headers=headers)
        with _reading(answer):
            found: dict[str, Any] = from_json(answer.content)
        return found

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send_part(self, headers: Mapping[str, str], items: Sequence[bytes]) -> list[Settled]:
        """Hand commands in by one request. Raises: OrderpathError"""
        answer = self._request(
            "POST",
            "/v1/commands/batch",
            content=b'{"commands":[' + b",".join(items) + b"]}",
            headers=headers,
        )
        with _reading(answer):
            told = zip(items, answer.json()["items"], strict=True)
            return [_settled(one["status"], one["answer"]) for _, one in told]

    def _request(self, method: str, place: str, **more: Any) -> httpx.Response:
        """Give an answer that is none of a problem. Raises: OrderpathError"""
        answer = self._answer(method, place, **more)
        with _reading(answer):
            if answer.is_success and "x-position" in answer.headers:
                return answer
            error = _error(answer.status_code, _object(answer))
        raise error

    def _answer(self, method: str, place: str, **more: Any) -> httpx.Response:
        """Give the answer to a request, sent again as long as none comes, or one for later."""
        wait = FIRST_WAIT_SECONDS
        for left in reversed(range(self._tries)):
            try:
                answer = self._http.request(method, place, **more)
            except httpx.TransportError as error:
                if not left:
                    name = type(error).__name__
                    message = f"{self._http.base_url} does not answer ({name})"
                    raise InfraError("server_unavailable", message) from error
            except httpx.DecodingError as error:
                raise _no_orderpath("its answer cannot be unpacked") from error
            except httpx.InvalidURL as error:
                raise Unusable(f"the server's address cannot be used: {error}") from error
            else:
                self.position = max(self.position, _position(answer))
                if answer.status_code not in PASSING or not left:
                    return answer
                wait = max(wait, _retry_after(answer))
            Signal().wait(min(wait, LONGEST_WAIT_SECONDS))
            wait *= 2
        raise AssertionError("the last try answers or raises")


def _of(command: Command) -> dict[str, str]:
    """Say what the body is, and for whom the key acts."""
    headers = {"Content-Type": "application/json"}
    if command.actor.on_behalf_of is not None:
        headers["X-On-Behalf-Of"] = quote(command.actor.on_behalf_of)  # Names are no ASCII.
    return headers


def _parts(commands: Sequence[Command]) -> Iterator[tuple[dict[str, str], list[bytes]]]:
    """Give the headers and the commands of each request: those for one person, as many as fit."""
    headers: dict[str, str] = {}
    items: list[bytes] = []
    weight = within = values = 0
    for command in commands:
        item, of = wire.encode_without(command, "actor", "source"), _of(command)
        brackets, commas = item.count(b"[") + item.count(b"{"), item.count(b",") + 1
        full = len(items) == MOST_AT_ONCE or weight + len(item) > PART_BYTES
        full |= within + brackets > MOST_WITHIN or values + commas > wire.MAX_PARSED
        if items and (full or of != headers):
            yield headers, items
            items, weight, within, values = [], 0, 0, 0
        headers = of
        items.append(item)
        weight, within, values = weight + len(item) + 1, within + brackets, values + commas
    if items:
        yield headers, items


def _in_path(name: str, value: Any) -> str:
    if not str(value).strip():
        raise Unusable(f"no {name} is named: give its id, or its number in its source")
    return str(value)


def _position(answer: httpx.Response) -> int:
    try:
        return int(answer.headers.get("x-position", 0))
    except ValueError:
        return 0


def _retry_after(answer: httpx.Response) -> float:
    try:
        return float(answer.headers.get("retry-after", 0))
    except ValueError:
        return 0.0


@contextmanager
def _reading(answer: httpx.Response) -> Iterator[None]:
    """Say of an answer that is not as ours are that somebody else gave it. Raises: InfraError"""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise _no_orderpath(f"its {answer.status_code} cannot be read") from error


def _no_orderpath(why: str) -> InfraError:
    return InfraError("server_unavailable", f"what answers there is no Orderpath: {why}")


def _object(answer: httpx.Response) -> Mapping[str, Any]:
    found = answer.json()
    if not isinstance(found, dict):
        raise TypeError("no JSON object")
    return found


def _settled(status: int, body: Mapping[str, Any]) -> Settled:
    if "outcome" not in body:
        return _error(status, body)
    if body["outcome"] not in KINDS:
        raise ValueError("no outcome of ours")
    return Outcome(
        command_id=UUID(body["command_id"]),
        kind=body["outcome"],
        first_position=body["first_position"],
        last_position=body["last_position"],
        versions=body["versions"],
        unmet=_unmet(body),
        repeated=body["repeated"],
    )


def _error(status: int, problem: Mapping[str, Any]) -> OrderpathError:
    """Give what the server's own process would have raised. Raises: ValueError for no problem"""
    if not str(problem.get("type")).startswith(TYPES):
        raise ValueError("no problem of ours")
    words = str(problem.get("detail") or problem.get("title") or f"status {status}")
    match problem.get("code"):
        case "refused":
            return Refusal(*_unmet(problem))
        case "denied":
            return Denied(*_unmet(problem))
        case "unknown_caller":
            return UnknownCaller(words)
        case "absent" | "no_such_place":
            return Absent(words)
        case "conflict" | "version_differs":
            versions = problem["expected_version"], problem["version"]
            return Conflict(problem["stream_id"], *versions)
        case "command_id_reused":
            return CommandIdReused(problem["command_id"])
        case "fact_id_reused":
            return FactIdReused()
        case "command_unreadable":
            return CommandUnreadable(*_unmet(problem))
        case _ if status in PASSING or status >= 500:
            return InfraError(str(problem.get("cause") or "server_unavailable"), words)
        case _:
            return Unusable(words)


def _unmet(body: Mapping[str, Any]) -> tuple[Unmet, ...]:
    return tuple(Unmet.model_validate(one) for one in body.get("unmet", ()))
