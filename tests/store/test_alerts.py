"""A look over the SIMs is stored whole or not at all, and raises the same fact once however often it is made."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import NotFound
from bot.rules.alert_rules import judge, usual
from bot.rules.alerts import Alert, State, Telling, Verdict, acknowledge, compare, snooze
from bot.rules.audit import Deed
from bot.rules.outbox import Card, Note
from bot.rules.people import Person, Role
from bot.rules.sims import Sim, Status
from bot.store import Store

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
LIMITS = usual(quota_percent=(80, 100), expiry_days=(7, 1))
TELLINGS = (Telling("quota", "C1"), Telling("expiry", "C1"))
OPERATOR = Person("U1", Role.OPERATOR)
DEED = Deed("U1", "acknowledged", "alert:1")


def sim(n: int, percent: int, **fields: object) -> tuple[Sim, str]:
    """A SIM that used so much, with its label."""
    made = Sim(f"{n:019}", Status.ACTIVE, "ACTIVATED", cycle="2026-11", usage_bytes=percent, quota_bytes=100)
    return replace(made, **fields), f"Pump {n}"  # type: ignore[arg-type] - each test names fields as they are


def rule(sim: Sim, live: Sequence[Alert]) -> Verdict:
    """The rule as it is used."""
    return compare(live, judge(sim, LIMITS, label=f"Pump {int(sim.giccid)}", now=NOW), now=NOW)


async def look(store: Store, *sims: tuple[Sim, str]) -> tuple[int, int]:
    """One look over these SIMs."""
    counts = await store.alerts.look_over(sims, rule, now=NOW)
    await store.alerts.announce(TELLINGS, now=NOW)
    return counts


def cards(store: Store) -> int:
    """How many redraws wait."""
    return store.outbox.depth()


async def test_a_look_raises_and_clears(store: Store):
    """The counts, the alerts and the cards of a look are what the rule said."""
    assert await look(store, sim(1, 80), sim(2, 10), sim(3, 100)) == (2, 0)
    assert [(a.finding.label, a.finding.threshold) for a in store.alerts.live()] == [("Pump 3", 100), ("Pump 1", 80)]
    assert [head.what for head in store.outbox.heads()] == [Card("alerts:1", "C1")]
    assert store.alerts.announcement(1).size == 2

    assert await look(store, sim(1, 0), sim(2, 80), sim(3, 90)) == (2, 2)
    assert [(a.finding.label, a.finding.threshold) for a in store.alerts.live()] == [("Pump 3", 80), ("Pump 2", 80)]


async def test_an_alert_comes_back_as_it_was_found(store: Store):
    """Every field of a finding survives the disk, for a quota and for an expiry."""
    until = NOW + timedelta(days=3, microseconds=5)
    seen = sim(1, 2**62, quota_bytes=2**62, account="xxxxx账户", plan="iot", plan_expires_at=until)
    await look(store, seen)
    found = judge(seen[0], LIMITS, label="Pump 1", now=NOW)

    assert {store.alerts.get(1).finding, store.alerts.get(2).finding} == set(found)
    assert store.alerts.get(1).raised_at == NOW
    assert (store.alerts.get(1).state, store.alerts.get(1).version) == (State.OPEN, 1)


async def test_the_same_look_again_changes_nothing(store: Store):
    """A check that is run again, also after a restart, announces nothing and draws nothing."""
    sims = [sim(n, 75 + n) for n in range(30)]
    assert await look(store, *sims) == (25, 0)
    before = cards(store)

    assert await look(store, *sims) == (0, 0)
    assert cards(store) == before


async def test_two_looks_at_once_announce_once(store: Store):
    """Two checks side by side raise each fact once between them."""
    sims = [sim(n, 80) for n in range(30)]
    results = await asyncio.gather(*(look(store, *sims) for _ in range(6)))

    assert sum(raised for raised, _ in results) == 30
    assert len(store.alerts.live()) == 30
    assert cards(store) == 1


async def test_a_sim_listed_twice_is_announced_once(store: Store):
    """A page that repeats a SIM does not repeat its alert."""
    assert await look(store, sim(1, 80), sim(1, 80)) == (1, 0)


async def test_a_look_that_breaks_leaves_nothing(store: Store):
    """When one SIM of a page cannot be looked at, nothing of the page stands: neither snapshot, alert nor card."""

    def breaks(seen: Sim, live: Sequence[Alert]) -> Verdict:
        if seen.giccid.endswith("2"):
            raise ValueError("odd")
        return rule(seen, live)

    with pytest.raises(ValueError, match="odd"):
        await store.alerts.look_over([sim(1, 80), sim(2, 80)], breaks, now=NOW)

    assert store.alerts.live() == ()
    assert cards(store) == 0
    assert store.disk.reader.execute("SELECT count(*) FROM sims").fetchone()[0] == 0
    assert await look(store, sim(1, 80), sim(2, 80)) == (2, 0)


async def test_the_snapshot_is_the_last_look(store: Store):
    """Of each SIM the newest look is kept; a state we do not know is kept in SmartHub's word."""
    await look(store, sim(1, 10), sim(2, 10))
    await look(store, sim(1, 20, status=None, status_word="PAUSED", plan_expires_at=NOW))
    rows = store.disk.reader.execute("SELECT id FROM sims ORDER BY giccid").fetchall()

    first, second = (store.sims.get(row["id"]).sim for row in rows)

    assert first == sim(1, 20, status=None, status_word="PAUSED", plan_expires_at=NOW)[0]
    assert second == sim(2, 10)[0]


async def test_worse_and_better_on_disk(store: Store):
    """What got worse is out of the live list while the graver one holds, and back in it, unannounced, when it eases."""
    await look(store, sim(1, 80))
    assert await look(store, sim(1, 100)) == (1, 0)
    assert [(a.id, a.state) for a in store.alerts.live()] == [(2, State.OPEN)]
    assert store.alerts.get(1).state is State.WORSENED

    assert await look(store, sim(1, 80)) == (0, 1)
    assert [(a.id, a.state) for a in store.alerts.live()] == [(1, State.OPEN)]
    assert store.alerts.get(2).state is State.CLEARED


async def test_of_many_who_act_at_once_one_does(store: Store):
    """Of fifty who acknowledge or snooze at once one wins, with one audit line and its messages."""
    await look(store, sim(1, 80))
    alert = store.alerts.get(1)
    before = cards(store)
    results = await asyncio.gather(
        *(
            store.alerts.swap(
                alert,
                acknowledge(alert, by=Person(f"U{n}", Role.ADMIN), now=NOW)
                if n % 2
                else snooze(alert, by=Person(f"U{n}", Role.ADMIN), until=NOW, now=NOW),
                deed=replace(DEED, actor=f"U{n}"),
                messages=[Note("C1", f"U{n}")],
                now=NOW,
            )
            for n in range(50)
        )
    )

    assert results.count(True) == 1
    winner = f"U{results.index(True)}"
    assert store.alerts.get(1).by == winner
    assert [line.deed.actor for line in store.audit.lines()] == [winner]
    assert cards(store) == before + 1


async def test_a_click_against_a_look(store: Store):
    """When a look overtakes an alert in the moment somebody acknowledges it, the click loses and writes nothing."""
    await look(store, sim(1, 80))
    alert = store.alerts.get(1)
    await look(store, sim(1, 100))
    taken = acknowledge(alert, by=OPERATOR, now=NOW)

    assert not await store.alerts.swap(alert, taken, deed=DEED, messages=[Note("C1", "x")], now=NOW)
    assert store.alerts.get(1).state is State.WORSENED
    assert list(store.audit.lines()) == []


async def test_snoozes_that_are_over(store: Store):
    """A snooze is over in the moment it was set to, and only snoozed alerts wake."""
    await look(store, sim(1, 80), sim(2, 80), sim(3, 80))
    for number, hours in ((1, 1), (2, 2)):
        alert = store.alerts.get(number)
        later = snooze(alert, by=OPERATOR, until=NOW + timedelta(hours=hours), now=NOW)
        assert await store.alerts.swap(alert, later, deed=DEED, messages=[], now=NOW)
    third = store.alerts.get(3)
    await store.alerts.swap(third, acknowledge(third, by=OPERATOR, now=NOW), deed=DEED, messages=[], now=NOW)

    assert store.alerts.snoozed_until(NOW + timedelta(minutes=59)) == ()
    assert [a.id for a in store.alerts.snoozed_until(NOW + timedelta(hours=1))] == [1]
    assert [a.id for a in store.alerts.snoozed_until(NOW + timedelta(days=9))] == [1, 2]
    assert store.alerts.get(1).until == NOW + timedelta(hours=1)
    assert [a.id for a in store.alerts.live()] == [3, 2, 1]
    assert [a.id for a in store.alerts.live(limit=2)] == [3, 2]


def test_an_alert_that_is_not_there(store: Store):
    """A number nobody was given is told in words."""
    with pytest.raises(NotFound, match="There is no alert 9 here"):
        store.alerts.get(9)
