"""What people write in the thread under the card of a request: kept with it, and in the audit log."""

from __future__ import annotations

from dataclasses import dataclass

from bot.flows.approvals.steps import Steps
from bot.store.outbox import Outbox

TEXT_AT_MOST = 40_000  # what a message may hold: https://docs.slack.dev/reference/methods/chat.postMessage


@dataclass(frozen=True)
class Commenting:
    """Keeping comments. `outbox` knows whose card stands where."""

    steps: Steps
    outbox: Outbox

    async def heard(self, *, channel: str, thread: str, by: str, text: str, ts: str) -> None:
        """Keeps what somebody wrote under a card; nothing, where no card of a request begins the thread.

        The same message, by its `ts`, is kept once.
        """
        subject = self.outbox.shown_at(channel, thread)
        kind, _, number = (subject or "").partition(":")
        if kind == "approval" and text:
            now = self.steps.clock.now()
            await self.steps.store.comment(int(number), by=by, text=text[:TEXT_AT_MOST], ts=ts, now=now)
