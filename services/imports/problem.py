"""Why an import cannot begin or go on; a single bad row never is a reason."""

from pydantic import ValidationError

from domain.refusals import OrderpathError


class ImportProblem(OrderpathError):
    """A file, folder or mapping cannot be used. One line for each: where, what, what to do."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: tuple[str, ...] = problems


def first_problem(error: ValidationError) -> str:
    """Word the first of a shape's problems as `place: problem`, without the value."""
    first = error.errors(include_url=False, include_input=False)[0]
    words = first["msg"].removeprefix("Value error, ")
    return f"{'.'.join(map(str, first['loc']))}: {words}"
