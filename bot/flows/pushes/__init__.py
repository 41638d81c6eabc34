"""Notifications in channels: sorted onto cards, routed, looked after, watched, and traced."""

from __future__ import annotations

from dataclasses import dataclass

from bot.clock import Clock
from bot.errors import BadInput, NotFound
from bot.flows.pushes.caring import Caring
from bot.flows.pushes.closing import Closing
from bot.flows.pushes.gathering import Gathering
from bot.flows.pushes.muting import Muting
from bot.flows.pushes.routing import Routing
from bot.flows.pushes.settings import Settings
from bot.flows.pushes.showing import Showing
from bot.flows.pushes.sorting import Sorter
from bot.flows.pushes.watching import Watching
from bot.rules.incidents import TO
from bot.rules.people import Person, Role, need
from bot.store import Store, ledger
from bot.views import ledger as view
from bot.views.parts import Message

__all__ = ["Caring", "Closing", "Gathering", "Muting", "Pushes", "Routing", "Settings", "Showing", "Sorter", "Watching"]


@dataclass(frozen=True)
class Pushes:
    """What the doors lead to."""

    store: Store
    clock: Clock
    settings: Settings
    sorter: Sorter
    showing: Showing
    routing: Routing
    closing: Closing
    caring: Caring
    muting: Muting
    gathering: Gathering
    watching: Watching

    def event(self, text: str, *, by: Person) -> Message:
        """The way of one notification from its coming to its place in Slack. Raises NotAllowed, BadInput, NotFound."""
        need(by, Role.VIEWER, to="look notifications up")
        word = text.strip().lstrip("#")
        if not word.isascii() or not word.isdigit() or len(word) > 15:
            raise BadInput(f"Write the number of a notification, as on its card: `{self.settings.command} event 12`.")
        event = self.store.events.get(int(word))
        incident = None if event.incident is None else self.store.incidents.get(event.incident)
        steps = () if incident is None else ledger.steps(self.store.disk.reader, incident.storm_id or incident.id)
        stops = [view.Stop(one.channel, one.state, one.at, one.tries, one.error) for one in steps]
        return view.entry(event, incident, stops, units=self.settings.units)

    async def tick(self) -> str | None:
        """What is due: ends of planned work, snoozes and holds; reminders; lists. What came of it, in words."""
        done = {
            "mutes over": await self.muting.end_those_over(),
            "snoozes over": await self.caring.wake(),
            "reminded of": await self.caring.remind(),
            "folded": await self.gathering.fold_late(),
            "released": await self.gathering.release(),
            "lists filed": await self.gathering.file(),
        }
        said = [f"{count} {what}" for what, count in done.items() if count]
        return ", ".join(said) or None

    def sim_of(self, id: int, *, by: Person) -> str:
        """How the SIM of an incident is named, for whoever looks it up. Raises NotAllowed, NotFound."""
        need(by, Role.VIEWER, to=TO)
        giccid = self.store.incidents.get(id).giccid
        if giccid is None:
            raise NotFound("This notification names no SIM.")
        return giccid

    async def redraw(self, id: int) -> None:
        """Has the cards of an incident drawn anew, with what is known of its SIM now."""
        await self.store.copies.redraw(id, now=self.clock.now())

    def account_of(self, id: int, *, by: Person) -> str:
        """The account of an incident. Raises NotAllowed, NotFound."""
        need(by, Role.VIEWER, to=TO)
        account = self.store.incidents.get(id).account
        if account is None:
            raise NotFound("This notification names no account, and the snapshot knows none of its SIM.")
        return account
