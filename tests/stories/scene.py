"""Everything there is to press, in one world: each button with a card it stands on, its number, and who may press."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass

import handlers
from bot.rules.history import Kind
from bot.rules.jobs import Step
from bot.rules.people import Person, Role
from bot.rules.sims import Operation
from bot.simulator.slack import Message
from bot.simulator.slack.words import Block, elements
from bot.smarthub.contract import ENDPOINTS
from tests.stories.forging import answers, click, send
from tests.stories.jobs import SUSPEND
from tests.stories.listing import choose, said, share
from tests.talk import (
    ADMIN,
    ALERTS,
    APPROVALS,
    APPROVER,
    OPERATOR,
    OPS,
    OTHER_APPROVER,
    OTHER_OPERATOR,
    STRANGER,
    VIEWER,
    World,
)

FAR = 10**6  # seconds: as good as never
CHANGING = [endpoint.name for endpoint in ENDPOINTS if endpoint.changes]
UNKNOWN = ("carries nothing that is known here", "There is no", "and gone")
PENDING, UNSURE, COOLING, DONE, BROKEN, ALERT, TOGETHER = "1", "2", "3", "4", "5", "1", "2"
# The job on whose card each button is pressed.
JOBS = {
    "job.continue": 1, "job.undo": 2, "job.retry": 3, "job.pause": 4, "job.resume": 5, "job.cancel": 6,
}  # fmt: skip

ON_ALERTS = ("acknowledge", "snooze", "hush", "suspend", "plan")

# Who may press what. What stands here for nobody is for whoever asked alone.
LOOKS = {
    "sim.show", "sim.pick", "find.sim", "sim.refresh", "sim.exact", "sim.history", "history.all", "history.csv",
    *(f"history.{kind.value}" for kind in Kind), "search.next", "search.back", "search.csv",
    "search.open", "alerts.csv",
    "menu.find", "menu.approvals", "menu.alerts", "menu.status", "menu.help",
    "incident.sim", "incident.refresh", "incident.account", "incident.csv",
}  # fmt: skip
CHANGES = {f"sim.{operation.value}" for operation in Operation}
WORK = {
    "approval.look", "approval.cancel", "approval.undo", "search.change", "job.retry", "job.undo",
    *(f"{card}.{what}" for card in ("alert", "alerts") for what in ON_ALERTS),
}  # fmt: skip
CARE = [f"incident.{what}" for what in ("acknowledge", "assign", "snooze", "resolve", "expected")]
WORK |= set(CARE)
DECISIONS = {"approval.approve", "approval.deny", "approval.review", "approval.done", "approval.undone"}
STEERS = {"job.pause", "job.resume", "job.continue", "job.cancel"}
OWN = {"sms.send", "sms.discard", "approval.withdraw", "list.open", "list.ask", "list.csv", "list.drop"}
MAY: dict[str, set[str]] = {
    STRANGER: set(),
    VIEWER: LOOKS,
    OTHER_OPERATOR: LOOKS | CHANGES | WORK,
    APPROVER: LOOKS | CHANGES | WORK | DECISIONS | STEERS,
    ADMIN: LOOKS | CHANGES | WORK | DECISIONS | STEERS | {"approval.break"},
}
FORMS = CHANGES | {"incident.assign", "incident.resolve", "menu.find", "list.open", "list.ask", "search.change"} | {
    f"{card}.{what}" for card in ("alert", "alerts") for what in ("suspend", "plan")
} | {
    f"approval.{what}" for what in ("deny", "withdraw", "cancel", "break", "review", "done", "undone")
}  # fmt: skip


@dataclass(frozen=True)
class Button:
    """One button: a card it stands on, what it carries, and somebody who may press it."""

    action: str
    card: Message
    number: str
    by: str


def every_button() -> list[str]:
    """Each button's name in every table of the doors."""
    modules = [importlib.import_module(f"handlers.{found.name}") for found in pkgutil.iter_modules(handlers.__path__)]
    doors = {door for module in modules for door in vars(module).values() if isinstance(door, type)}
    # A table names methods of its door and needs nothing else of it.
    return [name for door in sorted(doors, key=repr) if hasattr(door, "table") for name in door.__new__(door).table()]


async def one_of_each(world: World) -> dict[str, Button]:
    """Each button by its name: of a request in every state, an alert, a SIM's card, a search, a history, the menu, a
    list, jobs, replies to SMS, and notifications."""
    found = (
        await _asked(world)
        | await _looked_up(world)
        | await _listed(world)
        | await _steered(world)
        | await _replied(world)
        | await _pushed(world)
    )
    return {name: Button(name, *found[name], by=_who_may(name)) for name in every_button()}


async def one_of_each_request(world: World) -> dict[str, Button]:
    """The buttons of the requests alone."""
    return {name: Button(name, *found, by=_who_may(name)) for name, found in (await _asked(world)).items()}


async def _asked(world: World) -> dict[str, tuple[Message, str]]:
    """The buttons of a request in every state."""
    pending = await world.ask("suspend", world.hub.pick(nth=0))
    unsure = await _unsure(world)
    cooling = await _decided(world, "retire", world.hub.pick("DEACTIVATED", nth=1))
    done = await _decided(world, "suspend", world.hub.pick(nth=2))
    broken = await _broken(world, world.hub.pick(nth=3))
    cards = {
        **dict.fromkeys(("approve", "deny", "withdraw", "break"), (pending, PENDING)),
        **dict.fromkeys(("look", "done", "undone"), (unsure, UNSURE)),
        "cancel": (cooling, COOLING),
        "undo": (done, DONE),
        "review": (broken, BROKEN),
    }
    return {f"approval.{what}": (card, number) for what, (card, number) in cards.items()}


async def _unsure(world: World) -> Message:
    """A request whose change was lost, and whose SIM will not show it."""
    card = await world.ask("activate")
    world.hub.lose_next("activateSim")
    world.hub.settle_slowly = FAR
    await world.press(card, "Approve", by=OTHER_APPROVER)
    world.hub.settle_slowly = 0
    return card


async def _decided(world: World, operation: str, giccid: str) -> Message:
    card = await world.ask(operation, giccid)
    await world.press(card, "Approve", by=OTHER_APPROVER)
    return card


async def _broken(world: World, giccid: str) -> Message:
    card = await world.ask("suspend", giccid)
    await world.press(card, "Break glass…", by=ADMIN)
    await world.submit({"Reason": "the site burns"}, by=ADMIN)
    return card


async def _looked_up(world: World) -> dict[str, tuple[Message, str]]:
    """The buttons of what people look at."""
    world.hub.grow(world.hub.pick(nth=5), fraction=0.97)
    await world.run("alerts")
    alone = world.card(ALERTS)
    for nth in (8, 9):
        world.hub.change(world.hub.pick(nth=nth), accountName="lab-trial")
        world.hub.expire_in(world.hub.pick(nth=nth), 5)
    await world.run("alerts")
    together = world.card(ALERTS)
    seen = {
        "sim": await _said(world, f"/sim {world.hub.pick(nth=6)}"),
        "history": await _said(world, f"/sim history {world.hub.pick(nth=6)}"),
        "search": await _said(world, "/sim find status:active"),
        "find": await _said(world, "/sim"),
    }
    seen["menu"] = seen["find"]
    alert = {f"alert.{what}": (alone, ALERT) for what in ON_ALERTS}
    alert |= {f"alerts.{what}": (together, TOGETHER) for what in (*ON_ALERTS, "csv")}
    numbers = {
        "sim": carried(seen["sim"], "sim.refresh"),
        "history": carried(seen["history"], "history.csv"),
        "search": carried(seen["search"], "search.next"),
        "find": carried(seen["sim"], "sim.refresh"),
        "menu": "0",
    }
    names = [name for name in every_button() if name.split(".")[0] in seen]
    found = {name: (seen[name.split(".")[0]], numbers[name.split(".")[0]]) for name in names}
    suspended = await _said(world, f"/sim {world.request(int(DONE)).giccid}")
    return alert | found | {"sim.activate": (suspended, carried(suspended, "sim.activate"))}


async def _listed(world: World) -> dict[str, tuple[Message, str]]:
    """The buttons of the report on a list, and of the file it comes from."""
    await share(world, "list.csv", f"iccid\n{world.hub.pick(nth=7)}".encode())
    offer = [m for m in world.slack.seen(by=OPERATOR, channel=OPS) if m.ephemeral_to == OPERATOR][-1]
    await world.press(offer, "Change these SIMs…", by=OPERATOR)
    await choose(world, "suspend")
    await world.submit({"reason": "winter"}, by=OPERATOR)
    card = said(world)
    return {
        "list.open": (offer, carried(offer, "list.open")),
        **{name: (card, carried(card, name)) for name in ("list.ask", "list.csv", "list.drop")},
    }


async def _replied(world: World) -> dict[str, tuple[Message, str]]:
    """The buttons under two replies in the thread of a SIM."""
    await world.push("mo-sms", world.hub.pick(nth=15), messageText="BATT LOW")
    thread = world.card(ALERTS)
    for text in ("one", "two"):
        await world.through(world.slack.say(text, by=OPERATOR, channel=ALERTS, thread_ts=thread.ts))
    first, second = (m for m in world.slack.thread(thread) if "Send" in m.buttons)
    return {"sms.send": (first, "1"), "sms.discard": (second, "2")}


async def _steered(world: World) -> dict[str, tuple[Message, str]]:
    """The buttons of jobs: one that waits after its first SIM, two that have ended, one that runs, two that were
    paused."""
    flow, operator = world.app.flows.jobs, Person(OPERATOR, Role.OPERATOR)

    async def start(name: str, *nth: int, canary: int = 0) -> None:
        sims = [world.hub.sim(world.hub.pick(nth=n)) for n in nth]
        rows = [(str(sim["giccid"]), str(sim["custom1"]), "active", str(sim["servicePackage"])) for sim in sims]
        await world.through(
            flow.start(JOBS[name], SUSPEND, len(rows), OPERATOR, rows, canary=canary, stop_at_percent=100)
        )

    await start("job.continue", 8, 9, canary=1)
    await start("job.undo", 10)
    world.hub.refuse_next()
    await start("job.retry", 11)
    await world.later(seconds=60)
    await world.run("jobs")
    world.hub.world.job_starts_after_s = FAR
    for name, nth in (("job.pause", 12), ("job.resume", 13), ("job.cancel", 14)):
        await start(name, nth)
    for name in ("job.resume", "job.cancel"):
        await world.through(flow.steer(JOBS[name], Step.PAUSE, by=operator))
    cards = {number: m for m in world.cards(APPROVALS) for number in JOBS.values() if f"Job #{number}:" in m.words}
    return {name: (cards[number], str(number)) for name, number in JOBS.items()}


async def _pushed(world: World) -> dict[str, tuple[Message, str]]:
    """The buttons under notifications, each under one of its own."""
    found = {}
    for n, name in enumerate([*CARE, *sorted(name for name in LOOKS if name.startswith("incident."))]):
        await world.push("imei-change", n)
        found[name] = (world.card(ALERTS), str(n + 1))
    return found


async def _said(world: World, text: str) -> Message:
    """The answer, which is the acknowledgement itself or comes after it."""
    await world.say(text, by=OPERATOR)
    return [m for m in world.slack.seen(by=OPERATOR, channel=OPS) if m.ephemeral_to == OPERATOR][-1]


def _who_may(name: str) -> str:
    """Somebody who may press this, and nobody with more of a role than it takes."""
    if name in OWN:
        return OPERATOR
    return next(user for user in MAY if name in MAY[user])


def carried(message: Message, action: str) -> str:
    """What this button of the message carries."""
    [value] = [e["value"] for _, e in elements(message.blocks) if e["action_id"] == action]
    return str(value)


def shown(world: World) -> Iterator[Block]:
    """Each button and menu on any message that stands anywhere now, whoever sees it."""
    for place in world.slack.space.written.values():
        for message in place.values():
            yield from (element for _, element in elements(message.blocks))


def changes(world: World) -> int:
    """How many changes SmartHub was asked for."""
    return sum(world.hub.count(name) for name in CHANGING)


def known(world: World) -> tuple[object, ...]:
    """All that a click could have changed, and what SmartHub was asked for."""
    requests = [world.request(n) for n in range(1, 6)]
    jobs, alerts = world.app.store.jobs, world.app.store.alerts
    return world.deeds(), requests, jobs.open(), jobs.recent(limit=9), alerts.live(), len(world.hub.asked)


async def pressed(world: World, button: Button, *, by: str, value: object = None) -> list[str]:
    """What this person alone reads after a press, each on one line; a form that opened is closed again."""
    before = len(answers(world, by))
    number = button.number if value is None else value
    ack = await send(world, click(world, button.card, button.action, by=by, value=number))
    assert ack.status == 200, button.action
    return answers(world, by)[before:]
