"""What is kept of one SIM comes back as that SIM's alone, the newest first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.rules.alerts import State as AlertState
from bot.rules.alerts import Verdict
from bot.rules.approvals import State
from bot.rules.events import Push
from bot.rules.sims import Sim, Status
from bot.store import Store
from tests.asked import GICCID, NOW, asked
from tests.store.asking import add, swap
from tests.views.test_alerts import EXPIRY, QUOTA

OTHER = "8949212600000000019"


async def test_the_requests_of_a_sim(store: Store):
    """Every request for a SIM in whatever state is there, the newest first; the open one is found alone."""
    first = await add(store, asked())
    await add(store, asked(giccid=OTHER))
    ended = replace(first, state=State.LAPSED, version=2, ended_at=NOW)
    assert await swap(store, first, ended, deed=None)
    assert store.approvals.open_of_sim(GICCID) is None
    second = await add(store, asked())

    assert store.approvals.of_sim(GICCID) == (second, ended)
    assert store.approvals.of_sim(GICCID, limit=1) == (second,)
    assert store.approvals.open_of_sim(GICCID) == second
    assert store.approvals.of_sim("1") == ()


async def test_the_notifications_of_a_sim(store: Store):
    """Notifications come back under every spelling of the number that is asked for, and those of others do not."""
    for n, giccid in enumerate((GICCID, GICCID[:-1], OTHER)):
        push = Push("no-session", f"id:{n}", b"{}", giccid=giccid)
        await store.events.receive(push, window=timedelta(hours=1), now=NOW)

    assert [event.id for event in store.events.of_sim([GICCID, GICCID[:-1]])] == [2, 1]
    assert [event.id for event in store.events.of_sim([GICCID])] == [1]
    assert [event.id for event in store.events.of_sim([GICCID, GICCID[:-1]], limit=1)] == [2]


async def test_the_alerts_of_a_sim(store: Store):
    """Every alert of a SIM is there, the newest first; those that are over or taken over are no live ones."""
    sim = Sim(GICCID, Status.ACTIVE, "ACTIVATED")

    async def look(announce=(), change=()) -> None:
        verdict = Verdict(tuple(announce), tuple(change))
        await store.alerts.look_over([(sim, "Pump 7")], lambda _, __: verdict, now=NOW)

    await look([QUOTA, replace(QUOTA, threshold=95), EXPIRY, replace(QUOTA, giccid=OTHER)])
    over = replace(store.alerts.get(1), state=AlertState.WORSENED, version=2, at=NOW)
    await look(change=[over])

    assert [alert.id for alert in store.alerts.of_sim(GICCID)] == [3, 2, 1]
    assert [alert.id for alert in store.alerts.of_sim(GICCID, limit=2)] == [3, 2]
    assert [alert.id for alert in store.alerts.live_of_sim(GICCID)] == [3, 2]
