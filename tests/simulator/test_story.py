"""What the demo's panel plays: each sentence is true, and what cannot be played is said in one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.errors import BadInput, NotFound
from bot.rules.events import EVENTS
from bot.simulator import story
from bot.simulator.clock import HeldClock
from bot.simulator.fleet import Fleet
from bot.simulator.hub import Hub, pushes
from bot.simulator.slack import Slack
from tests.simulator.stand_in import StandIn

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@dataclass
class Panel:
    """The panel and what is behind it. The bot is not running."""

    story: story.Story
    hub: Hub
    slack: Slack
    bot: StandIn

    async def play(self, id: str, **fields: str) -> str:
        return await self.story.play(id, fields)

    def options(self) -> list[dict[str, str]]:
        """The SIMs one can choose."""
        [push] = [one for one in self.story.controls() if one["id"] == "push"]
        return list(push["fields"][1]["options"])


@pytest.fixture
async def panel(tmp_path: Path) -> AsyncIterator[Panel]:
    clock = HeldClock(NOW)
    hub = Hub(key="key-test", fleet=Fleet(40, clock.now), clock=clock)
    slack = Slack(
        people=story.PEOPLE,
        channels=story.channels(),
        groups=story.GROUPS,
        bot_token="xoxb-test",
        signing_secret="made-up",
        clock=clock,
    )
    bot = StandIn(tmp_path)
    told = story.Story(hub=hub, slack=slack, bot=bot)
    slack.world = told
    await hub.start()
    await slack.start()
    yield Panel(told, hub, slack, bot)
    bot.kill()
    await bot.wait()
    await slack.stop()
    await hub.stop()


async def test_a_sim_can_be_found_by_its_number(panel: Panel) -> None:
    """Each SIM on offer is active and shows its label and number; the example names the first of them."""
    offered = panel.options()

    assert len(offered) == 12
    for one in offered:
        sim = panel.hub.sim(one["value"])
        assert one["label"] == f"{sim['custom1']} · {sim['giccid']}"
        assert sim["status"] == "ACTIVATED"
    assert panel.story.state()["example"] == f"/sim suspend {offered[0]['value']} because lost"
    panel.hub.change(offered[0]["value"], status="DEACTIVATED")
    assert panel.options()[0] == offered[1]
    assert panel.story.state()["example"] == f"/sim suspend {offered[1]['value']} because lost"


async def test_one_answer_is_lost_and_no_more(panel: Panel) -> None:
    """“Lose the next answer” loses that of one change, whichever comes."""
    assert await panel.play("hub-lose") == "The next change will be made, and its answer lost."

    lost = [panel.hub.loses(name) for name in ("getSim", "retireSim", "suspendSim", "activateSim", "retireSim")]
    assert lost == [False, True, False, False, False]


@pytest.mark.parametrize(
    ("play", "field", "word", "bounds"),
    [
        *(("grow", "percent", word, "from 0 to 1000") for word in ("abc", "inf", "nan", "-5", "1001", "9" * 400)),
        *(("expire", "days", word, "from -30 to 3650") for word in ("x", "-inf", "9999999999", "-31", "3651")),
    ],
)
async def test_a_number_that_makes_no_sense_is_refused(
    panel: Panel, play: str, field: str, word: str, bounds: str
) -> None:
    """The sentence names the bounds, and the SIM stays as it was."""
    giccid = panel.options()[0]["value"]
    before = panel.hub.sim(giccid)

    with pytest.raises(BadInput, match=bounds) as problem:
        await panel.play(play, **{"giccid": giccid, field: word})

    assert word[:40] in str(problem.value)
    assert len(str(problem.value)) < 150
    assert panel.hub.sim(giccid) == before


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ("", "ends in 3 days"),
        ("1", "ends in 1 day"),
        ("0.5", "ends in 0.5 days"),
        ("0", "ends now"),
        ("-1", "ended 1 day ago"),
        ("-30", "ended 30 days ago"),
        ("3650", "ends in 3650 days"),
    ],
)
async def test_when_a_plan_ends_is_said_in_words(panel: Panel, days: str, words: str) -> None:
    """One day is a day, and what is over has ended."""
    giccid = panel.options()[0]["value"]

    said = await panel.play("expire", giccid=giccid, days=days)

    assert f"The plan of {panel.hub.sim(giccid)['custom1']} {words}. " in said
    ends = datetime.fromisoformat(str(panel.hub.sim(giccid)["servicePackageExpireTime"]))
    assert ends == NOW + timedelta(days=float(days or 3))


async def test_a_check_is_promised_only_when_there_will_be_one(panel: Panel) -> None:
    """Whether somebody looks hangs on the bot and on SmartHub."""
    assert (await panel.play("grow", percent="85")).endswith(
        "has used 85 % of its quota. The bot is not running, so nobody looks."
    )
    await panel.play("bot-start")
    assert (await panel.play("grow")).endswith("The next check is within 10 s.")
    await panel.play("hub-slow")
    assert (await panel.play("grow")).endswith("SmartHub is slow, so the next check takes long.")
    await panel.play("hub-down")
    assert (await panel.play("grow")).endswith("SmartHub is down, so the bot cannot look.")


@pytest.mark.parametrize(
    ("play", "fields", "word"),
    [
        ("dance", {}, "dance"),
        ("push", {"event": "moon-landing"}, "moon-landing"),
        ("push", {"giccid": "8900"}, "8900"),
        ("grow", {"giccid": "8900"}, "8900"),
        ("expire", {"giccid": "x"}, "x"),
    ],
)
async def test_what_there_is_not_is_said(panel: Panel, play: str, fields: dict[str, str], word: str) -> None:
    """A play, a notification or a SIM that is unknown is named in a sentence."""
    with pytest.raises(NotFound, match=rf"{word}.*\.$"):
        await panel.play(play, **fields)


async def test_without_an_active_sim_that_is_said(panel: Panel) -> None:
    """Nothing is chosen for somebody where there is nothing to choose."""
    for n in range(40):
        panel.hub.change(n, status="RETIRED")

    assert panel.options() == []
    assert panel.story.state()["example"] == ""
    for play in ("push", "push-hostile", "grow", "expire"):
        with pytest.raises(NotFound, match=r"No SIM is active\."):
            await panel.play(play)


async def test_a_push_and_the_card_agree(panel: Panel) -> None:
    """After a push that says a SIM is silent or suspended, SmartHub says nothing else of it."""
    got: list[dict[str, object]] = []

    async def take(request: web.Request) -> web.Response:
        got.append(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/{event}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    panel.hub.push_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    giccid = panel.options()[0]["value"]
    said = await panel.play("push", event="no-session", giccid=giccid)
    await panel.play("push", event="sim-status-change", giccid=giccid)
    await runner.cleanup()

    label = panel.hub.sim(giccid)["custom1"]
    assert said == f"“{EVENTS['no-session']}” for {label}: pushed, the bot answered 200."
    assert got[0]["lastSessionTime"] == panel.hub.sim(giccid)["lastSessionTime"] == "2026-11-20T09:00:00+0000"
    assert got[0]["hoursWithoutSession"] == 48
    assert (got[1]["oldStatus"], got[1]["newStatus"]) == ("ACTIVATED", "DEACTIVATED")
    assert panel.hub.sim(giccid)["status"] == "DEACTIVATED"


@pytest.mark.parametrize("hours", [1, 48, 72])
def test_a_silent_sim_was_heard_so_many_hours_ago(hours: int) -> None:
    """The last session is as long ago as the notification says."""
    sim = Fleet(1, lambda: NOW).sim(0)

    body = pushes.payload("no-session", sim, event_id="e", now=NOW, fields={"hoursWithoutSession": hours})

    last = datetime.fromisoformat(str(body["lastSessionTime"]))
    assert (body["hoursWithoutSession"], NOW - last) == (hours, timedelta(hours=hours))


@pytest.mark.parametrize(
    "status", ["INVENTORY", "TEST_READY", "ACTIVATION_READY", "ACTIVATED", "DEACTIVATED", "RETIRED"]
)
def test_a_change_of_status_changes_it(status: str) -> None:
    """The old status is that which the SIM has, and the new one another; a retired SIM has become so."""
    sim = {**Fleet(1, lambda: NOW).sim(0), "status": status}

    body = pushes.payload("sim-status-change", sim, event_id="e", now=NOW, fields={})

    assert body["newStatus" if status == "RETIRED" else "oldStatus"] == status
    assert body["oldStatus"] != body["newStatus"]


async def test_a_bot_that_does_not_start_reaches_the_page_as_a_sentence(panel: Panel) -> None:
    """The page gets 400 with how it ended and its last word; when it works again, it is running."""
    panel.bot.becomes("fails")
    async with aiohttp.ClientSession(base_url=panel.slack.origin) as browser:
        async with browser.post("/do/world", json={"id": "bot-start"}) as answer:
            assert answer.status == 400
            said = await answer.json()
        assert said["ok"] is False
        assert said["error"].startswith("The bot did not start: it ended with exit code 1.")
        assert said["error"].endswith("There is no bread.")
        panel.bot.recovers()
        async with browser.post("/do/world", json={"id": "bot-start"}) as answer:
            assert await answer.json() == {"ok": True, "said": "The bot is running again."}
        async with browser.post("/do/world", json={"id": "bot-start"}) as answer:
            assert (await answer.json())["said"] == "The bot is running already."


async def test_other_sites_do_not_reach_the_web_api(panel: Panel) -> None:
    """A foreign Origin gets 403, a foreign name for this address 421, and neither is a call; a bot gets its answer."""
    async with aiohttp.ClientSession(base_url=panel.slack.origin) as browser:
        for headers, status in (
            ({"Origin": "http://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Host": "evil.example"}, 421),
            ({"Host": "["}, 421),
        ):
            for method in ("auth.test", "chat.postMessage"):
                async with browser.post(f"/api/{method}", json={"token": "xoxb-test"}, headers=headers) as answer:
                    assert answer.status == status
        assert panel.slack.calls == []
        async with browser.post("/api/auth.test", data={"token": "xoxb-test"}) as answer:
            assert (await answer.json())["ok"]


async def test_no_file_has_a_zero_in_its_name(panel: Panel) -> None:
    """A part of the page whose name no file can have is not there, as any other that is not."""
    async with aiohttp.ClientSession(base_url=panel.slack.origin) as browser:
        for name in ("a%00b", "%00", "no%00%2f..%2fpage.js"):
            async with browser.get(f"/page/{name}") as answer:
                assert answer.status == 404


async def test_a_device_sends_an_sms(panel: Panel) -> None:
    """A device of one's choice sends what one writes, and says so; nobody there to hear it is said as well."""
    giccid = panel.options()[0]["value"]
    heard: list[dict[str, object]] = []

    async def take(request: web.Request) -> web.Response:
        heard.append(await request.json())
        return web.json_response({})

    application = web.Application()
    application.router.add_post("/{event}", take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    panel.hub.push_url = f"http://127.0.0.1:{runner.addresses[0][1]}"

    said = await panel.play("sms", giccid=giccid, text="DOOR OPEN")
    await runner.cleanup()
    gone = await panel.play("sms", giccid=giccid)

    assert "says “DOOR OPEN”: pushed, the bot answered 200." in said
    assert [(one["giccid"], one["messageText"]) for one in heard] == [(giccid, "DOOR OPEN")]
    assert "cannot be reached" in gone


async def test_devices_answer_or_keep_silent(panel: Panel) -> None:
    """Whether devices answer is switched on and off, and the panel shows which."""
    [switch] = [one for one in panel.story.controls() if one["id"] == "sms-answer"]
    assert (switch["kind"], switch["on"]) == ("toggle", False)

    assert await panel.play("sms-answer") == "Devices answer SMS now."
    assert panel.hub.devices_answer
    assert await panel.play("sms-answer") == "Devices keep silent now."
