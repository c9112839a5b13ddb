"""Ready-made rules tried on 8,000 real orders: every number is one of the data, nothing changes."""

from collections import Counter
from typing import Any

from domain.rules.rule import Rule
from infra.rule_files import load_preset
from services.backtest import Part, backtest
from services.bootstrap import System

NOTHING = (
    "select (select count(*) from live.trigger_runs) + (select count(*) from live.rule_acts)"
    " + (select count(*) from live.rule_waits) + (select count(*) from live.effects)"
    " + (select count(*) from live.tasks) + (select count(*) from live.alerts)"
)


def without(rule: Rule, condition: str) -> Rule:
    """Give the rule as a shop writes it whose customers can all be reached."""
    conditions = {name: when for name, when in rule.if_.items() if name != condition}
    return rule.model_copy(update={"rule": f"{rule.rule}_all", "if_": conditions})


def test_d10_ready_made_rules_tried_on_real_orders_are_explained_and_change_nothing(
    olist: System, oracle: dict[str, Any]
) -> None:
    changes, orders = oracle["totals"]["events"], oracle["totals"]["cases"]
    told = load_preset("customer_on_change")
    rules = [told, without(told, "has_email"), load_preset("handle_within_30_minutes")]
    head, now = olist.log.head(), olist.clock()
    part = Part(0, head.position, now, now)

    tested = {one.rule: one for one in backtest(olist.projection_log, rules, part)}

    as_it_is, to_all, handled = (tested[one.rule] for one in rules)
    assert as_it_is.looked == to_all.looked == changes
    assert as_it_is.results == Counter(skipped=changes)  # The data have nobody's address.
    assert as_it_is.missed == Counter(has_email=changes, moved=orders)
    assert to_all.results == Counter(fired=changes - orders, skipped=orders)
    assert to_all.missed == Counter(moved=orders)
    assert (handled.results, handled.missed) == (Counter(skipped=orders), Counter(is_new=orders))

    assert olist.log.head() == head
    with olist.lend("orderpath_projector") as session:
        assert session.execute(NOTHING).fetchall() == [(0,)]
