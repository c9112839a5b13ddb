"""Commands that read one stream and write it, and nothing else: how each of them is decided.

Commands that read or write more stand in domain.catalog, which asks here for all others.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from domain.access import commands as access_commands
from domain.access.decide import decide as decide_access
from domain.alerts import commands as alert_commands
from domain.alerts.decide import decide as decide_alert
from domain.callers import CountFlood, count_flood
from domain.customers import commands as customer_commands
from domain.customers.decide import decide as decide_customer
from domain.documents.commands import DefineSeries
from domain.documents.decide import define
from domain.effects import commands as effect_commands
from domain.effects import endpoints
from domain.effects.decide import decide as decide_effect
from domain.enquiries.commands import CloseEnquiry
from domain.enquiries.decide import close
from domain.messages import Command, Decided
from domain.paths.calendar_line import PublishCalendar
from domain.products import commands as product_commands
from domain.products.decide import decide as decide_product
from domain.products.delivery_methods import EndDeliveryMethod, SetDeliveryMethod
from domain.products.delivery_methods import decide as decide_delivery_method
from domain.products.discounts import EndDiscount, SetDiscount
from domain.products.discounts import decide as decide_discount
from domain.publishing import publish
from domain.roles.line import PublishRole
from domain.rules import line as rule_line
from domain.rules import timers
from domain.stock import commands as stock_commands
from domain.stock.decide import decide as decide_stock
from domain.tasks import commands as task_commands
from domain.tasks.decide import decide as decide_task
from domain.teams import commands as team_commands
from domain.teams.decide import decide as decide_team
from domain.templates.line import PublishTemplate
from domain.waves import commands as wave_commands
from domain.waves.decide import decide as decide_wave

# From the state of its stream, a command and the moment to events. Raises: Refusal
Decide = Callable[[Any, Any, datetime], list[Decided]]

_DECIDED: Final[Mapping[Decide, tuple[type[Command], ...]]] = {
    publish: (PublishCalendar, PublishTemplate, PublishRole),
    count_flood: (CountFlood,),
    define: (DefineSeries,),
    close: (CloseEnquiry,),
    decide_stock: stock_commands.COMMANDS,
    decide_customer: customer_commands.COMMANDS,
    decide_product: product_commands.COMMANDS,
    decide_discount: (SetDiscount, EndDiscount),
    rule_line.set_mode: (rule_line.SetRuleMode,),
    timers.decide: (timers.FireTimer,),
    decide_team: team_commands.COMMANDS,
    decide_alert: alert_commands.COMMANDS,
    decide_task: task_commands.COMMANDS,
    decide_effect: effect_commands.COMMANDS,
    endpoints.decide: endpoints.COMMANDS,
    decide_wave: wave_commands.COMMANDS,
    decide_access: access_commands.COMMANDS,
    decide_delivery_method: (SetDeliveryMethod, EndDeliveryMethod),
}
_DECIDERS: Final[Mapping[type[Command], Decide]] = {
    command: decide for decide, commands in _DECIDED.items() for command in commands
}


def stream_alone(command: Any) -> str:
    """Name the one stream of a command. Raises: TypeError for one that is in no catalog"""
    if type(command) not in _DECIDERS:
        raise TypeError(f"{type(command).__name__} is not in the catalog")
    stream: str = command.stream_id
    return stream


def decide_alone(state: Any, command: Command, now: datetime) -> list[Decided]:
    """Decide a command on the state of its stream. Raises: Refusal"""
    return _DECIDERS[type(command)](state, command, now)
