"""What `/sim find` looks for: words and filters, read from what was typed. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from types import MappingProxyType

from bot.errors import BadInput
from bot.rules.amounts import Limit, read_limit
from bot.rules.naming import SHORTEST_PIECE, bare_digits, unlinked
from bot.rules.sims import Status, quotable
from bot.rules.snapshot import Listed
from bot.rules.words import folded, words_of

LONGEST = 3000  # characters of a search: a hundred ICCIDs
MOST_PARTS = 30  # words and filters of a search
UNKNOWN = "unknown"  # the state of a SIM whose state is in no table of ours
NONE = "none"  # for a filter: where nothing is set
EXAMPLE = "`berlin status:suspended account:acme usage>80%`"

PLACES = ("status", "account", "plan", "country", "pool")
CUSTOMS = ("custom1", "custom2", "custom3", "custom4", "custom5")
NUMBERS = ("iccid", "imsi", "msisdn", "imei")
LIMITS = ("usage", "expires", "idle")

# Each filter with what it takes, for help and for errors.
FILTERS: Mapping[str, str] = MappingProxyType(
    {
        "status": f"a state: {', '.join(Status)} or {UNKNOWN}; several with commas: `status:suspended,retired`",
        "account": "an account's name: `account:acme`; several with commas, the beginning with `acme*`",
        "plan": "a rate plan's name: `plan:iot-100`, `plan:iot-*`, or `plan:none`",
        "country": "a country as SmartHub writes it: `country:DE`, or `country:none`",
        "pool": "a share pool's name: `pool:acme-eu`, or `pool:none`",
        "label": 'a word of the label: `label:pump`, or several: `label:"berlin pump"`',
        **dict.fromkeys(CUSTOMS, "a word of that custom field: `custom2:DE-17`"),
        "iccid": "an ICCID, or four digits and more of its beginning or end: `iccid:894921`; several with commas",
        "imsi": "an IMSI, or its beginning or end: `imsi:26203`",
        "msisdn": "a phone number, or its beginning or end: `msisdn:4917`",
        "imei": "a device's IMEI, or its beginning or end: `imei:356938`",
        "usage": "how much is used, of the quota or in bytes: `usage>80%`, `usage>=5GB`, `usage<10MiB`",
        "expires": "when the plan expires: `expires<14d`, or `expires:none`",
        "idle": "how long ago the last session was: `idle>7d`, or `idle:never`",
    }
)


@dataclass(frozen=True)
class Query:
    """A search, understood. All of its parts have to hold; of the values of one place any may.

    `words` stand in a custom field, the label among them, or are a number's beginning or end. `numbers` of one kind are
    values of one place as well. `exact` is for whoever wants amounts to the byte.
    """

    words: tuple[str, ...] = ()
    places: tuple[tuple[str, tuple[str, ...]], ...] = ()
    customs: tuple[tuple[str, str], ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()
    limits: tuple[Limit, ...] = ()
    exact: bool = False

    @property
    def by_kind(self) -> Mapping[str, Sequence[str]]:
        """The numbers by their kind: of those of one kind any may be the SIM's."""
        found: dict[str, list[str]] = {}
        for kind, digits in self.numbers:
            found.setdefault(kind, []).append(digits)
        return found

    @property
    def text(self) -> str:
        """The search as it can be typed again."""
        return " ".join(_written(self))


@dataclass(frozen=True)
class Cursor:
    """Where a page of hits ended: the hit's place in the order, and its number."""

    at: int
    id: int


@dataclass(frozen=True)
class Found:
    """One page of what a search found.

    `count` is how many there are in all, or at least (`exact` is false then). `usage_bytes` is used by all of them
    together, `None` where they are too many to add up. They were seen between `seen_from` and `seen_to`, aware UTC.
    """

    rows: tuple[Listed, ...]
    next: Cursor | None
    count: int
    exact: bool
    usage_bytes: int | None
    seen_from: datetime | None
    seen_to: datetime | None


@dataclass(frozen=True)
class Size:
    """How many SIMs the snapshot holds, and when the one looked at longest ago and the newest were seen."""

    count: int
    oldest_seen_at: datetime | None
    newest_seen_at: datetime | None


@dataclass(frozen=True)
class Part:
    """One word of what was typed, between spaces; quotes hold a value together. `at` counts characters from 1."""

    text: str
    at: int

    def wrong(self, why: str) -> BadInput:
        """The error that points at this word."""
        return BadInput(f"“{quotable(self.text)}” (at character {self.at}): {why}")


QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
PART = re.compile(r'(?:"[^"]*"|[^\s"])+')
KEYED = re.compile(r"([A-Za-z][A-Za-z0-9_]*)(:|>=|<=|=>|=<|>|<|=|≥|≤)(.*)", re.DOTALL)
# "usage > 80 %" means the same as "usage>80%".
SPACED = re.compile(
    r"\b(usage|expires|idle)\s*(>=|<=|=>|=<|>|<|≥|≤|:)\s*(?:(>=|<=|>|<|≥|≤)\s*)?([^\s\"]+)(?:\s+(%|[kmgt]i?b?\b|b\b))?",
    re.IGNORECASE,
)
# A flag and no word of the search. Phones and Macs make one dash of two hyphens.
EXACT = re.compile(r"(?<!\S)(?:--|[\u2013\u2014])exact(?!\S)", re.IGNORECASE)
QUOTED = re.compile(r'"[^"]*"')
COMMA = re.compile(r'((?:"[^"]*"|[^,"])*)(?:,|$)')


def read_query(text: str, *, label_field: str = "custom1") -> Query:
    """The search in what was typed; `label_field` is the custom field that holds the label.

    Raises BadInput, pointing at the word that is wrong and saying what would be right.
    """
    if len(text) > LONGEST:
        raise BadInput(f"A search has at most {LONGEST:,} characters; this one has {len(text):,}. Write fewer words.")
    exact = EXACT.search(text) is not None
    parts = list(_parts(EXACT.sub(lambda flag: " " * len(flag[0]), text)))
    if not parts:
        raise BadInput(_what_there_is())
    if len(parts) > MOST_PARTS:
        raise BadInput(f"A search has at most {MOST_PARTS} words and filters; this one has {len(parts)}.")
    query = Query(exact=exact)
    for part in parts:
        query = _with(query, part, label_field)
    return query


def _what_there_is() -> str:
    keys = ", ".join(f"`{key}`" for key in FILTERS if key not in CUSTOMS)
    return f"Write what to look for, such as {EXAMPLE}: words, and filters for {keys} and `custom1` to `custom5`."


def _parts(text: str) -> Iterator[Part]:
    """The words of a search. Raises BadInput for a quote that is not closed."""
    plain = unlinked(text).translate(QUOTES)
    if plain.count('"') % 2:
        at = plain.rindex('"')
        raise Part(plain[at:], at + 1).wrong('this quote is not closed. Write a second " behind its last word.')
    plain = _close_up(plain)
    for match in PART.finditer(plain):
        if folded(match[0].replace('"', "")):
            yield Part(match[0], match.start() + 1)


def _close_up(text: str) -> str:
    """The text with filters for amounts closed up, what is quoted left alone; each word keeps its place."""
    pieces, at = [], 0
    for quoted in [*QUOTED.finditer(text), None]:
        end = len(text) if quoted is None else quoted.start()
        pieces.append(SPACED.sub(lambda m: "".join(g or "" for g in m.groups()).ljust(len(m[0])), text[at:end]))
        if quoted is not None:
            pieces.append(quoted[0])
            at = quoted.end()
    return "".join(pieces)


def _with(query: Query, part: Part, label_field: str) -> Query:
    """The search with one more of its parts."""
    keyed = KEYED.fullmatch(part.text)
    if keyed is None:
        return replace(query, words=(*query.words, _words(part, part.text)))
    key, sign, value = keyed[1].lower(), keyed[2], keyed[3]
    if key not in FILTERS:
        raise part.wrong(_no_such_filter(keyed[1]))
    if not folded(value.replace('"', "")):
        raise part.wrong(f"a value is missing. `{key}` takes {FILTERS[key]}.")
    if key in LIMITS:
        return replace(query, limits=(*query.limits, _limit(part, key, sign, value.replace('"', ""))))
    if sign != ":":
        raise part.wrong(f"write a colon: `{key}:` takes {FILTERS[key]}.")
    return ADD[key](query, part, label_field if key == "label" else key, value)


def _no_such_filter(key: str) -> str:
    near = get_close_matches(key.lower(), FILTERS, n=1, cutoff=0.6)
    hint = f"Did you mean `{near[0]}`?" if near else f"There are {', '.join(FILTERS)}."
    return f"there is no filter “{quotable(key)}”. {hint} To look for the words themselves, put them in quotes."


def _add_place(query: Query, part: Part, key: str, value: str) -> Query:
    if any(key == other for other, _ in query.places):
        raise part.wrong(f"`{key}` stands here twice. For either of two write `{key}:one,two`.")
    found = [_shown(piece) for piece in COMMA.findall(value)]
    values = tuple(dict.fromkeys(v for v in found if v))
    if not values:
        raise part.wrong(f"a value is missing. `{key}` takes {FILTERS[key]}.")
    if key == "status":
        values = tuple(dict.fromkeys(_state(part, v) for v in values))
    return replace(query, places=(*query.places, (key, values)))


def _state(part: Part, word: str) -> str:
    states = (*Status, UNKNOWN)
    if word.lower() in states:
        return word.lower()
    near = get_close_matches(word.lower(), states, n=1, cutoff=0.6)
    hint = f"Did you mean `status:{near[0]}`?" if near else f"The states are {', '.join(states)}."
    raise part.wrong(f"there is no state “{quotable(word)}”. {hint}")


def _add_custom(query: Query, part: Part, key: str, value: str) -> Query:
    return replace(query, customs=(*query.customs, (key, _words(part, value))))


def _add_number(query: Query, part: Part, key: str, value: str) -> Query:
    if any(key == other for other, _ in query.numbers):
        raise part.wrong(f"`{key}` stands here twice; a SIM has one. For either of two write `{key}:one,two`.")
    values = [v for v in value.replace('"', "").split(",") if v.strip()]
    found = tuple(dict.fromkeys((key, _digits(part, key, v)) for v in values or [value]))
    return replace(query, numbers=(*query.numbers, *found))


def _digits(part: Part, key: str, value: str) -> str:
    digits = bare_digits(value.strip().removesuffix("*"))
    if digits is None:
        raise part.wrong(f"this is no number. `{key}` takes {FILTERS[key]}.")
    if len(digits) < SHORTEST_PIECE:
        raise part.wrong(f"write at least {SHORTEST_PIECE} digits. `{key}` takes {FILTERS[key]}.")
    return digits


Add = Callable[[Query, Part, str, str], Query]
ADD: Mapping[str, Add] = MappingProxyType(
    {
        **dict.fromkeys(PLACES, _add_place),
        **dict.fromkeys((*CUSTOMS, "label"), _add_custom),
        **dict.fromkeys(NUMBERS, _add_number),
    }
)


def _limit(part: Part, key: str, sign: str, value: str) -> Limit:
    try:
        return read_limit(key, sign, value)
    except BadInput as problem:
        raise part.wrong(f"{problem} `{key}` takes {FILTERS[key]}.") from None


def _words(part: Part, value: str) -> str:
    shown = _shown(value).removesuffix("*")  # a word is found by its beginning anyway
    if not words_of(shown):
        raise part.wrong("there is neither a letter nor a digit in it to look for.")
    return shown


def _shown(value: str) -> str:
    """A value as it was typed, without quotes, invisible characters and doubled spaces."""
    return " ".join("".join(c for c in value if c != '"' and (c.isprintable() or c.isspace())).split())


def _written(query: Query) -> Iterator[str]:
    for word in query.words:
        yield _closed(word)
    for key, values in query.places:
        yield f"{key}:{','.join(map(_closed, values))}"
    for key, value in query.customs:
        yield f"{key}:{_closed(value)}"
    for key, numbers in query.by_kind.items():
        yield f"{key}:{','.join(numbers)}"
    for limit in query.limits:
        yield limit.text
    if query.exact:
        yield "--exact"


def _closed(value: str) -> str:
    """A value with quotes around it where it would fall apart without them."""
    return value if re.fullmatch(r"[\w.*@#/+-]+", value) else f'"{value}"'
