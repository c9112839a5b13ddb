"""What the events and facts of an order that come from elsewhere tell besides."""

from domain.messages import Attributes, Name, Personal, Shape


class Told(Shape):
    """What a source tells beside what happened and when. Empty for decisions."""

    external_id: Name | None = None  # the order's number in the source
    customer_id: Name | None = None  # whose order it is, so whose personal data this may be
    actor: Name | None = None  # who did it there
    role: Name | None = None
    reason_code: Name | None = None
    attributes: Attributes | None = None  # other columns of the source
    personal: Personal | None = None  # columns that the mapping marks personal, as JSON
