"""The scheduled look over all SIMs: each fact is told once, told again when it gets worse, and people act on it."""

from __future__ import annotations

from asyncio import gather
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.simulator.slack import Message
from bot.smarthub.contract import ENDPOINTS
from tests.talk import (
    ADMIN,
    ALERTS,
    APPROVER,
    OPERATOR,
    OPS,
    OTHER_OPERATOR,
    STRANGER,
    VIEWER,
    World,
    plain,
)

MORE = ["Until it gets worse", "Suspend…", "Change the plan…"]
CHANGES = [endpoint.name for endpoint in ENDPOINTS if endpoint.changes]


def titles(world: World) -> list[str]:
    """The headline of each card in the alerts channel."""
    return [card.words.splitlines()[0] for card in world.cards(ALERTS)]


async def grown(world: World, fraction: float, giccid: str | None = None) -> str:
    """A SIM that uses that much of its quota, after a check has seen it."""
    sim = giccid or world.hub.pick()
    world.hub.grow(sim, fraction=fraction)
    await world.run("alerts")
    return sim


def last_check(world: World) -> str:
    """What came of the last check, in words."""
    return world.app.store.runs.last()["alerts"][1]


async def test_a_quiet_fleet_says_nothing(world: World):
    """Where nothing is wrong no card appears, and what was looked at is noted."""
    await world.run("alerts")

    assert world.cards(ALERTS) == []
    assert last_check(world) == "40 SIMs; 0 alerts raised, 0 cleared"
    assert [asked.operation for asked in world.hub.asked if asked.operation in CHANGES] == []


async def test_quota_step_by_step(world: World):
    """80, 95 and 100 % are each told once, however often it is checked, also with restarts in between."""
    sim = world.hub.pick()
    label = world.hub.sim(sim)["custom1"]
    for fraction in (0.79, 0.80, 0.85, 0.949, 0.95, 0.99, 1.0, 1.7):
        for _ in range(2):
            await grown(world, fraction, sim)
        await world.restart()

    assert [title.split(" ", 1)[1] for title in titles(world)] == [
        f"80 % of the quota used: {label}",
        f"95 % of the quota used: {label}",
        f"100 % of the quota used: {label}",
    ]
    older, middle, newest = world.cards(ALERTS)
    for card in (older, middle):
        assert "It got worse: see the newer alert for this SIM" in card.words
        assert card.buttons == []
    assert newest.buttons == ["Acknowledge", "Snooze 1 d", *MORE]
    assert "🔴" in newest.words
    assert "🟡" in older.words


async def test_the_limit_is_exact(world: World):
    """One byte below the limit nothing is said; at the limit it is."""
    sim = world.hub.pick()
    quota = world.hub.sim(sim)["cycleQuotaBytes"]
    assert isinstance(quota, int)
    world.hub.grow(sim, to_bytes=quota * 80 // 100 - 1)
    await world.run("alerts")
    assert world.cards(ALERTS) == []

    world.hub.grow(sim, to_bytes=quota * 80 // 100)
    await world.run("alerts")
    assert len(world.cards(ALERTS)) == 1


async def test_several_limits_passed_at_once_are_one_alert(world: World):
    """A SIM that jumps from little to everything makes one alert, the gravest."""
    await grown(world, 1.2)

    assert len(world.cards(ALERTS)) == 1
    assert "100 % of the quota used" in titles(world)[0]


async def test_it_recovers_and_comes_back(world: World):
    """A quota that was raised clears the alert on its card; when it is reached again, that is news."""
    sim = await grown(world, 0.9)
    quota = world.hub.sim(sim)["cycleQuotaBytes"]
    assert isinstance(quota, int)
    world.hub.change(sim, cycleQuotaBytes=quota * 10)
    await world.run("alerts")
    [card] = world.cards(ALERTS)
    assert "Cleared: it no longer holds" in card.words
    assert "✅" in card.words
    assert card.buttons == []

    world.hub.change(sim, cycleQuotaBytes=quota)
    await world.run("alerts")
    await world.run("alerts")

    assert len(world.cards(ALERTS)) == 2
    assert "Open" in world.card(ALERTS).words
    assert "Cleared" in world.cards(ALERTS)[0].words


async def test_it_eases_to_the_limit_before(world: World):
    """From 95 % back to 80 % the graver alert is over and the first one, told already, is open again; no new card."""
    sim = await grown(world, 0.82)
    await grown(world, 0.96, sim)
    await grown(world, 0.82, sim)

    first, second = world.cards(ALERTS)
    assert "Cleared" in second.words
    assert "Open" in first.words
    assert first.buttons == ["Acknowledge", "Snooze 1 d", *MORE]


async def test_a_new_cycle(world: World):
    """With the new cycle the old alert is over; the same limit in the new cycle is told again."""
    sim = await grown(world, 0.9)
    await world.later(days=10)  # December
    await world.run("alerts")
    assert "Cleared" in world.cards(ALERTS)[0].words

    await grown(world, 0.9, sim)

    assert len(world.cards(ALERTS)) == 2
    assert "Usage in 2026-12" in world.card(ALERTS).words


async def test_expiry_step_by_step(world: World):
    """30, 14, 7, 3 and 1 day before, and when it is over: once each, with checks and restarts all the way."""
    sim = world.hub.pick()
    world.hub.expire_in(sim, 40)
    for day in range(42):
        await world.run("alerts")
        if day % 10 == 0:
            await world.restart()
        await world.later(days=1)

    own = [card for card in world.cards(ALERTS) if sim in card.words]
    said = [card.words.split(":")[0].split(" ", 1)[1] for card in own]
    assert said == [
        "Rate plan expires within 30 days",
        "Rate plan expires within 14 days",
        "Rate plan expires within 7 days",
        "Rate plan expires within 3 days",
        "Rate plan expires within 1 day",
        "Rate plan has expired",
    ]
    assert [card.buttons for card in own] == [[]] * 5 + [["Acknowledge", "Snooze 1 d", *MORE]]


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1)])
async def test_an_expiry_while_the_clock_is_set(world: World, back: timedelta):
    """A clock that is set back and put right again takes no expiry back, and has none told twice."""
    sim = world.hub.pick()
    world.hub.expire_in(sim, 30.01)
    for step in range(33):
        for by in (timedelta(0), -back, timedelta(0)):
            world.bots.by = by
            await world.run("alerts")
        if step % 8 == 0:
            await world.restart()
        await world.later(days=1)

    own = [card for card in world.cards(ALERTS) if sim in card.words]
    assert [card.words.split(":")[0].split(" ", 3)[3] for card in own] == [
        *(f"expires within {days} days" for days in (30, 14, 7, 3)),
        "expires within 1 day",
        "has expired",
    ]


async def test_a_renewed_plan_clears_its_alert(world: World):
    """A plan that is renewed is nobody's worry any more; its next expiry is."""
    sim = world.hub.pick()
    world.hub.expire_in(sim, 5)
    await world.run("alerts")
    world.hub.expire_in(sim, 370)
    await world.run("alerts")
    assert "Cleared" in world.card(ALERTS).words

    world.hub.expire_in(sim, 6)
    await world.run("alerts")

    assert len(world.cards(ALERTS)) == 2


async def test_quota_and_expiry_of_one_sim_are_two_alerts(world: World):
    """Both are told, and one being over leaves the other."""
    sim = world.hub.pick()
    world.hub.expire_in(sim, 2)
    await grown(world, 0.9, sim)
    assert len(world.cards(ALERTS)) == 2

    await grown(world, 0.1, sim)

    assert sorted("Cleared" in card.words for card in world.cards(ALERTS)) == [False, True]


async def test_retired_sims_are_silent(world: World):
    """A retired SIM raises nothing, and what was open for it is over."""
    retired = world.hub.pick()
    world.hub.change(retired, status="RETIRED")
    world.hub.expire_in(retired, 1)
    await grown(world, 1.0, retired)
    assert world.cards(ALERTS) == []

    sim = await grown(world, 1.0)
    world.hub.change(sim, status="RETIRED")
    await world.run("alerts")

    assert "Cleared" in world.card(ALERTS).words


async def test_a_state_nobody_knows_is_watched(world: World):
    """A SIM in a state that is in no table still uses its quota, and that is told."""
    sim = world.hub.pick()
    world.hub.change(sim, status="FROZEN_2")
    await grown(world, 0.9, sim)

    assert len(world.cards(ALERTS)) == 1


async def test_what_is_not_known_clears_nothing(world: World):
    """A usage that SmartHub leaves out this time does not count as one that is well again; nothing is told twice."""
    sim = await grown(world, 0.9)
    world.hub.change(sim, cycleUsageBytes=None)
    await world.run("alerts")

    assert [card.words for card in world.cards(ALERTS) if "Cleared" in card.words] == []

    await grown(world, 0.9, sim)
    assert len(world.cards(ALERTS)) == 1


# --- SmartHub in trouble ---


async def test_smarthub_fails_in_the_middle(small_pages: World):
    """When SmartHub fails half-way, what was read counts, nothing else is said, and the next run does the rest."""
    world = small_pages
    first, last = world.hub.giccid(0), _last_active(world)
    for sim in (first, last):
        world.hub.change(sim, status="ACTIVATED")
        world.hub.grow(sim, fraction=0.9)
    world.hub.change(last, accountName="lab-trial")
    await world.run("alerts")
    assert len(world.cards(ALERTS)) == 2
    world.hub.grow(first, fraction=0.97)
    world.hub.grow(last, fraction=0.97)
    asked = world.hub.count("listSims")
    world.hub.slow = 1

    run = await world.begin(world.app.schedule.run("alerts"))
    await world.clock.advance(1)
    await world._still()
    world.hub.slow, world.hub.down = 0, True
    await world.through(run)

    assert world.hub.count("listSims") - asked in (1, 2)
    assert last_check(world).startswith("failed: SmartHub")
    assert len(world.cards(ALERTS)) == 3
    assert [card.words for card in world.cards(ALERTS) if "Cleared" in card.words] == []
    assert "failed: SmartHub" in plain((await world.say("/sim status", by=VIEWER)).reply)

    world.hub.down = False
    await world.run("alerts")

    assert len(world.cards(ALERTS)) == 4
    assert last_check(world) == "40 SIMs (gone on where it was); 1 alert raised, 0 cleared"


@pytest.mark.parametrize("trouble", ["down", "unreachable", "page", "half", "login"])
async def test_smarthub_in_every_kind_of_trouble(world: World, trouble: str):
    """Whatever is wrong with SmartHub, nothing is announced or cleared, and it is said in words."""
    await grown(world, 0.9)
    if trouble in ("down", "unreachable"):
        setattr(world.hub, trouble, True)
    else:
        bodies = {"page": b"<html>Sign in</html>", "half": b'{"sims": [{"giccid', "login": b'{"ok": false}'}
        world.hub.broken_next(bodies[trouble])
    await world.run("alerts")

    assert last_check(world).startswith("failed: ")
    assert "Traceback" not in last_check(world)
    assert len(world.cards(ALERTS)) == 1
    assert "Cleared" not in world.card(ALERTS).words
    status = plain((await world.say("/sim status", by=VIEWER)).reply)
    assert last_check(world) in status

    world.hub.reset_knobs()
    await world.run("alerts")
    assert last_check(world) == "40 SIMs; 0 alerts raised, 0 cleared"


async def test_an_empty_answer_is_no_all_clear(world: World):
    """A SmartHub that suddenly lists no SIM at all clears nothing."""
    await grown(world, 0.9)
    world.hub.broken_next(b"[]")
    await world.run("alerts")

    assert "Cleared" not in world.card(ALERTS).words


async def test_sims_that_cannot_be_read_are_counted(world: World):
    """SIMs that make no sense are left out and counted; their neighbours are looked at, and nothing is cleared."""
    bad, good = await grown(world, 0.9), world.hub.giccid(3)
    world.hub.change(bad, status=3)
    world.hub.change(good, status="ACTIVATED")
    world.hub.grow(good, fraction=0.9)
    await world.run("alerts")

    assert last_check(world) == "39 SIMs, 1 could not be read; 1 alert raised, 0 cleared"
    assert len(world.cards(ALERTS)) == 2
    assert [card.words for card in world.cards(ALERTS) if "Cleared" in card.words] == []


async def test_two_runs_at_once_are_one(world: World):
    """While a check runs, another one does not start; nothing is announced twice."""
    world.hub.grow(world.hub.pick(), fraction=0.9)
    world.hub.slow = 1

    await world.through(gather(*(world.app.schedule.run("alerts") for _ in range(5))))

    assert world.hub.count("listSims") == 1
    assert len(world.cards(ALERTS)) == 1


async def test_two_thousand_sims(tmp_path: Path):
    """A fleet of 2,000 is looked over in few requests, and each of its alerts is told, once."""
    world = World(tmp_path, sims=2000)
    await world.start()
    try:
        for n in range(0, 2000, 200):
            world.hub.change(n, status="ACTIVATED", accountName=f"account-{n}")
            world.hub.grow(n, fraction=0.9)
        asked = len(world.hub.asked)
        await world.run("alerts")
        assert len(world.cards(ALERTS)) == 10
        assert len(world.hub.asked) - asked <= 5
        assert last_check(world) == "2,000 SIMs; 10 alerts raised, 0 cleared"
        calls = len(world.slack.calls)
        await world.run("alerts")
        assert len(world.slack.calls) == calls
    finally:
        await world.stop()


# --- what people do ---


@pytest.mark.parametrize("who", [OPERATOR, OTHER_OPERATOR, APPROVER, ADMIN])
async def test_operators_and_above_acknowledge(world: World, who: str):
    """Whoever is an operator or more takes an alert; the card says who, and only Snooze is left on it."""
    await grown(world, 0.9)
    await world.press(world.card(ALERTS), "Acknowledge", by=who)

    card = world.card(ALERTS)
    assert "Acknowledged" in card.words
    assert who in str(card.blocks)
    assert card.buttons == ["Snooze 1 d", *MORE]
    assert world.deeds() == [(who, "acknowledged")]


@pytest.mark.parametrize("button", ["Acknowledge", "Snooze 1 d", "Until it gets worse"])
@pytest.mark.parametrize("who", [VIEWER, STRANGER])
async def test_viewers_and_strangers_are_refused_in_words(world: World, who: str, button: str):
    """Who may not act is told which role it takes; the card and the log stay as they were."""
    await grown(world, 0.9)
    before = world.card(ALERTS)
    await world.press(before, button, by=who)

    assert "you have to be an operator" in world.heard(who, ALERTS)
    assert world.card(ALERTS) == before
    assert world.deeds() == []


async def test_the_second_to_acknowledge_is_told_who_was_first(world: World):
    """Who comes second, with a card that looked open, hears who has it."""
    await grown(world, 0.9)
    card = world.card(ALERTS)
    await world.press(card, "Acknowledge", by=OPERATOR)
    await world.press(card, "Acknowledge", by=OTHER_OPERATOR, stale=True)

    assert "has acknowledged this already" in world.heard(OTHER_OPERATOR, ALERTS)
    assert OPERATOR in str(world.slack.seen(by=OTHER_OPERATOR, channel=ALERTS)[-1].blocks)
    assert world.deeds() == [(OPERATOR, "acknowledged")]


async def test_two_at_once(world: World):
    """Of two who press in the same moment one has it, and the other is told so."""
    await grown(world, 0.9)
    card = world.card(ALERTS)
    await world.through(
        gather(*(world.slack.press(card, "Acknowledge", by=who) for who in (OPERATOR, OTHER_OPERATOR, ADMIN)))
    )

    assert len(world.deeds()) == 1
    winner = world.deeds()[0][0]
    for loser in {OPERATOR, OTHER_OPERATOR, ADMIN} - {winner}:
        assert world.heard(loser, ALERTS) != ""


async def test_acknowledged_and_then_over(world: World):
    """An alert somebody took is cleared on its card when it no longer holds, and its buttons are gone."""
    sim = await grown(world, 0.9)
    taken = world.card(ALERTS)
    await world.press(taken, "Acknowledge", by=OPERATOR)
    await grown(world, 0.1, sim)
    assert "Cleared" in world.card(ALERTS).words

    await world.press(taken, "Acknowledge", by=OTHER_OPERATOR, stale=True)
    assert "This alert is over already" in world.heard(OTHER_OPERATOR, ALERTS)

    await grown(world, 0.9, sim)
    assert len(world.cards(ALERTS)) == 2
    assert "Acknowledged" not in world.card(ALERTS).words


async def test_acknowledged_and_then_worse(world: World):
    """What was taken at 80 % is told anew at 95 %."""
    sim = await grown(world, 0.9)
    await world.press(world.card(ALERTS), "Acknowledge", by=OPERATOR)
    old = world.card(ALERTS)
    await grown(world, 0.96, sim)

    assert "95 %" in titles(world)[-1]
    await world.press(old, "Snooze 1 d", by=OPERATOR, stale=True)
    assert "act on the newer alert" in world.heard(OPERATOR, ALERTS)


async def test_a_snooze_that_is_over(world: World):
    """After its day a snoozed alert that still holds is open again, and its thread says so, once."""
    await grown(world, 0.9)
    await world.press(world.card(ALERTS), "Snooze 1 d", by=OPERATOR)
    card = world.card(ALERTS)
    assert "Snoozed" in card.words
    assert card.buttons == ["Acknowledge", *MORE[1:]]

    await world.later(hours=23, minutes=59)
    await world.run("snoozes")
    assert world.thread(card) == []

    await world.later(minutes=1)
    for _ in range(3):
        await world.run("snoozes")
        await world.restart()

    assert ["Snooze is over" in words for words in world.thread(card)] == [True]
    assert world.card(ALERTS).buttons == ["Acknowledge", "Snooze 1 d", *MORE]
    assert len(world.cards(ALERTS)) == 1
    assert world.deeds() == [(OPERATOR, "snoozed"), ("simops", "snooze over")]


async def test_a_snoozed_alert_is_not_told_again(world: World):
    """While it is snoozed, checks say nothing of what has not changed."""
    sim = await grown(world, 0.9)
    await world.press(world.card(ALERTS), "Snooze 1 d", by=OPERATOR)
    for _ in range(5):
        await world.later(hours=4)
        await grown(world, 0.91, sim)

    assert len(world.cards(ALERTS)) == 1
    assert "Snoozed" in world.card(ALERTS).words


async def test_snoozed_and_then_worse(world: World):
    """A snooze ends when it gets worse: the graver limit is told at once, and the old snooze never speaks again."""
    sim = await grown(world, 0.9)
    await world.press(world.card(ALERTS), "Snooze 1 d", by=OPERATOR)
    await grown(world, 0.96, sim)
    assert len(world.cards(ALERTS)) == 2
    assert "It got worse" in world.cards(ALERTS)[0].words

    await world.later(days=2)
    await world.run("snoozes")

    assert world.thread(world.cards(ALERTS)[0]) == []


async def test_snoozed_and_then_over(world: World):
    """A snoozed alert that clears meanwhile is not woken."""
    sim = await grown(world, 0.9)
    await world.press(world.card(ALERTS), "Snooze 1 d", by=OPERATOR)
    await grown(world, 0.1, sim)
    await world.later(days=2)
    await world.run("snoozes")

    assert "Cleared" in world.card(ALERTS).words
    assert world.thread(world.card(ALERTS)) == []


async def test_a_button_of_an_alert_that_never_was(world: World):
    """A card can be forged, its row cannot: who presses it is told that there is no such alert."""
    await grown(world, 0.9)
    world.app.store.disk._writer.execute("DELETE FROM alerts")
    await world.press(world.card(ALERTS), "Acknowledge", by=OPERATOR)

    assert "There is no alert 1 here" in world.heard(OPERATOR, ALERTS)


# --- what people ask ---


async def test_alerts_in_words(world: World):
    """`/sim alerts` says when it was looked last and what holds: open, taken and snoozed, not what is over."""
    assert "No alert is open. No check has run yet." in plain((await world.say("/sim alerts", by=VIEWER)).reply)
    sims = [world.hub.pick(nth=n) for n in range(4)]
    for sim in sims:
        await grown(world, 0.9, sim)
    await world.press(world.cards(ALERTS)[0], "Acknowledge", by=OPERATOR)
    await world.press(world.cards(ALERTS)[1], "Snooze 1 d", by=OPERATOR)
    await grown(world, 0.1, sims[2])

    said = await _reply(world, "/sim alerts", by=VIEWER)

    assert "3 alerts are open." in said.text
    for sim, word in ((sims[0], "acknowledged"), (sims[1], "snoozed"), (sims[3], "open")):
        assert f"{sim} {word}" in plain(said)
    assert sims[2] not in plain(said)
    assert "Last check:" in plain(said)


async def test_a_hundred_alerts_fit_into_one_answer(world: World):
    """However many alerts hold, the list is an answer that Slack takes, and says how many there are."""
    world_of_many = [world.hub.giccid(n) for n in range(40)]
    for sim in world_of_many:
        world.hub.change(sim, status="ACTIVATED", custom1=f"<!channel> {'long ' * 30}")
        world.hub.expire_in(sim, 1)
        world.hub.grow(sim, fraction=1.2)
    await world.run("alerts")
    assert len(world.cards(ALERTS)) == 8

    delivery = await world.say("/sim alerts", by=VIEWER)

    assert delivery.ok
    assert delivery.reply is not None
    assert delivery.reply.text.startswith("80 alerts are open.\n")
    assert "and 30 older ones" in plain(delivery.reply)


async def test_status_in_words(world: World):
    """`/sim status` tells of SmartHub, of what waits for Slack, of the last notification and of each job."""
    before = plain((await world.say("/sim status", by=VIEWER)).reply)
    assert "SmartHub not asked yet" in before
    assert "Last notification none yet" in before

    await grown(world, 0.9)
    await world.push("no-session")
    after = plain((await world.say("/sim status", by=VIEWER)).reply)

    assert "40 SIMs; 1 alert raised, 0 cleared" in after
    assert "Messages waiting for Slack 0" in after
    assert "none yet" not in after
    assert "Trouble" not in after


async def test_status_while_slack_refuses_a_channel(world: World):
    """When messages cannot get to their channel, `/sim status` says which word Slack used and how many wait."""
    world.slack.expel(ALERTS)
    await world.hub.push("no-session")
    await world._still()

    said = await world.begin(world.slack.say("/sim status", by=VIEWER, channel=OPS))
    await world.clock.advance(1)
    await world._still()
    reply = plain((await said).reply)

    assert "Trouble Slack: Slack says not_in_channel" in reply
    assert "Messages waiting for Slack 1 , the oldest since" in reply
    await world.slack.invite(ALERTS)
    await world.quiet()


async def test_strangers_learn_nothing(world: World):
    """Who is in no list is told so, whatever they ask."""
    for verb in ("alerts", "status", "approvals"):
        reply = plain((await world.say(f"/sim {verb}", by=STRANGER)).reply)
        assert "You are in no list of roles" in reply


@pytest.fixture
async def small_pages(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose SmartHub is read ten SIMs at a time."""
    world = World(tmp_path)
    world.settings = {"smarthub": {"page_size": 10, "concurrency": 1}}
    await world.start()
    yield world
    await world.stop()


def _last_active(world: World) -> str:
    """The number of the last SIM of the fleet."""
    return world.hub.giccid(39)


async def _reply(world: World, text: str, *, by: str) -> Message:
    reply = (await world.say(text, by=by)).reply
    assert reply is not None
    return reply
