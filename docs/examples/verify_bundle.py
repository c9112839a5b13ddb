"""Checks a bundle of `orderpath audit export` offline: with the standard library and cryptography.

    python verify_bundle.py bundle.json --key KEY_ID

Exit code 0: every event in it stands in the log exactly so, under a head that was signed with a key
of the log. KEY_ID is that of the log's first key, or any later one, as you noted it when you could
trust it: without it the bundle could be all of a piece and somebody else's.

What it cannot say: that nothing came after these events, and that the log that you are shown today
begins with the one of the head. For that compare the head with one that you held: docs/audit.md.
"""

import argparse
import json
import re
import sys
from base64 import b64decode, b64encode
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from struct import pack
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "orderpath.audit.bundle.v1"
COLUMNS = (
    "position", "stream_id", "version", "shard", "type", "payload", "fact_id", "subject_id",
    "key_id", "command_id", "correlation_id", "causation_id", "actor_kind", "actor_id",
    "on_behalf_of", "reason", "source", "occurred_at", "recorded_at",
)  # fmt: skip
NUMBERS = {"position", "version", "shard"}
IDS = {"fact_id", "key_id", "command_id", "correlation_id", "causation_id"}
TIMES = {"occurred_at", "recorded_at"}
TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
NOTE = re.compile(
    r"(?P<text>(?P<origin>orderpath/[0-9a-f-]{36})\n(?P<size>\d+)\n(?P<root>\S+)\n"
    r"head \d+\nepoch \d+\ncommands \d+ \d+ \S+\ntime (?P<time>\S+)\nkey (?P<key>[0-9a-f]{32})\n"
    r"previous \S+\n)\n\N{EM DASH} (?P<name>\S+) (?P<signature>\S+)\n",
    re.ASCII,
)


class Wrong(Exception):
    """The bundle does not hold."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--key", action="append", metavar="KEY_ID", help="a key that you trust")
    given = parser.parse_args()
    try:
        bundle = json.loads(given.bundle.read_bytes(), object_pairs_hook=once)
        print(check(bundle, set(given.key or ())))
    except (Wrong, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        print(f"This bundle does NOT hold: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    if not given.key:
        print("No key was named: compare the id above with one that you hold.")
    return 0


def check(bundle: dict[str, Any], trusted: set[str]) -> str:
    """Check everything, and say what was found. Raises: Wrong"""
    expect(set(bundle) == {"format", "about", "head", "keys", "events"}, "it has other parts")
    expect(bundle["format"] == FORMAT, f"its format is not {FORMAT}")
    found = NOTE.fullmatch(bundle["head"])
    if found is None:
        raise Wrong("its head is no signed note")
    key = check_keys(bundle["keys"], found["origin"], found["key"], trusted)
    check_note(found, key)
    size, root = int(found["size"]), from_base64(found["root"])
    events = bundle["events"]
    for event in events:
        check_event(event, size, root)
    check_whole(bundle["about"], events)
    return (
        f"{len(events)} events of {found['origin']} are as they were sealed, up to position {size}"
        f" at {found['time']}, with key {found['key']}."
    )


def check_keys(keys: list[dict[str, str]], origin: str, wanted: str, trusted: set[str]) -> bytes:
    """Follow the keys from one that is trusted to the one that signed. Raises: Wrong"""
    public_keys: dict[str, bytes] = {}
    is_trusted = reached = False
    before: tuple[str, bytes] | None = None
    for number, told in enumerate(keys, 1):
        public_key = from_base64(told["public_key"])
        key_id = sha256(public_key).hexdigest()[:32]
        expect(told["key_id"] == key_id, f"key {number} has another name than its bytes")
        announced = before is not None and "signature" in told
        expect(announced or set(told) == {"key_id", "public_key"}, f"key {number} has other parts")
        if before is not None and announced:
            expect(len(told) == 4, f"key {number} has other parts")
            text = (
                f"{origin}/key\n{number}\n{told['public_key']}\nafter {before[0]}\n"
                f"time {told['added_at']}\n"
            )
            check_signature(before[1], told["signature"], text, f"key {key_id} is not announced")
        is_trusted = not trusted or key_id in trusted or (is_trusted and announced)
        reached = reached or (key_id == wanted and is_trusted)
        public_keys[key_id] = public_key
        before = (key_id, public_key)
    expect(wanted in public_keys, f"the key of its head, {wanted}, is not in it")
    expect(reached, f"nothing leads from a key that you trust to that of its head, {wanted}")
    return public_keys[wanted]


def check_note(found: re.Match[str], public_key: bytes) -> None:
    """Check the signature of the head. Raises: Wrong"""
    expect(found["name"] == found["origin"], "its head is signed in another name")
    told = from_base64(found["signature"])
    named = sha256(f"{found['name']}\n".encode() + b"\x01" + public_key).digest()[:4]
    expect(told[:4] == named, "the signature of its head names another key")
    signature = b64encode(told[4:]).decode()
    check_signature(public_key, signature, found["text"], "its head is not signed with its key")


def check_event(event: dict[str, Any], size: int, root: bytes) -> None:
    """Check that an event is a leaf of the tree (RFC 9162, 2.1.3.2). Raises: Wrong"""
    expect(set(event) == {*COLUMNS, "proof"}, "an event has other columns")
    made = sha256(b"\0" + b"".join(column(name, event[name]) for name in COLUMNS)).digest()
    number, last = event["position"] - 1, size - 1
    inside = 0 <= number <= last
    for step in map(from_base64, event["proof"]):
        inside = inside and last > 0
        if number & 1 or number == last:
            made = sha256(b"\1" + step + made).digest()
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            made = sha256(b"\1" + made + step).digest()
        number, last = number >> 1, last >> 1
    what = f"the event at position {event['position']} is not in the log as it stands here"
    expect(inside and last == 0 and made == root, what)


def column(name: str, value: Any) -> bytes:
    """Give a column of a leaf: its length and its bytes, all ones for what is missing."""
    if value is None:
        return b"\xff\xff\xff\xff"
    if name in NUMBERS:
        expect(type(value) is int and 0 <= value < 2**63, f"{name} is no number of a log")
        told = pack(">q", value)
    elif name in IDS:
        told = UUID(value).bytes
    elif name in TIMES:
        since = datetime.strptime(value, TIME) - datetime(1970, 1, 1)  # noqa: DTZ001, DTZ007 - both UTC
        told = pack(">q", (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)
    else:
        if isinstance(value, dict):
            expect(set(value) == {"base64"}, f"{name} has other parts")
        told = from_base64(value["base64"]) if isinstance(value, dict) else value.encode()
    return pack(">I", len(told)) + told


def check_whole(about: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """Check that there are events, and nothing is missing between them. Raises: Wrong"""
    expect(len(events) > 0, "it has no events: there is nothing that it could say")
    if "stream_id" in about:
        there = [(event["stream_id"], event["version"]) for event in events]
        wanted = [(about["stream_id"], version) for version in range(1, len(events) + 1)]
        is_whole = about == {"stream_id": about["stream_id"], "events": len(events)}
        expect(is_whole and there == wanted, "events of its stream are missing, or others")
        return
    found = [event["position"] for event in events]
    is_whole = about == {"from": found[0], "to": found[-1]}
    expect(is_whole and found == list(range(found[0], found[0] + len(found))), "events are missing")


def check_signature(public_key: bytes, signature: str, text: str, otherwise: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(from_base64(signature), text.encode())
    except InvalidSignature:
        raise Wrong(otherwise) from None


def from_base64(told: str) -> bytes:
    found = b64decode(told, validate=True)
    expect(b64encode(found).decode() == told, f"{told} is not how base64 is written")
    return found


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    expect(len(dict(pairs)) == len(pairs), "a name stands twice in one of its parts")
    return dict(pairs)


def expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Wrong(otherwise)


if __name__ == "__main__":
    sys.exit(main())
