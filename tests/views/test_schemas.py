"""All that the bot draws, and all that the simulator's Slack sends, has the shapes of Slack's own TypeScript types."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

import bot.views
from bot.rules import history as rule
from bot.rules.alert_rules import Rule
from bot.rules.alerts import Kind as AlertKind
from bot.rules.alerts import State as AlertState
from bot.rules.approvals import Approval, State
from bot.rules.events import EVENTS
from bot.rules.history import Kind
from bot.rules.outages import Outage
from bot.rules.people import Person, Role
from bot.rules.policies import Policy
from bot.rules.quorum import Delegation, Vote
from bot.rules.scans import Vanished
from bot.rules.sims import Operation, Status
from bot.simulator.slack.limits import check_blocks
from bot.views import (
    alerts,
    approvals,
    audit,
    delegating,
    events,
    history,
    home,
    naming,
    orders,
    outages,
    parts,
    protecting,
    reports,
    runs,
    scans,
    sims,
    status,
)
from bot.views import help as help_view
from bot.views.parts import Message
from tests.asked import NOW, ORDERS, RADIUS, asked_for_many
from tests.schemas import block_misfits, misfits
from tests.talk import ALERTS, APPROVALS, APPROVER, OPERATOR, World
from tests.views import (
    test_accounts,
    test_incidents,
    test_jobs,
    test_lists,
    test_policies,
    test_searches,
    test_sms,
)
from tests.views.drawn import NASTY
from tests.views.requests import BROKEN, REQUEST, STATES
from tests.views.test_alerts import ALERT, EXPIRY, QUOTA, TOGETHER
from tests.views.test_approvals_waiting import listing
from tests.views.test_audit import ABOUT as AUDITED
from tests.views.test_audit import ANCHOR, ASKED, line
from tests.views.test_events import FACTS, event
from tests.views.test_history import ABOUT, CHANGE, DONE
from tests.views.test_home import health
from tests.views.test_naming import LISTED, NAMED, NUMBER, SNAPSHOT
from tests.views.test_protecting import SHIELD
from tests.views.test_reports import FLEET_REPORT
from tests.views.test_sims import SEEN, SIM

View = Callable[..., object]


def all_messages() -> Iterator[tuple[View, Message]]:
    """Each view with what it draws, in each state that looks different."""
    yield from _requests()
    yield from _alerts()
    yield from _events()
    yield from _sims()
    yield from _histories()
    yield from _audits()
    yield from test_accounts.drawn()
    yield from test_searches.messages()
    yield from test_policies.drawn()
    yield from test_lists.messages()
    yield from test_jobs.drawn()
    yield from test_sms.drawn()
    yield from test_incidents.messages()
    yield runs.cut_off, runs.cut_off("alerts", "failed: cut off after 30 min without progress")
    yield scans.refreshed, scans.refreshed("40 SIMs of acme; 1 alert raised, 0 cleared")
    yield scans.vanished, scans.vanished([Vanished(str(n), NASTY[0], None, NOW) for n in range(12)])
    for role in Role:
        yield help_view.listing, help_view.listing(role, command="/sim")
        yield help_view.menu, help_view.menu(Person("U1", role), command="/sim")
    yield status.listing, status.listing(health())
    yield outages.gone, outages.gone("SmartHub did not answer 5 times in a row.")
    for outage in (Outage(None, NOW), Outage(NOW, NOW, times=9)):
        yield outages.back, outages.back(outage)
    for words in (*(nasty for nasty in NASTY if len(nasty) < 200), "<@U1> has to type `/sim help`."):
        yield parts.answer, parts.answer(words)
        yield parts.noted, parts.noted(parts.answer("Done."), words)


def _requests() -> Iterator[tuple[View, Message]]:
    before = replace(REQUEST, order=ORDERS[Operation.SMS])
    for request in all_requests():
        yield approvals.card, approvals.card(request, undo_within=timedelta(hours=1), now=NOW)
        yield approvals.outcome, approvals.outcome(request, undo_within=timedelta(hours=1), now=NOW)
        news = approvals.news(request, before=before)
        if news is not None:
            yield approvals.news, news
    for request in (REQUEST, asked_for_many(), BROKEN):
        yield approvals.asked, approvals.asked(request, channel="C0APPROVALS")
        yield approvals.asked_for, approvals.asked_for(request)
        yield approvals.to_groups, approvals.to_groups(["S1", "S2"], approvals.asked_for(request))
        yield approvals.waits_for_you, approvals.waits_for_you(request, channel="C0APPROVALS")
        yield approvals.broken_glass, approvals.broken_glass(request)
        yield approvals.reminder, approvals.reminder(request)
        yield approvals.reading, approvals.reading(request)
        yield approvals.escalation, approvals.escalation(replace(request, policy=Policy("x", escalate_to=("S1", "U3"))))
    for many in (0, 1, 3):
        some = [REQUEST] * many
        yield approvals.waiting, listing(some, count=many * 2, for_me=some, mine=some, unreviewed=[BROKEN] * many)
    for delegations in ([], [Delegation("U1", "U2", NOW)] * 60):
        yield delegating.listing, delegating.listing(delegations, command="/sim")
    yield delegating.given, delegating.given(Delegation("U1", "U2", NOW))
    for shields in ([], [SHIELD], [SHIELD] * 100):
        yield protecting.listing, protecting.listing(shields, count=len(shields))


def all_requests() -> Iterator[Approval]:
    """A request for each change in each state, and with all that can come to it."""
    for state in State:
        request = replace(STATES[state][0], state=state, ended_at=NOW)
        yield from (replace(request, order=order) for order in ORDERS.values())
        yield replace(request, drift=("The state was active and is ready.",), undo_of=3, radius=RADIUS)
        yield replace(request, votes=(Vote("U2", NOW), Vote("U3", NOW)), policy=Policy("two", quorum=2))
        yield replace(request, giccid=None, label="200 SIMs", count=200, digest="5f" * 32, radius=RADIUS)
        yield replace(request, glass="it burns", reviewed_by="U3", reviewed_at=NOW, review="fine")
        yield replace(request, glass="it burns", refused=True)


def _alerts() -> Iterator[tuple[View, Message]]:
    for found in (QUOTA, EXPIRY):
        for state in AlertState:
            alert = replace(ALERT, finding=found, state=state, by="U2", at=NOW, until=NOW + timedelta(days=1))
            yield alerts.card, alerts.card(alert, snooze_for="1 d")
        yield alerts.snooze_over, alerts.snooze_over(replace(ALERT, finding=found))
    yield reports.report, reports.report(FLEET_REPORT)
    yield reports.with_file, reports.with_file(reports.report(FLEET_REPORT), is_sent=True)
    yield alerts.card_put_off, alerts.card_put_off(4, NOW)
    yield alerts.put_off, alerts.put_off(replace(ALERT, until=NOW))
    yield alerts.reminder, alerts.reminder(TOGETHER, 3)
    rule = Rule("quota", AlertKind.QUOTA, (80, 95))
    yield alerts.rules, alerts.rules([rule])
    for found in ([], [QUOTA] * 20):
        yield alerts.dry_run, alerts.dry_run(rule, found, count=len(found) * 2, told=1, checked_at=NOW)
    for many in (1, 100):
        standing = {AlertState.OPEN: many}
        yield alerts.digest, alerts.digest(TOGETHER, [ALERT] * many, standing, snooze_for="1 d")
    for many in (0, 1, 3):
        yield alerts.listing, alerts.listing([ALERT] * many, checked_at=NOW if many else None)


def _events() -> Iterator[tuple[View, Message]]:
    for name in EVENTS:
        for facts in (FACTS[name][0], {}):
            yield events.card, events.card(event(name, facts))
        yield events.card, events.card(event(name, {}, flaw="it is not JSON", body=b"<x>", giccid=None))


def _sims() -> Iterator[tuple[View, Message]]:
    for state in (*Status, None):
        sim = replace(SIM, status=state, status_word="PAUSED")
        yield sims.card, sims.card(sim, SEEN)
        yield sims.card, sims.card(sim, replace(SEEN, problem="It is down.", request=REQUEST, alerts=[ALERT]))
    for bare in (replace(SIM, usage_bytes=None), replace(SIM, quota_bytes=None, plan=None, account=None)):
        yield sims.card, sims.card(bare, replace(SEEN, id=None))
    yield sims.exact, sims.exact(SIM, label="Pump 7", read_at=NOW)
    for hits in ([], [LISTED], [LISTED] * 10):
        yield naming.several, naming.several(NAMED, hits, SNAPSHOT, more=True, verb="suspend")
        yield naming.nothing, naming.nothing(NAMED, hits, SNAPSHOT, asked=["IMSI"])
        every = [(NUMBER, hit) for hit in [None, *hits]]
        yield naming.in_text, naming.in_text(every, left_out=1, search=7, unread=["It is no text."], snapshot=SNAPSHOT)
    yield naming.in_text, naming.in_text([], left_out=0)


def _audits() -> Iterator[tuple[View, Message]]:
    for wanted, _ in AUDITED:
        for many in (0, 1, 20):
            found = [line(ASKED)] * many
            yield audit.listing, audit.listing(wanted, found, more=many > 1, removed=ANCHOR if many else None)


def _histories() -> Iterator[tuple[View, Message]]:
    told = rule.history(
        [CHANGE], [REQUEST, DONE], [event(name, FACTS[name][0]) for name in EVENTS], [ALERT], missing=["x"]
    )
    for kind in (None, *Kind):
        yield history.listing, history.listing(ABOUT, told, kind=kind, read_at=NOW)
    yield history.listing, history.listing(ABOUT, rule.history(), kind=None, read_at=NOW)
    yield history.sent, history.sent(ABOUT, count=1)


def all_surfaces() -> Iterator[tuple[View, Mapping[str, Any]]]:
    """Each modal and Home."""
    for request in (REQUEST, asked_for_many()):
        for why in approvals.Why:
            yield approvals.why_modal, approvals.why_modal(request, why)
    yield from test_lists.surfaces()
    for operation in Operation:
        yield orders.form, orders.form(operation, SIM, id=7, label="Pump 7")
    yield orders.form, orders.form(Operation.SMS, SIM, id=7, label="Pump 7", templates=["reboot"])
    yield help_view.find_modal, help_view.find_modal()
    for role in Role:
        yield home.view, home.view(Person("U1", role), home.Facts(), command="/sim")
        yield home.closed, home.closed(Person("U1", role), command="/sim")
    full = home.Facts(
        decides=True, waiting=[REQUEST] * 9, waiting_count=20, mine=[REQUEST], under_way=[BROKEN], under_way_count=2,
        alerts=[ALERT], alerts_count=2, smarthub="reachable", troubles=["Slack does not answer."],
    )  # fmt: skip
    yield home.view, home.view(Person("U1", Role.ADMIN), full, command="/sim")


def _name(view: View) -> str:
    return f"{view.__module__}.{view.__name__}"


def views_that_draw(made: str) -> set[str]:
    """The name of every view that says it draws this: a function open to all, by what it says it returns."""
    found = set()
    for module in pkgutil.iter_modules(bot.views.__path__, "bot.views."):
        for name, view in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            here = view.__module__ == module.name and not name.startswith("_")
            if here and made in str(inspect.get_annotations(view).get("return")).split(" | "):
                found.add(f"{module.name}.{name}")
    return found


def message_misfits(message: Message) -> list[str]:
    """What does not fit in the blocks of a message, the native ones and those that stand in for them.

    @slack/types does not know charts yet: of them, and of all lengths, the limits of the simulator's Slack speak.
    """
    forms = [message.blocks, *([message.plain] if message.plain is not None else [])]
    typed = [b for blocks in forms for b in blocks if b["type"] != "data_visualization"]
    return [*block_misfits(typed), *(wrong for blocks in forms for wrong in check_blocks(list(blocks)))]


def test_every_message_has_slacks_shapes():
    """Each block of each message the bot can draw is a KnownBlock of @slack/types, and so is each that stands in."""
    wrong = [(_name(view), misfit) for view, drawn in all_messages() for misfit in message_misfits(drawn)]

    assert wrong == []


def test_every_modal_and_home_has_slacks_shape():
    """Each modal and Home the bot can draw is a View of @slack/types."""
    wrong = [(_name(view), misfit) for view, drawn in all_surfaces() for misfit in misfits("View", drawn)]

    assert wrong == []


def test_no_view_is_left_out():
    """Every view that draws a message is drawn above; a new one wants a line in `all_messages`."""
    drawn = {_name(view) for view, _ in all_messages()}

    assert views_that_draw("Message") - drawn == set()


def test_what_stands_in_for_native_blocks_is_plain():
    """The blocks for where Slack refuses tables and charts hold none of either."""
    native = {"table", "data_table", "data_visualization", "markdown"}
    plain = [(_name(view), b["type"]) for view, drawn in all_messages() for b in drawn.plain or ()]

    assert [(name, kind) for name, kind in plain if kind in native] == []


def test_what_is_not_slacks_is_found():
    """A misspelt key, an unknown block, a button without words and a modal without a title do not pass."""
    button = parts.button("Approve", action="a", id=1)
    good = parts.actions("a", button)
    assert block_misfits([good]) == []

    assert block_misfits([{**good, "elments": []}])
    assert block_misfits([{"type": "headline", "text": "x"}])
    assert block_misfits([parts.actions("a", {k: v for k, v in button.items() if k != "text"})])
    assert block_misfits([parts.lines([{"type": "text", "text": "x", "style": {"bald": True}}])])
    modal = approvals.why_modal(REQUEST, approvals.Why.DENY)
    assert misfits("View", {k: v for k, v in modal.items() if k != "title"})
    assert misfits("View", {**modal, "type": "dialog"})


def sent_by_slack(world: World) -> dict[str, str]:
    """The last request of the simulator's Slack, as the form it is."""
    request = world.slack.last_request
    assert request is not None
    fields = parse_qs(request.body.decode(), keep_blank_values=True, strict_parsing=True)
    return {name: values[0] for name, values in fields.items()}


async def test_the_simulator_sends_slacks_slash_command(world: World):
    """What the simulator sends for a typed command is a SlashCommand of @slack/bolt."""
    await world.say("/sim help")

    sent = sent_by_slack(world)

    assert sent["text"] == "help"
    assert misfits("SlashCommand", sent) == []
    assert misfits("SlashCommand", {k: v for k, v in sent.items() if k != "trigger_id"})


async def test_the_simulator_sends_slacks_button(world: World):
    """What the simulator sends for a pressed button is a BlockButtonAction of @slack/bolt."""
    card = await world.ask()
    await world.press(card, "Deny", by=APPROVER)

    sent = json.loads(sent_by_slack(world)["payload"])
    # Slack's own samples have `"enterprise": null` where there is none; its types know only that it may be missing.
    # https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
    assert sent.pop("enterprise") is None

    assert sent["actions"][0]["action_id"] == "approval.deny"
    assert misfits("BlockButtonAction", sent) == []
    assert misfits("BlockButtonAction", {**sent, "actions": [{}]})


async def test_the_bot_posts_with_slacks_arguments(world: World):
    """Each message that reaches Slack, card, note in a thread or direct one, is ChatPostMessageArguments."""
    card = await world.ask(because="the site is closed")
    await world.press(card, "Approve", by=APPROVER)
    await world.push("no-session", world.hub.pick())
    await world.run("alerts")

    posts = [call.args for call in world.slack.calls if call.method == "chat.postMessage"]

    assert {post["channel"] for post in posts} >= {APPROVALS, ALERTS, world.slack.dm_channel(OPERATOR)}
    assert any(post.get("thread_ts") for post in posts)
    assert [wrong for post in posts for wrong in misfits("ChatPostMessageArguments", post)] == []
    assert misfits("ChatPostMessageArguments", {**posts[0], "txt": "x"})


@pytest.mark.parametrize(
    "name", ["KnownBlock", "View", "ChatPostMessageArguments", "SlashCommand", "BlockButtonAction"]
)
def test_the_schemas_judge(name: str):
    """Each schema refuses something: one that takes everything would say nothing."""
    assert misfits(name, {}) != []
