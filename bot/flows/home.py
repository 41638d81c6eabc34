"""What a person sees of everything at once: the App Home and the bot's health."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.rules.approvals import OPEN
from bot.rules.people import Person, Role
from bot.slack import Slack
from bot.store import Store
from bot.views import home as view
from bot.views import status
from bot.views.parts import Message


@dataclass(frozen=True)
class Pulse:
    """How things are, asked for when it is shown: SmartHub in words, and whatever is wrong."""

    smarthub: Callable[[], str]
    troubles: Callable[[], Sequence[str]]


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
        return status.listing(
            status.Health(
                smarthub=self._pulse.smarthub(),
                waiting_messages=self._store.outbox.depth(),
                oldest_waiting_at=self._store.outbox.oldest(),
                last_push_at=self._store.events.last_received_at(),
                set_aside=self._store.outbox.set_aside(),
                open_requests=self._store.approvals.count(*OPEN),
                jobs=self._store.runs.last(),
                troubles=self._pulse.troubles(),
            )
        )
