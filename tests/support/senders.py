"""Senders of a small shop, and a sender in a process of its own that is killed in the middle."""

from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from threading import Event as Signal
from typing import Any, Final
from uuid import UUID, uuid4

from domain.effects.channels import Gate, Outgoing, Outlet
from domain.templates.offered import Setting
from infra.log import configure_logging
from infra.mail import SmtpMail
from services.letters import Letters
from services.sending import LEASE_SECONDS, Sender
from tests.integration.projections.world import World, open_world
from tests.support.examples import CUSTOMER
from tests.support.outgoing import PUBLISHED, request
from tests.support.printed import papers_of

FAST: Final = {"mail": 100_000, "sms": 100_000, "webhook": 100_000}
MAIL: Final = Outlet("mail")
SETTING: Final = Setting(zone="Europe/Berlin")
CONTACTS: Final = {"user:ann": ("+7 900 222-22-22", "ann@shop.example"), "group:leads": ("l@x.y",)}


def mail_gate(port: int) -> SmtpMail:
    return SmtpMail(f"smtp+plain://127.0.0.1:{port}", "Shop <orders@shop.example>")


def sender_of(
    world: World,
    gates: Mapping[Outlet, Gate],
    *,
    per_minute: Mapping[str, int] = FAST,
    lease_seconds: float | None = None,
    contacts: Mapping[str, Sequence[str]] = CONTACTS,
) -> Sender:
    """Give a sender that has the shop's clock and no luck in its delays."""
    return Sender(
        world.lend,
        Letters(world.pipeline_log, SETTING, contacts, papers_of(world).draw),
        gates,
        world.pipeline.execute,
        lambda: world.now,
        per_minute=per_minute,
        lease_seconds=dict.fromkeys(FAST, lease_seconds) if lease_seconds else LEASE_SECONDS,
        chance=lambda: 0.5,
    )


def ask(world: World, order_id: UUID | None = None, **more: Any) -> UUID:
    """Ask for a message about an order, by default for the mail of the example about a new one."""
    world.send(PUBLISHED)
    body = {"order_id": order_id or world.place(customer=CUSTOMER), "about_version": None, **more}
    effect_id = uuid4()
    (outcome,) = world.send(request(effect_id=effect_id, **body))
    assert outcome.kind == "accepted", outcome
    return effect_id


def states(world: World) -> dict[UUID, tuple[str, int]]:
    """Give state and attempts of each message, as the log has them."""
    letters = Letters(world.pipeline_log, SETTING)
    streams = {one.stream_id for one in world.events() if one.stream_id.startswith("effect-")}
    effects = {UUID(one.partition("-")[2]) for one in streams}
    found = {one: letters.wanted(one).effect for one in effects}
    return {one: (effect.state, effect.attempts) for one, effect in found.items()}


class Held:
    """A gate that says when it has handed a message over, and does not come back."""

    def __init__(self, real: Gate, pipe: Connection) -> None:
        self._real = real
        self._pipe = pipe

    def send(self, outgoing: Outgoing) -> str | None:
        self._real.send(outgoing)
        self._pipe.send(outgoing.message_id)
        self._pipe.recv()  # until it is killed
        return None


def send_until_killed(pipe: Connection, url: str, port: int, lease_seconds: float) -> None:
    """Be a sender that hands one mail over, and never says what became of it."""
    configure_logging("error", "json")
    with open_world(url) as world:
        gates = {MAIL: Held(mail_gate(port), pipe)}
        sender_of(world, gates, lease_seconds=lease_seconds).send_due()


def send_all(pipe: Connection, url: str, port: int) -> None:
    """Be a sender among others: begin when told, and say how many were tried."""
    configure_logging("error", "json")
    with open_world(url) as world:
        sender = sender_of(world, {MAIL: mail_gate(port)})
        pipe.send("ready")
        pipe.recv()
        pipe.send(sender.send_due())


def send_forever(pipe: Connection, url: str, port: int, lease_seconds: float) -> None:
    """Be a sender with its threads for as long as the process lives."""
    configure_logging("error", "json")
    with open_world(url) as world:
        pipe.send("ready")
        sender_of(world, {MAIL: mail_gate(port)}, lease_seconds=lease_seconds).run(Signal())
