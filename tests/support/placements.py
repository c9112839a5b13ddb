"""Facts of who placed an order, and what annuls one: for histories in which they change."""

from domain.orders import events as e


def placed_by(customer_id: str | None) -> e.OrderPlaced:
    """Give what an import tells of an order of a customer; None: of a guest."""
    return e.OrderPlaced(
        path="shop",
        path_version=1,
        status="new",
        order_type="order",
        channel="import",
        shop="main",
        currency="EUR",
        customer_id=customer_id,
    )


def annulled(version: int) -> e.FactAnnulled:
    """Say that the placement of this version was wrong."""
    return e.FactAnnulled(
        annulled_version=version, annulled_type=e.OrderPlaced.NAME, reason="Wrong"
    )
