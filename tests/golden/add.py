"""Write down the stored names that are new: `python -m tests.golden.add`. It only ever adds."""

from tests.golden.contract import add_released
from tests.golden.stored_names import HERE, STORED_NAMES, names_in_code, names_in_file
from tests.support.examples import EVENTS

HEAD = """\
# Names that reach the disk or an answer: contracts for ever. Lines are added, never changed.
# New ones are written by: python -m tests.golden.add
"""


def add() -> list[str]:
    """Add what is missing; nothing that stands there is touched.

    Shape: what was added, one line each.
    """
    known = set(names_in_file()) if STORED_NAMES.exists() else set()
    added = sorted(names_in_code() - known)
    if added:
        STORED_NAMES.write_text(HEAD + "".join(f"{line}\n" for line in sorted(known | set(added))))
    for name, event in EVENTS.items():
        golden = HERE / "events" / f"{name}.json"
        if not golden.exists():
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(event.model_dump_json(exclude_none=True))
            added.append(golden.name)
    return [*added, *add_released()]


if __name__ == "__main__":
    for line in add():
        print(line)  # noqa: T201 - this is what a person ran it for
