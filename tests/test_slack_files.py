"""Files from Slack to disk: whole or not at all, no larger than they may be, and the token goes to Slack alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import BadInput, SlackError, StoreError
from bot.simulator import slack as stand_in
from bot.slack import File, Slack
from tests.simulator.slack_world import TOKEN, make_slack, running

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
async def theirs() -> AsyncIterator[stand_in.Slack]:
    """The simulator's Slack."""
    async with running(make_slack()) as one:
        yield one


@asynccontextmanager
async def slack_at(address: str) -> AsyncIterator[Slack]:
    """What simops has of a Slack at this address."""
    async with aiohttp.ClientSession() as session:
        yield Slack(AsyncWebClient(token=TOKEN, base_url=address, session=session, retry_handlers=[]))


@pytest.fixture
async def ours(theirs: stand_in.Slack) -> AsyncIterator[Slack]:
    """What simops has of the simulator's Slack."""
    async with slack_at(theirs.api_url) as one:
        yield one


async def shared(theirs: stand_in.Slack, ours: Slack, *, claimed: int | None = None) -> File:
    """A file that somebody shared, as Slack tells of it."""
    kept = await theirs.share(name="list.csv", content=CONTENT, by="U0ANNA", channel="C0OPS", claimed=claimed)
    return await ours.file(kept.id)


async def test_a_file_comes_whole(theirs: stand_in.Slack, ours: Slack, tmp_path: Path):
    """Byte by byte as it was shared, with its name and size told before."""
    file = await shared(theirs, ours)

    await ours.download(file, tmp_path / "list", most_bytes=len(CONTENT))

    assert (file.name, file.size) == ("list.csv", len(CONTENT))
    assert (tmp_path / "list").read_bytes() == CONTENT


async def test_a_file_that_is_too_large(theirs: stand_in.Slack, ours: Slack, tmp_path: Path):
    """One that says so is not fetched at all; one that does not is given up as soon as it is."""
    large = await shared(theirs, ours, claimed=200 << 20)
    with pytest.raises(BadInput, match="may have 1 MB, and this file has 200 MB"):
        await ours.download(large, tmp_path / "list", most_bytes=1 << 20)
    assert theirs.fetched == []

    sly = await shared(theirs, ours, claimed=0)
    with pytest.raises(BadInput, match="this file has more than that"):
        await ours.download(sly, tmp_path / "list", most_bytes=1000)


async def test_a_file_that_is_cut_off(theirs: stand_in.Slack, ours: Slack, tmp_path: Path):
    """One that ends before its end is an error, after which one may try again."""
    file = await shared(theirs, ours, claimed=len(CONTENT) + 1)

    with pytest.raises(SlackError, match="did not come whole") as caught:
        await ours.download(file, tmp_path / "list", most_bytes=1 << 20)
    assert caught.value.again


async def test_slack_gives_no_file(theirs: stand_in.Slack, ours: Slack, tmp_path: Path):
    """Slack's page for signing in is no file, and neither is an error; each is said in words."""
    file = await shared(theirs, ours)
    theirs.scopes = frozenset(theirs.scopes - {"files:read"})
    with pytest.raises(SlackError, match="lacks the scope files:read"):
        await ours.download(file, tmp_path / "list", most_bytes=1 << 20)

    theirs.scopes = frozenset({*theirs.scopes, "files:read"})
    theirs.down = True
    with pytest.raises(SlackError, match=r"did not give the file \(HTTP 503\)") as caught:
        await ours.download(file, tmp_path / "list", most_bytes=1 << 20)
    assert caught.value.again
    assert not (tmp_path / "list").exists()


async def test_a_disk_that_takes_nothing(theirs: stand_in.Slack, ours: Slack, tmp_path: Path):
    """What cannot be written is an error of the store."""
    file = await shared(theirs, ours)

    with pytest.raises(StoreError, match="could not be written here"):
        await ours.download(file, tmp_path / "nowhere" / "list", most_bytes=1 << 20)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/list.csv",
        "https://slack.com.evil.example/list.csv",
        "https://evilslack.com/list.csv",
        "http://files.slack.com/list.csv",
        "https://files.slack.com:444/list.csv",
        "https://files.slack.com@evil.example/list.csv",
        "file:///etc/passwd",
        "//files.slack.com/list.csv",
        "",
    ],
)
async def test_the_token_goes_nowhere_else(theirs: stand_in.Slack, ours: Slack, tmp_path: Path, url: str):
    """A file that is kept elsewhere than by Slack is not fetched."""
    file = replace(await shared(theirs, ours), url=url)

    with pytest.raises(SlackError, match="not kept by Slack") as caught:
        await ours.download(file, tmp_path / "list", most_bytes=1 << 20)
    assert caught.value.code == "elsewhere"


async def test_a_redirect_is_not_followed(tmp_path: Path):
    """An address of Slack's that leads away gets the token, and where it leads gets nothing."""
    asked: list[str] = []

    async def away(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=302, headers={"Location": f"http://localhost:{request.url.port}/elsewhere"})

    app = web.Application()
    app.add_routes([web.get("/{any:.*}", away)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with slack_at(f"{origin}/api/") as ours:
            with pytest.raises(SlackError, match="HTTP 302"):
                await ours.download(
                    File("F1", "list.csv", 1, "text/csv", f"{origin}/list"), tmp_path / "list", most_bytes=9
                )
    finally:
        await runner.cleanup()
    assert asked == ["/list"]


async def test_slack_is_not_there(tmp_path: Path):
    """A Slack that cannot be reached is said to be that."""
    file = File("F1", "list.csv", 1, "text/csv", "http://127.0.0.1:9/list")
    async with slack_at("http://127.0.0.1:9/api/") as ours:
        with pytest.raises(SlackError, match="cannot be reached") as caught:
            await ours.download(file, tmp_path / "list", most_bytes=9)
    assert caught.value.again


async def test_a_whisper(theirs: stand_in.Slack, ours: Slack):
    """It is seen by one person of the channel, and refused for who is not in it."""
    blocks = [{"type": "section", "text": {"type": "plain_text", "text": "psst"}}]
    await ours.whisper("C0OPS", "U0ANNA", text="psst", blocks=blocks)

    assert [m.words for m in theirs.seen(by="U0ANNA", channel="C0OPS")] == ["psst"]
    assert theirs.seen(by="U0BEN", channel="C0OPS") == []
    with pytest.raises(SlackError, match="user_not_in_channel"):
        await ours.whisper("C0OPS", "U0CLEO", text="psst", blocks=blocks)
