"""How much memory the state of a customer takes, for whoever remembers many of them."""

from sys import getsizeof
from typing import Final

from domain.customers.customer import Customer

CUSTOMER_BYTES: Final = 500  # in memory: of a state, without what is told of the customer
EACH_BYTES: Final = 100  # of each field, tag and mark, beside its text


def held_bytes(customer: Customer) -> int:
    """Say about how much memory a state takes: by what it holds, as tags may be many."""
    texts = (*customer.contact.values(), *customer.tags, *customer.marks)
    return CUSTOMER_BYTES + EACH_BYTES * len(texts) + sum(map(getsizeof, texts))
