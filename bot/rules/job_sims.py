"""One SIM of a bulk job: what it was, what became of it, and how that is found out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from bot.rules.batches import Item, ItemState
from bot.rules.events import Push
from bot.rules.jobs import Stage
from bot.rules.orders import Before, Order, inverse, reads, shows
from bot.rules.sims import TO, Addon, Operation, Sim, quotable

# A page of a list that confirms fewer SIMs than this is not worth asking for while others are still on their way.
WORTH_A_PAGE = 200
LOOKS_AT_MOST = 20  # also when the clock was set back, and the time for looking never ends
# What SmartHub may have accepted for the next cycle: that it does not show yet says nothing.
FOR_LATER = frozenset({Operation.PLAN, Operation.ADDON})
NOT_DONE, NOT_SHOWN, NOT_READ, NOT_FINISHED = "not_done", "not_shown", "not_read", "not_finished"
BECAUSE: Mapping[str, str] = MappingProxyType(
    {
        "illegal_status": "The SIM is not in a state that allows it",
        "invalid": "SmartHub does not accept a value",
        "missing": "SmartHub does not know the SIM, or something the change refers to",
        "missing_field": "Something is missing in the request",
        "already_exists": "It exists already",
    }
)


class Entry(NamedTuple):
    """A SIM as it comes in with the list: its state and plan as they are before. `own` is what is to be done to it
    where that is not the same for all: an undo gives each SIM back what it had."""

    giccid: str
    label: str
    status: str | None
    plan: str | None
    own: Order | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A SIM of a job with its place in it, from 1 on. `since` is when it came to its stage, aware UTC."""

    n: int
    giccid: str
    label: str
    stage: Stage
    before: Before
    own: Order | None = None
    code: str | None = None
    why: str | None = None
    after: str | None = None
    since: datetime | None = None
    looks: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out about a SIM: its next stage, SmartHub's or our code, the reason in words, how it reads, and
    SmartHub's id of the SMS it took over."""

    stage: Stage
    code: str | None = None
    why: str | None = None
    after: str | None = None
    taken_as: str | None = None


@dataclass(frozen=True)
class Part:
    """What a SIM was to a bulk job, for its history: what was done to it there, asked for by whom in which request."""

    job: int
    request: int
    order: Order
    by: str
    stage: Stage
    why: str | None
    after: str | None
    at: datetime


class Way(StrEnum):
    """How SIMs are read again: not yet, one by one, or in pages of a list."""

    LATER = "later"
    SINGLY = "singly"
    PAGES = "pages"


def of_item(item: Item) -> Found | None:
    """What SmartHub's batch says of a SIM; `None` while it says nothing yet."""
    if item.state is ItemState.DONE:
        return Found(Stage.TAKEN)
    if item.state is ItemState.FAILED:
        return Found(Stage.FAILED, item.code, refused(item.code, item.message))
    return None


def refused(code: str | None, message: str | None) -> str:
    """SmartHub's no for a SIM in a sentence of ours, with its own words behind it."""
    known = BECAUSE.get(code or "")
    said = quotable(message) if message else ""
    if known is None:
        known = f"SmartHub says “{quotable(code)}”" if code else "SmartHub refused it and did not say why"
    return f"{known} (“{said}”)." if said and said != code else f"{known}."


def best_way(due: int, *, coming: int, pages: int | None) -> Way:
    """The cheaper way to read `due` SIMs again, with `coming` more expected, where `pages` list all there are.

    `None`: SmartHub cannot be asked for a list in which they would be.
    """
    if pages is None or due + coming <= pages:
        return Way.SINGLY
    if coming and due < WORTH_A_PAGE * pages:
        return Way.LATER
    return Way.PAGES if due > pages else Way.SINGLY


def next_look(member: Member, *, now: datetime, every: timedelta, longest: timedelta) -> datetime:
    """When to look at a SIM again that does not show it yet: later each time, and for the last time after `longest`."""
    later: timedelta = every * 2 ** min(member.looks, 20)
    last = (member.since or now) + longest
    return min(now + later, max(last, now + every))


def is_last_look(member: Member, *, now: datetime, longest: timedelta) -> bool:
    """Whether a SIM that still does not show it will not any more."""
    if member.looks == 0:  # however long it waited, nobody has looked yet
        return False
    return member.since is None or now - member.since >= longest or member.looks >= LOOKS_AT_MOST


def verdict(order: Order, member: Member, sim: Sim) -> Found:
    """What is to be said of a SIM that does not show the change after all this time, as it reads now."""
    is_now = reads(order, sim)
    if member.stage is Stage.LOST:
        why = member.why or "SmartHub's answer was lost"
        if member.code == NOT_FINISHED:
            return Found(Stage.UNSURE, NOT_FINISHED, f"{why}. The SIM reads {is_now} so far.", is_now)
        return Found(Stage.FAILED, NOT_DONE, f"{why}. The SIM still reads {is_now}, so it was not done.", is_now)
    if order.operation in FOR_LATER:
        why = f"SmartHub accepted it; the SIM still reads {is_now}. It may count from the next cycle on."
        return Found(Stage.DONE, None, why, is_now)
    return Found(Stage.UNSURE, NOT_SHOWN, f"SmartHub said that it was done, and the SIM still reads {is_now}.", is_now)


def unreadable(member: Member, why: str) -> Found:
    """What is to be said of a SIM that could not be read in all this time."""
    said = "SmartHub said that it was done" if member.stage is Stage.TAKEN else "SmartHub's answer was lost"
    return Found(Stage.UNSURE, NOT_READ, f"{said}, and the SIM could not be read since: {why}")


def before_words(order: Order, before: Before) -> str:
    """What the SIM read before, where the order shows."""
    if order.operation in TO or order.operation is Operation.SMS:
        return before.status
    addons = tuple(Addon(name) for name in before.addons)
    sim = Sim("", None, before.status, plan=before.plan, apns=before.apns, addons=addons)
    return reads(order, replace(sim, custom=before.custom) if before.custom else sim)


def way_back(order: Order, member: Member) -> Entry | None:
    """The SIM as a list to undo the job would have it, with what brings back what was; `None` where nothing does."""
    back = inverse(order, member.before)
    if back is None:
        return None
    status = TO[order.operation].value if order.operation in TO else member.before.status
    plan = order.plan if order.operation is Operation.PLAN else member.before.plan
    return Entry(member.giccid, member.label, status, plan, back)


def is_as_left(order: Order, plan: str | None, sim: Sim) -> bool:
    """Whether a SIM that is to get back what it had still has what a job with this order gave it (`plan`: the rate plan
    it had then), as far as the snapshot tells; its status is judged like that of any other, and its APNs are read
    before the call."""
    if order.operation is Operation.PLAN:
        return sim.plan == plan
    if order.operation is Operation.SET:
        return shows(order, Before(""), sim) is True
    return True


def is_echo(order: Order, push: Push) -> bool:
    """Whether a notification says no more than that this order was carried out."""
    told = push.facts.get("new")
    if push.name == "sim-status-change":
        return order.operation in TO and told == TO[order.operation].value
    if push.name == "apn-status-change":
        is_ours = order.operation is Operation.APN and push.facts.get("apn") == order.apn
        return is_ours and told == ("on" if order.enabled else "off")
    return False
