"""A request for a change: its card, what its people hear, and the modal that asks for a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.rules.approvals import Approval, State
from bot.rules.sims import Operation
from bot.views.parts import (
    BREAK,
    Block,
    Element,
    Message,
    actions,
    bold,
    button,
    code,
    confirm,
    escape,
    flat,
    header,
    lines,
    moment,
    name,
    say,
    spans,
    who,
)

DENY_MODAL = "approval.deny.reason"
WHY = "why"

MARKS: Mapping[State, str] = {
    State.PENDING: "⏳ Waiting for an approver",
    State.RUNNING: "▶️ Approved, being carried out",
    State.DONE: "✅ Confirmed",
    State.FAILED: "❌ Not done",
    State.UNSURE: "❓ Unsure",
    State.DENIED: "⛔ Denied",
    State.WITHDRAWN: "↩️ Withdrawn",
    State.LAPSED: "⌛ Lapsed",
}


def card(approval: Approval) -> Message:
    """The whole card, drawn from the stored row."""
    title = f"{approval.operation.capitalize()} {name(approval.label)}"
    facts = [
        spans(bold("SIM"), f"  {approval.label}  ", code(approval.giccid)),
        spans(bold("Account"), f"  {approval.account or 'unknown'}"),
        spans(bold("State when asked"), f"  {approval.status_before or 'unknown'}"),
        spans(bold("Asked by"), "  ", who(approval.asked_by), "  ", moment(approval.asked_at)),
        spans(bold("Reason"), f"  {approval.reason or 'none given'}"),
    ]
    if approval.operation is Operation.RETIRE and approval.state is State.PENDING:
        facts.append(spans(bold("Retiring is final"), "  This SIM can never be used again."))
    status = _status(approval)
    blocks: list[Block] = [header(f"#{approval.id} {title}"), lines(*facts), lines(*status)]
    if approval.state is State.PENDING:
        blocks.append(_choices(approval))
    elif approval.state is State.UNSURE:
        blocks.append(actions("approval", button("Look now", action="approval.look", id=approval.id)))
    text = f"#{approval.id} {escape(title)}: {flat(status[0])}. Asked by <@{approval.asked_by}>."
    return Message(text=text, blocks=tuple(blocks))


def _status(approval: Approval) -> list[list[Element]]:
    """The line that says where it stands, and the one that says what came of it."""
    first: list[Element] = [bold("❌ Refused" if approval.refused else MARKS[approval.state])]
    if approval.state is State.PENDING:
        first += spans(" until ", moment(approval.lapses_at))
    elif approval.decided_by is not None and approval.decided_at is not None:
        verb = "by" if approval.state in (State.DENIED, State.WITHDRAWN) else "· approved by"
        first += spans(f" {verb} ", who(approval.decided_by), " ", moment(approval.decided_at))
    rows = [first]
    if approval.why is not None:
        rows.append(spans(bold("Because"), f"  {approval.why}"))
    if approval.outcome is not None:
        rows.append(spans(approval.outcome))
    if approval.state is State.UNSURE and approval.next_look_at is not None:
        rows.append(spans("It is not sent again. Next look at the SIM: ", moment(approval.next_look_at)))
    return rows


def _choices(approval: Approval) -> Block:
    final = approval.operation is Operation.RETIRE
    ask = confirm(
        f"{approval.operation.capitalize()} this SIM?",
        f"{name(approval.label)} ({name(approval.giccid)}). "
        + ("Retiring is final." if final else "It is done at once."),
        yes=approval.operation.capitalize(),
        danger=final,
    )
    return actions(
        "approval",
        button(
            "Approve", action="approval.approve", id=approval.id, style="danger" if final else "primary", confirm=ask
        ),
        button("Deny", action="approval.deny", id=approval.id),
        button("Withdraw", action="approval.withdraw", id=approval.id),
    )


def asked(approval: Approval, *, channel: str) -> Message:
    """What the requester reads at once."""
    parts = spans(
        f"Asked: #{approval.id} {approval.operation} {name(approval.label)} ",
        code(approval.giccid),
        ". An approver decides in ",
        {"type": "channel", "channel_id": channel},
        "; it lapses ",
        moment(approval.lapses_at),
        ".",
    )
    named = f"#{approval.id} {approval.operation} {escape(name(approval.label))}"
    # Who asks need not be in the approvals channel, where the card with its buttons stands.
    take_back = actions("approval", button("Withdraw", action="approval.withdraw", id=approval.id))
    return Message(text=f"Asked: {named}. An approver decides in <#{channel}>.", blocks=(lines(parts), take_back))


def news(approval: Approval) -> Message:
    """What the requester hears when it is decided, and again when its outcome is known."""
    parts = [who(approval.asked_by), say(f" #{approval.id} {approval.operation} {name(approval.label)}: ")]
    rows = _status(approval)
    for number, row in enumerate(rows):
        parts += ([BREAK] if number else []) + list(row)
    return Message(text=flat(parts), blocks=(lines(parts),))


def waiting(approvals: Sequence[Approval], *, count: int | None = None) -> Message:
    """The list of what waits for a decision; `count` is how many there are, where these are not all."""
    if not approvals:
        return Message(text="Nothing waits for a decision.", blocks=(lines(spans("Nothing waits for a decision.")),))
    rows = [
        spans(
            bold(f"#{a.id}"),
            f" {a.operation} {name(a.label)}, asked by ",
            who(a.asked_by),
            " ",
            moment(a.asked_at),
            ", lapses ",
            moment(a.lapses_at),
        )
        for a in approvals
    ]
    count = len(approvals) if count is None else count
    if count > len(approvals):
        rows.append(spans(f"… and {count - len(approvals)} newer ones."))
    title = spans(bold(f"{count} waiting"))
    return Message(text=f"{count} waiting for a decision.", blocks=(lines(title, *rows),))


def deny_modal(approval: Approval) -> Block:
    """The modal that asks why. It carries the request's number and nothing else."""
    return {
        "type": "modal",
        "callback_id": DENY_MODAL,
        "private_metadata": str(approval.id),
        "title": {"type": "plain_text", "text": f"Deny request #{approval.id}"[:24]},
        "submit": {"type": "plain_text", "text": "Deny"},
        "close": {"type": "plain_text", "text": "Back"},
        "blocks": [
            lines(spans(f"{approval.operation.capitalize()} {approval.label} ", code(approval.giccid))),
            {
                "type": "input",
                "block_id": WHY,
                "label": {"type": "plain_text", "text": "Reason"},
                "hint": {"type": "plain_text", "text": "Whoever asked reads this."},
                "element": {"type": "plain_text_input", "action_id": WHY, "multiline": True, "max_length": 500},
            },
        ],
    }
