"""Looking at the enterprise: accounts, pools, plans and traffic by country, as SmartHub tells of them now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.simulator.slack import pings
from tests.talk import STRANGER, VIEWER, World

PREPAID = "深圳智联账户"


async def read(world: World, text: str, *, by: str = VIEWER) -> str:
    """What somebody reads after typing this, on one line; it came in time, to them alone."""
    said = await world.say(text, by=by)
    assert said.ok
    assert said.took < 3
    return " ".join(world.heard(by).split())


def rows(world: World, user: str = VIEWER) -> list[list[str]]:
    """The rows of the table this person was shown last, without its head."""
    [table] = [b for b in newest(world, user) if b["type"] == "data_table"]
    return [[cell["text"] for cell in row] for row in table["rows"][1:]]


def newest(world: World, user: str = VIEWER) -> Sequence[dict]:
    """The blocks this person alone was shown last."""
    return [m for m in world.slack.seen(by=user, channel="C0OPS") if m.ephemeral_to == user][-1].blocks


def listing(*names: str) -> bytes:
    """What SmartHub's enterprise looks like with these accounts."""
    accounts = [{"name": name, "chargeType": "CHARGE", "status": "ENABLED", "simCount": 5} for name in names]
    return json.dumps({"name": "Example Devices", "accounts": accounts}).encode()


async def test_the_enterprise_at_a_glance(world: World):
    """Without a name every account is shown with charge type, status, what renewal means, and its SIMs."""
    said = await read(world, "/sim account")

    assert "Enterprise Example Devices" in said
    assert "4 accounts with 40 SIMs" in said
    shown = {row[0]: row for row in rows(world)}
    assert shown["acme"][1:4] == ["postpaid", "enabled", "–"]
    assert shown[PREPAID][1:4] == ["prepaid", "enabled", "no, the SIM is switched off"]
    assert shown["nordwind-logistics"][3] == "yes, by itself"
    assert world.hub.count("getEnterprise") == 1
    assert world.hub.count("getAccount") == 4


async def test_one_account(world: World):
    """An account called by name, in any script and with blanks around it, is shown with its plans."""
    said = await read(world, f"/sim account   {PREPAID} ")

    assert f"Account {PREPAID}" in said
    assert "a SIM is switched off when its package ends (DISABLE_CARD)" in said
    assert "物联网年包-1G" in said
    assert "2026-11" in said


async def test_an_account_there_is_not(world: World):
    """A name that SmartHub has not leads to the ones that look like it, or to all that there are."""
    assert "SmartHub has no account “ACNE”. Did you mean “acme”?" in await read(world, "/sim account ACNE")
    assert "Did you mean “acme”?" in await read(world, "/sim pool acmee")
    assert "Did you mean “nordwind-logistics”?" in await read(world, "/sim plans nordwind")
    said = await read(world, "/sim countries account:zzzzzz")
    assert "SmartHub has no account “zzzzzz”. There are “acme”, “nordwind-logistics”" in said


async def test_a_hostile_account(world: World):
    """Whatever is typed as a name is read back as text."""
    await read(world, "/sim account <!channel> `rm` <@U0ADMIN>")

    shown = [m for m in world.slack.seen(by=VIEWER, channel="C0OPS") if m.ephemeral_to == VIEWER][-1]
    assert "‹!channel›" in shown.words
    assert pings(shown) == set()


async def test_names_that_cannot_be_asked_for(world: World):
    """An account called `account`, or with dots and slashes, never leads to the address of something else."""
    for name in ("account", "..", "sims"):
        said = await read(world, f"/sim pool {name}")
        assert "SmartHub" in said
        assert "acme-eu" not in said
    assert world.hub.count("listSims") == 0


async def test_the_pools_of_an_account(world: World):
    """A pool is shown with what is used of how much, its share, its SIMs and the cycle, and drawn."""
    said = await read(world, "/sim pool acme")

    [row] = rows(world)
    assert row[0] == "acme-eu"
    assert row[-3] == "2026-11"
    assert row[-5].endswith(" %")
    assert row[-1].startswith(("lasts to the end", "runs out about"))
    assert f"1 pool, {row[2]} of {row[3]} used, {row[-5]}" in said
    assert "data_visualization" in {b["type"] for b in newest(world)}


async def test_all_pools(world: World):
    """Without a name the pools of every account are asked for; accounts without one are no trouble."""
    said = await read(world, "/sim pool")

    assert "Data pools of all accounts" in said
    assert [row[:2] for row in rows(world)] == [["acme-eu", "acme"]]
    assert world.hub.count("listSharePools") == 4


async def test_an_account_without_pools(world: World):
    """No pool is an answer too."""
    assert "there are none" in await read(world, "/sim pool lab-trial")


async def test_one_account_fails(world: World):
    """An account that cannot be read is named with the reason, and the others are shown."""
    for verb in ("account", "pool"):
        world.hub.broken_next(listing("acme", "closed last year", "account"))

        said = await read(world, f"/sim {verb}")

        assert "Not read: closed last year. SmartHub has no account closed last year." in said
        assert "acme" in {cell for row in rows(world) for cell in row}
    assert "Not read: account. SmartHub's address for an account called “account” belongs to something else" in said


async def test_more_accounts_than_are_asked_for(world: World):
    """Of very many accounts the first hundred are asked, and that the others were not is said."""
    # SmartHub cannot be asked for an account of that name, so these cost no request.
    world.hub.broken_next(listing("acme", *["account"] * 150))

    said = await read(world, "/sim pool")

    assert said.count("Not read: account.") == 10
    assert "89 more accounts could not be read" in said
    assert "The 51 smallest accounts were not asked" in said
    assert [row[0] for row in rows(world)] == ["acme-eu"]


async def test_no_accounts_at_all(world: World):
    """A key that may see no account is told so."""
    world.hub.broken_next(listing())
    assert "no accounts that this API key may see" in await read(world, "/sim account")
    world.hub.broken_next(listing())
    assert "there are none" in await read(world, "/sim pool")


async def test_the_plans_of_an_account(world: World):
    """Plans are shown with size, validity and price, the basic ones first."""
    await read(world, "/sim plans nordwind-logistics")

    shown = rows(world)
    assert shown[0][:4] == ["iot-1g", "basic", "prepaid", "1.0 GB"]
    assert shown[-1] == ["addon-500", "add-on", "prepaid", "500.0 MB", "–", "30 days", "5.00 EUR"]


async def test_plans_need_an_account(world: World):
    """Without an account the answer says what to type."""
    assert "The name of an account is missing here" in await read(world, "/sim plans")
    assert world.hub.asked == []


async def test_traffic_by_country(world: World):
    """Countries are shown by name, with traffic, share and SIMs, the most traffic first, and drawn as a pie."""
    said = await read(world, "/sim countries")

    assert "Traffic by country in this billing cycle, all accounts" in said
    assert "Germany (DE)" in {row[0] for row in rows(world)}
    [chart] = [b for b in newest(world) if b["type"] == "data_visualization"]
    values = [part["value"] for part in chart["chart"]["segments"][:-1]]
    assert values == sorted(values, reverse=True)
    assert chart["title"] == "Traffic by country, GB"
    used = sum(int(world.hub.sim(n)["cycleUsageBytes"] or 0) for n in range(40))
    assert sum(part["value"] for part in chart["chart"]["segments"]) == pytest.approx(used / 10**9, abs=0.01)
    assert "The time zone of a billing cycle is not documented; simops takes it for UTC." in said


async def test_to_the_byte(world: World):
    """With --exact the bytes stand behind each amount of pools, plans and countries."""
    pools = await read(world, "/sim pool acme --exact")
    plans = await read(world, "/sim plans acme --exact")
    countries = await read(world, "/sim countries --exact")

    assert "35.0 GB (35,000,000,000 bytes)" in pools
    assert "100.0 MB (100,000,000 bytes)" in plans
    used = sum(int(world.hub.sim(n)["cycleUsageBytes"] or 0) for n in range(40))
    assert f"({used:,} bytes)" in countries


async def test_a_cycle_and_an_account(world: World):
    """A month and an account narrow it down, in either order."""
    assert "in 2026-10, acme" in await read(world, "/sim countries 2026-10 account:acme")
    assert f"in 2026-10, {PREPAID}" in await read(world, f"/sim countries account:{PREPAID} 2026-10")


async def test_a_month_that_is_none(world: World):
    """A month written in another way is answered with how to write it, and SmartHub is not asked."""
    for wrong in ("2026-13", "november", "11/2026"):
        said = await read(world, f"/sim countries {wrong}")
        assert f"“{wrong}” is not a billing cycle: write it as YYYY-MM, like 2026-11" in said
    assert world.hub.asked == []


async def test_where_slack_has_no_tables(world: World):
    """Where Slack refuses tables and charts the same figures come in characters."""
    world.slack.unknown_blocks.update({"data_table", "data_visualization"})

    said = await read(world, "/sim pool acme")

    assert "acme-eu" in said
    assert "░" in said or "█" in said
    assert {b["type"] for b in newest(world)} <= {"header", "rich_text"}


async def test_smarthub_is_down(world: World):
    """When SmartHub does not work, each question says so in words."""
    world.hub.down = True

    for text in ("account", "account acme", "pool", "pool acme", "plans acme", "countries"):
        assert "SmartHub is not " in await read(world, f"/sim {text}")


async def test_smarthub_refuses(world: World):
    """A key that may not do this, and a SmartHub that is busy, are told apart."""
    world.hub.forbid()
    assert "this API key may not do this" in await read(world, "/sim account")
    world.hub.busy()
    assert "SmartHub is busy and asks to wait 2 seconds" in await read(world, "/sim countries")


async def test_addresses_that_are_others(tmp_path: Path):
    """Where SmartHub has nothing at an address (404), no account that it lists is called unknown."""
    world = World(tmp_path)
    pools, account = {"path": "/{accountName}/elsewhere"}, {"path": "/nowhere/{name}", "confirmed": True}
    world.settings["smarthub"] = {"operations": {"listSharePools": pools, "getAccount": account}}
    await world.start()
    try:
        for text in ("pool acme", "pool"):
            assert "[smarthub.operations.listSharePools] path in config.toml" in await read(world, f"/sim {text}")
        assert "And yet SmartHub lists this account" in await read(world, "/sim account acme")
    finally:
        await world.stop()


async def test_a_stranger_sees_nothing(world: World):
    """Who stands in no list sees no account, and SmartHub is not asked."""
    for text in ("account", "pool acme", "plans acme", "countries"):
        assert "You are in no list of roles" in await read(world, f"/sim {text}", by=STRANGER)
    assert world.hub.asked == []
