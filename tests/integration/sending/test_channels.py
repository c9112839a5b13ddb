"""Mail over SMTP, webhooks and SMS over HTTP, as real servers on loopback see them."""

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import digest
from pathlib import Path
from socket import create_server
from time import monotonic
from typing import Final

import pytest
from standardwebhooks import Webhook

from domain.effects.channels import Gate, Outgoing, Undelivered
from infra.mail import SmtpMail, read_smtp_url
from infra.sms import SmsGateway
from infra.webhooks import WebhookEndpoint
from tests.support.receivers import (
    answering,
    certificate,
    dripping,
    http_receiver,
    mail_server,
    scripted,
)

FROM: Final = "Shop <orders@shop.example>"
KEY: Final = b"0123456789abcdef0123456789abcdef"
SECRET: Final = f"whsec_{b64encode(KEY).decode()}"
MAIL: Final = Outgoing(
    message_id="m-17", text="Héllo", to="anna@example.org", subject="Ördér", html="<b>Hi</b>"
)
HOOK: Final = Outgoing(message_id="m-17", text='{"type":"x"}')
SMS: Final = Outgoing(message_id="m-17", text="Hi {to}", to="8 900 111-11-11")


def failure(gate: Gate, outgoing: Outgoing) -> Undelivered:
    """Send what does not go out; give why."""
    with pytest.raises(Undelivered) as failed:
        gate.send(outgoing)
    return failed.value


class TestMail:
    def test_a_mail_arrives_as_it_was_written(self) -> None:
        with mail_server() as box:
            sent = SmtpMail(f"smtp+plain://127.0.0.1:{box.port}", FROM).send(MAIL)

        (mail,) = box.mails
        assert (sent, mail["Message-ID"]) == ("<m-17@shop.example>",) * 2
        assert (mail["From"], mail["To"], mail["Subject"]) == (FROM, "anna@example.org", "Ördér")
        assert mail["Auto-Submitted"] == "auto-generated"
        text, html = (mail.get_body([kind]) for kind in ("plain", "html"))
        assert text is not None
        assert html is not None
        assert text.get_content().splitlines() == ["Héllo"]
        assert html.get_content().splitlines() == ["<b>Hi</b>"]
        assert box.to == ["anna@example.org"]

    def test_a_sender_s_name_may_be_of_any_letters(self) -> None:
        with mail_server() as box:  # It does not offer SMTPUTF8.
            SmtpMail(f"smtp+plain://127.0.0.1:{box.port}", "Магазин <orders@shop.example>").send(
                MAIL
            )

        assert box.mails[0]["From"] == "Магазин <orders@shop.example>"
        assert box.froms == ["orders@shop.example"]

    def test_mail_goes_over_tls_from_the_first_byte(self, tmp_path: Path) -> None:
        server, client = certificate(tmp_path)
        with mail_server(server) as box:
            SmtpMail(f"smtps://localhost:{box.port}", FROM, tls=client).send(MAIL)

        assert len(box.mails) == 1

    def test_mail_goes_over_starttls_with_a_login(self, tmp_path: Path) -> None:
        server, client = certificate(tmp_path)
        with mail_server(server, starttls=True) as box:
            url = f"smtp://shop:open%20sesame@localhost:{box.port}"
            SmtpMail(url, FROM, tls=client).send(MAIL)
            failed = failure(SmtpMail(url.replace("open", "shut"), FROM, tls=client), MAIL)

        assert (len(box.mails), box.users) == (1, ["shop"])
        assert (failed.code, failed.final) == ("login_refused", False)
        assert "sesame" not in str(failed)

    def test_a_server_that_offers_no_tls_gets_no_mail(self) -> None:
        with mail_server() as box:
            failed = failure(SmtpMail(f"smtp://127.0.0.1:{box.port}", FROM), MAIL)

        assert (failed.code, box.mails) == ("not_supported", [])

    def test_a_server_that_nobody_vouches_for_gets_no_mail(self, tmp_path: Path) -> None:
        server, _ = certificate(tmp_path)
        with mail_server(server, starttls=True) as box:
            failed = failure(SmtpMail(f"smtp://localhost:{box.port}", FROM), MAIL)

        assert (failed.code, box.mails) == ("unreachable", [])

    @pytest.mark.parametrize(
        ("answer", "final"), [("451 later, anna@example.org", False), ("550 no anna", True)]
    )
    def test_what_the_server_says_is_told_by_its_number_only(
        self, answer: str, final: bool
    ) -> None:
        with mail_server() as box:
            box.answers.append(answer)
            failed = failure(SmtpMail(f"smtp+plain://127.0.0.1:{box.port}", FROM), MAIL)

        assert (failed.code, failed.final) == ("refused", final)
        assert str(failed) == f"the mail server answered {answer[:3]}"

    @pytest.mark.parametrize(
        ("word", "answer"),
        [
            ("hello", b"554 No service\r\n"),
            ("hello", b"421 Busy\r\n"),
            ("hello", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            ("hello", b"SSH-2.0-x\r\n"),
            ("ehlo", b"554 No\r\n"),
            ("mail", b"552 Full\r\n"),
            ("mail", b"553 Who are you\r\n"),
            ("rcpt", b"421 Going\r\n"),
            ("rcpt", b"what\r\n"),
            ("data", b"250 What\r\n"),
        ],
    )
    def test_what_the_server_would_say_to_every_mail_is_tried_again(
        self, word: str, answer: bytes
    ) -> None:
        helo = {"helo": answer} if word == "ehlo" else {}
        with scripted(**{word: answer}, **helo) as port:
            failed = failure(SmtpMail(f"smtp+plain://127.0.0.1:{port}", FROM), MAIL)

        assert (failed.code, failed.final) == ("server_refused", False)

    @pytest.mark.parametrize(
        ("word", "answer", "final"),
        [
            ("rcpt", b"550 No anna\r\n", True),
            ("rcpt", b"450 Later\r\n", False),
            ("data", b"554 Not this\r\n", True),
            ("data", b"451 Later\r\n", False),
        ],
    )
    def test_what_is_said_of_one_recipient_or_one_mail_is_of_it_alone(
        self, word: str, answer: bytes, final: bool
    ) -> None:
        with scripted(**{word: answer}) as port:
            failed = failure(SmtpMail(f"smtp+plain://127.0.0.1:{port}", FROM), MAIL)

        assert (failed.code, failed.final) == ("refused", final)

    def test_an_answer_that_is_neither_yes_nor_no_may_mean_that_a_mail_arrived(self) -> None:
        with answering(b"251 Somewhere else\r\n") as port:
            failed = failure(SmtpMail(f"smtp+plain://127.0.0.1:{port}", FROM), MAIL)

        assert (failed.code, failed.final) == ("unanswered", True)

    def test_a_server_that_is_away_or_silent_is_tried_again(self) -> None:
        with create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            url = f"smtp+plain://127.0.0.1:{port}"
            failed = failure(SmtpMail(url, FROM, wait_seconds=0.2), MAIL)
        assert (failed.code, failed.final) == ("unreachable", False)
        assert "ConnectionRefusedError" in str(failure(SmtpMail(url, FROM), MAIL))

    def test_a_server_may_take_longer_for_a_mail_than_for_any_other_answer(self) -> None:
        with mail_server() as box:
            box.slow_seconds = 0.6
            SmtpMail(f"smtp+plain://127.0.0.1:{box.port}", FROM, wait_seconds=0.2).send(MAIL)

        assert len(box.mails) == 1

    def test_a_mail_that_nobody_confirms_may_have_arrived_and_is_not_tried_again(self) -> None:
        with mail_server() as box:
            box.slow_seconds = 30
            url = f"smtp+plain://127.0.0.1:{box.port}"
            failed = failure(SmtpMail(url, FROM, longest_seconds=0.5), MAIL)

        assert len(box.mails) == 1
        assert (failed.code, failed.final) == ("unanswered", True)

    @pytest.mark.parametrize(
        "answer", [b"2222222", b"250", b"250 Tak", b"55", b"550 No", b"250-W\r\n"]
    )
    def test_an_answer_that_is_cut_off_is_none(self, answer: bytes) -> None:
        with answering(answer) as port:
            failed = failure(SmtpMail(f"smtp+plain://127.0.0.1:{port}", FROM), MAIL)

        assert (failed.code, failed.final) == ("unanswered", True)

    @pytest.mark.parametrize("answer", [b"250-More\r\n" * 1_000, b"2" * 10_000])
    def test_an_answer_without_end_is_none_and_is_not_listened_to(self, answer: bytes) -> None:
        began = monotonic()
        with answering(answer, again=True) as port:
            failed = failure(SmtpMail(f"smtp+plain://127.0.0.1:{port}", FROM), MAIL)

        assert (failed.code, failed.final) == ("unanswered", True)
        assert monotonic() - began < 30, "An answer may take minutes."

    def test_an_answer_of_several_lines_is_one(self) -> None:
        with answering(b"250-Taken\r\n250 Well\r\n") as port:
            SmtpMail(f"smtp+plain://127.0.0.1:{port}", FROM).send(MAIL)

    @pytest.mark.parametrize("tls", [True, False])
    def test_a_server_that_drips_does_not_hold_a_mail_for_longer_than_is_allowed(
        self, tls: bool
    ) -> None:
        began = monotonic()
        with dripping(b"\x16\x03\x03\x3f\xff" if tls else b"220-") as port:
            url = f"smtp{'s' if tls else '+plain'}://127.0.0.1:{port}"
            mail = SmtpMail(url, FROM, wait_seconds=0.5, longest_seconds=0.5)
            failed = failure(mail, MAIL)

        assert (failed.code, failed.final) == ("unreachable", False)
        assert monotonic() - began < 2

    def test_only_an_address_that_is_none_is_an_address_that_is_unusable(self) -> None:
        with mail_server() as box:
            mail = SmtpMail(f"smtp+plain://127.0.0.1:{box.port}", FROM)
            nobody = failure(mail, replace(MAIL, to="anna\r\nBcc: eve@example.org"))
            with pytest.raises(ValueError, match="linefeed"):
                mail.send(replace(MAIL, subject="Two\nlines"))

        assert (nobody.code, nobody.final) == ("address_unusable", True)
        assert box.mails == []

    @pytest.mark.parametrize(
        "to",
        [
            "ann@[shop.example", "_@[", ".&=/^:@^%", r"(b[_\:@\)%):", "(%).=@_",
            "a@b.example,c@d.example", '"a\\"@b.example', "", "ann", "@b",
        ],
    )  # fmt: skip
    def test_what_the_mail_library_cannot_read_or_makes_another_of_is_unusable_too(
        self, to: str
    ) -> None:
        with mail_server() as box:
            failed = failure(
                SmtpMail(f"smtp+plain://127.0.0.1:{box.port}", FROM), replace(MAIL, to=to)
            )

        assert (failed.code, failed.final) == ("address_unusable", True)
        assert box.mails == []
        assert box.to == []

    @pytest.mark.parametrize("to", ["ann@shop.example", "Ann <ann@shop.example>"])
    def test_the_server_is_told_the_address_alone(self, to: str) -> None:
        with mail_server() as box:
            SmtpMail(f"smtp+plain://127.0.0.1:{box.port}", FROM).send(replace(MAIL, to=to))

        assert box.to == ["ann@shop.example"]

    def test_a_url_is_refused_without_being_repeated(self) -> None:
        for url in ("http://u:secret@host", "smtps://", "smtp+plain://u:secret@host"):
            with pytest.raises(ValueError, match=r"begin it with|show a password") as failed:
                read_smtp_url(url)
            assert "secret" not in str(failed.value)


class TestWebhooks:
    def test_a_webhook_is_signed_as_the_convention_says(self) -> None:
        with http_receiver() as receiver:
            WebhookEndpoint(receiver.url, SECRET).send(HOOK)

        (hit,) = receiver.hits
        at = hit.headers["webhook-timestamp"]
        assert abs(datetime.now(UTC).timestamp() - int(at)) < 60
        signed = f"m-17.{at}.".encode() + hit.body
        expected = b64encode(digest(KEY, signed, sha256)).decode()
        assert hit.headers["webhook-signature"] == f"v1,{expected}"
        assert hit.headers["webhook-id"] == "m-17"
        assert Webhook(SECRET).verify(hit.body, dict(hit.headers)) == {"type": "x"}

    @pytest.mark.parametrize(
        ("status", "code", "final"),
        [
            (500, "refused", False),
            (404, "refused", False),
            (302, "refused", False),
            (410, "gone", True),
        ],
    )
    def test_whatever_is_no_success_is_a_failure(self, status: int, code: str, final: bool) -> None:
        with http_receiver() as receiver:
            receiver.answers.append((status, {"retry-after": "120"}, b"anna@example.org"))
            failed = failure(WebhookEndpoint(receiver.url, SECRET), HOOK)

        assert (failed.code, failed.final) == (code, final)
        assert failed.at_least == timedelta(seconds=120)
        assert str(failed) == f"the endpoint answered {status}"

    def test_an_endpoint_that_is_silent_is_tried_again(self) -> None:
        with create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            failed = failure(WebhookEndpoint(url, SECRET, wait_seconds=0.2), HOOK)

        assert (failed.code, failed.final) == ("unreachable", False)

    def test_an_endpoint_that_drips_does_not_hold_a_message_for_longer_than_is_allowed(
        self,
    ) -> None:
        began = monotonic()
        with dripping(b"HTTP/1.1 200 OK\r\nx-slow: ") as port:
            endpoint = WebhookEndpoint(f"http://127.0.0.1:{port}", SECRET, wait_seconds=0.5)
            failed = failure(endpoint, HOOK)

        assert (failed.code, failed.final) == ("unreachable", False)
        assert monotonic() - began < 2


class TestSms:
    BODY: Final = '{"to": "{to}", "message": {"text": "Shop: {text}"}, "ref": "{id}", "n": 1}'

    def test_a_gateway_gets_its_own_json_and_its_login(self) -> None:
        with http_receiver() as receiver:
            receiver.answers.append((200, {}, b'{"message_id": 99}'))
            gateway = SmsGateway(receiver.url, self.BODY, "Authorization: Bearer x", region="RU")
            assert gateway.send(SMS) == "99"

        (hit,) = receiver.hits
        assert json.loads(hit.body) == {
            "to": "+79001111111", "message": {"text": "Shop: Hi {to}"}, "ref": "m-17", "n": 1
        }  # fmt: skip
        assert hit.headers["authorization"] == "Bearer x"

    def test_a_gateway_that_says_no_id_has_sent_it_too(self) -> None:
        with http_receiver() as receiver:
            assert SmsGateway(receiver.url, self.BODY, region="RU").send(SMS) is None

    @pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nx-slow: "])
    def test_an_sms_that_nobody_confirms_may_have_arrived_and_is_not_tried_again(
        self, answer: bytes
    ) -> None:
        began = monotonic()
        with dripping(answer, answer and b"x") as port:
            url = f"http://127.0.0.1:{port}"
            failed = failure(SmsGateway(url, self.BODY, region="RU", wait_seconds=0.5), SMS)

        assert (failed.code, failed.final) == ("unanswered", True)
        assert monotonic() - began < 2

    def test_a_gateway_that_has_answered_has_sent_it_however_it_drips_its_id(self) -> None:
        with dripping(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n") as port:
            url = f"http://127.0.0.1:{port}"
            assert SmsGateway(url, self.BODY, region="RU", wait_seconds=0.5).send(SMS) is None

    def test_a_gateway_that_is_away_is_tried_again(self) -> None:
        with create_server(("127.0.0.1", 0)) as gone:
            url = f"http://127.0.0.1:{gone.getsockname()[1]}"
        failed = failure(SmsGateway(url, self.BODY, region="RU"), SMS)

        assert (failed.code, failed.final) == ("unreachable", False)

    @pytest.mark.parametrize(
        ("status", "code", "final"),
        [
            (400, "refused", True),
            (429, "refused", False),
            (503, "server_refused", False),
            (401, "server_refused", False),
            (402, "server_refused", False),
            (404, "server_refused", False),
        ],
    )
    def test_what_the_gateway_cannot_take_is_dead_else_it_is_tried_again(
        self, status: int, code: str, final: bool
    ) -> None:
        with http_receiver() as receiver:
            receiver.usual = status
            failed = failure(SmsGateway(receiver.url, self.BODY, region="RU"), SMS)

        assert (failed.code, failed.final) == (code, final)

    def test_what_is_no_number_is_not_tried(self) -> None:
        nobody = Outgoing(message_id="m", text="x", to="12")
        with http_receiver() as receiver:
            failed = failure(SmsGateway(receiver.url, self.BODY, region="RU"), nobody)

        assert (failed.code, failed.final) == ("address_unusable", True)
        assert receiver.hits == []
