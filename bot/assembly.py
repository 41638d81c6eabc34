"""Builds the flows and the doors out of a configuration: which part gets what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.config import Config
from bot.config.alerts import rules_of as alert_rules_of
from bot.config.policies import rules_of
from bot.config.reports import plans_of
from bot.config.routes import routes_of
from bot.flows import alerts, approvals, audit, events, intake, pushes, sms
from bot.flows.accounts import Accounts
from bot.flows.approvals import Approvals
from bot.flows.delegating import Delegating
from bot.flows.fleet import Fleet
from bot.flows.history import Histories
from bot.flows.home import Home, Pulse
from bot.flows.jobs import Entry, Jobs, Seams, Wish
from bot.flows.jobs import Settings as JobSettings
from bot.flows.money import Money
from bot.flows.numbers import Numbers
from bot.flows.outbox import Outbox
from bot.flows.people import People
from bot.flows.pictures import Pictures
from bot.flows.policies import Policies
from bot.flows.protecting import Protecting
from bot.flows.reports import Reports
from bot.flows.reports import Seams as ReportSeams
from bot.flows.scanning import Scanning
from bot.flows.scanning import Settings as ScanSettings
from bot.flows.searches import Searches
from bot.flows.sims import Sims
from bot.rules.approvals import Approval
from bot.rules.bulk import wants_count
from bot.rules.calm import salt_of
from bot.rules.conversations import Limits as SmsLimits
from bot.rules.events import SMS
from bot.rules.forecasts import DayUse
from bot.rules.keywords import Keyword
from bot.rules.orders import Order
from bot.rules.people import Person, Roles
from bot.rules.policies import Facts, Policy
from bot.rules.quorum import Vote, Voters
from bot.rules.sims import Operation, Sim
from bot.slack import Slack
from bot.smarthub.client import SmartHub
from bot.smarthub.contract import Contract
from bot.smarthub.keys import version
from bot.store import Store
from bot.store.judging import Limits as Sharing
from bot.store.sms import Keeping
from bot.views.parts import Message, Units


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
    scanning: Scanning
    audit: audit.Audit
    intake: intake.Intake
    outbox: Outbox
    home: Home
    sms: sms.Sms
    reports: Reports


def make_flows(tools: Tools, *, pulse: Pulse, checked_at: Callable[[], datetime | None]) -> Flows:
    """Every flow with what it needs. `checked_at` says when the last look over all SIMs ended."""
    config, store, hub, slack, clock = tools.config, tools.store, tools.hub, tools.slack, tools.clock
    label_field, units = config.sims.label_field, units_of(config)
    people = make_people(config, slack, clock=clock)
    policies = make_policies(config, people, clock=clock)
    made_lists = _intake(tools, policies, looked_at=checked_at)
    conversations = _conversations(tools)
    made_approvals = _approvals(tools, policies, people, made_lists, conversations)
    made_alerts, made_events = _alerts(tools), _events(tools, conversations)
    made_jobs = _jobs(tools, people, made_approvals, made_lists)
    made_pushes = _pushes(tools, people, gets_through=lambda one: outbox.gets_through(one))  # noqa: PLW0108 - below
    outbox = Outbox(
        store=store.outbox,
        slack=slack,
        sees=people.sees,
        clock=clock,
        closed=made_pushes.closing.closed,
        picture=Pictures(slack).beside,
        draw={
            "approval": made_approvals.steps.draw,
            "event": made_events.draw,
            "notice": made_pushes.showing.draw,
            "alert": made_alerts.draw,
            "alerts": made_alerts.draw_all,
            "job": made_jobs.draw,
            "sms": conversations.draw,
            "sms-thread": conversations.draw_thread,
            "sms-draft": conversations.draw_draft,
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
        accounts=Accounts(hub=hub, clock=clock, units=units, past=store.fleet.past_of_pool),
        approvals=made_approvals,
        jobs=made_jobs,
        protecting=Protecting(store.protected, clock, label_field),
        delegating=Delegating(
            store.delegations, store.outbox, clock, people.zone, people.must_exist, config.slack.command
        ),
        events=made_events,
        pushes=made_pushes,
        alerts=made_alerts,
        scanning=_scanning(tools, made_alerts),
        intake=made_lists,
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
        sms=_sms(tools, people, made_approvals, conversations),
        reports=_reports(tools),
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


def _approvals(
    tools: Tools, policies: Policies, people: People, lists: intake.Intake, conversations: sms.Conversations
) -> Approvals:
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
    steps = approvals.Steps(store=store.approvals, clock=tools.clock, settings=settings, reached=store.closed.reached)

    async def voters_for(policy: Policy, asked_by: str, asked_at: datetime, votes: Sequence[Vote]) -> Voters:
        given = store.delegations.since(asked_at)
        gone = await people.gone({*(vote.by for vote in votes), *(d.from_user for d in given)})
        return await policies.voters(policy, asked_by=asked_by, asked_at=asked_at, delegations=given, gone=gone)

    asking = approvals.Asking(steps, hub, store.protected, policies.for_request, voters_for)
    look_again = lists.asking.look_again
    many = approvals.Many(store=store, hub=hub, asking=asking, kinds=policies.kinds, look_again=look_again)
    made = Approvals(
        steps=steps,
        asking=asking,
        deciding=approvals.Deciding(steps, hub, tools.slack, store.protected, voters_for, many),
        carrying=approvals.Carrying(steps, hub, store.protected, many),
        waiting=approvals.Waiting(steps, voters_for),
        forms=approvals.Forms(
            asking,
            store.sims,
            hub,
            tools.slack,
            units_of(config),
            templates=tuple(config.sms.templates),
            completed=conversations.completed,
        ),
        commenting=approvals.Commenting(steps, store.outbox),
        many=many,
        filing=approvals.Filing(steps, store, tools.slack),
    )
    lists.asking.ask = made.ask_list
    return made


def _intake(tools: Tools, policies: Policies, *, looked_at: Callable[[], datetime | None]) -> intake.Intake:
    store, slack, clock = tools.store, tools.slack, tools.clock

    def suspends_first(sim: Sim) -> bool:
        facts = Facts.of(Operation.RETIRE, [sim], at=clock.now())
        return policies.for_request(facts).cooling_off > timedelta(0)

    label_field = tools.config.sims.label_field
    judging = intake.Judging(store, slack, clock, label_field, store.protected.among, suspends_first, looked_at)
    taking = intake.Taking(judging, tools.hub)
    forms = intake.Forms(taking, store, slack, clock)
    rereading = intake.Rereading(store, tools.hub, clock, label_field, tools.config.smarthub.page_size)
    return intake.Intake(taking, forms, intake.Asking(judging, rereading), intake.Remaking(judging))


def _jobs(tools: Tools, people: People, requests: Approvals, lists: intake.Intake) -> Jobs:
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
        label_field=config.sims.label_field,
    )
    jobs = Jobs(
        store=tools.store, hub=tools.hub, slack=tools.slack, sees=people.sees, clock=tools.clock, settings=settings
    )
    many = requests.many

    async def start(request: Approval, count: int, sims: AsyncIterator[Entry]) -> int:
        canary = config.bulk.canary if request.policy.canary is None else request.policy.canary
        percent = config.bulk.stop_at_percent
        return await jobs.start(
            request.id, request.call, count, request.asked_by, sims, canary=canary, stop_at_percent=percent
        )

    async def ask_again(wish: Wish) -> Message:
        request = tools.store.approvals.get(wish.job.request)
        if wish.undo:
            many.check_undo(request)
        reason = request.reason or wish.reason  # which may have to be like the policy wants it
        made = await lists.remaking.make(
            wish.order, wish.sims(), job=wish.job.id, source=wish.reason, reason=reason, by=wish.by,
            undone=wish.job.order if wish.undo else None,
        )  # fmt: skip
        if not made.accepted or wants_count(made.order, made.accepted):
            return await lists.asking.show(made)
        undo_of = wish.job.request if wish.undo else None
        return await requests.ask_list(made.id, wish.by, channel=wish.channel, undo_of=undo_of)

    many.start, many.reread = start, lists.asking.read
    jobs.seams = Seams(sims_of=many.sims_of, on_end=many.on_end, ask_again=ask_again)
    return jobs


def _conversations(tools: Tools) -> sms.Conversations:
    """What conversations are, and what the store keeps of them."""
    config = tools.config
    channel = config.sms.channel or config.slack.events_channel
    tools.store.sms.keeping = Keeping(channel, config.sms.keep_body_for, config.sms.follow_for)
    tools.store.sms.limits = SmsLimits(config.sms.per_person_and_hour, config.sms.per_sim_and_hour)
    settings = sms.Settings(channel, config.sims.label_field, config.sms.templates, _keywords(config))
    return sms.Conversations(tools.store, settings)


def _keywords(config: Config) -> tuple[Keyword, ...]:
    return tuple(Keyword(one.channel, one.words, one.pattern) for one in config.sms.keywords)


def _sms(tools: Tools, people: People, made: Approvals, conversations: sms.Conversations) -> sms.Sms:
    config, store, hub, clock = tools.config, tools.store, tools.hub, tools.clock

    async def ask(order: Order, sim: Sim, by: Person, channel: str) -> Approval:
        return await made.asking.ask(order, sim, reason=None, by=by, channel=channel)

    return sms.Sms(
        conversations=conversations,
        following=sms.Following(store, hub, clock, config.sms.keep_body_for),
        replying=sms.Replying(store, hub, clock, conversations, people.who, ask, made.asked),
        counting=sms.Counting(slack=tools.slack, clock=clock, conversations=conversations),
    )


def _events(tools: Tools, conversations: sms.Conversations) -> events.Events:
    config = tools.config
    return events.Events(
        store=tools.store.events,
        contract=tools.contract,
        clock=tools.clock,
        settings=events.Settings(
            config.push.repeat_window, config.push.json_depth, units_of(config), told=conversations.told
        ),
    )


def _pushes(tools: Tools, people: People, *, gets_through: Callable[[str], bool]) -> pushes.Pushes:
    config, store, slack, clock = tools.config, tools.store, tools.slack, tools.clock
    push = config.push
    settings = pushes.Settings(
        channel=config.slack.events_channel,
        fallback=push.fallback_channel or config.slack.alerts_channel,
        alerts_channel=config.slack.alerts_channel,
        approvals_channel=config.slack.approvals_channel,
        limits=Sharing(push.fold_for, push.storm_sims, push.storm_window, push.storm_calm, separate=SMS),
        routes=routes_of(config.routes),
        keywords=_keywords(config),
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
        showing=pushes.Showing(store, slack, clock, settings),
        routing=pushes.Routing(store, slack, clock, settings, people.zone),
        closing=pushes.Closing(store, slack, clock, settings, people.members),
        caring=pushes.Caring(store, slack, clock, settings),
        muting=pushes.Muting(store, clock, settings, people.zone),
        gathering=pushes.Gathering(store, slack, clock, settings, gets_through),
        watching=pushes.Watching(store, tools.hub, clock, settings),
    )


def _scanning(tools: Tools, made: alerts.Alerts) -> Scanning:
    config = tools.config
    # Half of what SmartHub takes at the same time is left to people.
    ahead = config.smarthub.concurrency // 2
    contract = tools.contract
    salt = salt_of(version(), config.sims.label_field, alert_rules_of(config.alerts), contract.fields, contract.enums)
    way = salt_of(salt, config.smarthub.page_size, config.smarthub.base_url).hex()
    settings = ScanSettings(config.slack.alerts_channel, ahead, config.alerts.keep_usage, salt, way)
    return Scanning(store=tools.store, hub=tools.hub, clock=tools.clock, alerts=made, settings=settings)


def _reports(tools: Tools) -> Reports:
    config, clock = tools.config, tools.clock
    fleet = Fleet(store=tools.store, hub=tools.hub, clock=clock, rules=())
    return Reports(
        store=tools.store,
        slack=tools.slack,
        clock=clock,
        plans=plans_of(config.reports),
        seams=ReportSeams(fleet.outlooks, Money(store=tools.store, hub=tools.hub, clock=clock).at_risk),
        units=units_of(config),
    )


def _alerts(tools: Tools) -> alerts.Alerts:
    config = tools.config
    rules = alert_rules_of(config.alerts)
    made = alerts.Alerts(
        store=tools.store,
        hub=tools.hub,
        slack=tools.slack,
        clock=tools.clock,
        settings=alerts.Settings(
            channel=config.slack.alerts_channel,
            rules=rules,
            snooze_for=config.alerts.snooze_for,
            label_field=config.sims.label_field,
            units=units_of(config),
            remind_after=config.alerts.remind_after,
        ),
    )
    fleet = Fleet(store=tools.store, hub=tools.hub, clock=tools.clock, rules=rules)

    async def past(sims: Sequence[Sim]) -> Mapping[str, Sequence[DayUse]]:
        now, used = tools.clock.now(), {sim.giccid: sim.usage_bytes for sim in sims if sim.usage_bytes is not None}
        since = now - config.alerts.keep_usage
        return await tools.store.scans.past([sim.giccid for sim in sims], since=since, used=used, now=now)

    made.seams = alerts.Seams(past, fleet.look, fleet.found)
    return made
