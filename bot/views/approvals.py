"""A request for a change: its card, what its people hear, and the modals that ask for a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.rules.approvals import Approval, State, can_undo
from bot.rules.durations import say_duration
from bot.rules.job_sims import Entry
from bot.rules.orders import FIELD_AT_MOST, Order, inverse
from bot.rules.people import Person
from bot.rules.radius import Radius
from bot.rules.sims import Operation
from bot.views.forms import field, modal, typed
from bot.views.parts import (
    Block,
    Element,
    Message,
    actions,
    as_many,
    bold,
    button,
    code,
    confirm,
    escape,
    fit,
    flat,
    header,
    lines,
    moment,
    name,
    say,
    sentence,
    spans,
    verbatim,
    who,
    whole_lines,
)
from bot.views.policies import people

SHEET = ("giccid", "label", "state", "rate plan", "change")
WHY_MODAL = "approval.why"
WHY = "why"
DIGEST = 16  # characters of the digest that people compare
WORDS = 66  # of an order in a headline, so that the SIM's label behind it is there
REASON_AT_MOST = 500


class Why(StrEnum):
    """What a reason is asked for."""

    DENY = "deny"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"
    BREAK_GLASS = "break"
    REVIEW = "review"
    DONE = "done"
    NOT_DONE = "undone"


MARKS: Mapping[State, str] = {
    State.PENDING: "⏳ Waiting for an approver",
    State.RUNNING: "▶️ Approved, being carried out",
    State.COOLING: "🧊 Suspended; retired",
    State.DONE: "✅ Confirmed",
    State.FAILED: "❌ Not done",
    State.UNSURE: "❓ Unsure",
    State.DENIED: "⛔ Denied",
    State.WITHDRAWN: "↩️ Withdrawn",
    State.LAPSED: "⌛ Lapsed",
}
SAID_NO = frozenset({State.DENIED, State.WITHDRAWN})


def title(approval: Approval) -> str:
    """What is asked for, of which SIM or how many: “Suspend Pump 7”."""
    words = what(approval)
    return words[0].upper() + words[1:]


def what(approval: Approval) -> str:
    """The same inside of a line: “suspend Pump 7”, “change the rate plan to “iot-100”: Pump 7”."""
    about = _many(approval.count) if approval.giccid is None else name(approval.label)
    words = fit(approval.order.words, WORDS)
    return f"{words}: {about}" if " " in words else f"{words} {about}"


def _many(count: int) -> str:
    return f"{count:,} {'SIM' if count == 1 else 'SIMs'}"


def _number(approval: Approval) -> list[Element]:
    """Behind the title, which of a list says all there is."""
    return [] if approval.giccid is None else spans(" ", code(approval.giccid))


def card(approval: Approval, *, undo_within: timedelta = timedelta(0), now: datetime | None = None) -> Message:
    """The whole card, drawn from the stored row."""
    status = _status(approval)
    text = [] if approval.order.text is None else [verbatim(approval.order.text)]
    blocks: list[Block] = [header(f"#{approval.id} {title(approval)}"), lines(*_facts(approval)), *text, lines(*status)]
    if approval.drift:
        blocks.append(lines([bold("⚠️ Changed since it was asked for")], *(sentence(d) for d in approval.drift)))
    if buttons := _buttons(approval, undo_within=undo_within, now=now):
        blocks.append(actions("approval", *buttons))
    said = f"#{approval.id} {escape(title(approval))}: {flat(status[0])}. Asked by <@{approval.asked_by}>."
    return Message(text=said, blocks=tuple(blocks))


def _facts(approval: Approval) -> list[list[Element]]:
    facts: list[list[Element]] = []
    if approval.giccid is not None:
        facts.append(spans(bold("SIM"), f"  {approval.label}  ", code(approval.giccid)))
        facts.append(spans(bold("Account"), f"  {approval.account or 'unknown'}"))
        when = "State as last read" if approval.drift else "State when asked"
        facts.append(spans(bold(when), f"  {approval.before.status}"))
    facts += _fields(approval)
    facts += radius(approval.radius, many=approval.giccid is None)
    facts.append(spans(bold("Asked by"), "  ", who(approval.asked_by), "  ", moment(approval.asked_at)))
    facts.append(spans(bold("Reason"), f"  {approval.reason or 'none given'}"))
    if approval.undo_of is not None:
        facts.append(spans(bold("Undoes"), f"  request #{approval.undo_of}"))
    if approval.digest is not None:
        facts.append(
            spans(bold("Exactly this list"), "  ", code(approval.digest[:DIGEST]), "  as a file in the thread")
        )
    if approval.open:
        facts.append(_undoable(approval))
    return facts


def _fields(approval: Approval) -> list[list[Element]]:
    """Each custom field that is to be set, as it was and as it is to be; of several SIMs what they were is not one."""
    old = approval.before.custom
    was = {n: f"{name(text or '') or 'none'} → " for n, text in enumerate(old, 1) if approval.giccid is not None}
    custom = approval.order.custom
    return [spans(bold(f"custom{n}"), f"  {was.get(n, '')}{fit(new, FIELD_AT_MOST) or 'none'}") for n, new in custom]


def radius(radius: Radius | None, *, many: bool) -> list[list[Element]]:
    """What would be touched, before anybody presses; of one SIM what its other lines do not say."""
    if radius is None:
        return []
    rows = [spans(bold("Rate plan"), f"  {_counts(radius.plans, many=many)}")]
    if many:
        rows.insert(0, spans(bold("States"), f"  {_counts(radius.states, many=True)}"))
        rows.append(spans(bold("Accounts"), f"  {_counts(radius.accounts, many=True)}"))
    rows.append(spans(bold("Countries" if many else "Country"), f"  {_counts(radius.countries, many=many)}"))
    in_use = f"{radius.in_session:,} of {radius.count:,}" if many else ("yes" if radius.in_session else "no")
    rows.append(spans(bold("Session in the last 24 h"), f"  {in_use}"))
    if radius.left_out:
        out = ", ".join(f"{count:,} {name(why)}" for why, count in radius.left_out.items())
        rows.append(spans(bold("Left out of the list"), f"  {out}"))
    if many and radius.refused:
        rows.append(spans(bold("Will be refused"), f"  {sum(radius.refused.values()):,}"))
        rows += [[say(f"    {count:,}: "), *sentence(why)] for why, count in radius.refused.items()]
    if radius.cost is not None:
        rows.append(spans(bold("Cost"), f"  {radius.cost}"))
    return rows


def _counts(counts: Mapping[str, int], *, many: bool) -> str:
    named = [f"{name(value)} {count:,}" if many else name(value) for value, count in counts.items()]
    return ", ".join(named) or "unknown"


def _undoable(approval: Approval) -> list[Element]:
    if approval.operation is Operation.RETIRE:
        later = say_duration(approval.policy.cooling_off)
        wait = (
            ""
            if approval.stage is approval.operation
            else f" It is suspended at once and retired {later} later; until then it can be cancelled."
        )
        return spans(bold("Retiring is final"), f"  A retired SIM can never be used again.{wait}")
    if approval.order.final:
        what = "An SMS" if approval.operation is Operation.SMS else "An add-on"
        return spans(bold("Cannot be undone"), f"  {what} cannot be taken back.")
    if approval.giccid is not None and inverse(approval.order, approval.before) is None:
        return spans(bold("Cannot be undone"), "  There is nothing to go back to from the state this SIM is in.")
    return spans(bold("Can be undone"), "  By a request for the opposite.")


def _mark(approval: Approval) -> str:
    """The state in a sign and a word; a retirement that was cancelled on its way was not withdrawn by who asked."""
    if (
        approval.state is State.DONE and approval.list is not None
    ):  # not of all its SIMs, maybe: what came of it says so
        return "✅ Ended"
    if approval.state is State.WITHDRAWN and approval.outcome is not None:
        return "↩️ Retirement cancelled"
    return "❌ Refused" if approval.refused else MARKS[approval.state]


def _status(approval: Approval) -> list[list[Element]]:
    """The line that says where it stands, and those that say what came of it."""
    first: list[Element] = [bold(_mark(approval))]
    if approval.state is State.PENDING:
        first += spans(" until ", moment(approval.lapses_at))
    elif approval.state is State.COOLING and approval.cool_until is not None:
        first += spans(" ", moment(approval.cool_until), " unless somebody cancels")
    elif approval.decided_by is not None and approval.decided_at is not None:
        verb = "· approved by" if approval.glass is None else "· without approval, by"
        verb = "by" if approval.state in SAID_NO else verb
        first += spans(f" {verb} ", *_voters(approval), " ", moment(approval.decided_at))
    elif approval.decided_at is not None:
        first += spans(f" · policy “{name(approval.policy.name)}” asks nobody ", moment(approval.decided_at))
    rows = [first]
    if approval.state is State.PENDING:
        rows.append(_needs(approval))
    if approval.glass is not None:
        rows += _glass(approval)
    if approval.why is not None:
        rows.append(spans(bold("Because"), f"  {approval.why}"))
    if approval.outcome is not None:
        rows.append(sentence(approval.outcome))
    return [*rows, *_look(approval)] if approval.state is State.UNSURE else rows


def _look(approval: Approval) -> list[list[Element]]:
    """How it will be known what became of it."""
    if approval.operation is Operation.SMS:
        return [spans("An approver who knows what became of it says so here.")]
    if approval.next_look_at is None:
        return []
    return [spans("It is not sent again. Next look at the SIM: ", moment(approval.next_look_at))]


def _voters(approval: Approval) -> list[Element]:
    """Who said yes, or who decided otherwise."""
    said_yes = [vote.by for vote in approval.votes] if approval.glass is None and approval.state not in SAID_NO else []
    people = said_yes if approval.decided_by in said_yes else [approval.decided_by or approval.asked_by]
    return [part for n, person in enumerate(people) for part in ([say(", ")] if n else []) + [who(person)]]


def _needs(approval: Approval) -> list[Element]:
    """How many have said yes, who, and what is still needed."""
    row = spans(bold("Approvals"), "  ", *sentence(approval.needs))
    if approval.votes:
        row += spans(" (yes: ", *_people([vote.by for vote in approval.votes]), ")")
    return [*row, say(f" · policy “{name(approval.policy.name)}”")]


def _people(users: Sequence[str]) -> list[Element]:
    return [part for n, user in enumerate(users) for part in ([say(", ")] if n else []) + [who(user)]]


def _glass(approval: Approval) -> list[list[Element]]:
    by = [say(" by "), who(approval.glass_by)] if approval.glass_by is not None else []
    rows = [spans(bold("🚨 Glass broken"), *by, f"  {approval.glass}")]
    if approval.reviewed_by is None or approval.reviewed_at is None:
        return [*rows, spans("An approver has to review this.")]
    said = f": {approval.review}" if approval.review else ""
    return [*rows, spans(bold("Reviewed"), "  ", who(approval.reviewed_by), " ", moment(approval.reviewed_at), said)]


# --- buttons -----------------------------------------------------------------------------------------------------


def _buttons(approval: Approval, *, undo_within: timedelta, now: datetime | None) -> list[Block]:
    def simple(words: str, action: str) -> Block:
        return button(words, action=f"approval.{action}", id=approval.id)

    match approval.state:
        case State.PENDING:
            return [
                _approve(approval),
                simple("Deny", "deny"),
                simple("Withdraw", "withdraw"),
                simple("Break glass…", "break"),
            ]
        case State.COOLING:
            return [simple("Cancel the retirement", "cancel"), *_review(approval)]
        case State.UNSURE:
            by_hand = [simple("It was done…", "done"), simple("It was not done…", "undone")]
            return [simple("Look now", "look"), *by_hand, *_review(approval)]
        case State.DONE if now is not None and _has_way_back(approval, undo_within, now):
            return [simple(f"Undo (within {say_duration(undo_within)})", "undo"), *_review(approval)]
    return _review(approval)


def _has_way_back(approval: Approval, within: timedelta, now: datetime) -> bool:
    return (
        approval.list is None
        and can_undo(approval, within=within, now=now)
        and inverse(approval.order, approval.before) is not None
    )


def _review(approval: Approval) -> list[Block]:
    return [button("Review…", action="approval.review", id=approval.id)] if approval.unreviewed else []


def _approve(approval: Approval) -> Block:
    final = approval.order.final
    words = approval.order.words
    one = f"{name(approval.label)} ({name(approval.giccid or '')})."
    about = f"{_many(approval.count)}." if approval.giccid is None else one
    if approval.operation is Operation.RETIRE and approval.stage is not approval.operation:
        told = "Suspended now, retired for good when its time is over."
    else:
        done = "done" if approval.giccid is not None else "begun"
        now = f"It is {done} {'when enough have approved' if approval.policy.people > 1 else 'at once'}."
        told = "This is final." if final else now
    ask = confirm(f"{words[0].upper()}{words[1:]}?", f"{about} {told}", yes="Approve", danger=final)
    style = "danger" if final else "primary"
    return button("Approve", action="approval.approve", id=approval.id, style=style, confirm=ask)


def sheet_row(order: Order, one: Entry) -> tuple[object, ...]:
    """A SIM of a list as a row under `SHEET`."""
    return (one.giccid, one.label, one.status, one.plan, (one.own or order).words)


def why_modal(approval: Approval, what: Why) -> Block:
    """The modal that asks why. It carries the request's number and nothing else; its name says what it is for."""
    heading, submit, hint, needed = {
        Why.DENY: ("Deny", "Deny", "Whoever asked reads this.", True),
        Why.WITHDRAW: ("Withdraw", "Withdraw", "It stands on the card.", False),
        Why.CANCEL: ("Cancel", "Cancel it", "It stands on the card.", False),
        Why.BREAK_GLASS: ("Break the glass", "Do it now", "Everybody reads this, and an approver reviews it.", True),
        Why.REVIEW: ("Review", "Reviewed", "What you think of it; it is kept with the request.", False),
        Why.DONE: ("It was done", "It was done", "How you know.", True),
        Why.NOT_DONE: ("It was not done", "It was not done", "How you know.", True),
    }[what]
    return modal(
        f"{heading} #{approval.id}",
        lines([say(title(approval)), *_number(approval)]),
        field("Reason", typed(action=WHY, lines=True, most=REASON_AT_MOST), hint=hint, optional=not needed),
        callback=f"{WHY_MODAL}.{what.value}",
        id=approval.id,
        submit=submit,
        close="Back",
    )


# --- what people hear --------------------------------------------------------------------------------------------


def asked(approval: Approval, *, channel: str) -> Message:
    """What the requester reads at once."""
    parts = [
        say(f"Asked: #{approval.id} {title(approval)}"),
        *_number(approval),
        say(". An approver decides in "),
        {"type": "channel", "channel_id": channel},
        say("; it lapses "),
        moment(approval.lapses_at),
        say("."),
    ]
    # Who asks need not be in the approvals channel, where the card with its buttons stands.
    take_back = actions("approval", button("Withdraw", action="approval.withdraw", id=approval.id))
    text = f"Asked: #{approval.id} {escape(title(approval))}. An approver decides in <#{channel}>."
    return Message(text=text, blocks=(lines(parts), take_back))


def reading(approval: Approval) -> Message:
    """What somebody reads at once who approves many SIMs."""
    what = f"The {approval.count:,} SIMs of request #{approval.id} are read at SmartHub once more."
    return _said([spans(f"{what} The card says what comes of it.")])


def asked_for(approval: Approval) -> Message:
    """What those hear whom the policy has told of every such request."""
    parts = [who(approval.asked_by), say(f" asked: #{approval.id} {title(approval)}. "), *_because(approval)]
    return Message(text=flat(parts), blocks=(lines(parts),))


def waits_for_you(approval: Approval, *, channel: str) -> Message:
    """What somebody hears directly who may approve a request, where that is wished for."""
    parts = [who(approval.asked_by), say(f" asks: #{approval.id} {title(approval)}. "), *_because(approval)]
    parts += [say(" You may decide it in "), {"type": "channel", "channel_id": channel}, say("; it lapses ")]
    return _said([[*parts, moment(approval.lapses_at), say(".")]])


def to_groups(groups: Sequence[str], told: Message) -> Message:
    """The same message, for whole user groups."""
    row = [*people(groups, "and"), say(":")]
    return Message(text=f"{flat(row)} {told.text}", blocks=(lines(row), *told.blocks))


def _because(approval: Approval) -> list[Element]:
    return [say(f"Reason: {approval.reason}")] if approval.reason else []


def outcome(approval: Approval, *, undo_within: timedelta = timedelta(0), now: datetime | None = None) -> Message:
    """What whoever asked reads at once where nobody else had to say yes: there is no card, so that its button to undo
    stands here.
    """
    said = _status_behind([say(f"#{approval.id} {title(approval)}: ")], approval)
    if approval.state is State.DONE and (buttons := _buttons(approval, undo_within=undo_within, now=now)):
        return replace(said, blocks=(*said.blocks, actions("approval", *buttons)))
    return said


def news(approval: Approval, *, before: Approval) -> Message | None:
    """What the requester hears of a vote, the decision, the outcome; `None` when nothing is worth a word."""
    first = [who(approval.asked_by), say(f" #{approval.id} {title(approval)}: ")]
    if approval.state is before.state:
        if len(approval.votes) > len(before.votes):
            parts = [*first, who(approval.votes[-1].by), say(" approved. "), *_needs(approval)]
            return Message(text=flat(parts), blocks=(lines(parts),))
        if approval.drift != before.drift:
            parts = [*first, say("changed since it was asked for. "), *sentence(" ".join(approval.drift))]
            return Message(text=flat(parts), blocks=(lines(parts),))
        if approval.reviewed_by is not None and before.reviewed_by is None:
            return _said([first, *_glass(approval)[1:]])
        return None
    return _status_behind(first, approval)


def _status_behind(first: Sequence[Element], approval: Approval) -> Message:
    """Where the request stands and what came of it, behind these words."""
    status = _status(approval)
    rows = [[*first, *status[0]], *status[1:]]
    return Message(text=whole_lines(flat(row) for row in rows), blocks=(lines(*rows),))


def _said(rows: Sequence[Sequence[Element]]) -> Message:
    parts = [part for row in rows for part in row]
    return Message(text=flat(parts), blocks=(lines(parts),))


def broken_glass(approval: Approval) -> Message:
    """What everybody hears when somebody went without approval."""
    parts = [
        bold("🚨 Glass broken: "),
        who(approval.decided_by or approval.asked_by),
        say(f" has #{approval.id} {title(approval)} carried out without approval. "),
        say(f"Reason: {approval.glass}. An approver has to review it on its card."),
    ]
    return Message(text=flat(parts), blocks=(lines(parts),))


def reminder(approval: Approval) -> Message:
    """What stands under a card when nobody has decided for a while."""
    parts = [say(f"#{approval.id} still waits. "), *sentence(approval.needs), say(" It lapses ")]
    return _said([[*parts, moment(approval.lapses_at), say(".")]])


def escalation(approval: Approval) -> Message:
    """What those hear before whom a request is brought when nobody else decided."""
    whom = people([n for part in approval.policy.parts for n in part.escalate_to], "and")
    parts = [say(f" #{approval.id} {title(approval)}, asked by "), who(approval.asked_by), say(", waits since ")]
    return _said([[*whom, *parts, moment(approval.asked_at), say("; you may decide it now, too.")]])


def waiting(
    approvals: Sequence[Approval],
    *,
    person: Person,
    now: datetime,
    count: int,
    for_me: Sequence[Approval] = (),
    mine: Sequence[Approval] = (),
    unreviewed: Sequence[Approval] = (),
) -> Message:
    """What waits for this person and what from them; `count` is how many wait in all, where these are not all."""
    shown = {a.id for a in (*for_me, *mine)}
    others = [a for a in approvals if a.id not in shown and a.asked_by != person.id]
    rows: list[list[Element]] = []
    for heading, listed in (("For you", for_me), ("From you", mine), ("For others", others), ("To review", unreviewed)):
        if listed:
            rows += [spans(bold(heading)), *(_line(a, now=now) for a in listed)]
    if not rows:
        return _said([spans("Nothing waits for a decision.")])
    shown_rows = as_many(rows)
    left = count - len(approvals) + sum(1 for row in rows[len(shown_rows) :] if len(row) > 1)  # one is a heading
    if left > 0:
        shown_rows.append(spans(f"… and {left:,} more."))
    text = whole_lines([f"{count:,} waiting for a decision.", *map(flat, shown_rows)])
    return Message(text=text, blocks=(lines(spans(bold(f"{count:,} waiting")), *shown_rows),))


def _line(approval: Approval, *, now: datetime) -> list[Element]:
    state = "" if approval.state is State.PENDING else f" ({approval.state})"
    row = spans(bold(f"#{approval.id}"), f" {title(approval)}{state}, asked by ", who(approval.asked_by))
    row.append(say(f" {say_duration(now - approval.asked_at)} ago"))
    if approval.state is State.PENDING:
        row += spans(
            f", {len(approval.votes)} of {approval.policy.people} approved, lapses ", moment(approval.lapses_at)
        )
    return row
