"""`simops replay`: what never reached Slack is listed, and sent again, also beside a running bot."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.rules.outbox import Note
from tests.stories.jobs import SUSPEND
from tests.stories.test_outbox import POST, put, said
from tests.talk import ALERTS, APPROVER, ENVIRON, OPERATOR, OPS, World

CONFIG = """
[slack]
approvals_channel = "C1"
alerts_channel = "C0ALERTS"
[smarthub]
base_url = "https://example.smh.smarthing.com/v1"
[roles]
admins = ["U0ADMIN"]
[store]
path = "STORE"
"""


async def replay(world: World, *words: str) -> Result:
    """What `simops replay …` prints and how it ends, beside the running bot."""
    path = world.folder / "config.toml"
    path.write_text(CONFIG.replace("STORE", str(world.folder / "simops.db")), "utf-8")
    environ = dict(ENVIRON) | {"SIMOPS_CONFIG": str(path)}
    return await asyncio.to_thread(CliRunner().invoke, main, ("replay", *words), env=environ, prog_name="simops")


async def poisoned(world: World) -> None:
    """A message that Slack refused in every form."""
    world.slack.refuse(POST, "invalid_blocks", times=2)
    await put(world, Note(OPS, "poison"))
    await world.quiet()


async def test_what_was_set_aside_is_sent_again(world: World):
    """What Slack refused is listed with its reason; let go again, the running bot sends it at its next look."""
    await poisoned(world)
    listed = await replay(world, "list")
    assert "failed" in listed.output
    assert "poison" in listed.output
    assert "1 messages are not in Slack" in listed.output

    sent = await replay(world, "send", "--id", "1")
    await world.run("pushes")

    assert "1 messages wait again" in sent.output
    assert said(world) == ["poison"]
    assert "0 messages are not in Slack" in (await replay(world, "list")).output


@pytest.mark.parametrize(
    ("words", "freed"),
    [
        (("--channel", OPS), 1),
        (("--channel", ALERTS), 0),
        (("--since", "2026-11-22"), 1),
        (("--until", "2026-11-22"), 0),
        (("--id", "99"), 0),
    ],
)
async def test_which_are_sent_again(world: World, words: tuple[str, ...], freed: int):
    """By number, channel or time: those that fit, and no others."""
    await poisoned(world)

    sent = await replay(world, "send", *words)

    assert f"{freed} messages wait again" in sent.output
    await world.run("pushes")
    await world.quiet()


@pytest.mark.parametrize("words", [("--event", "1"), ("--shown", "--since", "2026-11-22", "--channel", ALERTS)])
async def test_a_card_is_posted_anew(world: World, words: tuple[str, ...]):
    """The card of a notification, by its number or its time, is posted once more, and edited there from then on."""
    await world.push("no-session")

    sent = await replay(world, "send", *words)
    await world.run("pushes")
    await world.push("no-session")

    assert "1 cards will be posted anew" in sent.output
    assert len(world.cards(ALERTS)) == 2
    assert "2 times since" in world.cards(ALERTS)[1].words


# --- what had no card of its own ---


async def muted(world: World) -> None:
    """A notification that planned work holds."""
    await world.say("/sim mute no-session 2h", by=OPERATOR)
    await world.push("no-session", 3)


async def of_a_request(world: World) -> None:
    """A notification of what a request has done."""
    giccid = world.hub.pick(nth=3)
    card = await world.ask("suspend", giccid)
    await world.press(card, "Approve", by=APPROVER)
    await world.push("sim-status-change", giccid, oldStatus="ACTIVATED", newStatus="DEACTIVATED")


async def of_a_job(world: World) -> None:
    """A notification of what a job has done."""
    sim = world.hub.sim(world.hub.pick(nth=3))
    rows = [(str(sim["giccid"]), str(sim["custom1"]), "active", str(sim["servicePackage"]))]
    await world.through(
        world.app.flows.jobs.start(1, SUSPEND, 1, OPERATOR, rows, canary=0, stop_at_percent=100)
    )  # fmt: skip
    await world.push("sim-status-change", str(sim["giccid"]), oldStatus="ACTIVATED", newStatus="DEACTIVATED")


WITHOUT = {"muted": muted, "request": of_a_request, "job": of_a_job}
A_TIME = ("--shown", "--since", "2026-11-22")


@pytest.mark.parametrize("fate", WITHOUT)
@pytest.mark.parametrize(("words", "channel"), [(("--event", "1"), ALERTS), ((*A_TIME, "--channel", OPS), OPS)])
async def test_what_had_no_card_gets_one(world: World, fate: str, words: tuple[str, ...], channel: str):
    """What planned work held, or stood under a request or in a job, gets a card of its own, where it is wanted, and is
    posted anew on that the next time; what became of it stays as it was."""
    await WITHOUT[fate](world)
    before = len(world.cards(channel))

    sent = await replay(world, "send", *words)
    await world.run("pushes")

    assert f"1 of them are of notifications that had no card of their own, and get one in {channel}" in sent.output
    [card] = world.cards(channel)[before:]
    assert "Acknowledge" in card.buttons
    assert str(world.app.store.events.get(1).fate) == fate
    again = await replay(world, "send", *words)
    await world.run("pushes")
    assert "1 cards will be posted anew.\n" in again.output
    assert "of their own" not in again.output
    assert len(world.cards(channel)) == before + 2


@pytest.mark.parametrize(("words", "channel"), [((), ALERTS), (("--channel", OPS), OPS)])
async def test_one_of_an_earlier_version(world: World, words: tuple[str, ...], channel: str):
    """What a version without incidents has shown is posted once more as that would have done."""
    await world.push("no-session", 3)
    await world.app.store.disk.write(lambda db: db.execute("UPDATE events SET incident = NULL").rowcount)
    before = len(world.cards(channel))

    sent = await replay(world, "send", "--event", "1", *words)
    await world.run("pushes")

    assert "1 cards will be posted anew.\n" in sent.output
    assert "SIM" in world.cards(channel)[before].words


async def test_an_sms_is_posted_anew(world: World):
    """An SMS from a device, and one that was reported, stand once more in the thread of their SIM; an SMS of which
    several notifications tell once."""
    giccid = world.hub.pick()
    await world.push("mo-sms", giccid, messageText="BATT LOW")
    await world.through(world.slack.say("reboot", by=OPERATOR, channel=ALERTS, thread_ts=world.card(ALERTS).ts))
    await world.press(world.slack.thread(world.card(ALERTS))[-1], "Send", by=OPERATOR)
    sms_id = world.app.store.sms.get(2).sms_id
    for status in ("PENDING", "DELIVERED"):
        await world.push("mt-sms-status", giccid, smsMsgId=sms_id, status=status)
    before = world.thread(world.card(ALERTS))

    sent = await replay(world, "send", *A_TIME)
    await world.run("pushes")

    assert "2 cards will be posted anew" in sent.output
    assert "2 of them are SMS in their conversations" in sent.output
    anew = world.thread(world.card(ALERTS))[len(before) :]
    assert [("BATT LOW" in words, "reboot" in words) for words in anew] == [(True, False), (False, True)]
    assert len(world.cards(ALERTS)) == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--event", "99"), "There is no such notification"),
        (("--shown", "--until", "2026-11-22"), "There is no such notification"),
        (("--event", "1", "--channel", OPS), "1 notifications have nothing in this channel"),
        (("--event", "2", "--channel", OPS), "1 notifications have nothing in this channel"),
        (("--event", "3"), "1 notifications will be shown for the first time"),
    ],
)
async def test_why_nothing_is_posted(world: World, words: tuple[str, ...], says: str):
    """Where nothing is posted anew, the word says why."""
    await world.push("no-session", 3)
    await world.push("mo-sms", 4)
    await world.push("mt-sms-status", 5, smsMsgId="of-nobody", status="DELIVERED")
    before = len(world.cards(ALERTS))

    sent = await replay(world, "send", *words)
    await world.run("pushes")

    assert "0 cards will be posted anew." in sent.output
    assert says in sent.output
    assert len(world.cards(ALERTS)) == before
    assert world.cards(OPS) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("send",), "Write which"),
        (("send", "--shown", "--channel", "C1"), "With --shown, write the time as well"),
        (("send", "--since", "yesterday"), "is no time"),
        (("list", "--until", "x"), "is no time"),
    ],
)
async def test_what_cannot_be_asked(world: World, words: tuple[str, ...], says: str):
    """A mistake ends in its sentence and exit code 1, and changes nothing."""
    result = await replay(world, *words)

    assert says in result.output
    assert result.exit_code == 1


async def test_without_a_store(tmp_path: Path):
    """Where there is no store, both words say so."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.replace("STORE", str(tmp_path / "none.db")), "utf-8")
    environ = {**os.environ, **ENVIRON, "SIMOPS_CONFIG": str(path)}
    for words in (("list",), ("send", "--id", "1")):
        result = CliRunner().invoke(main, ("replay", *words), env=environ)
        assert "There is no store" in result.output
        assert result.exit_code == 1
