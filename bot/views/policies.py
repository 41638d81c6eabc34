"""Policies: which one a request would fall under, and who would have to approve."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.rules.durations import say_duration
from bot.rules.policies import NONE, Facts, Met, Policy, say_sims
from bot.rules.questions import Explained
from bot.rules.quorum import say_people, seats
from bot.rules.sims import Operation
from bot.views.parts import (
    Block,
    Element,
    Message,
    as_many,
    bold,
    code,
    escape,
    group,
    header,
    lines,
    moment,
    name,
    say,
    sentence,
    small,
    spans,
    who,
    whole_lines,
)

MARKS = {Met.YES: "✓", Met.NO: "✗", Met.PERHAPS: "≈ perhaps, or for some of them:"}
SHOWN = 10  # rows of each part
# Characters of each part; together they are what a message holds.
DECIDES, NEEDS, TROUBLES, ABOVE = 4000, 3500, 1500, 2000
PEOPLE_SHOWN = 20  # of one list


def people(names: Iterable[str], joint: str = "or") -> list[Element]:
    """People and user groups, by their ids: "@ana, @omar or @finance"."""
    listed = list(names)
    shown = [group(n) if n.startswith("S") else who(n) for n in listed[:PEOPLE_SHOWN]]
    if not shown:
        return [say("nobody")]
    more = f", … {len(listed) - PEOPLE_SHOWN} more" if len(listed) > PEOPLE_SHOWN else ""
    parts: list[Element] = []
    for number, element in enumerate(shown):
        between = "" if number == 0 else f" {joint} " if number == len(listed) - 1 else ", "
        parts += spans(between, element)
    return [*parts, *spans(more)]


def answer(
    facts: Facts, policy: Policy, explained: Sequence[Explained], *, may: int | None, troubles: Sequence[str] = ()
) -> Message:
    """What `policy test` says. `may` is how many people could approve now, `None` where Slack does not tell."""
    asked = f"{facts.operation.value} {say_sims((facts.count, facts.count))}"
    above = [row for row in explained if not row.decides]
    blocks: list[Block] = [header(f"Policy: {asked}")]
    decide = [_why(row) for row in explained if row.decides][:SHOWN]
    blocks += [lines(*_cut(rows, DECIDES // len(decide), None)) for rows in decide]
    blocks.append(lines(*_cut([*_needs(policy, may), *_waits(policy, facts)], NEEDS, None)))
    if troubles:
        blocks.append(lines(*_cut([sentence(f"⚠️ {trouble}") for trouble in troubles], TROUBLES)))
    if above:
        rows = _cut([_why_not(row) for row in above], ABOVE)
        blocks.append(lines(spans(bold("These stand above it and do not fit")), *rows))
    blocks.append(small("Nothing was asked for. Policies are set under [[policies]] in config.toml."))
    title = f"{escape(asked)}: policy “{escape(name(policy.title))}”."
    return Message(text=whole_lines([title, *_in_words(policy)]), blocks=tuple(blocks))


def _cut(rows: Sequence[Sequence[Element]], room: int, most: int | None = SHOWN) -> list[Sequence[Element]]:
    """The first of the rows, as many as there is room for, and how many more there are."""
    shown = as_many(rows[:most], room=room)
    more = [spans(f"… and {len(rows) - len(shown)} more.")] if len(rows) > len(shown) else []
    return [*shown, *more]


def _why(row: Explained) -> list[list[Element]]:
    title = spans(bold(f"“{name(row.policy.name)}” decides"))
    if not row.conditions:
        return [title, spans("It fits every request that no policy above it fits.")]
    return [title, *(spans(f"{MARKS[c.met]} {c.words}") for c in row.conditions)]


def _why_not(row: Explained) -> list[Element]:
    unmet = next((c.words for c in row.conditions if c.met is Met.NO), "no kind of the SIMs meets all it asks for")
    return spans(f"“{name(row.policy.name)}”: {MARKS[Met.NO]} {unmet}")


def _needs(policy: Policy, may: int | None) -> list[list[Element]]:
    """Who has to approve, a line for each policy that has to be satisfied."""
    if not policy.approval:
        return [spans(bold("Approval"), "  none is needed")]
    asking = [part for part in policy.parts if part.approval]
    rows = []
    for part in asking:
        under = f" under “{name(part.name)}”" if len(asking) > 1 else ""
        rows.append(spans(bold(f"Approval{under}"), f"  {_count(part.people)}: ", *_of(part)))
    counts = "counts as one of them" if any(part.requester_counts for part in asking) else "does not count"
    known = "" if may is None else f"; {_count(may)} could approve now"
    return [*rows, spans(bold("Who asks"), f"  {counts}{known}")]


def _of(policy: Policy) -> list[Element]:
    """The lists the approvers come from, each with how many of it: "one of @a and 2 of @b"."""
    listed = seats(policy)
    parts: list[Element] = []
    for seat in dict.fromkeys(listed):
        count = listed.count(seat)
        of = people(seat) if seat else [say("whoever is an approver or admin")]
        parts += spans(" and " if parts else "", f"{'one' if count == 1 else count} of ", *of)
    return parts


def _waits(policy: Policy, facts: Facts) -> list[list[Element]]:
    rows = [
        spans(bold("Reason"), *_reason(part)) for part in policy.parts if part.reason_required or part.reason_pattern
    ]
    if policy.approval:
        rows.append(spans(bold("Waits"), f"  {say_duration(policy.lives_for)}{_reminders(policy)}"))
    for part in policy.parts:
        if part.escalate_to:
            after = f"  after {say_duration(part.escalate_after)} also "
            rows.append(spans(bold("Escalates"), after, *people(part.escalate_to)))
    if policy.notify:
        rows.append(spans(bold("Is told"), "  ", *people(policy.notify, "and")))
    if facts.operation is Operation.RETIRE:
        two = (
            f"suspended first, retired {say_duration(policy.cooling_off)} later"
            if policy.cooling_off
            else "done at once"
        )
        rows.append(spans(bold("Retiring"), f"  {two}"))
    return [*rows, spans(bold("Looked at for"), "  ", moment(facts.at))]


def _reason(policy: Policy) -> list[Element]:
    parts = spans("  has to be given")
    if policy.reason_hint:
        parts += spans(f": {name(policy.reason_hint)}")
    if policy.reason_pattern:
        parts += spans(", all of it like ", code(policy.reason_pattern))
    return parts


def _reminders(policy: Policy) -> str:
    if policy.remind_after <= NONE or policy.remind_after >= policy.lives_for:
        return ", without a reminder"
    most = max(policy.remind_after, policy.remind_at_most)
    first = say_duration(policy.remind_after)
    return f"; a reminder after {first}, the next ones after twice as long each, up to {say_duration(most)}"


def _in_words(policy: Policy) -> list[str]:
    """The approvals it takes as plain text, a line for each list they come from."""
    if not policy.approval:
        return ["No approval is needed."]
    said = []
    for part in policy.parts:
        listed = seats(part)
        for seat in dict.fromkeys(listed):
            of = say_people(seat[:PEOPLE_SHOWN]) if seat else "whoever is an approver or admin"
            said.append(f"{'one' if listed.count(seat) == 1 else listed.count(seat)} of {of}")
    return [f"Approval: {said[0]}", *(f"and {more}" for more in said[1:])]


def _count(people: int) -> str:
    return "one person" if people == 1 else f"{people:,} people" if people else "nobody"
