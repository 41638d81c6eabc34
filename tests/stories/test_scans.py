"""The look over all SIMs: gone on with after a restart, one account alone, what is used each day, what is gone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.errors import ProviderDown
from bot.flows.scanning import Beside
from bot.rules.scans import GOES_ON_FOR
from bot.rules.sims import Sim
from bot.store.rows import when
from tests.talk import ALERTS, OPERATOR, OPS, VIEWER, World, plain

# The newest look was cut off behind this page.
CUT_OFF = (
    "UPDATE scans SET page = :page, sims = 0, started_at = :at, ended_at = NULL WHERE id = (SELECT max(id) FROM scans)"
)


def pages(world: World) -> list[str]:
    """The numbers of the pages SmartHub was asked for since."""
    return [call.query["page"] for call in world.hub.asked if call.operation == "listSims" and "page" in call.query]


async def test_it_goes_on_where_it_was(world: World):
    """Cut off in the middle and stopped, the next bot reads the pages that are left, and counts all of them."""
    world.settings["smarthub"] = {"page_size": 10, "concurrency": 1}
    await world.restart()
    look = world.app.flows.alerts.look

    async def until_it_is_gone(sims: Sequence[Sim], beside: Beside, marks: Mapping[str, int]) -> tuple[int, int]:
        if len(pages(world)) > 2:
            raise ProviderDown("it is gone")
        return await look(sims, beside, marks)

    world.app.flows.alerts.look = until_it_is_gone  # type: ignore[method-assign]
    world.hub.asked.clear()
    await world.run("alerts")
    assert world.app.store.scans.last() is None
    await world.restart()
    world.hub.asked.clear()

    await world.run("alerts")

    assert pages(world)[0] == "3"
    done = world.app.store.scans.last()
    assert done is not None
    assert done.sims == world.app.store.sims.size().count == world.hub.world.fleet.count


async def test_the_status_while_it_is_under_way(world: World):
    """While SIMs are looked over, the status says since when, how many were read, and that SmartHub answers; after it,
    what came of it."""
    world.settings["smarthub"] = {"page_size": 10, "concurrency": 1}
    await world.restart()
    look = world.app.flows.alerts.look
    said: list[str] = []

    async def and_somebody_asks(sims: Sequence[Sim], beside: Beside, marks: Mapping[str, int]) -> tuple[int, int]:
        # Not until it has come to rest, which it does after the look.
        delivery = await world.slack.say("/sim status", by=VIEWER, channel=OPS)
        said.append(delivery.reply.text if delivery.reply is not None else "")
        return await look(sims, beside, marks)

    world.app.flows.alerts.look = and_somebody_asks  # type: ignore[method-assign]
    began = f"{world.clock.now():%Y-%m-%d %H:%M} UTC"
    await world.run("alerts")
    asked = (await world.say("/sim status", by=VIEWER)).reply
    after = "" if asked is None else asked.text

    assert "SmartHub  not asked yet" in said[0]
    assert "SmartHub  answers the first check, which is under way" in said[2]
    assert f"Look over all SIMs  begun {began}, 20 SIMs read so far" in said[2]
    assert f"alerts  running since {began}" in said[2]
    assert "Look over all SIMs" not in after
    assert "SmartHub  answered the last check" in after
    assert "40 SIMs; 0 alerts raised" in after


async def test_one_that_is_too_old_begins_anew(world: World):
    """What was cut off too long ago is not gone on with: too much may have moved."""
    world.settings["smarthub"] = {"page_size": 20}
    await world.restart()
    await world.run("alerts")
    for seconds, first in ((0.0, "2"), (GOES_ON_FOR.total_seconds() + 1, "1")):
        started = {"page": 1, "at": when(world.clock.now())}
        await world.app.store.disk.write(lambda db, started=started: db.execute(CUT_OFF, started).rowcount)
        await world.later(seconds=seconds)
        world.hub.asked.clear()
        await world.run("alerts")
        assert pages(world)[0] == first


@pytest.mark.parametrize(
    ("section", "other"),
    [
        ("smarthub", {"page_size": 20, "concurrency": 1}),
        ("alerts", {"rules": [{"name": "Plans", "kind": "plan", "allowed": ["no such plan"]}]}),
    ],
)
async def test_one_that_was_begun_otherwise_begins_anew(world: World, section: str, other: dict[str, object]):
    """Cut off, and gone on with after a start with other rules or larger pages, a look would leave out SIMs and call
    itself whole: it begins anew, and all SIMs are looked at."""
    world.settings["smarthub"] = {"page_size": 10, "concurrency": 1}
    await world.restart()
    await world.run("alerts")
    started = {"page": 2, "at": when(world.clock.now())}
    await world.app.store.disk.write(lambda db: db.execute(CUT_OFF, started).rowcount)
    world.settings[section] = other
    await world.restart()
    world.hub.asked.clear()

    await world.run("alerts")

    assert pages(world)[0] == "1"
    done = world.app.store.scans.last()
    assert done is not None
    assert done.sims == world.hub.world.fleet.count


async def test_pages_are_read_ahead(world: World):
    """Several pages are on their way at once, each is asked for once, and none is left out."""
    world.settings["smarthub"] = {"page_size": 10, "concurrency": 8}
    await world.restart()
    world.hub.asked.clear()

    await world.run("alerts")

    asked = pages(world)
    assert sorted(map(int, asked)) == [1, 2, 3, 4, 5], "the last full page may not be the last"
    assert world.app.store.sims.size().count == world.hub.world.fleet.count


@pytest.mark.parametrize("bad", [1, 3, 4])
async def test_a_page_that_cannot_be_read(world: World, bad: int):
    """The first time the look ends there; the next one passes it over, so that whoever stands behind it is looked at
    and told of. It is not whole, says which page it was, and nobody is gone for it; once it is read all is well."""
    world.settings["smarthub"] = {"page_size": 10, "concurrency": 1}
    await world.restart()
    on_it, behind = 10 * (bad - 1), 10 * bad % 40
    for n in (on_it, behind):
        world.hub.change(n, status="ACTIVATED", accountName=f"account {n}")
        world.hub.grow(n, fraction=0.9)

    async def look(*, broken: bool) -> str:
        if broken:
            world.hub.broken_next(b"<html>Sorry</html>", page=bad)
        await world.later(minutes=15)
        await world.run("alerts")
        return world.app.store.runs.last()["alerts"].said

    def alarmed() -> set[int]:
        return {n for n in (on_it, behind) if any(f"account {n} " in f"{plain(m)} " for m in world.cards(ALERTS))}

    assert "web page" in await look(broken=True)
    for _ in range(3):
        said = await look(broken=True)
        assert f"Page {bad} of SmartHub's list was not to be read and was passed over" in said
        assert "the 30 SIMs on the others were looked at" in said
        assert alarmed() == {behind}
        assert world.app.store.scans.last() is None
    said = await look(broken=False)
    assert said.startswith("40 SIMs; 1 alert raised")
    assert alarmed() == {on_it, behind}
    assert world.hub.count("getSim") == 0


async def test_a_look_that_passed_over_a_page_is_not_whole_after_a_restart(world: World):
    """Cut off behind a page that was passed over, and gone on with by the next bot, it still says which page is
    missing, and does not count as a whole look."""
    world.settings["smarthub"] = {"page_size": 10, "concurrency": 1}
    await world.restart()
    for broken in ([2], [2, 4]):
        for page in broken:
            world.hub.broken_next(b"<html>", page=page)
        await world.run("alerts")
        await world.later(minutes=5)
    await world.restart()
    world.hub.asked.clear()

    await world.run("alerts")

    assert pages(world)[0] == "4"
    assert "Page 2 of SmartHub's list was not to be read" in world.app.store.runs.last()["alerts"].said
    assert world.app.store.scans.last() is None
    await world.run("alerts")
    done = world.app.store.scans.last()
    assert done is not None
    assert (done.sims, done.passed) == (40, ())


async def test_nothing_is_passed_over_while_smarthub_is_away(world: World):
    """A look that fails again and again because nothing can be read goes on where it was, and is whole at last."""
    world.settings["smarthub"] = {"page_size": 10, "concurrency": 1}
    await world.restart()
    world.hub.broken_next(b"<html>", page=3)
    await world.run("alerts")
    world.hub.down = True
    for _ in range(3):
        await world.later(minutes=5)
        await world.run("alerts")
    world.hub.down = False
    await world.later(minutes=5)
    world.hub.asked.clear()

    await world.run("alerts")

    done = world.app.store.scans.last()
    assert done is not None
    assert (done.sims, done.passed, pages(world)[0]) == (40, (), "3")


async def test_one_account_anew(world: World):
    """`refresh ACCOUNT` reads the SIMs of one account and no other; who may not, and an unknown name, are told so."""
    await world.run("alerts")
    account = str(world.hub.sim(0)["accountName"])
    of_it = world.hub.world.sims({"accountName": account}, first=0, size=1)[1]
    world.hub.asked.clear()
    await world.later(minutes=5)

    said = plain((await world.say(f"/sim refresh {account.upper()}", by=OPERATOR)).reply)
    assert f"Read anew: {of_it} SIMs of {account}" in said
    assert {call.query.get("accountName") for call in world.hub.asked if call.operation == "listSims"} == {account}
    assert "Which account?" in plain((await world.say("/sim refresh", by=OPERATOR)).reply)
    assert "Did you mean “lab-trial”?" in plain((await world.say("/sim refresh lab-tr", by=OPERATOR)).reply)
    assert "No account is called “nobody”" in plain((await world.say("/sim refresh nobody", by=OPERATOR)).reply)
    assert "you have to be an operator" in plain((await world.say(f"/sim refresh {account}", by=VIEWER)).reply)


async def test_what_was_used_by_the_end_of_each_day(world: World):
    """Of each day the last look counts, once the next day has begun; days older than the setting go."""
    world.settings["alerts"] = {"keep_usage": "3d"}
    await world.restart()
    sim, start = world.hub.giccid(0), world.clock.now()
    for usage in (100, 250, 700, 900, 950, 990):
        for used in (usage - 10, usage):
            world.hub.grow(sim, to_bytes=used)
            await world.later(hours=1)
            await world.run("alerts")
        await world.later(hours=22)

    past = await world.app.store.scans.past([sim], since=start, now=world.clock.now())
    assert [day.bytes for day in past[sim]] == [200, 50, 40], "of four days three have a day before"


async def test_a_day_that_began_too_early(world: World):
    """A clock that was a day ahead for a moment closes no day before it is over: what is used after that still counts
    to its day, and not to the next one."""
    sim, start = world.hub.giccid(0), world.clock.now()
    for ahead, usage, hours in ((0, 100, 24), (0, 200, 1), (1, 200, 1), (0, 700, 22), (0, 800, 24), (0, 800, 0)):
        world.hub.grow(sim, to_bytes=usage)
        world.bots.by = timedelta(days=ahead)
        await world.run("alerts")
        await world.later(hours=hours)

    past = await world.app.store.scans.past([sim], since=start, now=world.clock.now())
    assert [day.bytes for day in past[sim]] == [600, 100]


async def test_what_cannot_be_judged_is_counted(tmp_path: Path):
    """A quota of nothing or none, a usage below nothing and a cycle that is not a month stop no look: what can be told
    of these SIMs is told, they are counted by what is missing, and the count is seen in the status and the metrics."""
    rules = [
        {"name": "quota", "kind": "quota", "percent": [80]},
        {"name": "runs out", "kind": "run-out", "days": [14]},
        {"name": "jump", "kind": "spike", "times": [5]},
        {"name": "accounts", "kind": "quota", "of": "account", "percent": [80]},
        {"name": "pools", "kind": "run-out", "of": "pool", "days": [3]},
    ]
    world = World(tmp_path)
    world.settings = {"alerts": {"rules": rules}, "smarthub": {"page_size": 10, "concurrency": 1}}
    await world.start()
    try:
        odd: list[dict[str, object]] = [
            {"cycleQuotaBytes": 0}, {"cycleQuotaBytes": None}, {"cycleQuotaBytes": -1}, {"cycleUsageBytes": -5},
            {"cycleUsageBytes": 2**80}, {"cycleName": "2026-13"}, {"cycleName": "Q4"}, {"cycleName": "9999-12"},
            {"cycleUsageBytes": "much", "cycleQuotaBytes": 0},
        ]  # fmt: skip
        usual = {"status": "ACTIVATED", "cycleUsageBytes": 90, "cycleQuotaBytes": 100}
        rows = [{**world.hub.sim(n), **usual, **(odd[n] if n < len(odd) else {})} for n in range(10)]
        page = {"items": rows, "page": 1, "pageSize": 10, "total": 40}
        world.hub.broken_next(json.dumps(page).encode())
        await world.run("alerts")

        said = world.app.store.runs.last()["alerts"][1]
        told = "4 without a quota, 3 without a usage that can be read, 3 with a cycle that is not a month"
        assert said.startswith("40 SIMs; ")
        assert said.endswith(f"; not judged in full: {told}")
        assert told in plain((await world.say("/sim status", by=VIEWER)).reply)
        assert any("80 % of the quota used" in card.words for card in world.cards(ALERTS))
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{world.app.port}/metrics") as response,
        ):
            metrics = await response.text()
        assert 'simops_scan_sims_unjudged{why="quota"} 4.0' in metrics
        assert 'simops_scan_sims_unjudged{why="unreadable"} 0.0' in metrics
    finally:
        await world.stop()


async def test_sims_that_are_gone(world: World):
    """A SIM that two whole looks in a row do not find is told of once; one look says nothing, and one that comes back
    and goes again is told of again."""
    await world.run("alerts")
    gone = world.hub.giccid(3)
    label = world.hub.sim(gone)["custom1"]

    def told() -> list[str]:
        return [plain(m) for m in world.cards(ALERTS) if "not listed by SmartHub any more" in m.words]

    world.hub.vanish(gone)
    for looks in (1, 2, 3):
        await world.later(minutes=15)
        await world.run("alerts")
        assert len(told()) == (looks > 1), looks
    assert "1 SIM is not listed by SmartHub any more. Two whole looks in a row did not find them." in told()[0]
    assert str(label) in told()[0]

    world.hub.world.gone.clear()
    await world.later(minutes=15)
    await world.run("alerts")
    world.hub.vanish(gone)
    for _ in range(3):
        await world.later(minutes=15)
        await world.run("alerts")
    assert len(told()) == 2


async def test_alerts_of_sims_that_are_gone(world: World):
    """With the SIM its alerts go, taken or put off as well, and the cards say why; when it comes back, what holds then
    is news. One look that does not find it leaves them as they are."""
    gone, put_off = world.hub.giccid(3), world.hub.giccid(4)
    for n, sim in enumerate((gone, put_off)):
        world.hub.change(sim, status="ACTIVATED", accountName=f"account {n}")
        world.hub.grow(sim, fraction=0.9)
    await world.run("alerts")
    for n, button in enumerate(("Acknowledge", "Snooze 1 d")):
        await world.press(world.cards(ALERTS)[n], button, by=OPERATOR)
    for sim in (gone, put_off):
        world.hub.vanish(sim)
    for left in (2, 0, 0):
        await world.later(minutes=15)
        await world.run("alerts")
        assert world.app.store.alerts.count_live() == left
    for card in world.cards(ALERTS)[:2]:
        assert "Cleared: SmartHub does not list this SIM any more" in card.words
        assert card.buttons == []
    await world.later(days=2)
    await world.run("snoozes")
    assert world.app.store.alerts.count_live() == 0
    assert "It would find nothing now" in plain((await world.say("/sim alerts test quota", by=VIEWER)).reply)

    world.hub.world.gone.clear()
    await world.run("alerts")
    await world.run("alerts")
    assert [a.finding.giccid for a in world.app.store.alerts.live()] == [put_off, gone]


async def test_a_device_in_a_sim_that_is_gone(tmp_path: Path):
    """One IMEI in two SIMs is over for both when one of them is gone, and is not raised again out of what is known."""
    world = World(tmp_path)
    world.settings = {"alerts": {"rules": [{"name": "devices", "kind": "imei"}]}}
    await world.start()
    try:
        for n in (0, 1):
            world.hub.change(n, status="ACTIVATED", accountName="lab", imei="356938035643809")
        await world.run("alerts")
        world.hub.vanish(0)
        for _ in range(4):
            await world.later(minutes=15)
            await world.run("alerts")

        [card] = [m for m in world.cards(ALERTS) if "one IMEI in several SIMs" in m.words]
        assert "2 over" in card.words
        assert "gone: not listed by SmartHub" in plain(card)
    finally:
        await world.stop()


async def test_who_is_gone_is_looked_for_once(world: World):
    """The whole snapshot is gone through when a SIM is missed that was not told of, and not again at each look after
    that; one that goes later is found all the same."""
    disk, asked = world.app.store.disk, list[str]()
    for reader in [disk._idle_reader() for _ in range(4)]:
        reader.set_trace_callback(asked.append)
        disk._idle.put(reader)

    async def looked_for() -> int:
        asked.clear()
        await world.later(minutes=15)
        await world.run("alerts")
        return sum("FROM sims s JOIN seen" in statement for statement in asked)

    await looked_for()
    world.hub.vanish(world.hub.giccid(3))
    assert [await looked_for() for _ in range(5)] == [0, 1, 0, 0, 0]
    world.hub.vanish(world.hub.giccid(5))
    assert [await looked_for() for _ in range(5)] == [0, 1, 0, 0, 0]
    assert len([m for m in world.cards(ALERTS) if "not listed by SmartHub any more" in m.words]) == 2


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1)])
async def test_a_clock_set_back_makes_no_sim_vanish(world: World, back: timedelta):
    """After the clock was set back nobody is looked for who was seen since, and whoever is gone is told of in time."""
    await world.run("alerts")
    await world.later(minutes=15)
    world.bots.by = -back
    for _ in range(2):
        await world.run("alerts")
        await world.later(minutes=15)
    assert world.hub.count("getSim") == 0

    world.bots.by = timedelta(0)
    gone = world.hub.giccid(3)
    world.hub.vanish(gone)
    for _ in range(3):
        await world.run("alerts")
        await world.later(minutes=15)
    assert len([m for m in world.cards(ALERTS) if "not listed by SmartHub any more" in m.words]) == 1
    assert world.hub.count("getSim", gone) == 1


async def test_what_a_list_leaves_out_is_not_gone(world: World):
    """A SIM that SmartHub's list leaves out, and that can be read, is not told of."""
    await world.run("alerts")
    world.hub.world.unlisted.add(world.hub.giccid(3))
    for _ in range(4):
        await world.later(minutes=15)
        await world.run("alerts")

    assert not [m for m in world.cards(ALERTS) if "not listed by SmartHub" in m.words]
    assert world.app.store.sims.by_giccid(world.hub.giccid(3)) is not None


@pytest.mark.parametrize("sizes", [(1, 3), (7, 1)])
async def test_an_account_alone_says_nothing_of_all(world: World, sizes: tuple[int, int]):
    """Looks over one account do not count as looks over all: nothing is said to be gone by them."""
    await world.run("alerts")
    account = str(world.hub.sim(0)["accountName"])
    world.hub.vanish(1)
    for _ in range(sizes[0]):
        await world.later(minutes=15)
        await world.say(f"/sim refresh {account}", by=OPERATOR)
    assert not [m for m in world.cards(ALERTS) if "not listed" in m.words]
