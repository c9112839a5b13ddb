"""What a question is. The modules beside this one declare them; catalog knows them all.

A question is asked near, by services.desks, and far, over HTTP: the answer is the same.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.messages import Code, Name, no_nul

if TYPE_CHECKING:
    from services.bootstrap import System

MOST_LISTED: Final = 100_000  # rows of one answer
PUBLIC: Final = "public"  # the right of what anybody may ask, because a secret stands in it

# log:    it reads the events themselves, and so all that was answered before
# tables: it reads the read models, which may lag: near they catch up first, far it may be said how
#         far they have to be
# whole_log: it counts over all events: only for whoever sees every order
Reads = Literal["log", "tables", "whole_log"]

# GET:  what is asked stands in path and query
# POST: it is the body, as JSON, because texts of files belong to it; it changes nothing either
Method = Literal["GET", "POST"]


class Asked(BaseModel):
    """What is asked. Whatever can be asked takes a class of its own, so that each says its name."""

    # Input is hidden, because it may be personal and validation errors reach logs.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


Answers = Callable[["System", Any], Any]
Written = TypeVar("Written", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that can be asked."""

    name: str  # stable, as order.history
    at: str  # where it is asked over HTTP, below /v1; what stands in braces are fields of `asked`
    asked: type[Asked]
    answer: Any  # the type of the answer; the JSON of it is what `--json` prints
    right: str  # what whoever asks needs; by default the question's own name
    reads: Reads
    function: Answers
    versioned: bool  # the answer is the same as long as its `version` is
    method: Method  # how it is asked over HTTP

    @property
    def said(self) -> str:
        """What it answers, in a sentence."""
        return (inspect.getdoc(self.function) or self.name).partition("\n")[0]


BY_NAME: Final[dict[str, Question]] = {}  # services.questions.catalog fills it
BY_ASKED: Final[dict[type[Asked], Question]] = {}


def question(
    name: str, at: str, *, reads: Reads, right: str | None = None, versioned: bool = False
) -> Callable[[Written], Written]:
    """Declare a question: a function of the system and of what is asked.

    at: its place, as /orders/{order}; POST /rule-lint is one that is asked by its body

    The two types come from its annotations. Raises: ValueError for a name, a place or a type of
    what is asked that another question has
    """
    *by, at = at.split(" ")
    method: Method = "POST" if by == ["POST"] else "GET"

    def declared(function: Written) -> Written:
        hints = function.__annotations__
        asked = hints["asked"]
        told = hints["return"]
        needed = right or name
        made = Question(name, at, asked, told, needed, reads, function, versioned, method)
        if name in BY_NAME or asked in BY_ASKED or any(at == one.at for one in BY_NAME.values()):
            raise ValueError(f"{name}, {at} and {asked.__name__} have to be of one question alone")
        BY_NAME[name] = BY_ASKED[asked] = made
        return function

    return declared


Ref = Annotated[str, Field(max_length=400), AfterValidator(no_nul)]
OrderRef = Annotated[
    Ref,
    Field(
        description="the order's UUID, or its number in its source",
        examples=["7c9e6679-7425-40de-944b-e07fc1f90ae7", "2018-4711"],
    ),
]
Limit = Annotated[
    int, Field(ge=1, le=MOST_LISTED, description="at most so many are listed", examples=[50])
]
Cursor = Annotated[
    str,
    Field(max_length=4_000, description="`next` of the page before"),
    AfterValidator(no_nul),
]
Names = Annotated[tuple[Name, ...], Field(max_length=100)]
Codes = Annotated[tuple[Code, ...], Field(max_length=100)]
