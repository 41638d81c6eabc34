"""What a person sees of everything at once: the App Home, kept up to date while it may be looked at, and the health."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.errors import SlackError
from bot.rules.approvals import OPEN, Approval, State
from bot.rules.people import Person, Role
from bot.rules.runs import Times, standings
from bot.slack import Slack
from bot.store import Store
from bot.views import home as view
from bot.views import status
from bot.views.parts import Block, Message

SHOWN = 10
LOOKED_AT = timedelta(hours=1)  # Slack does not say when a Home is left
REDRAW_EVERY_S = 5.0
log = structlog.get_logger()


@dataclass(frozen=True)
class Pulse:
    """How things are, asked for when it is shown: SmartHub in words, whatever is wrong, and when each job runs."""

    smarthub: Callable[[], str]
    troubles: Callable[[], Sequence[str]]
    times: Callable[[], Mapping[str, Times]]


@dataclass
class _Looker:
    """Who opened their Home, when, and what they see on it."""

    opened_at: datetime
    sees: Block


class Home:
    """Drawing the Home and the health. `changed` is to be called after every commit; `run` redraws what it changes."""

    def __init__(
        self,
        *,
        store: Store,
        slack: Slack,
        pulse: Pulse,
        command: str,
        clock: Clock,
        who: Callable[[str], Awaitable[Person]],
        for_person: Callable[[Person], Awaitable[Sequence[Approval]]],
    ) -> None:
        """`who` says what somebody's role is now, `for_person` what they may decide."""
        self._store, self._slack, self._pulse, self._command = store, slack, pulse, command
        self._clock, self._who, self._for_person = clock, who, for_person
        self._lookers: dict[str, _Looker] = {}
        self._changed = asyncio.Event()

    async def show(self, person: Person) -> None:
        """Draws this person's Home; who is in no list of roles sees nothing of ours there. Raises SlackError."""
        drawn = await self._draw(person)
        await self._slack.show_home(user=person.id, view=drawn)
        self._lookers[person.id] = _Looker(self._clock.now(), drawn)

    def changed(self) -> None:
        """Notes that something was stored; costs nothing while nobody has opened a Home of late."""
        if self._lookers:
            self._changed.set()

    async def run(self) -> None:
        """Redraws the Homes that were opened within the hour and would look different now, each at most every five
        seconds. Never returns."""
        while True:
            await self._changed.wait()
            # What comes while it waits is shown together.
            await self._clock.sleep(REDRAW_EVERY_S)
            self._changed.clear()
            for user in self._still_looking():
                await self._redraw(user)

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
                jobs=standings(self._store.runs.last(), self._pulse.times()),
                troubles=self._pulse.troubles(),
                look=self._store.scans.under_way(),
            )
        )

    def _still_looking(self) -> Sequence[str]:
        now = self._clock.now()
        self._lookers = {u: one for u, one in self._lookers.items() if now - one.opened_at < LOOKED_AT}
        return tuple(self._lookers)

    async def _redraw(self, user: str) -> None:
        """Shows somebody their Home anew where it would look different. What fails waits for the next change, or for
        the next opening: nobody asked for it, and it must not end what runs."""
        looker = self._lookers[user]
        try:
            drawn = await self._draw(await self._who(user))
            if drawn != looker.sees:
                await self._slack.show_home(user=user, view=drawn)
                looker.sees = drawn
        except SlackError as problem:
            log.warning("home_not_redrawn", problem=str(problem))
        except Exception:
            log.exception("home_not_redrawn")

    async def _draw(self, person: Person) -> Block:
        if person.role < Role.VIEWER:
            return view.closed(person, command=self._command)
        for_me = await self._for_person(person)
        decides = person.role >= Role.APPROVER or bool(for_me)
        facts = view.Facts(
            decides=decides,
            waiting=for_me[:SHOWN] if decides else self._store.approvals.waiting(limit=SHOWN),
            waiting_count=len(for_me) if decides else self._store.approvals.count(State.PENDING),
            mine=self._store.approvals.asked_by(person.id),
            under_way=self._store.approvals.under_way(limit=SHOWN),
            under_way_count=self._store.approvals.count(*(OPEN - {State.PENDING})),
            jobs=self._store.jobs.open()[:SHOWN],
            now=self._clock.now(),
            alerts=self._store.alerts.live(limit=SHOWN),
            alerts_count=self._store.alerts.count_live(),
            smarthub=self._pulse.smarthub(),
            troubles=self._pulse.troubles(),
        )
        return view.view(person, facts, command=self._command)
