"""One listener for all buttons and one for all forms, which finds what was meant by its name.

Bolt asks its listeners in turn whether a request is for them. With a hundred that takes longer than everything else it
does, at each press.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from slack_bolt.app.async_app import AsyncApp

from handlers.listening import Ack, Body, Listener, Respond


class Switchboard:
    """Bolt's app, as the doors see it: what each of them wants brought to it. `connect` comes after the last."""

    def __init__(self, bolt: AsyncApp) -> None:
        self._bolt = bolt
        self.command, self.event, self.options, self.shortcut = bolt.command, bolt.event, bolt.options, bolt.shortcut
        self._buttons: dict[str, Listener] = {}
        self._forms: dict[str, Listener] = {}

    def action(self, name: str) -> Callable[[Listener], None]:
        """Takes the listener for the buttons and menus of this name."""
        return partial(self._buttons.__setitem__, name)

    def view(self, name: str) -> Callable[[Listener], None]:
        """Takes the listener for the forms of this name."""
        return partial(self._forms.__setitem__, name)

    def connect(self, *, rest: Listener) -> None:
        """Lets Bolt bring them here; `rest` listens to the buttons that nobody has named."""

        async def pressed(ack: Ack, body: Body, respond: Respond) -> None:
            name = (body.get("actions") or [{}])[0].get("action_id")
            await self._buttons.get(name, rest)(ack, body, respond)

        async def submitted(ack: Ack, body: Body) -> None:
            await self._forms[body["view"]["callback_id"]](ack, body)

        self._bolt.action(re.compile(""))(pressed)
        self._bolt.view(re.compile(rf"\A({'|'.join(map(re.escape, self._forms))})\Z"))(submitted)
