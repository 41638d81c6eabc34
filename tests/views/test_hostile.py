"""Every function that draws something is drawn from hostile and huge data, and Slack takes all of it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import bot.views
from bot.rules.approvals import Approval
from bot.rules.history import Kind
from bot.rules.jobs import Job
from bot.rules.outages import Outage
from bot.rules.people import Role
from bot.rules.policies import Facts, Policy, choose
from bot.rules.questions import explain
from bot.rules.scans import Vanished
from bot.rules.searches import Size
from bot.rules.sims import Operation, quotable
from bot.views import (
    accounts,
    alerts,
    approvals,
    audit,
    bulk,
    charts,
    countries,
    delegating,
    events,
    forms,
    home,
    jobs,
    lists,
    naming,
    orders,
    outages,
    parts,
    plans,
    policies,
    pools,
    protecting,
    reports,
    runs,
    scans,
    searches,
    sims,
    sms,
    status,
    tables,
)
from bot.views import help as help_view
from bot.views import history as history_view
from bot.views.approvals import Why
from bot.views.parts import Block, Element, Message
from tests.views import test_incidents
from tests.views.anything import (
    ACCOUNTS,
    COUNTRIES,
    DELEGATIONS,
    ENTERPRISES,
    EVENTS,
    FAILURES,
    FOUND,
    HEALTHS,
    HISTORIES,
    HOMES,
    LISTED,
    NAMED,
    NUMBERS,
    PERSONS,
    PLANS,
    POLICY,
    QUESTIONS,
    SEEN,
    SNAPSHOTS,
    UNITS,
)
from tests.views.drawn import COUNT, IDS, MAYBE, NOW, TEXT, TIMES, few, maybe, sound, sound_view
from tests.views.requests import GROUPS, PEOPLE, RADII, REQUESTS, SENTENCES
from tests.views.test_accounts import POOL
from tests.views.test_alerts import ALERTS, ANNOUNCEMENTS, FINDINGS, RULES, STANDING
from tests.views.test_audit import ABOUT, ANCHOR, LINES
from tests.views.test_jobs import HOSTILE_FACTS, HOSTILE_JOBS
from tests.views.test_lists import LIST_ORDERS, NAMES, OFFERED, REPORTS
from tests.views.test_protecting import SHIELDS
from tests.views.test_reports import FLEET_REPORTS
from tests.views.test_sims import SIMS
from tests.views.test_sms import DRAFTS, HITS, SMS, THREADS
from tests.views.test_tables import CELLS, COLUMNS, FLOATS, ROWS

View = Callable[..., Any]

# A hundred views: half as many cases of each as elsewhere are two thousand pictures still.
# What is huge shrinks for minutes: the case that fails is told as it is.
some = settings(
    max_examples=max(10, settings().max_examples // 2),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def calls(view: View, *given: Any, **more: Any) -> st.SearchStrategy[Callable[[], Any]]:
    """What draws the view with something from each of these, once it is called: what breaks then is the view's."""
    return st.builds(partial, st.just(view), *given, **more)


def answered(asked: Facts, under: list[Policy], may: int | None, troubles: list[str]) -> Message:
    """The answer to `policy test`."""
    return policies.answer(asked, choose(under, asked), explain(under, asked), may=may, troubles=troubles)


def news(after: Approval, before: Approval) -> Message:
    """What is told of the step between them; of one that is of no interest, where it stands."""
    return approvals.news(after, before=before) or approvals.outcome(after)


def job_news(job: Job) -> Message:
    """What people hear of a job, with the buttons that go with it; of one that is of no interest, its card."""
    told = jobs.news(job)
    return jobs.card(jobs.Facts(job, NOW)) if told is None else replace(told, blocks=(*told.blocks, jobs.go_on(job)))


VANISHED = st.builds(Vanished, TEXT, TEXT, maybe(TEXT), TIMES)

MESSAGES: Mapping[View, st.SearchStrategy[Callable[[], Message]]] = {
    accounts.card: calls(accounts.card, ACCOUNTS, read_at=TIMES),
    accounts.overview: calls(
        accounts.overview, ENTERPRISES, known=st.dictionaries(TEXT, ACCOUNTS, max_size=3), failures=FAILURES,
        read_at=TIMES,
    ),
    alerts.card: calls(alerts.card, ALERTS, snooze_for=st.just("52 w")),
    alerts.listing: calls(alerts.listing, few(ALERTS), checked_at=maybe(TIMES), count=st.one_of(st.none(), COUNT)),
    reports.report: calls(reports.report, FLEET_REPORTS),
    reports.with_file: calls(reports.with_file, FLEET_REPORTS.map(reports.report), is_sent=st.booleans()),
    alerts.snooze_over: calls(alerts.snooze_over, ALERTS),
    alerts.card_put_off: calls(alerts.card_put_off, IDS, st.one_of(st.none(), TIMES)),
    alerts.put_off: calls(alerts.put_off, ALERTS),
    alerts.reminder: calls(alerts.reminder, ANNOUNCEMENTS, COUNT),
    alerts.rules: calls(alerts.rules, few(RULES)),
    alerts.dry_run: calls(
        alerts.dry_run, RULES, few(FINDINGS), count=COUNT, told=COUNT, checked_at=maybe(TIMES)
    ),
    alerts.digest: calls(
        alerts.digest, ANNOUNCEMENTS, st.lists(ALERTS, min_size=1, max_size=4), STANDING, snooze_for=st.just("52 w")
    ),
    approvals.asked: calls(approvals.asked, REQUESTS, channel=st.just("C9")),
    approvals.asked_for: calls(approvals.asked_for, REQUESTS),
    approvals.broken_glass: calls(approvals.broken_glass, REQUESTS),
    approvals.card: calls(approvals.card, REQUESTS, undo_within=st.just(timedelta(days=9)), now=maybe(TIMES)),
    approvals.escalation: calls(approvals.escalation, REQUESTS),
    approvals.news: calls(news, REQUESTS, REQUESTS),
    approvals.outcome: calls(approvals.outcome, REQUESTS, undo_within=st.just(timedelta(days=9)), now=maybe(TIMES)),
    approvals.reminder: calls(approvals.reminder, REQUESTS),
    approvals.reading: calls(approvals.reading, REQUESTS),
    approvals.to_groups: calls(
        approvals.to_groups, few(st.sampled_from(GROUPS)), REQUESTS.map(approvals.asked_for)
    ),
    approvals.waiting: calls(
        approvals.waiting, few(REQUESTS), person=PERSONS, now=TIMES, count=COUNT, for_me=few(REQUESTS),
        mine=few(REQUESTS), unreviewed=few(REQUESTS),
    ),
    approvals.waits_for_you: calls(approvals.waits_for_you, REQUESTS, channel=st.just("C9")),
    audit.listing: calls(
        audit.listing, st.sampled_from([about for about, _ in ABOUT]), LINES, more=st.booleans(),
        removed=st.sampled_from([None, ANCHOR]),
    ),
    countries.listing: calls(
        countries.listing, COUNTRIES, cycle=MAYBE, account=MAYBE, read_at=TIMES, units=UNITS
    ),
    delegating.given: calls(delegating.given, DELEGATIONS),
    delegating.listing: calls(delegating.listing, few(DELEGATIONS, times=(1, 99)), command=st.just("/sim")),
    events.card: calls(events.card, EVENTS),
    help_view.listing: calls(help_view.listing, st.sampled_from(list(Role)), command=st.just("/sim")),
    help_view.menu: calls(help_view.menu, PERSONS, command=st.just("/sim")),
    history_view.listing: calls(
        history_view.listing, st.builds(history_view.About, IDS, TEXT, TEXT), HISTORIES,
        kind=maybe(st.sampled_from(list(Kind))), read_at=TIMES,
    ),
    history_view.sent: calls(history_view.sent, st.builds(history_view.About, IDS, TEXT, TEXT), count=COUNT),
    jobs.card: calls(jobs.card, HOSTILE_FACTS),
    jobs.listing: calls(
        jobs.listing, few(HOSTILE_JOBS, times=(1, 30)), few(HOSTILE_JOBS, times=(1, 10)), now=TIMES
    ),
    jobs.news: calls(job_news, HOSTILE_JOBS),
    jobs.not_sent: calls(jobs.not_sent, HOSTILE_JOBS, SENTENCES),
    lists.changed: calls(lists.changed, REPORTS, since=NAMES, count=COUNT),
    lists.cut_off: calls(lists.cut_off, TEXT),
    lists.dropped: calls(lists.dropped, LIST_ORDERS),
    lists.offered: calls(lists.offered, OFFERED),
    lists.report: calls(lists.report, REPORTS),
    lists.sent: calls(lists.sent),
    lists.with_offer: calls(lists.with_offer, SENTENCES.map(parts.answer), OFFERED),
    naming.in_text: calls(
        naming.in_text, few(st.tuples(NUMBERS, maybe(LISTED)), times=(1, 33)), left_out=COUNT, search=maybe(IDS),
        change=st.booleans(), unread=few(TEXT, times=(1,)), snapshot=maybe(SNAPSHOTS),
    ),
    naming.nothing: calls(naming.nothing, NAMED, few(LISTED, times=(1,)), SNAPSHOTS, asked=few(st.just("IMSI"))),
    naming.several: calls(naming.several, NAMED, few(LISTED, times=(1, 3)), SNAPSHOTS, more=st.booleans()),
    outages.back: calls(outages.back, st.builds(Outage, maybe(TIMES), maybe(TIMES), st.integers(1, 2**31))),
    outages.gone: calls(outages.gone, TEXT),
    parts.answer: calls(parts.answer, SENTENCES),
    parts.noted: calls(parts.noted, SENTENCES.map(parts.answer), TEXT),
    plans.listing: calls(plans.listing, PLANS, account=TEXT, read_at=TIMES, units=UNITS),
    policies.answer: calls(answered, QUESTIONS, few(POLICY, times=(1, 4)), maybe(COUNT), few(SENTENCES)),
    pools.listing: calls(
        pools.listing, few(st.tuples(TEXT, POOL), times=(1, 50)), account=MAYBE, failures=FAILURES, left_out=COUNT,
        read_at=TIMES, units=UNITS,
    ),
    protecting.listing: calls(protecting.listing, few(SHIELDS), count=COUNT),
    searches.not_yet: calls(searches.not_yet, text=TEXT),
    searches.nothing: calls(
        searches.nothing, text=TEXT, near=few(TEXT, times=(1,)), complete=st.booleans(),
        size=st.builds(Size, COUNT, maybe(TIMES), maybe(TIMES)),
    ),
    searches.page: calls(
        searches.page, FOUND, text=TEXT, at=st.builds(searches.Place, IDS, IDS, st.booleans(), st.booleans()),
        units=UNITS,
    ),
    searches.sheet_sent: calls(searches.sheet_sent, COUNT, text=TEXT, most=maybe(COUNT)),
    searches.straight: calls(
        searches.straight, few(st.tuples(SIMS, TEXT), times=(1, 6)), text=TEXT, read_at=TIMES, units=UNITS
    ),
    runs.cut_off: calls(runs.cut_off, TEXT, SENTENCES),
    scans.refreshed: calls(scans.refreshed, SENTENCES),
    scans.vanished: calls(scans.vanished, few(VANISHED, least=1, times=(1, 30))),
    sims.card: calls(sims.card, SIMS, SEEN),
    sims.exact: calls(sims.exact, SIMS, label=TEXT, read_at=TIMES),
    sms.answered: calls(sms.answered, DRAFTS, maybe(REQUESTS)),
    sms.incoming: calls(sms.incoming, SMS),
    sms.keyword: calls(sms.keyword, SMS, HITS),
    sms.newest: calls(sms.newest, few(SMS, times=(1, 20))),
    sms.outgoing: calls(sms.outgoing, SMS),
    sms.question: calls(sms.question, DRAFTS, THREADS, said=SENTENCES, sendable=st.booleans()),
    sms.status: calls(sms.status, SMS),
    sms.thread: calls(sms.thread, THREADS, maybe(SMS), sim=maybe(IDS)),
    status.listing: calls(status.listing, HEALTHS),
    **test_incidents.MESSAGES,
}  # fmt: skip

OPTIONS = few(st.tuples(TEXT, TEXT), times=(1, 40))
FIELD = st.builds(forms.field, TEXT, st.builds(forms.typed, action=st.just("a")), hint=TEXT, optional=st.booleans())
SURFACES: Mapping[View, st.SearchStrategy[Callable[[], Block]]] = {
    approvals.why_modal: calls(approvals.why_modal, REQUESTS, st.sampled_from(list(Why))),
    bulk.form: calls(bulk.form, maybe(st.sampled_from(list(Operation))), offer=maybe(OFFERED)),
    bulk.reading: calls(bulk.reading),
    forms.modal: calls(forms.modal, TEXT, FIELD, callback=st.just("c"), id=IDS, submit=TEXT, close=TEXT),
    help_view.find_modal: calls(help_view.find_modal),
    home.closed: calls(home.closed, PERSONS, command=st.just("/sim")),
    home.view: calls(home.view, PERSONS, HOMES, command=st.just("/sim")),
    lists.asking: calls(lists.asking, REPORTS),
    orders.form: calls(
        orders.form, st.sampled_from(list(Operation)), SIMS, id=IDS, label=TEXT, templates=few(TEXT, times=(1, 40))
    ),
    orders.recounted: SIMS.map(
        lambda sim: lambda: orders.recounted(orders.form(Operation.SMS, sim, id=1, label="x"), "y")
    ),
    **test_incidents.SURFACES,
}

SPANS = few(TEXT.map(parts.say), least=1, times=(1,))
CONFIRMS = st.builds(parts.confirm, TEXT, TEXT, yes=TEXT, danger=st.booleans())
BUTTONS = st.builds(parts.button, TEXT, action=st.just("a"), id=IDS, confirm=maybe(CONFIRMS))
BARS = st.dictionaries(TEXT, few(FLOATS), max_size=4)
BLOCKS: Mapping[View, st.SearchStrategy[Block]] = {
    charts.bars: st.builds(charts.bars, TEXT, few(TEXT), BARS, x=TEXT, y=TEXT),
    charts.pie: st.builds(charts.pie, TEXT, few(st.tuples(TEXT, FLOATS))),
    charts.text_bars: st.builds(charts.text_bars, few(st.tuples(TEXT, FLOATS, TEXT))),
    forms.field: FIELD,
    jobs.go_on: HOSTILE_JOBS.map(jobs.go_on),
    parts.actions: st.builds(parts.actions, st.just("x"), BUTTONS),
    parts.button: BUTTONS.map(lambda button: parts.actions("x", button)),
    parts.confirm: BUTTONS.map(lambda button: parts.actions("x", button)),
    parts.header: st.builds(parts.header, TEXT),
    parts.lines: few(SPANS, least=1, times=(1,)).map(lambda rows: parts.lines(*rows)),
    parts.plain: TEXT.map(lambda text: {"type": "header", "text": parts.plain(text, 150)}),
    parts.small: st.builds(parts.small, TEXT),
    parts.verbatim: st.builds(parts.verbatim, TEXT),
    sms.whole: TEXT.map(lambda text: sms.whole(text[:9000])[-1]),
    tables.table: st.builds(tables.table, TEXT, COLUMNS, ROWS),
    tables.text_table: st.builds(tables.text_table, COLUMNS, few(few(CELLS))),
    **test_incidents.BLOCKS,
}

ROW: Mapping[View, st.SearchStrategy[Any]] = {
    accounts.as_of: TIMES.map(accounts.as_of),
    accounts.missing: FAILURES.map(accounts.missing),
    approvals.radius: st.builds(approvals.radius, maybe(RADII), many=st.booleans()),
    events.details: EVENTS.map(events.details),
    jobs.line: st.builds(jobs.line, HOSTILE_JOBS, TIMES),
    parts.as_many: few(SPANS).map(parts.as_many),
    parts.bold: TEXT.map(parts.bold),
    parts.code: TEXT.map(parts.code),
    parts.group: st.sampled_from(GROUPS).map(parts.group),
    parts.linked: TEXT.map(
        lambda text: parts.linked(f"#{text}", "https://acme.slack.com/archives/C9/p1795336200000000")
    ),
    parts.moment: TIMES.map(parts.moment),
    parts.say: TEXT.map(parts.say),
    parts.sentence: SENTENCES.map(parts.sentence),
    parts.spans: st.builds(parts.spans, TEXT, TEXT.map(parts.bold)),
    parts.who: st.sampled_from(["U1", "U2"]).map(parts.who),
    sms.line: SMS.map(sms.line),
    policies.people: few(st.sampled_from(PEOPLE)).map(policies.people),
    **test_incidents.ROWS,
}
CONTROLS: Mapping[View, st.SearchStrategy[Any]] = {
    forms.checkboxes: st.builds(forms.checkboxes, action=st.just("a"), options=OPTIONS, start=few(TEXT)),
    forms.choice: st.builds(forms.choice, TEXT, action=st.just("a"), options=OPTIONS, start=MAYBE),
    forms.file: st.builds(forms.file, action=st.just("a"), kinds=st.just(("csv",)), most=st.integers(-1, 99)),
    forms.menu: st.builds(forms.menu, TEXT, action=st.just("a"), start=maybe(st.tuples(TEXT, TEXT))),
    forms.number: st.builds(forms.number, action=st.just("a"), start=maybe(COUNT)),
    forms.options: OPTIONS.map(forms.options),
    forms.person: st.builds(forms.person, TEXT, action=st.just("a")),
    forms.radio: st.builds(forms.radio, action=st.just("a"), options=OPTIONS, start=MAYBE),
    forms.typed: st.builds(forms.typed, action=st.just("a"), start=TEXT, most=st.integers(-1, 9999), example=TEXT),
}


def name_of(view: View) -> str:
    """The view by its floor's name."""
    return f"{view.__module__.removeprefix('bot.views.')}.{view.__name__}"


def drawing() -> set[str]:
    """Every function open to all that says it draws: a message, a block or an element, or several of them."""
    found = set()
    for module in pkgutil.iter_modules(bot.views.__path__, "bot.views."):
        for _, view in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            returns = str(inspect.get_annotations(view).get("return"))
            mine = view.__module__ == module.name and not view.__name__.startswith("_")
            if mine and re.search(r"\b(Message|Block|Element|Rows)\b", returns):
                found.add(name_of(view))
    return found


def test_every_view_is_drawn_below():
    """No function that draws is left out; a new one wants a line in one of the tables."""
    drawn = [name_of(view) for table in (MESSAGES, SURFACES, BLOCKS, ROW, CONTROLS) for view in table]

    assert sorted(drawn) == sorted(drawing())


@pytest.mark.parametrize("view", MESSAGES, ids=name_of)
@some
@given(data=st.data())
def test_slack_takes_every_message(view: View, data: st.DataObject):
    """Each message is within Slack's limits and types in both of its forms, and pings nobody whom others name in it."""
    sound(data.draw(MESSAGES[view])(), people=[*PEOPLE, "U7"], links=["C9"])


@pytest.mark.parametrize("view", SURFACES, ids=name_of)
@some
@given(data=st.data())
def test_slack_takes_every_modal_and_home(view: View, data: st.DataObject):
    """Each modal and Home is within Slack's limits and types, and reads nothing in it as markup."""
    drawn = data.draw(SURFACES[view])()

    sound_view(drawn, kind=str(drawn["type"]))


@pytest.mark.parametrize("view", BLOCKS, ids=name_of)
@some
@given(data=st.data())
def test_slack_takes_every_block(view: View, data: st.DataObject):
    """Each kind of block is taken whatever is put into it."""
    block = data.draw(BLOCKS[view])

    if block["type"] == "input":
        sound_view(forms.modal("x", block, callback="c", id=1, submit="x"), kind="modal")
    else:
        sound(Message("x", (block,)))


@pytest.mark.parametrize("view", ROW, ids=name_of)
@some
@given(data=st.data())
def test_slack_takes_every_row(view: View, data: st.DataObject):
    """Each piece of a paragraph is taken whatever is put into it, and says the same as text."""
    rows = in_rows(data.draw(ROW[view]))
    said = parts.whole_lines(parts.flat(row) for row in rows)

    sound(Message(said.strip() or "x", (parts.lines(*rows, [parts.say("x")]),)), people=PEOPLE)


def in_rows(drawn: Any) -> Sequence[Sequence[Element]]:
    """What a view made, as rows: an element is a row of one."""
    if isinstance(drawn, Mapping):
        return [[drawn]]
    return [drawn] if drawn and isinstance(drawn[0], Mapping) else drawn


@pytest.mark.parametrize("view", CONTROLS, ids=name_of)
@some
@given(data=st.data())
def test_slack_takes_every_control(view: View, data: st.DataObject):
    """Each thing to choose from or to fill in is taken, in the field of a modal, whatever is put into it."""
    made = data.draw(CONTROLS[view])
    if view is forms.options:
        made = {"type": "static_select", "action_id": "a", "options": made or forms.options([("–", "0")])}

    sound_view(forms.modal("x", forms.field("x", made), callback="c", id=1, submit="x"), kind="modal")


def test_what_is_quoted_cannot_ping():
    """The sentences that are drawn here do name people: the check would see a ping that was not wanted."""
    with pytest.raises(AssertionError):
        sound(parts.answer("Ask <@U0STRANGER>."), people=PEOPLE)
    with pytest.raises(AssertionError):
        sound(parts.answer("Ask <!subteam^S0STRANGERS>."), people=PEOPLE)
    sound(parts.answer(f"It says “{quotable('<@U0STRANGER> <!subteam^S0STRANGERS>')}”."))
