"""The one call to SmartHub that belongs to an order, for one SIM or for many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


async def call(hub: SmartHub, giccid: str, order: Order, *, custom: Sequence[str | None] | None = None) -> str:
    """What SmartHub said, in a few words, after it accepted the change. It is sent once; raises as a change.

    `custom` are the SIM's custom fields where somebody has read them just now.
    """
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
            now = await hub.custom(giccid) if custom is None else custom
            await hub.set_custom(giccid, merged(order, now))
        case Operation.SMS:
            coding = None if order.coding is None else Coding(order.coding)
            sent = await hub.send_sms(giccid, order.text or "", coding=coding, validity=order.validity)
            return f"SmartHub took it over as SMS {quotable(sent.id)}; that is not delivered yet."
    return TAKEN


async def store_batch(hub: SmartHub, giccids: Sequence[str], order: Order) -> str:
    """The id of the job SmartHub has stored for these SIMs, 1 to 1000. It is sent once; raises as a change."""
    match order.operation:
        case Operation.ACTIVATE:
            return await hub.batch_activate(giccids)
        case Operation.SUSPEND:
            return await hub.batch_suspend(giccids)
        case Operation.RETIRE:
            return await hub.batch_retire(giccids)
        case Operation.PLAN:
            return await hub.batch_change_plan(giccids, order.plan or "")
    raise AssertionError(f"SmartHub has no batch for {order.operation}")
