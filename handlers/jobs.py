"""PRESSED: the buttons under bulk jobs. A button carries the number of the job and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from slack_bolt.app.async_app import AsyncApp

from bot.flows.jobs import Jobs
from bot.flows.people import People
from bot.rules.jobs import Step
from bot.rules.people import Person
from bot.views.parts import Message
from handlers.listening import Body, Listening, id_of, user_of

Press = Callable[[int, Person, Body], Awaitable[Message | None]]


@dataclass(frozen=True)
class JobButtons:
    """Steering a job, and asking for what comes after it."""

    people: People
    jobs: Jobs

    def table(self) -> Mapping[str, Press]:
        """Each button's action id with what it does."""
        return {
            "job.pause": partial(self.steer, Step.PAUSE),
            "job.resume": partial(self.steer, Step.RESUME),
            "job.continue": partial(self.steer, Step.GO_ON),
            "job.cancel": partial(self.steer, Step.CANCEL),
            "job.retry": self.retry,
            "job.undo": self.undo,
        }

    def register(self, app: AsyncApp, listening: Listening) -> None:
        """Lets Bolt bring the buttons here."""
        for action, press in self.table().items():
            app.action(action)(listening.pressed(self.pressed(press)))

    def pressed(self, press: Press) -> Callable[[Body], Awaitable[Message | None]]:
        """The press with its number and its person looked up."""

        async def work(body: Body) -> Message | None:
            return await press(id_of(body), await self.people.who(user_of(body)), body)

        return work

    async def steer(self, step: Step, id: int, by: Person, body: Body) -> Message | None:
        """Somebody pauses a job, lets it go on, or cancels the rest; what they alone see is drawn anew in its place."""
        await self.jobs.steer(id, step, by=by)
        is_theirs = (body.get("container") or {}).get("is_ephemeral", False)
        return replace(self.jobs.draw(id), replace=True) if is_theirs else None

    async def retry(self, id: int, by: Person, body: Body) -> Message:
        """Somebody asks for the SIMs that failed once more."""
        return await self.jobs.retry(id, by=by, channel=channel_of(body))

    async def undo(self, id: int, by: Person, body: Body) -> Message:
        """Somebody wants all of it taken back."""
        return await self.jobs.undo(id, by=by, channel=channel_of(body))


def channel_of(body: Body) -> str:
    """The channel in which something was pressed."""
    return str((body.get("channel") or {}).get("id") or "")
