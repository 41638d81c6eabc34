"""What a channel is subscribed to, and what is said when one takes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.rules.routes import Route, Stranger
from bot.views.parts import (
    Element,
    Message,
    as_many,
    bold,
    code,
    fit,
    flat,
    lines,
    moment,
    name,
    spans,
    who,
    whole_lines,
)

BLOCKS_AT_MOST = 50  # in a message
KINDS = {
    "approval": "requests",
    "alert": "alerts",
    "alerts": "alerts",
    "job": "jobs",
    "notice": "notifications",
    "sms-thread": "SMS",
    "sms-draft": "SMS",
    "sms": "SMS",
}
SHOWN = 300  # characters of what is wanted
DOUBTS, NAMED = 5, 60  # at most, and characters of each name
WORDS = {"account": "account", "plan": "rate plan", "country": "country"}
WHY = {
    "not_in_channel": "I am not in it",
    "is_archived": "it is archived",
    "channel_not_found": "it is gone, or private and I am not in it",
}


def place(channel: str) -> Element:
    """A channel, by its id."""
    return {"type": "channel", "channel_id": channel}


def listing(routes: Sequence[Route], *, default: str, closed: Mapping[str, str], command: str) -> Message:
    """Every route: those people typed with who did, those of the configuration, and where the rest goes."""
    head = spans(bold("Who gets which notifications"))
    rows = [_row(route, closed) for route in routes]
    rest = spans("Everything else goes to ", place(default), ".")
    hint = spans(code(f"{command} subscriptions test N"), " sends a test message, ", code(f"{command} unsubscribe N"),
                 " ends one.")  # fmt: skip
    shown = as_many(rows)
    left = [spans(f"… and {len(rows) - len(shown)} more.")] if len(shown) < len(rows) else []
    every = [head, *shown, *left, rest, hint]
    return Message(text=whole_lines(map(flat, every)), blocks=(lines(*every),))


def subscribed(route: Route) -> Message:
    """What the channel reads when it is subscribed: the test message as well."""
    first = [*_who(route), *spans(" has subscribed this channel to notifications of SmartHub: "), code(_what(route))]
    test = spans(f"This is the test message: what fits will stand here like this. It is subscription {route.id}.")
    return Message(text=whole_lines([flat(first), flat(test)]), blocks=(lines(first, test),))


def made(route: Route, strangers: Sequence[Stranger] = ()) -> Message:
    """What whoever subscribed reads, with the places where no SIM is known to be."""
    said = spans("Subscription ", bold(str(route.id)), ": ", place(route.channel), " gets ", code(_what(route)),
                 ". A test message is on its way there.")  # fmt: skip
    rows = [said, *doubts(strangers)]
    return Message(text=whole_lines(map(flat, rows)), blocks=(lines(*rows),))


def doubts(strangers: Sequence[Stranger]) -> list[list[Element]]:
    """What may be a slip of the pen: it holds all the same, for SIMs may come there yet."""
    return [_doubt(one) for one in strangers[:DOUBTS]]


def _doubt(one: Stranger) -> list[Element]:
    said = spans(f"⚠️ No SIM that is known here has the {WORDS[one.key]} ", code(fit(one.value, NAMED)), ".")
    near = [
        part
        for n, name in enumerate(one.near)
        for part in (*spans(" or " if n else ""), *spans(code(fit(name, NAMED))))
    ]
    return [*said, *spans(" Did you mean "), *near, *spans("?")] if near else said


def test(route: Route, *, by: str) -> Message:
    """A test message of a route."""
    which = f"subscription {route.id}" if route.id else f"the route “{name(route.name)}”"
    said = spans(bold("Test"), f" of {which}, sent by ", who(by), ": here arrives ", code(_what(route)))
    return Message(text=flat(said), blocks=(lines(said),))


def removed(route: Route) -> Message:
    """What whoever unsubscribed reads."""
    said = spans(f"Subscription {route.id} is ended: ", place(route.channel), " no longer gets ", code(_what(route)))
    return Message(text=flat(said), blocks=(lines(said),))


def closed(channel: str, code_: str, *, moved_to: str | None, waiting: int, bot: str) -> Message:
    """What admins read when a channel takes nothing from us."""
    why = WHY.get(code_, f"Slack says {code_}")
    first = spans("I cannot post in ", place(channel), f": {why}.")
    if moved_to is not None:
        second = spans("Until I can, all that is to be posted there goes to ", place(moved_to), ".")
    else:
        second = spans(f"What is meant for it waits: {waiting} messages now.")
    mend = {
        "not_in_channel": spans("Invite me: type ", code(f"/invite {bot}"), " in ", place(channel), "."),
        "is_archived": spans("Unarchive it, or unsubscribe it: ", code("/sim subscriptions"), "."),
    }.get(code_, spans("Invite me there if it is private, or unsubscribe it: ", code("/sim subscriptions"), "."))
    return Message(text=whole_lines(map(flat, (first, second, mend))), blocks=(lines(first, second, mend),))


def moved(channel: str, code_: str, counts: Mapping[str, int]) -> Message:
    """What the channel that stands in reads before it gets what waited for the other; kinds as their subjects begin."""
    by_word: dict[str, int] = {}
    for kind, count in counts.items():
        word = KINDS.get(kind, "other messages")
        by_word[word] = by_word.get(word, 0) + count
    what = ", ".join(f"{word}: {count:,}" for word, count in by_word.items())
    first = spans("I cannot post in ", place(channel), f": {WHY.get(code_, f'Slack says {code_}')}.")
    second = spans(f"What waits for it follows here ({what}), and so does all that is meant for it until I can again.")
    return Message(text=whole_lines(map(flat, (first, second))), blocks=(lines(first, second),))


def meant_for(message: Message, channel: str) -> Message:
    """A message with the channel it was meant for, below it."""
    said = spans("Meant for ", place(channel), ", where I could not post.")
    below = (lines(said),)
    return replace(
        message,
        text=whole_lines([message.text, flat(said)]),
        blocks=(*message.blocks, *below) if 0 < len(message.blocks) < BLOCKS_AT_MOST else message.blocks,
        plain=None if message.plain is None else (*message.plain[: BLOCKS_AT_MOST - 1], *below),
    )


def opened(channel: str) -> Message:
    """What admins read when it takes messages again."""
    said = spans("I can post in ", place(channel), " again.")
    return Message(text=flat(said), blocks=(lines(said),))


def _row(route: Route, closed: Mapping[str, str]) -> list[Element]:
    number = spans(bold(f"{route.id}" if route.id else "–"), "  ", place(route.channel), "  ", code(_what(route)), "  ")
    trouble = spans("  ⚠️ ", WHY.get(closed[route.channel], closed[route.channel])) if route.channel in closed else []
    return [*number, *_by(route), *trouble]


def _what(route: Route) -> str:
    quiet = [] if route.quiet is None else [f"quiet:{route.quiet}"]
    digest = [] if route.digest is None else [f"digest:{route.digest}"]
    return " ".join([fit(route.wanted.text, SHOWN), *quiet, *digest])


def _who(route: Route) -> list[Element]:
    return [who(route.by)] if route.by is not None else spans("The configuration")


def _by(route: Route) -> list[Element]:
    if route.by is None or route.at is None:
        return spans(f"in the configuration, “{name(route.name)}”")
    return spans("by ", who(route.by), ", ", moment(route.at))
