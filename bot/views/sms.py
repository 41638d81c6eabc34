"""SMS as people read them: the conversation with a SIM, each SMS with where it stands, the question before one goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.rules.approvals import Approval
from bot.rules.conversations import Draft, DraftState, SmsMessage, Stand, Thread, Way
from bot.rules.keywords import Hit
from bot.rules.sms import VALIDITIES, Coding
from bot.rules.texts import Size
from bot.views.approvals import MARKS
from bot.views.parts import (
    ROOM,
    TEXT,
    Block,
    Element,
    Message,
    actions,
    as_many,
    bold,
    button,
    code,
    escape,
    fit,
    flat,
    header,
    lines,
    moment,
    name,
    sentence,
    small,
    spans,
    verbatim,
    who,
    whole_lines,
)

MARK: Mapping[Stand, str] = {
    Stand.RECEIVED: "💬 received",
    Stand.PENDING: "✓ sent",
    Stand.DELIVERED: "✓✓ delivered",
    Stand.FAILED: "✗ not delivered",
    Stand.UNKNOWN: "❔ not known whether it was delivered",
    Stand.UNSURE: "❓ unsure whether it was sent",
    Stand.NOT_SENT: "✗ not sent",
}
CODED = {Coding.ASCII: "ASCII", Coding.BINARY: "binary, as hex digits"}
WORDS = 120  # of a text on a line


def thread(thread: Thread, last: SmsMessage | None, *, sim: int | None) -> Message:
    """The first message of a conversation: whose it is, how much came and went, and what did last. `sim` is the SIM's
    number in the snapshot."""
    known = [] if sim is not None else [spans(bold("Not known here"), "  The snapshot has no SIM with this number.")]
    rows = [
        spans(bold("SIM"), f"  {name(thread.label)}  ", code(thread.giccid)),
        *known,
        *([spans(bold("Account"), f"  {name(thread.account)}")] if thread.account else []),
        spans(bold("SMS"), f"  {thread.received:,} from the device, {thread.sent:,} to it"),
        *([] if last is None else [[*spans(bold("Last"), "  "), *line(last)]]),
    ]
    blocks: list[Block] = [header(f"💬 SMS: {name(thread.label)}"), lines(*rows)]
    if sim is not None:
        blocks.append(actions("sms", button("Write an SMS", action="sim.sms", id=sim)))
    blocks.append(small("Whoever may send SMS can reply in the thread; simops asks before anything goes."))
    text = whole_lines([f"SMS: {escape(name(thread.label))}", *map(flat, rows)])
    return Message(text=text, blocks=tuple(blocks))


def incoming(message: SmsMessage) -> Message:
    """An SMS from a device, in the thread of its SIM."""
    row = spans(bold(f"💬 {name(message.label)}"), "  ", moment(message.told_at or message.made_at))
    return _with_text([row], message)


def keyword(message: SmsMessage, hit: Hit) -> Message:
    """The same for a channel that hears of it because of a word."""
    row = spans(bold(f"💬 {name(message.label)}"), "  ", code(message.giccid), "  ")
    row += spans(moment(message.told_at or message.made_at), f"  because of “{name(hit.word)}”")
    return _with_text([row], message)


def outgoing(message: SmsMessage) -> Message:
    """An SMS to a device, with where it stands now and since when."""
    return _with_text(_state(message), message)


def status(message: SmsMessage) -> Message:
    """One SMS, whose it is and what became of it, for who asks by its number."""
    about = spans(bold(f"SMS {message.id}"), f"  {name(message.label)}  ", code(message.giccid))
    return _with_text([about, *_state(message)], message)


def newest(messages: Sequence[SmsMessage]) -> Message:
    """The SMS that came and went last, each on a line."""
    if not messages:
        return Message("No SMS yet.", (lines(spans("No SMS yet.")),))
    rows = as_many([*spans(bold(name(m.label)), "  "), *line(m)] for m in messages)
    return Message(text=whole_lines(["SMS", *map(flat, rows)]), blocks=(header("SMS"), lines(*rows)))


def line(message: SmsMessage) -> list[Element]:
    """An SMS on one line: its number, where it stands, when, and its text cut short."""
    at = message.made_at if message.told_at is None else message.told_at
    row = [*spans(f"SMS {message.id}  {MARK[message.stand]} "), moment(at)]
    said = f"“{fit(' '.join(message.body.split()), WORDS)}”" if message.body is not None else _gone(message)
    return [*row, *spans(f": {said}")]


def _state(message: SmsMessage) -> list[Sequence[Element]]:
    first = spans(bold(MARK[message.stand]))
    if message.told_at is not None:
        first += spans("  ", moment(message.told_at))
    second = spans(f"SMS {message.id}, " + ("came" if message.way is Way.IN else "sent") + " ", moment(message.made_at))
    if message.by is not None:
        second += spans(" by ", who(message.by))
    rows: list[Sequence[Element]] = [first, [*second, *spans(_ways(message))]]
    if message.stand is Stand.PENDING:
        until = [] if message.until is None else spans(f" {_until(message)} ", moment(message.until), ".")
        rows.append([*spans("SmartHub has taken it over; the device may not have it yet."), *until])
    if message.why is not None:
        rows.append(sentence(message.why))
    return rows


def _until(message: SmsMessage) -> str:
    return "simops asks for it until" if message.validity is None else "The network tries until"


def _ways(message: SmsMessage) -> str:
    told = [f"request #{message.request}"] if message.request is not None else []
    told += [f"job #{message.job}"] if message.job is not None else []
    told += [CODED[Coding(message.coding)]] if message.coding in CODED else []
    told += [words for words, validity in VALIDITIES if validity == message.validity]
    return "".join(f" · {word}" for word in told)


def _with_text(rows: Sequence[Sequence[Element]], message: SmsMessage) -> Message:
    if message.body is None:
        every = [*rows, spans(_gone(message))]
        return Message(text=whole_lines(map(flat, every)), blocks=(lines(*every),))
    shown = message.body[:ROOM]
    every = [*rows, *([] if shown == message.body else [spans(f"Of {message.length:,} characters, the first:")])]
    text = whole_lines([*map(flat, every), escape(message.body)])
    return Message(text=text, blocks=(lines(*every), *whole(shown)))


def whole(text: str) -> tuple[Block, ...]:
    """A text from outside, however long, in as many boxes as it takes."""
    return tuple(verbatim(text[at : at + TEXT]) for at in range(0, len(text), TEXT)) or (verbatim(""),)


def _gone(message: SmsMessage) -> str:
    signs = "1 character" if message.length == 1 else f"{message.length:,} characters"
    return f"{signs}; the text is not kept here (SHA-256 {message.digest[:16]}…)"


# --- before one goes ---------------------------------------------------------------------------------------------


def size(of: Size) -> str:
    """How large a text is, in words."""
    unit = "byte" if of.alphabet.value == "binary" else "character"
    count = f"{of.characters:,} {unit}{'' if of.characters == 1 else 's'}"
    parts = f"{of.parts} part{'' if of.parts == 1 else 's'}"
    because = "" if of.because is None else f" because of “{name(of.because) or '�'}”"
    return f"{count}, {parts}, {of.alphabet.value}{because}; {of.left} left"


def question(draft: Draft, about: Thread, *, said: str, sendable: bool) -> Message:
    """A reply in the thread, before it is sent: what would go, how large it is, or what is wrong with it."""
    asks = f", send this as an SMS to {name(about.label)}?" if sendable else ", this cannot be sent as an SMS."
    rows = [[who(draft.by), *spans(asks)], sentence(said)]
    text = draft.text or ""
    send = [button("Send", action="sms.send", id=draft.id, style="primary")] if sendable else []
    buttons = actions("sms-draft", *send, button("Discard", action="sms.discard", id=draft.id))
    shown = whole_lines([*map(flat, rows), escape(text)])
    return Message(text=shown, blocks=(lines(*rows), *whole(text[: TEXT * 2]), buttons))


def answered(draft: Draft, request: Approval | None) -> Message:
    """The same once it was answered, while it is no SMS: discarded, or a request that waits or came to nothing."""
    if draft.state is DraftState.DISCARDED:
        return _one(spans("Not sent as an SMS; what ", who(draft.by), " wrote is only talk."))
    if request is None:
        return _one(
            spans(
                "simops was stopped just when ", who(draft.by), " pressed Send. Look at the SMS around this one, and "
            ),
            spans("in the history of the SIM, before you write it again: simops does not send it twice."),
        )
    row = [*spans("SMS of ", who(draft.by), f", request #{request.id}: "), bold(MARKS[request.state])]
    return _one(row, *([sentence(request.outcome)] if request.outcome is not None else []))


def _one(*rows: Sequence[Element]) -> Message:
    return Message(text=whole_lines(map(flat, rows)), blocks=(lines(*rows),))
