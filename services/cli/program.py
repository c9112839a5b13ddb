"""The tree of commands. Each module imports what it needs only when it runs: help is quick."""

from typing import Annotated, Final

import typer

from services.cli import (
    alerts,
    alive,
    audit,
    audit_reads,
    broker,
    bulk,
    calendars,
    calls,
    customers,
    delivery_methods,
    demo,
    discounts,
    documents,
    effects,
    enquiries,
    figures,
    foreground,
    hands,
    imports,
    inbox,
    items,
    keys,
    log,
    master_keys,
    order_changes,
    order_reads,
    orders,
    papers,
    path_changes,
    path_choice,
    path_diff,
    path_discover,
    path_lint,
    path_show,
    paths,
    payments,
    placing,
    products,
    projections,
    quoting,
    relay,
    reports,
    roles,
    rule_diff,
    rule_graph,
    rule_lint,
    rule_trials,
    rules,
    segments,
    serve,
    session,
    shipments,
    status,
    stock,
    stream_programs,
    tasks,
    teams,
    templates,
    waves,
    work_queue,
)

app: Final = typer.Typer(
    name="orderpath",
    help="Orders from new to done: every change an event, everything else computed from them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def where(
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Ask this server instead; its key: ORDERPATH_API_KEY."),
    ] = None,
) -> None:
    """Take what goes before a command."""
    session.GIVEN_URL.set(url)


orders.app.command()(placing.place)
orders.app.command("set")(order_changes.set_details)
orders.app.command()(order_changes.snooze)
for change in (order_changes.add_item, order_changes.change_item, order_changes.cancel_item):
    orders.app.command()(change)
orders.app.command()(payments.pay)
orders.app.command("move-item")(items.move_item)
orders.app.command("log-call")(calls.log_call)
for read in (
    order_reads.show,
    order_reads.allowed,
    order_reads.history,
    order_reads.diff,
    order_reads.why,
):
    orders.app.command()(read)
orders.app.command("list")(order_reads.list_them)
orders.app.command("as-of")(order_reads.as_of)
orders.app.command("why-not")(rule_trials.why_not)
orders.app.command("share-out")(teams.share_out)
orders.app.add_typer(bulk.app)
for audit_read in (audit_reads.who, audit_reads.day, audit_reads.access):
    audit.app.command()(audit_read)
for figure in (
    figures.pipeline,
    figures.receivables,
    figures.demand,
    figures.segments,
    figures.reasons,
    figures.operators,
    figures.compare,
):
    reports.app.command()(figure)
for command in (
    path_show.show,
    path_choice.which,
    path_lint.lint,
    path_diff.diff,
    path_changes.preview,
    path_changes.migrate,
    path_discover.discover,
):
    paths.app.command()(command)
for rule_command in (
    rule_lint.lint,
    rule_diff.diff,
    rule_graph.graph,
    rule_trials.backtest,
    rule_trials.compare,
):
    rules.app.command()(rule_command)
products.app.command()(quoting.quote)
for paper in (papers.pdf, papers.send):
    documents.app.command()(paper)

for program in (
    foreground.up,
    foreground.down,
    status.status,
    foreground.follow,
    alive.alive,
    stream_programs.commands,
    stream_programs.worker,
    hands.act,
    hands.clock,
    hands.send,
    hands.waves,
    hands.seal,
    serve.serve,
    status.psql,
    demo.demo,
    work_queue.queue,
    inbox.inbox,
):
    app.command()(program)
for group in (
    imports.app,
    orders.app,
    customers.app,
    segments.app,
    enquiries.app,
    teams.app,
    shipments.app,
    documents.app,
    stock.app,
    products.app,
    discounts.app,
    delivery_methods.app,
    alerts.app,
    tasks.app,
    waves.app,
    reports.app,
    audit.app,
    projections.app,
    paths.app,
    calendars.app,
    rules.app,
    master_keys.app,
    roles.app,
    keys.app,
    log.app,
    effects.app,
    templates.app,
    relay.app,
    broker.app,
):
    app.add_typer(group)
