"""Those who get what leaves the house: a mail server and an HTTP server, both real, on loopback."""

import asyncio
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server, socket
from threading import Event as Signal
from threading import Lock, Thread
from typing import Any, Final

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

OK = "250 OK"
DROP_SECONDS: Final = 0.05


@dataclass
class Mailbox:
    """What a mail server was handed, and what it answers."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    froms: list[str | None] = field(default_factory=list)  # as the envelopes have it
    answers: list[str] = field(default_factory=list)  # for the next ones; then all is well
    users: list[str] = field(default_factory=list)  # who logged in
    slow_seconds: float = 0.0  # between a mail and its answer

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        answer = self.answers.pop(0) if self.answers else OK
        if answer == OK:
            content = envelope.content
            assert isinstance(content, bytes)
            mail = message_from_bytes(content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.to += envelope.rcpt_tos
            self.froms.append(envelope.mail_from)
        await asyncio.sleep(self.slow_seconds)
        return answer

    def authenticate(self, *said: Any) -> AuthResult:
        login = said[-1]
        assert isinstance(login, LoginPassword)
        well = login.password == b"open sesame"
        if well:
            self.users.append(login.login.decode())
        return AuthResult(success=well, handled=False)

    @property
    def ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.mails]


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None, *, starttls: bool = False) -> Iterator[Mailbox]:
    """Run a mail server. tls: from the first byte, or by STARTTLS and then with login."""
    box, loop = Mailbox(), asyncio.new_event_loop()
    secured: dict[str, Any] = {}
    if starttls:
        secured = {"tls_context": tls, "require_starttls": True, "auth_required": True}
        secured["authenticator"] = box.authenticate

    def protocol() -> SMTP:
        return SMTP(box, loop=loop, hostname="localhost", **secured)

    opening = loop.create_server(protocol, "127.0.0.1", 0, ssl=None if starttls else tls)
    server = loop.run_until_complete(opening)
    box.port = server.sockets[0].getsockname()[1]
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield box
    finally:
        asyncio.run_coroutine_threadsafe(_ended(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended(server: asyncio.Server) -> None:
    """Close a server and whatever is connected to it."""
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@dataclass(frozen=True)
class Hit:
    """One request that came in."""

    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """What an HTTP server was told, and what it answers."""

    url: str = ""
    hits: list[Hit] = field(default_factory=list)
    answers: list[tuple[int, Mapping[str, str], bytes]] = field(default_factory=list)
    usual: int = 200
    _lock: Lock = field(default_factory=Lock)

    def answer(self, hit: Hit) -> tuple[int, Mapping[str, str], bytes]:
        with self._lock:
            self.hits.append(hit)
            return self.answers.pop(0) if self.answers else (self.usual, {}, b"")


@contextmanager
def http_receiver() -> Iterator[Receiver]:
    """Run an HTTP server that notes what is posted."""
    receiver = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(receiver.answer))
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/in"
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(
    answer: Callable[[Hit], tuple[int, Mapping[str, str], bytes]],
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, content = answer(Hit(headers, body))
            self.send_response(status)
            for name, value in {**more, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def _beside(work: Callable[[], None], end: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Let something be done beside the block, which tells it to end and waits for that."""
    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        end()
        thread.join()


@contextmanager
def dripping(beginning: bytes, drop: bytes = b"x") -> Iterator[int]:
    """Run a server that says something at once, then a drop now and then, for ever; give its port.

    No wait for one read ever ends there.
    """
    ending = Signal()
    with create_server(("127.0.0.1", 0)) as server:
        server.settimeout(DROP_SECONDS)

        def drip() -> None:
            with suppress(OSError), ExitStack() as open_ones:
                lines: list[socket] = []
                while not ending.wait(DROP_SECONDS):
                    with suppress(TimeoutError):
                        lines.append(open_ones.enter_context(server.accept()[0]))
                        lines[-1].sendall(beginning)
                    for line in lines:
                        with suppress(OSError):
                            line.sendall(drop)

        with _beside(drip, ending.set):
            yield server.getsockname()[1]


@contextmanager
def answering(answer: bytes, *, again: bool = False) -> Iterator[int]:
    """Run a mail server that takes one mail, says these bytes and hangs up; give its port.

    again: it says them for as long as somebody listens
    """
    with create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError), server.accept()[0] as line, line.makefile("rb") as said:
                line.sendall(b"220 Hello\r\n")
                while not (word := said.readline().strip().upper()).startswith(b"DATA") and word:
                    line.sendall(b"250 Well\r\n")
                line.sendall(b"354 Go on\r\n")
                while said.readline() not in {b".\r\n", b""}:
                    pass
                line.sendall(answer)
                while again:
                    line.sendall(answer)

        with _beside(serve):
            yield server.getsockname()[1]


@contextmanager
def scripted(**said: bytes) -> Iterator[int]:
    """Run a mail server that says this to these words of SMTP, to all others that it is well; give
    its port. hello: what it says to whoever comes
    """
    with create_server(("127.0.0.1", 0)) as server:
        server.settimeout(DROP_SECONDS)
        ending = Signal()

        def serve() -> None:
            while not ending.is_set():
                with suppress(OSError), server.accept()[0] as line, line.makefile("rb") as heard:
                    line.settimeout(1)
                    line.sendall(said.get("hello", b"220 Hello\r\n"))
                    while word := heard.readline().strip().lower().partition(b" ")[0].decode():
                        line.sendall(said.get(word, b"250 Well\r\n"))

        with _beside(serve, ending.set):
            yield server.getsockname()[1]


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for loopback; give what a server and what its client need."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "loopback.pem"
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, *private))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=made.public_bytes(pem).decode())
