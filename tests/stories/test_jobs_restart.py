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
from tests.stories.processes import Town
from tests.talk import APPROVALS, OPERATOR

SUSPEND = Order(Operation.SUSPEND)
SET = Order(Operation.SET, custom=((3, "north"),))


class Works(Town):
    """A town in which a bulk job is under way when the bot starts: batches of four, one at once."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        # SmartHub's time stands still while the process lives: a batch is done when it comes.
        self.hub.world.job_starts_after_s, self.hub.world.job_takes_s = -1.0, 0.01
        self.settings["bulk"] = {"batch_size": 4, "at_once": 1, "card_every": "2s"}
        rows = self.hub.world.sims({"status": "ACTIVATED"}, first=0, size=100)[0]
        self.sims = sorted(str(row["giccid"]) for row in rows)

    async def make(self, order: Order, *, question: str = "", answer: str = "") -> None:
        """Writes a job down as an approved request does, and starts the bot, which is kept from one thing."""
        store, now = Store(self.folder / "simops.db"), WallClock().now()
        try:
            job = rule.new(1, order, by=OPERATOR, count=len(self.sims), canary=0, stop_at_percent=100, now=now)
            await store.jobs.begin(job, deed=Deed(SYSTEM, "started", "job:1"))
            await store.jobs.fill(1, [Entry(g, f"SIM {g}", "active", "iot-100") for g in self.sims], first=1)
            made = store.jobs.get(1)
            deed = Deed(SYSTEM, "ready", "job:1")
            assert await store.jobs.swap(made, rule.fill(made, now=now), deed=deed, messages=(), now=now)
        finally:
            store.close()
        self.relay.keep(question=question, answer=answer)
        await self.live()
        await self.relay.kept()

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
        """What is read on the card when the bot that comes after the dead one has carried the job to its end."""
        await self.die()
        for _ in range(100):
            await self.later(seconds=10)
            await self.run("jobs")
            if not self.app.store.jobs.get(1).open and not self.app.store.jobs.to_file():
                break
        await self.later(seconds=10)
        return self.now(self.job_cards()[0])

    def job_cards(self) -> list[Message]:
        """The cards of jobs in the channel."""
        return [m for m in self.cards(APPROVALS) if "Job #1" in m.words]

    def happened(self, what: str) -> int:
        """How often the audit log tells of this."""
        return [action for _, action in self.deeds()].count(what)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Works]:
    """A real process of the bot with a job, and a bot with the time held after its death."""
    made = Works(tmp_path)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def test_killed_before_smarthub_heard(town: Works):
    """Killed between the claim of a batch and the call: it is never sent, its SIMs end as not done, the others go."""
    await town.make(SUSPEND, question="batchJobs/global-sims/deactivate")

    card = await town.ended()

    assert "4 failed" in card
    assert f"{len(town.sims) - 4} confirmed" in card
    assert sorted(giccid for batch in town.batches for giccid in batch) == town.sims[4:]
    assert {town.hub.sim(giccid)["status"] for giccid in town.sims[:4]} == {"ACTIVATED"}
    assert town.happened("lost") == 1


async def test_killed_before_the_answer_came(town: Works):
    """Killed while SmartHub's answer to a batch is on its way: it is found done by reading, and never sent again."""
    await town.make(SUSPEND, answer="batchJobs/global-sims/deactivate")

    card = await town.ended()

    assert f"{len(town.sims)} confirmed" in card
    assert town.sent_twice() == []
    assert town.happened("lost") == 1


async def test_killed_while_it_asks(town: Works):
    """Killed while it asks what became of a batch: the next bot asks for the same batch, by SmartHub's id for it."""
    await town.make(SUSPEND, answer="GET /v1/batchJobs/")

    card = await town.ended()

    assert f"{len(town.sims)} confirmed" in card
    assert town.sent_twice() == []
    assert town.happened("lost") == 0


async def test_killed_while_it_reads(town: Works):
    """Killed while the SIMs are read again: they are read again by the next bot, and nothing else is done."""
    await town.make(SUSPEND, answer="GET /v1/global-sims")

    card = await town.ended()

    assert f"{len(town.sims)} confirmed" in card
    assert town.sent_twice() == []


@pytest.mark.parametrize("order", [SUSPEND, SET], ids=["batches", "calls"])
async def test_killed_again_and_again(town: Works, order: Order):
    """Killed after each thing it sends: whatever it was doing, each SIM is sent at most once, and the card is one."""
    change = "POST /v1/batchJobs/" if order is SUSPEND else "PUT /v1/global-sims/"
    await town.make(order, answer=change)
    for _ in range(2):
        await town.kill()
        town.relay.keep(answer=change)
        await town.live()
        await town.relay.kept()
    card = await town.ended()

    assert f"{len(town.sims)} confirmed" in card
    assert town.sent_twice() == []
    assert all(town.hub.count("updateSimCustomFields", giccid) <= 1 for giccid in town.sims)
    assert len(town.job_cards()) == 1
    assert town.happened("ended") == 1
