"""kill -9 in the middle of a bulk job: nothing is sent twice, nothing is lost, and the card ends up true."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import WallClock
from bot.rules import jobs as rule
from bot.rules.audit import SYSTEM, Deed
from bot.rules.orders import Order
from bot.rules.sims import Operation
from bot.simulator.slack import Message
from bot.store import Store
from tests.stories.jobs import Entry
from tests.stories.processes import WITHIN_S, Town
from tests.talk import APPROVALS, OPERATOR

SUSPEND = Order(Operation.SUSPEND)
SET = Order(Operation.SET, custom=((3, "north"),))


class Works(Town):
    """A town in which a bulk job is under way when the bot starts: batches of four, one at once."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.hub.world.job_starts_after_s, self.hub.world.job_takes_s = 0.1, 0.01
        rows = self.hub.world.sims({"status": "ACTIVATED"}, first=0, size=100)[0]
        self.sims = sorted(str(row["giccid"]) for row in rows)

    async def make(self, order: Order, *, keeps_question: str = "", keeps_answer: str = "") -> None:
        """Writes a job down as an approved request does, and starts everybody; the relay keeps back what it is told."""
        self.keeps = (keeps_question, keeps_answer)
        store, now = Store(self.store), WallClock().now()
        try:
            job = rule.new(
                1, order, by=OPERATOR, count=len(self.sims), canary=0, stop_at_percent=100, now=now
            )  # fmt: skip
            await store.jobs.begin(job, deed=Deed(SYSTEM, "started", "job:1"))
            await store.jobs.fill(1, [Entry(g, f"SIM {g}", "active", "iot-100") for g in self.sims], first=1)
            made = store.jobs.get(1)
            deed = Deed(SYSTEM, "ready", "job:1")
            assert await store.jobs.swap(made, rule.fill(made, now=now), deed=deed, messages=(), now=now)
        finally:
            store.close()
        await self.start()

    def _table(self) -> dict[str, dict[str, object]]:
        self.relay.keeps_question, self.relay.keeps_answer = self.keeps  # before the bot is there
        return super()._table() | {"bulk": {"batch_size": 4, "at_once": 1, "card_every": "2s"}}

    @property
    def batches(self) -> list[list[str]]:
        """The SIMs of each batch SmartHub has stored."""
        jobs = self.hub.world.jobs.values()
        return [[str(item["giccid"]) for item in job["items"]] for job in jobs]  # type: ignore[attr-defined]

    def sent_twice(self) -> list[str]:
        """SIMs that SmartHub was given more than once."""
        every = [giccid for batch in self.batches for giccid in batch]
        return [giccid for giccid in set(every) if every.count(giccid) > 1]

    async def ended(self) -> str:
        """What is read on the card of the job when it has ended."""

        def look() -> str | None:
            words = [" ".join(m.words.split()) for m in self.cards() if "Job #1" in m.words]
            return next((said for said in words if "Ended" in said), None)

        return await self.slack.until(look, within=3 * WITHIN_S)

    def job_cards(self) -> list[Message]:
        """The cards of jobs in the channel."""
        return [m for m in self.slack.messages(APPROVALS) if m.bot and "Job #1" in m.words and m.thread_ts is None]


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Works]:
    """A real process of the bot with a job, between a Slack and a SmartHub, by the clock on the wall."""
    made = Works(tmp_path)
    try:
        yield made
    finally:
        await made.stop()


async def test_killed_before_smarthub_heard(town: Works):
    """Killed between the claim of a batch and the call: it is never sent, its SIMs end as not done, the others go."""
    await town.make(SUSPEND, keeps_question="batchJobs/global-sims/deactivate")
    await town.kept()

    await town.kill()
    town.relay.heal()
    await town.bot.start()
    card = await town.ended()

    assert "4 failed" in card
    assert f"{len(town.sims) - 4} confirmed" in card
    assert sorted(giccid for batch in town.batches for giccid in batch) == town.sims[4:]
    assert {town.hub.sim(giccid)["status"] for giccid in town.sims[:4]} == {"ACTIVATED"}
    assert town.deeds().count("lost") == 1


async def test_killed_before_the_answer_came(town: Works):
    """Killed while SmartHub's answer to a batch is on its way: it is found done by reading, and never sent again."""
    await town.make(SUSPEND, keeps_answer="batchJobs/global-sims/deactivate")
    await town.kept()

    await town.kill()
    town.relay.heal()
    await town.bot.start()
    card = await town.ended()

    assert f"{len(town.sims)} confirmed" in card
    assert town.sent_twice() == []
    assert town.deeds().count("lost") == 1


async def test_killed_while_it_asks(town: Works):
    """Killed while it asks what became of a batch: the next bot asks for the same batch, by SmartHub's id for it."""
    await town.make(SUSPEND, keeps_answer="GET /v1/batchJobs/")
    await town.kept()

    await town.kill()
    town.relay.heal()
    await town.bot.start()
    card = await town.ended()

    assert f"{len(town.sims)} confirmed" in card
    assert town.sent_twice() == []
    assert "lost" not in town.deeds()


async def test_killed_while_it_reads(town: Works):
    """Killed while the SIMs are read again: they are read again by the next bot, and nothing else is done."""
    await town.make(SUSPEND, keeps_answer="GET /v1/global-sims")
    await town.kept()

    await town.kill()
    town.relay.heal()
    await town.bot.start()
    card = await town.ended()

    assert f"{len(town.sims)} confirmed" in card
    assert town.sent_twice() == []


@pytest.mark.parametrize("order", [SUSPEND, SET], ids=["batches", "calls"])
async def test_killed_again_and_again(town: Works, order: Order):
    """Killed after each thing it sends: whatever it was doing, each SIM is sent at most once, and the card is one."""
    change = "POST /v1/batchJobs/" if order is SUSPEND else "PUT /v1/global-sims/"
    await town.make(order, keeps_answer=change)
    for _ in range(2):
        await town.kept()
        await town.kill()
        town.relay.heal()
        town.relay.keeps_answer = change
        await town.bot.start()
    await town.kept()
    await town.kill()
    town.relay.heal()
    await town.bot.start()
    card = await town.ended()

    assert f"{len(town.sims)} confirmed" in card
    assert town.sent_twice() == []
    assert all(town.hub.count("updateSimCustomFields", giccid) <= 1 for giccid in town.sims)
    assert len(town.job_cards()) == 1
    assert town.deeds().count("ended") == 1
