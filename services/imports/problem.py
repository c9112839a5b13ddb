"""Why an import cannot begin or go on; a single bad row never is a reason."""

from domain.refusals import Unusable


class ImportProblem(Unusable):
    """A file, folder or mapping cannot be used. One line for each: where, what, what to do."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: tuple[str, ...] = problems
