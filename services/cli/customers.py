"""`orderpath customer …`: who orders, how they are reached, what the shop has noticed of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.amounts import amount
from services.cli.options import AsJson, Cursor, Envelope, more, said, unfolded
from services.cli.order_tables import history_table
from services.cli.output import put, say, table, words
from services.cli.sending import build, execute, outcome_dict, put_outcome, where
from services.cli.session import desk as opened_desk
from services.cli.session import near, opened

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.customers.commands import CustomerCommand
    from domain.messages import Outcome
    from services.bootstrap import System
    from services.desks import Desk

app: Final = typer.Typer(
    name="customer",
    help="Find customers, change how they are reached, tag and mark them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
LISTED: Final = 20
FIELDS: Final = ("name", "phone", "email", "address")

CustomerRef = Annotated[
    str, typer.Argument(metavar="CUSTOMER", help="The customer's id, phone number or e-mail.")
]
ReasonCode = Annotated[str, typer.Option(metavar="CODE", help="Why: did_not_buy_out, settled, …")]


@dataclass(frozen=True, slots=True)
class Contact:
    """How a customer is called and reached."""

    name: Annotated[str | None, typer.Option(metavar="TEXT")] = None
    phone: Annotated[str | None, typer.Option(metavar="TEXT")] = None
    email: Annotated[str | None, typer.Option(metavar="TEXT")] = None
    address: Annotated[str | None, typer.Option(metavar="TEXT")] = None

    @property
    def told(self) -> dict[str, str]:
        return said(**asdict(self))


@app.command()
def find(
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="A surname, a phone number or an e-mail.")
    ],
    limit: Annotated[int, typer.Option(min=1, max=1_000, metavar="N")] = LISTED,
    cursor: Cursor = None,
    json: AsJson = False,
) -> None:
    """Find customers by surname, phone number or e-mail address."""
    from services.questions.customers import FindCustomers

    with opened_desk() as desk:
        answer = desk.ask(FindCustomers(text=text, limit=limit, cursor=cursor))
    put(answer, as_json=json, people=lambda: [*_found(answer["customers"]), *more(answer)])


@app.command()
def show(customer: CustomerRef, json: AsJson = False) -> None:
    """Show a customer with the latest orders."""
    from services.questions.customers import ShowCustomer

    with opened_desk() as desk:
        view = desk.ask(ShowCustomer(customer=customer))
    put(view, as_json=json, people=lambda: _sheet(view))


@app.command()
def history(customer: CustomerRef, json: AsJson = False) -> None:
    """List who changed what of a customer, when and why."""
    from services.questions.customers import CustomerHistory

    with opened_desk() as desk:
        answer = desk.ask(CustomerHistory(customer=customer))
    put(answer, as_json=json, people=lambda: [history_table(answer, of="customer")])


@app.command()
@unfolded
def create(
    customer_id: Annotated[
        str | None,
        typer.Option(metavar="ID", help="By default by the contact, else new."),
    ] = None,
    *,
    contact: Contact,
    envelope: Envelope,
) -> None:
    """Make somebody known to the shop. An order with a phone number does so by itself."""
    from domain.customers.commands import CreateCustomer
    from services.questions.customers import CustomerId

    with opened_desk() as desk:
        asked = CustomerId(phone=contact.phone, email=contact.email)
        chosen = customer_id or desk.ask(asked)["customer_id"]
        new = chosen or str(envelope.new_id("customer"))
        _execute(desk, CreateCustomer, new, envelope, contact.told)


@app.command()
@unfolded
def change(
    customer: CustomerRef,
    clear: Annotated[
        list[str] | None, typer.Option(metavar="FIELD", help="name, phone, email, address.")
    ] = None,
    *,
    contact: Contact,
    envelope: Envelope,
) -> None:
    """Change how a customer is called and reached."""
    from domain.customers.commands import ChangeContact

    for name in clear or ():
        if name not in FIELDS or name in contact.told:
            raise typer.BadParameter(f"--clear takes one of {', '.join(FIELDS)}, not set beside")
    _send(ChangeContact, customer, envelope, dict.fromkeys(clear or ()) | contact.told)


@app.command()
@unfolded
def tag(
    customer: CustomerRef,
    tag: Annotated[str, typer.Argument(metavar="TAG", help="As waits_for_sale.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take the tag away.")] = False,
    *,
    envelope: Envelope,
) -> None:
    """Put a customer among those who bear a tag."""
    from domain.customers.commands import AddTag, RemoveTag

    _send(RemoveTag if remove else AddTag, customer, envelope, {"tag": tag})


@app.command()
@unfolded
def mark(
    customer: CustomerRef,
    mark: Annotated[str, typer.Argument(metavar="MARK", help="As bad.")],
    reason_code: ReasonCode,
    remove: Annotated[bool, typer.Option("--remove", help="Take the mark back.")] = False,
    *,
    envelope: Envelope,
) -> None:
    """Warn of a customer, or take the warning back."""
    from domain.customers.commands import RemoveMark, SetMark

    body = {"mark": mark, "reason_code": reason_code}
    _send(RemoveMark if remove else SetMark, customer, envelope, body)


@app.command()
@unfolded
def note(
    customer: CustomerRef,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to remember.")],
    *,
    envelope: Envelope,
) -> None:
    """Write something about a customer."""
    from domain.customers.commands import NoteCustomer

    _send(NoteCustomer, customer, envelope, {"text": text})


@app.command()
@unfolded
def erase(
    customer: CustomerRef,
    reason_code: Annotated[
        str, typer.Option(metavar="CODE", help="Why: customer_asked, retention_over, …")
    ],
    *,
    envelope: Envelope,
) -> None:
    """Destroy the keys of all that is personal of a customer. It cannot be undone.

    Orders, figures and the log stay; names, contacts, addresses and notes read [erased].
    """
    from domain.customers.commands import EraseCustomer
    from domain.customers.events import customer_stream
    from services.customers import find_erasable
    from services.erasing import erase_customer

    with opened() as system:
        customer_id = find_erasable(system, customer)
        body = {"customer_id": customer_id, "reason_code": reason_code}
        desk = near(system)
        outcome = erase_customer(system, build(desk, EraseCustomer, envelope, body))
        _sweep(system)
        answer = outcome_dict(desk, outcome, customer_stream(customer_id), customer_id=customer_id)
    told = f"Customer {customer_id} is erased"
    put_outcome(
        outcome,
        answer,
        envelope,
        lambda: f"{told}; {where(outcome)}" if outcome.kind == "accepted" else f"{told} already.",
    )


def _sweep(system: "System") -> None:
    """Delete commands that tell of who was erased from Kafka, where there is one."""
    from domain.refusals import InfraError
    from services.sweeping import sweep_topics

    try:
        waiting = sweep_topics(system) if system.streaming.is_there else 0
    except InfraError as error:
        say(f"Commands in Kafka are not deleted yet, `orderpath commands` will do so: {error}")
        return
    if waiting:
        say("Some commands in Kafka are deleted once `orderpath commands` has taken them.")


def _send(
    command: "type[CustomerCommand]", ref: str, envelope: Envelope, body: Mapping[str, Any]
) -> None:
    from services.questions.customers import CustomerHistory

    with opened_desk() as desk:
        customer_id = desk.ask(CustomerHistory(customer=ref))["customer_id"]
        _execute(desk, command, customer_id, envelope, body)


def _execute(
    desk: "Desk",
    command: "type[CustomerCommand]",
    customer_id: str,
    envelope: Envelope,
    body: Mapping[str, Any],
) -> None:
    from domain.customers.events import customer_stream

    outcome = execute(desk, command, envelope, {"customer_id": customer_id, **body})
    stream = customer_stream(customer_id)
    answer = outcome_dict(desk, outcome, stream, customer_id=customer_id)
    put_outcome(outcome, answer, envelope, lambda: _sentence(desk, customer_id, outcome))


def _sentence(desk: "Desk", customer_id: str, outcome: "Outcome") -> str:
    from services.questions.customers import ShowCustomer

    customer = desk.ask(ShowCustomer(customer=customer_id))
    if outcome.kind == "nothing":
        return f"Nothing to do: customer {customer_id} is so already."
    told = [f"tags {words(customer['tags'])}"] if customer["tags"] else []
    told += [f"marks {words(customer['marks'])}"] if customer["marks"] else []
    told += [f"version {customer['version']}", where(outcome)]
    return f"Customer {customer_id}: {', '.join(told)}"


def _found(customers: Sequence[Mapping[str, Any]]) -> "Iterator[RenderableType]":
    if not customers:
        yield "Nobody is found."
        return
    columns = ("customer_id", *FIELDS[:3], "tags", "marks", "orders", "last_order_at")
    yield table(
        None,
        "customer!", "name", "phone", "e-mail?", "tags?", "marks", "orders>?", "last order (UTC)?",
        rows=([one.get(name) for name in columns] for one in customers),
    )  # fmt: skip


def _sheet(view: Mapping[str, Any]) -> "Iterator[RenderableType]":
    rows = [
        (name.replace("_", " "), value)
        for name, value in view.items()
        if name not in ("customer_id", "latest_orders") and value not in (None, [], {})
    ]
    yield table(f"Customer {view['customer_id']}", "", "", rows=rows)
    if view["latest_orders"]:
        yield table(
            "Latest orders",
            "order!", "number", "placed (UTC)", "status", "total>",
            rows=(
                [o["order_id"], o["external_id"], o["placed_at"], o["status"],
                 amount(o["total_minor"], o["currency"])]
                for o in view["latest_orders"]
            ),
        )  # fmt: skip
