"""The audit log as a chain: each line is sealed together with the one before it. Pure.

What retention takes away from its beginning is named by anchors, a chain of their own, and each removal is a line too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from bot.errors import BadInput

SYSTEM = "simops"
FIRST = "0" * 64
REMOVED = "removed"
HALVES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Key:
    """What a key of a line's detail means, and the words that stand before its value where a line is read aloud."""

    means: str
    says: str = ""


# In the order in which a line tells them. Another key may stand in a line; it is kept and exported, and not explained.
KEYS: Mapping[str, Key] = MappingProxyType(
    {
        "operation": Key("what was asked for, such as `suspend`"),
        "what": Key("the same in words, with the plan or the add-on it is about"),
        "label": Key("the name people know the SIM by"),
        "giccid": Key("the SIM, by the number SmartHub has for it", "SIM "),
        "count": Key("how many SIMs it is about", "SIMs: "),
        "digest": Key("the SHA-256 of the list of these SIMs", "list "),
        "sms_id": Key("of an SMS: SmartHub's id of it", "SMS "),
        "length": Key("of an SMS: how many characters its text has", "characters: "),
        "text_digest": Key("of an SMS: the SHA-256 of its text; the text itself is in no line", "text "),
        "before": Key("the state before"),
        "after": Key("the state after"),
        "asked_by": Key("who asked: a Slack user id", "asked by "),
        "decided_by": Key("who decided: a Slack user id", "decided by "),
        "executed_by": Key("who had it carried out: a Slack user id, or `simops` for the bot itself", "executed by "),
        "channel": Key("the id of the Slack channel it was typed or pressed in", "in "),
        "reason": Key("why it was asked for", "because "),
        "why": Key("why it was decided so", "decided because "),
        "review": Key("what the reviewer of broken glass said", "review: "),
        "comment": Key("what somebody wrote in the thread under its card", "wrote: "),
        "drift": Key("what had changed since it was asked for", "changed: "),
        "to": Key("who may decide for somebody else: a Slack user id", "to "),
        "policy": Key("the policy that applied, by name", "policy "),
        "votes": Key("who has approved so far, and how many it takes", "votes: "),
        "request": Key("the number of the request that a job carries out, or that sent an SMS", "request "),
        "job": Key("the number of the job that carried it out", "job "),
        "done": Key("of a job: how many of its SIMs are done", "done: "),
        "failed": Key("of a job: how many of its SIMs failed", "failed: "),
        "unsure": Key("of a job: of how many of its SIMs nobody knows what became", "unsure: "),
        "left": Key("of a job: how many of its SIMs were not sent", "not sent: "),
        "sent": Key("the request to SmartHub, in summary", "sent: "),
        "answer": Key("SmartHub's answer, in summary", "answer: "),
        "outcome": Key("what came of it, as people were told"),
        "until": Key("until when it holds", "until "),
        "first": Key("of a removal: the first line that was removed", "from line "),
        "last": Key("of a removal: the last line that was removed", "to line "),
        "keep": Key("of a removal: how long lines are kept", "kept for "),
        "archive": Key("of a removal: the file the lines were written to before", "archived in "),
        "anchor_seal": Key("of a removal: the seal of its anchor", "seal "),
    }
)
PEOPLE = frozenset({"asked_by", "decided_by", "executed_by", "to"})


@dataclass(frozen=True)
class Deed:
    """What somebody did, before it is written: `actor` is a Slack user id, or `simops` for what the bot found out.

    The keys of `detail` are those of KEYS.
    """

    actor: str
    action: str
    subject: str
    detail: Mapping[str, str | int | None] = field(default_factory=dict)


@dataclass(frozen=True)
class AuditLine:
    """A deed as it stands in the log, with its number, its time (aware UTC) and its two seals (SHA-256, hex)."""

    id: int
    at: datetime
    deed: Deed
    previous: str
    seal: str


@dataclass(frozen=True)
class Anchor:
    """What stands for the lines `first` to `last` after retention removed them; `previous` is the anchor before's seal.

    `first_at` and `last_at` are the times of these two lines, `last_seal` is the seal the next line follows.
    """

    id: int
    first: int
    last: int
    first_at: datetime
    last_at: datetime
    last_seal: str
    at: datetime
    previous: str
    seal: str = ""


def seal(*, id: int, at: datetime, deed: Deed, previous: str) -> str:
    """The SHA-256 over the line and the seal before it, as 64 hex digits."""
    return _digest([id, at.isoformat(), deed.actor, deed.action, deed.subject, dict(deed.detail), previous])


def sealed(anchor: Anchor) -> Anchor:
    """The anchor with the seal that belongs to it."""
    times = [each.isoformat() for each in (anchor.first_at, anchor.last_at, anchor.at)]
    content = ["anchor", anchor.id, anchor.first, anchor.last, *times, anchor.last_seal, anchor.previous]
    return replace(anchor, seal=_digest(content))


def writable(deed: Deed) -> Deed:
    """The deed without halves of characters, which no file takes."""
    detail = {_whole(key): _whole(value) if isinstance(value, str) else value for key, value in deed.detail.items()}
    return Deed(_whole(deed.actor), _whole(deed.action), _whole(deed.subject), detail)


def removal(anchor: Anchor, *, keep: str, archive: str | None) -> Deed:
    """The line that tells of a removal."""
    detail: dict[str, str | int | None] = {"first": anchor.first, "last": anchor.last, "keep": keep}
    detail |= {"archive": archive, "anchor_seal": anchor.seal}
    return Deed(SYSTEM, REMOVED, f"anchor:{anchor.id}", detail)


def is_removal(deed: Deed) -> bool:
    """Whether the line tells of a removal by retention."""
    return deed.actor == SYSTEM and deed.action == REMOVED and deed.subject.startswith("anchor:")


class Chain:
    """A walk along the lines, from a beginning or from behind an anchor."""

    def __init__(self, after: Anchor | None = None) -> None:
        self.expected, self.previous = (1, FIRST) if after is None else (after.last + 1, after.last_seal)

    def break_at(self, line: AuditLine) -> str | None:
        """A sentence when this line does not follow from the one before it; else the walk goes on behind it."""
        if line.id != self.expected:
            return f"Line {self.expected} is missing: after it comes line {line.id}."
        if line.previous != self.previous:
            return f"Line {line.id} does not follow line {line.id - 1}: one of them was changed."
        if line.seal != seal(id=line.id, at=line.at, deed=line.deed, previous=line.previous):
            return f"Line {line.id} was changed after it was written."
        self.expected, self.previous = line.id + 1, line.seal
        return None


def first_break(lines: Iterable[AuditLine], anchors: Sequence[Anchor] = ()) -> str | None:
    """A sentence naming the first line or removal that does not follow from what is before it; `None` when all do.

    Of the lines of the newest anchor some may still be there: a removal goes on from its first line to its last.
    """
    broken = _break_in_anchors(anchors)
    if broken is not None:
        return broken
    told: set[int] = set()
    chain = Chain(anchors[-1] if anchors else None)
    for number, line in enumerate(lines):
        if number == 0 and anchors:
            chain = _where_removal_stands(line, anchors)
        broken = chain.break_at(line) or _break_with_anchors(line, anchors, told)
        if broken is not None:
            return broken
    if anchors and anchors[-1].id not in told:
        return f"No line tells of the removal of lines {anchors[-1].first} to {anchors[-1].last}."
    return None


def _break_in_anchors(anchors: Sequence[Anchor]) -> str | None:
    """The first anchor that was changed, or does not follow the one before it."""
    first, previous = 1, FIRST
    for number, anchor in enumerate(anchors, 1):
        if anchor.id != number:
            return f"Removal {number} is missing: after it comes removal {anchor.id}."
        if anchor.seal != sealed(anchor).seal:
            return f"Removal {anchor.id} (lines {anchor.first} to {anchor.last}) was changed after it was written."
        if (anchor.first, anchor.previous) != (first, previous) or anchor.last < anchor.first:
            return f"Removal {anchor.id} does not follow the one before it: one of them was changed."
        first, previous = anchor.last + 1, anchor.seal
    return None


def _where_removal_stands(line: AuditLine, anchors: Sequence[Anchor]) -> Chain:
    """The walk that begins with this line, the first there is: behind the removals, or inside of the newest."""
    chain = Chain(anchors[-1])
    if anchors[-1].first <= line.id <= anchors[-1].last:
        # The line before is gone. What this one says it followed is in its own seal, and that leads to the anchor.
        chain.expected, chain.previous = line.id, line.previous
    return chain


def _break_with_anchors(line: AuditLine, anchors: Sequence[Anchor], told: set[int]) -> str | None:
    """What the line and the anchors say of one another, where it is not the same; `told` gains what the line tells."""
    if anchors and line.id == anchors[-1].last and line.seal != anchors[-1].last_seal:
        return f"Line {line.id} is not the one that the removal up to it names."
    if not is_removal(line.deed):
        return None
    number = line.deed.subject.removeprefix("anchor:")
    anchor = next((a for a in anchors[int(number) - 1 : int(number)]), None) if number.isdecimal() else None
    if anchor is None:
        return f"Removal {number}, of which line {line.id} tells, is missing."
    if line.deed.detail.get("anchor_seal") != anchor.seal:
        return f"Removal {number} is not the one of which line {line.id} tells: it was changed."
    told.add(anchor.id)
    return None


def removed_in_words(anchors: Sequence[Anchor]) -> str:
    """What the removals took, in a sentence; there is at least one."""
    newest = anchors[-1]
    parts = "" if len(anchors) == 1 else f", in {len(anchors):,} parts, the last"
    lines = f"Lines {anchors[0].first:,} to {newest.last:,}"
    return f"{lines} were removed by retention{parts} on {newest.at:%Y-%m-%d} (seal {newest.seal})."


def pieces(deed: Deed) -> Iterator[tuple[str, str, str]]:
    """What the line tells beyond who did what: the key, the words before the value, and the value, in order.

    The states before and after come as one, under `state`.
    """
    detail = {key: str(value) for key, value in deed.detail.items() if value is not None and value != ""}
    for key, kind in KEYS.items():
        if key == "before" and ("before" in detail or "after" in detail):
            yield "state", "", f"{detail.get('before', '?')} → {detail.get('after', '?')}"
        elif key in detail and key not in ("before", "after"):
            yield key, kind.says, detail[key]


def as_json(line: AuditLine) -> str:
    """The line as an object of JSON on one line, with all that its seal is made of."""
    deed = line.deed
    whole = {
        "id": line.id,
        "at": line.at.isoformat(),
        "actor": deed.actor,
        "action": deed.action,
        "subject": deed.subject,
        "detail": dict(deed.detail),
        "previous": line.previous,
        "seal": line.seal,
    }
    return _whole(json.dumps(whole, ensure_ascii=False))


def from_json(text: str) -> AuditLine:
    """The line that `as_json` wrote. Raises BadInput for what it would not have written just so."""
    try:
        whole = json.loads(text)
        deed = Deed(whole["actor"], whole["action"], whole["subject"], whole["detail"])
        at = datetime.fromisoformat(whole["at"])
        line = AuditLine(whole["id"], at, deed, whole["previous"], whole["seal"])
        if type(line.id) is int and as_json(line) == text:
            return line
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise BadInput("It is no line of an audit log as simops writes it.")


COLUMNS = ("id", "at", "actor", "action", "subject", *KEYS, "more", "previous", "seal")


def as_cells(line: AuditLine) -> Sequence[str | int | None]:
    """The line as cells under COLUMNS; keys that are not ours stand together under `more`, as JSON."""
    deed = line.deed
    other = {key: value for key, value in deed.detail.items() if key not in KEYS}
    more = json.dumps(other, ensure_ascii=False) if other else None
    known = [deed.detail.get(key) for key in KEYS]
    return line.id, line.at.isoformat(), deed.actor, deed.action, deed.subject, *known, more, line.previous, line.seal


def _whole(text: str) -> str:
    return HALVES.sub("\ufffd", text)


def _digest(content: Sequence[object]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    # A log that was tampered with may hold halves of characters; it is judged all the same.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
