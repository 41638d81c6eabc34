"""What is pressed in a thread is answered in that thread."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.listening import Body
from tests.handlers.test_listening import CLICK, Stage, hello

SHORTCUT: Body = {"user": {"id": "U1"}, "trigger_id": "t1", "response_url": "https://hooks.example.com/1"}


def pressed(**container: Any) -> Body:
    """A click on a message."""
    return {**CLICK, "container": {"type": "message", **container}}


@pytest.mark.parametrize(
    ("body", "thread"),
    [
        (pressed(message_ts="2.0", thread_ts="1.0"), "1.0"),
        (pressed(message_ts="1.0", thread_ts="1.0"), None),
        (pressed(message_ts="1.0"), None),
        ({**CLICK, "container": {"type": "view", "view_id": "V1"}}, None),
        ({**SHORTCUT, "message": {"ts": "2.0", "thread_ts": "1.0"}}, "1.0"),
        ({**SHORTCUT, "message": {"ts": "1.0", "thread_ts": "1.0"}}, None),
        ({**SHORTCUT, "message": {"ts": "1.0"}}, None),
    ],
)
async def test_where_the_answer_goes(body: Body, thread: str | None):
    """An answer goes to the thread of what was pressed or pointed at; what stands first in one is in the channel."""
    stage = Stage()
    if "message" in body:
        await stage.shortcut(hello, body)
    else:
        await stage.press(hello, body)

    [said] = stage.sent
    assert said.get("thread_ts") == thread
    assert said["text"] == "Hello."
