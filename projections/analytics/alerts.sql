-- One row per alert: who is to know what, since when, and who has seen it.
create view alerts as
select
    a.alert_id, -- id of the alert
    a.kind, -- deadline, path_changed, rule, rule_stopped, rule_waits, template_unfit, endpoint_paused, stream_damaged
    a.level, -- how much it presses: notice, warn, due, escalate_<percent of the time limit>
    a.title, -- what is the matter
    a.details, -- what in particular, one thing each
    a.order_id, -- order that it is about, null: none
    a.subject, -- stream that it is about, where that is no order's, such as stock-main:TEA-100
    a.to_user, -- user that is to know
    a.to_group, -- group that is to know
    a.to_role, -- role whose bearers are to know
    a.since, -- since when it has been the matter
    a.raised_at, -- when it was raised
    a.rule, -- rule that raised it, or that it is about
    a.rule_version, -- version of the rule
    a.acknowledged_at, -- when somebody said that it is seen, null: nobody did
    a.acknowledged_by, -- who said so
    extract(epoch from a.acknowledged_at - a.raised_at)::double precision as seconds, -- from raising to acknowledging, seconds by the wall clock
    a.recorded_at, -- when the log took it
    coalesce(o.test, false) as test -- true: about a test order
from live.alerts a
left join live.orders o using (order_id);
