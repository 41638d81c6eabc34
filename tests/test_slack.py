"""The seam to Slack: files from disk, people, modals, and each refusal as an error of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import SlackError, StoreError
from bot.simulator import slack as stand_in
from bot.simulator.slack import pings
from bot.slack import Known, Slack
from tests.simulator.slack_world import MODAL, TOKEN, make_slack, running, small_bot

CSV = "ICCID,label\r\n'8949212600000000142,Pump 7\r\n" * 1000


@pytest.fixture
async def theirs() -> AsyncIterator[stand_in.Slack]:
    """The simulator's Slack."""
    async with running(make_slack()) as one:
        yield one


@pytest.fixture
async def ours(theirs: stand_in.Slack) -> AsyncIterator[Slack]:
    """What simops has of it."""
    async with aiohttp.ClientSession() as session:
        yield Slack(AsyncWebClient(token=TOKEN, base_url=theirs.api_url, session=session, retry_handlers=[]))


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    """A file on disk."""
    path = tmp_path / "17.part"
    path.write_text(CSV, "utf-8", newline="")
    return path


async def test_a_file_is_shared_in_a_thread(theirs: stand_in.Slack, ours: Slack, csv: Path):
    """It stands in the thread under its own name, byte by byte as it is on disk, with the comment beside it."""
    card = await ours.post("C0OPS", text="2,000 SIMs")

    await ours.upload("C0OPS", name="sims.csv", title="SIMs", path=csv, comment="All of them.", thread_ts=card.ts)

    [message] = theirs.thread(theirs.messages("C0OPS")[0])
    [file] = message.files
    assert (message.text, file.name, file.title) == ("All of them.", "sims.csv", "SIMs")
    assert file.content == CSV.encode()
    assert theirs.count("files.getUploadURLExternal") == theirs.count("files.completeUploadExternal") == 1


async def test_a_file_is_given_to_a_person(theirs: stand_in.Slack, ours: Slack, csv: Path):
    """Where a person is named it goes to them alone, and its comment pings nobody and links nowhere."""
    await ours.upload("U0BEN", name="sims.csv", title="SIMs", path=csv, comment="<!channel> <https://evil.example|x>")

    [message] = theirs.dm("U0BEN")
    assert [file.name for file in message.files] == ["sims.csv"]
    assert pings(message) == set()
    assert message.text == "&lt;!channel&gt; &lt;https://evil.example|x&gt;"
    assert theirs.messages("C0OPS") == []


async def test_a_file_that_is_not_there(theirs: stand_in.Slack, ours: Slack, tmp_path: Path):
    """A file that cannot be read is said to be so, before Slack hears of it."""
    with pytest.raises(StoreError, match=r"sims.csv cannot be read: No such file"):
        await ours.upload("C0OPS", name="sims.csv", title="SIMs", path=tmp_path / "nothing")

    assert theirs.calls == []


@pytest.mark.parametrize(
    ("channel", "code"), [("C0OUT", "not_in_channel"), ("C0NONE", "channel_not_found"), ("C0OLD", "is_archived")]
)
async def test_a_file_for_where_we_may_not_be(ours: Slack, csv: Path, channel: str, code: str):
    """Slack's own word says why a file cannot be shared there."""
    with pytest.raises(SlackError) as refused:
        await ours.upload(channel, name="sims.csv", title="SIMs", path=csv)

    assert (refused.value.code, refused.value.again) == (code, False)


async def test_a_file_that_slack_does_not_take(theirs: stand_in.Slack, ours: Slack, csv: Path):
    """Refused or cut off on its way, a file may go again later; nothing of it is shared."""
    theirs.refuse("upload", "503")
    with pytest.raises(SlackError, match="did not take the file") as refused:
        await ours.upload("C0OPS", name="sims.csv", title="SIMs", path=csv)
    assert (refused.value.code, refused.value.again) == ("http_503", True)

    theirs.lose_next("upload")
    with pytest.raises(SlackError, match="did not take the file") as lost:
        await ours.upload("C0OPS", name="sims.csv", title="SIMs", path=csv)
    assert lost.value.again

    assert theirs.messages("C0OPS") == []


async def test_what_slack_knows_of_a_person(ours: Slack):
    """The name, the zone, and whether they have an account still; nobody has an id that is made up."""
    assert await ours.person("U0ANNA") == Known("U0ANNA", "anna", "Europe/Berlin", active=True)
    assert (await ours.person("U0DORA")).active is False
    with pytest.raises(SlackError) as refused:
        await ours.person("U0NOBODY")
    assert refused.value.code == "user_not_found"


async def test_modals_are_changed_and_stacked(theirs: stand_in.Slack, ours: Slack):
    """An open modal shows something else, or gets another on top; one that was closed is not found."""
    async with small_bot(theirs) as bot:
        for _ in range(2):
            await theirs.say("/sim", by="U0ANNA", channel="C0OPS")
        first, second = (heard["trigger_id"] for heard in bot.heard)
    await ours.open_modal(trigger=first, view=MODAL)
    opened = theirs.modal("U0ANNA")
    assert opened is not None

    await ours.update_modal(opened["id"], view=MODAL | {"title": {"type": "plain_text", "text": "Changed"}})
    assert theirs.space.surfaces["U0ANNA"].modals[0]["title"]["text"] == "Changed"
    await ours.push_modal(trigger=second, view=MODAL)
    assert len(theirs.space.surfaces["U0ANNA"].modals) == 2

    with pytest.raises(SlackError, match="press the button again"):
        await ours.push_modal(trigger=second, view=MODAL)
    theirs.space.set_modals("U0ANNA", [])
    with pytest.raises(SlackError) as gone:
        await ours.update_modal(opened["id"], view=MODAL)
    assert gone.value.code == "not_found"
