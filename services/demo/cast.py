"""Who acts in the simulated shop: its people, its partners' programs, its customers.

Everybody is invented. The phone numbers are of the range that is kept free for stories.
"""

from random import Random
from typing import Final

from domain.messages import Actor
from domain.orders.events import Customer


def _person(id_: str, *roles: str) -> Actor:
    return Actor(kind="user", id=id_, roles=roles)


MANAGERS: Final = (
    _person("maria.hill", "manager"),
    _person("oliver.stone", "manager"),
    _person("irina.wells", "manager"),
)
LEAD: Final = _person("victor.lane", "manager", "lead")
PACKERS: Final = (_person("paul.bridges", "warehouse"), _person("anna.field", "warehouse"))
COURIERS: Final = (_person("tom.rivers", "courier"), _person("denise.park", "courier"))

WEBSITE: Final = Actor(kind="api_key", id="website", roles=("client",))
GATEWAY: Final = Actor(kind="api_key", id="card-gateway", roles=("gateway",))
BANK: Final = Actor(kind="api_key", id="bank-statements", roles=("gateway",))
CARRIER: Final = Actor(kind="api_key", id="parcel-service", roles=("carrier",))

# Everybody who works in any of the shops, by the role that their paths name.
_CAST: Final = {
    "manager": MANAGERS,
    "warehouse": PACKERS,
    "courier": COURIERS,
    "lead": (LEAD,),
    "gateway": (GATEWAY,),
    "carrier": (CARRIER,),
    "marketplace": (Actor(kind="api_key", id="marketplace", roles=("marketplace",)),),
    "operator": (_person("olga.reed", "operator"), _person("simon.gray", "operator")),
    "storekeeper": (_person("sam.shelf", "storekeeper"),),
    "buyer": (_person("bob.market", "buyer"), _person("nora.west", "buyer")),
    "packer": (_person("pia.carton", "packer"), _person("leo.string", "packer")),
}


def cast_of(role: str) -> tuple[Actor, ...]:
    """Give everybody who acts in a role."""
    return _CAST[role]


_FIRST_NAMES: Final = (
    "Alice", "Ben", "Clara", "Daniel", "Emma", "Felix", "Grace", "Henry", "Isla", "Jack", "Kate",
    "Liam", "Mia", "Noah", "Olivia", "Peter", "Rose", "Samuel", "Tessa", "William",
)  # fmt: skip
_LAST_NAMES: Final = (
    "Archer", "Barlow", "Carter", "Dalton", "Ellison", "Foster", "Garland", "Harper", "Ingram",
    "Jennings", "Keller", "Langley", "Mercer", "Norwood", "Osborne", "Prescott", "Ramsey",
    "Sutton", "Thornton", "Whitaker",
)  # fmt: skip
_COMPANIES: Final = ("Café", "Bakery", "Guesthouse", "Studio", "Bookshop")
_STREETS: Final = ("Mill Lane", "Station Road", "Harbour Street", "Orchard Close", "Bridge Walk")


class Buyer:
    """One customer: the same number gives the same person, who may come back."""

    def __init__(self, shop: str, number: int) -> None:
        rng = Random(f"{shop}:customer:{number}")  # noqa: S311 - a story, no secret
        first, last = rng.choice(_FIRST_NAMES), rng.choice(_LAST_NAMES)
        self.is_company = rng.random() < 0.12
        name = f"{last}'s {rng.choice(_COMPANIES)}" if self.is_company else f"{first} {last}"
        self.customer = Customer(
            customer_id=f"c-{number:05}",
            name=name,
            phone=f"+44 7700 900{rng.randrange(1_000):03}",
            email=f"{first}.{last}.{number}@example.org".lower(),
        )
        self.address = f"{rng.randrange(1, 90)} {rng.choice(_STREETS)}, Tidewater"
        self.actor = WEBSITE.model_copy(update={"on_behalf_of": self.customer.customer_id})
