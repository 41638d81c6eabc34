"""What a person sees of everything at once: the App Home and the bot's health."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.rules.people import Person, Role
from bot.slack import Slack
from bot.store import Store
from bot.views import home as view
from bot.views import status
from bot.views.parts import Message


@dataclass(frozen=True)
class Pulse:
    """How the neighbours are, asked for when it is shown: SmartHub in words, and what is wrong with Slack."""

    smarthub: Callable[[], str]
    slack_trouble: Callable[[], str | None]


class Home:
    """Drawing the Home and the health."""

    def __init__(self, *, store: Store, slack: Slack, pulse: Pulse, command: str) -> None:
        self._store, self._slack, self._pulse, self._command = store, slack, pulse, command

    async def show(self, person: Person) -> None:
        """Draws this person's Home; who is in no list of roles sees nothing of ours there. Raises SlackError."""
        if person.role < Role.VIEWER:
            await self._slack.show_home(user=person.id, view=view.closed(person, command=self._command))
            return
        drawn = view.view(
            person,
            waiting=self._store.approvals.waiting(limit=10),
            mine=self._store.approvals.asked_by(person.id),
            alerts=self._store.alerts.live(limit=10),
            command=self._command,
        )
        await self._slack.show_home(user=person.id, view=drawn)

    def health(self) -> Message:
        """How the bot, SmartHub and Slack are."""
        trouble = self._pulse.slack_trouble()
        return status.listing(
            status.Health(
                smarthub=self._pulse.smarthub(),
                waiting_messages=self._store.outbox.depth(),
                oldest_waiting_at=self._store.outbox.oldest(),
                last_push_at=self._store.events.last_received_at(),
                open_requests=self._store.approvals.count_waiting() + len(self._store.approvals.unsure()),
                jobs=self._store.runs.last(),
                troubles=() if trouble is None else (f"Slack: {trouble}",),
            )
        )
