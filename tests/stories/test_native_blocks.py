"""Cards with tables and charts, in workspaces that have them and in those that have not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.flows.outbox import Outbox
from bot.rules.outbox import Card, Note
from bot.simulator import slack as stand_in
from bot.simulator.clock import HeldClock
from bot.slack import Slack
from bot.store import Store
from bot.views.charts import pie, text_bars
from bot.views.parts import Message, header
from bot.views.tables import Column, table, text_table
from tests.simulator.slack_world import START, TOKEN, make_slack, running

COLUMNS = [Column("Pool"), Column("Used", right=True)]


def report(number: int) -> Message:
    """A card with a table and a chart, and the same in plain blocks."""
    rows, shares = [["North", f"{number} GB"]], [("North", float(number), f"{number} GB")]
    title = header(f"Report {number}")
    return Message(
        f"Report {number}: North used {number} GB.",
        (title, table("Pools", COLUMNS, rows), pie("Pools", [("North", number)])),
        plain=(title, text_table(COLUMNS, rows), text_bars(shares)),
    )


@dataclass
class Post:
    """An outbox between a store and a Slack."""

    slack: stand_in.Slack
    store: Store
    outbox: Outbox
    clock: HeldClock

    async def show(self) -> list[str]:
        """The types of the blocks of the card, once it is sent."""
        await self.store.outbox.add([Card("report:7", "C0OPS")], now=self.clock.now())
        await self.clock.advance(2)
        await self.outbox.step()
        [card] = self.slack.messages("C0OPS")
        assert card.text == "Report 7: North used 7 GB."
        return [str(block["type"]) for block in card.blocks]


async def nobody_sees(_user: str, _channel: str) -> bool:
    """Nobody is in any channel."""
    return False


async def nobody_hears(_channel: str, _code: str) -> None:
    """No channel is closed here."""


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    """The whole of it, with nothing on its way."""
    clock = HeldClock(START)
    store = await asyncio.to_thread(Store, tmp_path / "simops.db")
    async with running(make_slack(clock=clock)) as theirs, aiohttp.ClientSession() as session:
        ours = Slack(AsyncWebClient(token=TOKEN, base_url=theirs.api_url, session=session, retry_handlers=[]))
        outbox = Outbox(
            store=store.outbox, slack=ours, sees=nobody_sees, clock=clock, draw={"report": report}, closed=nobody_hears
        )
        yield Post(theirs, store, outbox, clock)
    store.close()


NATIVE = ["header", "data_table", "data_visualization"]
PLAIN = ["header", "rich_text", "rich_text"]


async def test_a_workspace_that_has_them(post: Post):
    """Where Slack knows tables and charts they are shown, and nothing is sent twice."""
    assert await post.show() == NATIVE
    assert post.slack.count("chat.postMessage") == 1


@pytest.mark.parametrize("unknown", [{"data_table"}, {"data_visualization"}, {"data_table", "data_visualization"}])
async def test_a_workspace_that_has_not(post: Post, unknown: set[str]):
    """Where Slack refuses either, the plain blocks are there, posted and redrawn, once each."""
    post.slack.unknown_blocks.update(unknown)

    assert await post.show() == PLAIN
    assert await post.show() == PLAIN
    assert [call.error for call in post.slack.calls if call.method == "chat.update"] == ["invalid_blocks", None]
    assert len(post.slack.messages("C0OPS")) == 1


async def test_a_workspace_that_gets_them(post: Post):
    """As soon as Slack knows them, the next drawing shows them."""
    post.slack.unknown_blocks.add("data_table")
    assert await post.show() == PLAIN

    post.slack.unknown_blocks.clear()
    assert await post.show() == NATIVE


@pytest.mark.parametrize("waited", [2, 3600])
async def test_a_note_has_both(post: Post, waited: int):
    """A message that stands for itself keeps its plain blocks with it, also while Slack is away, and over a restart."""
    post.slack.unknown_blocks.add("data_visualization")
    one = report(7)
    await post.store.outbox.add([Note("C0OPS", one.text, one.blocks, plain=one.plain)], now=post.clock.now())
    assert [head.what for head in post.store.outbox.heads()] == [Note("C0OPS", one.text, one.blocks, plain=one.plain)]
    await post.clock.advance(waited)
    await post.outbox.step()

    [message] = post.slack.messages("C0OPS")
    late = ["rich_text"] if waited > 900 else []
    assert [block["type"] for block in message.blocks] == [*PLAIN, *late]


async def test_a_workspace_that_takes_neither(post: Post):
    """Where the plain blocks are refused too, the text alone says it."""
    post.slack.unknown_blocks.update({"data_table", "rich_text"})

    assert await post.show() == []
    assert post.outbox.trouble is None
