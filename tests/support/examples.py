"""One named example of every command and every event, and the small world they live in."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.alerts import commands as alert_commands
from domain.alerts import events as alert_events
from domain.attempts import AttemptRefused
from domain.callers import AttemptsFlooded, CountFlood
from domain.customers import commands as k
from domain.customers import events as u
from domain.documents import events as d
from domain.documents.commands import DefineSeries
from domain.enquiries import commands as q
from domain.enquiries import events as n
from domain.messages import Actor, ActorKind, Command, Event
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.migration import MigrateOrder
from domain.orders.money import Line, StatedTotals, Totals
from domain.paths.calendar_line import CalendarPublished, PublishCalendar
from domain.paths.calendars import Calendar
from domain.paths.commands import PublishPath
from domain.paths.events import PathPublished
from domain.paths.path import OrderPath
from domain.paths.selection import PathListed
from domain.products import commands as p
from domain.products import events as r
from domain.products.delivery_methods import (
    DeliveryMethod,
    DeliveryMethodEnded,
    DeliveryMethodSet,
    EndDeliveryMethod,
    SetDeliveryMethod,
)
from domain.products.discounts import (
    Discount,
    DiscountEnded,
    DiscountSet,
    EndDiscount,
    SetDiscount,
)
from domain.refusals import Unmet
from domain.rules.line import PublishRule, RulePublished, SetRuleMode
from domain.rules.rule import Rule
from domain.rules.timers import FireTimer, TimerFired
from domain.stock import commands as s
from domain.stock import events as t
from domain.tasks import commands as task_commands
from domain.tasks import events as task_events
from domain.teams import commands as h
from domain.teams import events as w
from domain.teams.sharing import ShareOut
from domain.waves import commands as wave_commands
from domain.waves import events as wave_events
from domain.waves.definition import Wave
from tests.support import outgoing, rights

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ORDER_ID = UUID(int=17)
STOCK = "stock-main:TEA-100"
CUSTOMER_STREAM = "customer-c-7"
ENQUIRY_ID = UUID(int=18)
ALERT_ID = UUID(int=19)
TASK_ID = UUID(int=20)
BATCH_ID = UUID(int=21)
PRODUCT = "product-TEA-100"
SERIES = "series-invoice"
GROUP = "managers"  # the one that has a team

PATH = OrderPath.model_validate(
    {
        "path": "shop",
        "title": {"en": "Shop"},
        "stages": ["intake", "work", "end"],
        "statuses": {
            "new": {
                "stage": "intake",
                "title": {"en": "New", "ru": "Новый"},
                "owner": {"group": "managers"},
                "limit": {
                    "wall": "10m",
                    "warn": "50%",
                    "escalate": [{"at": "200%", "to": {"group": "leads"}}],
                },
            },
            "confirmed": {"stage": "work"},
            "packed": {"stage": "work", "limit": {"wall": "2d"}},
            "done": {"stage": "end", "final": "success"},
            "cancelled": {"stage": "end", "final": "failure"},
            "lost": {"stage": "end", "final": "failure"},
        },
        "initial": [{"status": "new"}],
        "transitions": [
            {"from": "new", "to": "confirmed"},
            {"from": "confirmed", "to": "packed", "roles": ["warehouse"], "require": ["reason"]},
            {"from": "packed", "to": ["done", "lost"]},
            {"from": "*", "to": "cancelled", "reasons": ["changed_mind", "out_of_stock"]},
            {"from": "cancelled", "to": "new", "roles": ["lead"], "require": ["reason"]},
        ],
    }
)

FOUR_EYES = OrderPath.model_validate(
    PATH.content
    | {
        "transitions": [
            *PATH.content["transitions"],
            {"from": "new", "to": "lost", "roles": ["lead"], "approval": {"by": ["lead"]}},
        ]
    }
)

KEEPING = OrderPath.model_validate(PATH.content | {"stock": {"locations": ["main"]}})

# Its next version: confirmed is called accepted, packed belongs to another stage.
NEXT_PATH = OrderPath.model_validate(
    PATH.model_dump(mode="json")
    | {
        "statuses": {
            "new": {"stage": "intake", "limit": {"wall": "1h"}},
            "accepted": {"stage": "work", "limit": {"wall": "1d"}},
            "packed": {"stage": "end"},
            "done": {"stage": "end", "final": "success"},
            "cancelled": {"stage": "end", "final": "failure"},
            "lost": {"stage": "end", "final": "failure"},
        },
        "transitions": [
            {"from": "new", "to": "accepted"},
            {"from": "accepted", "to": "packed"},
            {"from": "packed", "to": "done"},
            {"from": "*", "to": ["cancelled", "lost"]},
        ],
    }
)

RULE = Rule.model_validate(
    {
        "rule": "paid_to_work",
        "title": {"en": "Paid goes on", "ru": "Оплачен идёт дальше"},
        "on": [{"change": "payment_status", "to": "paid"}],
        "if": {"is_new": "order.status == 'new'"},
        "then": [{"move": "confirmed"}],
    }
)
WAVE = Wave.model_validate(
    {
        "wave": "to_work",
        "title": {"en": "To work", "ru": "В работу"},
        "schedule": {"at": ["10:00", "14:00"]},
        "orders": {"status": "new", "path": "shop"},
        "then": {"move": "confirmed", "reason": "The wave of the hour"},
    }
)
_BATCH = {"wave": "to_work", "batch_id": BATCH_ID}
_TIMER = {
    "timer_id": UUID(int=19),
    "rule": "paid_to_work",
    "rule_version": 1,
    "why": "delay",
    "due_at": NOW,
}
CALENDAR = Calendar.model_validate(
    {
        "calendar": "shop",
        "title": {"en": "Shop hours", "ru": "Часы работы"},
        "zone": "Europe/Berlin",
        "hours": {
            "mon": ["09:00-13:00", "14:00-18:00"],
            "sat": ["10:00-14:00"],
        },
        "holidays": {"2026-05-01": "Labour Day"},
        "special_days": {"2026-12-24": ["09:00-12:00"]},
    }
)


def actor(kind: ActorKind = "user", *roles: str) -> Actor:
    """Give somebody who acts, by default a person without any role."""
    return Actor(kind=kind, id="ann" if kind == "user" else f"the-{kind}", roles=roles)


def fact_id(number: int) -> UUID:
    """Give the identity of a fact from elsewhere."""
    return UUID(int=1_000_000 + number)


TEA = Line(
    item_id="1",
    sku="TEA-100",
    title="Green tea",
    quantity=3,
    unit_price_minor=500,
    discount_minor=100,
    vat_bp=2_000,
)
CUP = Line(item_id="2", sku="CUP-1", title="Cup", quantity=1, unit_price_minor=1_250, upsell=True)
CUSTOMER = e.Customer(
    customer_id="c-7", name="Anna Ivanova", phone="+7 900 000-00-00", email="anna@example.org"
)
DELIVERY = e.Delivery(
    method="courier", address="1 Main Street", promised_at=NOW + timedelta(days=2)
)
TOTALS = Totals(
    goods_minor=1_400, discount_minor=50, delivery_minor=300, vat_minor=225, total_minor=1_650
)

_WHO = {"command_id": UUID(int=1), "actor": actor(), "order_id": ORDER_ID}
_MEMBER = {"command_id": UUID(int=1), "actor": actor(), "group": GROUP, "user": "ann"}
_WHERE = {"command_id": UUID(int=1), "actor": actor(), "sku": "TEA-100"}
_WHOM = {"command_id": UUID(int=1), "actor": actor(), "customer_id": "c-7"}
_ASKED = {"command_id": UUID(int=1), "actor": actor(), "enquiry_id": ENQUIRY_ID}
_SEEN = {"command_id": UUID(int=1), "actor": actor(), "alert_id": ALERT_ID}
_DOING = {"command_id": UUID(int=1), "actor": actor(), "task_id": TASK_ID}
_ITEM = {"order_id": ORDER_ID, "item_id": "1"}
_MOVEMENT = {"payment_id": "p-1", "amount_minor": 1_650, "currency": "EUR", "gateway_ref": "g-1"}

_FLOOD = {
    "caller_kind": "user", "caller_id": "ann", "minute": NOW, "refused": 120, "turned_away": 9_880,
}  # fmt: skip
DISCOUNT = Discount(
    code="spring",
    title="Spring sale",
    category="tea",
    percent_bp=1_000,
    currency="EUR",
    minimum_minor=1_000,
    valid_from=NOW,
    valid_until=NOW + timedelta(days=30),
)
COURIER = DeliveryMethod(
    code="courier", title="Courier", price_minor=300, currency="EUR", free_from_minor=5_000
)
_SOLD = {
    "title": "Green tea",
    "unit_price_minor": 500,
    "currency": "EUR",
    "vat_bp": 2_000,
    "supplier": "Leaf & Co.",
    "category": "tea",
}

_RULE = {"rule": "low_stock", "rule_version": 3}
_TOLD = {
    "kind": "rule",
    "level": "notice",
    "title": "Few are left",
    "details": ("4 are available", "5 are wanted"),
    "order_id": ORDER_ID,
    "subject": STOCK,
    "user": "ann",
    "group": "buyers",
    "role": "buyer",
    "since": NOW,
    **_RULE,
}
_TO_DO = {
    "title": "Buy more",
    "order_id": ORDER_ID,
    "subject": STOCK,
    "user": "ann",
    "group": "buyers",
    "due_at": NOW + timedelta(days=2),
    **_RULE,
}

_COMMANDS: tuple[Command, ...] = (
    c.PlaceOrder(
        **_WHO,
        path="shop",
        external_id="A-17",
        customer=CUSTOMER,
        delivery=DELIVERY,
        currency="EUR",
        lines=(TEA,),
        discount_minor=50,
        delivery_minor=300,
        stated=StatedTotals(goods_minor=1_400, vat_minor=225, total_minor=1_650),
    ),
    c.ChangeStatus(**_WHO, to_status="confirmed"),
    c.CancelOrder(**_WHO, reason_code="changed_mind", initiator="client"),
    c.ApproveMove(**{**_WHO, "actor": actor("user", "lead")}, to_status="lost"),
    c.ChangeFields(**_WHO, customer_phone="+7 900 111-11-11", track_number="RR123"),
    c.AddItem(**_WHO, line=CUP),
    c.ChangeItem(**_WHO, item_id="1", quantity=4),
    c.MoveItem(**_WHO, item_id="1", quantity=2, from_status="ordered", to_status="reserved"),
    c.CancelItem(**_WHO, item_id="1", quantity=1, reason_code="out_of_stock"),
    c.SubmitPayment(
        **_WHO, payment_id="p-1", method="card", amount_minor=1_650, currency="EUR", installments=3
    ),
    c.AuthorisePayment(**_WHO, **_MOVEMENT),
    c.ChargePayment(**_WHO, **_MOVEMENT),
    c.RefundPayment(**_WHO, **_MOVEMENT, reason_code="bad_quality"),
    c.ChargeBackPayment(**_WHO, **_MOVEMENT),
    c.GrantRefund(**_WHO, amount_minor=500, currency="EUR", reason_code="bad_quality"),
    c.ReserveItems(**_WHO),
    c.ExpireReservations(**{**_WHO, "actor": actor("clock")}),
    c.CreateShipment(
        **_WHO, shipment_id="s-1", carrier="DHL", track_number="RR123", pieces={"1": 2}
    ),
    c.TrackShipment(**_WHO, shipment_id="s-1", track_number="RR124"),
    c.MoveShipment(
        **_WHO, shipment_id="s-1", to_status="returned", carrier_ref="scan-9", reason_code="refused"
    ),
    c.MoveDocument(
        **_WHO, document_id="invoice-1", to_status="cancelled", reason_code="wrong_address"
    ),
    c.IssueDocument(**_WHO, kind="invoice", series="invoice", document_id="invoice-1"),
    c.PassDeadline(
        **{**_WHO, "actor": actor("clock")},
        entered=1,
        level="warn",
        due_at=NOW + timedelta(minutes=5),
    ),
    c.SnoozeDeadline(**_WHO, until=NOW + timedelta(hours=2), reason="Asked to call after lunch"),
    c.AssignOwner(**_WHO, user="ann", group="managers"),
    ShareOut(**_WHO, group=GROUP, by="least_load", skill="tea"),
    c.AddNote(**_WHO, text="Call after six"),
    c.LogCall(**_WHO, result="reached", talk_seconds=95),
    c.MarkTest(**_WHO),
    c.CorrectFact(**_WHO, version=2, reason="Entered for another order"),
    c.RecordFacts(
        command_id=UUID(int=1),
        actor=actor("import"),
        order_id=ORDER_ID,
        path="shop",
        facts=(
            c.PlacedFact(
                fact_id=fact_id(1),
                occurred_at=NOW - timedelta(days=3),
                status="new",
                external_id="A-17",
                customer=e.Customer(customer_id="c-7"),
                currency="EUR",
            ),
            c.ItemFact(fact_id=fact_id(2), occurred_at=NOW - timedelta(days=3), line=TEA),
            c.PaymentFact(
                fact_id=fact_id(3),
                occurred_at=NOW - timedelta(days=3),
                movement="charged",
                payment_id="p-1",
                amount_minor=1_400,
                currency="EUR",
            ),
            c.StatusFact(
                fact_id=fact_id(4), occurred_at=NOW - timedelta(days=2), status="packed", rank=2
            ),
            c.SourceStatusFact(
                fact_id=fact_id(5), occurred_at=NOW - timedelta(days=1), source_status="Sent"
            ),
        ),
    ),
    MigrateOrder(
        **_WHO, path="shop", path_version=1, mapping={"accepted": "confirmed"}, reason="New words"
    ),
    PublishPath(command_id=UUID(int=1), actor=actor(), definition=PATH),
    PublishCalendar(command_id=UUID(int=1), actor=actor(), definition=CALENDAR),
    PublishRule(command_id=UUID(int=1), actor=actor(), definition=RULE),
    SetRuleMode(
        command_id=UUID(int=1), actor=actor(), rule="paid_to_work", mode="shadow", of_version=1
    ),
    wave_commands.PublishWave(command_id=UUID(int=1), actor=actor(), definition=WAVE),
    wave_commands.BeginWave(command_id=BATCH_ID, actor=actor(), wave="to_work", wave_version=1),
    wave_commands.FinishWave(
        command_id=UUID(int=1), actor=actor("clock"), **_BATCH, orders=2, accepted=2
    ),
    FireTimer(command_id=UUID(int=1), actor=actor("clock"), order_id=ORDER_ID, **_TIMER),
    s.ReceiveStock(**_WHERE, quantity=12, supplier="Leaf & Co."),
    s.AdjustStock(**_WHERE, counted=11, reason_code="damaged"),
    s.SetThreshold(**_WHERE, threshold=5),
    k.CreateCustomer(**_WHOM, name="Anna Ivanova", phone="+7 900 000-00-00"),
    k.ChangeContact(**_WHOM, phone="+7 900 111-11-11", email=None),
    k.AddTag(**_WHOM, tag="waits_for_sale"),
    k.RemoveTag(**_WHOM, tag="wholesale"),
    k.SetMark(**_WHOM, mark="bad", reason_code="did_not_buy_out", reason="Twice in May"),
    k.RemoveMark(**_WHOM, mark="vip", reason_code="settled"),
    k.NoteCustomer(**_WHOM, text="Rings after six only"),
    k.EraseCustomer(**_WHOM, reason_code="customer_asked"),
    q.RecordEnquiry(**_ASKED, channel="phone", text="Is there green tea?", customer=CUSTOMER),
    q.CloseEnquiry(**_ASKED, reason_code="too_expensive"),
    CountFlood(command_id=UUID(int=1), actor=actor("system"), **_FLOOD),
    p.PublishProduct(**_WHERE, **_SOLD),
    p.ChangeProduct(**_WHERE, unit_price_minor=550),
    p.WithdrawProduct(**_WHERE),
    SetDiscount(command_id=UUID(int=1), actor=actor(), discount=DISCOUNT),
    EndDiscount(command_id=UUID(int=1), actor=actor(), code="spring"),
    SetDeliveryMethod(command_id=UUID(int=1), actor=actor(), method=COURIER),
    EndDeliveryMethod(command_id=UUID(int=1), actor=actor(), code="courier"),
    DefineSeries(
        command_id=UUID(int=1),
        actor=actor(),
        series="invoice",
        format=d.Format(prefix="INV-", width=6, yearly=True, zone="Europe/Berlin"),
    ),
    h.SetMember(**_MEMBER, skills=("tea", "german"), cap=20),
    h.RemoveMember(**_MEMBER),
    h.Come(**_MEMBER),
    h.Go(**_MEMBER),
    alert_commands.RaiseAlert(**_SEEN, **_TOLD),
    alert_commands.AcknowledgeAlert(**_SEEN, note="I call them"),
    task_commands.CreateTask(**_DOING, **_TO_DO),
    task_commands.AssignTask(**_DOING, user="bob", group="buyers"),
    task_commands.FinishTask(**_DOING, outcome="bought", note="Anna brings it on Monday"),
    task_commands.DropTask(**_DOING, reason_code="not_needed"),
)

_EVENTS: tuple[Event, ...] = (
    e.OrderPlaced(
        path="shop",
        path_version=1,
        status="new",
        order_type="private",
        channel="web",
        shop="main",
        external_id="A-17",
        customer=CUSTOMER,
        delivery=DELIVERY,
        currency="EUR",
        lines=(TEA,),
        totals=TOTALS,
        deadlines=(
            e.Deadline(level="warn", at=NOW + timedelta(minutes=5)),
            e.Deadline(level="due", at=NOW + timedelta(minutes=10)),
            e.Deadline(level="escalate_200", at=NOW + timedelta(minutes=20)),
        ),
    ),
    e.StatusChanged(
        from_status="new",
        to_status="cancelled",
        reason_code="changed_mind",
        initiator="client",
        deadlines=(e.Deadline(level="due", at=NOW + timedelta(days=2)),),
    ),
    e.MoveApproved(to_status="lost", approved_by="ann"),
    e.OverrideUsed(from_status="cancelled", to_status="new"),
    e.PathMigrated(
        from_path="shop",
        from_version=1,
        path="shop",
        path_version=2,
        from_status="confirmed",
        to_status="accepted",
        entered=True,
        deadlines=(e.Deadline(level="due", at=NOW + timedelta(days=1)),),
    ),
    e.StatusRecorded(
        path="shop",
        path_version=1,
        to_status="packed",
        rank=2,
        time_source="derived",
        conforming=False,
        nonconforming=("transition_not_allowed",),
        actor="seller-9",
        role="carrier",
        reason_code="LATE",
        attributes={"warehouse": "north"},
        personal='{"note": "ring twice"}',
    ),
    e.SourceStatusNoted(source_status="Sent"),
    e.FieldsChanged(
        changed=("customer_phone", "track_number"),
        customer_phone="+7 900 111-11-11",
        track_number="RR123",
    ),
    e.ItemAdded(line=CUP, delivery_minor=120, totals=TOTALS),
    e.ItemChanged(line=TEA.model_copy(update={"quantity": 4}), totals=TOTALS),
    e.ItemStatusChanged(
        item_id="1",
        quantity=2,
        from_status="ordered",
        to_status="cancelled",
        reason_code="out_of_stock",
        totals=TOTALS,
    ),
    e.PaymentSubmitted(
        payment_id="p-1", method="card", amount_minor=1_650, currency="EUR", installments=3
    ),
    e.PaymentAuthorised(**_MOVEMENT),
    e.PaymentCharged(**_MOVEMENT),
    e.PaymentRefunded(**_MOVEMENT, reason_code="bad_quality"),
    e.PaymentChargedBack(**_MOVEMENT),
    e.RefundGranted(amount_minor=500, currency="EUR", reason_code="bad_quality"),
    e.ReservationChanged(
        item_id="1", sku="TEA-100", kept={"main": 2, "supplier_a": 1}, committed=1, missing=1
    ),
    e.ShipmentCreated(shipment_id="s-1", carrier="DHL", track_number="RR123", pieces={"1": 2}),
    e.ShipmentTracked(shipment_id="s-1", track_number="RR124"),
    e.ShipmentMoved(
        shipment_id="s-1",
        to_status="returned",
        carrier_ref="scan-9",
        reason_code="refused",
        pieces={"1": 1},
    ),
    e.DocumentIssued(
        document_id="invoice-1",
        kind="invoice",
        series="invoice",
        number="INV-2026-000017",
        total_minor=1_650,
        currency="EUR",
    ),
    e.DocumentMoved(
        document_id="invoice-1",
        from_status="sent",
        to_status="cancelled",
        reason_code="wrong_address",
    ),
    e.DeadlinePassed(
        entered=1,
        status="new",
        level="warn",
        due_at=NOW + timedelta(minutes=5),
        holder_user="ann",
        holder_group="managers",
        to_group="leads",
    ),
    e.DeadlineSnoozed(
        entered=1,
        status="new",
        until=NOW + timedelta(hours=2),
        deadlines=(
            e.Deadline(level="due", at=NOW + timedelta(hours=2)),
            e.Deadline(level="escalate_200", at=NOW + timedelta(hours=2, minutes=10)),
        ),
    ),
    e.OwnerAssigned(user="ann", group="managers", previous_user="bob", previous_group="leads"),
    e.NoteAdded(text="Call after six"),
    e.CallLogged(
        direction="outgoing",
        result="reached",
        started_at=NOW - timedelta(seconds=95),
        talk_seconds=95,
        operator="ann",
    ),
    e.TestFlagChanged(test=True),
    e.FactAnnulled(
        annulled_version=2,
        annulled_type="order.payment_charged.v1",
        reason="Entered for another order",
    ),
    AttemptRefused(
        command="order.change_status",
        asked={"to_status": "done"},
        unmet=(
            Unmet(
                code="transition_not_allowed",
                field="to_status",
                message="The path shop has no way from new to done",
                needed="one of confirmed, cancelled",
            ),
        ),
        order_version=1,
    ),
    PathPublished(
        path="shop",
        path_version=1,
        content_hash=PATH.content_hash,
        definition=PATH.content,
    ),
    PathListed(path="shop", path_version=1, applies_to=({"channel": ("web", "phone")},)),
    CalendarPublished(
        calendar="shop",
        calendar_version=1,
        content_hash=CALENDAR.content_hash,
        definition=CALENDAR.content,
    ),
    RulePublished(
        rule="paid_to_work",
        rule_version=1,
        content_hash=RULE.content_hash,
        definition=RULE.content,
    ),
    TimerFired(**_TIMER),
    wave_events.WavePublished(
        wave="to_work", wave_version=1, content_hash=WAVE.content_hash, definition=WAVE.content
    ),
    wave_events.WaveBegun(
        **_BATCH,
        wave_version=1,
        due_at=NOW + timedelta(hours=1),
        actor=actor("clock", "warehouse"),
    ),
    wave_events.WaveFinished(**_BATCH, orders=5, accepted=3, refused=1, nothing=1, failed=0),
    t.StockReceived(quantity=12, supplier="Leaf & Co."),
    t.StockAdjusted(difference=-1, counted=11, reason_code="damaged"),
    t.StockReserved(**_ITEM, quantity=3, expires_at=NOW + timedelta(hours=1)),
    t.ExpiryChanged(**_ITEM, expires_at=NOW + timedelta(days=3)),
    t.StockReleased(**_ITEM, quantity=1, why="shortened"),
    t.StockCommitted(**_ITEM, quantity=2),
    t.StockRestocked(**_ITEM, quantity=1),
    t.ThresholdSet(threshold=5),
    t.StockBelowThreshold(available=4, threshold=5),
    u.CustomerCreated(
        customer_id="c-7",
        name="Anna Ivanova",
        phone="+7 900 000-00-00",
        email="anna@example.org",
        address="1 Main Street",
    ),
    u.ContactChanged(changed=("phone", "email"), phone="+7 900 111-11-11"),
    u.TagAdded(tag="wholesale"),
    u.TagRemoved(tag="wholesale"),
    u.MarkSet(mark="vip", reason_code="many_orders"),
    u.MarkRemoved(mark="vip", reason_code="settled"),
    u.CustomerNoted(text="Rings after six only"),
    u.CustomerErased(customer_id="c-7", reason_code="customer_asked", orders=(ORDER_ID,)),
    n.EnquiryRecorded(channel="phone", text="Is there green tea?", customer=CUSTOMER),
    n.EnquiryOrdered(order_id=ORDER_ID),
    n.EnquiryClosed(reason_code="too_expensive"),
    AttemptsFlooded(**_FLOOD),
    r.ProductPublished(**_SOLD),
    r.ProductDescribed(title="Green tea, loose", supplier="Leaf & Co.", category="tea"),
    r.PriceChanged(unit_price_minor=550, currency="EUR", vat_bp=2_000),
    r.ProductWithdrawn(),
    DiscountSet(discount=DISCOUNT),
    DiscountEnded(code="spring"),
    DeliveryMethodSet(method=COURIER),
    DeliveryMethodEnded(code="courier"),
    d.SeriesDefined(
        format=d.Format(prefix="INV-", width=6, yearly=True, zone="Europe/Berlin"),
    ),
    d.NumberTaken(
        serial=17,
        year=2026,
        number="INV-2026-000017",
        kind="invoice",
        order_id=ORDER_ID,
        document_id="invoice-1",
    ),
    w.MemberSet(user="ann", skills=("tea", "german"), cap=20),
    w.MemberRemoved(user="ann"),
    w.MemberCame(user="ann"),
    w.MemberWent(user="ann"),
    w.OrderTaken(order_id=ORDER_ID, user="ann", customer_id="c-7", turn=True),
    w.OrderReleased(order_id=ORDER_ID, user="ann", why="ended"),
    alert_events.AlertRaised(alert_id=ALERT_ID, **_TOLD),
    alert_events.AlertAcknowledged(note="I call them"),
    task_events.TaskCreated(**_TO_DO),
    task_events.TaskAssigned(user="bob", group="buyers", previous_group="buyers"),
    task_events.TaskFinished(outcome="bought", note="Anna brings it on Monday"),
    task_events.TaskDropped(reason_code="not_needed"),
)

COMMANDS: dict[str, Command] = {
    command.NAME: command for command in (*_COMMANDS, *outgoing.COMMANDS, *rights.COMMANDS)
}
EVENTS: dict[str, Event] = {
    event.NAME: event for event in (*_EVENTS, *outgoing.EVENTS, *rights.EVENTS)
}
