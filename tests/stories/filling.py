"""The forms behind a SIM's buttons, as people open and fill them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.simulator.slack import Message
from tests.stories.changes import with_settings
from tests.stories.forging import Json, answers
from tests.talk import OPERATOR, World

APN = "iot.smarthub"
Row = Mapping[str, object]


@dataclass(frozen=True)
class Case:
    """A button with what is filled into its form, what the card is called then, and what the SIM shows afterwards."""

    button: str
    values: Mapping[str, str]
    title: str
    call: str
    shows: Callable[[Row], bool]


CASES = {
    "suspend": Case("Suspend", {}, "Suspend {}", "suspendSim", lambda sim: sim["status"] == "DEACTIVATED"),
    "plan": Case(
        "Change plan",
        {"New rate plan": "iot-500"},
        "Change the rate plan to “iot-500”: {}",
        "changeBasicPackage",
        lambda sim: sim["servicePackage"] == "iot-500",
    ),
    "addon": Case(
        "Order add-on",
        {"Add-on": "addon-100"},
        "Order the add-on “addon-100”: {}",
        "subscribeSupplementaryPackage",
        lambda sim: "addon-100" in str(sim["supplementaryServicePackages"]),
    ),
    "apn": Case(
        "Switch APN",
        {"APN": f"off {APN}"},
        f"Switch the APN “{APN}” off: {{}}",
        "changeApnStatus",
        lambda sim: sim["apns"] == [{"apn": APN, "status": "DISABLED"}],
    ),
    "set": Case(
        "Custom fields",
        {"custom2": "", "custom4": "Halle 7"},
        "Set custom2 to none, custom4 to “Halle 7”: {}",
        "updateSimCustomFields",
        lambda sim: (sim["custom2"], sim["custom3"], sim["custom4"]) == (None, "stays", "Halle 7"),
    ),
}


async def a_sim(world: World) -> str:
    """The number of a SIM at work of which every kind of change can be asked for."""
    await with_settings(world, undo_within="never")
    giccid = world.hub.pick()
    world.hub.change(giccid, servicePackage="iot-100", custom2="Bonn", custom3="stays", supplementaryServicePackages=[])
    return giccid


async def opened(world: World, button: str, giccid: str, *, by: str = OPERATOR) -> Json:
    """The form that this button of the SIM's card opens."""
    await world.press(await card_of(world, giccid, by=by), button, by=by)
    modal = world.slack.modal(by)
    assert modal is not None, answers(world, by)
    return modal


async def card_of(world: World, giccid: str, *, by: str = OPERATOR) -> Message:
    """The SIM's card, as this person sees it."""
    said = await world.say(f"/sim {giccid}", by=by)
    assert said.reply is not None
    return said.reply


async def filled(world: World, values: Mapping[str, str], *, by: str = OPERATOR) -> Mapping[str, str] | None:
    """Fills the open form as a person does, who sees in a menu what is offered, and sends it; the errors it shows."""
    names = [block["element"]["action_id"] for block in world.slack.modal(by)["blocks"] if block["type"] == "input"]
    for name in {"change.plan", "change.addon"} & set(names):
        await world.through(world.slack.type_ahead(None, name, "", by=by))
    return (await world.submit(dict(values), by=by)).errors
