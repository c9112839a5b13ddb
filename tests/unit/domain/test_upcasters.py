"""Old shapes become today's step by step, and the steps end."""

import pytest

from domain.upcasters import Body, Upcaster, upcast


def test_upcasters_that_lead_in_a_circle_are_refused() -> None:
    steps: list[Body] = []

    def step(body: Body) -> Body:
        assert len(steps) < 3, "It goes round and round."
        steps.append(body)
        return body

    circle: dict[str, Upcaster] = {
        "order.x.v1": ("order.x.v2", step),
        "order.x.v2": ("order.x.v3", step),
        "order.x.v3": ("order.x.v2", step),
    }

    with pytest.raises(ValueError, match=r"order\.x\.v2 lead back to it"):
        upcast("order.x.v1", {}, circle)


def test_a_shape_of_today_stays_as_it_is() -> None:
    assert upcast("order.x.v9", {"a": 1}, {}) == ("order.x.v9", {"a": 1})
