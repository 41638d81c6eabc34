"""The App Home: drawn for whoever opens it, with what they may see."""

from __future__ import annotations

import json

import pytest

from bot.simulator.slack import pinged
from bot.simulator.slack.words import elements, read
from tests.stories.changes import says_why
from tests.talk import (
    ADMIN,
    ALERTS,
    APPROVER,
    APPROVER_GROUP,
    OPERATOR,
    OTHER_APPROVER,
    OTHER_OPERATOR,
    STRANGER,
    VIEWER,
    World,
)


async def home(world: World, who: str) -> str:
    """What this person reads on the Home they open now, on one line."""
    drawn = await world.through(world.slack.open_home(by=who))
    assert drawn is not None
    return " ".join(" ".join(read(drawn["blocks"])).split())


@pytest.mark.parametrize(
    ("who", "role"),
    [(VIEWER, "a viewer"), (OPERATOR, "an operator"), (APPROVER, "an approver"), (ADMIN, "an admin")],
)
async def test_each_role_sees_its_home(world: World, who: str, role: str):
    """An empty Home says that nothing waits, and who one is here."""
    said = await home(world, who)

    waits = "Waits for you" if who in (APPROVER, ADMIN) else "Waiting for a decision"
    assert f"{waits} Nothing waits." in said
    assert "Find a SIM" in said
    assert "Health SmartHub not asked yet Nothing is wrong with simops." in said
    assert "What you asked for Nothing of yours is open." in said
    assert "Open alerts No alert is open." in said
    assert "Type /sim help" in said
    assert f"You are {role} here." in said


async def test_it_shows_what_is_open(world: World):
    """What waits is shown to all, what one asked for to oneself, and an alert with its label; it is drawn anew."""
    world.hub.grow(world.hub.pick(), fraction=0.9)
    await world.run("alerts")
    sim = world.hub.pick(nth=2)
    await world.ask("suspend", sim, by=OTHER_OPERATOR)
    label = world.hub.sim(sim)["custom1"]

    mine, theirs = await home(world, OTHER_OPERATOR), await home(world, OPERATOR)

    assert f"Waiting for a decision #1 suspend {label} (pending), asked by" in mine
    assert f"What you asked for #1 suspend {label}" in mine
    assert "Nothing of yours is open." in theirs
    for said in (mine, theirs):
        assert f"80 % of the quota used {world.hub.sim(world.hub.pick())['custom1']}, open, since" in said

    await says_why(world, world.card(), "Withdraw", by=OTHER_OPERATOR)
    assert "Nothing waits." in await home(world, OTHER_OPERATOR)


async def test_it_shows_what_is_being_carried_out(world: World):
    """What was approved and is not at its end is shown to all, with where it stands."""
    assert "Being carried out Nothing is under way." in await home(world, VIEWER)
    sim = world.hub.pick("DEACTIVATED")
    await world.press(await world.ask("retire", sim), "Approve", by=APPROVER)

    assert f"Being carried out #1 retire {world.hub.sim(sim)['custom1']} (cooling)" in await home(world, VIEWER)


async def test_a_stranger_sees_nothing_of_ours(world: World):
    """Who is in no list of roles is told so kindly, and reads no SIM, no request, no alert there."""
    world.hub.grow(world.hub.pick(), fraction=0.9)
    await world.run("alerts")
    await world.ask("suspend", world.hub.pick(nth=2))

    said = await home(world, STRANGER)

    assert "You are nobody here" in said
    assert "/sim help" in said
    for word in ("suspend", "quota", "meter", world.hub.pick()):
        assert word not in said


async def test_hostile_labels_on_the_home(world: World):
    """A label that tries to ping, link or break out is shown as the text it is, cut where it is endless."""
    sim = world.hub.pick()
    world.hub.change(sim, custom1="<!channel> <@U0ADMIN> *b* `c` <http://evil.example|here> " + "x" * 4000)
    world.hub.grow(sim, fraction=0.9)
    await world.run("alerts")
    await world.ask("suspend", sim)

    drawn = await world.through(world.slack.open_home(by=OPERATOR))

    assert drawn is not None
    assert "<!channel>" in " ".join(read(drawn["blocks"]))
    assert "mrkdwn" not in json.dumps(drawn["blocks"])
    assert not any(pinged(text) for text in _markup(drawn["blocks"]))
    assert [e["action_id"] for _, e in elements(drawn["blocks"])] == ["find.sim"]


async def test_a_hundred_alerts_fit_on_the_home(world: World):
    """However much is open, Slack takes the Home."""
    for n in range(40):
        world.hub.change(n, status="ACTIVATED", custom1="ß" * 300)
        world.hub.grow(n, fraction=1.1)
        world.hub.expire_in(n, 2)
    await world.run("alerts")
    assert len(world.cards(ALERTS)) == 8

    assert "100 % of the quota used" in await home(world, VIEWER)


async def test_the_other_tab_draws_nothing(world: World):
    """Looking at the messages of the app is not looking at its Home."""
    event = {"type": "app_home_opened", "user": VIEWER, "channel": "D1", "tab": "messages", "event_ts": "1.1"}
    await world.through(world.slack.send_event(event))

    assert world.slack.count("views.publish") == 0


async def test_a_home_told_of_twice_is_drawn_once(world: World):
    """The same event delivered again by Slack is acknowledged and not worked on again."""
    await home(world, VIEWER)
    delivery = await world.through(world.slack.redeliver())

    assert delivery.ok
    assert world.slack.count("views.publish") == 1


async def test_slack_refuses_the_home(world: World):
    """When Slack does not take the Home the event is acknowledged all the same, and the next opening works."""
    world.slack.refuse("views.publish", "not_enabled")
    event = {"type": "app_home_opened", "user": VIEWER, "channel": "D1", "tab": "home", "event_ts": "1.1"}
    assert (await world.through(world.slack.send_event(event))).ok

    assert "You are a viewer here." in await home(world, VIEWER)


async def test_who_decides_sees_what_waits_for_them(world: World):
    """What an approver asked for themselves does not wait for them, but for the other one."""
    sim = world.hub.pick()
    await world.ask("suspend", sim, by=APPROVER)
    label = world.hub.sim(sim)["custom1"]

    mine, theirs = await home(world, APPROVER), await home(world, OTHER_APPROVER)

    assert f"Waits for you Nothing waits. What you asked for #1 suspend {label}" in mine
    assert f"Waits for you #1 suspend {label}" in theirs


async def test_trouble_is_on_the_home(world: World):
    """What keeps the bot from its work is on the Home, in its own words."""
    world.slack.expel(ALERTS)
    await world.hub.push("no-session")
    await world.clock.advance(1)
    await world._still()

    drawn = await world.slack.open_home(by=VIEWER)

    assert drawn is not None
    assert "Trouble Slack: " in " ".join(" ".join(read(drawn["blocks"])).split())


async def test_a_sim_is_found_from_the_home(world: World):
    """The menu on the Home offers SIMs while one types, and the one chosen comes as a card, for the chooser alone."""
    await world.run("alerts")
    sim = world.hub.sim(3)
    drawn = await world.through(world.slack.open_home(by=VIEWER))

    offered = await world.through(world.slack.type_ahead(drawn, "find.sim", str(sim["custom1"])[:-2], by=VIEWER))
    [wanted] = [o for o in offered if str(sim["giccid"]) in o["text"]["text"]]
    await world.through(world.slack.choose(drawn, "find.sim", wanted["value"], by=VIEWER))

    assert str(sim["custom1"]) in world.told(VIEWER)[-1]
    assert str(sim["imsi"]) in world.told(VIEWER)[-1]


# --- kept up to date ---


def shown(world: World, who: str) -> str:
    """What stands on this person's Home now, on one line."""
    drawn = world.slack.home(who)
    return "" if drawn is None else " ".join(" ".join(read(drawn["blocks"])).split())


async def test_it_is_redrawn_when_something_changes(world: World):
    """A Home that is open shows a request that came, and that it went, without being opened again."""
    assert "Nothing waits." in await home(world, APPROVER)

    await world.ask("suspend", by=OTHER_OPERATOR)
    await world.later(seconds=6)
    assert "Waits for you #1 suspend" in shown(world, APPROVER)

    await says_why(world, world.card(), "Withdraw", by=OTHER_OPERATOR)
    await world.later(seconds=6)
    assert "Nothing waits." in shown(world, APPROVER)


async def test_what_changes_nothing_draws_nothing(world: World):
    """What is stored and cannot be seen on a Home redraws none, and several changes at once redraw it once."""
    await home(world, VIEWER)
    await world.push("no-session", world.hub.pick())
    await world.later(seconds=30)
    assert world.slack.count("views.publish") == 1

    await world.ask("suspend", world.hub.pick())
    await world.ask("suspend", world.hub.pick(nth=2))
    await world.later(seconds=30)
    assert world.slack.count("views.publish") <= 3
    assert "#1 suspend" in shown(world, VIEWER)
    assert "#2 suspend" in shown(world, VIEWER)


async def test_a_home_of_long_ago_is_left_alone(world: World):
    """A Home that nobody opened within the hour is not redrawn; who opens it again sees what is."""
    await home(world, VIEWER)
    await world.later(minutes=61)

    await world.ask("suspend")
    await world.later(seconds=30)

    assert world.slack.count("views.publish") == 1
    assert "#1 suspend" in await home(world, VIEWER)


async def test_who_loses_their_role_loses_what_they_saw(world: World):
    """A Home is redrawn for who one is now: who is no approver any more sees what a stranger sees."""
    await home(world, OTHER_APPROVER)
    world.slack.space.groups[APPROVER_GROUP] = [APPROVER]
    await world.later(minutes=2)

    await world.ask("suspend")
    await world.later(seconds=6)

    assert "You are nobody here" in shown(world, OTHER_APPROVER)
    assert "suspend" not in shown(world, OTHER_APPROVER)


async def test_slack_does_not_take_a_redrawn_home(world: World):
    """When Slack refuses a redrawn Home nothing breaks, and the next change shows it."""
    await home(world, VIEWER)
    world.slack.refuse("views.publish", "internal_error")
    await world.ask("suspend", world.hub.pick())
    await world.later(seconds=6)
    assert "#1" not in shown(world, VIEWER)

    await world.ask("suspend", world.hub.pick(nth=2))
    await world.later(seconds=6)

    assert "#1 suspend" in shown(world, VIEWER)
    assert world.app.troubles() == []


def _markup(thing: object) -> list[str]:
    """The texts in the blocks that Slack reads as markup."""
    if isinstance(thing, dict):
        own = [str(thing["text"])] if thing.get("type") == "mrkdwn" else []
        return own + [text for part in thing.values() for text in _markup(part)]
    return [text for part in thing for text in _markup(part)] if isinstance(thing, list) else []
