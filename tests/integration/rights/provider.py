"""An identity provider on this machine: its keys, and whatever token a test wants of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from tests.support.waiting import ROOM_SECONDS

AUDIENCE = "orderpath"


@dataclass
class FakeProvider:
    """Issues tokens. `keys` are those that it publishes, by their ids."""

    url: str = ""
    keys: dict[str, RSAPrivateKey] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  # places
    away: bool = False
    more: list[Any] = field(default_factory=list)  # other keys, as published
    drips: int = 0  # bytes that come one by one before each answer, twenty a second
    hears: Event = field(default_factory=Event)  # it was asked for something
    answers: Event = field(default_factory=Event)  # it says nothing while this is not set

    def __post_init__(self) -> None:
        self.answers.set()

    def new_key(self, key_id: str) -> RSAPrivateKey:
        self.keys[key_id] = generate_private_key(65_537, 2_048)
        return self.keys[key_id]

    def public_pem(self, key_id: str) -> bytes:
        return (
            self.keys[key_id]
            .public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )

    def token(
        self, claims: dict[str, Any], key_id: str = "k1", headers: dict[str, Any] | None = None
    ) -> str:
        return jwt.encode(claims, self.keys[key_id], "RS256", {"kid": key_id, **(headers or {})})

    def answer(self, place: str) -> bytes:
        if place.endswith("/openid-configuration"):
            return json.dumps({"issuer": self.url, "jwks_uri": f"{self.url}/keys"}).encode()
        algorithm = jwt.algorithms.RSAAlgorithm
        found = [
            {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "use": "sig"}
            for key_id, key in self.keys.items()
        ]
        return json.dumps({"keys": [*found, *self.more]}).encode()


@contextmanager
def fake_provider() -> Iterator[FakeProvider]:
    """Run a provider until the block ends."""
    provider = FakeProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append(self.path)
            if provider.away:
                self.send_error(503)
                return
            provider.hears.set()
            provider.answers.wait(ROOM_SECONDS)
            body = provider.answer(self.path)
            self.send_response(200)
            self.flush_headers()
            for _ in range(provider.drips):
                self.wfile.write(b"X")
                Event().wait(0.05)
            self.wfile.write(b"X-Slow: yes\r\n" if provider.drips else b"")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    provider.new_key("k1")
    running = Thread(target=server.serve_forever)
    running.start()
    try:
        yield provider
    finally:
        provider.answers.set()
        server.shutdown()
        running.join()
        server.server_close()
