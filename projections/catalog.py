"""The read models that are kept, in the order in which a batch is applied to them."""

from collections.abc import Iterable, Mapping

from domain.refusals import Unusable
from projections.activity import Activity
from projections.alerts import Alerts
from projections.calls import Calls
from projections.customers import Customers
from projections.deadlines import Deadlines
from projections.delivery_methods import DeliveryMethods
from projections.discounts import Discounts
from projections.documents import Documents
from projections.effects import Effects
from projections.enquiries import Enquiries
from projections.interface import Projection
from projections.items import Items
from projections.orders import Orders
from projections.overrides import Overrides
from projections.payments import Payments
from projections.products import Products
from projections.refusals import Refusals
from projections.reservations import Reservations
from projections.shipments import Shipments
from projections.status_visits import StatusVisits
from projections.stock_levels import StockLevels
from projections.tasks import Tasks
from projections.teams import Teams
from projections.trigger_runs import TriggerRuns
from projections.waves import Waves

PROJECTIONS: tuple[Projection, ...] = (
    Orders(),
    StatusVisits(),
    Deadlines(),
    Items(),
    Payments(),
    Shipments(),
    Documents(),
    StockLevels(),
    Reservations(),
    Customers(),
    Enquiries(),
    Products(),
    Discounts(),
    DeliveryMethods(),
    Activity(),
    Calls(),
    Refusals(),
    Overrides(),
    Teams(),
    TriggerRuns(),
    Alerts(),
    Tasks(),
    Effects(),
    Waves(),
)

BY_NAME: Mapping[str, Projection] = {projection.name: projection for projection in PROJECTIONS}


class UnknownProjection(Unusable):
    """There is no read model of this name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"no projection is named {name!r}: choose one of {', '.join(known)}")


def find_projection(name: str, known: Mapping[str, Projection] = BY_NAME) -> Projection:
    """Give the read model of this name. Raises: UnknownProjection"""
    if name not in known:
        raise UnknownProjection(name, known)
    return known[name]
