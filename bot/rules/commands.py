"""What can be typed after `/sim`: one table, which help, the README and the parser all use. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from types import MappingProxyType

from bot.errors import BadInput
from bot.rules.naming import read_name
from bot.rules.orders import Order
from bot.rules.people import Role
from bot.rules.sims import Operation, looks_like_id, quotable
from bot.rules.wishes import ORDERS, split_words


@dataclass(frozen=True)
class Verb:
    """One line of the table: how it is written, what it does, and the role it takes."""

    usage: str
    does: str
    role: Role


STATUS = "sms status"
VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        "show": Verb("ID` or `show ID", "the SIM's card; ID is any of its numbers, its label, or a piece", Role.VIEWER),
        "find": Verb("find WORDS status:active usage>80%", "searches the SIMs, paged, with a CSV", Role.VIEWER),
        "history": Verb("history ID", "what happened to the SIM, in one line of time", Role.VIEWER),
        "activate": Verb("activate ID because REASON", "asks for approval, then activates the SIM", Role.OPERATOR),
        "suspend": Verb("suspend ID because REASON", "asks for approval, then suspends the SIM", Role.OPERATOR),
        "retire": Verb("retire ID because REASON", "asks for approval, then retires the SIM for good", Role.OPERATOR),
        "plan": Verb("plan ID PLAN because REASON", "asks for approval, then changes the rate plan", Role.OPERATOR),
        "addon": Verb("addon ID PACKAGE because REASON", "asks for approval, then orders an add-on", Role.OPERATOR),
        "apn": Verb("apn ID APN on|off because REASON", "asks for approval, then switches the APN", Role.OPERATOR),
        "set": Verb("set ID custom2=TEXT because REASON", "asks for approval, then sets custom fields", Role.OPERATOR),
        "sms": Verb("sms ID TEXT", "sends an SMS to the device", Role.OPERATOR),
        STATUS: Verb("sms status N", "what became of an SMS; without N, the newest", Role.VIEWER),
        "bulk": Verb("bulk", "opens the form to change many SIMs: pasted, from a file, or found", Role.OPERATOR),
        "protect": Verb("protect ID because REASON", "keeps the SIM out of bulk changes and retirement", Role.OPERATOR),
        "unprotect": Verb("unprotect ID because REASON", "lifts that again", Role.APPROVER),
        "protected": Verb("protected", "the protected SIMs, by whom and why", Role.VIEWER),
        "pool": Verb("pool ACCOUNT", "share pools and how much of them is used", Role.VIEWER),
        "account": Verb("account NAME", "the enterprise, or one account", Role.VIEWER),
        "plans": Verb("plans ACCOUNT", "the rate plans of an account", Role.VIEWER),
        "countries": Verb("countries 2026-11", "traffic and SIMs by country", Role.VIEWER),
        "approvals": Verb("approvals", "what waits for a decision, for me and from me", Role.VIEWER),
        "delegate": Verb("delegate PERSON until friday", "lets somebody approve in my place", Role.APPROVER),
        "jobs": Verb("jobs", "the bulk jobs: what runs, by whom, how far", Role.VIEWER),
        "job": Verb("job N", "one bulk job: progress, what failed, its buttons", Role.VIEWER),
        "refresh": Verb("refresh ACCOUNT", "reads the SIMs of an account anew, for searches and alerts", Role.OPERATOR),
        "policy": Verb("policy test retire 200 account:acme", "which policy matches, and who decides", Role.VIEWER),
        "alerts": Verb("alerts", "the alerts that are open; `alerts rules`, `alerts test RULE`", Role.VIEWER),
        "ack": Verb("ack N", "takes alert N; `ack card N`: all of a card", Role.OPERATOR),
        "snooze": Verb("snooze N 3d", "puts alert N, or `card N`, off; `worse`: until it gets worse", Role.OPERATOR),
        "subscribe": Verb("subscribe no-session account:acme", "this channel gets these notifications", Role.OPERATOR),
        "subscriptions": Verb("subscriptions", "which channel gets which notifications, and by whom", Role.VIEWER),
        "unsubscribe": Verb("unsubscribe N", "ends a subscription", Role.OPERATOR),
        "mute": Verb(
            "mute account:acme 2h because WORK", "holds what planned work causes; alone: lists it", Role.VIEWER
        ),
        "unmute": Verb("unmute N", "ends that sooner", Role.OPERATOR),
        "event": Verb("event N", "the way of one notification, from its coming to its channel", Role.VIEWER),
        "report": Verb("report week", "the fleet in a day, a week or a cycle, with a CSV", Role.VIEWER),
        "audit": Verb("audit ID", "who did what to a SIM, a request (#12) or by a person", Role.ADMIN),
        "status": Verb("status", "how the bot, SmartHub and Slack are", Role.VIEWER),
        "help": Verb("help", "this list", Role.NOBODY),
    }
)
CHANGES = tuple(operation.value for operation in Operation)
# What is a deed rather than a look is answered to whoever did it, whatever is typed behind it.
NOTIFIED = ("subscribe", "unsubscribe", "mute", "unmute")
DEEDS = frozenset({*CHANGES, "protect", "unprotect", "delegate", "refresh", *NOTIFIED, "ack", "snooze"})
NAMES_A_SIM = frozenset({"show", "history", *CHANGES, "protect", "unprotect"})
CALLED_SO = frozenset({"sim", "iccid", "giccid"})  # what people write in front of the number of a SIM
REASON_LIMIT = 500
# Phones and Macs make one dash of two hyphens.
SMS_STATUS = re.compile(r"status(?:\s+(\S+))?", re.IGNORECASE)
FLAG = re.compile(r"(?<!\S)(?:--|[\u2013\u2014])(here|exact)(?!\S)", re.IGNORECASE)
BECAUSE = re.compile(r"(?<!\s)\s+because\b\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Command:
    """What was typed, understood: the verb, how a SIM was named where one is needed, what is to be done to it, the
    reason, what else stands behind the verb, whether all may read the answer, and whether it is to be exact."""

    verb: str
    named: str | None = None
    reason: str | None = None
    order: Order | None = None
    rest: str = ""
    here: bool = False
    exact: bool = False


def read_command(text: str, *, name: str = "/sim") -> Command:
    """The command in what was typed after `name`. Raises BadInput, saying what to type instead."""
    first, rest, flags = _opened(text)
    here, exact = "here" in flags, "exact" in flags
    if first is None:
        return Command("menu", here=here)
    verb = first.lower()
    if verb == Operation.SMS and (asked := SMS_STATUS.fullmatch(rest.strip())) is not None:
        return Command(STATUS, rest=asked[1] or "")
    if verb not in VERBS:
        return replace(_by_name(first, rest, name), here=here, exact=exact)
    if verb in CHANGES or verb in ("protect", "unprotect"):
        return _change(verb, rest, name)
    if verb in NAMES_A_SIM:
        return Command(verb, named=_one_sim(rest, f"{name} {verb} ID"), here=here, exact=exact)
    return Command(verb, rest=rest.strip(), here=here, exact=exact)


def read_change(text: str) -> Operation | None:
    """The change that is named behind `bulk`; `None` where none is. Raises BadInput for another word."""
    word = text.strip().lower()
    if not word:
        return None
    if word not in CHANGES:
        raise BadInput(f"“{quotable(word)}” is no change; there are {', '.join(CHANGES)}. Or type `bulk` alone.")
    return Operation(word)


def _opened(text: str) -> tuple[str | None, str, frozenset[str]]:
    """The verb, what stands behind it, and which flags are there; in a reason and in an SMS they are only words."""
    because = BECAUSE.search(text)
    end = len(text) if because is None else because.start()
    before, reason = text[:end], text[end:]
    first = before.split(None, 1)
    if first and first[0].lower() == Operation.SMS:
        return Operation.SMS.value, text.split(None, 1)[1] if len(text.split(None, 1)) > 1 else "", frozenset()
    flags = frozenset(flag.lower() for flag in FLAG.findall(before))
    words = (FLAG.sub(" ", before) + reason).split(None, 1)
    if not words:
        return None, "", flags
    return words[0], words[1] if len(words) > 1 else "", flags


def _by_name(word: str, rest: str, name: str) -> Command:
    """A card, when this is how a SIM could be named; a word that is nearly a verb was meant as one."""
    near = get_close_matches(word.lower(), VERBS, n=1, cutoff=0.75)
    if near and not looks_like_id(word):
        raise BadInput(
            f"There is no verb “{quotable(word)}”. Did you mean `{name} {near[0]}`? "
            f"A SIM that is called so is shown by `{name} show {quotable(word)}`."
        )
    return Command("show", named=_one_sim(f"{word} {rest}", f"{name} ID"))


def _change(verb: str, rest: str, name: str) -> Command:
    """A change with its SIM and its reason; exactly one SIM is named."""
    usage = f"{name} {VERBS[verb].usage}"
    if verb == Operation.SMS:  # its text may hold any word
        named, sms = ORDERS[Operation.SMS](rest, usage)
        return Command(verb, named=_one_sim(named, usage), order=sms)
    said, *reasons = BECAUSE.split(" " + rest, maxsplit=1)
    reason = reasons[0].strip() if reasons else None
    if reason is not None and len(reason) > REASON_LIMIT:
        raise BadInput(f"The reason has {len(reason)} characters; keep it to {REASON_LIMIT}.")
    named, order = _ordered(verb, said, usage)
    return Command(verb, named=_one_sim(named, usage), order=order, reason=reason or None)


def _ordered(verb: str, said: str, usage: str) -> tuple[str, Order | None]:
    """What names the SIM, and what is ordered; `None` for a verb that changes nothing at SmartHub."""
    if verb in ORDERS:
        return ORDERS[Operation(verb)](said, usage)
    return said, Order(Operation(verb)) if verb in CHANGES else None


def _one_sim(named: str, usage: str) -> str:
    """What names a SIM. Raises BadInput for none, for several, and for a whole number with something beside it."""
    words = split_words(named)
    if _are_sims(words):
        raise BadInput(f"One SIM at a time, please: `{usage}`.")
    whole = next((w for w in words if re.fullmatch("[0-9]{18,22}[Ff]?", w)), None)
    if whole is not None and len(words) > 1:
        stray = next((w for w in words if w is not whole and w.lower().rstrip(":=#") not in CALLED_SO), None)
        if stray is not None:
            raise BadInput(
                f"“{quotable(whole)}” is a SIM's number already; what is “{quotable(stray)}” beside it? "
                f"Write a reason after “because”: `{usage}`."
            )
        words = [whole]
    shown = " ".join(words)
    read_name(shown)  # raises where there is nothing to look for
    return shown


def _are_sims(words: Sequence[str]) -> bool:
    """Whether these are the whole numbers of several SIMs."""
    return len(words) > 1 and all(looks_like_id(w) and 18 <= len(re.sub(r"\D", "", w)) <= 22 for w in words)
