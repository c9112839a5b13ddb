-- One row per task: who is to do what by when, and what came of it. Notes are in no view.
create view tasks as
select
    t.task_id, -- id of the task
    t.title, -- what is to be done
    t.order_id, -- order that it is about, null: none
    t.subject, -- stream that it is about, where that is no order's, such as stock-main:TEA-100
    t.to_user, -- user that is to do it
    t.to_group, -- group that is to do it
    t.due_at, -- by when, null: whenever
    t.created_at, -- when it was created
    t.created_by_kind, -- kind of whoever wants it: user, trigger, …
    t.created_by, -- who wants it; of a trigger the name of the rule
    t.rule, -- rule that wants it, null: a person or a program does
    t.rule_version, -- version of the rule
    t.assigned_at, -- since when it is with whoever has it
    t.state, -- open, done, dropped
    t.ended_at, -- when it was done or dropped
    t.ended_by, -- who did or dropped it
    t.outcome, -- what came of it, of a task that is done
    t.reason_code, -- why nobody needs to do it any more, of a task that is dropped
    coalesce(t.state = 'done' and t.ended_at > t.due_at, false) as done_late, -- true: it was done after its time
    t.recorded_at, -- when the log took it
    coalesce(o.test, false) as test -- true: about a test order
from live.tasks t
left join live.orders o using (order_id);
