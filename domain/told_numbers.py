"""Numbers that somebody tells in a command: read models keep them in columns of 32 bits.

Events are not bound by it, so that those of before are read for ever.
"""

from typing import Annotated, Final

from pydantic import Field

MAX_TOLD_NUMBER: Final = 2**31 - 1  # the most that PostgreSQL keeps as an integer
ToldNumber = Annotated[int, Field(ge=1, le=MAX_TOLD_NUMBER)]  # of a version, an attempt
ToldCount = Annotated[int, Field(ge=0, le=MAX_TOLD_NUMBER)]
