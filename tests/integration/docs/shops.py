"""What is there before a page's lines are run: files that it names, and what happens meanwhile.

A page without an entry has the shop of all pages alone: an order A-17 of Anna Ivanova.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID, uuid4

from domain.messages import Actor
from domain.orders import commands as c
from services.audit.witness_file import own_witness
from services.bootstrap import open_system
from services.demo.clock import VirtualClock
from tests.integration.docs.blocks import blocks
from tests.integration.docs.desk import ANNA, ITEM, PLACE, Desk, Happening, Happenings
from tests.support.command_line import ROOT
from tests.support.examples import actor
from tests.support.loads import place
from tests.support.served import free_port

UNIVERSAL: Final = ROOT / "domain/paths/presets/universal.yaml"
EVERYBODY: Final = (
    "{users: [director], groups: [managers, leads, warehouse, delivery, procurement]}"
)
COLLECTED: Final = "  packing:   {stage: work"  # where the second step of packing is put in
FOUR_EYES: Final = """\
    reasons: &why
"""
LOG: Final = "case,at,what\n1,2025-01-10 08:00:00,Created\n1,2025-01-10 09:00:00,Packed\n"
MAPPING: Final = """\
source: depot
path: parcels
order_id: case
time: {column: at, format: "%Y-%m-%d %H:%M:%S", zone: UTC}
activity: {column: what, discover: true}
"""
PULT: Final = """\
path: pult
stages: [open, closed]
statuses:
  call_back_oleg: {stage: open}
  boxed_anna: {stage: open}
  closed: {stage: closed, final: success}
initial: [{status: call_back_oleg}]
transitions:
  - {from: call_back_oleg, to: boxed_anna}
  - {from: boxed_anna, to: closed}
"""
OF_ANN: Final = """\
path: ann
title: {en: What Ann sees to}
stages: [open, closed]
statuses:
  new: {stage: open, owner: {user: ann}}
  done: {stage: closed, final: success}
initial: [{status: new}]
transitions: [{from: new, to: done}]
"""
SALE: Final = """\
template: sale
channel: mail
texts:
  en: {subject: Sale, text: "Hello {{ customer.name }}, it is cheaper now."}
"""
WHOLE: Final = {
    "external_id": "B-2",
    "currency": "EUR",
    "customer": {"name": "Boris", "phone": "+7 900 222-22-22"},
    "delivery": {"address": "Main street 1"},
    "lines": [
        {"sku": "MUG", "title": "A mug", "quantity": 1, "unit_price_minor": 990},
        {"sku": "TEA-100", "title": "Green tea", "quantity": 2, "unit_price_minor": 450},
    ],
}
SECRET: Final = "whsec_" + "c2VzYW1l" * 5
ENVIRONMENT: Final[Mapping[str, Mapping[str, str]]] = {
    "messages.md": {
        "ORDERPATH_WEBHOOKS": json.dumps({"erp": {"url": "http://127.0.0.1:9/", "secret": SECRET}})
    },
}


def block_of(beginning: str) -> str:
    """Give the text of the block of a page that begins so."""
    (found,) = [one.text for one in blocks("yaml", "csv") if one.text.startswith(beginning)]
    return found


def small(*, collected: bool = False) -> str:
    """Give the path of docs/paths.md, if asked for with a second step of packing."""
    text = block_of("path: small\n")
    step = COLLECTED.replace("packing:  ", "collected:")
    return text.replace(COLLECTED, f"{step}}}\n{COLLECTED}") if collected else text


def with_four_eyes() -> str:
    """Give the universal path with a stock, where a lead agrees before an order is cancelled."""
    text = UNIVERSAL.read_text(encoding="utf-8")
    approval = "    approval: {by: [lead], not_self: true}\n"
    return text.replace(FOUR_EYES, approval + FOUR_EYES) + "stock: {locations: [main]}\n"


FILES: Final[Mapping[str, Mapping[str, Callable[[], str]]]] = {
    "calendars.md": {"shop.yaml": lambda: block_of("calendar: shop\n")},
    "inbox.md": {"ann.yaml": lambda: OF_ANN},
    "migration.md": {
        "shop.yaml": lambda: small(collected=True),
        "small.yaml": small,
        "pult.yaml": lambda: PULT,
    },
    "paths.md": {"shop.yaml": small, "log.csv": lambda: LOG, "map.yaml": lambda: MAPPING},
    "products.md": {"prices.csv": lambda: block_of("sku,title,price")},
    "reports.md": {
        "four_eyes.yaml": with_four_eyes,
        "order.json": lambda: json.dumps(WHOLE),
    },
    "rights.md": {"phone_desk.yaml": lambda: block_of("role: phone_desk\n")},
    "rules.md": {
        "paid.yaml": lambda: block_of("rule: paid_to_assembly\n"),
        "shop.yaml": lambda: UNIVERSAL.read_text(encoding="utf-8"),
        "owners.yaml": lambda: EVERYBODY,
    },
    "segments.md": {"sale.yaml": lambda: SALE},
    "waves.md": {"my_wave.yaml": lambda: block_of("wave: my_wave\n")},
}


def forgotten_order(desk: Desk) -> None:
    """Somebody has ordered a hundred days ago, and nothing has happened since."""
    ago = VirtualClock(datetime.now(UTC) - timedelta(days=100))
    with open_system(desk.settings, ago) as system:
        outcome = system.execute(place(path="universal", actor=actor("user", "manager")))
    assert outcome.kind == "accepted", outcome


def booked_by_gateway(desk: Desk) -> None:
    """A program of the payment provider tells that money has come in."""
    order_id = UUID(desk.done("order show A-17")["order_id"])
    told = {"amount_minor": 500, "currency": "EUR", "gateway_ref": "pi_2"}
    gateway = Actor(kind="api_key", id="gateway", roles=("gateway",))
    with open_system(desk.settings) as system:
        charge = c.ChargePayment(command_id=uuid4(), actor=gateway, order_id=order_id, **told)
        assert system.execute(charge).kind == "accepted"


def own_mail_server(desk: Desk) -> None:
    """The mail server of the page listens where nobody else does."""
    desk.addresses = {"localhost:8025": f"localhost:{free_port()}"}


def witness_file(desk: Desk) -> None:
    """The file of heads that was kept elsewhere."""
    log_id = UUID(desk.done("status")["log"]["log_id"])
    shutil.copy(own_witness(desk.data, log_id), desk.folder / "heads.jsonl")


def example_program(desk: Desk) -> None:
    """The program that the page links to, where it was saved."""
    shutil.copy(ROOT / "docs/examples/verify_bundle.py", desk.folder)


def pieces(steps: str, item: int = 1, many: int = 2) -> tuple[str, ...]:
    """Give the commands that bring pieces of an item of A-17 through these statuses."""
    moves = pairwise(steps.split())
    return tuple(f"order move-item A-17 {item} {many} {one} {two}" for one, two in moves)


BEGINS: Final[Mapping[str, tuple[Happening, ...]]] = {  # before the page; by default: PLACE
    "reports.md": ("path publish four_eyes.yaml", "stock receive MUG 12"),
    "shops.md": (own_mail_server,),
    "shipments.md": (PLACE.replace("TEA-100:2", "TEA-100:6") + " --item 'CUP:1:4.50:A cup'",),
}
MEANWHILE: Final[Mapping[str, Happenings]] = {  # page -> beginning of a line -> just before it
    "audit.md": {
        "orderpath audit verify --witness": (witness_file,),
        "orderpath audit consistency": ("order note A-17 'Ring twice'", Desk.seal),
        "python verify_bundle.py": (example_program,),
    },
    "bulk.md": {"orderpath order bulk move": (forgotten_order,)},
    "customers.md": {
        "orderpath enquiry close": ("enquiry record 'Is it cheaper?' --channel phone",)
    },
    "documents.md": {
        "orderpath document pdf A-17 --kind invoice": ("document issue A-17 invoice",),
        "orderpath document send A-17 --kind packing_list": (
            "customer create --customer-id c-9 --name Boris --email boris@example.org",
        ),
    },
    "inbox.md": {
        "orderpath alert list": ("path publish ann.yaml",),
        "orderpath task drop": ("task create 'Ask again' --group managers",),
    },
    "messages.md": {
        "orderpath effects show": ("document send A-17 --kind order --to customer",),
    },
    "migration.md": {
        "orderpath path preview": (
            "path publish small.yaml",
            f"order place {ITEM} --path small --external-id S-1",
            "order move S-1 packing --role manager",
        ),
        "orderpath path migrate universal": (
            "path publish pult.yaml",
            f"order place {ITEM} --path pult --external-id P-1",
            f"order place {ITEM} --path pult --external-id P-2",
            "order move P-2 boxed_anna",
        ),
    },
    "products.md": {
        "orderpath product quote": (
            "delivery-method set courier --price 3 --currency EUR --free-from 50",
        ),
    },
    "reports.md": {"orderpath order correct": (booked_by_gateway,)},
    "rules.md": {
        "orderpath rule lint paid.yaml": ("template publish --ready paid",),
        "orderpath rule lint  ": (
            "path publish --ready city_tuning",
            "team set bob --group managers",
        ),
    },
    "segments.md": {
        "orderpath segment show": (
            f"order place {ITEM} {ANNA} --external-id A-18",
            "order cancel A-18 --reason-code changed_mind --initiator client --role manager",
            "customer tag '8 900 000-00-00' waits_for_sale",
            "template publish sale.yaml",
        ),
    },
    "shipments.md": {
        "orderpath order move-item A-17 1 1 delivered": pieces(
            "bought received assembled shipped delivered"
        ),
        "orderpath shipment create A-17 1:2 2:1": (
            *pieces("ordered assembled", many=3),
            *pieces("ordered assembled", item=2, many=1),
        ),
    },
    "waves.md": {
        "orderpath wave preview": ("order move A-17 confirmed --role manager",),
    },
}


def prepare(desk: Desk, page: str) -> None:
    """Put the page's files into the folder, and let happen what is before all of its lines."""
    for name, text in FILES.get(page, {}).items():
        (desk.folder / name).write_text(text(), encoding="utf-8")
    desk.here.environment.update(ENVIRONMENT.get(page, {}))
    desk.happen(BEGINS.get(page, (PLACE,)))
    desk.seal()
