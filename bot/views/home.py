"""The App Home: a search, what waits for me, what I asked for, which alerts are open, and what is wrong here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.rules.alerts import Alert
from bot.rules.approvals import Approval
from bot.rules.jobs import Job
from bot.rules.people import Person
from bot.views import alerts as alert_views
from bot.views import approvals as approval_views
from bot.views import jobs as job_views
from bot.views.forms import menu
from bot.views.parts import Block, Element, actions, bold, code, header, lines, moment, name, small, spans, who

TROUBLES = 5


@dataclass(frozen=True)
class Facts:
    """What is shown on a Home. `waiting` is what this person may decide, or for who `decides` nothing all that waits;
    the counts say how many there are, where these are not all."""

    decides: bool = False
    waiting: Sequence[Approval] = ()
    waiting_count: int = 0
    mine: Sequence[Approval] = ()
    under_way: Sequence[Approval] = ()
    under_way_count: int = 0
    jobs: Sequence[Job] = ()
    now: datetime | None = None
    alerts: Sequence[Alert] = ()
    alerts_count: int = 0
    smarthub: str = "not asked yet"
    troubles: Sequence[str] = ()


def view(person: Person, facts: Facts, *, command: str) -> Block:
    """The Home of one person, drawn whole."""
    waiting = _listed([_request(a) for a in facts.waiting], facts.waiting_count, "Nothing waits.")
    alerts = _listed([_alert(a) for a in facts.alerts], facts.alerts_count, "No alert is open.")
    blocks: list[Block] = [
        actions("find", menu("Find a SIM: number or label", action="find.sim", least=2)),
        header("Waits for you" if facts.decides else "Waiting for a decision"),
        lines(*waiting),
        header("What you asked for"),
        lines(*([_request(a) for a in facts.mine] or [spans("Nothing of yours is open.")])),
        header("Being carried out"),
        lines(*_under_way(facts)),
        header("Open alerts"),
        lines(*alerts),
        header("Health"),
        lines(*_health(facts)),
        lines(spans("Type ", code(f"{command} help"), " in any channel.")),
        small(f"You are {person.role.word} here."),
    ]
    return {"type": "home", "blocks": blocks}


def closed(person: Person, *, command: str) -> Block:
    """The Home of somebody who may not see any of it."""
    told = f"You are {person.role.word} here; an admin sets who is what under [roles] in config.toml."
    return {"type": "home", "blocks": [lines(spans(told)), lines(spans("Type ", code(f"{command} help"), "."))]}


def _listed(rows: list[list[Element]], count: int, none: str) -> list[list[Element]]:
    if not rows:
        return [spans(none)]
    return rows if count <= len(rows) else [*rows, spans(f"… and {count - len(rows):,} more.")]


def _under_way(facts: Facts) -> list[list[Element]]:
    """The jobs that run with how far they are, then the requests."""
    jobs = [] if facts.now is None else [job_views.line(job, facts.now) for job in facts.jobs]
    rows = [_request(a) for a in facts.under_way]
    return [*jobs, *(rows if jobs and not rows else _listed(rows, facts.under_way_count, "Nothing is under way."))]


def _health(facts: Facts) -> list[list[Element]]:
    """SmartHub in words, and what is wrong; the first few of very many."""
    rows = [spans(bold("SmartHub"), f"  {facts.smarthub}")]
    rows += [spans(bold("Trouble"), f"  {trouble}") for trouble in facts.troubles[:TROUBLES]]
    if len(facts.troubles) > TROUBLES:
        rows.append(spans(f"… and {len(facts.troubles) - TROUBLES:,} more."))
    return rows if facts.troubles else [*rows, spans("Nothing is wrong with simops.")]


def _request(approval: Approval) -> list[Element]:
    return spans(
        bold(f"#{approval.id}"),
        f" {approval_views.what(approval)} ({approval.state}), asked by ",
        who(approval.asked_by),
        " ",
        moment(approval.asked_at),
    )


def _alert(alert: Alert) -> list[Element]:
    words = f"  {name(alert.finding.label)}, {alert.state}, since "
    return spans(bold(alert_views.title(alert.finding)), words, moment(alert.raised_at))
