"""A fleet of a million SIMs: any page, any filter and any number cost what is on the page, whatever the fleet holds."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from bot.simulator.fleet import REPEATS_AFTER, Fleet
from bot.simulator.hub.accounts import ADDED_UP, Accounts
from bot.simulator.hub.world import World

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
MILLION = 1_000_000
FILTERS = (
    {"status": "ACTIVATED"},
    {"status": "RETIRED", "accountName": "lab-trial"},
    {"servicePackage": "pool-5g-eu"},
    {"accountName": "深圳智联账户", "status": "INVENTORY", "servicePackage": "物联网年包-1G"},
)


class Counted(Fleet):
    """A fleet that counts how often each of its SIMs is made up, in whole or in part."""

    def __init__(self, count: int) -> None:
        super().__init__(count, lambda: START)
        self.made: Counter[str] = Counter()

    def sim(self, n: int) -> dict[str, object]:
        """As a fleet does."""
        self.made["sims"] += 1
        return super().sim(n)

    def giccid(self, n: int) -> str:
        """As a fleet does."""
        self.made["numbers"] += 1
        return super().giccid(n)

    def status(self, n: int) -> str:
        """As a fleet does."""
        self.made["states"] += 1
        return super().status(n)


def world(count: int = MILLION) -> tuple[World, Counter[str]]:
    """A world with that many SIMs, and what it counts."""
    fleet = Counted(count)
    return World(fleet, lambda: START), fleet.made


def searched(world: World, filters: dict[str, str]) -> list[int]:
    """Every SIM that fits, by looking at each."""
    fleet, found = world.fleet, []
    for n in range(fleet.count):
        made = {"status": fleet.status(n), "accountName": fleet.account(n).name, "servicePackage": fleet.plan(n).name}
        sim = made | world.overrides.get(fleet.giccid(n), {})
        if all(sim[key] == wanted for key, wanted in filters.items()):
            found.append(n)
    return found


@pytest.mark.parametrize("page", [0, 1, 1999])
def test_a_page_of_a_million_costs_a_page(page: int):
    """Of all SIMs, the first page and the last one make up 500 SIMs and not one more."""
    there, made = world()
    rows, total = there.sims({}, first=page * 500, size=500)

    assert (len(rows), total) == (500, MILLION)
    assert made["sims"] == 500
    assert max(made.values()) <= 4 * 500


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_a_page_of_those_that_fit_costs_a_page(filters: dict[str, str]):
    """By status, account and plan, the first page, a deep one and the last one make up what is on them; the kinds of
    SIMs are looked through once, and there is a fixed number of them."""
    there, made = world()
    _, total = there.sims(filters, first=0, size=1)
    assert made["states"] <= 2 * REPEATS_AFTER
    made.clear()
    for first in (0, total // 2, total - 100):
        rows, again = there.sims(filters, first=first, size=100)
        assert (len(rows), again) == (100, total)
        assert all(row[key] == wanted for row in rows for key, wanted in filters.items())

    assert made["sims"] == 300
    assert max(made.values()) <= 4 * 300
    assert there.sims(filters, first=total, size=100) == ([], total)


@pytest.mark.parametrize("key", ["iccid", "imsi", "msisdn", "imei"])
@pytest.mark.parametrize("n", [0, 4242, MILLION - 1])
def test_one_of_a_million_by_its_number(key: str, n: int):
    """By a number of its own a SIM is found without a search, and a number that is nobody's just as fast."""
    there, made = world()
    sim = there.fleet.sim(n)
    if sim[key] is None:
        pytest.skip("it never had a device")
    made.clear()

    assert there.sims({key: str(sim[key])}, first=0, size=100) == ([sim], 1)
    for wrong in ("9" * 15, "0", "1" * 200, "x", "١" * 15):
        assert there.sims({key: wrong}, first=0, size=100) == ([], 0)
    assert made["sims"] <= 10
    assert max(made.values()) <= 40


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_it_is_what_a_search_would_find(filters: dict[str, str]):
    """However the pages are cut, together they are what looking at each SIM finds, also after SIMs have changed to
    what is looked for, away from it, there and back, and in what is not looked for."""
    there, _ = world(REPEATS_AFTER + 500)
    fitting = searched(there, filters)
    others = sorted({*range(0, there.fleet.count, 1999)} - {*fitting})
    for n in (*fitting[:2], *fitting[-2:]):
        there.change(there.fleet.giccid(n), dict.fromkeys(filters, "another"))
    for n in others:
        there.change(there.fleet.giccid(n), dict(filters))
    there.change(there.fleet.giccid(fitting[1]), dict(filters))
    there.change(there.fleet.giccid(fitting[5]), {"custom1": "moved"})
    expected = [there.fleet.giccid(n) for n in searched(there, filters)]
    cut = [(first, 19) for first in range(0, 95, 19)] + [
        (len(expected) - 7, 19),
        (len(expected) // 2, 300),
        (10**12, 9),
    ]

    assert others
    assert len(expected) == len(fitting) - 3 + len(others)
    for first, size in cut:
        rows, total = there.sims(filters, first=first, size=size)
        assert [row["giccid"] for row in rows] == expected[first : first + size]
        assert total == len(expected)


def test_a_number_that_was_changed_is_found():
    """A SIM that got another device is found by the new one and no longer by the old one."""
    there, _ = world()
    old = str(there.fleet.sim(7)["imei"])
    there.change(there.fleet.giccid(7), {"imei": "990000862471854"})

    assert [row["giccid"] for row in there.sims({"imei": "990000862471854"}, first=0, size=9)[0]] == [
        there.fleet.giccid(7)
    ]
    assert there.sims({"imei": old}, first=0, size=9) == ([], 0)


def test_an_account_of_a_million_is_not_added_up():
    """Accounts, pools and countries of a million SIMs look at a fixed number of them, and count all."""
    there, made = world()
    accounts = Accounts(there)
    members = accounts.enterprise()["accounts"]
    pools, countries = accounts.pools("acme"), accounts.countries(None)

    assert sum(member["simCount"] for member in members) == MILLION
    assert [pool["simCount"] for pool in pools] == [there.sims({"accountName": "acme", "servicePackage": "pool-5g-eu"},
                                                             first=0, size=1)[1]]  # fmt: skip
    assert pools[0]["usedBytes"] < pools[0]["totalBytes"]
    assert MILLION * 0.6 < sum(country["simCount"] for country in countries) <= MILLION
    assert made["sims"] <= 2 * ADDED_UP + 1


def test_an_empty_fleet_has_an_empty_page():
    """No SIM at all is no error, with a filter or without."""
    there, _ = world(0)

    assert there.sims({}, first=0, size=10) == ([], 0)
    assert there.sims({"status": "ACTIVATED"}, first=0, size=10) == ([], 0)
    assert Accounts(there).countries(None) == []
