"""The line that is added to an order: what it leaves out is its product's, as at placing.

Called by domain.orders.decide_items; price_rights names the product's stream.
"""

from itertools import count

from domain.orders.money import AskedLine, Line
from domain.orders.order import Order
from domain.products.pricing import Offer
from domain.products.product import Product
from domain.products.stating import sold, stated_in, unpriced
from domain.refusals import Unmet

_PRODUCTS = ("title", "unit_price_minor", "vat_bp")  # what a product says of a line


def leaves_out(line: AskedLine) -> bool:
    """Whether something of the line is its product's to say."""
    return not stated_in(line).keys() >= set(_PRODUCTS)


def whole_line(order: Order, asked: AskedLine, offer: Offer | None) -> Line | Unmet:
    """Give the line with all that it leaves out, or why it has no price.

    offer: with the product of a line that leaves something out
    """
    said = stated_in(asked)
    found = offer.products.get(asked.sku, Product()) if offer else Product()
    vat_included = order.placed is None or order.placed.vat_included
    product = sold(found, order.currency, vat_included=vat_included)
    if product is not None:
        said = {name: getattr(product, name) for name in _PRODUCTS} | said
    elif "unit_price_minor" not in said:
        return unpriced("line.", asked.sku, found, order.currency)
    free = (str(n) for n in count(len(order.items) + 1) if str(n) not in order.items)
    return Line(**{"item_id": next(free), "title": asked.sku} | said)
