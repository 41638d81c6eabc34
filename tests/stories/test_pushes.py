"""SmartHub tells of something: it is on disk before it is acknowledged, and it reaches its channel once."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from asyncio import gather
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app import App
from bot.config import Config
from bot.rules.events import EVENTS
from bot.smarthub.contract import ENDPOINTS
from tests.talk import ALERTS, ENVIRON, OPERATOR, PUSH_SECRET, World

OLD_SECRET = "push-secret-that-is-on-its-way-out-02"
SAMPLES = Path(__file__).parents[1] / "samples" / "pushes"
LIMIT = 64 * 1024
CHANGES = [endpoint.name for endpoint in ENDPOINTS if endpoint.changes]


def address(world: World, event: str, secret: str = PUSH_SECRET) -> str:
    """Where a push of that name goes."""
    return f"http://127.0.0.1:{world.app.port}/smarthub/{secret}/{event}"


async def post(url: str, body: Any, **more: Any) -> tuple[int, bytes]:
    """The status and the body of the answer to a raw push."""
    data = json.dumps(body).encode() if isinstance(body, dict | list) else body
    async with aiohttp.ClientSession() as session, session.post(url, data=data, **more) as response:
        return response.status, await response.read()


def stored(world: World) -> list[dict[str, Any]]:
    """The pushes on disk, as another process sees them."""
    other = sqlite3.connect(world.folder / "simops.db")
    other.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in other.execute("SELECT * FROM events ORDER BY id")]
    finally:
        other.close()


def words(world: World) -> list[str]:
    """What stands in the channel for events, a text for each card."""
    return [card.words for card in world.cards(ALERTS)]


def asked_for_changes(world: World) -> int:
    """How often SmartHub was asked to change anything."""
    return sum(world.hub.count(name) for name in CHANGES)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("cycle-usage", ["Usage reached the threshold of the cycle", "Cycle 2026-11", "used, threshold"]),
        ("imei-change", ["The device behind a SIM changed", "→ 356938035643809"]),
        ("no-session", ["No session for long", "48 h without one"]),
        ("package-expired", ["A prepaid package expired or is about to", "the date says which"]),
        ("package-traffic", ["Prepaid traffic reached its threshold", "threshold 80 %"]),
        ("sim-status-change", ["The status of a SIM changed", " → "]),
        ("apn-status-change", ["The status of an APN changed", "iot.smarthub: "]),
    ],
)
async def test_each_but_sms_reaches_its_channel(world: World, event: str, said: list[str]):
    """Each notification that is not about SMS becomes one card in its words, with the SIM named; nothing is asked."""
    giccid = world.hub.pick()

    assert await world.push(event, giccid) == 200

    [card] = world.cards(ALERTS)
    assert [part for part in [*said, giccid, EVENTS[event]] if part not in card.words] == []
    assert "could not be read" not in card.words
    assert EVENTS[event] in card.text
    assert world.hub.asked == []


@pytest.mark.parametrize("event", list(EVENTS))
async def test_the_documented_example_of_each_is_read_in_full(world: World, event: str):
    """The samples of all nine are acknowledged, stored byte by byte, and read without a flaw; a report of an SMS that
    simops has not sent is shown a minute later."""
    body = (SAMPLES / f"{event}.json").read_bytes()

    assert (await post(address(world, event), body))[0] == 200
    await world.later(minutes=1)
    await world.run("sms")

    [row] = stored(world)
    assert (row["name"], row["body"], row["flaw"]) == (event, body, None)
    assert len(world.cards(ALERTS)) == 1


async def test_a_known_sim_is_called_by_its_label(world: World):
    """Once a check has seen the fleet, a notification names the SIM by the label its people gave it."""
    await world.run("alerts")
    giccid = world.hub.pick()

    await world.push("imei-change", giccid)

    assert f"The device behind a SIM changed: {world.hub.sim(giccid)['custom1']}" in words(world)[-1]


# --- the door ---


WRONG_SECRETS = [
    "x",
    PUSH_SECRET[:-1],
    PUSH_SECRET + "1",
    PUSH_SECRET.upper(),
    PUSH_SECRET + "%20",
    "%00",
    "%ff%fe",
    "%ED%A0%80",
    "ключ",
    f"{PUSH_SECRET},{OLD_SECRET}",
    "a" * 4000,
]


async def test_a_wrong_secret_is_told_nothing(world: World):
    """A wrong secret gets 404 without a word; nothing is stored, nothing read, nobody hears of it."""
    for secret in WRONG_SECRETS:
        answer = await post(address(world, "mo-sms", secret), {"giccid": "1", "messageText": "boo"})
        assert answer == (404, b""), secret
    assert stored(world) == []
    await world.quiet()
    assert world.cards(ALERTS) == []


async def test_the_body_behind_a_wrong_secret_is_not_waited_for(world: World):
    """Whoever does not know the secret is answered before any of the body arrived."""
    head = f"POST /smarthub/wrong/mo-sms HTTP/1.1\r\nHost: x\r\nContent-Length: {LIMIT}\r\n\r\n"

    assert (await _raw(world, head.encode())).startswith(b"HTTP/1.1 404 ")


async def test_an_unknown_event_is_not_taken(world: World):
    """With the right secret, an event that is none of the nine is a 404 and not stored."""
    for event in ("mo-smss", "MO-SMS", "alerts", "%2e%2e", "mo-sms%00", "..%2Fmo-sms", ""):
        assert (await post(address(world, event), {"giccid": "1"}))[0] == 404, event
    assert stored(world) == []


async def test_only_post_is_taken(world: World):
    """Looking at the address changes nothing."""
    async with aiohttp.ClientSession() as session, session.get(address(world, "mo-sms")) as response:
        assert response.status == 405
    assert stored(world) == []


class Rotating(World):
    """A world in which the push secret is just being changed."""

    async def start_bot(self) -> None:
        """Starts a bot for which the new and the old secret hold."""
        environ = ENVIRON | {"SMARTHUB_PUSH_SECRET": f"{PUSH_SECRET},{OLD_SECRET}"}
        self.app = App(Config.of(self.table(), environ), clock=self.clock)
        await self.app.start(timed=False)


@pytest.fixture
async def rotating(tmp_path: Path) -> AsyncIterator[World]:
    """A bot whose push secret is just being changed."""
    world = Rotating(tmp_path)
    await world.start()
    yield world
    await world.stop()


async def test_two_secrets_hold_while_one_replaces_the_other(rotating: World):
    """While the secret is changed, both addresses work, and a third does not."""
    for number, secret in enumerate((PUSH_SECRET, OLD_SECRET)):
        assert (await post(address(rotating, "mo-sms", secret), {"giccid": "1", "eventId": str(number)}))[0] == 200
    assert (await post(address(rotating, "mo-sms", OLD_SECRET + "x"), {"giccid": "1"}))[0] == 404
    assert len(stored(rotating)) == 2
    await rotating.quiet()


# --- sizes ---


async def test_a_body_at_the_limit_is_taken_and_one_beyond_is_not(world: World):
    """64 KiB are taken whole; one byte more is refused with 413 and not stored."""
    fits = b" " * (LIMIT - 2) + b"{}"

    assert (await post(address(world, "mo-sms"), fits))[0] == 200
    assert (await post(address(world, "mo-sms"), fits + b" "))[0] == 413
    assert [len(row["body"]) for row in stored(world)] == [LIMIT]
    await world.quiet()


async def test_a_body_that_does_not_say_its_length_is_cut_off_at_the_limit(world: World):
    """Sent in chunks without a length, too much is refused as well, and what fits is taken."""

    async def chunks(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b" " * 1024
        yield b"{}"

    assert (await post(address(world, "mo-sms"), chunks(64)))[0] == 413
    assert (await post(address(world, "mo-sms"), chunks(63)))[0] == 200
    assert len(stored(world)) == 1
    await world.quiet()


async def test_a_length_too_large_is_refused_before_anything_is_sent(world: World):
    """Whoever announces a gigabyte is told 413 at once, without the bot waiting for it."""
    head = f"POST /smarthub/{PUSH_SECRET}/mo-sms HTTP/1.1\r\nHost: x\r\nContent-Length: {10**9}\r\n\r\n"

    answer = await _raw(world, head.encode())

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert stored(world) == []


async def test_a_body_that_breaks_off_is_not_stored(world: World):
    """A sender that goes away in the middle leaves nothing behind, and the next one is served."""
    head = f"POST /smarthub/{PUSH_SECRET}/mo-sms HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
    await _raw(world, head.encode() + b'{"giccid":', hang_up=True)

    assert await world.push("mo-sms") == 200
    assert len(stored(world)) == 1


# --- what cannot be read ---


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        (b"", "It is not JSON."),
        (b"giccid=1&text=hi", "It is not JSON."),
        (b"<xml/>", "It is not JSON."),
        (b"\xff\xfe\x00binary\x80", "It is not JSON."),
        (b"[" * 60_000, "It is nested deeper than 32 levels"),
        (b"[" * 32, "It is not JSON."),
        (b'{"giccid": "1", "cycleName": "\\"' + b"[" * 40 + b'"}', None),
        (b'{"usageBytes": ' + b"9" * 5000 + b"}", "It is not JSON."),
        (b"NaN", "It is not JSON."),
        (b"null", "It is JSON, but not an object."),
        (b'["giccid"]', "It is JSON, but not an object."),
        (b"{}", "it names no SIM (giccid)"),
        (b'{"giccid": ""}', "it names no SIM (giccid)"),
        (b'{"giccid": 8949}', "giccid: "),
        (b'{"giccid": {"a": []}}', "giccid: "),
        (b'{"giccid": "1", "eventTime": "yesterday"}', "eventTime: "),
        (b'{"giccid": "1", "eventTime": "0001-01-01T00:00:00+1400"}', "eventTime: "),
        (b'{"giccid": "1", "eventId": 7}', "eventId: "),
        (b'{"giccid": "1", "usageBytes": "12"}', "usageBytes: "),
        (b'{"giccid": "1", "usageBytes": -1}', "usageBytes: "),
        (b'{"giccid": "1", "cycleName": "\\ud800"}', "cycleName: "),
        (b'{"giccid": "\\u0000\\u0001"}', None),
        (b'{"giccid": "1", "usageBytes": 9007199254740991, "cycleName": ""}', None),
    ],
)
async def test_what_cannot_be_read_is_kept_and_shown_as_it_came(world: World, body: bytes, flaw: str | None):
    """An odd notification is acknowledged, stored byte by byte, and shown with what is wrong with it."""
    assert (await post(address(world, "cycle-usage"), body))[0] == 200
    await world.quiet()

    [row] = stored(world)
    [card] = world.cards(ALERTS)
    assert row["body"] == body
    if flaw is None:
        assert row["flaw"] is None
        return
    assert flaw in row["flaw"]
    assert "This notification could not be read in full" in card.words
    assert flaw in card.words
    as_it_came = body.decode("utf-8", "replace")[:500].strip()
    assert as_it_came.replace("\x00", "�") in card.words


# --- once ---


async def test_the_same_event_id_is_one_message_for_ever(world: World):
    """A push that names its eventId is told once, whatever else it says when it comes again, and after a restart."""
    for text in ("first", "second"):
        await world.push("imei-change", eventId="evt-1", newImei=text)
    await world.later(days=30)
    await world.restart()
    await world.push("imei-change", eventId="evt-1", newImei="third")

    assert len(world.cards(ALERTS)) == 1
    assert "first" in words(world)[0]
    assert "third" in words(world)[0]
    assert "2 times more" in words(world)[0]
    assert [row["repeats"] for row in stored(world)] == [2]
    kept = [row["body"] for row in world.app.store.disk.reader.execute("SELECT body FROM event_bodies ORDER BY id")]
    assert [b"second" in kept[0], b"third" in kept[1]] == [True, True]


async def test_an_event_id_counts_for_its_own_event_only(world: World):
    """Two kinds of notifications that happen to share an id are two."""
    await world.push("mo-sms", eventId="evt-1")
    await world.push("imei-change", eventId="evt-1")

    assert len(world.cards(ALERTS)) == 2


async def test_the_same_body_within_the_window_is_one_message(world: World):
    """Without an eventId, the same bytes are the same push for ten minutes, and news after that."""
    body = {"giccid": "8949212600000000007", "messageText": "DOOR OPEN"}

    assert (await post(address(world, "mo-sms"), body))[0] == 200
    await world.later(minutes=9, seconds=59)
    assert (await post(address(world, "mo-sms"), body))[0] == 200
    await world.quiet()
    assert len(world.thread(world.card(ALERTS))) == 1

    await world.later(minutes=10, seconds=1)
    assert (await post(address(world, "mo-sms"), body))[0] == 200
    await world.quiet()
    assert len(world.thread(world.card(ALERTS))) == 2


async def test_the_same_body_for_another_event_is_another_push(world: World):
    """What is said in another address is something else."""
    for event in ("mo-sms", "no-session"):
        await post(address(world, event), {"giccid": "1"})
    await world.quiet()

    assert len(world.cards(ALERTS)) == 2


async def test_twenty_copies_at_once_are_one_message(world: World):
    """However many copies arrive in the same moment, each is acknowledged and the channel hears once."""
    body = world.hub.payload("imei-change")

    answers = await world.through(gather(*(world.hub.push_raw("imei-change", body) for _ in range(20))))

    assert answers == [200] * 20
    assert len(world.cards(ALERTS)) == 1
    assert [row["repeats"] for row in stored(world)] == [19]


# --- on disk ---


async def test_it_is_on_disk_when_the_answer_comes(world: World):
    """The moment the sender reads 200, another process finds the push and its card in the file, Slack or no Slack."""
    world.slack.down = True
    for number in range(1, 11):
        status, answer = await post(address(world, "mo-sms"), {"giccid": "1", "eventId": f"evt-{number}"})

        rows = stored(world)

        assert status == 200
        assert json.loads(answer) == {"stored": True, "id": number}
        assert [row["id"] for row in rows] == list(range(1, number + 1))
    world.slack.down = False
    await world.quiet()
    assert len(world.cards(ALERTS)) == 10


async def test_a_full_disk_is_admitted(world: World):
    """When the file cannot grow, the answer is 503, nothing counts as taken; with room again, all goes on."""
    await world.push("mo-sms", eventId="before")
    _no_more_room(world, small=True)

    refused = await post(address(world, "mo-sms"), {"giccid": "1", "messageText": "x" * 40_000, "eventId": "now"})

    assert refused[0] == 503
    assert json.loads(refused[1])["stored"] is False
    assert [row["key"] for row in stored(world)] == ["id:mo-sms/before"]
    assert any("Store: " in trouble for trouble in world.app.troubles())

    _no_more_room(world, small=False)
    again = await post(address(world, "mo-sms"), {"giccid": "1", "messageText": "x" * 40_000, "eventId": "now"})
    await world.quiet()

    assert again[0] == 200
    assert len(world.cards(ALERTS)) == 2
    assert not any("Store: " in trouble for trouble in world.app.troubles())


async def test_a_store_that_is_closed_acknowledges_nothing(world: World):
    """A bot that is just letting go of its file tells the sender to come again."""
    world.app.store.disk._closed = True

    status, _ = await post(address(world, "mo-sms"), {"giccid": "1"})

    world.app.store.disk._closed = False
    assert status == 503
    assert stored(world) == []


# --- harmless ---


async def test_no_push_ever_changes_anything(world: World):
    """All nine, read or unreadable, for every SIM there is: SmartHub is asked for nothing, whatever they say."""
    for event in EVENTS:
        for n in range(3):
            await world.push(event, n, newStatus="DEACTIVATED", status="RETIRED", command="/sim retire 1")
    await world.push("sim-status-change", world.hub.pick("DEACTIVATED"), oldStatus="X", newStatus="Y")

    assert asked_for_changes(world) == 0
    assert world.hub.asked == []
    assert (await world.say("/sim approvals", by=OPERATOR)).ok
    assert "Nothing waits" in world.heard(OPERATOR)


def _no_more_room(world: World, *, small: bool) -> None:
    """Lets the file grow no further, or as far as it likes; run where the writer's own thread is at rest."""
    writer = world.app.store.disk._writer
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count={pages + 1 if small else 1_000_000}")


async def _raw(world: World, sent: bytes, *, hang_up: bool = False) -> bytes:
    """The beginning of the answer to these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.app.port)
    writer.write(sent)
    await writer.drain()
    answer = b"" if hang_up else await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()
    return answer


def test_the_story_knows_all_events():
    """Every event of the table has its sample, so that none is forgotten above."""
    assert {path.stem for path in SAMPLES.glob("*.json")} == set(EVENTS)
