"""The read models that are kept, in the order in which a batch is applied to them."""

from collections.abc import Mapping

from projections.activity import Activity
from projections.interface import Projection
from projections.items import Items
from projections.orders import Orders
from projections.payments import Payments
from projections.refusals import Refusals
from projections.status_visits import StatusVisits

PROJECTIONS: tuple[Projection, ...] = (
    Orders(),
    StatusVisits(),
    Items(),
    Payments(),
    Activity(),
    Refusals(),
)

BY_NAME: Mapping[str, Projection] = {projection.name: projection for projection in PROJECTIONS}
