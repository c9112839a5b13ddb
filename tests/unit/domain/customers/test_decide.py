"""Contacts, tags, marks and notes: what a person may do with a customer."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from domain.customers import commands as c
from domain.customers import events as e
from domain.customers.guards import MAX_MARKS, MAX_TAGS
from domain.messages import Decided
from tests.support.examples import NOW, actor
from tests.support.spec import given

WHO: dict[str, Any] = {"command_id": UUID(int=3), "actor": actor(), "customer_id": "c-7"}
ANNA = e.CustomerCreated(customer_id="c-7", name="Anna", phone="+7 900 000-00-00")
TAG = {**WHO, "tag": "wholesale"}
MARK = {**WHO, "mark": "bad", "reason_code": "did_not_buy_out"}


def change(**contact: Any) -> c.ChangeContact:
    return c.ChangeContact(**WHO, **contact)


class TestContact:
    def test_somebody_becomes_known(self) -> None:
        answer = given().when(c.CreateCustomer(**WHO, name="Anna", email="a@example.org"))

        answer.then(e.CustomerCreated(customer_id="c-7", name="Anna", email="a@example.org"))
        assert answer.customer.contact == {"name": "Anna", "email": "a@example.org"}
        assert answer.customer.subject_id == "c-7"

    def test_a_customer_is_created_once(self) -> None:
        given(ANNA).when(c.CreateCustomer(**WHO, name="Ann")).then_refused("customer_exists")

    def test_what_is_said_is_changed_and_none_clears(self) -> None:
        answer = given(ANNA).when(change(phone=None, address="1 Main Street", name="Anna"))

        answer.then(e.ContactChanged(changed=("phone", "address"), address="1 Main Street"))
        assert answer.customer.contact == {"name": "Anna", "address": "1 Main Street"}

    def test_what_is_so_already_is_nothing(self) -> None:
        given(ANNA).when(change(name="Anna", email=None)).then_nothing()

    @pytest.mark.parametrize("said", [{}, {"name": " "}, {"phone": ""}])
    def test_something_is_said(self, said: dict[str, str]) -> None:
        with pytest.raises(ValidationError):
            change(**said)

    def test_what_is_decided_comes_after_what_is_known(self) -> None:
        later = NOW + timedelta(hours=1)
        world = given(Decided(ANNA, later)).at(NOW).when(change(name="Ann")).world

        assert world.stored[-1][1].occurred_at == later


class TestTags:
    def test_p5_a_tag_is_added_once_and_removed_once(self) -> None:
        tagged = given(ANNA).when(c.AddTag(**TAG)).then(e.TagAdded(tag="wholesale"))
        assert tagged.customer.tags == ("wholesale",)

        given(ANNA, c.AddTag(**TAG)).when(c.AddTag(**TAG)).then_nothing()
        removed = given(ANNA, c.AddTag(**TAG)).when(c.RemoveTag(**TAG))
        assert removed.then(e.TagRemoved(tag="wholesale")).customer.tags == ()
        given(ANNA).when(c.RemoveTag(**TAG)).then_nothing()

    def test_a_customer_bears_so_many_at_most(self) -> None:
        many = [e.TagAdded(tag=f"tag_{number}") for number in range(MAX_TAGS)]

        given(ANNA, *many).when(c.AddTag(**TAG)).then_refused("too_many_tags")
        given(ANNA, *many).when(c.AddTag(**WHO, tag="tag_3")).then_nothing()


class TestMarks:
    def test_p21_a_mark_says_why_it_is_set_and_why_it_is_taken_back(self) -> None:
        marked = given(ANNA).when(c.SetMark(**MARK))
        marked.then(e.MarkSet(mark="bad", reason_code="did_not_buy_out"))
        assert marked.customer.marks == ("bad",)

        back = given(ANNA, c.SetMark(**MARK)).when(c.RemoveMark(**MARK | {"reason_code": "paid"}))
        assert back.then(e.MarkRemoved(mark="bad", reason_code="paid")).customer.marks == ()

    def test_p21_what_is_marked_already_is_nothing(self) -> None:
        again = c.SetMark(**MARK | {"reason_code": "rude"})

        given(ANNA, c.SetMark(**MARK)).when(again).then_nothing()
        given(ANNA).when(c.RemoveMark(**MARK)).then_nothing()

    def test_a_customer_bears_so_many_at_most(self) -> None:
        many = [e.MarkSet(mark=f"mark_{n}", reason_code="seen") for n in range(MAX_MARKS)]

        given(ANNA, *many).when(c.SetMark(**MARK)).then_refused("too_many_marks")


def test_a_note_is_kept_as_written() -> None:
    noted = c.NoteCustomer(**WHO, text="Rings after six only")

    given(ANNA).when(noted).then(e.CustomerNoted(text="Rings after six only"))


def test_nothing_happens_to_somebody_unknown_and_all_that_is_wrong_is_told() -> None:
    wrong = {"expected_status": "new", "occurred_at": NOW - timedelta(days=1)}

    given().when(c.AddTag(**TAG, **wrong)).then_refused(
        "customer_unknown", "status_differs", "time_not_allowed"
    )
    given(ANNA).when(c.CreateCustomer(**WHO, name="Ann", **wrong)).then_refused(
        "status_differs", "time_not_allowed", "customer_exists"
    )
