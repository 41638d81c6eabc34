"""What people write under the card of a request is kept with it, whatever Slack does with it later."""

from __future__ import annotations

from tests.talk import ALERTS, APPROVALS, APPROVER, OPS, OTHER_APPROVER, VIEWER, World


async def write(world: World, text: str, *, by: str, channel: str = APPROVALS, thread_ts: str | None = None) -> None:
    """Somebody writes a message, in a thread where one is named."""
    await world.through(world.slack.say(text, by=by, channel=channel, thread_ts=thread_ts))


async def test_a_comment_is_kept(world: World):
    """Each message in the thread is kept in order, with who wrote it and in the very words, and stands in the audit."""
    card = await world.ask()

    await write(world, "is that the <right> pump & not the other?", by=APPROVER, thread_ts=card.ts)
    await world.later(seconds=5)
    await write(world, "yes <!channel>", by=VIEWER, thread_ts=card.ts)

    kept = [(by, text) for by, text, _ in world.app.store.approvals.comments(1)]
    assert kept == [(APPROVER, "is that the <right> pump & not the other?"), (VIEWER, "yes <!channel>")]
    assert world.deeds("approval:1")[1:] == [(APPROVER, "commented"), (VIEWER, "commented")]
    assert list(world.app.store.audit.lines())[-1].deed.detail["comment"] == "yes <!channel>"


async def test_slack_delivers_it_twice(world: World):
    """A message that Slack hands over again is kept once, also under another event id."""
    card = await world.ask()
    await write(world, "once", by=APPROVER, thread_ts=card.ts)
    event = world.slack.last_event

    await world.through(world.slack.redeliver())
    assert event is not None
    await world.through(world.slack.send_event(event["event"]))

    assert [text for _, text, _ in world.app.store.approvals.comments(1)] == ["once"]
    assert world.deeds("approval:1").count((APPROVER, "commented")) == 1


async def test_an_edited_comment_keeps_both_wordings(world: World):
    """Who edits a comment adds the new wording; the old one stays."""
    card = await world.ask()
    await write(world, "approve it", by=APPROVER, thread_ts=card.ts)
    event = world.slack.last_event
    assert event is not None
    said = event["event"]
    edited = {"user": APPROVER, "ts": f"{int(float(said['ts'])) + 60}.000000"}
    changed = {
        "type": "message",
        "subtype": "message_changed",
        "channel": APPROVALS,
        "channel_type": "channel",
        "ts": edited["ts"],
        "message": said | {"text": "do not approve it", "edited": edited},
        "previous_message": said,
    }

    await world.through(world.slack.send_event(changed))

    assert [text for _, text, _ in world.app.store.approvals.comments(1)] == ["approve it", "do not approve it"]


async def test_what_is_not_about_a_request(world: World):
    """Messages beside threads, in other threads and in other channels leave no trace here, not even a delivery."""
    card = await world.ask()
    other = await world.through(world.slack.say("lunch?", by=APPROVER, channel=APPROVALS))
    assert other.ok
    before = world.app.store.disk.reader.execute("SELECT count(*) FROM deliveries").fetchone()[0]

    await write(world, "pizza", by=APPROVER)
    await write(world, "hello", by=OTHER_APPROVER, channel=ALERTS)
    after = world.app.store.disk.reader.execute("SELECT count(*) FROM deliveries").fetchone()[0]
    lunch = next(m for m in world.slack.messages(APPROVALS) if m.text == "lunch?")
    await write(world, "yes", by=OTHER_APPROVER, thread_ts=lunch.ts)
    elsewhere = {"type": "message", "channel": OPS, "channel_type": "channel", "user": VIEWER, "text": "the same ts"}
    await world.through(world.slack.send_event(elsewhere | {"ts": "1795336300.000001", "thread_ts": card.ts}))

    assert after == before
    assert world.app.store.approvals.comments(1) == ()
    assert (APPROVER, "commented") not in world.deeds()


async def test_a_comment_after_the_end(world: World):
    """What is written after the decision is kept as well, and changes nothing."""
    card = await world.ask()
    await world.press(card, "Approve", by=APPROVER)

    await write(world, "x" * 5000 + " not this one", by=OTHER_APPROVER, thread_ts=card.ts)

    [(by, text, _)] = world.app.store.approvals.comments(1)
    assert (by, len(text)) == (OTHER_APPROVER, 5013)
    assert world.request().state == "done"


async def test_the_store_refuses_and_slack_sends_it_again(world: World):
    """A comment that cannot be written is not acknowledged, so that Slack sends it again; then it is kept."""
    card = await world.ask()
    writer = world.app.store.disk._writer
    writer.execute("PRAGMA query_only=ON")  # as a full disk: every write fails

    first = await world.through(world.slack.say("do not", by=APPROVER, channel=APPROVALS, thread_ts=card.ts))
    writer.execute("PRAGMA query_only=OFF")
    assert not first.ok
    assert world.app.store.approvals.comments(1) == ()
    again = await world.through(world.slack.redeliver())

    assert again.ok
    assert [text for _, text, _ in world.app.store.approvals.comments(1)] == ["do not"]
