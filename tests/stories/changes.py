"""Changes of every kind, as stories ask for them."""

from __future__ import annotations

from datetime import timedelta

from bot.simulator.slack import Message
from tests.talk import ADMIN, APPROVER, OPERATOR, World

# How each is asked for, behind the number of a SIM that is at work, and SmartHub's name for its call.
CALLS = {
    "suspend": ("", "suspendSim"),
    "plan": ("iot-500", "changeBasicPackage"),
    "addon": ("addon-100", "subscribeSupplementaryPackage"),
    "apn": ("iot.smarthub off", "changeApnStatus"),
    "set": ("custom2=Berlin", "updateSimCustomFields"),
}
ASSUMED = ("changeBasicPackage", "subscribeSupplementaryPackage", "changeApnStatus")


async def with_settings(world: World, **settings: object) -> None:
    """The bot begins anew with these settings under [approvals], and with the addresses confirmed that are assumed."""
    world.settings["smarthub"] = {"operations": {name: {"confirmed": True} for name in ASSUMED}}
    world.settings["approvals"] = settings
    await world.restart()


async def approved(
    world: World, operation: str = "suspend", giccid: str | None = None, *, by: str = OPERATOR
) -> Message:
    """The card of a change that was asked for and approved, with all that came of it."""
    sim = giccid or world.hub.pick("DEACTIVATED" if operation in ("activate", "retire") else "ACTIVATED")
    wanted = CALLS[operation][0] if operation in CALLS else ""
    card = await world.ask(operation, f"{sim} {wanted}".strip(), by=by)
    await world.press(card, "Approve", by=APPROVER)
    return card


async def says_why(world: World, card: Message, button: str, *, by: str, why: str = "it has to be") -> None:
    """Somebody presses a button that asks why, and says it."""
    await world.press(card, button, by=by)
    sent = await world.submit({"Reason": why} if why else {}, by=by)
    assert sent.errors is None, sent.errors


async def break_the_glass(world: World, card: Message, *, by: str = ADMIN, why: str = "it cannot wait") -> None:
    """An admin goes without approval: SmartHub hears of nothing before the change itself."""
    await says_why(world, card, "Break glass…", by=by, why=why)


async def looked_after(world: World, *, minutes: float) -> None:
    """Time passes, with the requests looked after as often as needed to see what happens on the way."""
    end = world.clock.now() + timedelta(minutes=minutes)
    while world.clock.now() < end:
        await world.later(minutes=min(2.0, minutes))
        await world.run("requests")


async def cooling(world: World, giccid: str | None = None) -> Message:
    """The card of a SIM that was suspended on the way, and whose time runs."""
    card = await approved(world, "retire", giccid or world.hub.pick())
    assert world.request().state == "cooling", world.now(card)
    return card


async def over(world: World) -> None:
    """Its time is over, and the clock strikes."""
    await world.later(hours=24)
    await world.run("requests")
