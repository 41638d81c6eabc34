"""Answers of every kind through the real Bolt to the simulator's Slack: pages, menus, shortcuts, native blocks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.simulator.slack import Message as Shown
from bot.simulator.slack import Slack
from bot.views import forms, parts, tables
from bot.views.parts import Message, answer
from handlers.listening import Body, Listening, id_of
from handlers.slack import Requests, make_bolt
from tests.simulator.slack_world import SECRET, TOKEN, make_slack, running

COLUMNS = [tables.Column("ICCID")]


def page(number: int, *, public: bool = False, again: bool = False) -> Message:
    """A page of hits with a menu and a button."""
    rows = [[f"894921260000000000{number}"]]
    buttons = parts.actions(
        "page", parts.button("Next", action="search.next", id=number + 1), forms.menu("Find a SIM", action="find.sim")
    )
    head = parts.header(f"Page {number}")
    native = (head, tables.table("SIMs", COLUMNS, rows), buttons)
    plain = (head, tables.text_table(COLUMNS, rows), buttons)
    return Message(f"Page {number}.", native, public=public, plain=plain, replace=again)


@dataclass
class Bot:
    """The listeners a page needs, on the wrapper and on Bolt as the real bot has them."""

    slack: Slack
    taken: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)

    def app(self) -> web.Application:
        """All of it, ready to listen."""
        client = AsyncWebClient(base_url=self.slack.api_url, retry_handlers=[])
        bolt = make_bolt(token=TOKEN, signing_secret=SECRET, client=client, me={})
        self.listening = listening = Listening(first_time=self.first_time, tell=self.tell, clock=self.slack.space.clock)
        bolt.command("/sim")(listening.command(self.search))
        bolt.action("search.next")(listening.pressed(self.turn))
        bolt.action("find.sim")(listening.pressed(self.show))
        bolt.options("find.sim")(listening.suggested(self.find))
        bolt.shortcut("simops.find")(listening.shortcut(self.start))
        bolt.shortcut("simops.sims_here")(listening.shortcut(self.start))
        app = web.Application()
        app.add_routes(Requests(bolt).routes())
        return app

    async def first_time(self, key: str) -> bool:
        """Remembers in memory."""
        new = key not in self.taken
        self.taken.add(key)
        return new

    async def tell(self, user: str, message: Message) -> None:
        """The direct way."""
        self.told.append(f"{user}: {message.text}")

    async def search(self, body: Body) -> Message:
        """The first page."""
        return page(1, public=body["text"].endswith("--here"))

    async def turn(self, body: Body) -> Message:
        """The page that the button names, in the place of the one before."""
        return page(id_of(body), again=True)

    async def show(self, body: Body) -> Message:
        """The SIM that was chosen."""
        return answer(f"SIM {id_of(body)}.")

    async def find(self, body: Body) -> Sequence[tuple[str, str]]:
        """Type-ahead."""
        return [(f"SIM {body['value']}", "7")]

    async def start(self, body: Body) -> Message:
        """What a shortcut says."""
        return answer(f"{body['callback_id']} of {body.get('message', {}).get('text', 'nothing')}.")


@asynccontextmanager
async def listening_to(slack: Slack) -> AsyncIterator[Bot]:
    """The bot, by HTTP."""
    bot = Bot(slack)
    runner = web.AppRunner(bot.app(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    try:
        yield bot
    finally:
        await runner.cleanup()


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with running(make_slack()) as one:
        yield one


@pytest.fixture
async def bot(slack: Slack) -> AsyncIterator[Bot]:
    async with listening_to(slack) as one:
        yield one


def anna_sees(slack: Slack, text: str) -> Shown | None:
    """The one message Anna sees, once it says this."""
    seen = slack.seen(by="U0ANNA", channel="C0OPS")
    return seen[0] if len(seen) == 1 and seen[0].text == text else None


def kinds(message: Shown) -> list[str]:
    """The types of its blocks."""
    return [str(block["type"]) for block in message.blocks]


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("here", [True, False])
async def test_pages(slack: Slack, bot: Bot, native: bool, here: bool):
    """A list is shown to the asker or the channel and its pages turn in its place, with native tables or without."""
    slack.unknown_blocks.update(() if native else {"data_table"})
    body = "data_table" if native else "rich_text"

    assert (await slack.say("/sim find" + (" --here" if here else ""), by="U0ANNA", channel="C0OPS")).trouble is None
    first = await slack.until(lambda: anna_sees(slack, "Page 1."))
    assert kinds(first) == ["header", body, "actions"]
    assert first.ephemeral_to == (None if here else "U0ANNA")

    for number in (2, 3):
        card = slack.seen(by="U0ANNA", channel="C0OPS")[0]
        assert (await slack.press(card, "Next", by="U0ANNA")).ok
        turned = await slack.until(lambda wanted=f"Page {number}.": anna_sees(slack, wanted))  # type: ignore[misc]  # mypy cannot infer it
        assert (kinds(turned), turned.ts) == (["header", body, "actions"], first.ts)
        assert turned.ephemeral_to == first.ephemeral_to
    assert bot.told == []


async def test_a_menu_that_searches(slack: Slack, bot: Bot):
    """What is typed into a menu on a page is answered with options, and what is chosen there with the SIM."""
    await slack.say("/sim find", by="U0ANNA", channel="C0OPS")
    card = await slack.until(lambda: anna_sees(slack, "Page 1."))

    assert [o["text"]["text"] for o in await slack.type_ahead(card, "find.sim", "ab", by="U0ANNA")] == ["SIM ab"]
    assert (await slack.choose(card, "find.sim", "7", by="U0ANNA")).ok
    await slack.until(lambda: [m for m in slack.seen(by="U0ANNA", channel="C0OPS") if m.text == "SIM 7."])
    assert anna_sees(slack, "Page 1.") is None


async def test_shortcuts(slack: Slack, bot: Bot):
    """A global one is answered directly; one of a message beside it, for whoever started it."""
    await slack.say("look", by="U0ANNA", channel="C0OPS")

    assert (await slack.global_shortcut("simops.find", by="U0ANNA")).ok
    assert (await slack.message_shortcut("simops.sims_here", slack.messages("C0OPS")[0], by="U0BEN")).ok

    await bot.listening.drain(3)
    assert bot.told == ["U0ANNA: simops.find of nothing."]
    words = "simops.sims_here of look."
    await slack.until(lambda: [m for m in slack.seen(by="U0BEN", channel="C0OPS") if m.text == words])
    assert len(slack.seen(by="U0ANNA", channel="C0OPS")) == 1


async def test_a_page_that_slack_takes_in_no_form(slack: Slack, bot: Bot):
    """When neither form can be shown where it was asked, the page comes by direct message, once."""
    await slack.say("/sim find", by="U0ANNA", channel="C0OPS")
    card = await slack.until(lambda: anna_sees(slack, "Page 1."))
    slack.unknown_blocks.update({"data_table", "rich_text"})

    assert (await slack.press(card, "Next", by="U0ANNA")).ok

    await bot.listening.drain(3)
    assert bot.told == ["U0ANNA: Page 2."]
    assert anna_sees(slack, "Page 1.") is not None


def test_a_page_is_the_same_without_native_blocks():
    """The text, and what can be pressed, are the same in both forms."""
    both = page(1)

    assert both.plain is not None
    assert replace(both, blocks=both.plain).blocks[-1] == both.blocks[-1]
