"""What is said of a list of SIMs before anything is asked for: the report, its file, and the form for asking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.rules.bulk import COUNT, REASON, Offer, wants_count
from bot.rules.orders import Order
from bot.rules.sims import Operation
from bot.rules.verdicts import Judged, Verdict
from bot.views.forms import field as input_field
from bot.views.forms import modal, typed
from bot.views.parts import (
    Block,
    Element,
    Message,
    actions,
    bold,
    button,
    code,
    fit,
    flat,
    header,
    lines,
    moment,
    name,
    spans,
    whole_lines,
)

SHEET = ("line", "as written", "giccid", "label", "state", "rate plan", "verdict", "why")
SHOWN = 3  # lines of each verdict in the message; all of them stand in the file
WHY = 200  # characters of the reason beside such a line
DIGEST = 16  # characters of the digest that people compare
ASK = "list.ask"  # the button that opens the form for asking, and that form
REASON_AT_MOST = 500
# What each verdict means for the lines of a list, one and several of them.
MEANS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.ACCEPTED: ("is accepted", "are accepted"),
    Verdict.DUPLICATE: ("names a SIM a second time", "name a SIM a second time"),
    Verdict.UNKNOWN: ("names no SIM that is known here", "name no SIM that is known here"),
    Verdict.AMBIGUOUS: ("fits several SIMs", "fit several SIMs"),
    Verdict.WRONG_STATE: ("does not fit this change", "do not fit this change"),
    Verdict.PROTECTED: ("is protected", "are protected"),
}


@dataclass(frozen=True)
class Report:
    """A judged list. `first` are the first lines of each verdict, `seen_from` when the SIM of it that was looked at
    longest ago was read, `asked` how many numbers SmartHub itself was asked for, `unsent` why the file did not go out.

    `complete` is whether all SIMs have been looked at once.
    """

    id: int
    order: Order
    source: str
    reason: str | None
    counts: Mapping[Verdict, int]
    digest: str
    first: Mapping[Verdict, Sequence[Judged]] = field(default_factory=dict)
    seen_from: datetime | None = None
    asked: int = 0
    unsent: str | None = None
    complete: bool = True

    @property
    def accepted(self) -> int:
        """How many SIMs are a part of what can be asked for."""
        return self.counts.get(Verdict.ACCEPTED, 0)


def report(of: Report) -> Message:
    """What is said of the list, with the buttons that go on; nothing has been started by it."""
    total = sum(of.counts.values())
    title = f"{of.accepted:,} of {_lines(total)} accepted" if of.accepted else f"None of {_lines(total)} is accepted"
    about = [spans("To ", bold(of.order.words), ", from ", name(of.source), ".")]
    if of.reason:
        about.append(spans("Because ", name(of.reason)))
    verdicts = [row for verdict in MEANS for row in _verdict(of, verdict)]
    basis = [*_basis(of), _outlook(of)]
    text = whole_lines([f"{title}.", *map(flat, [*about, *verdicts, *basis])])
    return Message(text=text, blocks=(header(title), lines(*about, *verdicts), lines(*basis), _buttons(of)))


def changed(of: Report, *, since: Sequence[Judged], count: int) -> Message:
    """SIMs of the list have changed since it was judged: they are left out now, and it has another digest."""
    title = "1 SIM of this list has changed" if count == 1 else f"{count:,} SIMs of this list have changed"
    rows = [
        spans(f"Since the report {'it does' if count == 1 else 'they do'} not fit any more; nothing was asked for.")
    ]
    rows += [_line(one) for one in since[:SHOWN]]
    if count > len(since[:SHOWN]):
        rows.append(spans(f"… and {count - len(since[:SHOWN]):,} more."))
    now = report(of)
    text = whole_lines([f"{title}.", *map(flat, rows), now.text])
    return Message(text=text, blocks=(header(title), lines(*rows), *now.blocks))


def dropped(order: Order) -> Message:
    """The list is discarded."""
    row = spans("The list to ", order.words, " is discarded. Nothing was started.")
    return Message(text=flat(row), blocks=(lines(row),), replace=True)


def cut_off(source: str) -> Message:
    """The bot was stopped while it read the list."""
    row = spans("simops was stopped while it read a list from ", name(source), ". Nothing was started; send it again.")
    return Message(text=flat(row), blocks=(lines(row),))


def sent() -> Message:
    """The file has gone out once more."""
    row = spans("The file with every line is in your direct messages with simops.")
    return Message(text=flat(row), blocks=(lines(row),))


def asking(of: Report) -> Block:
    """The form in which the list is asked for; for many retirements their exact number has to be typed."""
    rows = [
        spans("To ", bold(of.order.words), ": ", bold(_sims(of.accepted)), ", from ", name(of.source), "."),
        spans("Exactly this list: ", code(of.digest[:DIGEST])),
    ]
    if of.order.final:
        rows.append(spans(bold("Nothing takes this back.")))
    rows.append(spans("The approvers are asked; nothing is changed before they say yes."))
    fields = []
    if wants_count(of.order, of.accepted):
        hint = "The number of SIMs that this is about, as it stands in the report."
        fields.append(input_field("How many SIMs?", typed(action=COUNT, most=20), hint=hint))
    reason = typed(action=REASON, start=of.reason or "", lines=True, most=REASON_AT_MOST)
    fields.append(input_field("Reason", reason, optional=True, hint="Whoever approves reads this."))
    return modal("Ask for approval", lines(*rows), *fields, callback=ASK, id=of.id, submit="Ask")


# --- offers ------------------------------------------------------------------------------------------------------


def offered(offer: Offer) -> Message:
    """A file with what may be a list was shared where simops is."""
    row = spans("Is ", code(name(offer.name)), " a list of SIMs? It has not been read, and nothing happens by itself.")
    return Message(text=flat(row), blocks=(lines(row), _change(offer)))


def with_offer(message: Message, offer: Offer) -> Message:
    """The same message with the file beside it, and a button that opens the form for all SIMs in that."""
    row = spans("All SIMs in ", code(name(offer.name)), " can be changed as one list.")
    more = (lines(row), _change(offer))
    plain = None if message.plain is None else (*message.plain, *more)
    text = whole_lines([message.text, flat(row)])
    return replace(message, text=text, blocks=(*message.blocks, *more), plain=plain)


def _change(offer: Offer) -> Block:
    return actions("offer", button("Change these SIMs…", action="list.open", id=offer.id))


# --- its parts ---------------------------------------------------------------------------------------------------


def row(judged: Judged) -> tuple[object, ...]:
    """A line as a row under `SHEET`."""
    return (
        judged.line, judged.written, judged.giccid, judged.label, judged.status, judged.plan, judged.verdict.value,
        judged.why,
    )  # fmt: skip


def _verdict(of: Report, verdict: Verdict) -> list[list[Element]]:
    """How many lines got this verdict, and the first of them."""
    count, first = of.counts.get(verdict, 0), of.first.get(verdict, ())
    if not count:
        return []
    one, many = MEANS[verdict]
    rows = [spans(bold(f"{count:,}"), f" {one if count == 1 else many}."), *map(_line, first[:SHOWN])]
    more = count - len(first[:SHOWN])
    return [*rows, spans(f"• … and {more:,} more in the file.")] if first and more > 0 else rows


def _line(one: Judged) -> list[Element]:
    sim = f"{name(one.label)} " if one.label else ""
    written = [] if one.written == one.label else [code(name(one.written) or "–")]
    return spans(f"• Line {one.line:,}: {sim}", *written, f" {fit(one.why, WHY)}" if one.why else "")


def _basis(of: Report) -> list[list[Element]]:
    if of.unsent is not None:
        rows = [spans(f"The file with every line could not be sent: {of.unsent} CSV sends it again.")]
    else:
        rows = [spans("Every line with its verdict is in the file, in your direct messages with simops.")]
    if of.seen_from is not None:
        said = "The SIMs are judged as SmartHub described them; the oldest was read "
        rows.append(spans(said, moment(of.seen_from), "."))
    if not of.complete:
        rows.append(spans("The first look over all SIMs has not ended yet, so some may be unknown for that alone."))
    if of.asked:
        were = "was" if of.asked == 1 else "were"
        rows.append(spans(f"SmartHub itself was asked for {of.asked} that {were} not known here."))
    return rows


def _outlook(of: Report) -> list[Element]:
    if not of.accepted:
        return spans("Nothing can be asked for, and nothing has been started.")
    return spans("Nothing has been started. What can be asked for is exactly this list: ", code(of.digest[:DIGEST]))


def _buttons(of: Report) -> Block:
    csv = button("CSV", action="list.csv", id=of.id)
    if not of.accepted:
        return actions("list", csv)
    style = "danger" if of.order.operation is Operation.RETIRE else "primary"
    ask = button("Ask for approval…", action=ASK, id=of.id, style=style)
    return actions("list", ask, csv, button("Discard", action="list.drop", id=of.id))


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"


def _sims(count: int) -> str:
    return "1 SIM" if count == 1 else f"{count:,} SIMs"
