"""What people do with lists of SIMs in stories: opening the form, filling it, sharing a file, reading the report."""

from __future__ import annotations

import csv
import io

from bot.rules.sheets import read_cell
from bot.simulator.hub.knobs import CHANGES
from bot.simulator.slack import Delivery, File, Message
from bot.views.bulk import CHOOSE
from tests.talk import APPROVALS, OPERATOR, OPS, World, plain


async def choose(world: World, operation: str, *, by: str = OPERATOR) -> None:
    """Chooses the change in the form that is open; it shows the fields of that change then."""
    await world.through(world.slack.choose(None, CHOOSE, operation, by=by))
    modal = world.slack.modal(by)
    assert modal is not None
    assert modal["callback_id"] == f"bulk.{operation}"


async def send(world: World, operation: str, *, by: str = OPERATOR, **values: str | list[str]) -> Delivery:
    """Types /sim bulk, chooses the change and sends the form with these fields."""
    assert (await world.say("/sim bulk", by=by)).ok
    await choose(world, operation, by=by)
    return await world.through(world.slack.submit(by=by, values=values))


async def share(world: World, name: str, content: bytes, *, by: str = OPERATOR, claimed: int | None = None) -> File:
    """Shares a file in the channel where people talk to the bot."""
    return await world.through(world.slack.share(name=name, content=content, by=by, channel=OPS, claimed=claimed))


def said(world: World, by: str = OPERATOR) -> Message:
    """The newest message of the bot that is no file, in this person's conversation with it."""
    return [m for m in world.slack.dm(by) if m.bot and not m.files][-1]


def report(world: World, by: str = OPERATOR) -> str:
    """The same on one line."""
    return plain(said(world, by))


def sheet(world: World, by: str = OPERATOR) -> list[dict[str, str]]:
    """The newest file with every line and its verdict, row by row."""
    file = [f for m in world.slack.dm(by) for f in m.files if f.name.startswith("report-")][-1]
    rows = csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline=""))
    return [{key: read_cell(value) for key, value in row.items()} for row in rows]


def verdicts(world: World, by: str = OPERATOR) -> list[tuple[str, str]]:
    """Line and verdict of each row of that file."""
    return [(row["line"], row["verdict"]) for row in sheet(world, by)]


def nothing_started(world: World) -> bool:
    """Whether SmartHub was asked for no change, and nobody was asked for an approval."""
    return not CHANGES.intersection(call.operation for call in world.hub.asked) and world.cards(APPROVALS) == []
