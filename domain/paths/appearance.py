"""How a status is shown: the same keys for orders, pieces and payments."""

from typing import Annotated

from pydantic import Field

from domain.messages import Name, Shape, Text
from domain.paths.definition import Title

Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]  # as on a web page


class Appearance(Shape):
    """What people see of a status of pieces or payments."""

    title: Title = Field(default_factory=dict)
    description: Text | None = None
    color: Color | None = None
    icon: Name | None = None
