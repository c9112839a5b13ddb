"""Every command, event and category of streams by its stored name.

Everybody looks them up in domain.catalog, which says besides how a command is decided.
"""

from collections.abc import Mapping

from domain import attempts, callers
from domain.access import commands as access_commands
from domain.access.events import EVENTS as ACCESS_EVENTS
from domain.access.key import ApiKey
from domain.alerts import commands as alert_commands
from domain.alerts.alert import Alert
from domain.alerts.events import ALERT_EVENTS
from domain.customers import commands as customer_commands
from domain.customers.customer import Customer
from domain.customers.events import CUSTOMER_EVENTS
from domain.documents import commands as document_commands
from domain.documents.events import SERIES_EVENTS
from domain.documents.series import Series
from domain.effects import commands as effect_commands
from domain.effects import endpoints
from domain.effects.effect import Effect
from domain.effects.events import EFFECT_EVENTS
from domain.enquiries import commands as enquiry_commands
from domain.enquiries.enquiry import Enquiry
from domain.enquiries.events import ENQUIRY_EVENTS
from domain.messages import Aggregate, Command, Event
from domain.orders import commands
from domain.orders.events import ORDER_EVENTS
from domain.orders.migration import MigrateOrder
from domain.orders.order import Order
from domain.paths import commands as path_commands
from domain.paths.calendar_line import (
    CalendarLine,
    CalendarPublished,
    PublishCalendar,
)
from domain.paths.events import PATH_EVENTS
from domain.paths.line import PathLine
from domain.paths.selection import PathListed, Selection
from domain.products import commands as product_commands
from domain.products.delivery_methods import (
    DeliveryMethodEnded,
    DeliveryMethods,
    DeliveryMethodSet,
    EndDeliveryMethod,
    SetDeliveryMethod,
)
from domain.products.discounts import (
    DiscountEnded,
    Discounts,
    DiscountSet,
    EndDiscount,
    SetDiscount,
)
from domain.products.events import PRODUCT_EVENTS
from domain.products.product import Product
from domain.roles import line as role_line
from domain.rules import line as rule_line
from domain.rules import timers
from domain.stock import commands as stock_commands
from domain.stock.events import STOCK_EVENTS
from domain.stock.stock import Stock
from domain.tasks import commands as task_commands
from domain.tasks.events import TASK_EVENTS
from domain.tasks.task import Task
from domain.teams import commands as team_commands
from domain.teams.events import TEAM_EVENTS
from domain.teams.sharing import ShareOut
from domain.teams.team import Team
from domain.templates import line as template_line
from domain.waves import commands as wave_commands
from domain.waves.events import WAVE_EVENTS
from domain.waves.line import WaveLine

_EVENT_TYPES: tuple[type[Event], ...] = (
    *ORDER_EVENTS,
    attempts.AttemptRefused,
    callers.AttemptsFlooded,
    *PATH_EVENTS,
    CalendarPublished,
    PathListed,
    *STOCK_EVENTS,
    *CUSTOMER_EVENTS,
    *ENQUIRY_EVENTS,
    *PRODUCT_EVENTS,
    DiscountSet,
    DiscountEnded,
    DeliveryMethodSet,
    DeliveryMethodEnded,
    *SERIES_EVENTS,
    rule_line.RulePublished,
    timers.TimerFired,
    *TEAM_EVENTS,
    *ALERT_EVENTS,
    *TASK_EVENTS,
    *EFFECT_EVENTS,
    *endpoints.EVENTS,
    template_line.TemplatePublished,
    *WAVE_EVENTS,
    role_line.RolePublished,
    *ACCESS_EVENTS,
)
_COMMAND_TYPES: tuple[type[Command], ...] = (
    *commands.COMMANDS,
    MigrateOrder,
    *path_commands.COMMANDS,
    PublishCalendar,
    *stock_commands.COMMANDS,
    *customer_commands.COMMANDS,
    *enquiry_commands.COMMANDS,
    callers.CountFlood,
    *product_commands.COMMANDS,
    SetDiscount,
    EndDiscount,
    SetDeliveryMethod,
    EndDeliveryMethod,
    *document_commands.COMMANDS,
    *rule_line.COMMANDS,
    timers.FireTimer,
    *team_commands.COMMANDS,
    ShareOut,
    *alert_commands.COMMANDS,
    *task_commands.COMMANDS,
    effect_commands.RequestEffect,
    *effect_commands.COMMANDS,
    *endpoints.COMMANDS,
    template_line.PublishTemplate,
    wave_commands.PublishWave,
    *wave_commands.COMMANDS,
    role_line.PublishRole,
    *access_commands.COMMANDS,
)

EVENTS: Mapping[str, type[Event]] = {t.NAME: t for t in _EVENT_TYPES}
COMMANDS: Mapping[str, type[Command]] = {t.NAME: t for t in _COMMAND_TYPES}
AGGREGATES: Mapping[str, type[Aggregate]] = {
    "order": Order,
    "path": PathLine,
    "calendar": CalendarLine,
    "selection": Selection,
    "stock": Stock,
    "customer": Customer,
    "enquiry": Enquiry,
    "caller": callers.Caller,
    "product": Product,
    "discount": Discounts,
    "delivery_method": DeliveryMethods,
    "series": Series,
    "rule": rule_line.RuleLine,
    "timer": timers.Timers,
    "team": Team,
    "alert": Alert,
    "task": Task,
    "effect": Effect,
    "endpoint": endpoints.Endpoint,
    "template": template_line.TemplateLine,
    "wave": WaveLine,
    "role": role_line.RoleLine,
    "apikey": ApiKey,
}
_EMPTY: Mapping[str, Aggregate] = {name: aggregate() for name, aggregate in AGGREGATES.items()}


def empty_state(stream_id: str) -> Aggregate:
    """Give the state of a stream before its first event. States are immutable: one will do."""
    return _EMPTY[stream_id.partition("-")[0]]
