"""The live count under the text of the form for an SMS: redrawn as somebody types, and nothing typed is ever lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from bot.clock import Clock
from bot.errors import BotError, SlackError
from bot.flows.sms.conversations import Conversations
from bot.rules.templates import BEGINS
from bot.rules.texts import size_of
from bot.slack import Slack
from bot.views import orders
from bot.views import sms as view

log = structlog.get_logger()
# views.update may be called about a hundred times a minute; somebody who types sends an action for each letter.
BETWEEN_S = 1.0
View = Mapping[str, Any]  # Any: Slack's own shape


class Counting:
    """Redraws the line with the count, once a second and form at most: what comes meanwhile waits, and only the newest
    of it is drawn. The fields go back to Slack just as they came, so Slack leaves alone what stands in them."""

    def __init__(self, *, slack: Slack, clock: Clock, conversations: Conversations) -> None:
        self._slack, self._clock, self._conversations = slack, clock, conversations
        self._newest: dict[str, tuple[View, str]] = {}

    async def typed(self, form: View, values: Mapping[str, str]) -> None:
        """Draws the count for what stands in the form now."""
        which = str(form.get("id") or "")
        busy = which in self._newest
        self._newest[which] = (form, self.words(values))
        if busy:
            return
        try:
            drawn = ""
            while self._newest[which][1] != drawn:
                newest, drawn = self._newest[which]
                await self._draw(which, newest, drawn)
                await self._clock.sleep(BETWEEN_S)
        finally:
            del self._newest[which]

    def words(self, values: Mapping[str, str]) -> str:
        """What the line says."""
        text, template = values.get("text", ""), values.get("template")
        if not text.strip() and template is not None:
            text = self._conversations.settings.templates.get(template, "")
            return f"Template: {text}" if text else orders.EMPTY
        if not text:
            return orders.EMPTY
        if text.lower().startswith(BEGINS) and self._conversations.settings.templates:
            return orders.EMPTY
        try:
            return view.size(size_of(text, int(values.get("coding") or 0)))
        except (BotError, ValueError) as problem:
            return str(problem)

    async def _draw(self, id: str, form: View, words: str) -> None:
        try:
            await self._slack.update_modal(id, view=orders.recounted(form, words))
        except SlackError as problem:
            log.info("count_not_drawn", problem=problem.code)
