"""Mail over SMTP, with TLS and login. Implements domain.effects.channels.Gate.

smtps://user:password@host      TLS from the first byte, port 465
smtp://user:password@host       TLS by STARTTLS, which the server must offer, port 587
smtp+plain://host               without encryption or login: for a relay on this machine, port 25
"""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as EMAIL
from email.utils import parseaddr
from io import BufferedReader
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from domain.effects.channels import Outgoing, Undelivered
from infra.deadline import Deadline

PORTS: Final = {"smtps": 465, "smtp": 587, "smtp+plain": 25}
WAIT_SECONDS: Final = 15.0  # for any one answer but the last
LONGEST_SECONDS: Final = 660.0  # of a whole session: RFC 5321 gives the last answer ten minutes
LONGEST_ANSWER: Final = 64 * 1024  # bytes, of all its lines
_TAKEN: Final = 250
_REFUSALS: Final = range(400, 600)
_KNOWN: Final = range(200, 600)
_CLOSING: Final = 421  # The server goes away, whatever it was asked.
_LASTING: Final = 500  # from here on trying again is of no use


def check_sender(sender: str) -> None:
    """See that headers and envelope name the same one. Raises: ValueError"""
    found = [one.addr_spec for one in EMAIL.header_store_parse("From", sender)[1].addresses]
    if found != [parseaddr(sender)[1]]:
        raise ValueError(
            'is not one address: a name with a comma stands in quotes, as "Shop, Inc."'
        )


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in, as the URL says it."""

    scheme: str
    host: str
    port: int
    user: str | None
    password: str | None


def read_smtp_url(url: str) -> MailServer:
    """Read the URL. Raises: ValueError, without the URL: it holds a password"""
    try:
        parts = urlsplit(url)
        given_port = parts.port
        (parts.hostname or "").encode("idna")  # as a socket does
    except ValueError:  # Its words repeat a part of the URL.
        words = "is no address of a mail server: in a user or a password, write / as %2F, # as %23"
        raise ValueError(words) from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError(f"is no address of a mail server: begin it with {', '.join(PORTS)}")
    if parts.scheme == "smtp+plain" and parts.username:
        raise ValueError("would show a password to everybody on the way: use smtps or smtp")
    user, password = (part and unquote(part) for part in (parts.username, parts.password))
    if not f"{user}{password}".isascii():
        raise ValueError("logs in with letters that no mail server is sure to read: ASCII only")
    port = given_port or PORTS[parts.scheme]
    return MailServer(parts.scheme, parts.hostname, port, user, password)


class SmtpMail:
    """Hands mail to a server, each over a connection of its own: no state that could break."""

    def __init__(
        self,
        url: str,
        sender: str,  # Shop <orders@shop.example>
        *,
        tls: ssl.SSLContext | None = None,  # None: the certificates that the system trusts
        wait_seconds: float = WAIT_SECONDS,
        longest_seconds: float = LONGEST_SECONDS,
    ) -> None:
        self._server = read_smtp_url(url)
        self._sender = sender
        self._address = parseaddr(sender)[1]  # A name that is not ASCII is for headers only.
        self._tls = tls or ssl.create_default_context()
        self._wait_seconds = wait_seconds
        self._longest_seconds = longest_seconds

    def send(self, outgoing: Outgoing) -> str:
        """Hand a mail over; give its Message-ID. Raises: Undelivered"""
        message_id = f"<{outgoing.message_id}@{self._address.rpartition('@')[2]}>"
        recipient = _recipient(outgoing.to)
        mail = self._mail(outgoing, recipient, message_id)
        try:
            with Deadline(self._longest_seconds) as deadline:
                session = self._connect(deadline)
                try:
                    session.send_message(mail, self._address, [recipient.addr_spec])
                finally:
                    with suppress(OSError, smtplib.SMTPException):
                        session.quit()
        except _Unanswered as error:  # Sent again by itself, it might arrive twice.
            words = "the mail server has it, and did not say what became of it"
            raise Undelivered("unanswered", words, final=True) from error
        except smtplib.SMTPAuthenticationError as error:
            raise Undelivered("login_refused", _answered(error.smtp_code)) from error
        except smtplib.SMTPRecipientsRefused as error:
            ((code, _),) = error.recipients.values()
            raise _refused(code) from error
        except smtplib.SMTPDataError as error:
            raise _refused(error.smtp_code) from error
        except smtplib.SMTPResponseException as error:  # It says so to whoever comes.
            raise _turned_away(error.smtp_code) from error
        except smtplib.SMTPNotSupportedError as error:
            if not recipient.addr_spec.isascii() and self._address.isascii():
                raise Undelivered("refused", "the mail server knows no such addresses") from error
            raise Undelivered("not_supported", "the mail server lacks what is needed") from error
        except (OSError, smtplib.SMTPException) as error:
            raise Undelivered("unreachable", f"the mail server: {type(error).__name__}") from error
        return message_id

    def _connect(self, deadline: Deadline) -> "_Session":
        server, wait = self._server, self._wait_seconds
        if server.scheme == "smtps":
            session: _Session = _TlsSession(
                deadline, server.host, server.port, timeout=wait, context=self._tls
            )
        else:
            session = _Session(deadline, server.host, server.port, timeout=wait)
        try:
            if server.scheme == "smtp":
                session.starttls(context=self._tls)
            if server.user is not None:
                session.login(server.user, server.password or "")
        except BaseException:
            session.close()
            raise
        return session

    def _mail(self, outgoing: Outgoing, recipient: Address, message_id: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = recipient
        mail["Subject"] = outgoing.subject
        mail["Message-ID"] = message_id
        mail["Auto-Submitted"] = "auto-generated"  # so that no absence note answers it
        mail.set_content(outgoing.text)
        if outgoing.html:
            mail.add_alternative(outgoing.html, subtype="html")
        if attached := outgoing.attachment:
            mail.add_attachment(
                attached.content, maintype="application", subtype="pdf", filename=attached.name
            )
        return mail


def _recipient(text: str | None) -> Address:
    """Read the one address that a mail is for.

    Raises: Undelivered if it is none, or several, or smtplib would make another one of it
    """
    try:
        (found,) = EMAIL.header_store_parse("To", text or "")[1].addresses
        address = Address(found.display_name, found.username, found.domain)
    except MemoryError:
        raise  # No fault of the address.
    except Exception as error:  # The library's parser trips over some in many ways; told as one.
        raise Undelivered("address_unusable", "that is no address", final=True) from error
    told = address.addr_spec
    if not (address.username and address.domain) or smtplib.quoteaddr(told) != f"<{told}>":
        raise Undelivered("address_unusable", "that is no address", final=True)
    return address


class _Unanswered(smtplib.SMTPException):
    """The server has the whole mail, and nobody knows whether it took it."""


class _Session(smtplib.SMTP):
    """A session under a deadline, which tells a mail that was handed over from one that was not."""

    def __init__(self, deadline: Deadline, *args: Any, **more: Any) -> None:
        self._deadline = deadline
        self._handed_over = False
        super().__init__(*args, **more)

    def getreply(self) -> tuple[int, bytes]:
        if self.sock:
            self._deadline.watch(self.sock)
            if self.file is None:
                self.file = _Answers(self.sock.makefile("rb"))
        if self.file is not None:
            self.file.left = LONGEST_ANSWER
        return super().getreply()

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Hand a mail over. Raises: _Unanswered"""
        try:
            code, said = super().data(msg)
        except (OSError, smtplib.SMTPException) as error:
            if self._handed_over:
                raise _Unanswered from error
            raise
        if code != _TAKEN and code not in _REFUSALS:
            raise _Unanswered
        assert self.sock is not None
        self.sock.settimeout(self.timeout)
        return code, said

    def send(self, s: Any) -> None:
        """Send a command, or the mail, which alone comes as bytes."""
        super().send(s)
        if isinstance(s, bytes) and self.sock:
            self._handed_over = True
            self.sock.settimeout(None)  # The deadline ends the wait for what the server says now.


class _Answers:
    """What the server says, line by line: smtplib itself takes a line that was cut off for a whole
    one, and lines without end.
    """

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self.left = LONGEST_ANSWER  # bytes that the answer may have yet

    def readline(self, limit: int) -> bytes:
        """Give the next line; nothing if there is no whole one. Raises: OSError"""
        line = self._file.readline(limit)
        self.left -= len(line)
        if self.left < 0:
            raise ConnectionError("the answer does not end")
        is_cut_off = not line.endswith(b"\n") and len(line) < limit
        return b"" if is_cut_off else line

    def close(self) -> None:
        self._file.close()


class _TlsSession(_Session, smtplib.SMTP_SSL):
    """The same under TLS from the first byte."""


def _refused(code: int) -> Undelivered:
    """Give what an answer means that is about one recipient, or about this mail."""
    if code not in _REFUSALS or code == _CLOSING:
        return _turned_away(code)
    return Undelivered("refused", _answered(code), final=code >= _LASTING)


def _turned_away(code: int) -> Undelivered:
    """Give what an answer means that every mail would get: somebody mends that."""
    return Undelivered("server_refused", _answered(code))


def _answered(code: int) -> str:
    return f"the mail server answered {code}" if code in _KNOWN else "what answers speaks no SMTP"
