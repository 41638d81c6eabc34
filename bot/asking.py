"""What `simops sim` and `simops sims` ask SmartHub for, and print as it comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

from bot.clock import WallClock
from bot.config import Config
from bot.errors import BadInput, SimNotFound
from bot.neighbours import make_smarthub
from bot.rules.sims import BETWEEN_DIGITS, Sim, Status, label_of, luhn_holds, quotable, read_iccid
from bot.smarthub.client import SmartHub
from bot.views import terminal

Form = Literal["table", "json", "raw"]
Kind = Literal["imsi", "msisdn", "imei"]
Say = Callable[[str], None]

# These words speak to SmartHub alone, so what only the bot needs of the environment may be missing.
NOT_NEEDED = {
    "SLACK_BOT_TOKEN": "xoxb-not-needed-here",
    "SLACK_SIGNING_SECRET": "not-needed-here-at-all",
    "SMARTHUB_PUSH_SECRET": "not-needed-here-not-at-all",
}


def read_config(environ: Mapping[str, str]) -> Config:
    """The bot's own configuration, of whose secrets only the key of SmartHub has to be there. Raises ConfigError."""
    return Config.read({**NOT_NEEDED, **{name: value for name, value in environ.items() if value.strip()}})


async def one(config: Config, word: str, *, form: Form, say: Say) -> None:
    """Says what SmartHub knows of the SIM with this ICCID, IMSI, MSISDN or IMEI.

    Raises BadInput before anything is sent, SimNotFound, and what a read of SmartHub may raise.
    """
    digits, kinds = _number(word)
    async with make_smarthub(config, clock=WallClock()) as hub:
        sim = await (_by_number(hub, digits, kinds) if kinds else hub.find(digits))
    label = label_of(sim, config.sims.label_field)
    if form == "table":
        say(terminal.sheet(sim, label=label))
    else:
        shown = sim.raw if form == "raw" else terminal.record(sim, label=label)
        say(terminal.written(dict(shown), indent=2))


async def many(
    config: Config,
    *,
    filters: Mapping[str, str | None],
    limit: int | None,
    page_size: int | None,
    form: Form,
    say: Say,
    warn: Say,
) -> None:
    """Says the SIMs that fit these filters, page by page as they come, never holding more than one page.

    Raises BadInput before anything is sent, and at any page what a read of SmartHub may raise.
    """
    if limit is not None and limit < 1:
        raise BadInput(f"The limit has to be 1 or more, not {limit}.")
    status, asked = _status(filters["status"]), {k: _filter(k, v) for k, v in filters.items() if k != "status"}
    left, skipped, begun = limit, 0, False
    async with make_smarthub(config, clock=WallClock()) as hub:
        size = page_size if limit is None or page_size is not None else min(limit, config.smarthub.page_size)
        async for page in hub.sims(status=status, page_size=size, first=1, ahead=0, **asked):
            shown, skipped = page.sims[:left], skipped + page.skipped
            lines = [_line(sim, config.sims.label_field, form) for sim in shown]
            if form == "table" and not begun:
                lines.insert(0, terminal.table_head())
            say("\n".join(lines))
            begun = True
            if left is not None and (left := left - len(shown)) == 0:
                break
    if not begun:
        warn("SmartHub has no SIM that fits.")
    if skipped:
        warn(f"{skipped} SIM{'s' if skipped > 1 else ''} could not be read and are left out; `simops check` says why.")


def _line(sim: Sim, label_field: str, form: Form) -> str:
    label = label_of(sim, label_field)
    if form == "table":
        return terminal.table_row(sim, label=label)
    return terminal.written(terminal.record(sim, label=label))


async def _by_number(hub: SmartHub, digits: str, kinds: Sequence[Kind]) -> Sim:
    for kind in kinds:
        wanted = dict.fromkeys(get_args(Kind)) | {kind: digits}
        # SmartHub may overlook a filter: only what has the number counts, and only one page is looked at.
        page = await anext(hub.sims(imsi=wanted["imsi"], msisdn=wanted["msisdn"], imei=wanted["imei"]), None)
        found = [] if page is None else [sim.giccid for sim in page.sims if getattr(sim, kind) == digits]
        if len(found) > 1:
            raise BadInput(
                f"{len(found)} SIMs have the {kind.upper()} {digits}: `simops sims --{kind} {digits}` lists them."
            )
        if found:
            return await hub.sim(found[0])
    tried = " or ".join(kind.upper() for kind in kinds)
    raise SimNotFound(f"SmartHub has no SIM with the {tried} {digits}.")


def _number(word: str) -> tuple[str, Sequence[Kind]]:
    """The digits in what was typed, and what they can be, the likeliest first; nothing where they are an ICCID's."""
    bare = BETWEEN_DIGITS.sub("", word)
    digits = bare.removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()) or not (7 <= len(digits) <= 16 or bare != digits):
        return read_iccid(word), ()
    if not 7 <= len(digits) <= 16:
        raise BadInput(f"“{quotable(word)}” has {len(digits)} digits; a phone number has 7 to 15.")
    if bare != digits or len(digits) < 14:
        return digits, ("msisdn",)
    if len(digits) == 16:
        return digits, ("imei",)
    return digits, ("imei", "imsi", "msisdn") if luhn_holds(digits) else ("imsi", "msisdn", "imei")


def _status(word: str | None) -> Status | None:
    if word is None:
        return None
    try:
        return Status(word.strip().lower())
    except ValueError:
        known = ", ".join(Status)
        raise BadInput(f"“{quotable(word)}” is no status of a SIM; there are {known}.") from None


def _filter(kind: str, word: str | None) -> str | None:
    """A filter as it is sent: a number as its digits, a name as it is. Raises BadInput for a number that is none."""
    if word is None or kind in ("account", "plan"):
        return word
    if kind == "iccid":
        return read_iccid(word)
    digits = BETWEEN_DIGITS.sub("", word).removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 16:
        raise BadInput(f"“{quotable(word)}” is no {kind.upper()}: write its digits, at most 16.")
    return digits
