"""The App Home: what waits, what I asked for, which alerts are open."""

from __future__ import annotations

from collections.abc import Sequence

from bot.rules.alerts import Alert
from bot.rules.approvals import Approval
from bot.rules.people import Person
from bot.views import alerts as alert_views
from bot.views.parts import Block, Element, bold, code, header, lines, moment, name, small, spans, who


def view(
    person: Person, *, waiting: Sequence[Approval], mine: Sequence[Approval], alerts: Sequence[Alert], command: str
) -> Block:
    """The Home of one person, drawn whole."""
    blocks: list[Block] = [
        header("Waiting for a decision"),
        lines(*([_request(a) for a in waiting] or [spans("Nothing waits.")])),
        header("What you asked for"),
        lines(*([_request(a) for a in mine] or [spans("Nothing of yours is open.")])),
        header("Open alerts"),
        lines(*([_alert(a) for a in alerts] or [spans("No alert is open.")])),
        lines(spans("Type ", code(f"{command} help"), " in any channel.")),
        small(f"You are {person.role.word} here."),
    ]
    return {"type": "home", "blocks": blocks}


def closed(person: Person, *, command: str) -> Block:
    """The Home of somebody who may not see any of it."""
    told = f"You are {person.role.word} here; an admin sets who is what under [roles] in config.toml."
    return {"type": "home", "blocks": [lines(spans(told)), lines(spans("Type ", code(f"{command} help"), "."))]}


def _request(approval: Approval) -> list[Element]:
    return spans(
        bold(f"#{approval.id}"),
        f" {approval.operation} {name(approval.label)} ({approval.state}), asked by ",
        who(approval.asked_by),
        " ",
        moment(approval.asked_at),
    )


def _alert(alert: Alert) -> list[Element]:
    words = f"  {name(alert.finding.label)}, {alert.state}, since "
    return spans(bold(alert_views.title(alert.finding)), words, moment(alert.raised_at))
