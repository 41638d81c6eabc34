"""The one call to SmartHub that belongs to an order."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.rules.orders import Order, merged
from bot.rules.sims import Operation, quotable
from bot.rules.sms import Coding
from bot.smarthub.client import SmartHub

TAKEN = "SmartHub took it"
NAMES: Mapping[Operation, str] = MappingProxyType(
    {
        Operation.ACTIVATE: "activateSim",
        Operation.SUSPEND: "suspendSim",
        Operation.RETIRE: "retireSim",
        Operation.PLAN: "changeBasicPackage",
        Operation.ADDON: "subscribeSupplementaryPackage",
        Operation.APN: "changeApnStatus",
        Operation.SET: "updateSimCustomFields",
        Operation.SMS: "sendSms",
    }
)


def line(hub: SmartHub, operation: Operation) -> str:
    """What is sent for this change, as method and path. Raises AddressNotConfirmed where it could not be sent."""
    return hub.line(NAMES[operation])


async def call(hub: SmartHub, giccid: str, order: Order) -> str:
    """What SmartHub said, in a few words, after it accepted the change. It is sent once; raises as a change."""
    match order.operation:
        case Operation.ACTIVATE:
            await hub.activate(giccid)
        case Operation.SUSPEND:
            await hub.suspend(giccid)
        case Operation.RETIRE:
            await hub.retire(giccid)
        case Operation.PLAN:
            await hub.change_plan(giccid, order.plan or "")
        case Operation.ADDON:
            await hub.subscribe_addon(giccid, order.plan or "")
        case Operation.APN:
            await hub.set_apn(giccid, order.apn or "", order.enabled is True)
        case Operation.SET:
            # All five are sent, so the others have to be what they are now, not what they were when this was asked for.
            await hub.set_custom(giccid, merged(order, await hub.custom(giccid)))
        case Operation.SMS:
            coding = None if order.coding is None else Coding(order.coding)
            sent = await hub.send_sms(giccid, order.text or "", coding=coding, validity=order.validity)
            return f"SmartHub took it over as SMS {quotable(sent.id)}; that is not delivered yet."
    return TAKEN
