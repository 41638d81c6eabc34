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
from bot.rules.alerts import State as AlertState
from bot.rules.approvals import State
from bot.rules.events import EVENTS
from bot.rules.outages import Outage
from bot.rules.people import Person, Role
from bot.rules.sims import Operation, Status
from bot.views import alerts, approvals, events, home, outages, parts, sims, status
from bot.views import help as help_view
from bot.views.parts import Message
from tests.schemas import block_misfits, misfits
from tests.talk import ALERTS, APPROVALS, APPROVER, OPERATOR, World
from tests.views.drawn import NASTY, NOW
from tests.views.test_alerts import ALERT, EXPIRY, QUOTA
from tests.views.test_approvals import REQUEST, STATES
from tests.views.test_events import FACTS, event
from tests.views.test_home import health
from tests.views.test_sims import SIM

View = Callable[..., object]


def all_messages() -> Iterator[tuple[View, Message]]:
    """Each view with what it draws, in each state that looks different."""
    yield from _requests()
    yield from _alerts()
    yield from _events()
    yield from _sims()
    for role in Role:
        yield help_view.listing, help_view.listing(role, command="/sim")
    yield status.listing, status.listing(health())
    yield outages.gone, outages.gone("SmartHub did not answer 5 times in a row.")
    for outage in (Outage(None, NOW), Outage(NOW, NOW, times=9)):
        yield outages.back, outages.back(outage)
    for words in (*(nasty for nasty in NASTY if len(nasty) < 200), "<@U1> has to type `/sim help`."):
        yield parts.answer, parts.answer(words)


def _requests() -> Iterator[tuple[View, Message]]:
    for state in State:
        for operation in Operation:
            request = replace(STATES[state][0], state=state, operation=operation)
            yield approvals.card, approvals.card(request)
            yield approvals.news, approvals.news(request)
    yield approvals.asked, approvals.asked(REQUEST, channel="C0APPROVALS")
    for many in (0, 1, 3):
        yield approvals.waiting, approvals.waiting([REQUEST] * many)


def _alerts() -> Iterator[tuple[View, Message]]:
    for found in (QUOTA, EXPIRY):
        for state in AlertState:
            alert = replace(ALERT, finding=found, state=state, by="U2", at=NOW, until=NOW + timedelta(days=1))
            yield alerts.card, alerts.card(alert, snooze_for="1 d")
        yield alerts.snooze_over, alerts.snooze_over(replace(ALERT, finding=found))
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
        yield sims.card, sims.card(sim, label="Pump 7", asked=SIM.giccid, read_at=NOW)
    for bare in (replace(SIM, usage_bytes=None), replace(SIM, quota_bytes=None, plan=None, account=None)):
        yield sims.card, sims.card(bare, label="Pump 7", asked="x", read_at=NOW)


def all_surfaces() -> Iterator[tuple[View, Mapping[str, Any]]]:
    """Each modal and Home."""
    for operation in Operation:
        yield approvals.deny_modal, approvals.deny_modal(replace(REQUEST, operation=operation))
    for role in Role:
        yield home.view, home.view(Person("U1", role), waiting=[], mine=[], alerts=[], command="/sim")
    yield (
        home.view,
        home.view(Person("U1", Role.ADMIN), waiting=[REQUEST] * 9, mine=[REQUEST], alerts=[ALERT], command="/sim"),
    )


def _name(view: View) -> str:
    return f"{view.__module__}.{view.__name__}"


def views_that_draw(made: str) -> set[str]:
    """The name of every view that says it draws this: a function open to all, by what it says it returns."""
    found = set()
    for module in pkgutil.iter_modules(bot.views.__path__, "bot.views."):
        for name, view in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            here = view.__module__ == module.name and not name.startswith("_")
            if here and inspect.get_annotations(view).get("return") == made:
                found.add(f"{module.name}.{name}")
    return found


def test_every_message_has_slacks_shapes():
    """Each block of each message the bot can draw is a KnownBlock of @slack/types."""
    wrong = [(_name(view), misfit) for view, drawn in all_messages() for misfit in block_misfits(drawn.blocks)]

    assert wrong == []


def test_every_modal_and_home_has_slacks_shape():
    """Each modal and Home the bot can draw is a View of @slack/types."""
    wrong = [(_name(view), misfit) for view, drawn in all_surfaces() for misfit in misfits("View", drawn)]

    assert wrong == []


def test_no_view_is_left_out():
    """Every view that draws a message is drawn above; a new one wants a line in `all_messages`."""
    drawn = {_name(view) for view, _ in all_messages()}

    assert views_that_draw("Message") - drawn == set()


def test_what_is_not_slacks_is_found():
    """A misspelt key, an unknown block, a button without words and a modal without a title do not pass."""
    button = parts.button("Approve", action="a", id=1)
    good = parts.actions("a", button)
    assert block_misfits([good]) == []

    assert block_misfits([{**good, "elments": []}])
    assert block_misfits([{"type": "headline", "text": "x"}])
    assert block_misfits([parts.actions("a", {k: v for k, v in button.items() if k != "text"})])
    assert block_misfits([parts.lines([{"type": "text", "text": "x", "style": {"bald": True}}])])
    modal = approvals.deny_modal(REQUEST)
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
