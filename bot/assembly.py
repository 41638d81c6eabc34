"""Builds the flows and the doors out of a configuration: which part gets what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.config import Config
from bot.config.policies import rules_of
from bot.config.routes import routes_of
from bot.flows import alerts, approvals, audit, events, intake, pushes
from bot.flows.accounts import Accounts
from bot.flows.approvals import Approvals
from bot.flows.delegating import Delegating
from bot.flows.history import Histories
from bot.flows.home import Home, Pulse
from bot.flows.jobs import Jobs
from bot.flows.jobs import Settings as JobSettings
from bot.flows.numbers import Numbers
from bot.flows.outbox import Outbox
from bot.flows.people import People
from bot.flows.policies import Policies
from bot.flows.protecting import Protecting
from bot.flows.searches import Searches
from bot.flows.sims import Sims
from bot.rules.alerts import Limits
from bot.rules.events import SMS
from bot.rules.people import Roles
from bot.rules.policies import Facts, Policy
from bot.rules.quorum import Vote, Voters
from bot.rules.sims import Operation, Sim
from bot.slack import Slack
from bot.smarthub.client import SmartHub
from bot.smarthub.contract import Contract
from bot.store import Store
from bot.store.sorting import Limits as Sharing
from bot.views.parts import Units


@dataclass(frozen=True)
class Tools:
    """What the flows work with."""

    config: Config
    store: Store
    hub: SmartHub
    contract: Contract
    slack: Slack
    clock: Clock


@dataclass(frozen=True)
class Flows:
    """What the doors lead to."""

    people: People
    policies: Policies
    sims: Sims
    numbers: Numbers
    searches: Searches
    histories: Histories
    accounts: Accounts
    approvals: Approvals
    jobs: Jobs
    protecting: Protecting
    delegating: Delegating
    events: events.Events
    pushes: pushes.Pushes
    alerts: alerts.Alerts
    audit: audit.Audit
    intake: intake.Intake
    outbox: Outbox
    home: Home


def make_flows(tools: Tools, *, pulse: Pulse, checked_at: Callable[[], datetime | None]) -> Flows:
    """Every flow with what it needs. `checked_at` says when the last look over all SIMs ended."""
    config, store, hub, slack, clock = tools.config, tools.store, tools.hub, tools.slack, tools.clock
    label_field, units = config.sims.label_field, units_of(config)
    people = make_people(config, slack, clock=clock)
    policies = make_policies(config, people, clock=clock)
    made_approvals = _approvals(tools, policies, people)
    made_alerts, made_events, made_jobs = _alerts(tools), _events(tools), _jobs(tools, people)
    made_pushes = _pushes(tools, people, gets_through=lambda: outbox.trouble is None)
    outbox = Outbox(
        store=store.outbox,
        slack=slack,
        sees=people.sees,
        clock=clock,
        closed=made_pushes.routing.closed,
        draw={
            "approval": made_approvals.steps.draw,
            "event": made_events.draw,
            "notice": made_pushes.showing.draw,
            "alert": made_alerts.draw,
            "job": made_jobs.draw,
        },
    )
    return Flows(
        people=people,
        policies=policies,
        sims=Sims(
            store=store,
            hub=hub,
            clock=clock,
            label_field=label_field,
            allow=made_approvals.asking.allow,
            units=units,
        ),
        numbers=Numbers(store=store, slack=slack, clock=clock),
        searches=Searches(
            store=store,
            hub=hub,
            slack=slack,
            clock=clock,
            label_field=label_field,
            looked_at=checked_at,
            units=units,
        ),
        histories=Histories(store=store, hub=hub, slack=slack, clock=clock, units=units),
        accounts=Accounts(hub=hub, clock=clock, units=units),
        approvals=made_approvals,
        jobs=made_jobs,
        protecting=Protecting(store.protected, clock, label_field),
        delegating=Delegating(
            store.delegations, store.outbox, clock, people.zone, people.must_exist, config.slack.command
        ),
        events=made_events,
        pushes=made_pushes,
        alerts=made_alerts,
        intake=_intake(tools, policies, looked_at=checked_at),
        audit=audit.Audit(store=store, clock=clock, settings=audit.Settings(config.audit.keep, config.audit.archive)),
        outbox=outbox,
        home=Home(
            store=store,
            slack=slack,
            pulse=pulse,
            command=config.slack.command,
            clock=clock,
            who=people.who,
            for_person=made_approvals.waiting.for_person,
        ),
    )


def units_of(config: Config) -> Units:
    """How amounts of data are written."""
    return Units(binary=config.sims.units == "binary")


def make_people(config: Config, slack: Slack, *, clock: Clock) -> People:
    """The people, as Slack and the roles of the configuration have them."""
    roles = Roles(**config.roles.model_dump())
    return People(roles=roles, slack=slack, clock=clock, fresh=config.approvals.group_cache)


def make_policies(config: Config, people: People, *, clock: Clock) -> Policies:
    """The policies of the configuration, with these people."""
    return Policies(
        policies=rules_of(config.policies, config.approvals),
        environment=config.approvals.environment,
        roles=Roles(**config.roles.model_dump()),
        members=people.members,
        clock=clock,
    )


def _approvals(tools: Tools, policies: Policies, people: People) -> Approvals:
    config, store, hub = tools.config, tools.store, tools.hub
    settings = approvals.Settings(
        channel=config.slack.approvals_channel,
        settle_every=config.approvals.settle_every,
        settle_for=config.approvals.settle_for,
        label_field=config.sims.label_field,
        environment=config.approvals.environment,
        undo_within=config.approvals.undo_within,
        tell_approvers=config.approvals.message_approvers,
    )
    steps = approvals.Steps(store=store.approvals, clock=tools.clock, settings=settings)

    async def voters_for(policy: Policy, asked_by: str, asked_at: datetime, votes: Sequence[Vote]) -> Voters:
        given = store.delegations.since(asked_at)
        gone = await people.gone({*(vote.by for vote in votes), *(d.from_user for d in given)})
        return await policies.voters(policy, asked_by=asked_by, asked_at=asked_at, delegations=given, gone=gone)

    asking = approvals.Asking(steps, hub, store.protected, policies.for_request, voters_for)
    return Approvals(
        steps=steps,
        asking=asking,
        deciding=approvals.Deciding(steps, hub, tools.slack, store.protected, voters_for),
        carrying=approvals.Carrying(steps, hub, store.protected),
        waiting=approvals.Waiting(steps, voters_for),
        forms=approvals.Forms(asking, store.sims, hub, tools.slack, units_of(config)),
        commenting=approvals.Commenting(steps, store.outbox),
    )


def _intake(tools: Tools, policies: Policies, *, looked_at: Callable[[], datetime | None]) -> intake.Intake:
    store, slack, clock = tools.store, tools.slack, tools.clock

    def suspends_first(sim: Sim) -> bool:
        facts = Facts.of(Operation.RETIRE, [sim], at=clock.now())
        return policies.for_request(facts).cooling_off > timedelta(0)

    label_field = tools.config.sims.label_field
    judging = intake.Judging(store, slack, clock, label_field, store.protected.among, suspends_first, looked_at)
    taking = intake.Taking(judging, tools.hub)
    forms = intake.Forms(taking, store, slack, clock)
    return intake.Intake(taking, forms, intake.Asking(judging, intake.not_yet))


def _jobs(tools: Tools, people: People) -> Jobs:
    config = tools.config
    settings = JobSettings(
        channel=config.slack.approvals_channel,
        batch_size=config.bulk.batch_size,
        at_once=config.bulk.at_once,
        card_every=config.bulk.card_every,
        settle_every=config.approvals.settle_every,
        settle_for=config.approvals.settle_for,
        undo_within=config.approvals.undo_within,
        page_size=config.smarthub.page_size,
    )
    return Jobs(
        store=tools.store, hub=tools.hub, slack=tools.slack, sees=people.sees, clock=tools.clock, settings=settings
    )


def _events(tools: Tools) -> events.Events:
    config = tools.config
    return events.Events(
        store=tools.store.events,
        contract=tools.contract,
        clock=tools.clock,
        settings=events.Settings(config.push.repeat_window, config.push.json_depth, units_of(config)),
    )


def _pushes(tools: Tools, people: People, *, gets_through: Callable[[], bool]) -> pushes.Pushes:
    config, store, slack, clock = tools.config, tools.store, tools.slack, tools.clock
    push = config.push
    settings = pushes.Settings(
        channel=config.slack.events_channel,
        fallback=push.fallback_channel or config.slack.alerts_channel,
        alerts_channel=config.slack.alerts_channel,
        approvals_channel=config.slack.approvals_channel,
        limits=Sharing(push.fold_for, push.storm_sims, push.storm_window, push.storm_calm, separate=SMS),
        routes=routes_of(config.routes),
        admins=config.roles.admins,
        snooze_for=push.snooze_for,
        remind_after=push.remind_after,
        watch=push.watch,
        command=config.slack.command,
        units=units_of(config),
    )
    return pushes.Pushes(
        store=store,
        clock=clock,
        settings=settings,
        sorter=pushes.Sorter(store=store, clock=clock, settings=settings),
        showing=pushes.Showing(store, clock, settings),
        routing=pushes.Routing(store, slack, clock, settings, people.zone, people.members),
        caring=pushes.Caring(store, slack, clock, settings),
        muting=pushes.Muting(store, clock, settings, people.zone),
        gathering=pushes.Gathering(store, slack, clock, settings, gets_through),
        watching=pushes.Watching(store, tools.hub, clock, settings),
    )


def _alerts(tools: Tools) -> alerts.Alerts:
    config = tools.config
    return alerts.Alerts(
        store=tools.store.alerts,
        hub=tools.hub,
        clock=tools.clock,
        settings=alerts.Settings(
            channel=config.slack.alerts_channel,
            limits=Limits(config.alerts.quota_percent, config.alerts.expiry_days),
            snooze_for=config.alerts.snooze_for,
            label_field=config.sims.label_field,
            units=units_of(config),
        ),
    )
