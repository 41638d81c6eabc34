"""A bulk job: its card with bar, counts and first errors, what its people hear, the list of jobs, and its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.rules.durations import say_duration
from bot.rules.job_sims import Member, before_words
from bot.rules.jobs import Job, Stage, State, outcome, pace
from bot.views.parts import (
    Block,
    Element,
    Message,
    actions,
    bar,
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
    percent,
    say,
    sentence,
    spans,
    who,
    whole_lines,
)

SHEET = ("giccid", "label", "before", "after", "result", "code", "why", "at")
WHY = 200
MARKS: Mapping[State, str] = {
    State.MAKING: "⏳ Being made ready",
    State.RUNNING: "▶️ Running",
    State.PAUSED: "⏸️ Paused",
    State.CANARY: "🐤 The first SIMs are through: look, then press Continue",
    State.STOPPED: "✋ Stopped by itself",
    State.CANCELLING: "⏹️ Cancelled, waiting for what is on its way",
    State.DONE: "✅ Ended",
    State.CANCELLED: "⏹️ Cancelled",
}
# What each stage means for the SIMs on the card, in this order.
STAGES: Mapping[Stage, str] = {
    Stage.DONE: "confirmed",
    Stage.TAKEN: "accepted, not confirmed yet",
    Stage.SENT: "on their way",
    Stage.LOST: "answer lost, being looked up",
    Stage.WAITING: "waiting",
    Stage.FAILED: "failed",
    Stage.UNSURE: "unsure",
    Stage.LEFT_OUT: "left out",
}


@dataclass(frozen=True)
class Facts:
    """What a card is drawn from. `not_done` are the first SIMs that failed, are unsure or were left out; `sessions` and
    `pushes` how many of the canary had a session, or SmartHub told of, since; `kept`: its SIMs are still in the store.
    """

    job: Job
    now: datetime
    not_done: Sequence[Member] = ()
    sessions: int = 0
    pushes: int = 0
    undo_within: timedelta = timedelta(0)
    kept: bool = True


def title(job: Job) -> str:
    """What is done to how many SIMs: “Job #12: suspend 4,000 SIMs”."""
    words, count = job.order.words, f"{job.count:,} {'SIM' if job.count == 1 else 'SIMs'}"
    return f"Job #{job.id}: {words}, {count}" if " " in words else f"Job #{job.id}: {words} {count}"


def card(facts: Facts) -> Message:
    """The whole card, drawn from the stored row."""
    job = facts.job
    rows = [_standing(job), *_progress(facts), *_canary(facts), *_held_up(job), *_about(job)]
    blocks = [header(title(job)), lines(*rows), *_not_done(facts)]
    if buttons := _buttons(facts):
        blocks.append(actions("job", *buttons))
    text = f"{escape(title(job))}: {flat(_standing(job))}. {flat(sentence(outcome(job).sentence))}"
    return Message(text=text, blocks=tuple(blocks))


def _standing(job: Job) -> list[Element]:
    row = [bold(MARKS[job.state])]
    if job.steered_by is not None and job.state in (State.PAUSED, State.CANCELLING, State.CANCELLED):
        row += spans(" by ", who(job.steered_by))
    return row + (spans(" ", moment(job.ended_at)) if job.ended_at is not None else [])


def _progress(facts: Facts) -> list[list[Element]]:
    job = facts.job
    if job.state is State.MAKING:
        return [spans(f"{job.filled:,} of {job.count:,} SIMs are written down.")]
    whole = max(job.count, 1)
    counts = [f"{job.at(stage):,} {words}" for stage, words in STAGES.items() if job.at(stage)]
    rows = [
        spans(code(bar(job.ended, whole)), f" {percent(job.ended, whole)} of {job.count:,}"),
        spans(" · ".join(counts)),
    ]
    speed = pace(job, facts.now)
    if speed is not None and job.state is State.RUNNING:
        left = job.at(Stage.WAITING, Stage.SENT) / speed
        time = f"; about {_roughly(left)} until all are sent" if left >= 1 else ""
        rows.append(spans(f"{_speed(speed)}{time}"))
    if job.pushes:
        told = "1 notification" if job.pushes == 1 else f"{job.pushes:,} notifications"
        rows.append(
            spans(f"SmartHub has sent {told} of these changes; they are counted here and not shown one by one.")
        )
    return rows


def _speed(speed: float) -> str:
    return f"{speed:,.0f} SIMs a second" if speed >= 10 else f"{speed * 60:,.0f} SIMs a minute"


def _roughly(seconds: float) -> str:
    """A length of time with no more to it than one can know."""
    step = 1 if seconds < 60 else 60 if seconds < 7200 else 3600
    return say_duration(timedelta(seconds=max(step, round(seconds / step) * step)))


def _canary(facts: Facts) -> list[list[Element]]:
    job = facts.job
    if job.state is not State.CANARY:
        return [] if job.released or not job.open else [spans(f"The first {job.canary:,} SIMs go ahead of the others.")]
    had = f"Since then {facts.sessions:,} of the first {job.canary:,} had a session"
    told = f"SmartHub told something else of {facts.pushes:,}"
    return [spans(f"{had}, and {told}. The other {job.at(Stage.WAITING):,} wait.")]


def _held_up(job: Job) -> list[list[Element]]:
    rows = []
    if job.why is not None:
        rows.append(sentence(fit(job.why, WHY * 2)))
    if job.trouble is not None and job.open:
        rows.append([bold("⚠️ "), *sentence(fit(job.trouble, WHY * 2)), say(" It goes on by itself.")])
    return rows


def _about(job: Job) -> list[list[Element]]:
    return [spans(bold("Asked by"), "  ", who(job.by), "  ", moment(job.made_at))]


def _not_done(facts: Facts) -> list[Block]:
    if not facts.not_done:
        return []
    job = facts.job
    more = job.at(Stage.FAILED, Stage.UNSURE, Stage.LEFT_OUT) - len(facts.not_done)
    rows = [spans(bold("Not done")), *(_bad(one) for one in facts.not_done)]
    if more > 0:
        rows.append(spans(f"… and {more:,} more; all of them are in the file that comes at the end."))
    return [lines(*rows)]


def _bad(one: Member) -> list[Element]:
    why = sentence(fit(one.why or "no reason known", WHY))
    return [*spans(bold(name(one.label)), " ", code(one.giccid), f" {one.stage.value}: "), *why]


# --- buttons -----------------------------------------------------------------------------------------------------


def _buttons(facts: Facts) -> list[Block]:
    job = facts.job
    match job.state:
        case State.RUNNING:
            return [_simple(job, "Pause", "pause"), _cancel(job)]
        case State.PAUSED:
            return [_simple(job, "Resume", "resume"), _cancel(job)]
        case State.CANARY | State.STOPPED:
            return [_go_on(job), _cancel(job)]
        case State.DONE | State.CANCELLED if facts.kept:
            return [*_retry(job), *_undo(facts)]
    return []


def _simple(job: Job, words: str, action: str) -> Block:
    return button(words, action=f"job.{action}", id=job.id)


def _go_on(job: Job) -> Block:
    left, final = job.at(Stage.WAITING), job.order.final
    more = f"{left:,} more SIMs are sent: {fit(job.order.words, 100)}."
    ask = confirm("Go on?", f"{more} {'This is final.' if final else ''}".strip(), yes="Continue", danger=final)
    style = "danger" if final else "primary"
    return button("Continue", action="job.continue", id=job.id, style=style, confirm=ask)


def _cancel(job: Job) -> Block:
    left = job.at(Stage.WAITING)
    ask = confirm(
        "Cancel the rest?", f"{left:,} SIMs are not sent then. What is sent already stays as it is.", yes="Cancel it",
        no="Back", danger=True,
    )  # fmt: skip
    return button("Cancel", action="job.cancel", id=job.id, confirm=ask)


def _retry(job: Job) -> list[Block]:
    count = job.at(Stage.FAILED)
    return [_simple(job, f"Ask again for the {count:,} that failed", "retry")] if count else []


def _undo(facts: Facts) -> list[Block]:
    job = facts.job
    open_for = timedelta(0) if job.ended_at is None else facts.undo_within - (facts.now - job.ended_at)
    if open_for <= timedelta(0) or job.order.final or not job.at(Stage.DONE):
        return []
    return [_simple(job, f"Undo (within {say_duration(facts.undo_within)})", "undo")]


# --- what people hear --------------------------------------------------------------------------------------------


def news(job: Job) -> Message | None:
    """What those who have to do something now hear; `None` when nobody has to."""
    if job.state is State.CANARY:
        said = outcome(job).sentence
    elif job.state is State.STOPPED:
        said = job.why or ""
    else:
        return None
    parts = [who(job.by), say(f" {title(job)}: {MARKS[job.state]}. "), *sentence(said)]
    return Message(text=flat(parts), blocks=(lines(parts),))


def go_on(job: Job) -> Block:
    """The buttons for whoever has to say whether it goes on, where the card is not."""
    return actions("job", _go_on(job), _cancel(job))


def not_sent(job: Job, why: str) -> Message:
    """What whoever asked hears when the results could not be sent as a file."""
    parts = [say(f"{title(job)} has ended. Its results could not be sent as a file: "), *sentence(why)]
    return Message(text=flat(parts), blocks=(lines(parts),))


# --- lists -------------------------------------------------------------------------------------------------------


def listing(running: Sequence[Job], recent: Sequence[Job], *, now: datetime) -> Message:
    """The jobs that are under way, and the newest that have ended."""
    if not running and not recent:
        said = spans("There are no bulk jobs yet.")
        return Message(text=flat(said), blocks=(lines(said),))
    rows: list[list[Element]] = []
    for heading, jobs in (("Under way", running[-20:]), ("Ended", recent)):
        if jobs:
            rows += [spans(bold(heading)), *(_line(job, now) for job in jobs)]
    rows.append(spans("Write ", code("job N"), " behind the command for one of them."))
    return Message(text=whole_lines(map(flat, rows)), blocks=(lines(*rows),))


def _line(job: Job, now: datetime) -> list[Element]:
    far = f"{percent(job.ended, max(job.count, 1))}"
    row = spans(bold(title(job)), f"  {MARKS[job.state].split(':')[0]}, {far}, asked by ", who(job.by), " ")
    row.append(moment(job.made_at))
    bad = job.at(Stage.FAILED, Stage.UNSURE)
    if bad:
        row += spans(f", {bad:,} not done")
    speed = pace(job, now)
    if speed is not None and job.at(Stage.WAITING):
        row += spans(f", about {_roughly(job.at(Stage.WAITING, Stage.SENT) / speed)} left")
    return row


def sheet_row(job: Job, one: Member) -> tuple[object, ...]:
    """A SIM as a row under `SHEET`."""
    order = one.own or job.order
    result = "not sent" if one.stage is Stage.WAITING else one.stage.value
    before = before_words(order, one.before)
    return (one.giccid, one.label, before, one.after, result, one.code, one.why, one.since)
