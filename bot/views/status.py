"""How the bot is: its neighbours, its queue and its jobs, in a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.rules.runs import Standing
from bot.rules.scans import Scan
from bot.views.parts import Element, Message, bold, flat, lines, moment, spans, whole_lines


@dataclass(frozen=True)
class Health:
    """What is known of this bot at one moment. `jobs` is how each scheduled job stands, `look` the look over all SIMs
    that has begun and not ended."""

    smarthub: str
    waiting_messages: int
    oldest_waiting_at: datetime | None
    last_push_at: datetime | None
    open_requests: int
    set_aside: int
    jobs: Mapping[str, Standing]
    troubles: Sequence[str] = ()
    look: Scan | None = None


def listing(health: Health) -> Message:
    """The health as a message; what is wrong stands first."""
    rows = [spans(bold("Trouble"), f"  {trouble}") for trouble in health.troubles]
    rows.append(spans(bold("SmartHub"), f"  {health.smarthub}"))
    waiting = spans(bold("Messages waiting for Slack"), f"  {health.waiting_messages}")
    if health.oldest_waiting_at is not None:
        waiting += spans(", the oldest since ", moment(health.oldest_waiting_at))
    rows.append(waiting)
    if health.set_aside:
        rows.append(spans(bold("Messages set aside"), f"  {health.set_aside} that Slack takes in no form; see the log"))
    last = spans("none yet") if health.last_push_at is None else [moment(health.last_push_at)]
    rows.append([*spans(bold("Last notification"), "  "), *last])
    rows.append(spans(bold("Open requests"), f"  {health.open_requests}"))
    if health.look is not None:
        begun = spans(bold("Look over all SIMs"), "  begun ", moment(health.look.started_at))
        rows.append(begun + spans(f", {health.look.sims:,} SIMs read so far"))
    rows += [_job(name, standing) for name, standing in health.jobs.items()]
    return Message(text=whole_lines(map(flat, rows)), blocks=(lines(*rows),))


def _job(name: str, job: Standing) -> list[Element]:
    """Since when it runs, when it ran last, what came of it, and when it runs next."""
    if job.running_since is not None:
        now = [*spans(bold(name), "  running since "), moment(job.running_since)]
        return (
            now if job.at is None else [*now, *spans("; before: ", moment(job.at), f"  {job.said or 'nothing to do'}")]
        )
    last = spans("not run yet") if job.at is None else spans(moment(job.at), f"  {job.said or 'nothing to do'}")
    following = [] if job.next_at is None else spans("; next ", moment(job.next_at))
    return [*spans(bold(name), "  "), *last, *following]
