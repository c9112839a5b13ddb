"""How a status is shown: the same keys for orders, items and payments."""

from typing import Annotated

from pydantic import Field

from domain.messages import Name, Shape, Text
from domain.paths.definition import Title


class Appearance(Shape):
    """What people see of a status."""

    title: Title = Field(default_factory=dict)
    description: Text | None = None
    color: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    icon: Name | None = None
