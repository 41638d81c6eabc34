"""What can be typed after `/sim`: one table, which help, the README and the parser all use. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from bot.errors import BadInput
from bot.rules.people import Role
from bot.rules.sims import looks_like_id, quotable, read_iccid


@dataclass(frozen=True)
class Verb:
    """One line of the table: how it is written, what it does, and the role it takes."""

    usage: str
    does: str
    role: Role


VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        "show": Verb("ID` or `show ID", "the SIM's card", Role.VIEWER),
        "activate": Verb("activate ID because REASON", "asks for approval, then activates the SIM", Role.OPERATOR),
        "suspend": Verb("suspend ID because REASON", "asks for approval, then suspends the SIM", Role.OPERATOR),
        "retire": Verb("retire ID because REASON", "asks for approval, then retires the SIM for good", Role.OPERATOR),
        "approvals": Verb("approvals", "what waits for a decision", Role.VIEWER),
        "alerts": Verb("alerts", "the alerts that are open", Role.VIEWER),
        "status": Verb("status", "how the bot, SmartHub and Slack are", Role.VIEWER),
        "help": Verb("help", "this list", Role.NOBODY),
    }
)
CHANGES = ("activate", "suspend", "retire")
REASON_LIMIT = 500
BECAUSE = re.compile(r"\s+because\b\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Command:
    """What was typed, understood: the verb, the ICCID where one is needed, the reason, and whether all may read it."""

    verb: str
    iccid: str | None = None
    reason: str | None = None
    here: bool = False


def read_command(text: str, *, name: str = "/sim") -> Command:
    """The command in what was typed after `name`. Raises BadInput, saying what to type instead."""
    because = BECAUSE.search(text)
    end = len(text) if because is None else because.start()
    before, reason = text[:end], text[end:]  # a reason is kept word by word, whatever stands in it
    here = "--here" in before.split()
    text = re.sub(r"(^|\s)--here(?=\s|$)", " ", before) + reason
    words = text.split()
    if not words:
        return Command("help", here=here)
    verb = words[0].lower()
    if verb not in VERBS:
        if looks_like_id(words[0]):
            return Command("show", iccid=_one_sim(text, f"{name} ID"), here=here)
        raise BadInput(_unknown(words[0], name))
    rest = text.split(None, 1)[1] if len(words) > 1 else ""
    if verb == "show":
        return Command("show", iccid=_one_sim(rest, f"{name} show ID"), here=here)
    if verb in CHANGES:
        return _change(verb, rest, name)
    return Command(verb, here=here)


def _change(verb: str, rest: str, name: str) -> Command:
    """A change with its SIM and its reason; exactly one SIM is named."""
    named, *reasons = BECAUSE.split(" " + rest, maxsplit=1)
    words = named.split()
    if _are_sims(words):
        raise BadInput(f"One SIM at a time, please: `{name} {verb} ID because REASON`.")
    stray = next((w for w in words if not re.search(r"\d", w)), None)
    if stray is not None and len(words) > 1:
        raise BadInput(
            f"“{quotable(stray)}” is not part of a SIM's number. Write a reason after “because”: "
            f"`{name} {verb} ID because REASON`."
        )
    whole = next((w for w in words if re.fullmatch("[0-9]{18,22}[Ff]?", w)), None)
    if whole is not None and len(words) > 1:
        stray = next(w for w in words if w is not whole)
        raise BadInput(f"“{quotable(whole)}” is a SIM's number already; what is “{quotable(stray)}” beside it?")
    iccid = read_iccid(named)
    reason = reasons[0].strip() if reasons else None
    if reason is not None and len(reason) > REASON_LIMIT:
        raise BadInput(f"The reason has {len(reason)} characters; keep it to {REASON_LIMIT}.")
    return Command(verb, iccid=iccid, reason=reason or None)


def _one_sim(named: str, usage: str) -> str:
    """The ICCID in what was typed for a card. Raises BadInput."""
    if _are_sims(named.split()):
        raise BadInput(f"One SIM at a time, please: `{usage}`.")
    return read_iccid(named)


def _are_sims(words: Sequence[str]) -> bool:
    """Whether these are the whole numbers of several SIMs."""
    return len(words) > 1 and all(looks_like_id(w) and 18 <= len(re.sub(r"\D", "", w)) <= 22 for w in words)


def _unknown(word: str, name: str) -> str:
    near = get_close_matches(word.lower(), VERBS, n=1, cutoff=0.6)
    hint = f"Did you mean `{name} {near[0]}`?" if near else f"`{name} help` lists what there is."
    return f"There is no verb “{quotable(word)}”. {hint}"
