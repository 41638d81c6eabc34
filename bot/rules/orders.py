"""What somebody wants done to a SIM: in words, what it needs, how it shows afterwards, how it is undone. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from bot.errors import BadInput, NotPossible
from bot.rules.sims import TO, Apn, Operation, Sim, Status, allow, quotable

FIELD_AT_MOST = 200
NAME_AT_MOST = 200

GIVES_BACK: Mapping[Operation, str] = MappingProxyType(
    {Operation.PLAN: "rate plan", Operation.APN: "state of the APN", Operation.SET: "custom fields"}
)

Detail = Mapping[str, str | int | bool | None]


@dataclass(frozen=True)
class Order:
    """A change with what it takes: the plan of `plan` and `addon`, the APN and its switch, the custom fields of `set`
    by their number, the text of `sms` with its coding (0, 1 or 4) and validity (a TP-VP)."""

    operation: Operation
    plan: str | None = None
    apn: str | None = None
    enabled: bool | None = None
    custom: tuple[tuple[int, str], ...] = ()
    text: str | None = None
    coding: int | None = None
    validity: int | None = None

    @property
    def words(self) -> str:
        """What is to be done, without the SIM: “suspend”, “change the rate plan to iot-100”."""
        return f"give back the {GIVES_BACK[self.operation]} from before" if self.gives_back else self._with_value()

    def _with_value(self) -> str:
        match self.operation:
            case Operation.PLAN:
                return f"change the rate plan to {_name(self.plan)}"
            case Operation.ADDON:
                return f"order the add-on {_name(self.plan)}"
            case Operation.APN:
                return f"switch the APN {_name(self.apn)} {'on' if self.enabled else 'off'}"
            case Operation.SET:
                return "set " + ", ".join(f"custom{n} to {_name(value)}" for n, value in self.custom)
            case Operation.SMS:
                return "send an SMS"
        return self.operation.value

    @property
    def gives_back(self) -> bool:
        """Whether it gives each of many SIMs back what that one had before: then it names no value itself."""
        value = {Operation.PLAN: self.plan, Operation.APN: self.enabled, Operation.SET: self.custom or None}
        return self.operation in GIVES_BACK and value[self.operation] is None

    @property
    def final(self) -> bool:
        """Whether nothing can take it back."""
        return self.operation in (Operation.RETIRE, Operation.ADDON, Operation.SMS)


@dataclass(frozen=True)
class Before:
    """What a SIM was when the change was asked for: what a reader compares, and what an undo goes back to."""

    status: str
    plan: str | None = None
    apns: tuple[Apn, ...] = ()
    custom: tuple[str | None, ...] = ()
    addons: tuple[str, ...] = ()

    @staticmethod
    def of(sim: Sim) -> Before:
        """The SIM as it reads now."""
        status = sim.status_word if sim.status is None else sim.status.value
        return Before(status, sim.plan, sim.apns, sim.custom, tuple(addon.name for addon in sim.addons))

    def apn(self, name: str | None) -> bool | None:
        """Whether this APN was on; `None` when it was not there or not known."""
        return next((apn.enabled for apn in self.apns if apn.name == name), None)


def check(order: Order, sim: Sim) -> None:
    """Nothing, when the order fits the SIM as it is; else raises NotPossible or BadInput with the reason."""
    allow(order.operation, sim)
    match order.operation:
        case Operation.PLAN if sim.plan == order.plan:
            raise NotPossible(f"This SIM has the rate plan {_name(order.plan)} already.")
        case Operation.APN:
            _check_apn(order, sim)
        case Operation.SET:
            _check_custom(order, sim)


def _check_apn(order: Order, sim: Sim) -> None:
    known = {apn.name: apn.enabled for apn in sim.apns}
    if order.apn not in known:
        there = ", ".join(_name(name) for name in known) or "none"
        raise NotPossible(f"This SIM has no APN {_name(order.apn)}; its APNs: {there}.")
    if known[order.apn] is order.enabled:
        raise NotPossible(f"The APN {_name(order.apn)} of this SIM is {'on' if order.enabled else 'off'} already.")


def _check_custom(order: Order, sim: Sim) -> None:
    if not order.custom:
        raise BadInput("Nothing to set: write for example `custom2=Berlin`.")
    for number, value in order.custom:
        if len(value) > FIELD_AT_MOST:
            raise BadInput(f"custom{number} would have {len(value)} characters; a custom field holds {FIELD_AT_MOST}.")
    if all((sim.custom[number - 1] or "") == value for number, value in order.custom):
        raise NotPossible("These custom fields read like this already.")


def shows(order: Order, before: Before, sim: Sim) -> bool | None:
    """Whether the SIM, read again, shows that the order was carried out; `None` when a SIM cannot show it."""
    match order.operation:
        case Operation.PLAN:
            return sim.plan == order.plan
        case Operation.ADDON:
            return _count(Before.of(sim).addons, order.plan) > _count(before.addons, order.plan)
        case Operation.APN:
            return Before.of(sim).apn(order.apn) is order.enabled
        case Operation.SET:
            return all((sim.custom[number - 1] or "") == value for number, value in order.custom)
        case Operation.SMS:
            return None
    return sim.status is TO[order.operation]


def reads(order: Order, sim: Sim) -> str:
    """What the SIM reads where the order would show: “suspended”, “plan iot-10”."""
    match order.operation:
        case Operation.PLAN:
            return f"rate plan {_name(sim.plan)}"
        case Operation.ADDON:
            count = _count(Before.of(sim).addons, order.plan)
            return f"{count} of the add-on {_name(order.plan)}"
        case Operation.APN:
            return f"APN {_name(order.apn)} {_switch(Before.of(sim).apn(order.apn))}"
        case Operation.SET:
            return ", ".join(f"custom{number} {_name(sim.custom[number - 1])}" for number, _ in order.custom)
    return quotable(sim.status_word) if sim.status is None else sim.status.value


def was(order: Order, before: Before) -> str:
    """What the SIM read before, where the order shows; in the words of `reads`."""
    match order.operation:
        case Operation.PLAN:
            return f"rate plan {_name(before.plan)}"
        case Operation.ADDON:
            return f"{_count(before.addons, order.plan)} of the add-on {_name(order.plan)}"
        case Operation.APN:
            return f"APN {_name(order.apn)} {_switch(before.apn(order.apn))}"
        case Operation.SET:
            return ", ".join(f"custom{number} {_name(_field(before, number))}" for number, _ in order.custom)
    return before.status


def changed_since(order: Order, before: Before, sim: Sim) -> Sequence[str]:
    """What is not any more as it was when this was asked for, a sentence each: the state, the plan, and what the order
    touches."""
    now = Before.of(sim)
    was, is_ = quotable(before.status), quotable(now.status)
    found = [f"The state was {was} and is {is_}."] if before.status != now.status else []
    if before.plan not in (None, now.plan):  # not known, as of what was asked for before it was kept
        found.append(f"The rate plan was {_name(before.plan)} and is {_name(now.plan)}.")
    if order.operation is Operation.APN and before.apn(order.apn) is not now.apn(order.apn):
        was, is_ = _switch(before.apn(order.apn)), _switch(now.apn(order.apn))
        found.append(f"The APN {_name(order.apn)} was {was} and is {is_}.")
    if order.operation is Operation.ADDON:
        had, has = _count(before.addons, order.plan), _count(now.addons, order.plan)
        found += [f"It had {had} of the add-on {_name(order.plan)} and has {has}."] if had != has else []
    if order.operation is Operation.SET:
        for number, _ in order.custom:
            old, new = _field(before, number), _field(now, number)
            if old != new:
                found.append(f"custom{number} was {_name(old)} and is {_name(new)}.")
    return found


def inverse(order: Order, before: Before) -> Order | None:
    """The order that brings back what was before; `None` where there is no way back."""
    match order.operation:
        case Operation.SUSPEND if before.status == Status.ACTIVE:
            return Order(Operation.ACTIVATE)
        case Operation.ACTIVATE if before.status == Status.SUSPENDED:
            return Order(Operation.SUSPEND)
        case Operation.PLAN if before.plan is not None:
            return replace(order, plan=before.plan)
        case Operation.APN if (was := before.apn(order.apn)) is not None:
            return replace(order, enabled=was)
        case Operation.SET:
            return replace(order, custom=tuple((n, _field(before, n) or "") for n, _ in order.custom))
    return None


def merged(order: Order, now: Sequence[str | None]) -> tuple[str | None, ...]:
    """All five custom fields as they are to be, from the five as they are now: an empty text empties a field."""
    wanted = dict(order.custom)
    return tuple((wanted[n] or None) if n in wanted else value for n, value in enumerate(now, 1))


def to_detail(order: Order) -> Detail:
    """The order as flat data, without what it does not take."""
    detail: dict[str, str | int | bool | None] = {
        "plan": order.plan,
        "apn": order.apn,
        "enabled": order.enabled,
        "text": order.text,
        "coding": order.coding,
        "validity": order.validity,
        **{f"custom{number}": value for number, value in order.custom},
    }
    return {key: value for key, value in detail.items() if value is not None}


def _count(names: Sequence[str], name: str | None) -> int:
    return sum(1 for n in names if n == name)


def _field(before: Before, number: int) -> str | None:
    return before.custom[number - 1] if number <= len(before.custom) else None


def _switch(enabled: bool | None) -> str:
    return {True: "on", False: "off", None: "unknown"}[enabled]


def _name(word: str | None) -> str:
    return f"“{quotable(word)}”" if word else "none"
