"""D1: what orders did becomes a path that can be published and corrected."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.paths.path import OrderPath
from infra.path_files import read_path
from services.paths.draft import Observed, draft

ORDERS = Observed(
    titles={
        "created": {"en": "Created"},
        "packed": {"en": "Packed", "ru": "Собран"},
        "sent": {},
        "cancelled": {"en": "Cancelled"},
    },
    starts=Counter(created=9, packed=1),
    moves=Counter({("created", "packed"): 6, ("created", "cancelled"): 2, ("packed", "sent"): 5}),
    p90_seconds={"created": 5_000.0, "packed": 42.1, "sent": 9.0},
)


def drafted(observed: Observed) -> OrderPath:
    return read_path(draft("small", "the log of x", observed), where="draft")


def test_d1_a_draft_has_the_statuses_moves_and_limits_that_were_seen() -> None:
    path = drafted(ORDERS)

    limits = {c: status.limit and status.limit.wall for c, status in path.statuses.items()}
    assert list(path.statuses) == ["created", "packed", "sent", "cancelled"]
    assert [start.status for start in path.initial] == ["created", "packed"]
    assert set(path.matrix) == {
        ("created", "packed"), ("created", "cancelled"), ("packed", "sent"),
    }  # fmt: skip
    assert limits == {
        "created": timedelta(minutes=90),  # 83m 20s, rounded up to a quarter of an hour
        "packed": timedelta(seconds=43),
        "sent": None,
        "cancelled": None,
    }
    assert path.statuses["packed"].title == {"en": "Packed", "ru": "Собран"}


def test_d1_a_code_that_yaml_reads_as_something_else_stays_a_code() -> None:
    words = ("null", "yes", "no", "on", "off", "true", "false", "y", "n")
    moves = Counter({("new", word): 1 for word in words})
    titles: dict[str, dict[str, str]] = {code: {} for code in ("new", *words)}

    path = drafted(Observed(titles, Counter(new=9, null=1), moves, {}))

    assert list(path.statuses) == ["new", *words]
    assert [start.status for start in path.initial] == ["new", "null"]
    assert set(path.matrix) == set(moves)


def test_d1_each_move_says_how_often_it_was_made_and_its_share() -> None:
    lines = draft("small", "the log of x", ORDERS).splitlines()

    assert "  - {from: created, to: packed} # 75.0%: 6 of 8 moves out of created" in lines
    assert "  - {from: created, to: cancelled} # 25.0%: 2 of 8 moves out of created" in lines
    assert "  - {status: created} # 9 of 10 orders begin here" in lines


def test_d1_what_no_order_left_is_a_failure_if_its_name_says_so_and_never_a_success() -> None:
    path = drafted(ORDERS)

    assert {code: status.final for code, status in path.statuses.items()} == {
        "created": None, "packed": None, "sent": None, "cancelled": "failure",
    }  # fmt: skip
    assert path.stages == ("created", "packed", "sent", "failed")
    assert path.statuses["cancelled"].stage == "failed"


@pytest.mark.parametrize(
    "title",
    ["Отменён", "ОТМЕНА", "Отказ клиента", "Возврат", "Не выкуплен", "Невыкуп", "Order refused"],
)
def test_d1_a_title_says_failure_too_in_english_and_in_russian(title: str) -> None:
    path = drafted(Observed({"new": {}, "s1": {"en": title}}, Counter(new=1), Counter(), {}))

    assert path.statuses["s1"].final == "failure"


@pytest.mark.parametrize(
    "title",
    [
        "Возвращён в работу",
        "Возврат в работу",
        "Returning customer call",
        "Return to work",
        "Оплата просрочена",
        "Неудачная попытка дозвона",
        "Offer expires soon",
        "Failed delivery attempt",
        "Uncancelled",
    ],
)
def test_d1_what_may_go_on_is_no_failure_by_its_title(title: str) -> None:
    path = drafted(Observed({"new": {}, "s1": {"en": title}}, Counter(new=1), Counter(), {}))

    assert path.statuses["s1"].final is None


def test_d1_what_is_guessed_of_an_ending_is_said_and_what_is_known_is_not() -> None:
    known = draft("small", "x", replace(ORDERS, finals={"sent": None, "cancelled": "failure"}))
    guessed = draft("small", "x", ORDERS)

    assert "    final: failure # guessed from its name\n" in guessed
    assert guessed.count("# No order left it. If orders end well here: final: success") == 1
    assert "guessed" not in known
    assert "No order left it" not in known
    assert "    final: failure\n" in known


def test_d1_a_status_that_is_known_as_open_stays_open_though_no_order_left_it() -> None:
    path = drafted(replace(ORDERS, finals={"sent": None, "cancelled": None}))

    assert {status.final for status in path.statuses.values()} == {None}
    assert "failed" not in path.stages


def test_d1_what_is_known_of_a_status_stays() -> None:
    known = Observed(
        titles=ORDERS.titles,
        starts=ORDERS.starts,
        moves=Counter({**ORDERS.moves, ("cancelled", "created"): 1}),
        p90_seconds={"cancelled": 60.0},
        stages={"created": "open", "packed": "open", "cancelled": "closed"},
        finals={"cancelled": "failure"},
    )

    path = drafted(known)

    assert path.stages == ("open", "sent", "closed")
    assert (path.statuses["cancelled"].final, path.statuses["cancelled"].limit) == ("failure", None)
    assert ("cancelled", "created") in path.matrix


@pytest.mark.parametrize(
    ("seconds", "limit"),
    [
        (0.0, "1s"),
        (59.5, "1m"),
        (60.1, "2m"),
        (3_601.0, "1h15m"),
        (90_000.5, "1d2h"),
        (1e12, "3650d"),
    ],
)
def test_a_suggested_limit_is_rounded_up_to_what_people_would_write(
    seconds: float, limit: str
) -> None:
    observed = Observed(
        titles={"new": {}, "done": {}},
        starts=Counter(new=1),
        moves=Counter({("new", "done"): 1}),
        p90_seconds={"new": seconds},
    )

    assert f"    limit: {{wall: {limit}}}\n" in draft("small", "x", observed)


texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1)
languages = st.sampled_from(["en", "ru", "no", "pt-BR"])
codes = st.sampled_from(["a", "b", "cancelled", "d"])


@given(
    st.dictionaries(codes, st.dictionaries(languages, texts, max_size=2), min_size=1),
    st.lists(st.tuples(codes, codes)),
    st.dictionaries(codes, st.floats(0, 1e12)),
)
def test_d1_a_draft_can_always_be_published(
    titles: dict[str, dict[str, str]], pairs: list[tuple[str, str]], p90: dict[str, float]
) -> None:
    moves = Counter((a, b) for a, b in pairs if a != b and {a, b} <= titles.keys())
    observed = Observed(
        titles=titles, starts=Counter(list(titles)[:2]), moves=moves, p90_seconds=p90
    )

    path = drafted(observed)

    assert set(path.matrix) == set(moves)
    assert {code: status.title for code, status in path.statuses.items()} == titles
