"""Why an order was shared out as it was: who could have had it, and what chose among them."""

from typing import Literal

from domain.messages import Shape

Sharing = Literal["round_robin", "least_load", "sticky"]
Why = Literal[Sharing, "nobody_free"]
WhyNot = Literal["hands_over", "absent", "skill_missing", "cap_reached"]


class Candidate(Shape):
    """A member of the group at the moment when the order was shared out."""

    member: str  # as the team has it, so it is not checked again
    load: int  # open orders that the member held through the group
    why_not: WhyNot | None = None  # None: it could have had the order
