"""The door for pushes, at the level of HTTP: whatever is sent there, it answers, and says no secret anywhere."""

from __future__ import annotations

import asyncio
import zlib

import pytest

from tests.talk import ENVIRON, PUSH_SECRET, World

PATH = f"/smarthub/{PUSH_SECRET}/mo-sms"


async def raw(world: World, sent: bytes, *, answers: int = 1) -> list[int]:
    """The statuses of that many answers to these bytes, sent as they are."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.app.port)
    try:
        writer.write(sent)
        found = []
        for _ in range(answers):
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            found.append(int(head.split(b" ", 2)[1]))
            length = next((ln for ln in head.lower().split(b"\r\n") if ln.startswith(b"content-length:")), b":0")
            await reader.readexactly(int(length.split(b":")[1]))
        return found
    finally:
        writer.close()


def request(body: bytes, *, path: str = PATH, more: str = "") -> bytes:
    """A whole request."""
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


async def test_one_connection_for_many(world: World):
    """A sender that keeps its connection, and does not even wait for answers, gets each of them in order."""
    wrong = PATH.replace(PUSH_SECRET, "wrong")
    bodies = [request(b'{"giccid": "1", "eventId": "%d"}' % n) for n in range(5)]

    statuses = await raw(world, bodies[0] + request(b"{}", path=wrong) + b"".join(bodies[1:]), answers=6)

    assert statuses == [200, 404, 200, 200, 200, 200]
    await world.quiet()


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
async def test_the_content_type_does_not_matter(world: World, kind: str):
    """What calls itself something else is read as JSON all the same: the documentation does not say what is sent."""
    body = b'{"giccid": "1", "messageText": "hi"}'

    assert await raw(world, request(body, more=f"Content-Type: {kind}\r\n")) == [200]

    row = world.app.store.disk.reader.execute("SELECT body, flaw FROM events").fetchone()
    assert tuple(row) == (body, None)
    await world.quiet()


async def test_a_compressed_body_cannot_blow_up(world: World):
    """A small body that unpacks to far more than the limit is refused, not unpacked."""

    bomb = zlib.compress(b" " * 50_000_000)
    assert len(bomb) < 64 * 1024

    assert await raw(world, request(bomb, more="Content-Encoding: deflate\r\n")) in ([413], [400])
    assert world.app.store.disk.reader.execute("SELECT count(*) FROM events").fetchone()[0] == 0


@pytest.mark.parametrize(
    "sent",
    [
        f"POST {PATH} HTTP/9.9\r\n\r\n".encode(),
        f"POST {PATH}\r\n\r\n".encode(),
        f"BREW {PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n".encode(),
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode(),
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n".encode(),
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX: {'y' * 20_000}\r\n\r\n".encode(),
        f"POST {PATH}\x00 HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_is_not_http_is_refused_without_our_secret(
    world: World, sent: bytes, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    """Broken requests get an answer of 400 or more; neither it nor any log holds the secret of the address."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.app.port)
    writer.write(sent)
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()

    assert not answer.startswith(b"HTTP/1.1 2")
    out = capfd.readouterr()
    for place in (answer.decode("latin-1"), out.out, out.err, caplog.text):
        assert [value for value in ENVIRON.values() if value in place] == []
    assert await world.push("mo-sms") == 200
