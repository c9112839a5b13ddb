"""What is signed is fixed to the byte, and a note says one thing in one way."""

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Final
from uuid import UUID

import pytest

from domain.audit.heads import (
    KeyStatement,
    NoteUnreadable,
    SignedHead,
    Tree,
    read_note,
)
from tests.support.heads import HEAD, PUBLIC_KEY

SIGNED: Final = SignedHead(HEAD, bytes(range(64)))
NOTE: Final = SIGNED.note(PUBLIC_KEY)


def test_the_text_of_a_head_is_what_it_was_when_the_first_was_signed() -> None:
    assert HEAD.text == (
        "orderpath/0197b1de-0000-7000-8000-000000000001\n"
        "1234\n"
        "hiQXuefDcgvLMmPNhzsJiS14eCO2+aD0U+QoJMWk1LY=\n"
        "head 3\n"
        "epoch 2\n"
        "commands 567 570 EPX3fu+aa0PcW/lyx8/RARM+W3OLXkag/N+QIbE7BRk=\n"
        "time 2026-01-31T12:00:00.000007Z\n"
        "key 630dcd2966c4336691125448bbb25b4f\n"
        "previous AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    )


def test_the_text_of_an_announcement_is_what_it_was_when_the_first_was_signed() -> None:
    statement = KeyStatement(HEAD.log_id, 2, PUBLIC_KEY, "a" * 32, HEAD.sealed_at)

    assert statement.text == (
        "orderpath/0197b1de-0000-7000-8000-000000000001/key\n"
        "2\n"
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
        f"after {'a' * 32}\n"
        "time 2026-01-31T12:00:00.000007Z\n"
    )


def test_a_moment_is_one_text_in_whatever_zone_it_is_told() -> None:
    elsewhere = HEAD.sealed_at.astimezone(timezone(timedelta(hours=3)))

    assert replace(HEAD, sealed_at=elsewhere).text == HEAD.text


def test_a_note_is_read_as_it_was_written() -> None:
    assert read_note(NOTE) == SIGNED
    assert NOTE.startswith(HEAD.text + "\n\N{EM DASH} orderpath/")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n1234\n", "\n01234\n"),
        ("head 3", "head three"),
        ("epoch 2\n", ""),
        ("epoch 2\n", "epoch 2\nmore 1\n"),
        ("T12:00", "T25:00"),
        ("hiQX", "hiQ"),
        ("AAAAAAAAAAA=", "AAAAAAAAAAB="),  # Bits that no byte needs.
        (".000007Z", ".7Z"),
        ("previous", "Previous"),
        ("orderpath/0", "elsewhere/0"),
        ("orderpath/0197b1de-0000-7", "orderpath/0197B1DE-0000-7"),
        ("\n\n", "\n"),
    ],
)
def test_what_is_not_written_as_ours_are_is_no_note(old: str, new: str) -> None:
    spoiled = NOTE.replace(old, new)

    assert spoiled != NOTE
    with pytest.raises(NoteUnreadable):
        read_note(spoiled)


def test_every_part_of_a_head_is_in_its_digest() -> None:
    others = [
        replace(HEAD, number=4),
        replace(HEAD, epoch=3),
        replace(HEAD, events=Tree(1_235, HEAD.events.root)),
        replace(HEAD, events=Tree(1_234, HEAD.commands.root)),
        replace(HEAD, commands=Tree(568, HEAD.commands.root)),
        replace(HEAD, commands=Tree(567, HEAD.events.root)),
        replace(HEAD, last_command=571),
        replace(HEAD, sealed_at=HEAD.sealed_at + timedelta(microseconds=1)),
        replace(HEAD, key_id="a" * 32),
        replace(HEAD, previous=HEAD.events.root),
        replace(HEAD, log_id=UUID(int=1)),
    ]

    assert len({one.digest for one in (HEAD, *others)}) == len(others) + 1
