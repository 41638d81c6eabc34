"""The pieces every message is made of. Text from outside only ever becomes text: it cannot ping, format or link.

Tables stand in `bot/views/tables.py`, charts in `bot/views/charts.py`, menus and modals in `bot/views/forms.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import humanize

Block = Mapping[str, object]
Element = Mapping[str, object]

# https://docs.slack.dev/reference/block-kit: what Slack refuses when it is longer.
HEADER, BUTTON, CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_BUTTON, TEXT = 150, 75, 100, 300, 30, 3000
LINE = 700  # of one span: ten of them stay far below what a message may hold
NAME = 80  # of a name or a word beside others on a line
ROOM = 11_000  # of the 12,000 characters that all blocks of a message may hold; the rest is for what stands around
ZONE = "The time zone of a billing cycle is not documented; simops takes it for UTC."
PLAIN = 4000  # https://docs.slack.dev/reference/methods/chat.update: a message with more text cannot be redrawn
# Control characters, halves of characters, and the marks that turn around what is written behind them.
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# It begins where the blanks begin: tried at each of very many, it would take for ever.
LINE_BREAKS = re.compile("(?<![ \\t])[ \\t]*[\\r\\n\\x0b\\x0c\\x85\\u2028\\u2029]+[ \\t]*")
BREAK: Element = {"type": "text", "text": "\n"}
MENTION = re.compile(r"(<@[UW][A-Z0-9]+>|<!subteam\^S[A-Z0-9]+>|`[^`\n]+`)")


@dataclass(frozen=True)
class Message:
    """What goes to Slack: the blocks, and the same in plain text for phones, screen readers and search.

    `public`: as the answer to a command it is for everybody in the channel, not for the asker alone.
    `plain`: the blocks for where Slack refuses the native ones among `blocks` (tables and charts).
    `replace`: as the answer to a press on an answer of ours it takes the place of that one.
    `private`: it is for whoever asked, also where all were meant to read the answer: a question to them, a mistake.
    """

    text: str
    blocks: tuple[Block, ...]
    public: bool = False
    plain: tuple[Block, ...] | None = None
    replace: bool = False
    private: bool = False

    def __post_init__(self) -> None:
        """Cuts the text to what Slack takes; the blocks are cut where they are made."""
        object.__setattr__(self, "text", fit(self.text, PLAIN))


def fit(text: str, limit: int) -> str:
    """The text, cut to the limit with an ellipsis where it is longer; what cannot be seen in it shows as “�”."""
    plain = UNSEEN.sub("�", text)
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def name(text: str) -> str:
    """A name from outside, on one line and short enough to leave room for what stands beside it."""
    return fit(" ".join(text.split()), NAME)


def one_line(text: str, limit: int = LINE) -> str:
    """The text on one line, cut to the limit, and never empty.

    A line break in it shows as “⏎”: text from outside must not be able to look like a row of ours.
    """
    return fit(LINE_BREAKS.sub(" ⏎ ", text), limit) or " "


def escape(text: str) -> str:
    """Text for places where Slack reads control sequences.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# --- spans: what a line is made of -------------------------------------------------------------------------------


def say(text: str) -> Element:
    """Plain words on one line. A rich-text element is never read for mentions, links or formatting, whatever it is."""
    return {"type": "text", "text": one_line(text)}


def bold(text: str) -> Element:
    """Words in bold."""
    return {**say(text), "style": {"bold": True}}


def code(text: str) -> Element:
    """A number or a word as it is typed."""
    return {**say(text), "style": {"code": True}}


def who(user: str) -> Element:
    """A person, by Slack user id."""
    return {"type": "user", "user_id": user}


def group(id: str) -> Element:
    """A user group, by its id; in a message to all, Slack tells its members."""
    return {"type": "usergroup", "usergroup_id": id}


def linked(text: str, url: str) -> Element:
    """Words of ours that lead to an address of Slack's."""
    return {**say(text), "type": "link", "url": url}


def moment(at: datetime) -> Element:
    """A time (aware, of any zone), shown in the zone of whoever reads it; in UTC beside the blocks."""
    words = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return {
        "type": "date",
        "timestamp": int(at.timestamp()),
        "format": "{date_short_pretty} {time}",
        "fallback": words,
    }


def spans(*parts: str | Element) -> list[Element]:
    """The parts as elements; a bare string is plain words."""
    return [say(p) if isinstance(p, str) else p for p in parts if p != ""]


def sentence(text: str) -> list[Element]:
    """A sentence of our own, in which `<@U…>` is a person, `<!subteam^S…>` a user group, `…` something to type."""
    parts: list[Element] = []
    for piece in MENTION.split(text):
        if piece.startswith("<@"):
            parts.append(who(piece[2:-1]))
        elif piece.startswith("<!subteam^"):
            parts.append(group(piece[10:-1]))
        elif len(piece) > 2 and piece.startswith("`") and piece.endswith("`"):
            parts.append(code(piece[1:-1]))
        elif piece:
            parts.append(say(piece))
    return parts


def flat(parts: Sequence[Element]) -> str:
    """The same spans as the plain text that goes beside the blocks."""
    return "".join(_word(p) for p in parts)


def _word(part: Element) -> str:
    if part["type"] == "user":
        return f"<@{part['user_id']}>"
    if part["type"] == "usergroup":
        return f"<!subteam^{part['usergroup_id']}>"
    if part["type"] == "channel":
        return f"<#{part['channel_id']}>"
    if part["type"] == "date":
        return str(part["fallback"])
    return escape(str(part["text"]))


# --- blocks ------------------------------------------------------------------------------------------------------


def header(text: str) -> Block:
    """A headline, in plain text."""
    return {"type": "header", "text": plain(fit(text, HEADER).strip() or "–")}


def lines(*rows: Sequence[Element]) -> Block:
    """A paragraph with a line for each row."""
    elements: list[Element] = []
    for number, row in enumerate(rows):
        elements.extend([BREAK] if number else [])
        elements.extend(row)
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


def verbatim(text: str) -> Block:
    """Text from outside as it came, in a box of its own."""
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [
        {"type": "text", "text": fit(text, TEXT) or " "}]}]}  # fmt: skip


def small(text: str) -> Block:
    """A line in small print, in plain text."""
    return {"type": "context", "elements": [plain(text)]}


def actions(name: str, *buttons: Block) -> Block:
    """A row of buttons and menus."""
    return {"type": "actions", "block_id": name, "elements": list(buttons)}


def plain(text: str, limit: int = TEXT) -> Block:
    """Text where Slack wants an object for it; it is shown as it is."""
    return {"type": "plain_text", "text": fit(text, limit) or " ", "emoji": False}


def button(
    text: str,
    *,
    action: str,
    id: int,
    style: str | None = None,
    confirm: Block | None = None,
) -> Block:
    """A button that carries an id and nothing else."""
    made: dict[str, object] = {
        "type": "button",
        "action_id": action,
        "value": str(id),
        "text": plain(text, BUTTON),
    }
    if style is not None:
        made["style"] = style
    if confirm is not None:
        made["confirm"] = confirm
    return made


def confirm(title: str, text: str, *, yes: str, no: str = "Cancel", danger: bool = False) -> Block:
    """The question Slack asks before a press counts."""

    made: dict[str, object] = {
        "title": plain(title, CONFIRM_TITLE),
        "text": plain(text, CONFIRM_TEXT),
        "confirm": plain(yes, CONFIRM_BUTTON),
        "deny": plain(no, CONFIRM_BUTTON),
    }
    if danger:
        made["style"] = "danger"
    return made


def whole_lines(rows: Iterable[str]) -> str:
    """Lines for the text beside the blocks, as many as fit: one that is cut could be cut inside of a person's name."""
    said = ""
    for row in rows:
        if said and len(said) + len(row) + 2 >= PLAIN:
            return f"{said}\n…"
        said = f"{said}\n{row}" if said else row
    return said


def as_many(rows: Iterable[Sequence[Element]], *, room: int = ROOM) -> list[Sequence[Element]]:
    """As many of the rows, from the first on, as a message holds."""
    shown: list[Sequence[Element]] = []
    for row in rows:
        room -= sum(len(str(part.get("text", ""))) for part in row) + 1
        if room < 0:
            break
        shown.append(row)
    return shown


def answer(text: str) -> Message:
    """A sentence of ours as a message."""
    parts = sentence(text)
    return Message(text=flat(parts), blocks=(lines(parts),))


def noted(message: Message, note: str) -> Message:
    """The message with a line in small print below it."""
    text = whole_lines([message.text, escape(note)])
    plainly = None if message.plain is None else (*message.plain, small(note))
    return replace(message, text=text, blocks=(*message.blocks, small(note)), plain=plainly)


# --- numbers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Units:
    """How amounts of data are written: decimal, as plans are sold, or `binary`; `exact` puts the bytes behind."""

    binary: bool = False
    exact: bool = False

    def to_the_byte(self, exact: bool) -> Units:
        """The same, with the bytes behind where somebody wants them."""
        return replace(self, exact=self.exact or exact)


DECIMAL = Units()


def size(amount: int | None, *, units: Units = DECIMAL) -> str:
    """Bytes for people."""
    if amount is None:
        return "unknown"
    said = humanize.naturalsize(amount, binary=units.binary, format="%.1f")
    small_enough = abs(amount) < (1024 if units.binary else 1000)  # then it is said in bytes already
    return said if small_enough or not units.exact else f"{said} ({amount:,} bytes)"


def percent(part: int, whole: int) -> str:
    """A share in percent, rounded down so that 99.9 % never reads as all of it."""
    return f"{part * 100 // whole} %"


def bar(part: int, whole: int, *, width: int = 20) -> str:
    """A share as a bar of characters; full only when it really is."""
    filled = min(width, part * width // whole)
    return "█" * filled + "░" * (width - filled)
