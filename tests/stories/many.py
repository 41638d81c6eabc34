"""Requests for lists in stories: asked for as people do, approved, and carried out until nothing happens any more."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from bot.rules.approvals import State
from bot.rules.sheets import read_cell
from bot.simulator.slack import Message
from tests.stories.listing import said, send
from tests.talk import APPROVALS, APPROVER, OPERATOR, World


async def asked(
    world: World, operation: str, sims: Sequence[str], *, by: str = OPERATOR, typed: str | None = None, **values: str
) -> Message:
    """The card of a request for these SIMs, from the form to the approvals channel."""
    assert (await send(world, operation, ids="\n".join(sims), by=by, **values)).ok
    await world.press(said(world, by), "Ask for approval…", by=by)
    form = {} if typed is None else {"count": typed}
    sent = await world.submit(form, by=by)
    assert sent.errors is None, sent.errors
    return next(card for card in reversed(world.cards(APPROVALS)) if "Job #" not in card.words)


async def approve(world: World, card: Message, *, by: str = APPROVER) -> None:
    """Somebody says yes, and the jobs go as far as they go at once."""
    await world.press(card, "Approve", by=by)
    await world.run("jobs")


async def finish(world: World, number: int = 1, *, minutes: int = 60) -> None:
    """Time passes until the request is over or waits its time, and its jobs have told what came of them."""
    for _ in range(minutes * 6):
        state = world.request(number).state
        if state is not State.RUNNING and not world.app.store.jobs.to_file() and not world.app.store.jobs.to_tell():
            return
        await world.later(seconds=10)
        await world.run("jobs")
    jobs = world.app.store.jobs.of_request(number)
    raise AssertionError(f"Request {number} does not end: {world.request(number).outcome}, {jobs}")


def sheet(world: World, name: str) -> list[dict[str, str]]:
    """The newest file of this name that was sent anywhere, row by row."""
    file = [f for f in world.slack.space.files.values() if f.name == name][-1]
    rows = csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline=""))
    return [{key: read_cell(value) for key, value in row.items()} for row in rows]
