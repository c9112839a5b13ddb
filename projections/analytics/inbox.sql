-- What waits for somebody, and what did: alerts, tasks and notices in one. An alert or a notice waits
-- until it is acknowledged, a task until it is done or dropped. Choose the open ones of a user, a
-- group or a role.
create view inbox as
select
    'alert-' || alert_id as entry, -- name of the entry, which is that of its stream
    case when level = 'notice' then 'notice' else 'alert' end as what, -- alert, task, notice (something to know that does not press)
    alert_id as id, -- id of the alert or the task
    kind, -- of an alert or a notice: deadline, path_changed, rule, rule_stopped, rule_waits, template_unfit, endpoint_paused, stream_damaged; of a task: rule or person
    level, -- how much an alert presses: warn, due, escalate_<percent of the time limit>
    title, -- what is the matter, or is to be done
    details, -- what in particular, one thing each
    order_id, -- order that it is about, null: none
    subject, -- stream that it is about, where that is no order's
    to_user, -- user that it is for
    to_group, -- group that it is for
    to_role, -- role that it is for
    since, -- since when it has been the matter, or is to be done
    null::timestamptz as due_at, -- by when a task is to be done
    acknowledged_at is null as open, -- true: it waits
    acknowledged_at as ended_at, -- when it was acknowledged, done or dropped
    acknowledged_by as ended_by, -- who did so
    test -- true: about a test order
from analytics.alerts
union all
select
    'task-' || task_id, 'task', task_id,
    case when rule is null then 'person' else 'rule' end, null, title, '{}',
    order_id, subject, to_user, to_group, null, created_at, due_at,
    state = 'open', ended_at, ended_by, test
from analytics.tasks;
