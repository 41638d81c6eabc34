"""The journal: a Slack that was killed comes back as it was."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from bot.errors import StoreError
from bot.simulator.slack import Slack
from tests.simulator.slack_world import button, client_of, make_slack, plain, running, text


async def fill(slack: Slack) -> str:
    """Something of everything; gives back a response_url."""
    client = client_of(slack)
    card = [text("Suspend?"), {"type": "actions", "elements": [button("Approve", "approve")]}]
    posted = await client.chat_postMessage(channel="C0OPS", text="card", blocks=card)
    await client.chat_postMessage(channel="C0OPS", text="answer", thread_ts=posted["ts"])
    await client.chat_postEphemeral(channel="C0OPS", user="U0ANNA", text="psst")
    await client.chat_postMessage(channel="U0BEN", text="for Ben")
    await client.files_upload_v2(channel="C0ALL", filename="a.csv", content="1,2")
    await client.views_publish(user_id="U0ANNA", view={"type": "home", "blocks": [text("Home")]})
    await client.reactions_add(channel="C0OPS", timestamp=posted["ts"], name="eyes")
    await slack.invite("C0OUT")
    return slack.answers.new_url(channel="C0OPS", user="U0ANNA").removeprefix(slack.origin)


async def test_everything_comes_back(tmp_path: Path) -> None:
    """Messages, ephemeral ones, threads, files, Home tabs, memberships and response_urls survive a kill."""
    journal = tmp_path / "slack.json"
    async with running(make_slack(journal=journal)) as first:
        address = await fill(first)
        await asyncio.sleep(0)
        # Killed here: what is on disk at this moment is all there is.
        kept = journal.read_text()
    journal.write_text(kept)

    async with running(make_slack(journal=journal)) as second:
        for channel in ("C0OPS", "C0ALL"):
            assert second.messages(channel) == first.messages(channel) != []
            assert second.seen(by="U0ANNA", channel=channel) == first.seen(by="U0ANNA", channel=channel)
        assert second.dm("U0BEN") == first.dm("U0BEN") != []
        assert second.home("U0ANNA") == first.home("U0ANNA") is not None
        assert second.messages("C0ALL")[0].files[0].content == b"1,2"
        assert b"1,2" not in journal.read_bytes()
        assert second.channels["C0OUT"].bot_in

        said = {"text": "still good"}
        async with aiohttp.ClientSession() as session, session.post(second.origin + address, json=said) as answer:
            assert answer.status == 200
        newest = second.seen(by="U0ANNA", channel="C0OPS")[-1]
        assert newest.text == "still good"
        assert float(newest.ts) > max(float(m.ts) for m in first.messages("C0OPS"))


async def test_changes_of_one_turn_are_written_once_and_whole(tmp_path: Path) -> None:
    """However much changes in one turn of the loop, one whole file is written after it."""
    journal = tmp_path / "deep" / "slack.json"
    async with running(make_slack(journal=journal)) as slack:
        for n in range(100):
            slack.space.post(channel="C0OPS", user="U0ANNA", text=str(n))
        assert not journal.exists()

        await asyncio.sleep(0)

        assert len(json.loads(journal.read_text())["messages"]) == 100
        assert [p.name for p in journal.parent.iterdir()] == ["slack.json"]


async def test_a_write_that_breaks_off_leaves_the_old_journal(tmp_path: Path) -> None:
    """When a write ends in the middle, what was written before is still whole."""
    journal = tmp_path / "slack.json"
    async with running(make_slack(journal=journal)) as slack:
        slack.space.post(channel="C0OPS", user="U0ANNA", text="kept")
        await asyncio.sleep(0)
        assert slack.journal is not None

        slack.space.surfaces["U0ANNA"].home = {"blocks": object()}  # cannot be written as JSON
        with pytest.raises(TypeError):
            slack.journal.save()
        assert json.loads(journal.read_text())["messages"][0]["text"] == "kept"

        slack.space.surfaces["U0ANNA"].home = None


@pytest.mark.parametrize("spoilt", ["", "{", "[]", '{"version": 2}', '{"version": 2, "messages": 7}', "\ud7ff\x00"])
async def test_a_spoilt_journal_is_said_and_kept(tmp_path: Path, spoilt: str) -> None:
    """What cannot be read is named with the way out, and is not written over by the Slack that could not start."""
    journal = tmp_path / "slack.json"
    journal.write_text(spoilt, "utf-8")
    slack = make_slack(journal=journal)

    with pytest.raises(StoreError, match=r"slack\.json cannot be read: .*--fresh"):
        await slack.start()
    await slack.stop()

    assert journal.read_text("utf-8") == spoilt


async def test_a_journal_of_another_version_is_left_alone(tmp_path: Path) -> None:
    """What another version wrote is not misread; the workspace begins empty."""
    journal = tmp_path / "slack.json"
    journal.write_text(json.dumps({"version": 0, "messages": [plain("x")]}))

    async with running(make_slack(journal=journal)) as slack:
        assert slack.messages("C0OPS") == []
