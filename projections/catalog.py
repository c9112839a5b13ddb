"""The read models that are kept, in the order in which a batch is applied to them."""

from collections.abc import Mapping

from projections.activity import Activity
from projections.interface import Projection
from projections.items import Items
from projections.orders import Orders
from projections.payments import Payments
from projections.reservations import Reservations
from projections.status_visits import StatusVisits
from projections.stock_levels import StockLevels

PROJECTIONS: tuple[Projection, ...] = (
    Orders(),
    StatusVisits(),
    Items(),
    Payments(),
    StockLevels(),
    Reservations(),
    Activity(),
)

BY_NAME: Mapping[str, Projection] = {projection.name: projection for projection in PROJECTIONS}
