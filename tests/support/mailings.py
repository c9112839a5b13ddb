"""A shop with customers in groups, and a mailing and its sender in processes of their own that are
killed.
"""

from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from domain.customers.commands import AddTag, CreateCustomer
from domain.templates.line import PublishTemplate
from domain.templates.template import Template
from infra.settings import Settings
from services.bootstrap import System, open_system
from services.effects import published_template
from services.mailings import Mailing, customers_of, mail_to, read_segment
from tests.support.examples import actor
from tests.support.senders import MAIL, Held, mail_gate

MAILING_ID: Final = UUID(int=77)
SALE: Final = Template.model_validate(
    {
        "template": "sale",
        "channel": "mail",
        "texts": {
            "en": {"subject": "Sale", "text": "Hello {{ customer.name }}, it is cheaper now."},
            "ru": {"subject": "Распродажа", "text": "Теперь дешевле."},
        },
    }
)


def settings_of(database_url: str, folder: Path, port: int) -> Settings:
    return Settings.model_validate(
        {
            "database_url": database_url,
            "data_dir": folder,
            "smtp_url": f"smtp+plain://127.0.0.1:{port}",
            "mail_from": "Shop <orders@shop.example>",
            "mail_per_minute": 100_000,
            "log_level": "error",
        }
    )


def settle(system: System, customers: int, tag: str = "waits_for_sale") -> None:
    """Make so many customers known, put them into a group, and publish what they may be told."""
    who: dict[str, Any] = {"actor": actor()}
    asked = [
        system.pipeline.submit(command)
        for number in range(customers)
        for command in (
            CreateCustomer(
                command_id=uuid4(), customer_id=f"c-{number:04}", name=f"Anna {number}",
                email=f"c{number}@example.org", **who,
            ),
            AddTag(command_id=uuid4(), customer_id=f"c-{number:04}", tag=tag, **who),
        )
    ]  # fmt: skip
    assert {one.result().kind for one in asked} == {"accepted"}
    system.execute(PublishTemplate(command_id=uuid4(), definition=SALE, **who))
    system.catch_up()


def mailing_of(system: System, mailing_id: UUID = MAILING_ID, **more: Any) -> Mailing:
    template = published_template(system, "sale").template
    assert template is not None
    return Mailing(mailing_id, template, actor(), "cli", **more)


def mail_until_killed(pipe: Connection, database_url: str, folder: Path, stop_at: int) -> None:
    """Be a mailing that gets so far, and never to its end."""
    with open_system(settings_of(database_url, folder, 1)) as system:
        customers = customers_of(system, read_segment("tag:waits_for_sale"))
        for number, _ in enumerate(mail_to(system, mailing_of(system), customers), 1):
            if number == stop_at:
                pipe.send(number)
                pipe.recv()  # until it is killed


def send_until_killed(
    pipe: Connection, database_url: str, folder: Path, port: int, lease_seconds: float
) -> None:
    """Be a sender that hands one mail over, and never says what became of it."""
    with open_system(settings_of(database_url, folder, port)) as system:
        gates = {MAIL: Held(mail_gate(port), pipe)}
        leases: dict[str, float] = {MAIL.channel: lease_seconds}
        replace(system.sender(), gates=gates, lease_seconds=leases).send_due()
