"""Bulk jobs in the world: made as an approved request makes them, carried on as time passes."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from bot.errors import NotPossible
from bot.flows.jobs import Entry, Jobs, Seams, Wish
from bot.rules.jobs import Job, Outcome, Stage
from bot.rules.orders import Order
from bot.rules.sims import Operation
from bot.simulator.slack import Delivery
from bot.simulator.slack import Message as SlackMessage
from bot.smarthub.contract import ENDPOINTS
from bot.store.job_sims import JobSims
from bot.views.parts import Message, answer
from tests.talk import APPROVALS, OPERATOR, World

SUSPEND, ACTIVATE = Order(Operation.SUSPEND), Order(Operation.ACTIVATE)
OURS = {"ACTIVATED": "active", "DEACTIVATED": "suspended", "INVENTORY": "inventory", "TEST_READY": "test",
        "ACTIVATION_READY": "ready", "RETIRED": "retired"}  # fmt: skip


class Work:
    """The jobs of a world. `lists` are what the requests were approved for, `ended` and `wished` what came back."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lists: dict[int, Sequence[tuple[str, str, str | None, str | None]]] = {}
        self.ended: list[tuple[int, Outcome]] = []
        self.wished: list[Wish] = []
        self.listen()

    def listen(self) -> None:
        """Stands where the requests stand, also for the next bot."""
        self.flow.seams = Seams(sims_of=self.sims_of, on_end=self.on_end, ask_again=self.ask_again)

    @property
    def flow(self) -> Jobs:
        """The jobs of the bot that runs now."""
        return self.world.app.flows.jobs

    @property
    def rows(self) -> JobSims:
        """Their SIMs."""
        return self.world.app.store.job_sims

    # --- what the requests do ---

    def sims_of(self, job: Job) -> Sequence[tuple[str, str, str | None, str | None]]:
        """The list of a request once more."""
        if job.request not in self.lists:
            raise NotPossible("The list is gone.")
        return self.lists[job.request]

    async def on_end(self, job: Job, outcome: Outcome) -> None:
        """Hears the end of a job."""
        self.ended.append((job.request, outcome))

    async def ask_again(self, wish: Wish) -> Message:
        """Hears what somebody wants a new request for."""
        self.wished.append(wish)
        return answer(f"Asked for {wish.count} SIMs.")

    # --- what happens ---

    def sims(self, status: str | None = "ACTIVATED", most: int = 1000) -> list[tuple[str, str, str, str]]:
        """SIMs that have this status at SmartHub, in the order of a list's digest."""
        found, _ = self.world.hub.world.sims({} if status is None else {"status": status}, first=0, size=most)
        rows = ((str(r["giccid"]), str(r["custom1"]), OURS[str(r["status"])], str(r["servicePackage"])) for r in found)
        return sorted(rows)

    async def start(
        self, order: Order, sims: Sequence[tuple[str, str, str | None, str | None]], *, number: int = 1,
        by: str = OPERATOR, canary: int = 0, stop_at_percent: int = 100, count: int | None = None,
    ) -> None:  # fmt: skip
        """Makes the job of an approved request, which is carried on as far as it goes at once."""
        self.lists[number] = sims
        await self.world.through(
            self.flow.start(
                number, order, len(sims) if count is None else count, by, iter(sims), canary=canary,
                stop_at_percent=stop_at_percent,
            )
        )  # fmt: skip

    async def press(self, button: str, *, by: str = OPERATOR, number: int = 1) -> Delivery:
        """Presses a button on the card that `job N` shows, as somebody does who is not in the channel of the card."""
        said = await self.world.say(f"/sim job {number}", by=by)
        assert said.reply is not None
        return await self.world.press(said.reply, button, by=by)

    async def go_on(self, **length: float) -> None:
        """Time passes, and what has come due is done."""
        await self.world.later(**length)
        await self.world.run("jobs")

    async def finish(self, number: int = 1, *, minutes: float = 60) -> Job:
        """The job when nothing happens to it any more, with as much time as that takes."""
        for _ in range(int(minutes * 6)):
            if not self.job(number).open and not self.world.app.store.jobs.to_file():
                return self.job(number)
            await self.go_on(seconds=10)
        raise AssertionError(f"Job {number} does not end: {self.card(number)}")

    # --- what is seen ---

    def job(self, number: int = 1) -> Job:
        """The job as it is stored."""
        return self.world.app.store.jobs.get(number)

    def message(self, number: int = 1) -> SlackMessage:
        """Its card."""
        return next(m for m in self.world.cards(APPROVALS) if f"Job #{number}:" in m.words)

    def card(self, number: int = 1) -> str:
        """What is read on its card."""
        return self.world.now(self.message(number))

    def at(self, *stages: Stage, number: int = 1) -> int:
        """How many of its SIMs stand there."""
        return self.job(number).at(*stages)

    def found(self, number: int = 1) -> dict[str, tuple[str, str | None, str | None]]:
        """The stage, the code and the reason of each SIM, by its number."""
        rows = self.world.app.store.disk.reader.execute(
            "SELECT giccid, stage, code, why FROM job_sims WHERE job = ? ORDER BY n", (number,)
        )
        return {row["giccid"]: (row["stage"], row["code"], row["why"]) for row in rows}

    def statuses(self, sims: Sequence[tuple[str, ...]]) -> set[str]:
        """The states these SIMs have at SmartHub."""
        return {str(self.world.hub.sim(sim[0])["status"]) for sim in sims}

    def batches(self) -> list[list[str]]:
        """The SIMs of each batch SmartHub was given."""
        jobs = self.world.hub.world.jobs.values()
        return [[str(item["giccid"]) for item in job["items"]] for job in jobs]  # type: ignore[attr-defined]

    def most_often(self) -> int:
        """How often the SIM that SmartHub was given most often was given to it, in batches and calls of its own."""
        given: dict[str, int] = {}
        for batch in self.batches():
            for giccid in batch:
                given[giccid] = given.get(giccid, 0) + 1
        for call in ("updateSimCustomFields", "changeApnStatus", "subscribeSupplementaryPackage"):
            for giccid in map(self.world.hub.giccid, range(self.world.hub.world.fleet.count)):
                given[giccid] = given.get(giccid, 0) + self.world.hub.count(call, giccid)
        return max(given.values(), default=0)

    def sheet(self, number: int = 1) -> list[dict[str, str]]:
        """The results as they were sent."""
        file = next(f for f in self.world.slack.space.files.values() if f.name == f"job-{number}.csv")
        return list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))

    def edits(self, number: int = 1) -> list[float]:
        """The seconds between two drawings of its card that Slack took."""
        ts = self.message(number).ts
        at = [c.at for c in self.world.slack.calls if c.method == "chat.update" and c.args.get("ts") == ts]
        return [(b - a).total_seconds() for a, b in pairwise(at)]


@asynccontextmanager
async def at_work(folder: Path, *, sims: int = 40, **settings: Any) -> AsyncIterator[Work]:
    """A world whose snapshot is filled, with batches of five SIMs, two at once, unless [bulk] says otherwise. The
    addresses of all changes are confirmed."""
    world = World(folder, sims=sims)
    world.settings["bulk"] = {"batch_size": 5, "at_once": 2, **settings}
    changes = {endpoint.name: {"confirmed": True} for endpoint in ENDPOINTS if endpoint.changes}
    world.settings["smarthub"] = {"operations": changes}
    await world.start()
    try:
        await world.run("alerts")
        world.hub.asked.clear()
        yield Work(world)
    finally:
        await world.stop()


def sound(work: Work, number: int = 1) -> None:
    """Whatever happened: the counts are those of the rows, and the audit log is whole."""
    counted = work.world.app.store.disk.reader.execute(
        "SELECT stage, count(*) AS count FROM job_sims WHERE job = ? GROUP BY stage", (number,)
    )
    rows = {Stage(row["stage"]): row["count"] for row in counted}
    assert {stage: count for stage, count in work.job(number).counts.items() if count} == rows
    assert work.world.app.store.audit.verify() is None


__all__ = ["ACTIVATE", "SUSPEND", "Entry", "Work", "at_work", "sound"]
