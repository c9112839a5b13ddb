"""What is published in versions, as a value."""

from domain.messages import Code
from domain.paths.definition import Definition


class Note(Definition):
    """The smallest definition."""

    note: Code
    mode: Code = "live"


def test_a_copy_that_says_something_else_has_its_own_content_and_hash() -> None:
    note = Note(note="one")
    before = note.content_hash

    quiet = note.model_copy(update={"mode": "shadow"})

    assert quiet.content == {"note": "one", "mode": "shadow"}
    assert quiet.content_hash == Note(note="one", mode="shadow").content_hash != before
    assert (note.content, note.content_hash) == ({"note": "one"}, before)


def test_what_is_left_out_changes_no_hash() -> None:
    assert Note(note="one", mode="live").content_hash == Note(note="one").content_hash
